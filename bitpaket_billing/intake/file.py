"""From a file to rows, one at a time: CSV or NDJSON, plain or gzip."""

import csv
import gzip
import io
import zlib
from itertools import chain
from typing import NamedTuple

from .body import _read_line

#: Columns that the header of a CSV file names; cells below may be empty.
REQUIRED = ("id", "source", "account", "meter", "time", "quantity")
COLUMNS = (*REQUIRED, "revision", "value", "since")
DELIMITERS = ",;\t"
#: Characters; a longer line is no row, and must not fill the memory.
MAX_LINE = 100_000


class FileError(Exception):
    """The file as a whole is not one of usage.

    :param str code: what is wrong
    :param details: where, for the message
    """

    def __init__(self, code, **details):
        super().__init__(code)
        self.code = code
        self.details = details


class MisfitRow(str):
    """A line of CSV with more cells than the header has; holds the reason."""


class Entry(NamedTuple):
    """A row, and its number in the file as a spreadsheet counts it, header included."""

    number: int
    row: object


def read_file(file):
    """Yield the rows of a file, unchecked, and hold no more than one in memory.

    :param file: bytes to read from, at their start
    :return: entries; a row is a dict if it is good, see also `read_body`
    :raise FileError: when the file as a whole cannot be read
    """
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    plain = gzip.open(file) if packed else file
    try:
        yield from _read_text(io.TextIOWrapper(plain, "utf-8-sig", newline=""))
    except UnicodeDecodeError as error:
        raise FileError("not_utf8") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FileError("broken_gzip") from error


def _read_text(text):
    lines = _lines(text)
    first, line = 1, next(lines, "")
    while line.isspace():
        first, line = first + 1, next(lines, "")
    if not line:
        raise FileError("empty")
    if line.lstrip().startswith("["):
        raise FileError("json_array")
    is_json = line.lstrip().startswith("{")
    yield from (_read_json if is_json else _read_csv)(chain([line], lines), first)


def _lines(text):
    number = 0
    while line := text.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise FileError("long_line", number=number, limit=MAX_LINE)
        yield line


def _read_json(lines, first):
    for number, line in enumerate(lines, first):
        if not line.isspace():
            yield Entry(number, _read_line(line))


def _read_csv(lines, first):
    header = next(lines)
    delimiter = max(DELIMITERS, key=header.count)
    table = csv.reader(chain([header], lines), delimiter=delimiter, strict=True)
    number = first
    try:
        names = _read_header(next(table))
        for number, cells in enumerate(table, first + 1):
            if any(cells):
                yield Entry(number, _read_cells(names, cells))
    except csv.Error as error:
        raise FileError("broken_csv", number=number, reason=error) from error


def _read_header(cells):
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise FileError("missing_columns", columns=", ".join(missing))
    for name in COLUMNS:
        if names.count(name) > 1:
            raise FileError("repeated_column", column=name)
    return names


def _read_cells(names, cells):
    """Return a row; cells that are empty count as not given."""
    if any(cells[len(names) :]):
        return MisfitRow(
            f"The row has {len(cells)} cells, but the header {len(names)}: a cell "
            "that holds the separator must stand in quotes."
        )
    row = {
        name: cell
        for name, cell in zip(names, cells, strict=False)
        if cell and name in COLUMNS
    }
    if row.get("revision", "").isdecimal():
        row["revision"] = int(row["revision"])
    return row
