"""What keeps books from being written as plain text."""

import re
from decimal import Decimal

from .plain_names import TREE
from .types import ERROR, Problem, _lt

# English texts, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
UNBALANCED = _lt("%(entry)s does not balance.")
NO_NUMBER = _lt("Account %(name)s has no number.")
UNKNOWN_KIND = _lt("Account %(account)s is of an unknown kind: %(kind)s.")
WRONG_CURRENCY = _lt(
    "“%(currency)s” is not the code of a currency: it takes capital letters."
)
ONE_NAME = _lt("The accounts %(account)s and %(other)s would both be called %(name)s.")

CURRENCY = re.compile(r"[A-Z]{2,24}")


def check_entry(entry):
    """Yield what is wrong with an entry.

    :rtype: Iterator[Problem]
    """
    if sum((line.balance for line in entry.lines), Decimal(0)):
        yield Problem(
            ERROR,
            UNBALANCED,
            {"entry": entry.name},
            entry=entry,
        )
    for line in entry.lines:
        yield from _check_account(line.account, entry)
        yield from check_currency(line.currency, entry)


def _check_account(account, entry):
    if not account.code:
        yield Problem(
            ERROR,
            NO_NUMBER,
            {"name": account.name or account.own_code},
            entry=entry,
            account=account,
        )
    elif account.kind not in TREE:
        yield Problem(
            ERROR,
            UNKNOWN_KIND,
            {"account": account.code, "kind": account.kind},
            entry=entry,
            account=account,
        )


def check_currency(currency, entry=None):
    """Yield a problem when a currency is not written in capital letters.

    :rtype: Iterator[Problem]
    """
    if currency and not CURRENCY.fullmatch(currency):
        yield Problem(
            ERROR,
            WRONG_CURRENCY,
            {"currency": currency},
            entry=entry,
        )


def check_names(books, name_of):
    """Yield a problem for each two accounts that would get one name.

    :param name_of: function of an account that returns its name in the file
    :rtype: Iterator[Problem]
    """
    yield from check_currency(books.currency)
    names = {}
    for account in books.accounts:
        if not account.code or account.kind not in TREE:
            continue
        other = names.setdefault(name_of(account), account)
        if other.code != account.code:
            yield Problem(
                ERROR,
                ONE_NAME,
                {
                    "account": account.code,
                    "other": other.code,
                    "name": name_of(account),
                },
                account=account,
            )
