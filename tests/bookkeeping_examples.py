"""Made-up books for the tests of the bookkeeping writers, pure as these are."""

import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

# Importing `bitpaket_billing` itself would import Odoo.
sys.path.append(str(Path(__file__).resolve().parents[1] / "bitpaket_billing"))

from bookkeeping import Account, Books, Entry, Line, Partner

# A busy machine is no failure, and a run leaves nothing behind.
settings.register_profile("bookkeeping", deadline=None, database=None)
settings.load_profile("bookkeeping")

RECEIVABLE = Account("1400", "Receivables", "receivable", "140000")
REVENUE = Account("8400", "Revenue storage", "income", "400000")
TRANSFER = Account("8410", "Revenue transfer", "income", "400001")
VAT = Account("1776", "VAT 19 %", "liability", "251000")
BANK = Account("1200", "Bank", "bank", "101000")
CLEARING = Account("1361", "FastSpring clearing", "bank", "101001")
FEES = Account("4970", "Fees", "expense", "600000")
ACCOUNTS = (RECEIVABLE, REVENUE, TRANSFER, VAT, BANK, CLEARING, FEES)

CUSTOMER = Partner(1, "Müller & Söhne", "10001", "DE123", country="DE")
FASTSPRING = Partner(2, "FastSpring", "10002", country="US")

CREATED = datetime(2026, 11, 2, 8, 9, 10)


def make_books(**values):
    return Books(
        **{
            "reference": "EXP/2026/0001",
            "company": "BitPaket",
            "currency": "EUR",
            "start": date(2026, 10, 1),
            "end": date(2026, 11, 1),
            "created": CREATED,
            "fiscal_year_start": date(2026, 1, 1),
            "currencies": {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3},
            "accounts": ACCOUNTS,
            "partners": (CUSTOMER, FASTSPRING),
            "user": "Ada",
            **values,
        }
    )


def debit(account, amount, **values):
    return Line(account, Decimal(amount), Decimal(0), **values)


def credit(account, amount, **values):
    return Line(account, Decimal(0), Decimal(amount), **values)


def make_invoice(number=1, **values):
    """Return an invoice of 100.00 storage, 50.01 transfer, 28.50 tax."""
    due = date(2026, 10, 15)
    lines = (
        debit(RECEIVABLE, "178.51", label="Due", partner=CUSTOMER, due_date=due),
        credit(
            REVENUE,
            "100.00",
            label="=Storage, 5 TB",
            partner=CUSTOMER,
            taxes=("19",),
            kind="storage",
            service_start=date(2026, 9, 1),
            service_end=date(2026, 10, 1),
        ),
        credit(TRANSFER, "50.01", label="Transfer", taxes=("19",), kind="transfer"),
        credit(VAT, "28.50", label="19 %", tax="19", kind="tax"),
    )
    return Entry(
        **{
            "id": 40 + number,
            "name": f"INV/2026/{number:05}",
            "date": date(2026, 10, 1),
            "journal": "INV",
            "journal_name": "Invoices",
            "kind": "invoice",
            "reference": "FS-1",
            "lines": lines,
            **values,
        }
    )


def make_credit_note(number=1, **values):
    """Return a credit note of 10.00 storage and 1.90 tax."""
    lines = (
        credit(RECEIVABLE, "11.90", label="Back", partner=CUSTOMER),
        debit(REVENUE, "10.00", label="Storage", taxes=("19",), kind="storage"),
        debit(VAT, "1.90", label="19 %", tax="19", kind="tax"),
    )
    return make_invoice(
        **{
            "id": 60 + number,
            "name": f"RINV/2026/{number:05}",
            "date": date(2026, 10, 5),
            "kind": "credit_note",
            "reverses": "INV/2026/00001",
            "lines": lines,
            **values,
        }
    )


def make_payout(number=1, **values):
    """Return a payout of 110.00 USD, booked at 100.00 EUR, with 3.00 fees."""
    lines = (
        debit(BANK, "97.00", label="Payout"),
        debit(FEES, "3.00", label="Fees", partner=FASTSPRING, kind="fee"),
        credit(
            CLEARING,
            "100.00",
            label="+Payout",
            partner=FASTSPRING,
            amount_currency=Decimal("-110.00"),
            currency="USD",
        ),
    )
    return Entry(
        **{
            "id": 80 + number,
            "name": f"FS/2026/{number:05}",
            "date": date(2026, 10, 31),
            "journal": "FS",
            "journal_name": "FastSpring",
            "kind": "payout",
            "lines": lines,
            **values,
        }
    )


YEAR = (make_invoice(1), make_invoice(2), make_credit_note(), make_payout())


def read_files(form, books, entries):
    """Return what a format writes: bytes by file name.

    :param Format form:
    """
    files = {}
    last = None
    for name, chunk in form.write(books, iter(entries)):
        assert name == last or name not in files, "pieces of a file are apart"
        files[name] = files.get(name, b"") + chunk
        last = name
    return files


def sums_of(entries):
    """Return debit and credit by account code."""
    found = {}
    for entry in entries:
        for line in entry.lines:
            pair = found.get(line.account.code, (Decimal(0), Decimal(0)))
            found[line.account.code] = (pair[0] + line.debit, pair[1] + line.credit)
    return found


amounts = st.decimals("-99999.99", "99999.99", places=2)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@st.composite
def lists_of_entries(draw, size=8, lines=6):
    """Draw balanced entries with odd texts, zeros and a foreign currency."""
    entries = []
    for number in range(draw(st.integers(0, size))):
        drawn = draw(st.lists(amounts, min_size=1, max_size=lines - 1))
        drawn.append(-sum(drawn, Decimal(0)))
        made = []
        for amount in drawn:
            make = debit if amount >= 0 else credit
            values = {"label": draw(texts), "partner": CUSTOMER}
            if draw(st.booleans()):
                values |= {"currency": "USD", "amount_currency": 2 * amount}
            account = draw(st.sampled_from(ACCOUNTS))
            made.append(make(account, abs(amount), **values))
        entries.append(
            Entry(
                number + 1,
                f"MISC/2026/{number + 1:04}",
                date(2026, 10, 1) + timedelta(days=number),
                "MISC",
                tuple(made),
                reference=draw(texts),
            )
        )
    return entries
