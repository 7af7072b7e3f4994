"""The master files that go before the bookings: person accounts and account labels."""

import re

from . import datev_fields as fields
from .datev_columns import ACCOUNT, BLANK_PARTNER, PARTNER
from .datev_header import ACCOUNTS, PARTNERS, header

#: Kinds of accounts that DATEV keeps per person.
PERSONAL = ("receivable", "payable")
#: What DATEV calls a company, and an address with a street.
COMPANY, STREET = '"2"', '"STR"'


def partners(books, settings):
    """Yield the lines of the debtors and creditors that have a number.

    :rtype: Iterator[bytes]
    """
    yield header(PARTNERS, books, settings)
    yield fields.line(PARTNER)
    for partner in _numbered(books):
        yield fields.line(_partner(partner, settings))


def _numbered(books):
    """Yield one partner per number."""
    seen = set()
    for partner in books.partners:
        if partner.number and partner.number not in seen:
            seen.add(partner.number)
            yield partner


def _partner(partner, settings):
    cells = list(BLANK_PARTNER)
    cells[0] = partner.number
    for column, (value, limit) in partner_texts(partner).items():
        cells[column - 1] = fields.text(value, limit, settings)
    cells[6] = COMPANY
    if partner.street:
        cells[14] = STREET
    if partner.street or partner.city:
        cells[25] = "1"
    return cells


def partner_texts(partner):
    """Return the texts of a partner and how long they may be, by column.

    :rtype: dict[int, tuple[str, int]]
    """
    country, vat = vat_number(partner.vat)
    return {
        2: (partner.name, 50),
        8: (partner.name[:15], 15),
        9: (country, 2),
        10: (vat, 13),
        16: (partner.street, 36),
        18: (partner.zip, 10),
        19: (partner.city, 30),
        20: (partner.country, 2),
        33: (partner.email, 60),
    }


def vat_number(vat):
    """Split a VAT number of the EU into its country and the rest.

    :return: two texts; both are empty where the number has no country in front
    :rtype: tuple
    """
    plain = re.sub(r"[^A-Za-z0-9]", "", vat or "").upper()
    found = re.fullmatch(r"([A-Z]{2})([A-Z0-9]{2,13})", plain)
    return found.groups() if found else ("", "")


def accounts(books, settings):
    """Yield the lines of what the accounts are called.

    :rtype: Iterator[bytes]
    """
    yield header(ACCOUNTS, books, settings)
    yield fields.line(ACCOUNT)
    for account in labelled(books, settings):
        yield fields.line(
            [
                account.code,
                fields.text(account.name, 40, settings),
                '"de-DE"',
                fields.text(account.name, 300, settings),
            ]
        )


def labelled(books, settings):
    """Return the accounts that are booked on; persons stand for the others.

    :rtype: list[Account]
    """
    return [
        account
        for account in books.accounts
        if not (settings.person_accounts and account.kind in PERSONAL)
    ]
