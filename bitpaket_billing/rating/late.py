"""Events that come twice, and usage that comes late."""

from dataclasses import dataclass

from .periods import add_months
from .rounding import ZERO, ceil, exact
from .types import Adjustment


def store_events(events, key, keep="first"):
    """Store events once per key.

    :param events: iterable, in arrival order
    :param key: function from an event to its identity
    :param str keep: first: a repetition is refused; last: it replaces
    :return: (list of stored events, number of refused ones)
    """
    stored = {}
    rejected = 0
    for event in events:
        identity = key(event)
        if keep == "last":
            stored[identity] = event
        elif identity in stored:
            rejected += 1
        else:
            stored[identity] = event
    return list(stored.values()), rejected


@dataclass(frozen=True, slots=True)
class LateBilling:
    """What an invoice run bills for each month, late usage included.

    :param dict billed: first day of the month to the non-zero difference, money
    :param list ignored: first days of months too old to be billed, sorted
    """

    billed: dict
    ignored: list


@exact
def bill_late_usage(run_date, quantities, late, billed, block, price, read_previous):
    """Bill a month, and what came late for the months before it.

    :param date run_date: day of the invoice run; the month before it is invoiced
    :param dict quantities: first day of a month to its quantity known so far
    :param late: iterable of (date, quantity), usage that came late
    :param dict billed: first day of a month to the money billed for it already
    :param Decimal block: units of a block
    :param Decimal price: of a started block
    :param int read_previous: how many months before the invoiced one are read again
    :return: LateBilling; late usage of older months is not billed but listed
    """
    invoiced = add_months(run_date.replace(day=1), -1)
    oldest = add_months(invoiced, -read_previous)
    totals = {
        month: quantity
        for month, quantity in quantities.items()
        if oldest <= month <= invoiced
    }
    ignored = set()
    for day, quantity in late:
        month = day.replace(day=1)
        if month < oldest:
            ignored.add(month)
        elif month <= invoiced:
            totals[month] = totals.get(month, ZERO) + quantity
    differences = {
        month: ceil(total / block) * price - billed.get(month, ZERO)
        for month, total in sorted(totals.items())
    }
    return LateBilling(
        {month: amount for month, amount in differences.items() if amount},
        sorted(ignored),
    )


@exact
def adjustments(rated, billed, period, code="", note=""):
    """Compare a new rating of a closed period with what was billed for it.

    :param rated: iterable of Line: the new rating; fees and coupons do not count
    :param dict billed: (amount, quantity) billed for the period so far, by meter
        (None: the commitment), adjustments since then included
    :param Period period: the closed period
    :param str code: the caller's reference
    :param str note: passed on to the lines
    :return: list of Adjustment, one for each meter whose amount differs
    """
    amounts = {meter: -amount for meter, (amount, _quantity) in billed.items()}
    quantities = {meter: -quantity for meter, (_amount, quantity) in billed.items()}
    units, prices = {}, {}
    for line in rated:
        if line.kind not in ("usage", "commitment"):
            continue
        meter = line.meter
        amounts[meter] = amounts.get(meter, ZERO) + line.amount
        quantities[meter] = quantities.get(meter, ZERO) + line.quantity
        units[meter], prices[meter] = line.unit, line.price
    return [
        Adjustment(
            meter,
            period.start,
            period.end,
            amount,
            quantities[meter],
            units.get(meter, ""),
            code,
            prices.get(meter, ""),
            note,
        )
        for meter, amount in sorted(amounts.items(), key=lambda item: item[0] or "")
        if amount
    ]
