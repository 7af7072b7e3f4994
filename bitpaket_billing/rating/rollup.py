"""From single events to what a meter used on a day.

Some aggregations add up: every event adds to its day, and a correction takes away
what the event had added. Others depend on the order of a day's events, or on which is
the greatest, so a day that changes is computed anew. Levels go on from day to day.
"""

from datetime import datetime, time, timedelta
from decimal import Context, Decimal, localcontext
from typing import NamedTuple

from .rounding import ONE, QUANTITY, ZERO, exact
from .types import DailyUsage

#: Aggregations whose days are computed anew from their events.
RECOMPUTED = ("max", "latest", "unique", "gauge", "daily_peak_mean")
#: Aggregations of a level that is carried from day to day.
CARRIED = ("time_weighted", "gauge")
#: The greatest quantities times a year of hours, to the last digit of quantities.
WIDE = Context(prec=90)
DAY = timedelta(days=1)
HOURS = Decimal(24)


class DayRollup(NamedTuple):
    """What the events of an account's meter make of a day.

    :param Decimal quantity: what was used; of a level, the unit-hours that the events
        add until the end of the day
    :param int events: how many there are
    :param Decimal level: what they change a level by, or what they leave it at
    :param Decimal hours_before: before the day's first sample of a level
    """

    quantity: Decimal = ZERO
    events: int = 0
    level: Decimal = ZERO
    hours_before: Decimal = HOURS


def together(kept, more):
    """Add what was not folded yet to what a day has.

    :param DayRollup kept: what it has
    :param DayRollup more: what comes to it
    :rtype: DayRollup
    """
    with localcontext(WIDE):
        return DayRollup(*(a + b for a, b in zip(kept, more, strict=True)))


def unit_hours(quantity, span):
    """Multiply a quantity with a time, to the digits that quantities have.

    :param Decimal quantity: for example bytes
    :param timedelta span: how long
    :return: Decimal, for example byte-hours
    """
    with localcontext(WIDE):
        value = quantity * (span // timedelta(microseconds=1)) / 3_600_000_000
        short = value.quantize(QUANTITY)
        return value if value == short else short


def add_up(aggregation, events, minimum_days=0):
    """Return what events add to the rollup of their day.

    :param str aggregation: of their meter; one that is not `RECOMPUTED`
    :param events: objects with quantity, time and since; of one day
    :param int minimum_days: of a meter that bills the rest of a minimum duration
    :return: the quantity, in unit-hours where time counts, and the change of a level
    :rtype: tuple(Decimal, Decimal)
    """
    with localcontext(WIDE):
        if aggregation == "count":
            return ONE * len(events), ZERO
        change = sum((event.quantity for event in events), ZERO)
        if aggregation == "time_weighted":
            hours = (unit_hours(one.quantity, _left(one.time)) for one in events)
            return sum(hours, ZERO), change
        if aggregation == "retention":
            lasts = timedelta(days=minimum_days)
            hours = (
                unit_hours(one.quantity, max(lasts - (one.time - one.since), 0 * DAY))
                for one in events
            )
            return sum(hours, ZERO), ZERO
        return change, ZERO


def _left(moment):
    """Return how much of its day is left at a moment."""
    return datetime.combine(moment, time.min) + DAY - moment


@exact
def level_usage(meter, days, carried, start, end, now, *, changes):
    """Return what a level makes every day, also on days without events.

    Time that has not passed yet does not count.

    :param str meter: code of the meter
    :param dict days: date → DayRollup
    :param Decimal carried: the level before the first day
    :param date start: first day
    :param date end: day after the last one
    :param datetime now: what is later has not passed yet, in UTC
    :param bool changes: whether events change the level; else they tell what it is
    :return: list of DailyUsage in unit-hours; without days on which nothing is there
    """
    result = []
    quiet = DayRollup()
    day = start
    while day < min(end, now.date() + DAY):
        its = days.get(day, quiet)
        used = carried * (HOURS if changes else its.hours_before) + its.quantity
        if changes:
            carried += its.level
        elif its.events:
            carried = its.level
        if day == now.date():
            used -= unit_hours(carried, _left(now))
        if used or its.events:
            result.append(DailyUsage(meter, day, used, its.events))
        day += DAY
    return result
