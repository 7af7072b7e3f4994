"""Plans in the browser: a customer upgrades, downgrades, cancels and undoes."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import HttpCase, tagged

from ..plan_common import PlanMaker


@tagged("standard", "post_install", "-at_install")
class TestPlanTours(PlanMaker, HttpCase):
    def test_the_customer_changes_the_plan(self):
        self.make_company()
        this_month = Date.start_of(Date.today(), "month")
        last_month = this_month - relativedelta(months=1)
        account = self.make_account("kestrel", date_start=last_month)
        user = self.make_portal_user(account)
        self.report_month(account, f"{last_month:%Y-%m}")
        self.close(account, this_month)
        self.make_plan("Basic", 30, 300, allowances=[("transfer_out", 100, None)])
        self.make_plan("Pro", 60, bitpaket_sequence=20)
        self.start_tour("/my/billing", "bitpaket_billing_plan", login=user.login)
        changes = account.plan_change_ids.sorted("id")
        self.assertEqual(changes.mapped("kind"), ["start", "upgrade"])
        self.assertEqual(
            changes.statement_ids.move_id.sorted("id").mapped("amount_total"), [30, 30]
        )
        self.start_tour(
            "/my/billing/plans", "bitpaket_billing_plan_end", login=user.login
        )
        changes = account.plan_change_ids.sorted("id")[2:]
        self.assertEqual(
            [(change.kind, change.state) for change in changes],
            [("downgrade", "undone"), ("cancel", "pending")],
        )
        self.assertEqual(account.amount_owed, 89)
