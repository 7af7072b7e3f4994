"""An entry as rows of account and contra account, and a row as bytes.

A journal entry has any number of lines; a row of DATEV moves one amount between two
accounts. Whatever the entry, the rows move on each account what its lines move.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from . import datev_fields as fields
from .datev_columns import BLANK_BOOKING
from .datev_legs import ZERO, Leg, legs_of

RATE = re.compile(r"[1-9]\d{0,3},\d{2,6}")
MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Row:
    """One amount, moved between two accounts.

    :param Decimal amount: in the company's currency, positive
    :param bool debit: whether `account` is the debit side
    :param Decimal foreign: the amount in `currency`, positive; zero: unknown
    """

    amount: Decimal
    debit: bool
    account: Leg
    contra: Leg
    foreign: Decimal = ZERO
    currency: str = ""

    @property
    def key(self):
        """The tax key (BU-Schlüssel)."""
        return self.contra.key or self.account.key

    @property
    def legs(self):
        return (self.account, self.contra)


def rows_of(entry, books, settings):
    """Return the rows of an entry.

    Legs whose tax DATEV computes are not divided, since it rounds per row: all of them
    are booked against one leg without tax. The others are matched in their order.

    :rtype: list[Row]
    """
    legs = legs_of(entry, books, settings)
    pivot = _pivot(legs)
    if pivot is None and any(leg.computed for leg in legs):
        legs = legs_of(entry, books, settings, gross=False)
    rows = []
    for leg in legs:
        if leg.computed:
            rows.append(_taxed_row(leg, pivot))
    free = [leg for leg in legs if not leg.computed]
    return rows + _match(free, books)


def _pivot(legs):
    """Return the leg to book taxed ones against: a person's first, then the largest."""
    taxed = {leg.account for leg in legs if leg.computed}
    plain = [leg for leg in legs if not leg.key and leg.account not in taxed]
    return max(plain, key=lambda leg: (leg.person, abs(leg.amount)), default=None)


def _taxed_row(leg, pivot):
    foreign = leg.foreign if leg.amount > 0 else -leg.foreign
    pivot.amount += leg.amount
    if leg.currency == pivot.currency:
        pivot.foreign += leg.foreign
    return Row(
        abs(leg.amount), leg.amount < 0, pivot, leg, *_shown((foreign, leg.currency))
    )


def _match(legs, books):
    """Return rows that bring every leg to zero, debits against credits."""
    rows = []
    debits = [leg for leg in legs if leg.amount > 0]
    credits = [leg for leg in legs if leg.amount < 0]
    for debit, credit in _equal(debits, credits):
        rows += _moves(debit, credit, debit.amount, books)
    debits.reverse()
    credits.reverse()
    while debits and credits:
        debit, credit = debits[-1], credits[-1]
        part = min(debit.amount, -credit.amount)
        if part:
            rows += _moves(debit, credit, part, books)
        if not debit.amount:
            debits.pop()
        if not credit.amount:
            credits.pop()
    return rows


def _equal(debits, credits):
    """Yield the pairs that match as they are, each leg once."""
    waiting = {}
    for credit in credits:
        waiting.setdefault(-credit.amount, []).append(credit)
    for debit in debits:
        if waiting.get(debit.amount):
            yield debit, waiting[debit.amount].pop(0)


def _moves(debit, credit, part, books):
    """Take a part of both legs, and return its row; none within one account."""
    whole = debit.amount == part
    taken = debit.take(part, books), credit.take(-part, books)
    if debit.account == credit.account:
        return []
    amounts = [(taken[0], debit.currency), (-taken[1], credit.currency)]
    foreign = _shown(*(amounts if whole else reversed(amounts)))
    if debit.key and not credit.key:
        return [Row(part, False, credit, debit, *foreign)]
    return [Row(part, True, debit, credit, *foreign)]


def _shown(*amounts):
    """Return the first foreign amount that is one, on the side of the row's own."""
    return next((pair for pair in amounts if pair[0] > 0), (ZERO, ""))


def render(row, entry, books, settings):
    """Return a row as a line of the file, in bytes.

    :rtype: bytes
    """
    cells = list(BLANK_BOOKING)
    info = _notes(entry)
    rate = _rate(row, books, settings)
    if rate:
        cells[0] = fields.amount(row.foreign)
        cells[2] = fields.quote(row.currency)
        cells[3] = rate
        cells[4] = fields.amount(row.amount)
        cells[5] = fields.quote(books.currency)
    else:
        cells[0] = fields.amount(row.amount)
        if row.foreign:
            info.append(("Fremdwährung", f"{row.foreign:f} {row.currency}"))
    cells[1] = '"S"' if row.debit else '"H"'
    cells[6] = row.account.account
    cells[7] = row.contra.account
    cells[8] = fields.quote(row.key)
    cells[9] = fields.day_month(entry.date)
    cells[10] = fields.quote(fields.document_number(document(row, entry)))
    cells[13] = fields.text(text(row, entry), 60, settings)
    for place, (kind, content) in enumerate(info):
        cells[20 + 2 * place] = fields.text(kind, 20, settings)
        cells[21 + 2 * place] = fields.text(content, 210, settings)
    cells[36] = fields.text(_first(row, "analytic"), 36, settings)
    cells[113] = str(int(settings.locked))
    _dates(cells, row, entry, settings)
    return fields.line(cells)


def _notes(entry):
    """Return what goes into Beleginfo: pairs of kind and content."""
    notes = {
        "Buchung": entry.name,
        "Journal": entry.journal,
        "Referenz": entry.reference,
        "Storno zu": entry.reverses,
    }
    return [(kind, content) for kind, content in notes.items() if content]


def texts_of(row, entry):
    """Yield the texts of a row, and how long they may be.

    :rtype: Iterator[tuple[str, int]]
    """
    yield text(row, entry), 60
    yield _first(row, "analytic"), 36
    for _kind, content in _notes(entry):
        yield content, 210


def _dates(cells, row, entry, settings):
    end = _first(row, "service_end")
    if settings.service_dates and end:
        cells[114] = fields.day_month_year(end.fromordinal(end.toordinal() - 1))
        cells[115] = fields.day_month_year(entry.date)
    cells[116] = fields.day_month_year(_first(row, "due_date"))


def _first(row, name):
    return getattr(row.account, name) or getattr(row.contra, name)


def document(row, entry):
    """Return what Belegfeld 1 says: the invoice that is paid, else the entry."""
    return _first(row, "settles") or entry.name


def text(row, entry):
    """Return what Buchungstext says: what it is for, else who, else the entry.

    :rtype: str
    """
    plain = sorted(row.legs, key=lambda leg: leg.person)
    texts = [leg.label for leg in plain] + [leg.partner for leg in plain]
    texts += [entry.narration, entry.name]
    return next(filter(None, map(fields.clean, texts)), "")


def _rate(row, books, settings):
    """Return units of foreign currency per unit of the company's, or nothing.

    DATEV takes rates from 1 up, with six decimals; others cannot be given.
    """
    if not (settings.foreign_amounts and row.foreign):
        return ""
    if books.digits(row.currency) > 2 or row.foreign >= fields.MAX_AMOUNT:
        return ""
    rate = (row.foreign / row.amount).quantize(MICRO, ROUND_HALF_UP)
    written = f"{rate:f}".replace(".", ",")
    return written if RATE.fullmatch(written) else ""
