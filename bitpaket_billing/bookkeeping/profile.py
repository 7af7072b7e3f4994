"""A column profile: a file of columns as data, without code; and its mistakes."""

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .template import Style, Template, TemplateError, parse
from .types import ERROR, Problem, _lt

LINE, PART = "line", "part"
REFUSE, CUT, REPLACE = "refuse", "cut", "replace"
MINIMAL, ALL, NONE = "minimal", "all", "none"

ENCODINGS = (
    "ascii",
    "cp1250",
    "cp1252",
    "cp1254",
    "iso-8859-1",
    "iso-8859-9",
    "iso-8859-15",
    "utf-8",
    "utf-8-sig",
)
ENTRY_KINDS = (
    "invoice",
    "credit_note",
    "payment",
    "refund",
    "chargeback",
    "fee",
    "payout",
    "recognition",
    "entry",
)
ACCOUNT_KINDS = (
    "asset",
    "receivable",
    "bank",
    "liability",
    "payable",
    "equity",
    "income",
    "expense",
)
NEWLINES = {"CRLF": "\r\n", "LF": "\n"}

# English texts, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
MISSING = _lt("The target has no column profile. Choose one.")
NO_COLUMNS = _lt("The profile has no columns. Add at least one.")
UNKNOWN_SETTING = _lt("There is no setting “%(name)s”. There are: %(known)s.")
WRONG_VALUE = _lt("“%(name)s” cannot be “%(value)s”. It can be: %(known)s.")
WRONG_TEXT = _lt("“%(name)s” must be a text.")
WRONG_FLAG = _lt("“%(name)s” must be true or false.")
WRONG_COUNT = _lt("“%(name)s” must be a whole number above zero, or empty.")
WRONG_CHARACTER = _lt(
    "“%(name)s” must be one character that is no letter, digit, quote or line break."
)
SAME_CHARACTER = _lt("Delimiter and decimal separator are both “%(value)s”.")
NO_HEADER = _lt("Column %(number)s has no header.")
SAME_HEADER = _lt("Two columns are called “%(header)s”.")
HEADER_CHARACTER = _lt(
    "The header “%(header)s” has a character that does not exist in %(encoding)s."
)
IN_COLUMN = _lt("Column “%(header)s”: %(problem)s")
IN_FILE_NAME = _lt("File name: %(problem)s")
OTHER_ROWS = _lt(
    "The field “%(name)s” does not exist where a row is a %(rows)s of an entry."
)
NOT_IN_FILE_NAME = _lt("A file name can only hold fields of the books and the file.")
FILE_NUMBER = _lt("The profile splits files, so that their names need “{file.number}”.")


@dataclass(frozen=True)
class Column:
    """One column.

    :param str value: template, see `template.py` and `fields.py`
    :param bool required: a row without it is refused
    :param tuple required_for: kinds of accounts whose rows are refused without it
    :param int length: characters at most; 0: any number
    :param str overlong: `cut` with a warning, or `refuse`
    :param str forbidden: characters that become `replacement`
    """

    header: str
    value: str
    required: bool = False
    required_for: tuple[str, ...] = ()
    length: int = 0
    overlong: str = CUT
    forbidden: str = ""
    replacement: str = ""
    template: Template = field(default_factory=Template, compare=False)


@dataclass(frozen=True)
class Profile:
    """A kind of file with columns.

    :param str rows: `line`: a row per line of an entry; `part`: per account and set
        of taxes of an invoice or credit note
    :param tuple kinds: kinds of entries that the target can hold; empty: all
    :param str file_name: template with fields of the books and the file
    :param str quoting: of cells: `minimal`, `all` or `none`
    :param str unencodable: what to do with a character that the encoding lacks:
        `refuse` the entry, or `replace` it by its base letter or `?` with a warning
    :param bool zero_lines: write lines without an amount
    :param int rows_per_file, entries_per_file: at most, 0: no limit; an entry is
        never cut in two
    :param bool guard_formulas: put `'` before texts that a spreadsheet would run
    :param tuple own_accounts: kinds of accounts that the target books itself
    :param bool warn_tax: tell that tax is only an amount in the target
    :param bool warn_foreign: tell that a foreign currency is left out
    """

    name: str
    columns: tuple[Column, ...]
    file_name: str = "{books.reference}-{file.number|pad:3}.csv"
    rows: str = LINE
    kinds: tuple[str, ...] = ()
    header: bool = True
    delimiter: str = ","
    quoting: str = MINIMAL
    decimal: str = "."
    date_format: str = "YYYY-MM-DD"
    encoding: str = "utf-8"
    newline: str = "CRLF"
    unencodable: str = REFUSE
    zero_lines: bool = True
    rows_per_file: int = 0
    entries_per_file: int = 0
    guard_formulas: bool = False
    own_accounts: tuple[str, ...] = ()
    warn_tax: bool = False
    warn_foreign: bool = False
    name_template: Template = field(default_factory=Template, compare=False)

    @property
    def style(self):
        """Return how values become text."""
        return Style(self.decimal, self.date_format)


_CHOICES = {
    "rows": (LINE, PART),
    "quoting": (MINIMAL, ALL, NONE),
    "decimal": (".", ","),
    "encoding": ENCODINGS,
    "newline": tuple(NEWLINES),
    "unencodable": (REFUSE, REPLACE),
    "overlong": (CUT, REFUSE),
}
_LISTS = {
    "kinds": ENTRY_KINDS,
    "own_accounts": ACCOUNT_KINDS,
    "required_for": ACCOUNT_KINDS,
}
_FLAGS = (
    "header",
    "zero_lines",
    "guard_formulas",
    "warn_tax",
    "warn_foreign",
    "required",
)
_COUNTS = ("rows_per_file", "entries_per_file", "length")
_COLUMN_SETTINGS = (
    "header",
    "value",
    "required",
    "required_for",
    "length",
    "overlong",
    "forbidden",
    "replacement",
)
_SETTINGS = tuple(
    name for name in Profile.__dataclass_fields__ if name != "name_template"
)


def check_profile(data: Mapping | None) -> Iterator[Problem]:
    """Tell what is wrong in a profile, each with what to write instead."""
    if not data:
        yield Problem(ERROR, MISSING)
        return
    yield from _check_settings(data, _SETTINGS, flags=_FLAGS)
    yield from _check_characters(data)
    columns = data.get("columns")
    if not isinstance(columns, list | tuple) or not columns:
        yield Problem(ERROR, NO_COLUMNS)
        columns = ()
    seen = set()
    for number, column in enumerate(columns, 1):
        yield from _check_column(number, column, data.get("rows") or LINE, seen)
    yield from _check_headers(seen, data.get("encoding") or Profile.encoding)
    yield from _check_file_name(data)


def _check_settings(data, known, flags):
    for name, value in data.items():
        if name not in known:
            yield Problem(
                ERROR, UNKNOWN_SETTING, {"name": name, "known": ", ".join(known)}
            )
        elif value is None:
            continue
        elif name in _CHOICES or name in _LISTS:
            yield from _check_choice(name, value)
        elif name in _COUNTS:
            if type(value) is not int or value < 0:
                yield Problem(ERROR, WRONG_COUNT, {"name": name})
        elif name in flags:
            if not isinstance(value, bool):
                yield Problem(ERROR, WRONG_FLAG, {"name": name})
        elif name != "columns" and not isinstance(value, str):
            yield Problem(ERROR, WRONG_TEXT, {"name": name})


def _check_choice(name, value):
    known = _CHOICES.get(name) or _LISTS[name]
    several = name in _LISTS and isinstance(value, list | tuple)
    for one in value if several else [value]:
        if one not in known or (name in _LISTS and not several):
            values = {"name": name, "value": one, "known": ", ".join(known)}
            yield Problem(ERROR, WRONG_VALUE, values)


def _check_characters(data):
    delimiter = data.get("delimiter", ",")
    if not isinstance(delimiter, str):
        return
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in "\"'\r\n":
        yield Problem(ERROR, WRONG_CHARACTER, {"name": "delimiter"})
    elif data.get("quoting") == NONE and delimiter == data.get("decimal", "."):
        yield Problem(ERROR, SAME_CHARACTER, {"value": delimiter})


def _check_column(number, column, rows, seen):
    if not isinstance(column, Mapping):
        yield Problem(ERROR, NO_HEADER, {"number": number})
        return
    header = column.get("header")
    if not isinstance(header, str) or not header.strip():
        yield Problem(ERROR, NO_HEADER, {"number": number})
        header = str(number)
    elif header in seen:
        yield Problem(ERROR, SAME_HEADER, {"header": header})
    seen.add(header)
    problems = list(_check_settings(column, _COLUMN_SETTINGS, flags=_FLAGS[1:]))
    problems += _check_template(column.get("value", ""), rows)
    for problem in problems:
        yield Problem(ERROR, IN_COLUMN, {"header": header, "problem": problem})


def _check_headers(headers, encoding):
    if encoding not in ENCODINGS:
        return
    for header in sorted(headers):
        try:
            header.encode(encoding)
        except UnicodeEncodeError:
            values = {"header": header, "encoding": encoding}
            yield Problem(ERROR, HEADER_CHARACTER, values)


def _check_template(text, rows):
    if not isinstance(text, str):
        return
    try:
        fields = parse(text).fields
    except TemplateError as error:
        yield Problem(ERROR, error.text, error.values)
        return
    other = PART if rows == LINE else LINE
    for name in sorted(fields):
        if name.startswith(f"{other}.") and (other, name) != (LINE, "line.number"):
            yield Problem(ERROR, OTHER_ROWS, {"name": name, "rows": rows})


def _check_file_name(data):
    text = data.get("file_name", Profile.file_name)
    if not isinstance(text, str):
        return
    try:
        fields = parse(text).fields
    except TemplateError as error:
        problem = Problem(ERROR, error.text, error.values)
        yield Problem(ERROR, IN_FILE_NAME, {"problem": problem})
        return
    if any(not name.startswith(("books.", "file.")) for name in fields):
        problem = Problem(ERROR, NOT_IN_FILE_NAME)
        yield Problem(ERROR, IN_FILE_NAME, {"problem": problem})
    splits = data.get("rows_per_file") or data.get("entries_per_file")
    if splits and "file.number" not in fields:
        yield Problem(ERROR, FILE_NUMBER)


def problems_of(data: Mapping | None) -> tuple[Problem, ...]:
    """Return what `check_profile` tells, remembered.

    :param Mapping data: as JSON would hold it
    """
    return _problems_of(json.dumps(data))


def read_profile(data: Mapping) -> Profile:
    """Return a profile that `check_profile` finds nothing wrong in, remembered."""
    return _read_profile(json.dumps(data))


@lru_cache(maxsize=32)
def _problems_of(text):
    return tuple(check_profile(json.loads(text)))


@lru_cache(maxsize=32)
def _read_profile(text):
    data = _given(json.loads(text))
    data["columns"] = tuple(_read_column(column) for column in data["columns"])
    template = parse(data.get("file_name", Profile.file_name))
    return Profile(**{"name": "", **data}, name_template=template)


def _read_column(column):
    data = {"value": "", **_given(column)}
    return Column(**data, template=parse(data["value"]))


def _given(data):
    """Return settings that have a value, lists as tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in data.items()
        if value is not None
    }


def encoder(profile: Profile):
    """Return a function of text to bytes; a byte order mark is not among them."""
    name = "utf-8" if profile.encoding == "utf-8-sig" else profile.encoding
    encode = codecs.lookup(name).encode
    return lambda text: encode(text)[0]
