"""An entry as legs: what it moves on each account, and whose tax DATEV computes."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from .datev_settings import Settings
from .types import Books

ZERO = Decimal(0)
CENT = Decimal("0.01")
HUNDRED = Decimal(100)
#: The tax key that keeps an automatic account from computing tax.
NO_TAX = "40"


@dataclass(slots=True)
class Leg:
    """What an entry moves on one account, for one reason.

    :param str account: its number at DATEV; of a person for receivables and payables
    :param Decimal amount: in the company's currency, signed: positive is debit
    :param Decimal foreign: the same in `currency`; zero when that is the company's
    :param str key: tax key (BU-Schlüssel)
    :param bool computed: whether DATEV computes tax out of the amount, which then
        includes it
    """

    account: str
    amount: Decimal
    foreign: Decimal
    currency: str
    person: bool = False
    key: str = ""
    computed: bool = False
    label: str = ""
    partner: str = ""
    analytic: str = ""
    settles: str = ""
    due_date: date | None = None
    service_end: date | None = None

    def take(self, part, books):
        """Take a part of the amount, and as much of the foreign one.

        The last part gets what is left of the foreign amount, so that none is lost.

        :param Decimal part: in the company's currency
        :param Books books: knows how many decimals a currency has
        :return: the part of the foreign amount
        :rtype: Decimal
        """
        share = self.foreign if self.amount else ZERO
        if part != self.amount and share:
            unit = Decimal(1).scaleb(-books.digits(self.currency))
            share = (share * part / self.amount).quantize(unit, ROUND_HALF_UP)
        self.amount -= part
        self.foreign -= share
        return share


@dataclass(slots=True)
class _Builder:
    books: Books
    settings: Settings

    def build(self, entry, gross):
        """Return the legs of an entry that move something; they sum up to zero.

        :param bool gross: have DATEV compute the taxes that it can
        """
        lines = [line for line in entry.lines if line.balance]
        legs = []
        if gross:
            for code in self._computable(lines):
                taxed = self._taxed(lines, code)
                if taxed:
                    legs += taxed
                    lines = [line for line in lines if not _belongs(line, code)]
        legs += self._group(lines)
        return [leg for leg in legs if leg.amount]

    def _computable(self, lines):
        codes = dict.fromkeys(code for line in lines for code in line.taxes)
        return [code for code in codes if code in self.settings.tax_rates]

    def _taxed(self, lines, code):
        """Return the legs of one tax, gross; nothing where they would not be exact.

        DATEV rounds the tax of each row. What that differs from the tax that was
        booked, a few cents at most, becomes a leg of its own on the tax's account.
        """
        bases = [line for line in lines if line.taxes == (code,) and not line.tax]
        carriers = [line for line in lines if line.tax == code and not line.taxes]
        others = [line for line in lines if _belongs(line, code)]
        if len(others) != len(bases) + len(carriers):
            return []
        legs = self._group(bases)
        implied = [self.settings.automatic_accounts.get(leg.account) for leg in legs]
        if any(key not in (None, code) for key in implied):
            return []
        rate = self.settings.tax_rates[code] / HUNDRED
        taxes = [(leg.amount * rate).quantize(CENT, ROUND_HALF_UP) for leg in legs]
        booked = sum((line.balance for line in carriers), ZERO)
        accounts = {line.account.code for line in carriers}
        if abs(booked - sum(taxes)) > CENT * len(legs):
            return []
        if len(accounts) > 1 or (not accounts and any(taxes)):
            return []
        rest = self._pool(carriers, accounts, booked)
        for leg, key, tax in zip(legs, implied, taxes, strict=True):
            if tax:
                share = rest.take(tax, self.books)
                leg.foreign += share if leg.currency == rest.currency else ZERO
            leg.amount += tax
            leg.key = "" if key else code
            leg.computed = True
        return [*legs, *([rest] if rest else [])]

    def _pool(self, carriers, accounts, booked):
        if not accounts:
            return None
        currencies = {line.currency for line in carriers}
        foreign = sum((line.amount_currency for line in carriers), ZERO)
        currency = currencies.pop() if len(currencies) == 1 else self.books.currency
        if currency in ("", self.books.currency):
            currency, foreign = self.books.currency, ZERO
        return Leg(*accounts, booked, foreign, currency, label=carriers[0].label)

    def _group(self, lines):
        """Return a leg per account and reason."""
        legs, labels = {}, {}
        for line in lines:
            leg = self._leg(line)
            reason = (
                leg.account,
                leg.currency,
                line.kind,
                line.analytic,
                line.settles,
                line.due_date,
                line.service_start,
                line.service_end,
            )
            known = legs.setdefault(reason, leg)
            labels.setdefault(reason, {})[line.label] = None
            if known is not leg:
                known.amount += leg.amount
                known.foreign += leg.foreign
        for reason, leg in legs.items():
            if len(labels[reason]) > 1:
                leg.label = ""
        return list(legs.values())

    def _leg(self, line):
        person = self.settings.person_accounts and line.account.kind in (
            "receivable",
            "payable",
        )
        foreign = line.currency not in ("", self.books.currency)
        account = line.account.code
        if person:
            account = line.partner.number if line.partner else ""
        return Leg(
            account=account,
            amount=line.balance,
            foreign=line.amount_currency if foreign else ZERO,
            currency=line.currency if foreign else self.books.currency,
            person=person,
            key=NO_TAX if account in self.settings.automatic_accounts else "",
            label=line.label,
            partner=line.partner.name if line.partner else "",
            analytic=line.analytic,
            settles=line.settles,
            due_date=line.due_date if person else None,
            service_end=line.service_end,
        )


def _belongs(line, code):
    return code in line.taxes or line.tax == code


def legs_of(entry, books, settings, gross=True):
    """Return the legs of an entry that move something; they sum up to zero.

    :param Entry entry: the journal entry
    :param Books books: the frame of the export
    :param Settings settings: the choices
    :param bool gross: have DATEV compute the taxes that it can; else every line stands
        for itself, and automatic accounts get the key that keeps them from it
    :rtype: list[Leg]
    """
    return _Builder(books, settings).build(entry, gross)
