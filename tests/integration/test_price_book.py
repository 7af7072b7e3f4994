"""Dated prices, which stay as they are once an invoice was made by them."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import GIB, BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestPriceBook(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-10-01")

    def price(self, meter, **values):
        return self.env["bitpaket.price"].create(
            {"book_id": self.book.id, "meter_id": self.meter(meter).id, **values}
        )

    def listed(self, meter):
        """Return the book's prices of a meter."""
        return self.book.price_ids.filtered(lambda p: p.meter_id == self.meter(meter))

    def test_price_change_inside_a_period_gives_two_lines(self):
        self.price("requests_a", date_start="2026-10-16", unit_price=0.01, per=1000)
        self.report(self.account, "requests_a", "2026-10-15", 100_000)
        self.report(self.account, "requests_a", "2026-10-16", 100_000)
        lines = self.close(self.account).line_ids
        self.assertEqual(lines.mapped("amount"), [0.5, 1.0])
        self.assertEqual(
            lines.mapped(lambda line: str(line.date_start)),
            ["2026-10-01", "2026-10-16"],
        )
        self.assertEqual(
            lines.price_id.mapped("unit_price"), [0.005, 0.01], "each by its own price"
        )

    def test_graduated_tiers(self):
        self.price(
            "storage",
            date_start="2026-10-01",
            model="graduated",
            tier_ids=[
                Command.create({"up_to": 100, "unit_price": 0.023}),
                Command.create({"unit_price": 0.022}),
            ],
        )
        self.report(self.account, "storage", "2026-10-01", 300 * GIB * 744)
        lines = self.close(self.account).line_ids
        self.assertEqual(
            [(line.name, line.quantity, line.amount) for line in lines],
            [
                ("Storage, up to 100 GiB-months", 100, 2.3),
                ("Storage, above 100 GiB-months", 200, 4.4),
            ],
        )

    def test_used_price_cannot_change(self):
        self.report_month(self.account)
        self.close(self.account)
        used = self.listed("storage")
        self.assertTrue(used.used)
        for change in (
            lambda: used.write({"unit_price": 1}),
            used.unlink,
        ):
            with self.assertRaises(UserError):
                change()
        self.assertFalse(self.listed("requests_b").used)

    def test_tiers_must_cover_every_quantity(self):
        for tiers in ([], [{"up_to": 100}]):
            with self.assertRaises(ValidationError):
                self.price(
                    "storage",
                    date_start="2026-12-01",
                    model="graduated",
                    tier_ids=[Command.create(tier) for tier in tiers],
                )

    def test_missing_price_is_told_in_words(self):
        self.listed("transfer_out").unlink()
        self.report_month(self.account)
        statement = self.close(self.account)
        self.assertEqual(statement.state, "error")
        self.assertEqual(
            statement.message,
            "The price book “Standard” has no price for Transfer out to the internet "
            "on 2026-10-01. Add a price that starts on or before that day.",
        )
        self.assertFalse(statement.move_id)
        self.assertFalse(statement.line_ids)

    def test_mended_price_is_billed_at_the_next_try(self):
        self.test_missing_price_is_told_in_words()
        self.price("transfer_out", date_start="2026-10-01", unit_price=0.09)
        statement = self.account.statement_ids
        statement.action_retry()
        self.assertIn(statement, statement._claim_due(10))
        statement._invoice_batch()
        self.assertEqual(statement.state, "invoiced")
        self.assertFalse(statement.message)

    def test_book_in_use_keeps_its_currency(self):
        with self.assertRaises(UserError):
            self.book.currency_id = self.env.ref("base.EUR")

    def test_one_failed_account_holds_up_no_other(self):
        bad = self.make_account(
            "bad", date_start="2026-10-01", book=self.make_price_book("Empty")
        )
        bad.price_book_id.price_ids.unlink()
        self.report_month(bad)
        self.report_month(self.account)
        statements = self.close(self.account | bad)
        states = {line.account_id.reference: line.state for line in statements}
        self.assertEqual(states, {"acme": "invoiced", "bad": "error"})

    def test_balance_preview_and_invoice_agree(self):
        self.report_month(self.account)
        self.report(self.account, "requests_a", "2026-10-30", 333_333)
        from odoo.addons.bitpaket_billing import rating

        rated = self.account._rate_period(
            rating.calendar_month(self.account.date_start)
        )[self.account.id]
        statement = self.close(self.account)
        self.assertEqual(float(rated.total), statement.move_id.amount_untaxed)
        self.assertEqual(
            [float(line.amount) for line in rated.lines],
            statement.line_ids.mapped("amount"),
        )
