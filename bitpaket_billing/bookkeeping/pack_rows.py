"""The columns of the accountant pack, and its CSV and JSON of the journal items."""

import codecs
import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter

from . import sums
from .control import Control
from .sums import last_day
from .text import clean, format_amount, guard
from .types import Account, Books, Entry, Partner

SCHEMA = "bitpaket.journal/1"

NOBODY = Partner(0, "")


@dataclass(frozen=True)
class Money:
    """An amount and its currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Field:
    """A column: technical name, header in the workbook, width, and how to read it."""

    name: str
    header: str
    width: int
    read: Callable


def _partner(line):
    return line.partner or NOBODY


def _document_partner(entry):
    return sums.partner_of(entry) or NOBODY


def _own(books, amount):
    return Money(amount, books.currency)


def _in_currency(books, line):
    return Money(sums.in_currency(books, line), line.currency or books.currency)


#: Of an entry, with each of its items: functions of books, entry and line.
ENTRY: tuple[Field, ...] = (
    Field("entry_id", "ID", 9, lambda b, e, x: e.id),
    Field("entry", "Number", 20, lambda b, e, x: e.name),
    Field("date", "Date", 11, lambda b, e, x: e.date),
    Field("document_date", "Document date", 13, lambda b, e, x: e.document_date),
    Field("journal", "Journal", 9, lambda b, e, x: e.journal),
    Field("kind", "Kind", 13, lambda b, e, x: e.kind),
    Field("reference", "Reference", 22, lambda b, e, x: e.reference),
    Field("reverses", "Reverses", 20, lambda b, e, x: e.reverses),
)
#: Of one item of an entry.
LINE: tuple[Field, ...] = (
    Field("account", "Account", 11, lambda b, e, x: x.account.code),
    Field("account_name", "Account name", 28, lambda b, e, x: x.account.name),
    Field("partner", "Partner", 28, lambda b, e, x: _partner(x).name),
    Field("partner_number", "Partner no.", 12, lambda b, e, x: _partner(x).number),
    Field("label", "Label", 40, lambda b, e, x: x.label),
    Field("debit", "Debit", 14, lambda b, e, x: _own(b, x.debit)),
    Field("credit", "Credit", 14, lambda b, e, x: _own(b, x.credit)),
    Field("currency", "Currency", 9, lambda b, e, x: x.currency or b.currency),
    Field("amount_currency", "In currency", 14, lambda b, e, x: _in_currency(b, x)),
    Field("taxes", "Tax base of", 12, lambda b, e, x: ", ".join(x.taxes)),
    Field("tax", "Tax", 9, lambda b, e, x: x.tax),
    Field("due_date", "Due date", 11, lambda b, e, x: x.due_date),
    Field("service_start", "Service from", 12, lambda b, e, x: x.service_start),
    Field("service_end", "Service to", 12, lambda b, e, x: last_day(x.service_end)),
    Field("purpose", "For", 12, lambda b, e, x: x.kind),
    Field("analytic", "Cost centre", 14, lambda b, e, x: x.analytic),
    Field("matching", "Matching", 10, lambda b, e, x: x.matching),
)
ITEM = (*ENTRY, *LINE)


def _figure(name):
    return lambda b, e: _own(b, getattr(sums.figures(e, attrgetter("balance")), name))


def _document_total(books, entry):
    currency = sums.document_currency(books, entry)
    lines = [x for x in entry.lines if x.account.kind in sums.COUNTERPART]
    return Money(sum((sums.in_currency(books, x) for x in lines), Decimal(0)), currency)


#: Of one invoice or credit note: functions of books and entry.
DOCUMENT: tuple[Field, ...] = (
    Field("date", "Date", 11, lambda b, e: e.date),
    Field("entry", "Number", 20, lambda b, e: e.name),
    Field("kind", "Kind", 13, lambda b, e: e.kind),
    Field("document_date", "Document date", 13, lambda b, e: e.document_date),
    Field("due_date", "Due date", 11, lambda b, e: sums.due_date(e)),
    Field("reverses", "Credits", 20, lambda b, e: e.reverses),
    Field("reference", "Reference", 22, lambda b, e: e.reference),
    Field("partner", "Customer", 28, lambda b, e: _document_partner(e).name),
    Field("number", "Customer no.", 12, lambda b, e: _document_partner(e).number),
    Field("vat", "VAT number", 16, lambda b, e: _document_partner(e).vat),
    Field("country", "Country", 8, lambda b, e: _document_partner(e).country),
    Field("net", "Net", 14, _figure("net")),
    Field("tax", "Tax", 12, _figure("tax")),
    Field("total", "Total", 14, _figure("total")),
    Field("currency", "Currency", 9, sums.document_currency),
    Field("total_currency", "Total in currency", 16, _document_total),
)
#: Of one item of a payment, payout, fee, refund or chargeback.
MONEY_KINDS = ("payment", "payout", "fee", "refund", "chargeback")
_MONEY_FIELDS = (
    "date",
    "entry",
    "kind",
    "journal",
    "reference",
    "partner",
    "account",
    "account_name",
    "label",
    "debit",
    "credit",
    "currency",
    "amount_currency",
)
MONEY = tuple(
    next(field for field in ITEM if field.name == name) for name in _MONEY_FIELDS
)


def read_items(books: Books, entry: Entry) -> list[list]:
    """Return the values of an entry's items, by `ITEM`."""
    return [[field.read(books, entry, line) for field in ITEM] for line in entry.lines]


def plain_items(books: Books, items: list[list]) -> list[list]:
    """Return values as the CSV and the JSON show them: texts, numbers and None."""
    return [[_plain(books, value) for value in item] for item in items]


def _plain(books, value):
    """Return a value as the CSV and the JSON show it: text, number or None."""
    if isinstance(value, Money):
        return format_amount(value.amount, books.digits(value.currency))
    if isinstance(value, date):
        return value.isoformat()
    return clean(value) if isinstance(value, str) else value


class ItemsCsv:
    """Journal items as CSV that Excel opens as it is: UTF-8 with a byte order mark.

    Texts that would be formulas get a `'` before them.
    """

    def __init__(self, books: Books, file):
        self.books = books
        self.file = file
        file.write(codecs.BOM_UTF8)
        self._write([[field.name for field in ITEM]])

    def add(self, items: list[list], plain: list[list]):
        """Write an entry's items.

        :param list items: their values
        :param list plain: the same as text
        """
        self._write(
            [
                guard(text) if isinstance(value, str) else text
                for value, text in zip(item, texts, strict=True)
            ]
            for item, texts in zip(items, plain, strict=True)
        )

    def _write(self, rows):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        self.file.write(text.getvalue().encode())


_ENTRY_KEYS = tuple(field.name for field in ENTRY)
_LINE_KEYS = tuple(field.name for field in LINE)
_ACCOUNT_KEYS = ("code", "own_code", "name", "kind")
_PARTNER_KEYS = ("number", "name", "vat", "country")


class ItemsJson:
    """Journal items as one object of JSON, an entry per line, amounts as text."""

    def __init__(self, books: Books, file):
        self.books = books
        self.file = file
        self.first = True
        head = {
            "schema": SCHEMA,
            "batch": books.reference,
            "company": books.company,
            "currency": books.currency,
            "start": books.start.isoformat(),
            "end": books.end.isoformat(),
            "created": f"{books.created:%Y-%m-%dT%H:%M:%S}Z",
        }
        self._write(f'{self._dump(head)[:-1]}, "entries": [')

    def add(self, entry: Entry, plain: list[list]):
        """Write an entry.

        :param list plain: its items as text
        """
        read = [field.read(self.books, entry, None) for field in ENTRY]
        [values] = plain_items(self.books, [read])
        data = dict(zip(_ENTRY_KEYS, values, strict=True))
        data["journal_name"] = entry.journal_name
        data["narration"] = entry.narration
        data["lines"] = [
            {
                **dict(zip(_LINE_KEYS, texts[len(ENTRY) :], strict=True)),
                "taxes": list(line.taxes),
                "account": self._keys(line.account, _ACCOUNT_KEYS),
                "partner": line.partner and self._keys(line.partner, _PARTNER_KEYS),
            }
            for line, texts in zip(entry.lines, plain, strict=True)
        ]
        self._write(("\n" if self.first else ",\n") + self._dump(data))
        self.first = False

    def finish(self, control: Control):
        """Write the totals and the end."""
        total = control.total
        data = {
            "entries": total.entries,
            "lines": total.lines,
            "debit": _plain(self.books, _own(self.books, total.debit)),
            "credit": _plain(self.books, _own(self.books, total.credit)),
        }
        self._write(f'\n], "totals": {self._dump(data)}}}\n')

    def _keys(self, record: Account | Partner, keys):
        return {key: getattr(record, key) for key in keys}

    def _dump(self, data):
        return json.dumps(data, ensure_ascii=False)

    def _write(self, text):
        self.file.write(text.encode())
