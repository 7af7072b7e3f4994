"""Sums and fingerprints of what is exported."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.bitpaket_billing.bookkeeping import (
    Account,
    Entry,
    Line,
    Partner,
    Proof,
    fingerprint,
    imbalance,
)

BANK = Account("1200", "Bank", "bank", "1200")
SALES = Account("8400", "Sales", "income", "8400")


def make_entry(*lines, **values):
    lines = lines or (
        Line(BANK, Decimal("12.50"), Decimal(0), label="Invoice"),
        Line(SALES, Decimal(0), Decimal("12.50"), label="Invoice"),
    )
    values = {"id": 1, "name": "INV/1", "date": date(2026, 10, 31), **values}
    return Entry(journal="INV", lines=lines, **values)


def test_sums_per_account():
    proof = Proof()
    for number in range(3):
        proof.add(make_entry(id=number))
    assert (proof.entries, proof.total.lines) == (3, 6)
    assert proof.total.debit == proof.total.credit == Decimal("37.50")
    assert proof.accounts["1200"].debit == Decimal("37.50")
    assert proof.accounts["1200"].credit == 0
    assert proof.accounts["8400"].credit == Decimal("37.50")


@given(
    st.lists(st.tuples(st.sampled_from([BANK, SALES]), st.integers(-(10**9), 10**9)))
)
def test_sums_of_any_lines(parts):
    lines = tuple(
        Line(account, Decimal(max(cents, 0)) / 100, Decimal(max(-cents, 0)) / 100)
        for account, cents in parts
    )
    entry = make_entry(*lines) if lines else replace(make_entry(), lines=())
    proof = Proof()
    proof.add(entry)
    assert imbalance(entry) == Decimal(sum(cents for _account, cents in parts)) / 100
    assert proof.total.debit - proof.total.credit == imbalance(entry)
    by_account = proof.accounts.values()
    assert sum(one.debit for one in by_account) == proof.total.debit


@pytest.mark.parametrize(
    "change",
    [
        {"name": "INV/2"},
        {"date": date(2026, 10, 30)},
        {"journal": "MISC"},
        {"document_date": date(2026, 10, 1)},
    ],
    ids=str,
)
def test_fingerprint_of_entry(change):
    assert fingerprint(replace(make_entry(), **change)) != fingerprint(make_entry())


@pytest.mark.parametrize(
    "change",
    [
        {"account": SALES},
        {"debit": Decimal("12.51")},
        {"label": "Other"},
        {"partner": Partner(7, "Acme")},
        {"amount_currency": Decimal(1)},
        {"currency": "EUR"},
        {"due_date": date(2026, 11, 30)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_fingerprint_of_line(change):
    entry = make_entry()
    changed = replace(entry.lines[0], **change)
    other = replace(entry, lines=(changed, entry.lines[1]))
    assert fingerprint(other) != fingerprint(entry)


def test_fingerprint_of_the_same():
    """The target's words, the reconciliation and trailing zeros change nothing."""
    entry = make_entry()
    line = entry.lines[0]
    mapped = replace(line.account, code="18000", name="Their bank")
    other = replace(
        line, account=mapped, debit=Decimal("12.500"), matching="A1", tax="U19"
    )
    other = replace(entry, lines=(other, entry.lines[1]), reference="ORDER-1")
    assert fingerprint(other) == fingerprint(entry)
    zero = replace(line, debit=Decimal("-0.00"))
    plain = replace(line, debit=Decimal(0))
    assert fingerprint(make_entry(zero)) == fingerprint(make_entry(plain))
