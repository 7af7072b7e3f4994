"""Coupons: discounts on the lines of one invoice, before tax.

Coupons limited to meters come first, then those limited to plans, then all others;
inside a group they keep their order, which is the order of their redemption. Each
works on what the earlier ones left.
"""

from dataclasses import dataclass
from decimal import Decimal

from .errors import InvalidValue
from .rounding import (
    HUNDRED,
    ZERO,
    drop_residue,
    exact,
    floor,
    half_up,
    settle_quantity,
    spread,
)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A redeemed coupon, as one invoice finds it.

    :param str type: fixed or percent
    :param Decimal value: money or percent
    :param str frequency: once, recurring or forever
    :param str currency: of a fixed value; None: the invoice's
    :param int periods_left: for recurring: invoices left, with this one
    :param Decimal already_used: part of a fixed coupon spent on earlier invoices
    :param bool carry: whether the rest of a fixed once coupon is kept for later
        invoices
    :param meters: collection of meter codes it is limited to; None: any line
    :param plans: collection of plans it is limited to; None: any line
    :param lines: collection of line ids it is limited to; None: any line
    :param Decimal minimum: least total of the lines before coupons; below it the
        coupon is skipped. None: no minimum
    :param Decimal limit: money it can take off this invoice at most; None: no limit
    :param budget: coupons with the same one share the limit; None: its own
    :param str code: the caller's reference
    """

    type: str
    value: Decimal
    frequency: str = "once"
    currency: str | None = None
    periods_left: int | None = None
    already_used: Decimal = ZERO
    carry: bool = True
    meters: tuple | None = None
    plans: tuple | None = None
    lines: tuple | None = None
    minimum: Decimal | None = None
    limit: Decimal | None = None
    budget: object = None
    code: str = ""

    def __post_init__(self):
        if self.type not in ("fixed", "percent"):
            raise InvalidValue("type", self.type)
        if self.frequency not in ("once", "recurring", "forever"):
            raise InvalidValue("frequency", self.frequency)

    def covers(self, line):
        """Tell whether a line meets all the limits of the coupon.

        :param Discountable line: the line
        :return: bool; a line without the property never meets a limit
        """
        return all(
            allowed is None or (value is not None and value in allowed)
            for allowed, value in (
                (self.meters, line.meter),
                (self.plans, line.plan),
                (self.lines, line.id),
            )
        )


@dataclass(frozen=True, slots=True)
class Discountable:
    """What coupons see of an invoice line."""

    id: object
    amount: Decimal
    meter: str | None = None
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class CouponResult:
    """What one coupon did, and what is left of it.

    :param Coupon coupon: the coupon
    :param Decimal discount: money taken off, not negative
    :param tuple shares: Decimal for each line, in the order of the lines
    :param bool applied: whether there was anything to discount; a coupon that was
        not applied is not used up
    :param bool exhausted: whether later invoices can no longer use it
    :param Decimal remaining: money that later invoices can still use, for fixed
        once coupons; the coupon's value if it was skipped
    :param int periods_left: for recurring coupons, invoices left after this one
    """

    coupon: Coupon
    discount: Decimal = ZERO
    shares: tuple = ()
    applied: bool = False
    exhausted: bool = False
    remaining: Decimal = ZERO
    periods_left: int | None = None


@dataclass(frozen=True, slots=True)
class Discounts:
    """What all coupons did to the lines of one invoice.

    :param tuple lines: the Discountable lines
    :param tuple results: CouponResult for each coupon, in the order given
    :param tuple order: positions of the coupons in the order they worked
    """

    lines: tuple
    results: tuple
    order: tuple

    @property
    @exact
    def shares(self):
        """Money taken off each line by all coupons, in the order of the lines."""
        columns = zip(*(result.shares for result in self.results), strict=True)
        return [sum(column, ZERO) for column in columns] or [ZERO] * len(self.lines)

    @property
    @exact
    def discount(self):
        """Money taken off all lines."""
        return sum((result.discount for result in self.results), ZERO)

    @property
    @exact
    def subtotal(self):
        """What is left of all lines, before tax."""
        return sum((line.amount for line in self.lines), ZERO) - self.discount


@exact
def apply_coupons(lines, coupons, currency=None, digits=2, share_digits=None):
    """Take the coupons' discounts off the lines of one invoice.

    Credits among the lines count: together the coupons never take more than all lines
    come to, so that no discount makes a total negative.

    :param lines: iterable of Discountable
    :param coupons: iterable of Coupon, in the order of their redemption
    :param str currency: of the invoice
    :param int digits: decimals of the currency; a percentage's discount is rounded
        half up
    :param int share_digits: decimals of a line's share in a discount, the cents left
        over going to the largest remainders; None: unrounded
    :return: Discounts
    """
    lines, coupons = tuple(lines), tuple(coupons)
    left = [line.amount for line in lines]
    total = sum(left, ZERO)
    has_credits = any(amount < 0 for amount in left)
    order = sorted(range(len(coupons)), key=lambda number: _group(coupons[number]))
    results = [None] * len(coupons)
    drawn = {}
    for number in order:
        coupon = coupons[number]
        eligible = [i for i, line in enumerate(lines) if coupon.covers(line)]
        base = drop_residue(settle_quantity(sum((left[i] for i in eligible), ZERO)))
        shares = [ZERO] * len(lines)
        discount = None
        if _is_usable(coupon, currency, total):
            before = drawn.get(coupon.budget, ZERO)
            discount = _discount(coupon, max(base, ZERO), digits, before)
            if has_credits:
                discount = min(discount, max(sum(left, ZERO), ZERO))
            if share_digits is not None:
                discount = floor(discount, share_digits)
            if coupon.budget is not None:
                drawn[coupon.budget] = before + discount
            parts = spread(discount, [left[i] for i in eligible], share_digits)
            for i, part in zip(eligible, parts, strict=True):
                shares[i] = part
                left[i] -= part
        results[number] = _result(coupon, discount, base > 0, tuple(shares))
    return Discounts(lines, tuple(results), tuple(order))


def _group(coupon):
    if coupon.meters is not None:
        return 0
    return 1 if coupon.plans is not None else 2


def _is_usable(coupon, currency, total):
    if coupon.minimum is not None and total < coupon.minimum:
        return False
    if coupon.type == "fixed" and coupon.currency not in (None, currency):
        return False
    if coupon.frequency == "recurring" and coupon.periods_left is not None:
        return coupon.periods_left > 0
    return True


def _discount(coupon, base, digits, drawn):
    if coupon.type == "fixed":
        discount = min(max(coupon.value - coupon.already_used, ZERO), base)
    else:
        discount = min(half_up(base * coupon.value / HUNDRED, digits), base)
    if coupon.limit is not None:
        discount = min(discount, max(coupon.limit - drawn, ZERO))
    return discount


def _result(coupon, discount, has_base, shares):
    """Tell what is left of a coupon.

    :param Decimal discount: money taken off; None: the coupon was skipped
    :param bool has_base: whether there was anything to discount
    """
    if discount is None:
        return CouponResult(
            coupon,
            shares=shares,
            remaining=coupon.value,
            periods_left=coupon.periods_left,
        )
    rest = max(drop_residue(coupon.value - coupon.already_used - discount), ZERO)
    remaining, exhausted, periods_left = ZERO, False, coupon.periods_left
    if coupon.frequency == "once":
        carried = coupon.type == "fixed" and coupon.carry
        if carried or not has_base:
            remaining = rest
        exhausted = not remaining
    elif coupon.frequency == "recurring":
        if not has_base:
            remaining = rest
        elif periods_left is not None:
            periods_left -= 1
            exhausted = not periods_left
    return CouponResult(
        coupon, discount, shares, has_base, exhausted, remaining, periods_left
    )
