"""Prices that are a percentage of an amount of money."""

from decimal import Decimal
from typing import NamedTuple

from .pricing import Tier, graduated
from .rounding import HUNDRED, ZERO, exact


@exact
def percentage(
    rate, fixed, count, total, running_total=(), free_events=0, free_total=ZERO
):
    """Charge a percentage and a fee per event for a whole period.

    :param Decimal rate: percent of the amount
    :param Decimal fixed: fee of every event
    :param int count: number of events
    :param Decimal total: sum of the events' amounts
    :param running_total: sequence of Decimal, amount after the 1st, 2nd... event,
        of the events considered for the allowance
    :param int free_events: events that are free; 0: none
    :param Decimal free_total: amount that is free; 0: none
    :return: Decimal, unrounded
    """
    last = running_total[-1] if running_total else ZERO
    if not last:
        free_amount = ZERO
    elif 0 < free_events < len(running_total):
        free_amount = running_total[free_events - 1]
    elif not free_total or last <= free_total:
        free_amount = last
    else:
        free_amount = free_total
    share = max(total - free_amount, ZERO) * rate / HUNDRED

    below = sum(1 for amount in running_total if amount < free_total)
    free_count = min((n for n in (free_events, below) if n > 0), default=0)
    if not total or free_count >= count:
        return share
    return share + (count - free_count) * fixed


@exact
def percentage_per_event(
    rate,
    fixed,
    amounts,
    free_events=0,
    free_total=ZERO,
    minimum=None,
    maximum=None,
    stop_at_first=False,
):
    """Charge a percentage and a fee event by event.

    :param Decimal rate: percent of an event's amount
    :param Decimal fixed: fee of every billed event
    :param amounts: iterable of Decimal, the events' amounts in time order
    :param int free_events: events that are free; 0: none
    :param Decimal free_total: amount that is free; 0: none
    :param Decimal minimum: least charge of a billed event; None: no minimum
    :param Decimal maximum: greatest charge of an event; None: no maximum
    :param bool stop_at_first: False: the allowance lasts while events or amount
        are left; True: it ends with whichever is exhausted first
    :return: Decimal, unrounded
    """
    charges = charge_events(
        rate,
        fixed,
        amounts,
        free_events,
        free_total,
        minimum,
        maximum,
        stop_at_first,
    )
    return sum((charge.amount for charge in charges), ZERO)


class Charge(NamedTuple):
    """What one event costs.

    :param Decimal billed: what of its amount is not free
    :param Decimal amount: money, unrounded
    :param bool free: whether the allowance covers the whole event
    """

    billed: Decimal
    amount: Decimal
    free: bool = False


@exact
def charge_events(
    rate, fixed, amounts, free_events, free_total, minimum, maximum, stop_at_first
):
    """Charge every event of a period.

    The parameters are those of :func:`percentage_per_event`.

    :return: list of Charge, one for each event
    """
    take = _take_both if stop_at_first else _take_either
    left = (free_events, free_total)
    charges = []
    for amount in amounts:
        billed, left = take(amount, *left)
        if billed is None:
            charges.append(Charge(ZERO, ZERO, free=True))
            continue
        charge = billed * rate / HUNDRED + fixed
        if minimum is not None:
            charge = max(charge, minimum)
        if maximum is not None:
            charge = min(charge, maximum)
        charges.append(Charge(billed, charge))
    return charges


def _take_either(amount, events, total):
    """Return what of an event is billed (None: free) and the allowance left."""
    if events <= 0 and total <= 0:
        return amount, (events, total)
    if total <= 0:
        return None, (events - 1, total)
    if total > amount:
        return None, (events - 1, total - amount)
    return amount - total, (0, ZERO)


def _take_both(amount, events, total):
    """Return what of an event is billed (None: free) and the allowance left."""
    if events <= 0 or total <= 0:
        return amount, (events, total)
    if amount <= total:
        return None, (events - 1, total - amount)
    return amount - total, (events - 1, ZERO)


@exact
def graduated_percentage(amount, tiers):
    """Charge every part of an amount at the percentage of its tier.

    :param Decimal amount: money of the period
    :param tiers: sequence of Tier with a percentage as unit price, bounds in money
    :return: Decimal, unrounded, with the fee of every reached tier
    :raise BeyondLastTier: the amount exceeds the last tier
    """
    return graduated(
        amount,
        [Tier(tier.up_to, tier.unit_price / HUNDRED, tier.flat) for tier in tiers],
    )
