"""Any books as DATEV's files: read again, they move what the ledger moves."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from bookkeeping import ERROR, FORMATS, WARNING, Account, Partner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

from tests.bookkeeping_books import (
    CENT,
    CREDITOR,
    DEBTORS,
    RATES,
    SKR03,
    SKR04,
    ZERO,
    balances,
    collect,
    invoices,
    journals,
    make_books,
    make_entry,
    make_line,
    year,
)

DATEV = FORMATS["datev"]
#: Column → what a cell of it must look like, by DATEV's published expressions.
EXPRESSIONS = {
    1: r"(?!0+,00)\d{1,10},\d{2}",
    2: r'"[SH]"',
    3: r'"([A-Z]{3})?"',
    4: r"([1-9]\d{0,3},\d{2,6})?",
    5: r"(\d{1,10},\d{2})?",
    6: r'"([A-Z]{3})?"',
    7: r"(?!0+$)\d{1,9}",
    8: r"(?!0+$)\d{1,9}",
    9: r'"\d{0,4}"',
    10: r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])",
    11: r'"[A-Za-z0-9_$&%*+/-]{1,36}"',
    12: r'""',
    14: r'".{1,120}"',
    37: r'"([^"]|""){0,36}"',
    114: r"[01]",
    115: r"",
    117: r"(\d{8})?",
}


def booking_files(books, entries):
    files = collect(DATEV, books, entries)
    return [files[name] for name in files if name.startswith("EXTF_Buchungsstapel_")]


def read(content):
    """Read the rows of a file of bookings."""
    text = content.decode("cp1252")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))


def book(files, chart=SKR03, automatic=()):
    """Return the balances that DATEV would have, the tax it computes among them."""
    sums = {}
    for content in files:
        for row in read(content)[2:]:
            amount = Decimal((row[4] or row[0]).replace(",", "."))
            amount = amount if row[1] == "S" else -amount
            key = row[8] or dict(automatic).get(row[7], "")
            tax = ZERO
            if key in RATES:
                tax = -amount * RATES[key] / (100 + RATES[key])
                tax = tax.quantize(CENT, ROUND_HALF_UP)
                _add(sums, chart[f"tax{key}"].code, tax)
            _add(sums, row[6], amount)
            _add(sums, row[7], -amount - tax)
    return {account: amount for account, amount in sums.items() if amount}


def _add(sums, account, amount):
    sums[account] = sums.get(account, ZERO) + amount


def person_or_account(line):
    personal = line.account.kind in ("receivable", "payable")
    return line.partner.number if personal else line.account.code


def errors(books, entries):
    return [
        str(problem)
        for entry in (None, *entries)
        for problem in DATEV.check(books, entry)
        if problem.severity == ERROR
    ]


@settings(max_examples=40)
@given(data=st.data())
@pytest.mark.parametrize("chart", [SKR03, SKR04], ids=["SKR03", "SKR04"])
def test_any_books_move_the_same_at_datev(chart, data):
    entries = data.draw(journals(chart))
    for automatic in ({}, {chart["taxed"].code: "3"}):
        books = make_books(chart, {"automatic_accounts": automatic})
        assert not errors(books, entries)
        files = booking_files(books, entries)
        assert book(files, chart, automatic) == balances(entries, person_or_account)


@settings(max_examples=60)
@given(entry=invoices())
def test_any_invoice_is_booked_gross(entry):
    (content,) = booking_files(make_books(), [entry]) or [b""]
    keys = {row[8] for row in read(content)[2:]} - {""}
    taxes = {line.tax for line in entry.lines if line.balance} - {""}
    assert taxes <= keys <= set(RATES)


@settings(max_examples=40)
@given(entries=journals())
def test_any_cell_matches_its_expression(entries):
    for content in booking_files(make_books(), entries):
        assert content.endswith(b"\r\n")
        assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
        lines = content.decode("cp1252").split("\r\n")
        for raw, row in zip(lines[2:], read(content)[2:], strict=False):
            assert raw.isprintable()
            assert len(row) == 125
            assert row[6] != row[7]
            quoted = {
                place for place, cell in enumerate(_split(raw)) if cell[:1] == '"'
            }
            for column, expression in EXPRESSIONS.items():
                cell = row[column - 1]
                if column - 1 in quoted:
                    cell = '"' + cell.replace('"', '""') + '"'
                assert re.fullmatch(expression, cell), (column, cell)


def _split(raw):
    """Split a line at the semicolons outside of quotes."""
    return re.findall(r'(?:^|;)((?:"(?:[^"]|"")*")|[^;]*)', raw)


@settings(max_examples=10)
@given(entries=journals())
@example(entries=list(year(300)))
def test_a_foreign_reader_takes_any_books(entries, tmp_path_factory):
    folder = tmp_path_factory.mktemp("datev")
    sums = {}
    for place, content in enumerate(booking_files(make_books(), entries)):
        file = folder / f"EXTF_{place}.csv"
        file.write_bytes(content)
        header, legs = read_batch(str(file))
        assert (header.berater, header.mandant) == ("29098", "55003")
        assert header.festschreibung is False
        for account, amount in zip(legs["Konto"], legs["Betrag"], strict=True):
            _add(sums, account, amount)
    gross = book(booking_files(make_books(), entries))
    tax = {SKR03[key].code for key in ("taxed", "tax2", "tax3")}
    moved = {account: amount for account, amount in sums.items() if amount}
    assert {k: v for k, v in moved.items() if k not in tax} == {
        k: v for k, v in gross.items() if k not in tax
    }
    assert sum(sums.values()) == 0


@settings(max_examples=60)
@given(entries=journals())
def test_what_has_no_errors_can_be_written(entries):
    books = make_books(options={"transliterate": False}, partners=())
    good = [entry for entry in entries if not errors(books, [entry])]
    files = booking_files(books, good)
    assert book(files) == balances(good, person_or_account)
    bad = [entry for entry in entries if entry not in good]
    for entry in bad:
        with pytest.raises(UnicodeEncodeError):
            booking_files(books, [entry])


# === PROBLEMS === #


def problems(severity, entry=None, **values):
    return [
        str(problem)
        for problem in DATEV.check(make_books(**values), entry)
        if problem.severity == severity
    ]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"consultant": ""}, "Set DATEV's consultant number, from 1001 to 9999999."),
        ({"consultant": "12a"}, "Set DATEV's consultant number, from 1001 to 9999999."),
        ({"client": 100000}, "Set DATEV's client number, from 1 to 99999."),
        (
            {"chart": "SKR03"},
            "DATEV knows charts of accounts by two digits, such as 03",
        ),
        (
            {"initials": "wd"},
            "The initials for DATEV are two capital letters, or none.",
        ),
        ({"tax_rates": {"3a": 19}}, "“3a” is not a tax key of DATEV: it has up to"),
        (
            {"tax_rates": {"501": "x"}},
            "The rate of the tax key 501 is not a percentage",
        ),
        ({"account_length": 9}, "DATEV's accounts have 4 to 8 digits."),
    ],
)
def test_settings_that_datev_refuses(options, text):
    assert problems(ERROR, options={"masters": False, **options})[0].startswith(text)


def test_good_settings_are_no_problem():
    assert list(DATEV.check(make_books(options={"transliterate": True}), None)) == [
        problem
        for problem in DATEV.check(make_books(), None)
        if problem.severity == WARNING
    ]
    assert problems(ERROR) == []


def test_a_currency_of_three_decimals_is_refused():
    assert problems(ERROR, currency="KWD") == [
        "DATEV keeps two decimals, KWD has more."
    ]


def test_master_data_that_datev_refuses():
    accounts = (Account("84000", "Erlöse", "income"), Account("", "Neu", "income", "9"))
    partners = (
        replace(DEBTORS[0], number="123"),
        DEBTORS[1],
        replace(DEBTORS[1], id=7),
    )
    assert problems(ERROR, accounts=accounts, partners=partners) == [
        "Account 84000 Erlöse has 5 digits, those of this client have 4.",
        "Account 9 Neu has no number at DATEV.",
        "FastSpring: the person account 123 must have 5 digits, the first of them 1 to"
        " 9.",
        'Müller & "Söhne" GmbH and Müller & "Söhne" GmbH both have the person account'
        " 10002.",
    ]


def sale(amount="5.00", partner=DEBTORS[0], account=SKR03["income"], **values):
    kind = values.pop("kind", "receivable")
    return make_entry(
        make_line(SKR03[kind], amount, partner=partner),
        make_line(account, f"-{amount}", label=values.pop("label", "")),
        **values,
    )


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (
            sale(partner=None),
            "A line on account 1400 has no partner, so DATEV has no account for it.",
        ),
        (sale(partner=Partner(8, "Neu GmbH")), "Neu GmbH has no debtor number."),
        (
            sale(partner=Partner(8, "Neu GmbH"), kind="payable"),
            "Neu GmbH has no creditor number.",
        ),
        (
            sale(partner=CREDITOR),
            "Rechenzentrum Süd: the person account 70001 must have 5 digits, the first"
            " of them 1 to 6.",
        ),
        (
            sale(account=Account("601.01", "Satışlar", "income")),
            "Account 601.01 Satışlar: at DATEV, a number is made of digits.",
        ),
        (
            sale("10000000000.00"),
            "INV/2026/00001: DATEV takes amounts below 10,000,000,000.",
        ),
        (sale("5.001"), "INV/2026/00001: DATEV keeps two decimals."),
        (sale(name=""), "An entry without a number cannot go to DATEV."),
        (
            make_entry(make_line(SKR03["bank"], "5.00")),
            "INV/2026/00001 does not balance.",
        ),
    ],
)
def test_entries_that_datev_refuses(entry, text):
    assert problems(ERROR, entry) == [text]


def test_a_problem_says_what_it_is_about():
    entry = sale(partner=Partner(8, "Neu GmbH"))
    (problem,) = DATEV.check(make_books(), entry)
    assert (problem.entry, problem.account, problem.partner) == (
        entry,
        SKR03["receivable"],
        entry.lines[0].partner,
    )


def test_an_unknown_character_is_an_error_or_a_warning():
    entry = sale(label="Depo 中国中")
    assert problems(ERROR, entry, options={"transliterate": False}) == [
        "“Depo 中国中”: DATEV lacks the characters 中国. Change the text, or let"
        " similar ones be written."
    ]
    assert problems(ERROR, entry) == []
    assert problems(WARNING, entry) == [
        "“Depo 中国中”: DATEV lacks the characters 中国; similar ones are written."
    ]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (sale(label="x" * 61), f"“{'x' * 61}” is cut to 60 characters."),
        (
            sale(name="N" * 37),
            f"The number {'N' * 37} is too long for DATEV; its end is kept.",
        ),
        (
            sale(day=date(2025, 12, 31)),
            "INV/2026/00001 is of another fiscal year; it goes into a file of its own.",
        ),
        (
            make_entry(make_line(SKR03["bank"], 0)),
            "INV/2026/00001 moves nothing and is left out.",
        ),
        (
            make_entry(
                make_line(SKR03["bank"], "6.00"),
                make_line(SKR03["taxed"], "-5.00", taxes=("501",)),
                make_line(SKR03["tax3"], "-1.00", tax="501"),
            ),
            "INV/2026/00001: its tax is booked as it stands, without a tax key.",
        ),
        (
            make_entry(
                make_line(SKR03["bank"], "5.00"),
                make_line(SKR03["income"], "-5.00"),
                make_line(
                    SKR03["exchange"],
                    0,
                    amount_currency=Decimal("1.00"),
                    currency="USD",
                ),
            ),
            "1.00 USD on account 2660 are left out: they are worth nothing in the"
            " company's currency.",
        ),
    ],
)
def test_what_the_reader_should_know(entry, text):
    assert problems(WARNING, entry) == [text]
    assert problems(ERROR, entry) == []
