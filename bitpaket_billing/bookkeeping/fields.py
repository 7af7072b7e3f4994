"""The fields that a template can name, and how each is read from a row."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from operator import attrgetter

from . import sums
from .types import Books, Entry, Line, _lt

_RATE = Decimal("0.000001")


@dataclass
class Row:
    """What the places of one row are filled with.

    :param int entry_number: of the entry in this export, from 1
    :param int line_number: of the row in its entry, from 1
    :param int file_number: of the file, from 1
    """

    books: Books
    entry: Entry | None = None
    line: Line | None = None
    part: sums.Part | None = None
    entry_number: int = 0
    line_number: int = 0
    file_number: int = 1


@dataclass(frozen=True)
class Amount:
    """A number, and the least decimals to show it with."""

    value: Decimal
    digits: int


def _own(row, amount):
    return Amount(amount, row.books.digits(row.books.currency))


def _currency(row):
    return row.line.currency or row.books.currency


def _in_currency(row):
    amount = sums.in_currency(row.books, row.line)
    return Amount(amount, row.books.digits(_currency(row)))


def _rate(row):
    if not sums.foreign(row.books, row.line):
        return Amount(Decimal(1), 6)
    if not row.line.amount_currency:
        return None
    rate = abs(row.line.balance / row.line.amount_currency)
    return Amount(rate.quantize(_RATE, ROUND_HALF_UP), 6)


def _figure(name):
    def read(row):
        found = sums.figures(row.entry, attrgetter("balance"))
        return _own(row, sums.document_sign(row.entry) * getattr(found, name))

    return read


def _entry_rate(row):
    line = sums.counterpart(row.entry)
    return _rate(Row(row.books, line=line)) if line else Amount(Decimal(1), 6)


# English texts for the editor of profiles.
# pylint: disable=prefer-env-translation
#: Field → what it holds.
FIELDS = {
    "books.reference": _lt("number of the batch"),
    "books.company": _lt("name of the company"),
    "books.currency": _lt("currency of the company"),
    "books.start": _lt("first day of the period"),
    "books.end": _lt("last day of the period"),
    "books.created": _lt("day when the batch was made"),
    "books.user": _lt("who made the batch"),
    "file.number": _lt("number of the file in the batch, from 1"),
    "entry.name": _lt("number of the entry"),
    "entry.number": _lt("running number of the entry in the batch, from 1"),
    "entry.date": _lt("accounting date"),
    "entry.document_date": _lt("date of the document, else the accounting date"),
    "entry.due_date": _lt("day when the document is due"),
    "entry.journal": _lt("code of the journal"),
    "entry.journal_name": _lt("name of the journal"),
    "entry.kind": _lt("what the entry is, such as invoice or payment"),
    "entry.reference": _lt("reference of the other side"),
    "entry.reverses": _lt("number of the entry that this one reverses"),
    "entry.narration": _lt("note of the entry"),
    "entry.currency": _lt("currency of the document"),
    "entry.rate": _lt("company's currency per unit of the document's currency"),
    "entry.net": _lt("document without tax"),
    "entry.tax": _lt("tax of the document"),
    "entry.total": _lt("document with tax"),
    "line.number": _lt("number of the line in its entry, from 1"),
    "line.label": _lt("text of the line"),
    "line.debit": _lt("debit"),
    "line.credit": _lt("credit"),
    "line.balance": _lt("debit minus credit"),
    "line.amount": _lt("debit or credit, without a sign"),
    "line.amount_currency": _lt("amount in the line's currency, signed"),
    "line.currency": _lt("currency that the line was booked in"),
    "line.rate": _lt("company's currency per unit of the line's currency"),
    "line.taxes": _lt("codes of the taxes on the line"),
    "line.tax": _lt("code of the tax that the line carries"),
    "line.due_date": _lt("day when the line is due"),
    "line.service_start": _lt("first day that the line is for"),
    "line.service_end": _lt("last day that the line is for"),
    "line.kind": _lt("what the line is for, such as storage or plan"),
    "line.analytic": _lt("cost centre"),
    "line.matching": _lt("number of the reconciliation"),
    "part.net": _lt("document without tax, on one account and tax"),
    "part.tax": _lt("tax on one account and tax"),
    "part.total": _lt("document with tax, on one account and tax"),
    "part.taxes": _lt("codes of the taxes"),
}

_ACCOUNT_FIELDS = {
    "code": _lt("code of the account"),
    "name": _lt("name of the account"),
    "kind": _lt("kind of the account"),
    "own_code": _lt("code of the account before it is mapped"),
}
_PARTNER_FIELDS = {
    "name": _lt("name of the partner"),
    "number": _lt("number of the partner"),
    "vat": _lt("VAT number of the partner"),
    "street": _lt("street of the partner"),
    "zip": _lt("postal code of the partner"),
    "city": _lt("city of the partner"),
    "country": _lt("country of the partner, two letters"),
    "email": _lt("e-mail address of the partner"),
}

#: Field → how to read it.
READERS: dict[str, Callable] = {
    "books.end": lambda row: sums.last_day(row.books.end),
    "books.created": lambda row: row.books.created.date(),
    "file.number": lambda row: row.file_number,
    "entry.number": lambda row: row.entry_number,
    "entry.document_date": lambda row: row.entry.document_date or row.entry.date,
    "entry.due_date": lambda row: sums.due_date(row.entry),
    "entry.currency": lambda row: sums.document_currency(row.books, row.entry),
    "entry.rate": _entry_rate,
    "entry.net": _figure("net"),
    "entry.tax": _figure("tax"),
    "entry.total": _figure("total"),
    "line.number": lambda row: row.line_number,
    "line.debit": lambda row: _own(row, row.line.debit),
    "line.credit": lambda row: _own(row, row.line.credit),
    "line.balance": lambda row: _own(row, row.line.balance),
    "line.amount": lambda row: _own(row, abs(row.line.balance)),
    "line.amount_currency": _in_currency,
    "line.currency": _currency,
    "line.rate": _rate,
    "line.taxes": lambda row: ", ".join(row.line.taxes),
    "line.service_end": lambda row: sums.last_day(row.line.service_end),
    "part.net": lambda row: _own(row, row.part.net),
    "part.tax": lambda row: _own(row, row.part.tax),
    "part.total": lambda row: _own(row, row.part.total),
    "part.taxes": lambda row: ", ".join(row.part.taxes),
}


def _read_plain(scope, name, row):
    return getattr(getattr(row, scope), name)


def _read_account(scope, name, row):
    return getattr(getattr(row, scope).account, name)


def _read_partner(scope, name, row):
    found = row.line.partner if scope == "line" else sums.partner_of(row.entry)
    return getattr(found, name) if found else None


for _scope in ("line", "part"):
    for _name, _text in _ACCOUNT_FIELDS.items():
        FIELDS[f"{_scope}.account.{_name}"] = _text
        READERS[f"{_scope}.account.{_name}"] = partial(_read_account, _scope, _name)
for _scope in ("line", "entry"):
    for _name, _text in _PARTNER_FIELDS.items():
        FIELDS[f"{_scope}.partner.{_name}"] = _text
        READERS[f"{_scope}.partner.{_name}"] = partial(_read_partner, _scope, _name)
for _path in FIELDS:
    if _path not in READERS:
        READERS[_path] = partial(_read_plain, *_path.split("."))
