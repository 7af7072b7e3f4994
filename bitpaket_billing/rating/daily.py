"""What a period cost day by day: its lines, shared out among the days that made them.

Invoices are rated by period, so that the cost of a day is a share: in proportion to
what the meter counted on it. The days of a line add up to the line, to the cent.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .rounding import ONE, ZERO, exact, spread


@dataclass(frozen=True, slots=True)
class Charge:
    """What this module needs to know of a line that charges usage.

    :param str meter: code of the meter
    :param date start: first day
    :param date end: day after the last
    :param Decimal quantity: billed units
    :param Decimal amount: money, rounded to the currency's digits
    """

    meter: str
    start: date
    end: date
    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DayCost:
    """One meter's share of a day.

    :param str meter: code of the meter
    :param date day: the day, in UTC
    :param Decimal quantity: billed units
    :param Decimal amount: money
    """

    meter: str
    day: date
    quantity: Decimal
    amount: Decimal


@exact
def by_day(charges, usage, digits):
    """Share charges out among the days of their usage.

    Where nothing was counted, as under a fixed price, every day bears the same.

    :param charges: iterable of Charge
    :param usage: iterable of DailyUsage, of these meters and days or more
    :param int digits: decimals of the currency
    :return: list of DayCost by day, then in the order of the charges; amounts and
        quantities add up to those of the charges
    """
    counted = defaultdict(dict)
    for one in usage:
        days = counted[one.meter]
        days[one.day] = days.get(one.day, ZERO) + one.quantity
    totals = {}
    for charge in charges:
        key = (charge.meter, charge.start, charge.end)
        quantity, amount = totals.get(key, (ZERO, ZERO))
        totals[key] = (quantity + charge.quantity, amount + charge.amount)
    quantities, amounts = defaultdict(Decimal), defaultdict(Decimal)
    for (meter, start, end), (quantity, amount) in totals.items():
        days, weights = _weigh(counted[meter], start, end)
        shares = zip(
            days,
            spread(quantity, weights),
            spread(amount, weights, digits),
            strict=True,
        )
        for day, share, cost in shares:
            quantities[meter, day] += share
            amounts[meter, day] += cost
    order = {meter: index for index, (meter, _start, _end) in enumerate(totals)}
    return [
        DayCost(meter, day, quantity, amounts[meter, day])
        for (meter, day), quantity in sorted(
            quantities.items(), key=lambda item: (item[0][1], order[item[0][0]])
        )
    ]


def _weigh(counted, start, end):
    """Return the days that bear a charge, and how much each of them does."""
    days = sorted(day for day in counted if start <= day < end and counted[day])
    weights = [counted[day] for day in days]
    if weights and min(weights) > 0:
        return days, weights
    days = [start + timedelta(days=number) for number in range((end - start).days)]
    return days, [ONE] * len(days)
