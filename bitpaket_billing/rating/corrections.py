"""Credits of what was billed, and billing it again."""

from .late import adjustments
from .rounding import ZERO, exact, half_up
from .statement import rate_statement
from .types import StatementRequest


@exact
def outstanding(amount, credits, digits):
    """Return what is left of an amount after credits.

    :param Decimal amount: billed
    :param credits: what was credited of it since, with the opposite sign
    :param int digits: decimals of the currency
    """
    return half_up(amount + sum(credits, ZERO), digits)


@exact
def spread(amount, left):
    """Share a credit out among billed lines, first lines first.

    :param Decimal amount: what is credited, with the sign of what was billed
    :param left: what each line has left to be credited
    :return: a share per line, adding up to the amount; when more is credited than
        is left, the last line has the rest
    :rtype: list[Decimal]
    """
    if amount == sum(left, ZERO):
        return list(left)
    shares, rest = [], amount
    for open_amount in left:
        share = ZERO
        if (open_amount > 0) == (rest > 0):
            share = min(open_amount, rest, key=abs)
        shares.append(share)
        rest -= share
    if shares:
        shares[-1] += rest
    return shares


@exact
def discount_share(discount, left, billed, billed_left, credited, digits):
    """Return what a credit of billed lines takes back of a discount on them.

    It is in proportion, counted from the beginning, so that several credits take
    back exactly the discount once nothing is left of the lines.

    :param Decimal discount: billed, negative
    :param Decimal left: what of the discount was not taken back yet, negative
    :param Decimal billed: what the discounted lines come to
    :param Decimal billed_left: what of them was not credited before
    :param Decimal credited: what of them is credited now
    :param int digits: decimals of the currency
    :return: Decimal, not positive, and never more than is left
    """
    rest = billed_left - credited
    if not billed or not rest:
        return left
    kept = half_up(discount * rest / billed, digits)
    return max(min(left - kept, ZERO), left)


@exact
def rebill(rated, billed, period, digits, code=""):
    """Bill a closed period again, of which something was credited.

    A meter of which nothing is billed any more gets all its lines, as in the first
    place; any other the difference to what is billed for it.

    :param rated: iterable of Line: the new rating
    :param dict billed: (amount, quantity) billed for the period so far, by meter
        (None: the commitment), credits included
    :param Period period: the period
    :param int digits: decimals of the currency
    :param str code: the caller's reference of the period
    :return: lines of kind usage, commitment and adjustment
    :rtype: tuple[Line, ...]
    """
    credited = {meter for meter, sums in billed.items() if not any(sums)}
    lines, others = [], []
    for line in rated:
        (lines if line.meter in credited else others).append(line)
    kept = {meter: sums for meter, sums in billed.items() if meter not in credited}
    return (
        *lines,
        *adjustment_lines(
            adjustments(others, kept, period, code, note="again"), period, digits
        ),
    )


def adjustment_lines(items, period, digits):
    """Return adjustments as lines.

    :param items: iterable of Adjustment
    :param Period period: of the statement that carries them
    :param int digits: decimals of the currency
    :rtype: tuple[Line, ...]
    """
    request = StatementRequest(
        period=period,
        currency_digits=digits,
        meters=(),
        usage=(),
        prices=(),
        adjustments=tuple(items),
    )
    return rate_statement(request).lines
