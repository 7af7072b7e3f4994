"""Coupons on plans: what they discount, and what of it is credited."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import GIB
from ..coupon_common import CouponMaker
from ..plan_common import PlanMixin


@tagged("standard", "post_install", "-at_install")
class TestPlanCoupons(CouponMaker, PlanMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.basic = cls.make_plan("Basic", 30, 300)
        cls.pro = cls.make_plan("Pro", 60, 600)

    def give(self, day, percent=50, plans=None, **values):
        """Redeem a coupon for the account; return the redemption."""
        coupon = self.make_coupon(
            percent,
            duration="forever",
            plan_ids=[Command.set(plans.ids)] if plans else [],
            **values,
        )
        with freeze_time(day):
            return coupon._redeem(self.account)

    def facts(self, statement):
        """Return (type, amount) of the lines that are not free."""
        return [(line.type, line.amount) for line in statement.line_ids if line.amount]

    def test_it_waits_for_its_plan(self):
        """Redeemed on another plan, it discounts nothing until the right one."""
        self.change("2026-11-12", "choose", self.basic)
        held = self.give("2026-11-13", plans=self.pro)
        self.run_on("2026-12-12")
        self.assertEqual(self.statements()[-1][3], 30)
        change = self.change("2026-12-22", "choose", self.pro)
        # 21 of 31 days: 20.32 back, 40.65 less its half.
        self.assertEqual(
            self.facts(change.statement_ids),
            [("fee", -20.32), ("fee", 40.65), ("coupon", -20.33)],
        )
        invoice = change.statement_ids.move_id
        self.assertAlmostEqual(invoice.amount_untaxed, 0)
        self.run_on("2027-01-12")
        self.assertEqual(
            self.facts(self.account.statement_ids[:1]), [("fee", 60), ("coupon", -30)]
        )
        self.assertEqual(held.state, "active")
        self.change("2027-01-20", "choose", self.basic)
        self.run_on("2027-02-12")
        self.assertEqual(self.statements()[-1][3], 30)

    def test_fee_and_usage(self):
        """Fees of the plan, and what is used on it, have a discount line each."""
        self.change("2026-11-12", "choose", self.basic)
        self.give("2026-11-13", 20, plans=self.basic)
        self.use("transfer_out", 200 * GIB, "2026-11-20")
        self.run_on("2026-12-12")
        statement = self.account.statement_ids[:1]
        self.assertEqual(
            self.facts(statement),
            [("usage", 9), ("fee", 30), ("coupon", -1.8), ("coupon", -6)],
        )
        self.assertEqual(statement.move_id.amount_untaxed, 31.2)
        texts = [line.name for line in statement.line_ids if line.redemption_id]
        self.assertIn("Transfer", texts[0])
        self.assertIn("Plan Basic", texts[1])

    def test_usage_before_the_plan(self):
        """What was used before the plan is not discounted with its next fee."""
        self.give("2026-11-01", plans=self.basic)
        self.use("transfer_out", 200 * GIB, "2026-11-05")
        change = self.change("2026-11-12", "choose", self.basic)
        self.assertEqual(change._charged(), 15)
        self.run_on("2026-11-12")
        statement = self.account.statement_ids[:1]
        self.assertEqual(self.facts(statement), [("usage", 9)])

    def test_all_versions(self):
        """A coupon of a plan holds for its later versions."""
        self.basic.action_bitpaket_new_version()
        self.give("2026-11-01", plans=self.basic)
        change = self.change("2026-11-12", "choose", self.basic.bitpaket_replaced_by_id)
        self.assertEqual(change._charged(), 15)

    def test_the_rest_is_credited_as_it_was_paid(self):
        """What was not paid for is not credited; what begins is discounted in full."""
        self.give("2026-11-01")
        self.change("2026-11-12", "choose", self.basic)
        change = self.change("2026-11-22", "choose", self.pro)
        # Paid 15: 20 of 30 days of it. The new plan: half of 40.
        self.assertEqual(
            self.facts(change.statement_ids),
            [("fee", -10), ("fee", 40), ("coupon", -20)],
        )
        self.assertEqual(change._charged(), 10)
        change = self.change("2026-11-27", "cancel_now")
        # Paid 20 for 20 days, 15 of them are left.
        self.assertEqual(self.facts(change.statement_ids), [("fee", -15)])

    def test_a_whole_discount_leaves_the_credit(self):
        """What was paid comes back, though the new plan costs nothing."""
        self.change("2026-11-12", "choose", self.basic)
        self.give("2026-11-13", 100, plans=self.pro)
        change = self.change("2026-11-22", "choose", self.pro)
        self.assertEqual(
            self.facts(change.statement_ids),
            [("fee", -20), ("fee", 40), ("coupon", -40)],
        )
        self.assertEqual(change.statement_ids.move_id.move_type, "out_refund")
        self.assertEqual(change._charged(), -20)

    def test_words_and_terms(self):
        """It says on which plan; once redeemed, that stays."""
        redemption = self.give("2026-11-13", 20, plans=self.pro)
        coupon = redemption.coupon_id
        self.assertEqual(coupon.summary, "20 % off, on the plan Pro, on every invoice")
        self.assertIn("on the plan Pro", redemption.summary)
        with self.assertRaisesRegex(UserError, "so what it"):
            coupon.plan_ids = self.basic
        coupon.plan_ids = self.pro
