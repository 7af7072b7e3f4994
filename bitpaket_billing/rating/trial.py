"""Trying prices: usage that was only thought of, and prices of another month."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal

from .rounding import HUNDRED, ZERO, exact, half_up
from .types import DAILY_MEANS, DailyUsage, Transaction

STORED = ("byte_hours", *DAILY_MEANS)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one amount is from another.

    :param Decimal amount: the second less the first
    :param Decimal percent: of the first, rounded half up to a decimal; None: there is
        nothing to compare with
    """

    amount: Decimal
    percent: Decimal | None


@exact
def difference(before, after):
    """Compare two amounts.

    :param Decimal before: the first
    :param Decimal after: the second
    :return: Difference
    """
    amount = after - before
    percent = half_up(amount * HUNDRED / abs(before), 1) if before else None
    return Difference(amount, percent)


@exact
def differences(before, after):
    """Compare the lines of two statements, meter by meter.

    :param before: iterable of Line of the first
    :param after: iterable of Line of the second
    :return: dict of Difference by the meter's code; None: lines without a meter
    """
    sums = ({}, {})
    for lines, amounts in zip((before, after), sums, strict=True):
        for line in lines:
            amounts[line.meter] = amounts.get(line.meter, ZERO) + line.amount
    first, second = sums
    return {
        meter: difference(first.get(meter, ZERO), second.get(meter, ZERO))
        for meter in {**first, **second}
    }


@exact
def even_usage(meter, quantity, period, events=0):
    """Return the usage of somebody who uses the same every day.

    :param Meter meter: the meter
    :param Decimal quantity: in billed units: what adds up in the period; of what is
        stored, the level that is kept all the time; of a greatest or latest value,
        that value
    :param Period period: its days
    :param int events: how many events it is made of, all of the same size
    :return: list of DailyUsage, list of Transaction
    """
    size = quantity * meter.unit_size
    days = [period.start + timedelta(number) for number in range(period.days)]
    if not quantity:
        return [], []
    if events:
        return _usage_of_events(meter, _evenly(size, events), days)
    if _adds_up(meter):
        # Daily levels count for 24 hours each.
        size = size / 24 if meter.aggregation in DAILY_MEANS else size
        daily = _evenly(size, period.days)
    else:
        hours = 24 if meter.aggregation == "byte_hours" else 1
        daily = [size * hours] * period.days
    usage = zip(days, daily, strict=True)
    return [DailyUsage(meter.code, day, used) for day, used in usage if used], []


def _adds_up(meter):
    """Tell whether a quantity is shared by the days, instead of kept on each."""
    if meter.aggregation in STORED:
        # Unit-hours add up; averages over a month do not.
        return meter.month_hours == 1 and not meter.full_month_hours
    return meter.aggregation not in ("max", "latest")


def _evenly(total, count):
    """Split a total into whole base units that differ by one at most."""
    bounds = [
        (total * number / count).to_integral_value(ROUND_FLOOR)
        for number in range(count)
    ]
    return [
        upper - lower for lower, upper in zip(bounds, [*bounds[1:], total], strict=True)
    ]


def _usage_of_events(meter, amounts, days):
    transactions = [
        Transaction(meter.code, days[number * len(days) // len(amounts)], amount)
        for number, amount in enumerate(amounts)
    ]
    by_day = defaultdict(list)
    for event in transactions:
        by_day[event.day].append(event.amount)
    usage = [
        DailyUsage(meter.code, day, sum(some), len(some))
        for day, some in by_day.items()
    ]
    return usage, transactions


def laid_over(prices, month, period):
    """Let the prices of one month hold in another, day by day.

    What holds on the month's last day also holds on the days that it does not have.

    :param prices: iterable of Price
    :param Period month: the month whose prices they are
    :param Period period: the month that is rated by them
    :return: list of Price
    """

    def moved(day):
        if day is None or not month.start < day < month.end:
            return None
        return period.start + (day - month.start)

    return [
        replace(price, start=moved(price.start), end=moved(price.end))
        for price in prices
        if (price.start is None or price.start < month.end)
        and (price.end is None or price.end > month.start)
    ]
