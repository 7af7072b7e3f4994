"""What finance does in the browser when an invoice was wrong."""

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestCorrectionTour(BillingMixin, HttpCase):
    def test_credit_a_line_and_bill_it_again(self):
        company = self.make_company()
        self.account = self.make_account("acme", date_start="2026-10-01")
        self.report_month(self.account)
        statement = self.close(self.account)
        self.env["res.users"].create(
            {
                "name": "Finance",
                "login": "tour-finance",
                "password": "tour-finance",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [
                    Command.link(self.env.ref(f"bitpaket_billing.{name}").id)
                    for name in ("group_billing_manager", "group_accountant")
                ],
            }
        )
        self.start_tour(
            "/odoo/action-bitpaket_billing.bitpaket_statement_action",
            "bitpaket_billing_correction",
            login="tour-finance",
        )
        self.assertEqual(statement.amount_net, 29.0)
        self.assertEqual(len(statement.document_ids), 3)
