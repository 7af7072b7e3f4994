"""Billing periods: half-open ranges of UTC days.

Pay-as-you-go is billed by calendar months; plans by months anchored on the day
they started: the 31st falls back to a short month's last day and returns.
"""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import InvalidValue


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from ``start`` (inclusive) to ``end`` (exclusive), in UTC.

    :raise InvalidValue: the period has no day
    """

    start: date
    end: date

    def __post_init__(self):
        if not self.start < self.end:
            raise InvalidValue("end", self.end)

    @property
    def days(self):
        """Number of days."""
        return (self.end - self.start).days

    @property
    def hours(self):
        """Number of hours; a UTC day always has 24."""
        return self.days * 24

    def __contains__(self, day):
        return self.start <= day < self.end

    def split(self, dates):
        """Cut the period at the given dates.

        :param dates: iterable of date, in any order; those that are not strictly
            inside the period cut nothing
        :return: list of Period, in order, that together are this period
        """
        cuts = sorted({day for day in dates if self.start < day < self.end})
        bounds = [self.start, *cuts, self.end]
        return [Period(*pair) for pair in zip(bounds[:-1], bounds[1:], strict=True)]


def add_months(day, months):
    """Move a date by whole months.

    :param date day: where to start; its day of the month is the anchor
    :param int months: how many, may be negative
    :return: the same day of that month, or the month's last day if it has none
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def calendar_month(day):
    """Return the calendar month that contains a day.

    :param date day: any day of the month
    :return: Period from the month's first day to the next month's
    """
    first = day.replace(day=1)
    return Period(first, add_months(first, 1))


def anchored_period(start, index, months=1):
    """Return one period of a chain anchored on its start.

    Every period is counted from the original start, so that a short month never
    moves the later ones.

    :param date start: first day of the chain
    :param int index: 0 for the first period
    :param int months: length of every period: 1, or 12 for a year
    :return: Period
    """
    return Period(
        add_months(start, index * months), add_months(start, (index + 1) * months)
    )


def anchored_periods(start, count, months=1):
    """Return the first periods of a chain anchored on its start.

    :param date start: first day of the chain
    :param int count: how many periods
    :param int months: length of every period
    :return: list of Period, without gap or overlap
    """
    return [anchored_period(start, index, months) for index in range(count)]


def anchored_containing(start, day, months=1):
    """Find the period of an anchored chain that contains a day.

    :param date start: first day of the chain
    :param date day: a day on or after the start
    :param int months: length of every period
    :return: Period
    :raise InvalidValue: the day lies before the chain's start
    """
    if day < start:
        raise InvalidValue("day", day)
    index = ((day.year - start.year) * 12 + day.month - start.month) // months
    if day < add_months(start, index * months):
        index -= 1
    return anchored_period(start, index, months)


def local_midnight(day, timezone_name):
    """Tell when a local calendar day starts.

    :param date day: the local date
    :param str timezone_name: IANA name
    :return: datetime in UTC; where the clock skips midnight, the first instant
        of the day; where midnight comes twice, the first
    :raise InvalidValue: the time zone is unknown
    """
    try:
        zone = ZoneInfo(timezone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidValue("timezone", timezone_name) from None
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)


def last_day(period):
    """Return the last day inside a period, for display.

    :param Period period: a half-open period
    :return: date, inclusive
    """
    return period.end - timedelta(days=1)
