"""Which file an entry goes to: one per fiscal year, or per month of it."""

from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def fiscal_year(books, day):
    """Return the fiscal year of a day: its first day, and the first one after it.

    :rtype: tuple[date, date]
    """
    first = books.fiscal_year_start
    year = day.year - ((day.month, day.day) < (first.month, first.day))
    return _start(first, year), _start(first, year + 1)


def _start(first, year):
    return date(
        year, first.month, min(first.day, 28) if first.month == 2 else first.day
    )


def period(books, settings, day):
    """Return the period of the file that an entry of this day goes to.

    It is cut to the period that is handed over, if the day is within that.

    :return: first day, last day, and first day of the fiscal year
    :rtype: tuple[date, date, date]
    """
    year, end = fiscal_year(books, day)
    start = year
    if settings.monthly:
        start = max(year, day.replace(day=1))
        end = min(end, (start.replace(day=28) + timedelta(days=4)).replace(day=1))
    if books.start <= day < books.end:
        start, end = max(start, books.start), min(end, books.end)
    return start, end - ONE_DAY, year
