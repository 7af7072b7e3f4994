"""DATEV's files byte for byte, against what DATEV publishes about them."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count, islice
from pathlib import Path

import pytest
from bookkeeping import FORMATS, datev_fields

from tests.bookkeeping_books import (
    CREDITOR,
    DEBTORS,
    SKR03,
    balances,
    collect,
    make_books,
    make_entry,
    make_line,
    year,
)

DATEV = FORMATS["datev"]
#: A file of DATEV's own: header, names of columns, two rows.
OFFICIAL = Path(__file__).parents[2] / "data/bookkeeping/datev_bookings_v13.csv"
NOTHING = ""
HEADER = (
    r'"EXTF"',
    r"700",
    r"21",
    r'"Buchungsstapel"',
    r"13",
    r"20\d{15}",
    NOTHING,
    r'"[A-Z]{2}"',
    r'"\w{0,25}"',
    r'""',
    r"29098",
    r"55003",
    r"20260101",
    r"[4-8]",
    r"20261001",
    r"20261031",
    r'"[\w./ ]{0,30}"',
    r'"([A-Z]{2}){0,2}"',
    r"1",
    r"0",
    r"[01]",
    r'"EUR"',
    NOTHING,
    r'""',
    NOTHING,
    NOTHING,
    r'"(\d{2})?"',
    NOTHING,
    NOTHING,
    r'""',
    r'".{0,16}"',
)


def invoice(*amounts, **values):
    """Return an invoice without tax; amounts as text."""
    lines = [
        make_line(SKR03["income"], f"-{amount}", label=f"Position {place}", kind=kind)
        for place, (amount, kind) in enumerate(zip(amounts, "abcdef", strict=False))
    ]
    total = sum(map(Decimal, amounts))
    debtor = make_line(SKR03["receivable"], total, partner=DEBTORS[0])
    return make_entry(debtor, *lines, **values)


def bookings(entries, **values):
    """Write entries, and return the lines of the only file of bookings, decoded."""
    files = booking_files(entries, **values)
    assert len(files) == 1
    return files[0]


def booking_files(entries, **values):
    files = collect(DATEV, make_books(**values), entries)
    return [
        content.decode("cp1252").split("\r\n")
        for name, content in files.items()
        if name.startswith("EXTF_Buchungsstapel_")
    ]


def cells(line):
    """Split a line whose texts have no semicolon."""
    return line.split(";")


def rows(entries, **values):
    return [cells(line) for line in bookings(entries, **values)[2:-1]]


# === THE FILE === #


def test_header_fields_match_their_expressions():
    fields = cells(bookings([invoice("10.00")])[0])
    assert len(fields) == len(HEADER) == 31
    for field, expression in zip(fields, HEADER, strict=True):
        assert re.fullmatch(expression, field)


def test_header_to_the_byte():
    options = {"locked": True, "initials": "WD", "account_length": "4"}
    assert bookings([invoice("10.00")], options=options)[0] == (
        '"EXTF";700;21;"Buchungsstapel";13;20261122101501234;;"BP";"finance";"";29098;'
        '55003;20260101;4;20261001;20261031;"2026/10 EXP/2026/00042";"WD";1;0;1;"EUR";;'
        '"";;;"03";;;"";"EXP/2026/00042"'
    )


def test_header_is_quoted_where_the_official_one_is():
    official = cells(OFFICIAL.read_bytes().decode("cp1252").split("\r\n")[0])
    ours = cells(bookings([invoice("10.00")])[0])
    assert [field[:1] == '"' for field in ours] == [
        field[:1] == '"' for field in official
    ]


def test_columns_are_the_official_ones():
    official = OFFICIAL.read_bytes().split(b"\r\n")[1].decode("cp1252")
    assert bookings([invoice("10.00")])[1] == official
    assert len(cells(official)) == 125


def test_rows_are_quoted_where_the_official_ones_are():
    lines = OFFICIAL.read_bytes().decode("cp1252").split("\r\n")
    for official in lines[2:4]:
        (row,) = rows([invoice("10.00")])
        assert [cell[:1] == '"' for cell in row] == [
            cell[:1] == '"' for cell in cells(official)
        ]


def test_every_line_ends_with_cr_and_lf_and_has_all_columns():
    files = collect(DATEV, make_books(), [invoice("10.00", "5.00")])
    for name, content in files.items():
        assert re.fullmatch(r"EXTF_[A-Za-z_]+_EXP-2026-00042(_001)?\.csv", name)
        assert content.endswith(b"\r\n")
        assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
        widths = {len(cells(line)) for line in content.decode("cp1252").split("\r\n")}
        assert len(widths - {1, 31}) == 1


def test_a_row_to_the_byte():
    line = bookings([invoice("1000.00", reference="ord-1 „€“")])[2]
    assert line.startswith(
        '1000,00;"S";"";;;"";10001;8338;"";3110;"INV/2026/00001";"";;"Position 0";;"";'
        ';;;"";"Buchung";"INV/2026/00001";"Journal";"INV";"Referenz";"ord-1 „€“";""'
    )
    assert line.endswith('"";;0;;;;"";;"";"";;"";;')


def test_master_files():
    books = make_books(
        partners=(*DEBTORS, CREDITOR, replace(CREDITOR, id=9, number=""))
    )
    files = collect(DATEV, books, [])
    people = files["EXTF_DebKred_Stamm_EXP-2026-00042.csv"].decode("cp1252")
    header, names, *lines = people.split("\r\n")
    assert header.startswith('"EXTF";700;16;"Debitoren/Kreditoren";5;20261122101501234')
    assert len(cells(header)) == 31
    assert header.endswith(
        ';29098;55003;20260101;4;;;"";"";;;;"";;"";;;"03";;;"";"EXP/2026/00042"'
    )
    assert len(cells(names)) == 254
    assert cells(names)[-1] == "Letzte Frist"
    assert [len(cells(line)) for line in lines] == [254] * 4 + [1]
    assert lines[0].startswith(
        '10001;"FastSpring";"";"";"";"";"2";"FastSpring";"IE";"9740425P";"";"";"";"";'
        '"STR";"Main St 1";"";"D02";"Dublin";"IE";"";"";"";"";"";1;;;""'
    )
    assert lines[1].startswith('10002;"Müller & ""Söhne"" GmbH";')
    assert lines[2].startswith('10003;"Istanbul Isik A.S.";')
    labels = files["EXTF_Sachkontobeschriftungen_EXP-2026-00042.csv"].decode("cp1252")
    header, names, *lines = labels.split("\r\n")
    assert header.startswith('"EXTF";700;20;"Kontenbeschriftungen";3;')
    assert names == "Konto;Kontobeschriftung;SprachId;Kontenbeschriftung lang"
    assert '1776;"Umsatzsteuer 19 %";"de-DE";"Umsatzsteuer 19 %"' in lines
    assert not any(line.startswith(("1400;", "1600;")) for line in lines)


def test_no_master_files_when_switched_off():
    files = collect(DATEV, make_books(options={"masters": False}), [invoice("1.00")])
    assert list(files) == ["EXTF_Buchungsstapel_EXP-2026-00042_001.csv"]


def test_the_same_batch_gives_the_same_bytes():
    first, again = (collect(DATEV, make_books(), year(50)) for _time in range(2))
    assert first == again


def test_entries_are_taken_one_by_one():
    entries = (invoice("1.00", name=f"INV/{number}") for number in count())
    pieces = list(islice(DATEV.write(make_books(), entries), 500))
    assert pieces[-1][0] == "EXTF_Buchungsstapel_EXP-2026-00042_001.csv"


# === TEXTS === #


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INV/2026/00042", "INV/2026/00042"),
        ("Rechnung Nr. 7; Müller", "Rechnung-Nr-7-Mueller"),
        ("İADE 12:30", "IADE-12-30"),
        ("A" * 40 + "0042", "A" * 32 + "0042"),
        ("$&%*+-/_", "$&%*+-/_"),
    ],
)
def test_document_numbers_have_only_what_datev_takes(name, written):
    assert rows([invoice("1.00", name=name)])[0][10] == f'"{written}"'


def test_texts_stay_on_one_line_and_are_cut():
    entry = make_entry(
        make_line(SKR03["bank"], "1.00"),
        make_line(SKR03["income"], "-1.00", label='a\r\nb\t"c" ' + "x" * 80),
    )
    assert rows([entry])[0][13] == '"a b ""c"" ' + "x" * 52 + '"'


def test_similar_characters_are_written_when_allowed():
    assert datev_fields.transliterate("Işık € „ü“ ‑ 中") == "Isik € „ü“ - ?"


def test_an_unknown_character_is_never_written_silently():
    books = make_books(options={"transliterate": False})
    entry = invoice("1.00", reference="中")
    with pytest.raises(UnicodeEncodeError):
        collect(DATEV, books, [entry])


# === PERIODS === #


def first_fields(files):
    return [(cells(file[0])[12], *cells(file[0])[14:16]) for file in files]


def test_a_file_per_month():
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31)]
    files = booking_files([invoice("1.00", day=day) for day in days])
    assert first_fields(files) == [
        ("20260101", "20260901", "20260930"),
        ("20260101", "20261001", "20261031"),
    ]
    assert [len(file) for file in files] == [4, 5]


def test_a_file_per_fiscal_year_that_starts_in_july():
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31)]
    files = booking_files(
        [invoice("1.00", day=day) for day in days],
        options={"monthly": False},
        fiscal_year_start=date(2025, 7, 1),
        start=date(2026, 7, 1),
    )
    assert first_fields(files) == [
        ("20250701", "20250701", "20260630"),
        ("20260701", "20260701", "20261231"),
    ]


def test_a_full_file_is_followed_by_another(monkeypatch):
    monkeypatch.setattr(datev_fields, "MAX_ROWS", 5)
    entries = [invoice("1.00", "2.00", name=f"INV/{number}") for number in range(4)]
    files = booking_files(entries)
    assert [len(file) - 3 for file in files] == [4, 4]


# === BOOKINGS === #


def facts(entry, **values):
    """Return amount, side, accounts and tax key of the rows of an entry."""
    return [
        (row[0], row[1][1], row[6], row[7], row[8][1:-1])
        for row in rows([entry], **values)
    ]


def tax_invoice(*nets, tax, code="3", account="taxed"):
    lines = [
        make_line(SKR03[account], -Decimal(net), taxes=(code,), kind=kind)
        for net, kind in zip(nets, "abcdef", strict=False)
    ]
    total = sum(map(Decimal, nets)) + Decimal(tax)
    return make_entry(
        make_line(SKR03["receivable"], total, partner=DEBTORS[0]),
        *lines,
        make_line(SKR03["tax3"], f"-{tax}", tax=code),
    )


def test_taxed_lines_are_booked_gross_with_a_key():
    assert facts(tax_invoice("100.00", "50.00", tax="28.50")) == [
        ("119,00", "S", "10001", "8190", "3"),
        ("59,50", "S", "10001", "8190", "3"),
    ]


def test_an_invoice_with_and_without_tax():
    entry = make_entry(
        make_line(SKR03["receivable"], "60.00", partner=DEBTORS[0], kind="a"),
        make_line(SKR03["clearing"], "99.00"),
        make_line(SKR03["taxed"], "-100.00", taxes=("3",)),
        make_line(SKR03["income"], "-40.00"),
        make_line(SKR03["tax3"], "-19.00", tax="3"),
    )
    assert facts(entry) == [
        ("119,00", "S", "10001", "8190", "3"),
        ("59,00", "S", "1361", "10001", ""),
        ("40,00", "S", "1361", "8338", ""),
    ]


def test_an_automatic_account_gets_no_key():
    options = {"automatic_accounts": {"8190": "3"}}
    assert facts(tax_invoice("100.00", tax="19.00"), options=options) == [
        ("119,00", "S", "10001", "8190", "")
    ]


def test_cents_of_rounding_are_booked_on_the_tax_account():
    # 19 % of 0.13 are 0.02 thrice, of their sum 0.07.
    assert facts(tax_invoice("0.13", "0.13", "0.13", tax="0.07")) == [
        ("0,15", "S", "10001", "8190", "3"),
        ("0,15", "S", "10001", "8190", "3"),
        ("0,15", "S", "10001", "8190", "3"),
        ("0,01", "S", "10001", "1776", ""),
    ]


@pytest.mark.parametrize("code", ["3", "501"])
def test_a_tax_that_datev_would_not_compute_is_booked_openly(code):
    options = {"automatic_accounts": {"8190": "3"}}
    assert facts(tax_invoice("100.00", tax="12.34", code=code), options=options) == [
        ("100,00", "S", "10001", "8190", "40"),
        ("12,34", "S", "10001", "1776", ""),
    ]


def test_an_automatic_account_of_another_tax_is_booked_openly():
    options = {"automatic_accounts": {"8190": "2"}}
    assert facts(tax_invoice("100.00", tax="19.00"), options=options) == [
        ("100,00", "S", "10001", "8190", "40"),
        ("19,00", "S", "10001", "1776", ""),
    ]


def test_rates_of_further_keys_can_be_given():
    options = {"tax_rates": {"501": "20", "11": 0}}
    assert facts(tax_invoice("100.00", tax="20.00", code="501"), options=options) == [
        ("120,00", "S", "10001", "8190", "501")
    ]
    entry = make_entry(
        make_line(SKR03["receivable"], "5.00", partner=DEBTORS[0]),
        make_line(SKR03["taxed"], "-5.00", taxes=("11",)),
    )
    assert facts(entry, options=options) == [("5,00", "S", "10001", "8190", "11")]


def test_taxed_lines_without_another_account_are_booked_openly():
    entry = make_entry(
        make_line(SKR03["taxed"], "-100.00", taxes=("3",), kind="a"),
        make_line(SKR03["income"], "100.00", taxes=("3",), kind="b"),
    )
    assert facts(entry) == [("100,00", "S", "8338", "8190", "")]


def test_no_row_stays_on_one_account():
    entry = make_entry(
        make_line(SKR03["taxed"], "119.00"),
        make_line(SKR03["taxed"], "-100.00", taxes=("3",)),
        make_line(SKR03["tax3"], "-19.00", tax="3"),
    )
    assert facts(entry) == [("19,00", "S", "8190", "1776", "")]


def test_many_debits_and_credits_are_matched():
    entry = make_entry(
        make_line(SKR03["bank"], "60.00"),
        make_line(SKR03["clearing"], "40.00"),
        make_line(SKR03["income"], "-70.00"),
        make_line(SKR03["deferred"], "-30.00"),
        make_line(SKR03["fee"], "5.00"),
        make_line(SKR03["equity"], "-5.00"),
    )
    assert facts(entry) == [
        ("5,00", "S", "4970", "0800", ""),
        ("60,00", "S", "1200", "8338", ""),
        ("10,00", "S", "1361", "8338", ""),
        ("30,00", "S", "1361", "0990", ""),
    ]


def test_zero_lines_make_no_row_and_a_zero_entry_no_file():
    entry = make_entry(
        make_line(SKR03["bank"], 0), make_line(SKR03["income"], 0), name="ZERO"
    )
    assert booking_files([entry]) == []
    assert len(rows([entry, invoice("1.00", "0.00")])) == 1


def test_a_coupon_is_a_row_of_the_other_side():
    assert facts(tax_invoice("100.00", "-10.00", tax="17.10")) == [
        ("119,00", "S", "10001", "8190", "3"),
        ("11,90", "H", "10001", "8190", "3"),
    ]


def test_a_payment_names_the_invoices_it_pays():
    entry = make_entry(
        make_line(SKR03["clearing"], "30.00"),
        make_line(
            SKR03["receivable"], "-10.00", partner=DEBTORS[0], settles="INV/2026/00007"
        ),
        make_line(
            SKR03["receivable"], "-20.00", partner=DEBTORS[0], settles="INV/2026/00008"
        ),
        name="PAY/1",
    )
    assert [(row[0], row[6], row[7], row[10]) for row in rows([entry])] == [
        ("10,00", "1361", "10001", '"INV/2026/00007"'),
        ("20,00", "1361", "10001", '"INV/2026/00008"'),
    ]


def test_dates_of_a_row():
    entry = make_entry(
        make_line(
            SKR03["receivable"], 5, partner=DEBTORS[0], due_date=date(2026, 11, 14)
        ),
        make_line(SKR03["income"], -5, service_end=date(2026, 10, 1)),
        day=date(2026, 10, 1),
    )
    (row,) = rows([entry])
    assert (row[9], row[114], row[115], row[116]) == ("0110", "", "", "14112026")
    (row,) = rows([entry], options={"service_dates": True})
    assert row[114:117] == ["30092026", "01102026", "14112026"]


def test_locking_is_said_in_the_header_and_in_every_row():
    for locked, flag in ((False, "0"), (True, "1")):
        lines = bookings([invoice("1.00", "2.00")], options={"locked": locked})
        assert cells(lines[0])[20] == flag
        assert [cells(line)[113] for line in lines[2:-1]] == [flag, flag]


def foreign(own, amount, currency):
    return make_entry(
        make_line(
            SKR03["receivable"],
            own,
            partner=DEBTORS[0],
            amount_currency=Decimal(amount),
            currency=currency,
        ),
        make_line(
            SKR03["income"],
            f"-{own}",
            amount_currency=-Decimal(amount),
            currency=currency,
        ),
    )


def test_foreign_currency_with_its_rate():
    (row,) = rows([foreign("110.60", "120.00", "USD")])
    assert row[:6] == ["120,00", '"S"', '"USD"', "1,084991", "110,60", '"EUR"']


@pytest.mark.parametrize(
    ("own", "amount", "currency", "options"),
    [
        ("120.00", "100.00", "USD", {}),  # a rate below 1 cannot be given
        ("100.00", "120.000", "KWD", {}),  # nor three decimals
        ("100.00", "120.00", "USD", {"foreign_amounts": False}),
    ],
)
def test_foreign_currency_that_datev_cannot_take_is_a_note(
    own, amount, currency, options
):
    (row,) = rows([foreign(own, amount, currency)], options=options)
    assert row[:6] == [own.replace(".", ","), '"S"', '""', "", "", '""']
    assert row[24:26] == ['"Fremdwährung"', f'"{amount} {currency}"']


def test_a_gross_amount_in_foreign_currency():
    def line(key, balance, amount, **values):
        amount = Decimal(amount)
        return make_line(
            SKR03[key], balance, amount_currency=amount, currency="USD", **values
        )

    entry = make_entry(
        line("receivable", "109.68", "119.00", partner=DEBTORS[0]),
        line("taxed", "-92.17", "-100.00", taxes=("3",)),
        line("tax3", "-17.51", "-19.00", tax="3"),
    )
    (row,) = rows([entry])
    assert row[:9] == [
        *("119,00", '"S"', '"USD"', "1,084974", "109,68", '"EUR"'),
        *("10001", "8190", '"3"'),
    ]


def test_collective_accounts_when_there_are_no_person_accounts():
    options = {"person_accounts": False}
    assert facts(invoice("1.00"), options=options) == [
        ("1,00", "S", "1400", "8338", "")
    ]


def test_the_size_of_a_year_does_not_matter():
    entries = list(year(400))
    sums = {}
    for file in booking_files(entries, options={"person_accounts": False}):
        for line in file[2:-1]:
            row = cells(line)
            amount = Decimal(row[0].replace(",", "."))
            sums[row[6]] = sums.get(row[6], 0) + amount
            sums[row[7]] = sums.get(row[7], 0) - amount
    assert sums == balances(entries)
