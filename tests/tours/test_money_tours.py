"""What customers and finance see of money that goes back, comes twice, is paid out."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..fastspring_money import MoneyMixin


@tagged("standard", "post_install", "-at_install")
class TestMoneyTours(MoneyMixin, HttpCase):
    def setUp(self):
        super().setUp()
        self.company.bitpaket_refund_automatic = True
        self.customer = self.make_portal_user(self.account, "tour-customer")
        self.env["res.users"].create(
            {
                "name": "Finance",
                "login": "tour-finance",
                "password": "tour-finance",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [
                    Command.link(
                        self.env.ref("bitpaket_billing.group_billing_manager").id
                    )
                ],
            }
        )
        self.invoice = self.bill(100)

    def pay_twice(self):
        tabs = [self.checkout(self.invoice), self.checkout(self.invoice)]
        for transaction in tabs:
            self.simulator.pay(transaction.fastspring_session_id)
        self.settle()

    def test_refund_seen_by_the_customer(self):
        _transaction, order = self.pay(self.invoice)
        self.settle()
        self.simulator.refund(order["id"], 40)
        self.settle()
        self.start_tour("/my/billing", "bitpaket_refund_seen", login="tour-customer")

    def test_credit_seen_by_the_customer(self):
        self.pay_twice()
        self.start_tour("/my/billing", "bitpaket_credit_seen", login="tour-customer")

    def test_chargeback_seen_by_the_customer(self):
        _transaction, order = self.pay(self.invoice)
        self.settle()
        self.simulator.chargeback(order["id"])
        self.settle()
        self.start_tour(
            "/my/billing", "bitpaket_chargeback_seen", login="tour-customer"
        )

    def test_finance_gives_a_second_payment_back(self):
        self.pay_twice()
        self.start_tour(
            "/odoo/action-bitpaket_billing.bitpaket_fastspring_credit_action",
            "bitpaket_finance_decides",
            login="tour-finance",
        )
        self.send_refunds()
        self.settle()
        credit = self.env["bitpaket.fastspring.credit"].search([])
        self.assertEqual(credit.state, "done")
        self.assertEqual(self.account.amount_owed, 0)

    def test_finance_matches_a_payout(self):
        self.pay(self.invoice)
        self.settle()
        bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": bank.id,
                "amount": 93.15,
                "payment_ref": "BRIGHT MARKET LLC",
                "date": fields.Date.today(),
            }
        )
        self.start_tour(
            "/odoo/action-bitpaket_billing.bitpaket_fastspring_payout_action",
            "bitpaket_finance_matches_payout",
            login="tour-finance",
        )
        self.assertTrue(line.is_reconciled)
        self.assertEqual(self.balance(), 0)
