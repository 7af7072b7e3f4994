"""Dated prices, and which of them holds for whom and when."""

from dataclasses import dataclass
from datetime import date

from .errors import InvalidValue
from .rounding import exact


@dataclass(frozen=True, slots=True)
class Version:
    """One dated version of a price.

    :param date start: first day for new subscribers
    :param value: the price, or whatever is versioned
    :param date existing_start: first day for those who subscribed before
        ``start``; None: they keep the older version
    """

    start: date
    value: object
    existing_start: date | None = None


def version_in_force(versions, subscribed, on):
    """Find the version that applies to a subscriber.

    :param versions: iterable of Version, ascending by start
    :param date subscribed: when the subscriber joined
    :param date on: the day the charge is for
    :return: Version
    :raise InvalidValue: no version has started on that day
    """
    taken = None
    for version in versions:
        reaches_existing = version.existing_start and version.existing_start <= on
        if version.start <= on and (
            taken is None or subscribed >= version.start or reaches_existing
        ):
            taken = version
    if taken is None:
        raise InvalidValue("on", on)
    return taken


def schedule(versions, subscribed):
    """Tell from when until when each version holds for a subscriber.

    :param versions: iterable of Version, ascending by start
    :param date subscribed: when the subscriber joined
    :return: list of (value, first day, first day no longer or None), in order,
        without overlaps
    """
    versions = tuple(versions)
    days = {version.start for version in versions}
    days |= {version.existing_start for version in versions} - {None}
    holding = []
    for day in sorted(days):
        if day < versions[0].start:
            continue
        version = version_in_force(versions, subscribed, day)
        if not holding or holding[-1][0] is not version:
            holding.append((version, day))
    ends = [*(day for _version, day in holding), None][1:]
    return [
        (version.value, day, end)
        for (version, day), end in zip(holding, ends, strict=True)
    ]


def overridden(regular, special):
    """Let special terms hold in their time, and the regular ones in all other.

    :param regular: list of (value, first day, first day no longer or None)
    :param special: list of the same, in order
    :return: list of the same, in order, without overlaps
    :raise InvalidValue: a special term starts while an earlier one still holds
    """
    result = list(special)
    for gap_start, gap_end in _gaps(special):
        for value, start, end in regular:
            start, end = max(start, gap_start), min(end or date.max, gap_end)
            if start < end:
                result.append((value, start, None if end == date.max else end))
    return sorted(result, key=lambda held: held[1])


def _gaps(terms):
    """Return the times in which none of some terms holds."""
    gaps = []
    free_from = date.min
    for _value, start, end in terms:
        if free_from is None or start < free_from:
            raise InvalidValue("start", start)
        if start > free_from:
            gaps.append((free_from, start))
        free_from = end
    return gaps if free_from is None else [*gaps, (free_from, date.max)]


@exact
def split_amounts(segments):
    """Price usage on each side of a price change.

    :param segments: iterable of (quantity, unit price) as Decimal
    :return: list of Decimal, unrounded, one per segment
    """
    return [quantity * unit_price for quantity, unit_price in segments]
