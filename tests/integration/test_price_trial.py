"""Trying prices: the same numbers as the invoice, and nothing is kept."""

from lxml import html

from odoo.exceptions import AccessError
from odoo.fields import Date
from odoo.tests import Form, new_test_user

from ..common import GIB
from .test_price_terms import PriceCase


def words(node):
    return " ".join(node.text_content().split())


class Shown:
    """What a trial shows, as its reader sees it."""

    def __init__(self, trial):
        self.root = html.fromstring(str(trial.result))

    def has(self, name):
        return bool(self.root.xpath(f"//*[@name='{name}']"))

    def block(self, name):
        return words(self.root.xpath(f"//*[@name='{name}']")[0])

    def column(self, number):
        """Return the words of every line of a column, cell by cell."""
        return [
            [words(cell) for cell in row.xpath("td")]
            for row in self.root.xpath(f"//*[@name='block']/div[{number}]//tr")
        ]


class TrialCase(PriceCase):
    def trial(self, user=None, **values):
        """Return a form for a trial of the book."""
        model = self.env["bitpaket.price.trial"]
        if user:
            model = model.with_user(user)
        defaults = {
            f"default_{name}": value
            for name, value in {**self.opened, **values}.items()
        }
        return Form(model.with_context(**defaults))

    @property
    def opened(self):
        return {"book_id": self.book.id}

    def type(self, form, **quantities):
        """Type quantities by the meters' codes."""
        rows = form.quantity_ids._records
        for number, row in enumerate(rows):
            code = self.env["bitpaket.meter"].browse(row["meter_id"]).code
            if code in quantities:
                with form.quantity_ids.edit(number) as line:
                    line.quantity = quantities[code]


class TestTypedQuantities(TrialCase):
    def test_lines_and_total_show_at_once(self):
        self.price("requests_a", unit_price=0.005, per=1000, free_quantity=500)
        self.price("storage", unit_price=0.023)
        form = self.trial()
        self.assertEqual(
            [row["unit"] for row in form.quantity_ids._records],
            ["requests", "GiB-months"],
        )
        self.type(form, requests_a=2000, storage=500)
        shown = Shown(form)
        meter = self.meter("requests_a").name
        self.assertEqual(
            shown.column(1),
            [
                [f"{meter}, free allowance", "500 requests", "Free", "$ 0.00"],
                ["free of charge"],
                [meter, "1,500 requests", "0.005 per 1,000", "$ 0.01"],
                ["1,500 requests at 0.005 per 1,000 = 0.01 USD"],
                ["Storage", "500 GiB-months", "0.023", "$ 11.50"],
                [
                    "360,000 GiB-hours / 720 hours = 500 GiB-months; "
                    "500 GiB-months at 0.023 = 11.50 USD"
                ],
            ],
        )
        self.assertIn("$ 11.51", shown.block("total"))
        self.assertEqual(form.total, 11.51)
        self.assertFalse(shown.has("second"))

    def test_even_usage_uses_up_the_allowance_of_every_day(self):
        self.price("requests_a", unit_price=1, free_per_day=100)
        form = self.trial()
        self.type(form, requests_a=3300)
        self.assertEqual(form.total, 300)

    def test_minimums_are_part_of_it(self):
        self.price("requests_a", unit_price=1)
        minimums = self.env["bitpaket.price.minimum"]
        values = {"book_id": self.book.id, "date_start": "2026-01-01"}
        minimums.create({**values, "amount": 50})
        minimums.create({**values, "amount": 60, "kind": "invoice"})
        form = self.trial()
        self.type(form, requests_a=12)
        self.assertEqual(form.total, 60)
        self.assertEqual(
            [row[0] for row in Shown(form).column(1)][2::2],
            ["Minimum commitment", "Minimum invoice"],
        )

    def test_new_and_existing_customers(self):
        self.price("requests_a", unit_price=1)
        self.price(
            "requests_a",
            unit_price=2,
            date_start="2026-10-01",
            date_existing="2027-01-01",
        )
        form = self.trial()
        self.type(form, requests_a=10)
        self.assertEqual(form.total, 20)
        form.customer = "existing"
        self.assertEqual(form.total, 10)
        form.customer_since = "2026-10-15"
        self.assertEqual(form.total, 20)
        form.customer_since = "2025-10-15"
        form.month = "2027-01-20"
        self.assertEqual(form.total, 20)

    def test_a_change_of_prices_inside_the_month(self):
        self.price("requests_a", unit_price=1)
        self.price("requests_a", unit_price=2, date_start="2026-11-16")
        form = self.trial(customer="existing")
        self.type(form, requests_a=300)
        self.assertEqual(
            [row[-1] for row in Shown(form).column(1)][::2], ["$ 150.00", "$ 300.00"]
        )

    def test_two_versions_of_a_book_side_by_side(self):
        self.price("requests_a", unit_price=2)
        self.price("requests_a", unit_price=2.5, date_start="2027-01-01")
        form = self.trial()
        self.type(form, requests_a=10)
        form.other_month = "2027-01-31"
        shown = Shown(form)
        self.assertEqual((form.total, form.other_total), (20, 25))
        self.assertIn("Prices of January 2027", shown.block("second"))
        self.assertEqual(shown.block("difference"), "+ $ 5.00 (+25.0 %)")
        self.assertEqual(shown.block("block_difference"), "+ $ 5.00 (+25.0 %)")

    def test_two_books_side_by_side(self):
        self.price("requests_a", unit_price=2)
        other = self.book.copy({"name": "Cheaper"})
        other.price_ids.unit_price = 1
        self.env["bitpaket.price"].create(
            {
                "book_id": other.id,
                "meter_id": self.meter("storage").id,
                "date_start": "2026-01-01",
                "unit_price": 3,
            }
        )
        form = self.trial()
        self.type(form, requests_a=10)
        form.other_book_id = other
        self.assertEqual(
            [row["quantity"] for row in form.quantity_ids._records],
            [10, 0],
            "what was typed stays, and the other book's meters are added",
        )
        self.assertEqual((form.total, form.other_total), (20, 10))
        self.assertIn("− $ 10.00 (−50.0 %)", Shown(form).block("second"))

    def test_events_of_a_percentage(self):
        self.price(
            "transfer_in",
            model="percentage",
            unit_price=1,
            event_minimum=2,
            free_events=1,
        )
        form = self.trial()
        self.assertTrue(form.has_events)
        with form.quantity_ids.edit(0) as row:
            row.quantity = 300
            row.events = 3
        self.assertEqual(form.total, 4)
        with form.quantity_ids.edit(0) as row:
            row.events = 1_000_000
        self.assertIn("between 0 and 100,000 events", Shown(form).block("error"))

    def test_missing_price_is_told_in_words(self):
        self.price("requests_a", unit_price=2, date_start="2026-11-10")
        form = self.trial()
        self.type(form, requests_a=30)
        shown = Shown(form)
        self.assertEqual(
            shown.block("error"),
            "The price book “Terms” has no price for Class A requests (PUT, COPY, "
            "POST, LIST) on 2026-11-01. Add a price that starts on or before that day.",
        )
        self.assertFalse(shown.has("total"))
        form.other_month = "2026-12-01"
        shown = Shown(form)
        self.assertEqual(shown.block("total"), "$ 60.00")
        self.assertFalse(shown.has("difference"))
        form.month = "2026-12-01"
        form.other_month = "2026-10-01"
        self.assertIn("on 2026-10-02.", Shown(form).block("error"))

    def test_currencies(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.price("requests_a", unit_price=2)
        self.price("requests_a", unit_price=1.5, currency_id=euro.id)
        form = self.trial()
        self.type(form, requests_a=10)
        self.assertEqual(form.currency_id.name, "USD")
        form.currency_id = euro
        self.assertIn("15.00 €", Shown(form).block("total"))
        form.other_book_id = self.make_price_book("Dollars only")
        self.assertEqual(
            Shown(form).block("error"),
            "The price book “Dollars only” has no prices in EUR.",
        )


class TestMonthOfAnAccount(TrialCase):
    @property
    def opened(self):
        return {
            "book_id": self.book.id,
            "usage_from": "account",
            "account_id": self.account.id,
        }

    def use_october(self):
        """Report a month whose total depends on every day of it."""
        self.price("requests_a", unit_price=1, free_per_day=10)
        self.price("requests_a", unit_price=2, free_per_day=10, date_start="2026-10-16")
        self.price("storage", model="graduated", tiers=[(50, 0.5), (0, 0.25, 1)])
        self.price("transfer_out", unit_price=4)
        self.price(
            "transfer_out",
            account_id=self.account.id,
            unit_price=3,
            date_start="2026-10-10",
        )
        self.env["bitpaket.price.minimum"].create(
            {"account_id": self.account.id, "amount": 900, "date_start": "2026-01-01"}
        )
        for day, requests in ((3, 25), (15, 8), (16, 8), (20, 31)):
            self.report(self.account, "requests_a", f"2026-10-{day:02}", requests)
        self.report(self.account, "storage", "2026-10-07", 80 * GIB * 744)
        for day in (9, 10):
            self.report(self.account, "transfer_out", f"2026-10-{day:02}", 2.5 * GIB)

    def test_the_total_of_last_month_is_that_of_its_invoice(self):
        self.use_october()
        invoice = self.close(self.account).move_id
        form = self.trial()
        self.assertEqual(str(form.month), "2026-10-01")
        self.assertEqual(form.total, invoice.amount_untaxed)
        shown = Shown(form)
        self.assertEqual(
            shown.block("invoiced"),
            f"October 2026 was invoiced at $ {form.total:.2f} ({invoice.name}).",
        )
        self.assertEqual(
            [row[0] for row in shown.column(1)][::2],
            self.account.statement_ids.line_ids.mapped("name"),
        )
        self.assertEqual(
            [row[0] for row in shown.column(1)][1::2],
            self.account.statement_ids.line_ids.mapped("explanation"),
        )

    def test_usage_that_came_later_is_told(self):
        self.use_october()
        self.close(self.account)
        self.report(self.account, "transfer_out", "2026-10-12", 400 * GIB)
        self.assertIn("make the difference", Shown(self.trial()).block("invoiced"))

    def test_another_month_and_another_book(self):
        self.price("requests_a", unit_price=1)
        self.price("requests_a", unit_price=3, date_start="2027-02-11")
        self.report(self.account, "requests_a", "2026-10-10", 10)
        self.report(self.account, "requests_a", "2026-10-31", 10)
        form = self.trial(other_month="2027-02-01")
        self.assertEqual((form.total, form.other_total), (20, 40))
        form.other_month = "2027-03-01"
        self.assertEqual(form.other_total, 60)
        form.month = "2026-11-01"
        self.assertEqual(form.total, 0)
        form.month = "2026-09-01"
        self.assertIn("is not billed in this month", Shown(form).block("error"))

    def test_the_month_of_a_new_and_of_a_closed_account(self):
        self.price("requests_a", unit_price=1)
        self.account.date_start = "2026-11-05"
        self.assertEqual(str(self.trial().month), "2026-11-01")
        self.account.write({"date_start": "2026-01-01", "date_end": "2026-03-10"})
        self.assertEqual(str(self.trial().month), "2026-03-01")

    def test_buttons_open_it(self):
        self.price("requests_a", unit_price=1)
        action = self.account.action_compare_prices()
        form = Form(self.env["bitpaket.price.trial"].with_context(action["context"]))
        self.assertEqual((form.account_id, form.book_id), (self.account, self.book))
        action = self.book.action_try_prices()
        form = Form(self.env["bitpaket.price.trial"].with_context(action["context"]))
        self.assertEqual((form.book_id, form.usage_from), (self.book, "typed"))


class TestReach(TrialCase):
    def viewer(self, login, company):
        return new_test_user(
            self.env,
            login,
            "bitpaket_billing.group_viewer",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    def test_viewers_try_and_nothing_is_kept(self):
        self.price("requests_a", unit_price=2)
        tables = ("bitpaket_usage_event", "bitpaket_usage_daily", "bitpaket_usage_line")
        tables += ("bitpaket_statement", "account_move", "bitpaket_account")

        def count():
            self.env.flush_all()
            for table in tables:
                self.env.cr.execute(f"SELECT COUNT(*) FROM {table}")
                yield self.env.cr.fetchone()[0]

        before = list(count())
        form = self.trial(self.viewer("viewer", self.company))
        self.type(form, requests_a=10)
        form.other_month = Date.to_date("2027-01-01")
        form.save()
        self.assertEqual(form.total, 20)
        self.assertEqual(list(count()), before)

    def test_books_and_accounts_of_other_companies_are_out_of_reach(self):
        self.price("requests_a", unit_price=2)
        self.book.company_id = self.company
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.viewer("stranger", other)
        own = self.env["bitpaket.price.book"].create(
            {"name": "Own", "company_id": other.id}
        )
        trials = self.env["bitpaket.price.trial"].with_user(stranger)
        for values in (
            {"book_id": self.book.id},
            {"book_id": own.id, "other_book_id": self.book.id},
            {
                "book_id": own.id,
                "usage_from": "account",
                "account_id": self.account.id,
            },
        ):
            for make in (trials.new, trials.create):
                with self.assertRaises(AccessError):
                    make(values).mapped("result")
