"""Dated prices."""

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


@exact
def split_amounts(segments):
    """Price usage on each side of a price change.

    :param segments: iterable of (quantity, unit price) as Decimal
    :return: list of Decimal, unrounded, one per segment
    """
    return [quantity * unit_price for quantity, unit_price in segments]
