"""Whose tax it is: FastSpring's, or our own."""

from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestTaxModes(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "20%",
                "amount": 20,
                "type_tax_use": "sale",
                "company_id": cls.company.id,
            }
        )
        products = cls.env["bitpaket.meter"]._catalogue().product_id
        products.taxes_id = [(6, 0, cls.tax.ids)]
        cls.account = cls.make_account("acme", date_start="2026-10-01")
        cls.report_month(cls.account)

    def test_merchant_of_record_invoices_carry_no_tax(self):
        move = self.close(self.account).move_id
        self.assertEqual((move.amount_untaxed, move.amount_tax), (29.0, 0.0))
        self.assertEqual(
            move.fiscal_position_id, self.company.bitpaket_fiscal_position_id
        )

    def test_own_tax_is_added(self):
        self.company.bitpaket_tax_mode = "own_tax"
        move = self.close(self.account).move_id
        self.assertEqual((move.amount_untaxed, move.amount_tax), (29.0, 5.8))
        self.assertEqual(move.invoice_line_ids.tax_ids, self.tax)

    def test_company_without_chart_is_told_so(self):
        company = self.env["res.company"].create({"name": "No Chart Ltd."})
        book = self.make_price_book("Other", company_id=company.id)
        account = self.make_account(
            "other", book=book, company_id=company.id, date_start="2026-10-01"
        )
        self.report_month(account)
        statement = self.close(account)
        self.assertEqual(statement.state, "error")
        self.assertEqual(
            statement.message,
            "No Chart Ltd. has no chart of accounts yet: choose one in the accounting "
            "settings.",
        )

    def test_second_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        book = self.make_price_book("Euro", currency_id=euro.id)
        account = self.make_account("euro", book=book, date_start="2026-10-01")
        self.report_month(account)
        move = self.close(account).move_id
        self.assertEqual(move.currency_id, euro)
        self.assertEqual(move.amount_total, 29.0)
