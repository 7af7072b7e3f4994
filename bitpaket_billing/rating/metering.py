"""From what was measured to the quantity that is billed.

Quantities are exact; only the functions that say so round.
"""

from .errors import InvalidValue
from .rounding import ONE, ZERO, ceil, exact, round_units


def _sum(values):
    return sum(values, ZERO)


_AGGREGATIONS = {
    "sum": _sum,
    "max": lambda values: max(values, default=ZERO),
    "latest": lambda values: values[-1] if values else ZERO,
    "unique": lambda values: ONE * len(set(values)),
}


@exact
def aggregate(function, values):
    """Turn the events of a period into one quantity.

    :param str function: count, sum, max, latest (the last in order, even if it is
        smaller) or unique (distinct values)
    :param values: what each event carries, in time order: Decimal, or text for
        unique; None where an event carries nothing, which only count counts
    :return: Decimal; 0 without values
    :raise InvalidValue: the function is unknown
    """
    values = list(values)
    if function == "count":
        return ONE * len(values)
    if function not in _AGGREGATIONS:
        raise InvalidValue("aggregation", function)
    return _AGGREGATIONS[function]([value for value in values if value is not None])


@exact
def time_weighted(start, end, initial, deltas):
    """Average a level over a period, weighted by time.

    :param datetime start: when the period starts
    :param datetime end: when it ends, exclusive
    :param Decimal initial: level carried in from before
    :param deltas: iterable of (datetime, Decimal) changes of the level, negative
        ones too; one before the start counts from the start, one after the end
        does not count
    :return: Decimal, the average level
    """
    length = _seconds(end - start)
    area = initial * length
    for moment, change in deltas:
        area += change * max(_seconds(end - max(moment, start)), ZERO)
    return area / length


def _seconds(span):
    whole = ONE * (span.days * 86400 + span.seconds)
    return whole + ONE * span.microseconds / 1000000


@exact
def byte_hours(segments):
    """Add up stored bytes over time.

    :param segments: iterable of (bytes, hours); they may overlap in time
    :return: Decimal byte-hours
    """
    return _sum(size * hours for size, hours in segments)


@exact
def capped_hours(daily, most):
    """Add up stored bytes over time, counting no byte for longer than a limit.

    What is stored is taken as layers: a layer counts for as many days as were that
    high. A day's level is its mean, so the result is exact to the day.

    :param daily: iterable of Decimal byte-hours, one for each day; a negative one
        counts as nothing
    :param int most: hours that a byte counts at most
    :return: Decimal byte-hours
    """
    levels = sorted((max(day, ZERO) / 24 for day in daily), reverse=True)
    total = ZERO
    for days, (level, lower) in enumerate(
        zip(levels, [*levels[1:], ZERO], strict=True), 1
    ):
        total += (level - lower) * min(days * 24, most)
    return total


@exact
def gb_months(quantity, gb, hours):
    """Convert byte-hours to GB-months.

    :param Decimal quantity: byte-hours
    :param Decimal gb: bytes of a GB, 10^9 or 2^30
    :param int hours: hours of the month, real or 720
    :return: Decimal GB-months, unrounded
    """
    return quantity / (gb * hours)


@exact
def daily_peak_mean(peaks, days):
    """Average daily peaks.

    :param peaks: iterable of Decimal, one for each day with data
    :param int days: what to divide by; a day without data counts as 0
    :return: Decimal, in the peaks' unit, unrounded
    """
    return _sum(peaks) / days


@exact
def started_units(quantity, size):
    """Count started billing units.

    :param Decimal quantity: what was used
    :param Decimal size: quantity of one billing unit
    :return: Decimal, whole units, rounded up
    """
    return ceil(quantity / size)


@exact
def whole_units(quantity, size, rounding, hours=1, month_hours=1):
    """Count whole billing units with one single rounding.

    :param Decimal quantity: bytes, stored or transferred
    :param Decimal size: bytes of one billing unit
    :param str rounding: up, half_up or down
    :param int hours: for storage, hours stored
    :param int month_hours: for storage, hours of the month
    :return: Decimal, whole units
    """
    return round_units(quantity * hours / (size * month_hours), rounding)


@exact
def converted_units(quantity, divide_by, rounding, free=ZERO):
    """Convert a metered quantity to whole billing units, less an allowance.

    :param Decimal quantity: metered quantity
    :param Decimal divide_by: metered units of one billing unit
    :param str rounding: up, half_up or down, before the allowance is taken
    :param Decimal free: free billing units
    :return: Decimal, billing units; never negative on account of the allowance
    """
    return beyond(round_units(quantity / divide_by, rounding), free)


def beyond(quantity, free):
    """Return what of a quantity an allowance leaves to be billed.

    :param Decimal quantity: what was used
    :param Decimal free: the allowance
    :return: Decimal, not negative
    """
    return max(quantity - free, ZERO)


@exact
def beyond_shared(parts, free, previous=ZERO):
    """Let successive parts of a period share one allowance.

    :param parts: iterable of Decimal, usage in time order
    :param Decimal free: allowance of the period
    :param Decimal previous: usage of the period before the first part
    :return: list of Decimal, what each part is billed
    """
    billed = []
    for part in parts:
        total = previous + part
        billed.append(beyond(total, free) - beyond(previous, free))
        previous = total
    return billed


@exact
def beyond_daily(daily, free):
    """Take off an allowance that starts anew every day and does not roll over.

    :param daily: iterable of Decimal, usage by UTC day
    :param Decimal free: allowance of each day
    :return: list of Decimal, what each day is billed
    """
    return [beyond(quantity, free) for quantity in daily]
