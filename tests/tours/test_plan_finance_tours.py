"""Finance makes a plan, changes an account's, and makes an enterprise's account."""

from odoo.fields import Command, Date
from odoo.tests import HttpCase, tagged

from ..plan_common import PlanMixin


@tagged("standard", "post_install", "-at_install")
class TestPlanFinanceTours(PlanMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.users"].create(
            {
                "name": "Finance",
                "login": "plan-finance",
                "password": "plan-finance",
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [
                    Command.link(
                        cls.env.ref("bitpaket_billing.group_billing_manager").id
                    )
                ],
            }
        )
        cls.account.date_start = Date.start_of(Date.today(), "month")

    def tour(self, action, name):
        self.start_tour(
            f"/odoo/action-bitpaket_billing.{action}",
            f"bitpaket_billing_{name}",
            login="plan-finance",
        )
        self.env.invalidate_all()

    def test_finance_makes_a_plan(self):
        self.tour("bitpaket_plan_action", "make_plan")
        plan = self.env["sale.subscription.template"].search([("name", "=", "Team")])
        self.assertEqual(
            (plan.bitpaket_is_plan, plan.bitpaket_company_id, plan.invoicing_mode),
            (True, self.company, "draft"),
        )
        self.assertEqual(
            (plan.bitpaket_price_ids.amount, plan.bitpaket_price_ids.interval),
            (45, "month"),
        )
        self.assertEqual(plan.bitpaket_allowance_ids.quantity, 100)

    def test_finance_changes_a_plan(self):
        self.make_plan("Small", 30)
        big = self.make_plan("Big", 60)
        self.tour(f"bitpaket_account_action/{self.account.id}", "change_plan")
        self.assertEqual(self.account.invoice_ids.amount_untaxed, 60)
        self.assertEqual(self.account.plan_id, big)
        self.assertEqual(
            self.account.plan_change_ids.sorted("id").mapped("state"),
            ["done", "undone"],
        )

    def test_finance_makes_an_enterprise_account(self):
        self.env["res.partner"].create({"name": "Okapi Health"})
        self.tour("bitpaket_enterprise_action", "enterprise")
        account = self.env["bitpaket.account"].search([("reference", "=", "okapi")])
        self.assertEqual(account.invoice_ids.amount_untaxed, 500)
        self.assertEqual(account.minimum_ids.amount, 800)
        self.assertEqual(account.price_book_id.name, "Standard for Okapi Health")
