"""Budgets in the browser: a customer sets and lifts a hard cap, and finance does."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Command, Date
from odoo.tests import HttpCase, tagged

from ..common import GIB, BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestBudgetTours(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        this_month = Date.start_of(Date.today(), "month")
        cls.account = cls.make_account(
            "kestrel", date_start=this_month - relativedelta(months=1)
        )
        cls.report(cls.account, "requests_a", this_month, 812_345)
        cls.report(cls.account, "transfer_out", this_month, 187 * GIB)

    def test_the_customer(self):
        user = self.make_portal_user(self.account)
        self.start_tour("/my/billing", "bitpaket_billing_budgets", login=user.login)
        budget = self.account.budget_ids
        self.assertEqual((budget.amount, budget.hard_cap), (100, True))
        caps = budget.alert_ids.filtered(lambda alert: alert.basis == "cap")
        self.assertEqual(caps.mapped("lifted_by"), ["limit"])

    def test_finance(self):
        self.env["res.users"].create(
            {
                "name": "Finance",
                "login": "budget-finance",
                "password": "budget-finance",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [
                    Command.link(self.env.ref("bitpaket_billing.group_billing_user").id)
                ],
            }
        )
        budget = self.env["bitpaket.budget"].create(
            {
                "account_id": self.account.id,
                "name": "Monthly",
                "amount": 5,
                "hard_cap": True,
            }
        )
        self.start_tour(
            f"/odoo/action-bitpaket_billing.bitpaket_account_action/{self.account.id}",
            "bitpaket_billing_budget_of_finance",
            login="budget-finance",
        )
        self.assertFalse(budget.hard_cap)
        self.assertTrue(self.account._control_plane_answer()["may_run"])
