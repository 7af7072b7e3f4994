"""Plans on the customer's billing page: told, confirmed, and for whom."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta
from lxml import html

from odoo.fields import Command, Date
from odoo.tests import HttpCase, freeze_time, tagged

from ..automatic_common import AutomaticMixin
from ..common import GIB
from ..plan_common import PlanMaker
from .test_portal_billing import BillingPage, Page


class PlanPage(BillingPage, PlanMaker):
    """A customer who pays as they go, and two plans."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = Date.today()
        cls.basic = cls.make_plan(
            "Basic",
            30,
            300,
            allowances=[("transfer_out", 100, 50)],
            bitpaket_pitch="For small teams",
        )
        cls.pro = cls.make_plan("Pro", 60, 600, bitpaket_sequence=20)
        cls.url = f"/my/billing/{cls.account.id}/plans"

    def told(self, query):
        """Return the page that tells what a change costs."""
        return self.open(f"{self.url}/change?{query}")

    def confirm(self, page, **changes):
        """Press the button of a page that tells what a change costs."""
        (form,) = page.root.xpath("//form[contains(@action, '/plans/change')]")
        data = {**dict(form.form_values()), **changes}
        response = self.url_open(form.get("action"), data=data)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return Page(response)

    def choose(self, plan, interval="month"):
        return self.told(f"what=choose&plan={plan.id}&interval={interval}")

    def assertUnchanged(self):
        self.env.invalidate_all()
        self.assertFalse(self.account.plan_change_ids)
        self.assertFalse(self.account.has_plan)
        self.assertFalse(self.account.subscription_ids)


@tagged("standard", "post_install", "-at_install")
class TestPlans(PlanPage, HttpCase):
    def test_side_by_side(self):
        self.bill_last_month()
        page = self.open(self.url)
        basic = page.block(f"plan_{self.basic.id}")
        for said in (
            "Basic",
            "For small teams",
            f"{self.money(30)} per month",
            "100 GiB of Transfer out to the internet each month; what is left is added "
            "to the next month, up to 50 GiB",
        ):
            self.assertIn(said, basic)
        self.assertIn("You pay like this now", page.block("plan_payg"))
        self.assertEqual(
            page.links("plan_enterprise"),
            [f"/my/billing/{self.account.id}/contact?topic=enterprise"],
        )
        yearly = self.open(f"{self.url}?interval=year")
        self.assertIn(
            f"{self.money(300)} per year", yearly.block(f"plan_{self.basic.id}")
        )
        self.assertIn(f"{self.url}?interval=year", page.links("intervals"))

    def test_what_the_last_month_would_have_cost(self):
        self.bill_last_month()
        page = self.open(self.url)
        label = f"{self.last_month:%B %Y}"
        self.assertIn(
            f"You were billed {self.money(29)} before tax for {label}",
            page.block("compared"),
        )
        self.assertIn(f"{self.money(29)} for your usage", page.block("plan_payg"))
        # 9.00 of transfer is included.
        self.assertIn(
            f"{self.money(50)} for your usage", page.block(f"plan_{self.basic.id}")
        )
        self.assertIn(
            f"{self.money(89)} for your usage", page.block(f"plan_{self.pro.id}")
        )
        # A year's price counts with one month of it.
        yearly = self.open(f"{self.url}?interval=year")
        self.assertIn(
            f"{self.money(45)} for your usage", yearly.block(f"plan_{self.basic.id}")
        )

    def test_an_agreed_minimum_holds_on_every_plan(self):
        self.account.minimum_ids = [
            Command.create({"amount": 100, "date_start": self.last_month})
        ]
        self.bill_last_month()
        page = self.open(self.url)
        self.assertIn(f"{self.money(100)} for", page.block("plan_payg"))
        self.assertNotIn(f"{self.money(50)} for", page.block(f"plan_{self.basic.id}"))

    def test_a_new_account_reads_words_instead_of_a_number(self):
        page = self.open(self.url)
        self.assertIn("Nothing was used in", page.block("compared"))
        self.assertFalse(page.has("cost"))

    def test_numbers_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.user.partner_id.lang = "fr_FR"
        page = self.open(self.url)
        self.assertIn("30,00", page.block(f"plan_{self.basic.id}"))

    def test_terms_and_trial_in_words(self):
        plan = self.make_plan(
            "Long",
            20,
            bitpaket_trial_days=14,
            bitpaket_minimum_months=6,
            bitpaket_limit_ids=[
                Command.create({"code": "b", "name": "Buckets", "value": 1000})
            ],
        )
        words = self.open(self.url).block(f"plan_{plan.id}")
        self.assertIn("14 days on trial", words)
        self.assertIn("Minimum term: 6 months", words)
        self.assertIn("Buckets: 1,000", words)
        page = self.choose(plan)
        self.assertIn("Nothing is charged now", page.block("terms"))
        self.confirm(page)
        self.assertTrue(self.account._phase_on(self.today).is_trial)
        page = self.open()
        self.assertIn("On trial: nothing is charged", page.block("plan"))

    def test_start_as_told(self):
        self.bill_last_month()
        page = self.choose(self.basic)
        self.assertUnchanged()
        self.assertEqual(page.block("total"), self.money(30))
        following = self.today + relativedelta(months=1)
        self.assertIn(
            f"{self.money(30)} before tax on {following:%b} {following.day}, "
            f"{following.year}",
            page.block("next_fee"),
        )
        page = self.confirm(page)
        change = self.account.plan_change_ids
        invoice = change.statement_ids.move_id
        self.assertEqual((change.kind, change.state), ("start", "done"))
        self.assertEqual((invoice.state, invoice.amount_total), ("posted", 30))
        self.assertEqual(change.user_id, self.user)
        self.assertIn(f"{invoice.name}: {self.money(30)}", page.block("invoice"))
        # It leads to paying this invoice.
        (form,) = page.root.xpath("//form[contains(@action, '/pay')]")
        self.assertEqual(dict(form.form_values())["invoice_id"], str(invoice.id))
        page = self.open()
        self.assertIn(f"Plan Basic: {self.money(30)} per month", page.block("plan"))
        self.assertIn("100 of 100 GiB left", page.block("allowance"))
        self.assertIn(invoice.name, page.block("invoices"))
        self.assertIn("Your plan", self.open(self.url).block(f"plan_{self.basic.id}"))

    def test_pressed_twice(self):
        page = self.choose(self.basic)
        self.confirm(page)
        again = self.confirm(page)
        self.assertIn("on this plan already", again.block("problem"))
        self.assertEqual(len(self.account.plan_change_ids), 1)
        self.assertEqual(self.account.amount_owed, 30)

    def test_another_sum_than_told(self):
        page = self.choose(self.basic)
        self.basic.bitpaket_price_ids.filtered(
            lambda price: price.interval == "month"
        ).amount = 35
        page = self.confirm(page)
        self.assertIn("The sum has changed meanwhile", page.block("differs"))
        self.assertEqual(page.block("total"), self.money(35))
        self.assertUnchanged()
        self.confirm(page)
        self.assertEqual(self.account.amount_owed, 35)

    def test_another_day_than_told(self):
        with freeze_time(f"{self.today - timedelta(1)} 23:59:00"):
            told = self.account._change_plan_as_told("choose", plan=self.basic)["told"]
        page = self.confirm(self.choose(self.basic), told=told)
        self.assertTrue(page.has("differs"))
        self.assertUnchanged()

    def test_upgrade_downgrade_undo(self):
        self.confirm(self.choose(self.basic))
        page = self.choose(self.pro)
        self.assertEqual(
            [row[1] for row in page.rows("quote")],
            [self.money(-30), self.money(60)],
        )
        self.assertEqual(page.block("total"), self.money(30))
        self.confirm(page)
        self.assertEqual(self.account.amount_owed, 60)
        page = self.choose(self.basic)
        self.assertIn("Nothing is charged now, and you can undo", page.block("terms"))
        page = self.confirm(page)
        self.assertEqual(self.account.plan_change_id.kind, "downgrade")
        page = self.open()
        self.assertIn("Downgrade to Basic", page.block("pending"))
        self.assertIn(self.money(30), page.block("next_fee"))
        page = self.told("what=undo")
        self.assertIn("Nothing is charged for that", page.block("terms"))
        self.assertIn(self.money(60), page.block("next_fee"))
        self.assertTrue(self.account.plan_change_id)
        self.confirm(page)
        self.assertFalse(self.account.plan_change_id)
        self.assertIn("No change is pending", self.told("what=undo").block("problem"))

    def test_cancel_pause_and_resume(self):
        self.confirm(self.choose(self.basic))
        following = self.today + relativedelta(months=1)
        page = self.told("what=pause&until=nonsense")
        self.assertIn("Please enter a date", page.block("problem"))
        page = self.told("what=pause&until=9999-12-31")
        self.assertIn("within two years", page.block("problem"))
        page = self.told(f"what=pause&until={self.today}")
        self.assertIn("let it end later", page.block("problem"))
        until = following + timedelta(10)
        page = self.confirm(self.told(f"what=pause&until={until}"))
        phases = self.account.plan_phase_ids.sorted("date_start")
        self.assertEqual(phases.mapped("is_paused"), [False, True, False])
        self.assertEqual(phases[-1].date_start, until)
        self.confirm(self.told("what=undo"))
        page = self.confirm(self.told("what=cancel"))
        self.assertEqual(self.account.plan_change_id.date, following)
        page = self.told("what=cancel_now")
        self.assertEqual(page.block("total"), self.money(-30))
        self.assertIn("credited to you", page.block("terms"))
        page = self.confirm(page)
        self.assertIn("Credit note", page.block("invoice"))
        self.assertEqual(self.account.amount_owed, 0)
        self.assertFalse(self.account._phase_on(self.today).plan_id)

    def test_resume(self):
        day = self.today - relativedelta(months=2)
        self.account.date_start = Date.start_of(day, "month")
        with freeze_time(day):
            self.account._change_plan("choose", self.basic)
            self.account._change_plan("pause")
        self.env.invalidate_all()
        self.assertIn("Your plan is paused", self.open().block("plan"))
        page = self.told("what=resume")
        self.assertEqual(page.block("total"), self.money(30))
        page = self.confirm(page)
        self.assertEqual(self.account._phase_on(self.today).plan_id, self.basic)

    def test_within_the_minimum_term(self):
        plan = self.make_plan("Long", 20, bitpaket_minimum_months=6)
        self.confirm(self.choose(plan))
        page = self.told("what=cancel_now")
        self.assertIn("The minimum term runs until", page.block("problem"))
        self.assertFalse(page.root.xpath("//button[@name='confirm']"))

    def test_the_balance_is_of_the_plans_own_period(self):
        self.account.date_start = self.last_month - relativedelta(months=1)
        self.bill_last_month()
        day = self.today - timedelta(3)
        with freeze_time(day):
            self.account._change_plan("choose", self.basic)
        self.report(self.account, "transfer_out", day, 30 * GIB)
        page = self.open()
        self.assertIn("70 of 100 GiB left", page.block("allowance"))
        end = day + relativedelta(months=1)
        self.assertIn(f"{end:%b} {end.day}, {end.year}", page.block("next"))
        # What is invoiced then: the next fee, in advance.
        self.assertIn(self.money(30), page.block("running"))
        self.assertIn("Plan Basic", page.block("usage"))
        usage = self.open(f"/my/billing/{self.account.id}/usage")
        before = usage.find("before").get("href")
        self.assertTrue(before.endswith(f"usage?period={day - timedelta(1)}"))
        page = self.open(before)
        self.assertIn("Nothing was used", page.text)
        (after,) = page.root.xpath("//a[@name='after']/@href")
        self.assertTrue(after.endswith(f"usage?period={day}"))
        name = self.url_open(
            f"/my/billing/{self.account.id}/usage.csv?period={self.today}"
        ).headers["Content-Disposition"]
        self.assertIn(f"cost_acme_{day}.csv", name)


@tagged("standard", "post_install", "-at_install")
class TestPlanAccess(PlanPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rival = cls.make_account("rival", date_start=cls.last_month)
        cls.stranger = cls.make_portal_user(cls.rival)

    def post(self, user, url=None, **data):
        """Send a form as a user."""
        self.authenticate(user.login, user.login)
        page = html.fromstring(self.url_open("/my/security").content)
        token = page.xpath("//input[@name='csrf_token']/@value")[0]
        response = self.url_open(
            url or f"{self.url}/change", data={"csrf_token": token, **data}
        )
        self.env.invalidate_all()
        return response

    def quote(self):
        return self.account._change_plan_as_told("choose", plan=self.basic)["told"]

    def test_anonymous(self):
        for path in (self.url, f"{self.url}/change?what=cancel", "/my/billing/plans"):
            self.assertIn("/web/login", self.url_open(path).url)

    def test_without_a_token(self):
        self.authenticate(self.user.login, self.user.login)
        data = {"what": "choose", "plan": self.basic.id, "told": self.quote()}
        response = self.url_open(f"{self.url}/change", data=data)
        self.assertEqual(response.status_code, 400)
        self.assertUnchanged()

    def test_another_customer(self):
        for path in (
            self.url,
            f"{self.url}/change?what=choose&plan={self.basic.id}",
            f"{self.url}/changes/1",
        ):
            self.assertRegex(self.open(path, user=self.stranger).url, r"/my$")
        data = {"what": "choose", "plan": self.basic.id, "told": self.quote()}
        self.assertRegex(self.post(self.stranger, **data).url, r"/my$")
        self.assertUnchanged()
        # The same by the account's own customer goes through.
        self.post(self.user, **data)
        self.assertEqual(self.account._phase_on(self.today).plan_id, self.basic)
        change = self.account.plan_change_ids
        path = f"/my/billing/{self.rival.id}/plans/changes/{change.id}"
        self.assertRegex(self.open(path, user=self.stranger).url, r"/my$")

    def test_the_first_account(self):
        page = self.open("/my/billing/plans")
        self.assertIn("acme", page.text)

    def test_guessed_plans(self):
        company = self.env["res.company"].create({"name": "Other Storage Ltd"})
        foreign = self.make_plan("Foreign", 1, bitpaket_company_id=company.id)
        invited = self.make_plan("Secret", 1, bitpaket_visibility="invitation")
        version = self.make_plan("Old", 1)
        version.action_bitpaket_new_version()
        other = self.env["sale.subscription.template"].create({"name": "Magazine"})
        priceless = self.make_plan("Euro", 1)
        priceless.bitpaket_price_ids.currency_id = self.env.ref("base.EUR")
        texts = set()
        for guess in (
            *(plan.id for plan in (foreign, invited, version, other, priceless)),
            999999999,
            "1 or 1",
            "",
        ):
            page = self.told(f"what=choose&plan={guess}")
            texts.add(page.block("problem"))
            self.assertFalse(page.has("confirm"))
            for secret in ("Foreign", "Secret", "Magazine", "Euro"):
                self.assertNotIn(secret, page.text)
        self.assertEqual(
            texts, {"This plan is not offered to you. Please choose another one."}
        )
        page = self.open(self.url)
        for secret in ("Foreign", "Secret", "Magazine", "Euro"):
            self.assertNotIn(secret, page.text)
        self.assertUnchanged()
        invited.bitpaket_invited_ids = self.account
        self.assertEqual(self.choose(invited).block("total"), self.money(1))
        self.assertNotIn(
            "Secret",
            self.open(f"/my/billing/{self.rival.id}/plans", user=self.stranger).text,
        )

    def test_guessed_changes(self):
        for what in ("version", "", "nonsense", "_check"):
            page = self.told(f"what={what}&plan={self.basic.id}")
            self.assertIn("Please choose a plan", page.block("problem"))
        for what in ("cancel", "cancel_now", "pause"):
            self.assertIn("has no plan", self.told(f"what={what}").block("problem"))
        self.assertIn("not paused", self.told("what=resume").block("problem"))

    def test_suspended_and_closed(self):
        told = self.quote()
        for state in ("suspended", "closed"):
            self.account.state = state
            page = self.open(self.url)
            self.assertIn("its plan cannot be changed", page.block("blocked"))
            self.assertFalse(page.has("choose"))
            page = self.choose(self.basic)
            self.assertIn("its plan cannot be changed", page.block("problem"))
            self.post(self.user, what="choose", plan=self.basic.id, told=told)
            self.assertUnchanged()
            self.assertFalse(self.open().has("plans"))


@tagged("standard", "post_install", "-at_install")
class TestPlanAutomatic(AutomaticMixin, PlanMaker, HttpCase):
    def test_charged_at_once(self):
        user = self.make_portal_user(self.account)
        self.opt_in()
        plan = self.make_plan()
        self.authenticate(user.login, user.login)
        url = f"/my/billing/{self.account.id}/plans/change"
        page = Page(self.url_open(f"{url}?what=choose&plan={plan.id}"))
        self.assertIn("charged at once to test 4242", page.block("terms"))
        (form,) = page.root.xpath("//form[contains(@action, '/plans/change')]")
        page = Page(self.url_open(url, data=dict(form.form_values())))
        self.assertIn("The invoice is charged to test 4242", page.block("charged"))
        self.assertFalse(page.root.xpath("//form[contains(@action, '/pay')]"))
        self.env.invalidate_all()
        invoice = self.account.plan_change_ids.statement_ids.move_id
        self.charge(invoice)
        self.settle()
        self.assertIn(invoice.payment_state, ("in_payment", "paid"))
        self.assertEqual(self.account.amount_owed, 0)
