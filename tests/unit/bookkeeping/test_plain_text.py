"""Books as plain text, read again by beancount, hledger and ledger."""

import csv
import io
import subprocess
import sys
from decimal import Decimal
from itertools import count, islice
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import convert, data
from bookkeeping import ERROR, FORMATS, Account
from bookkeeping.beancount import account_name as beancount_name
from bookkeeping.plaintext import account_name
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bookkeeping_books import (
    CHARTS,
    DEBTORS,
    SKR03,
    balances,
    collect,
    journals,
    make_books,
    make_entry,
    make_line,
    year,
)

ANY_BOOKS = st.sampled_from(CHARTS).flatmap(
    lambda chart: st.tuples(st.just(chart), journals(chart))
)
PLAIN = ("beancount", "hledger", "ledger")


def write(code, entries, **values):
    """Return the only file of a format."""
    (content,) = collect(FORMATS[code], make_books(**values), entries).values()
    return content.decode()


def run(*command):
    """Return what a program prints; it must end well and complain about nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("books")


def save(folder, code, entries, **values):
    file = folder / f"books.{code}"
    file.write_text(write(code, entries, **values), encoding="utf-8", newline="")
    return str(file)


# === BEANCOUNT === #


def load(text):
    directives, problems, options = loader.load_string(text)
    assert [problem.message for problem in problems] == []
    return [
        entry for entry in directives if isinstance(entry, data.Transaction)
    ], options


@settings(max_examples=50)
@given(books=ANY_BOOKS)
def test_beancount_reads_any_books(books):
    chart, entries = books
    transactions, options = load(write("beancount", entries, chart=chart))
    assert len(transactions) == len(entries)
    assert options["title"] == 'Lumen "Cloud" GmbH'
    sums = {}
    for transaction in transactions:
        for posting in transaction.postings:
            weight = convert.get_weight(posting)
            assert weight.currency == "EUR"
            # It divides a total by the amount, and multiplies again.
            number = round(weight.number, 9)
            sums[posting.account] = sums.get(posting.account, 0) + number
    assert {name: value for name, value in sums.items() if value} == balances(
        entries, lambda line: beancount_name(line.account)
    )


def test_bean_check_takes_a_year(folder):
    file = save(folder, "beancount", year(500))
    assert run(Path(sys.executable).with_name("bean-check"), "-C", file) == ""


def test_bean_check_refuses_what_does_not_balance(folder):
    file = Path(save(folder, "beancount", year(1)))
    file.write_text(file.read_text().replace(" 40.00 EUR", " 40.02 EUR"))
    done = subprocess.run(
        [Path(sys.executable).with_name("bean-check"), "-C", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "does not balance" in done.stderr


def foreign_sale():
    amount = {"amount_currency": Decimal("-120"), "currency": "USD"}
    return make_entry(
        make_line(
            SKR03["receivable"],
            "110.60",
            partner=DEBTORS[1],
            amount_currency=Decimal("120"),
            currency="USD",
        ),
        make_line(SKR03["income"], "-110.60", label='a "b" \\', **amount),
        reference="ord-1",
    )


def test_a_beancount_transaction_in_full():
    text = write("beancount", [foreign_sale()], accounts=())
    assert text == (
        """; Lumen "Cloud" GmbH, EXP/2026/00042
option "title" "Lumen \\"Cloud\\" GmbH"
option "operating_currency" "EUR"

1970-01-01 commodity EUR

1970-01-01 commodity USD
1970-01-01 open Assets:Receivable:1400-Forderungen-a-L-L
  number: "1400"
  name: "Forderungen a. L. L."
1970-01-01 open Income:8338-Erlöse-Drittland
  number: "8338"
  name: "Erlöse Drittland"

2026-10-31 * "Müller & \\"Söhne\\" GmbH" "INV/2026/00001" """
        """#EXP-2026-00042 ^INV-2026-00001
  entry: "INV/2026/00001"
  id: "1"
  journal: "INV"
  kind: "entry"
  reference: "ord-1"
  Assets:Receivable:1400-Forderungen-a-L-L  120.00 USD @@ 110.60 EUR
    partner: "10002"
  Income:8338-Erlöse-Drittland  -120.00 USD @@ 110.60 EUR
    label: "a \\"b\\" \\\\"
  Assets:Receivable:1400-Forderungen-a-L-L  0.00 EUR

"""
    )


def test_transactions_alone_can_be_included_after_others(folder):
    save(folder, "beancount", year(20))
    (folder / "more.beancount").write_text(
        write("beancount", year(30), options={"declarations": False})
    )
    (folder / "all.beancount").write_text(
        'include "books.beancount"\ninclude "more.beancount"\n'
    )
    run(Path(sys.executable).with_name("bean-check"), "-C", folder / "all.beancount")


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("8400", "Erlöse 19 % (USt)", "Income:8400-Erlöse-19-USt"),
        ("ışık", "", "Income:A-ışık"),
        ("عربي", "", "Income:A-عربي"),
        ("...", "", "Income:A"),
        ("601.01", "İhracat", "Income:601-01-İhracat"),
    ],
)
def test_accounts_of_beancount(code, name, expected):
    account = Account(code, name, "income")
    assert beancount_name(account) == expected
    entry = make_entry(make_line(account, 5), make_line(SKR03["bank"], -5))
    load(write("beancount", [entry]))


def test_accounts_of_beancount_without_names():
    text = write("beancount", year(1), options={"account_names": False})
    assert "  Assets:Receivable:1400  40.00 EUR\n" in text
    load(text)


# === HLEDGER AND LEDGER === #


def hledger_balances(file):
    """Return the balances of accounts at cost, as hledger tells them."""
    told = run("hledger", "-f", file, "balance", "--flat", "--cost", "-N", "-O", "csv")
    rows = list(csv.DictReader(io.StringIO(told)))
    return {row["account"]: _euros(row["balance"]) for row in rows}


def ledger_balances(file):
    """Return the balances of accounts at cost, as ledger tells them."""
    told = run(
        *("ledger", "-f", file, "--pedantic", "--strict", "balance", "--flat"),
        *("--basis", "--no-total", "--balance-format"),
        "%(account)\t%(display_total)\n",
    )
    rows = (line.rsplit("\t", 1) for line in told.splitlines())
    return {account: _euros(amount) for account, amount in rows}


def _euros(amount):
    number, currency = amount.split(" ")
    assert currency == "EUR"
    return Decimal(number)


@settings(max_examples=12)
@given(books=ANY_BOOKS)
def test_hledger_and_ledger_read_any_books(books, folder):
    chart, entries = books
    expected = balances(entries, lambda line: account_name(line.account))
    file = save(folder, "hledger", entries, chart=chart)
    run("hledger", "-f", file, "check", "--strict", "ordereddates")
    assert hledger_balances(file) == expected
    file = save(folder, "ledger", entries, chart=chart)
    assert ledger_balances(file) == expected


def test_hledger_and_ledger_take_a_year(folder):
    entries = list(year(500))
    expected = balances(entries, lambda line: account_name(line.account))
    file = save(folder, "hledger", entries)
    run("hledger", "-f", file, "check", "--strict", "ordereddates")
    assert hledger_balances(file) == expected
    assert ledger_balances(save(folder, "ledger", entries)) == expected


@pytest.mark.parametrize(
    "command",
    [
        ("hledger", "-f", "FILE", "check", "--strict"),
        ("ledger", "-f", "FILE", "--pedantic", "--strict", "balance"),
    ],
)
@pytest.mark.parametrize(
    ("old", "new"),
    [(" 40.00 EUR", " 40.02 EUR"), ("account Income:8338", "account Income:8339")],
)
def test_both_refuse_wrong_books(command, old, new, folder):
    file = Path(save(folder, "ledger", year(1)))
    file.write_text(file.read_text().replace(old, new))
    command = [str(file) if word == "FILE" else word for word in command]
    assert subprocess.run(command, capture_output=True, check=False).returncode


def test_a_journal_in_full():
    for code in ("hledger", "ledger"):
        text = write(code, [foreign_sale()], accounts=())
        assert text.startswith('; Lumen "Cloud" GmbH, EXP/2026/00042\n\ntag id\n')
        assert text.split("tag amount\n\n")[1] == (
            """commodity EUR
    format 1000.00 EUR
commodity USD
    format 1000.00 USD

account Assets:Receivable:1400 Forderungen a. L. L.
account Income:8338 Erlöse Drittland

2026-10-31 * (INV/2026/00001) Müller & "Söhne" GmbH | INV/2026/00001
    ; id: 1
    ; journal: INV
    ; kind: entry
    ; reference: ord-1
    Assets:Receivable:1400 Forderungen a. L. L.  120.00 USD @@ 110.60 EUR
    ; partner: 10002
    Income:8338 Erlöse Drittland  -120.00 USD @@ 110.60 EUR
    ; label: a "b" \\

"""
        )


# === ALL OF THEM === #


@pytest.mark.parametrize("code", PLAIN)
def test_the_same_batch_gives_the_same_bytes(code):
    assert write(code, year(50)) == write(code, year(50))


@pytest.mark.parametrize("code", PLAIN)
def test_entries_are_taken_one_by_one(code):
    entries = (next(year(1)) for _number in count())
    pieces = FORMATS[code].write(make_books(), entries)
    assert len(list(islice(pieces, 500))) == 500


@pytest.mark.parametrize("code", PLAIN)
def test_problems(code):
    def errors(entry, **values):
        found = list(FORMATS[code].check(make_books(**values), entry))
        assert all(problem.severity == ERROR for problem in found)
        return [str(problem) for problem in found]

    assert errors(None) == errors(next(year(1))) == []
    assert errors(make_entry(make_line(SKR03["bank"], 5), name="A/1")) == [
        "A/1 does not balance."
    ]
    entry = make_entry(
        make_line(Account("", "Neu", "income"), 5, currency="eur"),
        make_line(Account("9", "Alt", "other"), -5),
    )
    assert errors(entry) == [
        "Account Neu has no number.",
        "“eur” is not the code of a currency: it takes capital letters.",
        "Account 9 is of an unknown kind: other.",
    ]
    assert errors(None, currency="€") == [
        "“€” is not the code of a currency: it takes capital letters."
    ]


def test_two_accounts_of_one_name_are_refused():
    accounts = (Account("4.1", "A", "income"), Account("4-1", "A", "income"))
    (problem,) = FORMATS["beancount"].check(make_books(accounts=accounts), None)
    assert str(problem) == "The accounts 4-1 and 4.1 would both be called Income:4-1-A."
