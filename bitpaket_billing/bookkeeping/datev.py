"""DATEV's EXTF files: batches of bookings, person accounts, and account labels.

Written after DATEV's published format 700: CP1252, a comma for decimals, CR and LF.
"""

from . import datev_fields as fields
from . import datev_masters as masters
from .datev_check import check
from .datev_columns import BOOKING
from .datev_header import BOOKINGS, header
from .datev_periods import period
from .datev_rows import render, rows_of
from .datev_settings import read
from .types import Format


def write(books, entries):
    """Yield the files of an export, piece by piece: master files, then bookings.

    A new file of bookings starts with each period and fiscal year, and where one is
    full. Entries in the order of their dates make the fewest files.

    :param Books books: the frame of the export
    :param Iterable entries: journal entries that `check` found no errors in
    :return: pairs of file name and bytes
    :rtype: Iterator[tuple[str, bytes]]
    """
    settings = read(books)
    name = fields.document_number(books.reference).replace("/", "-")
    if settings.masters:
        yield from _masters(books, settings, name)
    current, filled, number = None, 0, 0
    for entry in entries:
        rows = rows_of(entry, books, settings)
        if not rows:
            continue
        due = period(books, settings, entry.date)
        if due != current or filled + len(rows) > fields.MAX_ROWS:
            current, filled, number = due, 0, number + 1
            file = f"EXTF_Buchungsstapel_{name}_{number:03}.csv"
            yield file, header(BOOKINGS, books, settings, current)
            yield file, fields.line(BOOKING)
        filled += len(rows)
        yield file, b"".join(render(row, entry, books, settings) for row in rows)


def _masters(books, settings, name):
    if any(partner.number for partner in books.partners):
        for line in masters.partners(books, settings):
            yield f"EXTF_DebKred_Stamm_{name}.csv", line
    if masters.labelled(books, settings):
        for line in masters.accounts(books, settings):
            yield f"EXTF_Sachkontobeschriftungen_{name}.csv", line


FORMAT = Format("datev", "DATEV", write, check)
