"""Four months of accounts with coupons by chance, and what must hold in each."""

import os
import random
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.bitpaket_billing import rating
from odoo.addons.bitpaket_billing.models.bitpaket_coupon_redeem import CouponRefused
from odoo.addons.bitpaket_billing.tools import exact

from ..common import GIB
from ..coupon_common import CouponMixin

SEED = int(os.environ.get("COUPON_SEED", "20261001"))
MONTHS, ACCOUNTS = 4, 6


@tagged("standard", "post_install", "-at_install")
class TestMonths(CouponMixin, TransactionCase):
    def test_months_by_chance(self):
        self.dice = random.Random(SEED)
        print(f"coupons by chance: COUPON_SEED={SEED}")
        self.accounts = self.account
        for number in range(1, ACCOUNTS):
            self.accounts |= self.make_account(
                f"a{number}", book=self.book, date_start="2026-10-01"
            )
        # In the order of the close, in which they draw on budgets.
        self.accounts = self.accounts.search([("id", "in", self.accounts.ids)])
        self.coupons = self.make_coupons()
        before = None
        for number in range(MONTHS):
            start = Date.to_date("2026-10-01") + relativedelta(months=number)
            end = start + relativedelta(months=1)
            with freeze_time(start + relativedelta(days=14)):
                self.redeem()
                self.use(start)
                self.correct(before)
            with freeze_time(end):
                self.arrive_later()
                before = self.close_month(rating.Period(start, end))
            self.check()
        self.assertTrue(self.env["bitpaket.coupon.use"].search_count([]))

    def make_coupons(self):
        """Return coupons of every kind."""
        common = {"max_per_account": 2}
        return (
            self.make_coupon(20, duration="forever", **common)
            | self.make_coupon(33.3, duration="invoices", invoices=2, on=["storage"])
            | self.make_coupon(fixed=25, **common)
            | self.make_coupon(fixed=4.99, duration="invoices", invoices=3)
            | self.make_coupon(50, budget=30, duration="forever", **common)
            | self.make_coupon(fixed=100, budget=60, on=["transfer_out", "requests_a"])
            | self.make_coupon(10, duration="until", date_until="2026-12-01")
            | self.make_coupon(100, minimum=20, max_redemptions=3)
            | self.make_coupon(80, exclusive=True)
        )

    def redeem(self):
        for account in self.accounts:
            for coupon in self.dice.sample(list(self.coupons), 2):
                try:
                    coupon._redeem(account)
                except CouponRefused:
                    continue

    def use(self, start):
        """Report usage of a month, and some that is late."""
        for account in self.accounts:
            for _event in range(3):
                day = start + relativedelta(days=self.dice.randrange(28))
                if self.dice.random() < 0.3 and start > account.date_start:
                    day -= relativedelta(months=1)
                meter, size = self.dice.choice(
                    (
                        ("requests_a", 10_000),
                        ("storage", GIB * 744),
                        ("transfer_out", GIB),
                    )
                )
                quantity = self.dice.randrange(1, 400) * size
                key = f"{account.id}-{self.dice.random()}"
                self.report(account, meter, str(day), quantity, key)

    def correct(self, statements):
        """Credit some of the invoices of the month before."""
        for statement in statements or ():
            lines = statement.line_ids.filtered(
                lambda line: line.move_id
                and line.type not in ("coupon", "credit")
                and line.amount > 0
                and line._left() > 0
            )
            if not lines or self.dice.random() < 0.5:
                continue
            rebill = self.dice.choice(("never", "next", "now"))
            if self.dice.random() < 0.5:
                credits = {line: line._left() for line in lines}
            else:
                line = self.dice.choice(list(lines))
                credits = {line: round(line._left() / 2, 2)}
            net = sum(statement._with_discounts(credits).values())
            if net > 0:
                statement._correct(credits, "By chance", rebill)

    def close_month(self, period):
        """Close a month; what was previewed is what comes of it."""
        purse = self.accounts._coupon_purse()
        late = self.accounts._late_adjustments(period)
        preview = self.accounts._rate_usage(period, late, purse=purse)
        statements = self.close(self.accounts, period.end)
        self.assertEqual(len(statements), len(self.accounts))
        totals = sum(exact(one.amount_total) for one in statements)
        self.assertEqual(totals, sum(one.total for one in preview.values()))
        for statement in statements:
            self.assertNotEqual(statement.state, "error", statement.message)
            moves = statement.move_id
            if moves:
                sign = -1 if moves.move_type == "out_refund" else 1
                self.assertEqual(sign * moves.amount_untaxed, statement.amount_total)
        return statements

    def check(self):
        """Check what must hold whatever happens."""
        for statement in self.env["bitpaket.statement"].search([]):
            for move in statement.document_ids:
                lines = move.usage_line_ids
                self.assertEqual(
                    round(sum(lines.mapped("amount")), 2),
                    -move.direction_sign * move.amount_untaxed,
                )
                discounts = [line.amount for line in lines if line.type == "coupon"]
                if discounts:
                    self.assertLessEqual(sum(discounts), 0)
                    self.assertGreaterEqual(round(sum(lines.mapped("amount")), 2), 0)
        for coupon in self.coupons:
            uses = coupon.redemption_ids.use_ids
            total = sum((exact(use.amount) for use in uses), Decimal(0))
            budget = coupon.amount_ids.budget
            if budget:
                self.assertLessEqual(total, exact(budget), coupon.summary)
            for redemption in coupon.redemption_ids:
                amounts = redemption.use_ids.mapped("amount")
                self.assertTrue(all(amount >= 0 for amount in amounts))
                if coupon.type == "fixed" and coupon.duration == "once":
                    self.assertLessEqual(
                        redemption.amount_used, coupon.amount_ids.amount
                    )
                if redemption.invoices:
                    self.assertLessEqual(redemption.invoices_used, redemption.invoices)
                for use in redemption.use_ids:
                    lines = use.statement_id.line_ids.filtered(
                        lambda line, use=use: line.redemption_id == use.redemption_id
                    )
                    self.assertEqual(use.amount, round(-sum(lines.mapped("amount")), 2))
