"""The profiles of vendors: their bytes, and what they cannot hold."""

from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from bookkeeping import ERROR, FORMATS, PROFILES, WARNING, Line
from bookkeeping.profile import check_profile
from bookkeeping.profile_writer import ProfileError

from tests import bookkeeping_examples as examples

FORMAT = FORMATS["profile"]
DOCUMENTS = [examples.make_invoice(), examples.make_credit_note()]
ENTRIES = [*DOCUMENTS, examples.make_payout()]

GOLDEN = Path(__file__).parents[2] / "data" / "bookkeeping"


def make_books(code, **values):
    return examples.make_books(options={"profile": PROFILES[code]}, **values)


def check(code, entry):
    return [(one.severity, str(one)) for one in FORMAT.check(make_books(code), entry)]


def golden(code):
    """Return the name and the bytes of a file that is right."""
    path = GOLDEN / f"EXP-2026-0001-{code}-001.csv"
    return path.name, path.read_bytes()


@pytest.mark.parametrize("code", PROFILES)
def test_bytes(code):
    name, content = golden(code)
    entries = DOCUMENTS if code == "luca" else ENTRIES
    assert examples.read_files(FORMAT, make_books(code), entries) == {name: content}


@pytest.mark.parametrize("code", PROFILES)
def test_nothing_wrong_in_a_preset(code):
    assert not list(check_profile(PROFILES[code]))


@pytest.mark.parametrize("code", PROFILES)
def test_an_empty_export_has_a_header(code):
    name, content = golden(code)
    files = examples.read_files(FORMAT, make_books(code), [])
    assert files == {name: content.splitlines(keepends=True)[0]}


@pytest.mark.parametrize(("code", "limit"), [("xero", 300), ("luca", 400)])
def test_a_file_holds_no_more_rows_than_the_vendor_takes(code, limit):
    entries = [examples.make_invoice(number) for number in range(1, 302)]
    files = examples.read_files(FORMAT, make_books(code), entries)
    rows = [content.count(b"\r\n") - 1 for content in files.values()]
    per_entry = 4 if code == "xero" else 2
    assert sum(rows) == 301 * per_entry
    assert max(rows) == limit
    assert list(files) == [
        f"EXP-2026-0001-{code}-{number:03}.csv" for number in range(1, len(rows) + 1)
    ]


def test_an_entry_with_more_lines_than_a_file_takes():
    lines = [examples.debit(examples.FEES, "0.01") for _line in range(300)]
    entry = examples.make_payout(lines=(*lines, examples.credit(examples.BANK, "3")))
    words = (
        "FS/2026/00001 has 301 rows, and a file for Xero can have 300. "
        "Book it as several entries."
    )
    assert (ERROR, words) in check("xero", entry)
    with pytest.raises(ProfileError, match="has 301 rows"):
        examples.read_files(FORMAT, make_books("xero"), [entry])


def test_luca_takes_no_payments():
    [problem] = check("luca", examples.make_payout())
    assert problem == (
        ERROR,
        "FS/2026/00001 is of the kind “payout”, and Luca only takes: invoice, "
        "credit_note. Leave its journal out of the target, and hand it over with "
        "another one.",
    )


def test_sage_takes_no_long_account():
    long = replace(examples.FEES, code="497000000")
    lines = (examples.debit(long, "1"), examples.credit(examples.BANK, "1"))
    words = (
        "FS/2026/00001: “497000000” is too long for the column “Nominal A/C Ref”, "
        "which takes 8 characters."
    )
    assert check("sage50", examples.make_payout(lines=lines)) == [(ERROR, words)]


def test_sage_cuts_long_details_and_replaces_letters():
    label = "Ağ kullanımı " * 6
    lines = (
        examples.debit(examples.FEES, "1", label=label),
        examples.credit(examples.BANK, "1"),
    )
    entry = examples.make_payout(lines=lines)
    [replaced, cut] = check("sage50", entry)
    assert replaced[0] == cut[0] == WARNING
    assert "cut to 60 characters" in cut[1]
    assert "does not exist in cp1252 and is replaced: ğ" in replaced[1]
    [content] = examples.read_files(FORMAT, make_books("sage50"), [entry]).values()
    details = content.decode("cp1252").split("\r\n")[1].split(",")[6]
    assert details == ("Ag kullan?m? " * 6)[:60].rstrip()


def test_quickbooks_needs_a_name_on_receivables():
    lines = (
        examples.debit(examples.RECEIVABLE, "1"),
        examples.credit(examples.BANK, "1"),
    )
    words = "FS/2026/00001 has nothing for the column “Name”, which needs it."
    assert check("quickbooks", examples.make_payout(lines=lines)) == [(ERROR, words)]


@pytest.mark.parametrize("code", ["xero", "quickbooks", "sage50"])
def test_tax_and_foreign_currency_are_told(code):
    name = PROFILES[code]["name"]
    [tax] = check(code, examples.make_invoice())
    assert tax[0] == WARNING
    assert f"the tax return of {name} does not see it" in tax[1]
    [foreign] = check(code, examples.make_payout())
    assert foreign == (
        WARNING,
        "FS/2026/00001 is in a foreign currency: the amounts in this file are in EUR.",
    )


def test_xero_names_its_own_accounts():
    problems = list(FORMAT.check(make_books("xero"), None))
    assert {one.account.code for one in problems} == {"1400", "1200", "1361"}
    assert {one.severity for one in problems} == {WARNING}


@pytest.mark.parametrize("code", PROFILES)
def test_an_entry_that_does_not_balance(code):
    entry = examples.make_invoice()
    bad = replace(entry, lines=entry.lines[:-1])
    words = (
        "INV/2026/00001 does not balance: debit is 178.51 and credit 150.01. "
        "Correct the entry."
    )
    assert (ERROR, words) in check(code, bad)
    with pytest.raises(ProfileError, match="does not balance"):
        examples.read_files(FORMAT, make_books(code), [bad])


def test_an_entry_of_zeros_has_no_rows_and_says_so():
    lines = (
        Line(examples.BANK, D(0), D(0)),
        Line(examples.FEES, D(0), D(0)),
    )
    entry = examples.make_payout(lines=lines)
    [problem] = check("quickbooks", entry)
    assert problem == (
        WARNING,
        "FS/2026/00001 has no line with an amount: nothing of it is in the file.",
    )
    [content] = examples.read_files(FORMAT, make_books("quickbooks"), [entry]).values()
    assert content.count(b"\r\n") == 1
