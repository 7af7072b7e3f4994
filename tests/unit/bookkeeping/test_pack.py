"""The accountant pack, read back with other programs' eyes."""

import csv
import hashlib
import io
import json
import time
from dataclasses import replace
from datetime import datetime
from decimal import Decimal as D

import openpyxl
import pytest
from bookkeeping import ERROR, FORMATS
from bookkeeping.control import Control, Numbers
from bookkeeping.pack_rows import read_items
from bookkeeping.pack_workbook import Workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import bookkeeping_examples as examples

FORMAT = FORMATS["pack"]
STEM = "EXP-2026-0001"
NAMES = [
    f"{STEM}.xlsx",
    f"{STEM}-journal-items.csv",
    f"{STEM}-journal-items.json",
    "index.csv",
    "manifest.json",
]


def write(entries=examples.YEAR, books=None):
    return examples.read_files(FORMAT, books or examples.make_books(), entries)


def open_book(files):
    return openpyxl.load_workbook(io.BytesIO(files[NAMES[0]]))


def read_table(sheet):
    """Return the rows of a sheet as dictionaries by header."""
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def read_csv(files):
    text = files[NAMES[1]].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def cents(number):
    """Return a workbook's number, exact as far as it is shown."""
    return D(str(round(number, 2))).quantize(D("0.01"))


def sums_by_account(rows, names=("account", "debit", "credit"), read=D):
    found = {}
    for row in rows:
        account, debit, credit = (row[name] for name in names)
        pair = found.get(account, (D(0), D(0)))
        found[account] = (pair[0] + read(debit), pair[1] + read(credit))
    return found


@pytest.fixture(scope="module")
def files():
    return write()


@pytest.fixture(scope="module")
def book(files):
    return open_book(files)


def test_files(files):
    assert list(files) == NAMES


def test_sheets(book):
    assert book.sheetnames == [
        "Control",
        "Journal items",
        "Invoices & credit notes",
        "Payments, payouts & fees",
        "Tax summary",
        "Revenue",
    ]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.column_dimensions["A"].width > 5


def test_journal_items(book):
    rows = read_table(book["Journal items"])
    assert sums_by_account(rows, ("Account", "Debit", "Credit"), cents) == (
        examples.sums_of(examples.YEAR)
    )
    row = rows[1]
    assert row["Number"] == "INV/2026/00001"
    assert row["Date"] == datetime(2026, 10, 1)
    assert row["Service from"] == datetime(2026, 9, 1)
    assert row["Service to"] == datetime(2026, 9, 30)
    assert row["Account"] == "8400", "a code is a text, and keeps its zeros"
    assert row["Label"] == "=Storage, 5 TB"
    assert row["Tax base of"] == "19"
    assert row["For"] == "storage"
    cells = {cell.value: cell for cell in book["Journal items"][3]}
    assert cells["=Storage, 5 TB"].data_type == "s", "a text, no formula"
    assert cells[100].number_format == "#,##0.00"
    payout = rows[-1]
    assert (payout["Currency"], payout["In currency"]) == ("USD", -110)


def test_invoices(book):
    rows = read_table(book["Invoices & credit notes"])
    assert [row["Number"] for row in rows] == [
        "INV/2026/00001",
        "INV/2026/00002",
        "RINV/2026/00001",
    ]
    figures = [(row["Net"], row["Tax"], row["Total"]) for row in rows]
    assert figures == [(150.01, 28.5, 178.51)] * 2 + [(-10, -1.9, -11.9)]
    assert [row["Total in currency"] for row in rows] == [178.51, 178.51, -11.9]
    assert rows[0]["Due date"] == datetime(2026, 10, 15)
    assert rows[2]["Credits"] == "INV/2026/00001"
    about = ("Customer", "Customer no.", "VAT number", "Country")
    assert [rows[0][name] for name in about] == [
        "Müller & Söhne",
        "10001",
        "DE123",
        "DE",
    ]


def test_payments(book):
    rows = read_table(book["Payments, payouts & fees"])
    assert [(row["Account"], row["Debit"], row["Credit"]) for row in rows] == [
        ("1200", 97, 0),
        ("4970", 3, 0),
        ("1361", 0, 100),
    ]
    assert {row["Kind"] for row in rows} == {"payout"}


def test_taxes(book):
    [row] = read_table(book["Tax summary"])
    assert (row["Tax"], row["Country"], row["Items"]) == ("19", "DE", 8)
    assert (cents(row["Base"]), cents(row["Tax amount"])) == (D("290.02"), D("55.10"))


def test_revenue(book):
    rows = read_table(book["Revenue"])
    assert [(row["For"], row["Account"], row["Revenue"]) for row in rows] == [
        ("storage", "8400", 190),
        ("transfer", "8410", 100.02),
    ]
    assert rows[0]["Month"] == datetime(2026, 10, 1)
    assert rows[0]["Account name"] == "Revenue storage"


def test_control(files, book):
    rows = [list(row) for row in book["Control"].iter_rows(values_only=True)]
    firsts = [row[0] for row in rows]

    def after(title):
        start = firsts.index(title) + 2
        end = next((i for i in range(start, len(rows)) if firsts[i] is None), len(rows))
        return rows[start:end]

    assert rows[0][0] == "EXP/2026/0001"
    assert ["Currency", "EUR"] == rows[2][:2]
    assert ["First day", datetime(2026, 10, 1)] == rows[3][:2]
    assert ["Last day", datetime(2026, 10, 31)] == rows[4][:2]
    assert ["Made at (UTC)", examples.CREATED] == rows[5][:2]
    assert ["Made by", "Ada"] == rows[6][:2]
    [total] = after("Total")
    assert total[2:] == [4, 14, 468.92, 468.92, 0]
    assert {row[0]: row[2] for row in after("Per kind of entry")} == {
        "invoice": 2,
        "credit_note": 1,
        "payout": 1,
    }
    journals = [row[:3] for row in after("Per journal")]
    assert journals == [["FS", "FastSpring", 1], ["INV", "Invoices", 3]]
    accounts = {row[0]: row[4:6] for row in after("Per account")}
    expected = examples.sums_of(examples.YEAR)
    assert {
        code: tuple(map(cents, pair)) for code, pair in accounts.items()
    } == expected
    [missing] = after("Numbers that are missing between first and last")
    assert missing[0] == "none"
    hashes = {row[0]: row[1:3] for row in after("Other files")}
    assert hashes == {
        name: [len(files[name]), hashlib.sha256(files[name]).hexdigest()]
        for name in NAMES[1:3]
    }


def test_index_and_manifest(files):
    rows = list(csv.reader(io.StringIO(files["index.csv"].decode(), newline="")))
    assert rows == [["file", "bytes", "sha256"]] + [
        [name, str(len(files[name])), hashlib.sha256(files[name]).hexdigest()]
        for name in NAMES[:3]
    ]
    manifest = json.loads(files["manifest.json"])
    assert manifest["schema"] == "bitpaket.pack/1"
    assert (manifest["entries"], manifest["lines"]) == (4, 14)
    assert manifest["debit"] == manifest["credit"] == "468.92"
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: hashlib.sha256(files[name]).hexdigest() for name in NAMES[:4]
    }


def test_csv(files):
    assert files[NAMES[1]].startswith(b"\xef\xbb\xbfentry_id,entry,date,")
    rows = read_csv(files)
    assert sums_by_account(rows) == examples.sums_of(examples.YEAR)
    assert rows[1]["label"] == "'=Storage, 5 TB"
    assert rows[1]["date"] == "2026-10-01"
    assert rows[-1]["amount_currency"] == "-110.00"
    assert rows[-1]["label"] == "'+Payout"


def test_json(files):
    data = json.loads(files[NAMES[2]])
    assert data["schema"] == "bitpaket.journal/1"
    assert (data["batch"], data["start"], data["end"]) == (
        "EXP/2026/0001",
        "2026-10-01",
        "2026-11-01",
    )
    assert data["totals"] == {
        "entries": 4,
        "lines": 14,
        "debit": "468.92",
        "credit": "468.92",
    }
    line = data["entries"][0]["lines"][1]
    assert line["label"] == "=Storage, 5 TB", "programs get texts as they are"
    assert line["credit"] == "100.00"
    assert line["taxes"] == ["19"]
    assert line["account"] == {
        "code": "8400",
        "own_code": "400000",
        "name": "Revenue storage",
        "kind": "income",
    }
    assert line["partner"]["vat"] == "DE123"


def test_an_empty_pack():
    files = write([])
    assert read_csv(files) == []
    assert json.loads(files[NAMES[2]])["entries"] == []
    assert open_book(files)["Journal items"].max_row == 1


def test_currencies_keep_their_digits():
    lines = (
        examples.debit(examples.BANK, "1000", currency="KWD", amount_currency=D(2)),
        examples.credit(examples.FEES, "1000"),
    )
    files = write(
        [examples.make_payout(lines=lines)], examples.make_books(currency="JPY")
    )
    rows = read_csv(files)
    assert [row["debit"] for row in rows] == ["1000", "0"]
    assert [row["amount_currency"] for row in rows] == ["2.000", "-1000"]
    shown = {cell.number_format for cell in open_book(files)["Journal items"][2]}
    assert {"#,##0", "#,##0.000"} <= shown


def test_the_same_bytes_at_any_time_and_place(files, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert write() == files
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_full_sheet_goes_on_in_another(tmp_path):
    books, path = examples.make_books(), tmp_path / "book.xlsx"
    workbook, control = Workbook(books, str(path), str(tmp_path), 60), Control(books)
    entries = [examples.make_invoice(number) for number in range(1, 31)]
    for entry in entries:
        workbook.add(entry, read_items(books, entry))
        control.add(entry)
    workbook.finish(control, [])
    book = openpyxl.load_workbook(path)
    sheets = [name for name in book.sheetnames if name.startswith("Journal")]
    assert sheets == ["Journal items", "Journal items 2", "Journal items 3"]
    rows = [row for name in sheets for row in read_table(book[name])]
    assert len(rows) == 120
    assert all(book[name].auto_filter.ref for name in sheets)
    names = ("Account", "Debit", "Credit")
    assert sums_by_account(rows, names, cents) == examples.sums_of(entries)


def test_very_long_and_odd_texts_stay():
    label = "\x00<&😀>" + "x" * 40_000
    lines = (
        examples.debit(examples.BANK, "1", label=label),
        examples.credit(examples.FEES, "1"),
    )
    row = read_table(
        open_book(write([examples.make_payout(lines=lines)]))["Journal items"]
    )[0]
    assert row["Label"].startswith("<&😀>xxx")
    assert len(row["Label"]) <= 32_767


def test_an_entry_that_does_not_balance():
    entry = examples.make_invoice()
    bad = replace(entry, lines=entry.lines[:-1])
    [problem] = FORMAT.check(examples.make_books(), bad)
    assert problem.severity == ERROR
    assert str(problem).startswith("INV/2026/00001 does not balance: ")
    assert not list(FORMAT.check(examples.make_books(), entry))
    assert not list(FORMAT.check(examples.make_books(), None))


def test_gaps_in_numbers():
    control = Control(examples.make_books())
    for number in (9, 1, 2, 6, 3, 9):
        control.add(examples.make_invoice(number))
    control.add(examples.make_credit_note(2))
    control.add(examples.make_payout(name="opening"))
    assert [
        (gap.journal, gap.first, gap.last, gap.count) for gap in control.gaps()
    ] == [
        ("INV", "INV/2026/00004", "INV/2026/00005", 2),
        ("INV", "INV/2026/00007", "INV/2026/00008", 2),
    ]


@given(st.lists(st.integers(1, 40)))
def test_runs_of_numbers(numbers):
    runs = Numbers()
    for number in numbers:
        runs.add(number)
    missing = {n for first, last in runs.gaps() for n in range(first, last + 1)}
    there = set(numbers)
    between = set(range(min(there, default=1), max(there, default=0) + 1))
    assert missing == between - there
    assert runs.runs == sorted(runs.runs)


@settings(max_examples=10)
@given(examples.lists_of_entries())
def test_every_file_holds_the_sums_that_went_in(entries):
    files = write(entries)
    expected = examples.sums_of(entries)
    assert sums_by_account(read_csv(files)) == expected
    items = read_table(open_book(files)["Journal items"])
    assert sums_by_account(items, ("Account", "Debit", "Credit"), cents) == expected
    lines = [
        {**line, "account": line["account"]["code"]}
        for entry in json.loads(files[NAMES[2]])["entries"]
        for line in entry["lines"]
    ]
    assert sums_by_account(lines) == expected
    assert write(entries) == files
