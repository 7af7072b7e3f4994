"""What an export comes to, counted while it is written: the accountant's check."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import sums
from .types import Account, Books, Entry, Line

ZERO = Decimal(0)

_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


@dataclass
class Total:
    """Sums of some lines, in the company's currency."""

    entries: int = 0
    lines: int = 0
    debit: Decimal = ZERO
    credit: Decimal = ZERO

    @property
    def balance(self):
        """Return debit minus credit."""
        return self.debit - self.credit

    def add(self, line):
        """Count a line."""
        self.lines += 1
        self.debit += line.debit
        self.credit += line.credit


@dataclass
class TaxTotal:
    """What stands for a tax: positive is what was sold and is owed."""

    base: Decimal = ZERO
    tax: Decimal = ZERO
    lines: int = 0


class Numbers:
    """Which numbers of one sequence there are, as few and as long runs as can be."""

    def __init__(self):
        self.runs = []  # [first, last], ascending, never adjacent

    def add(self, number):
        """Add a number; one that is there already changes nothing."""
        runs = self.runs
        place = bisect_left(runs, [number + 1])
        before = runs[place - 1] if place else None
        after = runs[place] if place < len(runs) else None
        if before and number <= before[1]:
            return
        joins_before = before and before[1] == number - 1
        if after and after[0] == number + 1:
            if joins_before:
                before[1] = after[1]
                del runs[place]
            else:
                after[0] = number
        elif joins_before:
            before[1] = number
        else:
            runs.insert(place, [number, number])

    def gaps(self) -> Iterator[tuple[int, int]]:
        """Yield first and last number of what is missing between those there are."""
        for (_first, last), (following, _last) in zip(
            self.runs, self.runs[1:], strict=False
        ):
            yield last + 1, following - 1


@dataclass(frozen=True)
class Gap:
    """Numbers of a journal that are not in the export, first and last."""

    journal: str
    first: str
    last: str
    count: int


class Control:
    """Totals per account, journal, kind, tax and source of revenue, and gaps.

    Its size depends on how many of those there are, not on the number of entries.
    """

    def __init__(self, books: Books):
        self.books = books
        self.total = Total()
        self.accounts: dict[Account, Total] = {}
        self.journals: dict[tuple[str, str], Total] = {}
        self.kinds: dict[str, Total] = {}
        self.taxes: dict[tuple[str, str], TaxTotal] = {}
        self.revenue: dict[tuple[date, str, Account], Total] = {}
        self._numbers: dict[tuple[str, str, str], tuple[Numbers, int]] = {}

    def add(self, entry: Entry):
        """Count an entry."""
        journal = (entry.journal, entry.journal_name)
        totals = (
            self.total,
            self.journals.setdefault(journal, Total()),
            self.kinds.setdefault(entry.kind, Total()),
        )
        for total in totals:
            total.entries += 1
        partner = sums.partner_of(entry)
        country = partner.country if partner else ""
        for account in {line.account for line in entry.lines}:
            self.accounts.setdefault(account, Total()).entries += 1
        for line in entry.lines:
            for total in (*totals, self.accounts[line.account]):
                total.add(line)
            self._add_tax(line, country)
            if line.account.kind == "income":
                self._add_revenue(entry, line)
        self._add_number(entry)

    def _add_tax(self, line: Line, country):
        amount = -line.balance
        for code in line.taxes:
            total = self.taxes.setdefault((code, country), TaxTotal())
            total.base += amount
            total.lines += 1
        if sums.is_tax(line):
            total = self.taxes.setdefault((line.tax, country), TaxTotal())
            total.tax += amount
            total.lines += 1

    def _add_revenue(self, entry, line):
        key = (entry.date.replace(day=1), line.kind, line.account)
        self.revenue.setdefault(key, Total()).add(line)

    def _add_number(self, entry):
        found = _NUMBERED.fullmatch(entry.name)
        if found:
            prefix, digits, suffix = found.groups()
            # Sequences fill up with zeros: longer ones have outgrown their width.
            width = len(digits) if digits[0] == "0" else 0
            key = (entry.journal, prefix, suffix)
            numbers, widest = self._numbers.get(key) or (Numbers(), 0)
            numbers.add(int(digits))
            self._numbers[key] = (numbers, max(width, widest))

    def gaps(self) -> Iterator[Gap]:
        """Yield the numbers between a journal's first and last that are missing."""
        for (journal, prefix, suffix), (numbers, width) in sorted(
            self._numbers.items(), key=lambda item: item[0]
        ):
            for first, last in numbers.gaps():
                yield Gap(
                    journal,
                    f"{prefix}{first:0{width}}{suffix}",
                    f"{prefix}{last:0{width}}{suffix}",
                    last - first + 1,
                )
