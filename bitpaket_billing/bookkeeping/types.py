"""What a writer is given, and what it gives back. Pure: no Odoo, no database.

A writer is a generator: entries go in one by one, bytes come out, so that a year of
entries needs no more memory than one of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

#: Problems that keep a file from being written, and those that only tell.
ERROR, WARNING = "error", "warning"


def _lt(text):
    """Mark a text for translation, which is looked up where it is shown."""
    return text


@dataclass(frozen=True)
class Account:
    """An account of the ledger.

    :param str code: the account's number in the target's chart
    :param str own_code: its number here; the same unless it is mapped
    :param str kind: `asset`, `receivable`, `bank`, `liability`, `payable`, `equity`,
        `income` or `expense`
    """

    code: str
    name: str
    kind: str
    own_code: str = ""


@dataclass(frozen=True)
class Partner:
    """A customer or supplier.

    :param str number: its number in the target (DATEV: a person account)
    :param str country: two letters, ISO 3166
    """

    id: int
    name: str
    number: str = ""
    vat: str = ""
    street: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""
    email: str = ""


@dataclass(frozen=True)
class Line:
    """A line of an entry. One of `debit` and `credit` is zero; neither is negative.

    :param Decimal debit: in the company's currency
    :param Decimal amount_currency: in `currency`, signed: positive is debit
    :param str currency: ISO 4217; the company's own unless booked in a foreign one
    :param tuple taxes: codes of the taxes that this line is a base of, in the target
    :param str tax: code of the tax that this line carries; empty: it is none
    :param date service_start: first day of the period that it is for
    :param date service_end: first day that is not included any more
    :param str kind: what it is for: a meter's kind, `plan`, `coupon`, `commitment`,
        `fee`, `tax` or empty
    :param str matching: number of the reconciliation it belongs to
    :param str settles: number of the invoice that this line pays or credits, as far as
        it is one
    """

    account: Account
    debit: Decimal
    credit: Decimal
    label: str = ""
    partner: Partner | None = None
    amount_currency: Decimal = Decimal(0)
    currency: str = ""
    taxes: tuple[str, ...] = ()
    tax: str = ""
    due_date: date | None = None
    service_start: date | None = None
    service_end: date | None = None
    kind: str = ""
    analytic: str = ""
    matching: str = ""
    settles: str = ""

    @property
    def balance(self):
        """Debit less credit, in the company's currency."""
        return self.debit - self.credit


@dataclass(frozen=True)
class Entry:
    """A posted journal entry; its lines balance in the company's currency.

    :param int id: where to find it again
    :param str name: its number, such as `INV/2026/00001`
    :param str kind: `invoice`, `credit_note`, `payment`, `refund`, `chargeback`,
        `fee`, `payout`, `recognition` or `entry`
    :param str reference: what the other side calls it, such as FastSpring's order
    :param str reverses: number of the entry that this one reverses or credits
    """

    id: int
    name: str
    date: date
    journal: str
    lines: tuple[Line, ...]
    journal_name: str = ""
    kind: str = "entry"
    document_date: date | None = None
    reference: str = ""
    reverses: str = ""
    narration: str = ""


@dataclass(frozen=True)
class Books:
    """The frame of one export.

    :param str reference: number of the batch
    :param date start: first day; `end`: first day that is not included any more
    :param datetime created: when the batch was made, in UTC: every time inside a file
    :param Mapping currencies: decimals per currency, by ISO code
    :param Mapping options: what the format lets one choose, by name
    """

    reference: str
    company: str
    currency: str
    start: date
    end: date
    created: datetime
    fiscal_year_start: date
    currencies: Mapping[str, int]
    accounts: tuple[Account, ...] = ()
    partners: tuple[Partner, ...] = ()
    user: str = ""
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def digits(self, currency):
        """Return how many decimals a currency has."""
        return self.currencies.get(currency, 2)


@dataclass(frozen=True)
class Problem:
    """Something to mend, or to know, before a file is written.

    :param str severity: `ERROR` or `WARNING`
    :param str text: in English with `%(name)s` places; translated by the caller
    :param Mapping values: what to fill in
    :param Account account: what it is about, as far as it is about one
    """

    severity: str
    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    entry: Entry | None = None
    account: Account | None = None
    partner: Partner | None = None

    def __str__(self):
        return self.text % self.values


@dataclass(frozen=True)
class Format:
    """One kind of file.

    :param str code: such as `datev`
    :param Callable write: `(books, entries)` to pairs of file name and bytes; the
        pieces of one file follow one another
    :param Callable check: `(books, entry)` to the problems of one entry; called with
        None once, for the problems of the books
    """

    code: str
    name: str
    write: Callable[["Books", Iterable["Entry"]], Iterator[tuple[str, bytes]]]
    check: Callable[["Books", "Entry | None"], Iterator["Problem"]]
