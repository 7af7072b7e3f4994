"""What plain-text bookkeeping has in common: the tree of accounts, and the amounts."""

import unicodedata

#: Kind of account → where it stands in the tree.
TREE = {
    "asset": ("Assets", "Other"),
    "receivable": ("Assets", "Receivable"),
    "bank": ("Assets", "Bank"),
    "liability": ("Liabilities", "Other"),
    "payable": ("Liabilities", "Payable"),
    "equity": ("Equity",),
    "income": ("Income",),
    "expense": ("Expenses",),
}


def clean(value):
    """Return a text on one line, without control characters.

    :rtype: str
    """
    if not value.isprintable():
        value = "".join(
            " " if unicodedata.category(char)[0] in "CZ" else char for char in value
        )
    return " ".join(value.split())


def number(value, digits):
    """Return an amount with its currency's decimals, and all that it has beyond.

    :rtype: str
    """
    digits = max(digits, -value.as_tuple().exponent)
    return f"{value + 0:.{digits}f}"


def posting(line, books):
    """Return the amount of a line, and what it is worth in the company's currency.

    The worth is a total, not a rate, so that an entry balances to the cent. A foreign
    amount that has no worth, or one of the other sign, cannot be written that way; the
    line then stands in the company's currency.

    :return: amount with currency, and worth or nothing
    :rtype: tuple[str, str]
    """
    worth = number(line.balance, books.digits(books.currency))
    own = f"{worth} {books.currency}"
    if not is_foreign(line, books):
        return own, ""
    amount = number(line.amount_currency, books.digits(line.currency))
    return f"{amount} {line.currency}", own.lstrip("-")


def is_foreign(line, books):
    """Return whether a line can be written in a foreign currency."""
    return (
        line.currency not in ("", books.currency)
        and line.balance * line.amount_currency > 0
    )


def payee(entry):
    """Return whom an entry is about: its first partner, else its journal.

    :rtype: str
    """
    names = (line.partner.name for line in entry.lines if line.partner)
    return clean(next(names, "") or entry.journal_name or entry.journal)


def facts(entry):
    """Yield what is worth keeping of an entry, as names and texts.

    :rtype: Iterator[tuple[str, str]]
    """
    yield "id", str(entry.id)
    yield "journal", entry.journal
    yield "kind", entry.kind
    yield "reference", entry.reference
    yield "reverses", entry.reverses
    yield "document-date", entry.document_date and entry.document_date.isoformat()


def line_facts(line, books):
    """Yield what is worth keeping of a line, as names and texts.

    :rtype: Iterator[tuple[str, str]]
    """
    yield "label", line.label
    yield "partner", line.partner.number or line.partner.name if line.partner else ""
    yield "taxes", " ".join(line.taxes)
    yield "tax", line.tax
    yield "due", line.due_date and line.due_date.isoformat()
    yield "service-start", line.service_start and line.service_start.isoformat()
    yield "service-end", line.service_end and line.service_end.isoformat()
    yield "settles", line.settles
    yield "matching", line.matching
    yield "analytic", line.analytic
    if (
        line.amount_currency
        and line.currency not in ("", books.currency)
        and not is_foreign(line, books)
    ):
        amount = number(line.amount_currency, books.digits(line.currency))
        yield "amount", f"{amount} {line.currency}"


#: Every name that `facts` and `line_facts` give.
FACTS = (
    "id",
    "journal",
    "kind",
    "reference",
    "reverses",
    "document-date",
    "label",
    "partner",
    "taxes",
    "tax",
    "due",
    "service-start",
    "service-end",
    "settles",
    "matching",
    "analytic",
    "amount",
)
