"""What keeps books from going to DATEV, and what their reader should know."""

import re
from decimal import Decimal

from . import datev_fields as fields
from . import datev_texts as texts
from .datev_masters import labelled, partner_texts
from .datev_periods import fiscal_year
from .datev_rows import document, rows_of, texts_of
from .datev_settings import read
from .types import ERROR, WARNING, Problem

DEBTOR, CREDITOR = "123456", "789"


def check(books, entry):
    """Yield what is wrong with an entry, or with the books when it is None.

    :param Books books: the frame of the export
    :param Entry entry: a journal entry, or None
    :rtype: Iterator[Problem]
    """
    settings = read(books)
    if entry is None:
        yield from _check_settings(books, settings)
        yield from _check_masters(books, settings)
    else:
        yield from _check_entry(books, settings, entry)


def _check_settings(books, settings):
    for problem, holds in (
        (texts.NO_CONSULTANT, 1001 <= settings.consultant <= 9999999),
        (texts.NO_CLIENT, 1 <= settings.client <= 99999),
        (texts.WRONG_LENGTH, 4 <= settings.account_length <= 8),
        (texts.WRONG_CHART, re.fullmatch(r"([0-9]{2})?", settings.chart)),
        (texts.WRONG_INITIALS, re.fullmatch(r"([A-Z]{2})?", settings.initials)),
    ):
        if not holds:
            yield Problem(ERROR, problem)
    if books.digits(books.currency) > 2:
        yield Problem(ERROR, texts.CURRENCY_DECIMALS, {"currency": books.currency})
    for key, rate in (books.options.get("tax_rates") or {}).items():
        if not re.fullmatch(r"[0-9]{1,4}", key):
            yield Problem(ERROR, texts.WRONG_KEY, {"key": key})
        if key not in settings.tax_rates:
            yield Problem(ERROR, texts.WRONG_RATE, {"key": key, "rate": rate})


def _check_masters(books, settings):
    if not settings.masters:
        return
    for account in labelled(books, settings):
        for problem in _check_account(account, settings):
            yield Problem(*problem, account=account)
        for problem in _check_text(account.name, 300, settings):
            yield Problem(*problem, account=account)
    numbers = {}
    for partner in books.partners:
        if not partner.number:
            continue
        if not _is_person_account(partner.number, settings, DEBTOR + CREDITOR):
            yield Problem(*_bad_number(partner, settings), partner=partner)
        other = numbers.setdefault(partner.number, partner)
        if other is not partner and other.id != partner.id:
            yield Problem(
                ERROR,
                texts.NUMBER_TWICE,
                {
                    "partner": partner.name,
                    "other": other.name,
                    "number": partner.number,
                },
                partner=partner,
            )
        for value, limit in partner_texts(partner).values():
            for problem in _check_text(value, limit, settings):
                yield Problem(*problem, partner=partner)


def _check_account(account, settings):
    """Yield what is wrong with the number of a general ledger account."""
    code, length = account.code, settings.account_length
    values = {"account": code or account.own_code, "name": account.name}
    if not code:
        yield ERROR, texts.NO_NUMBER, values
    elif not (code.isascii() and code.isdigit()) or not int(code):
        yield (
            ERROR,
            texts.NOT_DIGITS,
            values,
        )
    elif len(code) != length:
        yield (
            ERROR,
            texts.WRONG_DIGITS,
            {**values, "digits": len(code), "length": length},
        )


def _check_entry(books, settings, entry):
    if sum((line.balance for line in entry.lines), Decimal(0)):
        yield Problem(ERROR, texts.UNBALANCED, _named(entry), entry=entry)
        return
    for line in entry.lines:
        for problem in _check_line(line, settings):
            yield Problem(
                *problem, entry=entry, account=line.account, partner=line.partner
            )
    if not fields.document_number(entry.name):
        yield Problem(ERROR, texts.NO_NAME, entry=entry)
    start, end = fiscal_year(books, books.start)
    if not start <= entry.date < end:
        yield Problem(
            WARNING,
            texts.OTHER_YEAR,
            _named(entry),
            entry=entry,
        )
    rows = rows_of(entry, books, settings)
    for problem in _check_rows(rows, entry, settings):
        yield Problem(*problem, entry=entry)


def _named(entry):
    return {"entry": entry.name}


def _check_line(line, settings):
    if not line.balance:
        if line.amount_currency:
            yield (
                WARNING,
                texts.LEFT_OUT,
                {
                    "amount": line.amount_currency,
                    "currency": line.currency,
                    "account": line.account.code,
                },
            )
    elif settings.person_accounts and line.account.kind in ("receivable", "payable"):
        yield from _check_person(line, settings)
    else:
        yield from _check_account(line.account, settings)


def _check_person(line, settings):
    debtor = line.account.kind == "receivable"
    if not line.partner:
        yield (
            ERROR,
            texts.NO_PARTNER,
            {"account": line.account.code},
        )
    elif not line.partner.number:
        yield (
            ERROR,
            texts.NO_DEBTOR if debtor else texts.NO_CREDITOR,
            {"partner": line.partner.name},
        )
    elif not _is_person_account(
        line.partner.number, settings, DEBTOR if debtor else CREDITOR
    ):
        yield _bad_number(line.partner, settings, debtor)


def _is_person_account(number, settings, first_digits):
    digits = number.isascii() and number.isdigit()
    length = settings.account_length + 1
    return digits and len(number) == length and number[0] in first_digits


def _bad_number(partner, settings, debtor=None):
    digits = {True: "1 to 6", False: "7 to 9", None: "1 to 9"}[debtor]
    return (
        ERROR,
        texts.WRONG_PERSON,
        {
            "partner": partner.name,
            "number": partner.number,
            "length": settings.account_length + 1,
            "digits": digits,
        },
    )


def _check_rows(rows, entry, settings):
    if not rows:
        yield WARNING, texts.NOTHING, _named(entry)
    if len(rows) > fields.MAX_ROWS:
        yield (
            ERROR,
            texts.TOO_MANY_ROWS,
            _named(entry),
        )
    if any(row.amount >= fields.MAX_AMOUNT for row in rows):
        yield (
            ERROR,
            texts.TOO_MUCH,
            _named(entry),
        )
    if any(row.amount.as_tuple().exponent < -2 for row in rows):
        yield ERROR, texts.TOO_MANY_DECIMALS, _named(entry)
    if _openly_taxed(rows, entry):
        yield (
            WARNING,
            texts.OPEN_TAX,
            _named(entry),
        )
    written = (pair for row in rows for pair in texts_of(row, entry))
    for value, limit in dict.fromkeys(written):
        yield from _check_text(value, limit, settings)
    for number in dict.fromkeys(document(row, entry) for row in rows):
        if len(fields.clean(number)) > 36:
            yield (
                WARNING,
                texts.NUMBER_CUT,
                {"number": number},
            )


def _openly_taxed(rows, entry):
    taxed = any(line.tax and line.balance for line in entry.lines)
    return taxed and not any(leg.computed for row in rows for leg in row.legs)


def _check_text(value, limit, settings):
    unknown = fields.unknown_characters(value)
    if unknown:
        values = {"text": fields.clean(value), "characters": unknown}
        if settings.transliterate:
            yield (
                WARNING,
                texts.SIMILAR,
                values,
            )
        else:
            yield (
                ERROR,
                texts.UNKNOWN_CHARACTERS,
                values,
            )
    elif len(fields.clean(value)) > limit:
        yield (
            WARNING,
            texts.TEXT_CUT,
            {"text": fields.clean(value), "limit": limit},
        )
