"""What entries come to: balances, and an invoice's net, tax and total."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .types import ERROR, Account, Books, Entry, Line, Partner, Problem, _lt

ZERO = Decimal(0)
#: Kinds of accounts on which a document's total stands.
COUNTERPART = ("receivable", "payable")
DOCUMENTS = ("invoice", "credit_note")

# English text, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
UNBALANCED = _lt(
    "%(entry)s does not balance: debit is %(debit)s and credit %(credit)s. "
    "Correct the entry."
)


def foreign(books: Books, line: Line) -> bool:
    """Tell whether a line was booked in another currency than the company's."""
    return bool(line.currency) and line.currency != books.currency


def in_currency(books: Books, line: Line) -> Decimal:
    """Return a line's balance in the currency that it was booked in."""
    return line.amount_currency if foreign(books, line) else line.balance


def is_tax(line: Line) -> bool:
    """Tell whether a line carries tax."""
    return bool(line.tax) or line.kind == "tax"


def counterpart(entry: Entry) -> Line | None:
    """Return the line that says who owes what: the first on a receivable or payable."""
    return next((one for one in entry.lines if one.account.kind in COUNTERPART), None)


def partner_of(entry: Entry) -> Partner | None:
    """Return the partner of an entry: of its counterpart, else its first one."""
    line = counterpart(entry)
    if line and line.partner:
        return line.partner
    return next((one.partner for one in entry.lines if one.partner), None)


def document_currency(books: Books, entry: Entry) -> str:
    """Return the currency that an entry's counterpart was booked in."""
    line = counterpart(entry)
    return (line and line.currency) or books.currency


def due_date(entry: Entry) -> date | None:
    """Return when an entry's counterpart is due."""
    line = counterpart(entry)
    return line and line.due_date


def last_day(end: date | None) -> date | None:
    """Return the last day before the end of a half-open period."""
    return end and end - timedelta(days=1)


def check_balance(_books: Books, entry: Entry) -> Iterator[Problem]:
    """Tell when an entry's debit and credit differ."""
    debit = sum((line.debit for line in entry.lines), ZERO)
    credit = sum((line.credit for line in entry.lines), ZERO)
    if debit != credit:
        values = {"entry": entry.name, "debit": debit, "credit": credit}
        yield Problem(ERROR, UNBALANCED, values, entry)


@dataclass(frozen=True)
class Figures:
    """Net, tax and total of a document; the total is the sum of the two."""

    net: Decimal
    tax: Decimal

    @property
    def total(self):
        """Return net and tax."""
        return self.net + self.tax


@dataclass(frozen=True)
class Part(Figures):
    """What a document holds on one account, with one set of taxes."""

    account: Account
    taxes: tuple[str, ...]


def figures(entry: Entry, amount) -> Figures:
    """Return what a document comes to: positive is what a customer owes.

    :param amount: function of a line: its balance, in a currency of choice
    """
    net = tax = ZERO
    for line in entry.lines:
        if line.account.kind in COUNTERPART:
            continue
        if is_tax(line):
            tax -= amount(line)
        else:
            net -= amount(line)
    return Figures(net, tax)


def document_sign(entry: Entry) -> int:
    """Return what turns an entry's figures into those that its paper shows."""
    return -1 if entry.kind == "credit_note" else 1


def parts(books: Books, entry: Entry) -> list[Part]:
    """Return a document per account and set of taxes, as its paper shows it.

    The tax of a code is spread over the parts with that code by their net amounts,
    rounded cumulatively, so that the sum is the tax that was booked. Tax without such
    a part is a part of its own.

    :rtype: list(Part)
    """
    sign = document_sign(entry)
    nets, taxes = {}, {}
    for line in entry.lines:
        if line.account.kind in COUNTERPART:
            continue
        amount = -sign * line.balance
        if is_tax(line):
            key = (line.account, line.tax)
            taxes[key] = taxes.get(key, ZERO) + amount
        else:
            key = (line.account, line.taxes)
            nets[key] = nets.get(key, ZERO) + amount
    spread = dict.fromkeys(nets, ZERO)
    digits = books.digits(books.currency)
    for (account, code), amount in taxes.items():
        bases = [key for key in nets if code in key[1]]
        if not bases:
            key = (account, (code,) if code else ())
            bases = [key]
        weights = [nets.get(key, ZERO) for key in bases]
        for key, share in zip(bases, _spread(amount, weights, digits), strict=True):
            spread[key] = spread.get(key, ZERO) + share
    return [
        Part(nets.get(key, ZERO), tax, key[0], key[1]) for key, tax in spread.items()
    ]


def _spread(amount, weights, digits):
    """Return shares of an amount that sum to it, by weights, half up."""
    whole = sum(weights, ZERO)
    if not whole:
        return [amount, *[ZERO] * (len(weights) - 1)]
    shares, seen, given = [], ZERO, ZERO
    for weight in weights[:-1]:
        seen += weight
        until = (amount * seen / whole).quantize(
            Decimal(1).scaleb(-digits), ROUND_HALF_UP
        )
        shares.append(until - given)
        given = until
    return [*shares, amount - given]
