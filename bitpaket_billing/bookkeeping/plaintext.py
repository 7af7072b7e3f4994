"""hledger and ledger: one journal that both take with all their checks switched on."""

import functools
import re

from .plain_check import check_entry, check_names
from .plain_names import FACTS, TREE, clean, facts, line_facts, payee, posting
from .types import Format

# What either program would read as something else: comments, tags with dates, and
# dates in brackets.
_COMMENT = str.maketrans({";": ",", "[": "(", "]": ")"})
_DATE_TAG = re.compile(r"(date2?):", re.IGNORECASE)


def _write(ending, books, entries):
    """Yield a journal: each account and currency is declared before it is used.

    :param str ending: of the file's name
    :param Books books: the frame of the export
    :param Iterable entries: journal entries that `check` found no errors in
    :return: pairs of file name and bytes
    :rtype: Iterator[tuple[str, bytes]]
    """
    reference = re.sub(r"[^\w.-]+", "-", clean(books.reference)).strip("-.")
    file = f"{reference or 'books'}.{ending}"
    known = set()
    yield file, _head(books).encode()
    yield file, _accounts(books.accounts, known).encode()
    for entry in entries:
        currencies = [books.currency, *(line.currency for line in entry.lines)]
        yield file, _commodities(currencies, books, known).encode()
        yield file, _accounts([line.account for line in entry.lines], known).encode()
        yield file, _transaction(entry, books).encode()


def _head(books):
    tags = "".join(f"tag {name}\n" for name in FACTS)
    return f"; {clean(books.company)}, {clean(books.reference)}\n\n{tags}\n"


def _block(text):
    return f"{text}\n" if text else ""


def _commodities(currencies, books, known):
    text = ""
    for code in currencies:
        if code and code not in known:
            known.add(code)
            text += f"commodity {code}\n"
            # The programs disagree how to write a format without decimals.
            if digits := books.digits(code):
                text += f"    format 1000.{'0' * digits} {code}\n"
    return _block(text)


def _accounts(accounts, known):
    text = ""
    for account in accounts:
        name = account_name(account)
        if name not in known:
            known.add(name)
            text += f"account {name}\n"
    return _block(text)


@functools.lru_cache(maxsize=4096)
def account_name(account):
    """Return what an account is called, such as `Assets:Receivable:1400 Debtors`.

    :rtype: str
    """
    leaf = f"{account.code} {account.name}".translate(_COMMENT).replace(":", "-")
    return ":".join((*TREE[account.kind], clean(leaf)))


def _transaction(entry, books):
    code = _text(entry.name or str(entry.id)).replace("(", "<").replace(")", ">")
    payee_ = _text(payee(entry)).replace("|", "/")
    lines = [
        f"{entry.date} * ({code}) {payee_} | {_text(entry.narration or entry.name)}",
        *_tags(facts(entry)),
    ]
    for line in entry.lines:
        amount, worth = posting(line, books)
        cost = f" @@ {worth}" if worth else ""
        lines.append(f"    {account_name(line.account)}  {amount}{cost}")
        lines += _tags(line_facts(line, books))
    return "\n".join(lines) + "\n\n"


def _tags(pairs):
    return [f"    ; {name}: {_text(value)}" for name, value in pairs if value]


def _text(value):
    """Return a text that neither program takes for more than a text."""
    return _DATE_TAG.sub(r"\1 :", clean(value).translate(_COMMENT))


def check(books, entry):
    """Yield what is wrong with an entry, or with the books when it is None.

    :rtype: Iterator[Problem]
    """
    if entry is None:
        yield from check_names(books, account_name)
    else:
        yield from check_entry(entry)


HLEDGER = Format("hledger", "hledger", functools.partial(_write, "journal"), check)
LEDGER = Format("ledger", "Ledger", functools.partial(_write, "ledger"), check)
