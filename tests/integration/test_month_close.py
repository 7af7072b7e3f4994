"""The month close: from daily usage to posted invoices."""

from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import GIB, BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestMonthClose(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")

    def test_invoice_is_posted_and_dated_the_first(self):
        self.report_month(self.account)
        statement = self.close(self.account)
        move = statement.move_id
        self.assertEqual(statement.state, "invoiced")
        self.assertEqual(move.state, "posted")
        self.assertEqual(str(move.invoice_date), "2026-11-01")
        self.assertEqual(move.amount_untaxed, 29.0)
        self.assertEqual(statement.amount_total, 29.0)
        self.assertEqual(
            move.invoice_line_ids.mapped("price_subtotal"), [8.5, 11.5, 9.0]
        )
        self.assertFalse(move.invoice_line_ids.tax_ids)

    def test_usage_lines_show_allowance_and_price(self):
        self.report(self.account, "transfer_out", "2026-10-05", 150 * GIB)
        move = self.close(self.account).move_id
        lines = [
            (line.name, line.quantity, line.amount, line.free)
            for line in move.usage_line_ids
        ]
        self.assertEqual(
            lines,
            [
                ("Transfer out to the internet, free allowance", 100.0, 0.0, True),
                ("Transfer out to the internet", 50.0, 4.5, False),
            ],
        )

    def test_closing_again_changes_nothing(self):
        self.report_month(self.account)
        first = self.close(self.account)
        self.assertFalse(self.close(self.account))
        self.assertEqual(self.account.statement_ids, first)
        self.assertEqual(len(self.account.invoice_ids), 1)

    def test_no_usage_makes_no_invoice_and_says_so(self):
        statement = self.close(self.account)
        self.assertEqual(statement.state, "rated")
        self.assertFalse(statement.move_id)
        self.assertEqual(statement.message, "Nothing to pay, so there is no invoice.")
