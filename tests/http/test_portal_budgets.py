"""Budgets and the forecast on the customer's billing page, and who sees them."""

from datetime import datetime, timedelta
from unittest.mock import patch

from lxml import html

from odoo.fields import Command, Datetime
from odoo.tests import HttpCase, tagged

from odoo.addons.bitpaket_billing.models import bitpaket_account_forecast

from .test_portal_billing import BillingPage, Page


class BudgetPage(BillingPage):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = f"/my/billing/{cls.account.id}/budgets"

    def post(self, path, user=None, **data):
        """Send a form as a browser does, and return the page that comes."""
        login = (user or self.user).login
        self.authenticate(login, login)
        form = html.fromstring(self.url_open("/my/security").content)
        token = form.xpath("//input[@name='csrf_token']/@value")[0]
        response = self.url_open(path, data={**data, "csrf_token": token})
        self.assertEqual(response.status_code, 200)
        return Page(response)

    def save(self, path="new", user=None, **data):
        values = {
            "name": "Monthly",
            "type": "money",
            "limit": "100",
            "thresholds": "50, 80, 100",
        }
        return self.post(f"{self.url}/{path}", user, **{**values, **data})

    @property
    def budget(self):
        self.env.invalidate_all()
        return self.account.budget_ids

    def make_budget(self, amount=100, **values):
        return self.env["bitpaket.budget"].create(
            {
                "account_id": self.account.id,
                "name": "Monthly",
                "amount": amount,
                **values,
            }
        )


@tagged("standard", "post_install", "-at_install")
class TestForecast(BudgetPage, HttpCase):
    def at(self, moment):
        """Let the forecast be made at a moment of this month."""
        return patch.object(
            bitpaket_account_forecast.fields.Datetime, "now", return_value=moment
        )

    def use_daily(self, quantities):
        for number, quantity in enumerate(quantities):
            day = self.this_month + timedelta(days=number)
            self.report(self.account, "requests_a", day, quantity)

    def test_with_its_range(self):
        # 5.00 or 6.00 a day, alternately: no matter when this runs.
        self.use_daily([1_000_000, 1_200_000] * 5)
        tenth = self.this_month + timedelta(days=10)
        with self.at(datetime.combine(tenth, datetime.min.time())):
            page = self.open()
            outlook = self.account._rate_running().outlook.total
        days = self.account._running_period().days
        # The first day does not count: five days of 6.00 and four of 5.00 are left.
        expected = 55 + (days - 10) * 50 / 9
        self.assertAlmostEqual(float(outlook.expected), expected, delta=0.01)
        self.assertLess(outlook.low, outlook.expected)
        block = page.block("outlook")
        self.assertIn(self.money(float(outlook.expected)), block)
        self.assertIn(
            f"Most likely between {self.money(float(outlook.low))} and "
            f"{self.money(float(outlook.high))}",
            block,
        )
        last = self.account._running_period().end - timedelta(days=1)
        self.assertIn(f"Forecast for {last:%b} {last.day}, {last:%Y}:", block)

    def test_too_little_is_known(self):
        self.assertIn("from the fourth day with usage on", self.open().block("outlook"))

    def test_an_ended_account_has_none(self):
        self.account.date_end = self.this_month
        self.assertFalse(self.open().has("outlook"))


@tagged("standard", "post_install", "-at_install")
class TestPortalBudgets(BudgetPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use_this_month()  # 11.89

    def test_the_billing_page_leads_here(self):
        self.assertIn(self.url, self.open().root.xpath("//a/@href"))
        self.assertTrue(self.open("/my/billing/budgets").url.endswith(self.url))
        page = self.open(self.url)
        self.assertIn("No budget yet.", page.text)
        self.assertIn("Usage arrives with a delay", page.block("delay"))
        self.assertEqual(page.links("new_budget"), [])
        self.assertIn(f"{self.url}/new", page.root.xpath("//a/@href"))

    def test_create_change_and_delete(self):
        contact = self.env["res.partner"].create(
            {
                "name": "Ada",
                "email": "ada@acme.example.com",
                "parent_id": self.account.partner_id.id,
            }
        )
        page = self.save(limit="20", on_forecast="1", partner=contact.id)
        self.assertTrue(page.url.endswith(self.url))
        budget = self.budget
        self.assertEqual(
            (budget.amount, budget.on_forecast, budget.partner_ids, budget.hard_cap),
            (20, True, contact, False),
        )
        block = page.block("budget")
        self.assertIn(f"{self.money(11.89)} of {self.money(20)}", block)
        self.assertIn("(59 %)", block)
        self.assertEqual(
            page.root.xpath("//*[@role='progressbar']/@aria-valuenow"), ["59"]
        )
        self.assertEqual(budget.alert_ids.mapped("threshold"), [50])
        form = self.open(f"{self.url}/{budget.id}")
        self.assertEqual(form.root.xpath("//input[@name='limit']/@value"), ["20"])
        page = self.save(str(budget.id), name="Less", limit="9.5", type="quantity")
        self.assertEqual((self.budget.name, self.budget.amount), ("Less", 9.5))
        self.assertEqual(self.budget.type, "money")
        self.assertFalse(self.budget.partner_ids)
        self.assertIn("(125 %)", page.block("budget"))
        page = self.post(f"{self.url}/{budget.id}/delete")
        self.assertIn("No budget yet.", page.text)
        self.assertFalse(self.budget)
        self.assertTrue(budget.exists())

    def test_a_quantity(self):
        page = self.save(type="quantity", meter="transfer_out", limit="250.5")
        self.assertIn("187 GiB of 250.5 GiB", page.block("budget"))
        self.assertEqual(self.budget.meter_id, self.meter("transfer_out"))

    def test_what_is_typed_wrongly_is_told_and_kept(self):
        for data, words in (
            ({"name": " "}, "Give the budget a name."),
            ({"limit": "much"}, "Write the limit as a number above zero"),
            ({"limit": "NaN"}, "Write the limit as a number above zero"),
            ({"limit": "-5"}, "Write the limit as a number above zero"),
            ({"limit": "1e40"}, "Write the limit as a number above zero"),
            ({"limit": "0.001"}, "less than can be counted"),
            ({"thresholds": "often"}, "“often” cannot be understood"),
            ({"type": "quantity", "meter": "x"}, "Choose what the quantity is of."),
            ({"type": "quantity", "meter": "storage", "limit": "1e-9"}, "less than"),
            ({"partner": "1"}, "Choose whom to tell among the contacts listed."),
        ):
            page = self.save(**{"name": "Mine", **data})
            self.assertIn(words, page.block("problem"), data)
            self.assertEqual(
                page.root.xpath("//input[@name='name']/@value"),
                [data.get("name", "Mine").strip()],
            )
        self.assertFalse(self.budget)

    def test_usage_that_cannot_be_rated(self):
        self.make_budget()
        self.account.price_book_id = self.env["bitpaket.price.book"].create(
            {"name": "Without prices"}
        )
        self.assertIn("cannot be shown right now", self.open(self.url).block("budget"))

    def test_a_hard_cap_is_confirmed_first(self):
        page = self.save(limit="50", hard_cap="1")
        self.assertFalse(self.budget)
        self.assertIn(f"Stop at {self.money(50)}?", page.text)
        effect = page.block("effect")
        for words in (
            "All requests to your account are refused",
            "Your data is kept, and its storage is still billed",
            "requests that are under way, are billed",
            "budgets are checked about once an hour",
            "when you raise this budget, remove its cap or delete it",
        ):
            self.assertIn(words, effect)
        self.assertFalse(page.has("stops_now"))
        data = {
            field.get("name"): field.get("value") or ""
            for field in page.root.xpath("//form[@method='post']//input")
        }
        self.assertEqual(data["confirmed"], "1")
        data.pop("csrf_token")
        self.post(f"{self.url}/new", **data)
        self.assertTrue(self.budget.hard_cap)
        self.assertEqual(self.budget.amount, 50)
        self.assertFalse(self.open().has("capped"))

    def test_a_cap_that_stops_at_once_says_so(self):
        page = self.save(limit="5", hard_cap="1")
        self.assertIn(
            f"this period has cost {self.money(11.89)} already",
            page.block("stops_now"),
        )
        page = self.save(limit="5", hard_cap="1", confirmed="1")
        self.assertIn("Requests to this account are refused", page.block("capped"))
        page = self.open()
        self.assertIn(self.money(5), page.block("capped"))
        self.assertEqual(page.links("capped"), [f"{self.url}/{self.budget.id}"])

    def test_raising_lifts_and_lowering_is_confirmed(self):
        budget = self.make_budget(5, hard_cap=True)
        page = self.save(str(budget.id), limit="500", hard_cap="1")
        self.assertFalse(page.has("capped"))
        self.assertEqual(self.budget.amount, 500)
        page = self.save(str(budget.id), limit="400", hard_cap="1")
        self.assertTrue(page.has("effect"))
        self.assertEqual(self.budget.amount, 500)
        self.save(str(budget.id), limit="400")
        self.assertEqual((self.budget.amount, self.budget.hard_cap), (400, False))

    def test_twenty_at_most(self):
        for number in range(20):
            self.make_budget(1000 + number)
        self.assertFalse(self.open(self.url).has("new_budget"))
        page = self.save()
        self.assertIn("20 budgets at most", page.block("problem"))

    def test_numbers_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.user.partner_id.lang = "fr_FR"
        self.make_budget(1234.5)
        block = self.open(self.url).block("budget").replace("\u202f", " ")
        self.assertIn("1 234,50", block)

    def test_the_newest_usage(self):
        newest = self.env["bitpaket.usage.store"]._newest_usage(self.account.id)
        self.assertEqual(
            newest, Datetime.to_datetime(self.this_month) + timedelta(hours=12)
        )
        self.assertIn(
            f"is of {self.this_month:%b} 1, {self.this_month:%Y}",
            self.open(self.url).block("delay"),
        )


@tagged("standard", "post_install", "-at_install")
class TestBudgetAccess(BudgetPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.env["bitpaket.budget"].create(
            {"account_id": cls.account.id, "name": "Secret plan", "amount": 100}
        )
        cls.stranger = cls.make_account("rival", date_start=cls.last_month)
        cls.stranger_user = cls.make_portal_user(cls.stranger)

    def test_nobody_without_a_login_or_a_token(self):
        for path in ("", "/new", f"/{self.mine.id}"):
            self.assertIn("/web/login", self.url_open(f"{self.url}{path}").url)
        self.assertIn("/web/login", self.url_open("/my/billing/budgets").url)
        self.authenticate(self.user.login, self.user.login)
        for path in ("/new", f"/{self.mine.id}", f"/{self.mine.id}/delete"):
            response = self.url_open(f"{self.url}{path}", data={"limit": "1"})
            self.assertEqual(response.status_code, 400)
        self.assertEqual(self.budget, self.mine)
        self.assertEqual(self.budget.amount, 100)

    def test_another_customer(self):
        theirs = f"/my/billing/{self.stranger.id}/budgets"
        for path in (self.url, f"{self.url}/new", f"{self.url}/{self.mine.id}"):
            page = self.open(path, user=self.stranger_user)
            self.assertTrue(page.url.endswith("/my"), path)
        page = self.open(f"{theirs}/{self.mine.id}", user=self.stranger_user)
        self.assertTrue(page.url.endswith(theirs))
        self.assertNotIn("Secret plan", page.text)
        form = {"name": "Taken", "limit": "1", "thresholds": "1", "type": "money"}
        for path in (
            f"{self.url}/new",
            f"{self.url}/{self.mine.id}",
            f"{self.url}/{self.mine.id}/delete",
            f"{theirs}/{self.mine.id}",
            f"{theirs}/{self.mine.id}/delete",
        ):
            page = self.post(path, self.stranger_user, **form)
            self.assertNotIn("Secret plan", page.text)
        self.assertEqual(self.budget, self.mine)
        self.assertEqual((self.mine.name, self.mine.amount), ("Secret plan", 100))
        self.assertFalse(self.stranger.budget_ids)

    def test_the_customer_of_another_company(self):
        company = self.env["res.company"].create({"name": "Other Storage Ltd"})
        contact = self.env["res.partner"].create(
            {"name": "Zoe", "parent_id": self.account.partner_id.id}
        )
        user = self.env["res.users"].create(
            {
                "login": "zoe@example.com",
                "password": "zoe@example.com",
                "partner_id": contact.id,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        self.assertTrue(self.open(self.url, user=user).url.endswith("/my"))
        self.post(f"{self.url}/{self.mine.id}/delete", user)
        self.assertEqual(self.budget, self.mine)

    def test_contacts_of_others_are_not_told(self):
        page = self.save(partner=self.stranger.partner_id.id)
        self.assertIn("among the contacts listed", page.block("problem"))
        page = self.open(f"{self.url}/new")
        self.assertNotIn("rival", page.text.lower())
