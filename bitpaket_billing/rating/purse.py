"""The coupons that accounts have redeemed, and what is left of them."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from .coupons import Coupon
from .rounding import ZERO, exact


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A coupon that one account has redeemed.

    :param Coupon coupon: its terms; the code identifies the redemption
    :param int invoices: how many invoices it discounts; None: any number
    :param int used: how many it has discounted
    :param Decimal spent: what it has taken off that counts against a fixed value
    :param date until: last day on which a period that it discounts may begin
    :param date revoked: first day on which such a period may not begin any more
    :param bool exclusive: whether it works alone
    :param budget: key of the budget that it draws on; None: it has none
    """

    coupon: Coupon
    invoices: int | None = None
    used: int = 0
    spent: Decimal = ZERO
    until: date | None = None
    revoked: date | None = None
    exclusive: bool = False
    budget: object = None

    def counts_in(self, period):
        """Tell whether it discounts a period that begins on this day."""
        if self.until and period.start > self.until:
            return False
        return not (self.revoked and period.start >= self.revoked)

    @property
    def is_used_up(self):
        """Whether no later invoice can use it, whatever its date."""
        if self.invoices is not None and self.used >= self.invoices:
            return True
        coupon = self.coupon
        total = coupon.type == "fixed" and coupon.frequency == "once"
        return total and self.spent >= coupon.value

    def on_next_invoice(self, limit):
        """Return the coupon as the next invoice finds it.

        :param Decimal limit: what the budget leaves; None: no budget
        :rtype: Coupon
        """
        changes = {"already_used": self.spent, "limit": limit, "budget": self.budget}
        if self.invoices is not None:
            left = self.invoices - self.used
            changes |= {"frequency": "recurring", "periods_left": left}
        return replace(self.coupon, **changes)


class Purse:
    """What many accounts can still use; every rated statement takes from it.

    An exclusive coupon works alone: the one that was redeemed first goes first, and
    those that cannot work beside it wait.

    :param dict redeemed: lists of Redeemed, in the order of redemption, by owner
    :param dict budgets: what is left of budgets, by key
    """

    def __init__(self, redeemed=None, budgets=None):
        self._redeemed = {owner: list(held) for owner, held in (redeemed or {}).items()}
        self._budgets = dict(budgets or {})

    def held(self, owner):
        """Return what an owner has redeemed.

        :param owner: the owner
        :return: list of Redeemed, in the order of redemption
        """
        return list(self._redeemed.get(owner, ()))

    def coupons(self, owner, period):
        """Return what the next invoice of an owner can use.

        :param Period period: of the invoice
        :rtype: tuple[Coupon, ...]
        """
        held = [
            one
            for one in self._redeemed.get(owner, ())
            if not one.is_used_up
            and one.counts_in(period)
            and (one.budget is None or self._budgets[one.budget] > 0)
        ]
        if held and held[0].exclusive:
            held = held[:1]
        return tuple(
            one.on_next_invoice(self._budgets.get(one.budget))
            for one in held
            if one is held[0] or not one.exclusive
        )

    @exact
    def spend(self, owner, results):
        """Take out what a statement has used.

        :param results: CouponResult of the owner's coupons
        """
        taken = {result.coupon.code: result.discount for result in results}
        held = self._redeemed.get(owner, [])
        for number, one in enumerate(held):
            discount = taken.get(one.coupon.code)
            if not discount:
                continue
            once = one.coupon.frequency == "once" and one.coupon.type == "fixed"
            held[number] = replace(
                one,
                used=one.used + 1,
                spent=one.spent + discount if once else one.spent,
            )
            if one.budget is not None:
                self._budgets[one.budget] -= discount
