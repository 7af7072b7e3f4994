"""The first line of every DATEV file: 31 fields that say what follows."""

import re

from . import datev_fields as fields

#: Kind of file → its number, its name, and the version of its columns.
BOOKINGS = (21, "Buchungsstapel", 13)
PARTNERS = (16, "Debitoren/Kreditoren", 5)
ACCOUNTS = (20, "Kontenbeschriftungen", 3)
ORIGIN = "BP"


def header(kind, books, settings, period=None):
    """Return the first line of a file.

    Every time in it is `books.created`, so that the same batch gives the same bytes.

    :param tuple kind: `BOOKINGS`, `PARTNERS` or `ACCOUNTS`
    :param tuple period: of bookings: first and last day, and start of the fiscal year
    :return: the line, in bytes
    """
    category, name, version = kind
    start, end, year = period or (None, None, books.fiscal_year_start)
    bookings = kind == BOOKINGS
    return fields.line(
        [
            '"EXTF"',
            "700",
            str(category),
            fields.quote(name),
            str(version),
            _moment(books.created),
            "",
            fields.quote(ORIGIN),
            fields.quote(fields.word(books.user, 25)),
            '""',
            str(settings.consultant),
            str(settings.client),
            fields.year_month_day(year),
            str(settings.account_length),
            fields.year_month_day(start) if bookings else "",
            fields.year_month_day(end) if bookings else "",
            fields.quote(_title(books, start) if bookings else ""),
            fields.quote(settings.initials if bookings else ""),
            "1" if bookings else "",
            "0" if bookings else "",
            str(int(settings.locked)) if bookings else "",
            fields.quote(books.currency if bookings else ""),
            "",
            '""',
            "",
            "",
            fields.quote(settings.chart),
            "",
            "",
            '""',
            fields.quote(fields.document_number(books.reference)[-16:]),
        ]
    )


def _moment(moment):
    day = fields.year_month_day(moment)
    return f"{day}{moment:%H%M%S}{moment.microsecond // 1000:03}"


def _title(books, start):
    """Return what the batch is called: letters, digits, `_`, `.`, `/` and spaces."""
    reference = fields.document_number(books.reference)
    title = f"{start.year:04}/{start.month:02} {reference}"
    return re.sub(r"[^A-Za-z0-9_./ ]+", " ", title)[:30].strip()
