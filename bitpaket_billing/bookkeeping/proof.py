"""What proves an export: its sums, and what each entry was when it was exported."""

import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal

from .types import ERROR, Problem


def _lt(text):
    """Mark a text for translation, which is looked up where it is shown."""
    return text


# pylint: disable=prefer-env-translation
UNBALANCED = _lt("%(entry)s does not balance: %(amount)s too much in debit.")


@dataclass
class Total:
    """Sums of one account, in the company's currency."""

    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    lines: int = 0

    def add(self, line):
        self.debit += line.debit
        self.credit += line.credit
        self.lines += 1


@dataclass
class Proof:
    """Counts and sums entries while they stream by.

    :param dict accounts: `Total` by the account's own code
    """

    entries: int = 0
    total: Total = field(default_factory=Total)
    accounts: dict[str, Total] = field(default_factory=dict)

    def add(self, entry):
        """Count an entry, and sum its lines."""
        self.entries += 1
        for line in entry.lines:
            self.total.add(line)
            self.accounts.setdefault(line.account.own_code, Total()).add(line)


def imbalance(entry):
    """Return by how much the debits of an entry exceed its credits.

    :rtype: Decimal
    """
    return sum((line.debit - line.credit for line in entry.lines), Decimal(0))


def check_balance(entry):
    """Yield the problem of an entry that does not balance.

    :rtype: Iterator[Problem]
    """
    if lacking := imbalance(entry):
        values = {"entry": entry.name, "amount": lacking}
        yield Problem(ERROR, UNBALANCED, values, entry=entry)


def fingerprint(entry):
    """Return a hash of what an entry books, whatever the target calls its accounts.

    What may change without the entry itself, such as its reconciliation, is left out.

    :rtype: str
    """
    told = [
        entry.name,
        entry.date,
        entry.document_date,
        entry.journal,
        [
            [
                line.account.own_code,
                line.partner and line.partner.id,
                line.label,
                _plain(line.debit),
                _plain(line.credit),
                _plain(line.amount_currency),
                line.currency,
                line.due_date,
            ]
            for line in entry.lines
        ],
    ]
    text = json.dumps(told, default=str, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(amount):
    """Return an amount in one way, however many zeros it came with."""
    return format(amount.normalize() + 0, "f")
