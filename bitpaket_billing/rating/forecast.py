"""What a period will come to: the days to come, as the recent ones were.

Every meter is looked at by itself, over the full days of the last four weeks:

- what adds up (a *flow*, such as requests) is expected to go on at the mean of these
  days; from three weeks on, at the mean of the same weekday;
- what is stored (a *level*) is expected to stay as it was on the last full day; a
  *peak* of the day likewise;
- anything else stays at what it has reached.

The range counts how far single days were from that, and how far a level has moved. Four
of five periods end inside it, if days are independent of each other. All meters are
taken at their low ends together, and at their high ends, so that it is rather too wide
than too narrow.

What is forecast is usage. The one function that makes the invoice rates it, so that
allowances, tiers, minimums and coupons count. The running day counts as far as it has
come, and its rest as any other day: it takes no part in the means. The first day with
usage does not either, as it was seldom a full one.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from .rounding import ONE, ZERO, exact, settle_quantity
from .types import DailyUsage, Statement

FLOW, LEVEL, PEAK = "flow", "level", "peak"
#: How many recent days are looked at.
WINDOW = 28
#: Full days without which nothing is forecast.
LEAST = 2
#: Full days from which on weekdays are told apart.
WEEKDAYS = 21
#: Standard deviations between the middle and either end of the range.
SPREAD = Decimal("1.28")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Range:
    """An expected value, and between which two it will most likely end up."""

    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class UsageForecast:
    """The usage of a whole period: what is known of it, and what is to come.

    :param tuple low: DailyUsage, at the low end
    :param tuple expected: DailyUsage, as expected
    :param tuple high: DailyUsage, at the high end
    """

    low: tuple[DailyUsage, ...]
    expected: tuple[DailyUsage, ...]
    high: tuple[DailyUsage, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a period will come to, as its invoice would show it.

    :param Statement low: of the usage at the low end
    :param Statement expected: of the expected usage
    :param Statement high: of the usage at the high end
    """

    low: Statement
    expected: Statement
    high: Statement

    @property
    def total(self):
        """The period's total before tax, as a Range."""
        return self._range(lambda statement: statement.total)

    def quantity(self, meter):
        """Return what a meter will have counted, in billed units.

        :param str meter: code of the meter
        :rtype: Range
        """
        return self._range(lambda statement: used_quantity(statement.lines, meter))

    def _range(self, measure):
        # Much may cost less than little, where the price of all depends on the tier.
        values = [measure(one) for one in (self.low, self.expected, self.high)]
        return Range(min(values), values[1], max(values))


@exact
def used_quantity(lines, meter):
    """Add up what a meter counted, free units included.

    :param lines: iterable of Line
    :param str meter: code of the meter
    :return: Decimal, in billed units
    """
    return sum(
        (
            line.quantity
            for line in lines
            if line.kind == "usage" and line.meter == meter
        ),
        ZERO,
    )


def first_day_of_history(period, now):
    """Return the first day whose usage matters to a forecast.

    :param Period period: to be forecast
    :param datetime now: in UTC
    :rtype: date
    """
    # A day more, for the last one that may not have been reported yet.
    return min(period.start, now.date() - (WINDOW + 1) * DAY)


@exact
def forecast_usage(period, usage, history, methods, now):
    """Forecast the usage of a period.

    :param Period period: billed days, some of which may have passed
    :param usage: iterable of DailyUsage of the period so far, in base units
    :param history: iterable of DailyUsage of the days before it
    :param dict methods: flow, level or peak, by the meter's code; a meter that is not
        in it stays at what it has reached
    :param datetime now: in UTC
    :return: the known usage when the period is over; None: too little is known
    :rtype: UsageForecast | None
    """
    known = {}
    events = defaultdict(int)
    for one in usage:
        key = one.meter, one.day
        quantity, count = known.get(key, (ZERO, 0))
        known[key] = quantity + one.quantity, count + one.events
    by_meter = defaultdict(lambda: defaultdict(Decimal))
    for one in (*usage, *history):
        by_meter[one.meter][one.day] += one.quantity
        events[one.day] += one.events
    open_days = _open_days(period, events, now)
    if not open_days:
        same = _listed(known)
        return UsageForecast(same, same, same)
    full = _full_days(events, by_meter, min(open_days))
    if len(full) < LEAST:
        return None
    results = known, known.copy(), known.copy()
    for meter, method in methods.items():
        if meter in by_meter:
            look = _METHODS[method](by_meter[meter], full, open_days)
            _continue(results, meter, method, look, open_days)
    return UsageForecast(*map(_listed, results))


def _open_days(period, events, now):
    """Return how much of each day is still to come; 1: all of it.

    Many report a day on the next one: a yesterday without a single event is waited for.
    """
    midnight = datetime.combine(now.date(), time.min)
    left = ONE - ONE * ((now - midnight) // timedelta(seconds=1)) / 86400
    today = now.date()
    yesterday = today - DAY
    result = {}
    if now.date() < period.end and yesterday in period and not events.get(yesterday):
        result[yesterday] = ONE
    day = max(today, period.start)
    while day < period.end:
        result[day] = left if day == today else ONE
        day += DAY
    return result


def _full_days(events, by_meter, end):
    """Return the days that tell how things usually are, in their order."""
    used = {day for days in by_meter.values() for day, used in days.items() if used}
    used |= {day for day, count in events.items() if count}
    if not used:
        return []
    start = max(min(used) + DAY, end - WINDOW * DAY)
    return [start + number * DAY for number in range((end - start).days)]


@dataclass(frozen=True, slots=True)
class _Look:
    """What is to come of a meter.

    :param dict expected: quantity by open day
    :param Decimal less: how much less it may be, all days together
    :param Decimal more: how much more
    """

    expected: dict
    less: Decimal
    more: Decimal


def _look_at_flow(used, full, open_days):
    weekly = len(full) >= WEEKDAYS
    groups = defaultdict(list)
    for day in full:
        groups[weekly and day.weekday()].append(used.get(day, ZERO))
    means = {key: _mean(values) for key, values in groups.items()}
    squares = sum(
        (
            (value - means[key]) ** 2
            for key, values in groups.items()
            for value in values
        ),
        ZERO,
    )
    variance = squares / max(len(full) - len(groups), 1)
    # What is to come scatters, and so does the mean that it is expected at.
    length = sum(open_days.values())
    spread = SPREAD * (variance * (length + length**2 / len(full))).sqrt()
    expected = {
        day: max(means[weekly and day.weekday()], ZERO) * part
        for day, part in open_days.items()
    }
    return _Look(expected, spread, spread)


def _look_at_level(used, full, open_days):
    values = [used.get(day, ZERO) for day in full]
    steps = [after - before for before, after in zip(values, values[1:], strict=False)]
    drift = _mean(steps)
    variance = _mean([(step - drift) ** 2 for step in steps])
    # Every step moves all days after it.
    length = sum(open_days.values())
    spread = SPREAD * (variance * length * (length + 1) * (2 * length + 1) / 6).sqrt()
    trend = drift * length * (length + 1) / 2
    level = max(values[-1], ZERO)
    return _Look(
        {day: level * part for day, part in open_days.items()},
        spread + max(-trend, ZERO),
        spread + max(trend, ZERO),
    )


def _look_at_peak(used, full, open_days):
    # The rest of a day does not add to its peak.
    return _look_at_level(used, full, dict.fromkeys(open_days, ONE))


_METHODS = {FLOW: _look_at_flow, LEVEL: _look_at_level, PEAK: _look_at_peak}


def _continue(results, meter, method, look, open_days):
    """Write what is to come of a meter into the low, the expected and the high usage.

    :param tuple results: three dicts of (quantity, events) by (meter, day)
    """
    total = sum(look.expected.values(), ZERO)
    length = sum(open_days.values())
    for day, expected in look.expected.items():
        share = expected / total if total else open_days[day] / length
        ends = (
            max(expected - look.less * share, ZERO),
            expected,
            expected + look.more * share,
        )
        for usage, end in zip(results, ends, strict=True):
            known, events = usage.get((meter, day), (ZERO, 0))
            if method == LEVEL:
                # What was reported ahead, or of all of yesterday, is not to come again.
                end = min(end, max(end / open_days[day] - known, ZERO))
            elif method == PEAK:
                end = max(end - known, ZERO)
            usage[meter, day] = known + settle_quantity(end), events


def _mean(values):
    return sum(values, ZERO) / len(values)


def _listed(usage):
    return tuple(
        DailyUsage(meter, day, quantity, events)
        for (meter, day), (quantity, events) in usage.items()
    )
