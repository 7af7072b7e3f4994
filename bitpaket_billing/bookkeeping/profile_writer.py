"""Write and check files of a column profile, entry by entry."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from . import sums
from .fields import Row
from .profile import (
    ALL,
    LINE,
    MINIMAL,
    NEWLINES,
    NONE,
    REFUSE,
    Profile,
    encoder,
    problems_of,
    read_profile,
)
from .text import clean, guard, safe_file_name
from .types import ERROR, WARNING, Books, Entry, Format, Problem, _lt

#: Characters to collect before bytes are given out.
CHUNK = 64 * 1024

# English texts, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
OTHER_KIND = _lt(
    "%(entry)s is of the kind “%(kind)s”, and %(profile)s only takes: %(kinds)s. "
    "Leave its journal out of the target, and hand it over with another one."
)
TOO_MANY_ROWS = _lt(
    "%(entry)s has %(count)s rows, and a file for %(profile)s can have %(limit)s. "
    "Book it as several entries."
)
NO_VALUE = _lt("%(entry)s has nothing for the column “%(column)s”, which needs it.")
TOO_LONG = _lt(
    "%(entry)s: “%(text)s” is too long for the column “%(column)s”, "
    "which takes %(limit)s characters."
)
CUT_SHORT = _lt(
    "%(entry)s: “%(text)s” is cut to %(limit)s characters in the column “%(column)s”."
)
NO_CHARACTER = _lt(
    "%(entry)s: “%(text)s” has a character that does not exist in %(encoding)s: "
    "%(character)s"
)
REPLACED = _lt(
    "%(entry)s: “%(text)s” has a character that does not exist in %(encoding)s and "
    "is replaced: %(character)s"
)
ONLY_ZERO = _lt("%(entry)s has no line with an amount: nothing of it is in the file.")
PLAIN_TAX = _lt(
    "%(entry)s has tax, which is a plain amount on its account in this file: "
    "the tax return of %(profile)s does not see it."
)
FOREIGN = _lt(
    "%(entry)s is in a foreign currency: the amounts in this file are in %(currency)s."
)
OWN_ACCOUNT = _lt(
    "%(profile)s may refuse journals on its own accounts of the kind “%(kind)s”: "
    "map %(account)s to another account there."
)


class ProfileError(ValueError):
    """A profile or an entry that cannot be written, in words."""


@dataclass
class _Sheet:
    """A file that is being made: its text, and how much it holds."""

    name: str
    text: io.StringIO = field(default_factory=lambda: io.StringIO(newline=""))
    rows: int = 0
    entries: int = 0


def check(books: Books, entry: Entry | None) -> Iterator[Problem]:
    """Tell what keeps a profile or an entry from being written, or is lost in it."""
    data = books.options.get("profile")
    if entry is None:
        yield from _check_books(books, data)
    elif not problems_of(data):
        problems = []
        _Rows(books, read_profile(data)).make(entry, 1, problems)
        yield from problems


def write(books: Books, entries: Iterable[Entry]) -> Iterator[tuple[str, bytes]]:
    """Write files with a profile's columns; one with the header if there is nothing.

    :raise ProfileError: on the first problem that `check` calls an error
    """
    data = books.options.get("profile")
    _refuse(problems_of(data))
    rows = _Rows(books, read_profile(data))
    sheet = rows.open(1)
    number = 1
    for index, entry in enumerate(entries, 1):
        problems = []
        made = rows.make(entry, index, problems, number)
        _refuse(problems)
        if rows.is_full(sheet, made):
            yield from rows.flush(sheet)
            number += 1
            sheet = rows.open(number)
            made = rows.make(entry, index, [], number)
        rows.add(sheet, made)
        if sheet.text.tell() >= CHUNK:
            yield from rows.flush(sheet)
    yield from rows.flush(sheet)


def _check_books(books, data):
    problems = problems_of(data)
    yield from problems
    if problems:
        return
    profile = read_profile(data)
    for account in books.accounts:
        if account.kind in profile.own_accounts:
            values = {
                "profile": profile.name,
                "kind": account.kind,
                "account": account.code,
            }
            yield Problem(WARNING, OWN_ACCOUNT, values, account=account)


def _refuse(problems):
    for problem in problems:
        if problem.severity == ERROR:
            raise ProfileError(str(problem))


class _Rows:
    """The rows of a profile."""

    def __init__(self, books: Books, profile: Profile):
        self.books = books
        self.profile = profile
        self.style = profile.style
        self.encode = encoder(profile)

    # === FILES === #

    def open(self, number):
        """Return a file with its byte order mark and header."""
        name = self.profile.name_template.fill(
            Row(self.books, file_number=number), self.style
        )
        sheet = _Sheet(safe_file_name(self.style.show(name)))
        if self.profile.encoding == "utf-8-sig":
            sheet.text.write(codecs.BOM_UTF8.decode())
        if self.profile.header:
            headers = [self._bare(column.header) for column in self.profile.columns]
            self._writer(sheet.text).writerow(headers)
        return sheet

    def is_full(self, sheet, rows):
        """Tell whether rows of one entry have no place in a file any more."""
        profile = self.profile
        return bool(sheet.entries) and (
            0 < profile.rows_per_file < sheet.rows + len(rows)
            or 0 < profile.entries_per_file <= sheet.entries
        )

    def add(self, sheet, rows):
        """Put the rows of an entry into a file."""
        self._writer(sheet.text).writerows(rows)
        sheet.rows += len(rows)
        sheet.entries += bool(rows)

    def flush(self, sheet):
        """Give out what a file holds."""
        yield sheet.name, self.encode(sheet.text.getvalue())
        sheet.text = io.StringIO(newline="")

    def _writer(self, text):
        quoting = {MINIMAL: csv.QUOTE_MINIMAL, ALL: csv.QUOTE_ALL, NONE: csv.QUOTE_NONE}
        return csv.writer(
            text,
            delimiter=self.profile.delimiter,
            lineterminator=NEWLINES[self.profile.newline],
            quoting=quoting[self.profile.quoting],
            quotechar=None if self.profile.quoting == NONE else '"',
        )

    # === ROWS === #

    def make(self, entry, entry_number, problems, file_number=1):
        """Return the rows of an entry, and tell problems.

        :param list problems: gets what is found
        :rtype: list(list(str))
        """
        profile, books = self.profile, self.books
        problems.extend(sums.check_balance(books, entry))
        if profile.kinds and entry.kind not in profile.kinds:
            values = {"kind": entry.kind, "kinds": ", ".join(profile.kinds)}
            self._tell(problems, ERROR, OTHER_KIND, entry, values)
            return []
        rows = []
        for line, part in self._contents(entry):
            row = Row(books, entry, line, part, entry_number, len(rows) + 1)
            row.file_number = file_number
            rows.append(self._cells(row, problems))
        if not rows:
            self._tell(problems, WARNING, ONLY_ZERO, entry)
        if 0 < profile.rows_per_file < len(rows):
            values = {"count": len(rows), "limit": profile.rows_per_file}
            self._tell(problems, ERROR, TOO_MANY_ROWS, entry, values)
        if profile.warn_tax and any(sums.is_tax(line) for line in entry.lines):
            self._tell(problems, WARNING, PLAIN_TAX, entry)
        if profile.warn_foreign and any(sums.foreign(books, x) for x in entry.lines):
            values = {"currency": books.currency}
            self._tell(problems, WARNING, FOREIGN, entry, values)
        return rows

    def _contents(self, entry):
        """Yield the line, or else the part, of each row."""
        if self.profile.rows == LINE:
            for line in entry.lines:
                if self.profile.zero_lines or line.debit or line.credit:
                    yield line, None
        else:
            for part in sums.parts(self.books, entry):
                if self.profile.zero_lines or part.net or part.tax:
                    yield None, part

    def _cells(self, row, problems):
        return [self._cell(column, row, problems) for column in self.profile.columns]

    def _cell(self, column, row, problems):
        value = column.template.fill(row, self.style)
        text = self._bare(self.style.show(value))
        if isinstance(value, str):
            text = self._fit(column, text, row.entry, problems)
        if not text and self._needs(column, row):
            values = {"column": column.header}
            self._tell(problems, ERROR, NO_VALUE, row.entry, values)
        return text

    def _bare(self, text):
        """Return a text without what would end its cell."""
        text = clean(text)
        if self.profile.quoting == NONE:
            text = text.replace(self.profile.delimiter, " ")
        return text

    def _needs(self, column, row):
        account = (row.line or row.part).account
        return column.required or account.kind in column.required_for

    def _fit(self, column, text, entry, problems):
        """Return a text as a column can hold it."""
        for character in column.forbidden:
            text = text.replace(character, column.replacement)
        text = self._encodable(text, entry, problems)
        if self.profile.guard_formulas:
            text = guard(text)
        if 0 < column.length < len(text):
            values = {"text": text, "column": column.header, "limit": column.length}
            refused = column.overlong == REFUSE
            severity, words = (ERROR, TOO_LONG) if refused else (WARNING, CUT_SHORT)
            self._tell(problems, severity, words, entry, values)
            text = text[: column.length].rstrip()
        return text

    def _encodable(self, text, entry, problems):
        if text.isascii():
            return text
        try:
            self.encode(text)
        except UnicodeEncodeError as error:
            values = {
                "text": text,
                "encoding": self.profile.encoding,
                "character": text[error.start],
            }
            refused = self.profile.unencodable == REFUSE
            severity, words = (ERROR, NO_CHARACTER) if refused else (WARNING, REPLACED)
            self._tell(problems, severity, words, entry, values)
            text = "".join(self._replace(character) for character in text)
        return text

    def _replace(self, character):
        """Return a character, its base letter, or a question mark."""
        for candidate in (character, unicodedata.normalize("NFKD", character)[0], "?"):
            try:
                self.encode(candidate)
            except UnicodeEncodeError:
                continue
            return candidate
        raise AssertionError(self.profile.encoding)

    def _tell(self, problems, severity, text, entry, values=()):
        values = {"entry": entry.name, "profile": self.profile.name, **dict(values)}
        problems.append(Problem(severity, text, values, entry))


PROFILE = Format("profile", "Column profile", write, check)
