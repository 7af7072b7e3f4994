"""Beancount: a text file that says of itself whether the books are right."""

import functools
import re
import unicodedata
from decimal import Decimal

from .plain_check import check_entry, check_names
from .plain_names import (
    TREE,
    clean,
    facts,
    is_foreign,
    line_facts,
    number,
    payee,
    posting,
)
from .types import Format

#: Accounts are opened before anything can have been booked on them.
OPENED = "1970-01-01"


def write(books, entries):
    """Yield a file of transactions, each account opened before its first one.

    Options: `declarations` (default: true) writes the title, the currencies and the
    accounts; without, the file is one to include after another that has them.
    `account_names` (default: true) puts the names of accounts behind their numbers.

    :param Books books: the frame of the export
    :param Iterable entries: journal entries that `check` found no errors in
    :return: pairs of file name and bytes
    :rtype: Iterator[tuple[str, bytes]]
    """
    file = f"{_slug(books.reference)}.beancount"
    declared = books.options.get("declarations", True)
    named = books.options.get("account_names", True)
    known = set()
    yield file, f"; {clean(books.company)}, {clean(books.reference)}\n".encode()
    if declared:
        yield file, _head(books).encode()
        yield file, _declare(books, books.accounts, (), named, known)
    for entry in entries:
        if declared:
            accounts = [line.account for line in entry.lines]
            currencies = [line.currency for line in entry.lines]
            yield file, _declare(books, accounts, currencies, named, known)
        yield file, _transaction(entry, books, named).encode()


def _head(books):
    return (
        f'option "title" {quote(books.company)}\n'
        f'option "operating_currency" {quote(books.currency)}\n\n'
    )


def _declare(books, accounts, currencies, named, known):
    """Return directives for the currencies and accounts that have none yet.

    :rtype: bytes
    """
    text = ""
    for code in (books.currency, *currencies):
        if code and code not in known:
            known.add(code)
            text += f"{OPENED} commodity {code}\n"
    for account in accounts:
        name = account_name(account, named)
        if name not in known:
            known.add(name)
            text += f"{OPENED} open {name}\n"
            text += f"  number: {quote(account.code)}\n  name: {quote(account.name)}\n"
            if account.own_code not in ("", account.code):
                text += f"  own-number: {quote(account.own_code)}\n"
    return f"{text}\n".encode() if text else b""


@functools.lru_cache(maxsize=4096)
def account_name(account, named=True):
    """Return what an account is called, such as `Assets:Receivable:1400-Debtors`.

    :param Account account: the account
    :param bool named: whether its name is part of it
    :rtype: str
    """
    parts = [account.code, account.name] if named else [account.code]
    leaf = "-".join(filter(None, map(_letters, parts)))
    if not leaf or unicodedata.category(leaf[0]) not in ("Lu", "Nd"):
        leaf = f"A-{leaf}".rstrip("-")
    return ":".join((*TREE[account.kind], leaf))


def _letters(value):
    """Return letters and digits, and one hyphen for all that is between them."""
    value = unicodedata.normalize("NFKC", value)
    kept = [char if unicodedata.category(char) in _ALLOWED else " " for char in value]
    return "-".join("".join(kept).split())


_ALLOWED = ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd")


def quote(value):
    """Return a text between quotes."""
    value = clean(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _slug(value):
    """Return a text as file names, tags and links take it: ASCII letters and digits."""
    value = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.]+", "-", value).strip("-.") or "books"


def _transaction(entry, books, named):
    about = clean(" ".join(filter(None, (entry.name, entry.narration))))
    lines = [
        f"{entry.date} * {quote(payee(entry))} {quote(about)}"
        f" #{_slug(books.reference)} ^{_slug(entry.name)}",
        *_metadata([("entry", entry.name), *facts(entry)], "  "),
    ]
    for line in entry.lines:
        amount, worth = posting(line, books)
        cost = f" @@ {worth}" if worth else ""
        lines.append(f"  {account_name(line.account, named)}  {amount}{cost}")
        lines += _metadata(line_facts(line, books), "    ")
    if entry.lines and all(is_foreign(line, books) for line in entry.lines):
        # Beancount makes a rate of each total, with 28 digits. Only amounts in the
        # company's currency tell it that less than half a cent is none.
        nothing = number(Decimal(0), books.digits(books.currency))
        account = account_name(entry.lines[0].account, named)
        lines.append(f"  {account}  {nothing} {books.currency}")
    return "\n".join(lines) + "\n\n"


def _metadata(pairs, indent):
    return [f"{indent}{name}: {quote(value)}" for name, value in pairs if value]


def check(books, entry):
    """Yield what is wrong with an entry, or with the books when it is None.

    :rtype: Iterator[Problem]
    """
    if entry is None:
        named = books.options.get("account_names", True)
        yield from check_names(books, lambda account: account_name(account, named))
    else:
        yield from check_entry(entry)


FORMAT = Format("beancount", "Beancount", write, check)
