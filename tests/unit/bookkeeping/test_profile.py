"""Profiles of one's own: their mistakes in words, their options, their splitting."""

import csv
import io
import re
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from bookkeeping import ERROR, FORMATS, Partner
from bookkeeping.fields import FIELDS, Row
from bookkeeping.profile import Column, Profile, check_profile
from bookkeeping.profile_writer import ProfileError
from bookkeeping.template import FILTERS, Style, TemplateError, parse
from hypothesis import given
from hypothesis import strategies as st

from tests import bookkeeping_examples as examples

FORMAT = FORMATS["profile"]
ENTRY = examples.make_invoice()
SIMPLE = {
    "name": "Mine",
    "columns": [
        {"header": "Number", "value": "{entry.name}"},
        {"header": "Account", "value": "{line.account.code}"},
        {"header": "Debit", "value": "{line.debit}"},
        {"header": "Credit", "value": "{line.credit}"},
        {"header": "Label", "value": "{line.label}"},
    ],
}


def column(**values):
    return {"columns": [{"header": "A", "value": "{entry.name}", **values}]}


def write(profile, *entries):
    books = examples.make_books(options={"profile": profile})
    return examples.read_files(FORMAT, books, entries or [ENTRY])


def write_text(profile, *entries):
    [content] = write(profile, *entries).values()
    return content.decode(profile.get("encoding", "utf-8"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"columns": []}, "The profile has no columns. Add at least one."),
        ({"columns": "A"}, "The profile has no columns. Add at least one."),
        ({"delimeter": ";"}, "There is no setting “delimeter”. There are: name, "),
        ({"delimiter": ";;"}, "“delimiter” must be one character that is no letter"),
        ({"delimiter": '"'}, "“delimiter” must be one character that is no letter"),
        ({"delimiter": 1}, "“delimiter” must be a text."),
        (
            {"delimiter": ",", "decimal": ",", "quoting": "none"},
            "Delimiter and decimal separator are both “,”.",
        ),
        (
            {"encoding": "latin9"},
            "“encoding” cannot be “latin9”. It can be: ascii, cp1250, ",
        ),
        ({"newline": "CR"}, "“newline” cannot be “CR”. It can be: CRLF, LF."),
        ({"kinds": ["bill"]}, "“kinds” cannot be “bill”. It can be: invoice, "),
        ({"kinds": "invoice"}, "“kinds” cannot be “invoice”. It can be: invoice, "),
        ({"header": "yes"}, "“header” must be true or false."),
        ({"rows_per_file": -1}, "“rows_per_file” must be a whole number above zero"),
        ({"rows_per_file": True}, "“rows_per_file” must be a whole number above zero"),
        (
            {"rows_per_file": 9, "file_name": "a.csv"},
            "The profile splits files, so that their names need “{file.number}”.",
        ),
        ({"file_name": "{books.nam}"}, "File name: There is no field “books.nam”."),
        (
            {"file_name": "{entry.name}.csv"},
            "File name: A file name can only hold fields of the books and the file.",
        ),
        (column(header=" "), "Column 1 has no header."),
        ({"columns": ["A"]}, "Column 1 has no header."),
        (
            {"columns": [{"header": "A"}, {"header": "A"}]},
            "Two columns are called “A”.",
        ),
        (
            {**column(header="Borçş"), "encoding": "cp1252"},
            "The header “Borçş” has a character that does not exist in cp1252.",
        ),
        (
            column(value="{entry.nmae}"),
            "Column “A”: There is no field “entry.nmae”. There are: books.company, ",
        ),
        (
            column(value="{entry.__class__}"),
            "Column “A”: There is no field “entry.__class__”. There are: ",
        ),
        (
            column(value="{entry.name|shout}"),
            "Column “A”: There is no filter “shout”. There are: abs, blank_zero, ",
        ),
        (
            column(value="{entry.name|first:x}"),
            "Column “A”: The filter “first” cannot work with “x”. "
            "Write it as first:30.",
        ),
        (
            column(value="{entry.number|pad:9999999999}"),
            "Column “A”: The filter “pad” cannot work with “9999999999”. "
            "Write it as pad:6.",
        ),
        (
            column(value="{entry.date|date:mm}"),
            "Column “A”: The filter “date” cannot work with “mm”. "
            "Write it as date:DD.MM.YYYY.",
        ),
        (
            column(value="{entry.name"),
            "Column “A”: “{entry.name” has a brace without its other half.",
        ),
        (
            column(value="{part.net}"),
            "Column “A”: The field “part.net” does not exist where a row is a line "
            "of an entry.",
        ),
        (
            {**column(value="{line.debit}"), "rows": "part"},
            "Column “A”: The field “line.debit” does not exist where a row is a part "
            "of an entry.",
        ),
        (column(size=1), "Column “A”: There is no setting “size”. There are: header, "),
        (column(overlong="no"), "Column “A”: “overlong” cannot be “no”."),
        (column(value=1), "Column “A”: “value” must be a text."),
    ],
)
def test_a_mistake_is_told_in_words(changes, words):
    problems = list(check_profile({**SIMPLE, **changes}))
    assert [one.severity for one in problems] == [ERROR]
    assert str(problems[0]).startswith(words)
    books = examples.make_books(options={"profile": {**SIMPLE, **changes}})
    assert list(FORMAT.check(books, None)) == problems
    assert not list(FORMAT.check(books, ENTRY))
    with pytest.raises(ProfileError):
        examples.read_files(FORMAT, books, [ENTRY])


def test_no_profile():
    books = examples.make_books()
    [problem] = FORMAT.check(books, None)
    assert str(problem) == "The target has no column profile. Choose one."
    with pytest.raises(ProfileError):
        examples.read_files(FORMAT, books, [ENTRY])


def test_empty_settings_mean_the_usual():
    names = ("delimiter", "kinds", "rows_per_file", "file_name", "quoting")
    assert write(SIMPLE) == write({**SIMPLE, **dict.fromkeys(names)})


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("", ""),
        ("fixed", "fixed"),
        ("{entry.name}: {line.label}", "INV/2026/00001: =Storage, 5 TB"),
        ("{entry.name} {entry.narration} {entry.kind}", "INV/2026/00001 invoice"),
        ("{line.balance}", "-100,00"),
        ("{line.balance|negate}", "100,00"),
        ("{line.balance|abs}", "100,00"),
        ("{line.debit|negate}", "0,00"),
        ("{line.debit|blank_zero}", ""),
        ("{line.balance|sign:B/A}", "A"),
        ("{line.amount}", "100,00"),
        ("{line.rate}", "1,000000"),
        ("{line.currency}", "EUR"),
        ("{line.taxes}", "19"),
        ("{line.tax|default:none}", "none"),
        ("{line.service_start} to {line.service_end}", "01.09.2026 to 30.09.2026"),
        ("{entry.date|date:YYMMDD}", "261001"),
        ("{entry.due_date}", "15.10.2026"),
        ("{line.due_date}", ""),
        ("{entry.number|pad:4}", "0007"),
        ("{entry.kind|map:invoice=Sale|upper|first:3}", "SAL"),
        ("{entry.partner.country|lower}", "de"),
        ("{line.partner.name}", "Müller & Söhne"),
        ("{line.account.own_code}", "400000"),
        ("{entry.net}+{entry.tax}={entry.total}", "150,01+28,50=178,51"),
        ("{books.start}-{books.end}", "01.10.2026-31.10.2026"),
        ("{books.created}", "02.11.2026"),
    ],
)
def test_templates(template, shown):
    row = Row(examples.make_books(), ENTRY, ENTRY.lines[1], entry_number=7)
    style = Style(",", "DD.MM.YYYY")
    assert style.show(parse(template).fill(row, style)) == shown


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_can_be_shown(name):
    """Also where an entry has neither partner nor counterpart."""
    for entry in examples.YEAR:
        for rows in ("line", "part"):
            profile = {"name": "All", "rows": rows, **column(value=f"{{{name}}}")}
            if not list(check_profile(profile)):
                assert write_text(profile, entry).startswith("A\r\n")


def test_every_filter_has_an_example_that_works():
    for _make, example in FILTERS.values():
        assert parse(f"{{entry.name|{example}}}").fields == {"entry.name"}


@given(examples.texts)
def test_no_text_breaks_the_template_reader(text):
    try:
        parse(text)
    except TemplateError as error:
        assert str(error)


def test_quoting():
    rows = "\r\n".join(write_text({**SIMPLE, "quoting": "all"}).split("\r\n")[:2])
    assert rows == (
        '"Number","Account","Debit","Credit","Label"\r\n'
        '"INV/2026/00001","1400","178.51","0.00","Due"'
    )
    text = write_text({**SIMPLE, "quoting": "none", "newline": "LF", "header": False})
    assert text.split("\n")[1] == "INV/2026/00001,8400,0.00,100.00,=Storage  5 TB"


def test_forbidden_characters_and_control_characters():
    lines = (
        examples.debit(examples.BANK, "1", label='a;b\n"c"\t\x00d '),
        examples.credit(examples.FEES, "1", label="\r\n"),
    )
    profile = {
        **column(value="{line.label}", forbidden=";", replacement="/"),
        "header": False,
    }
    text = write_text(profile, examples.make_payout(lines=lines))
    assert text == '"a/b ""c"" d"\r\n""\r\n'


def test_formulas_are_guarded_and_numbers_are_not():
    profile = {**SIMPLE, "guard_formulas": True, "columns": [*SIMPLE["columns"][-1:]]}
    profile["columns"].append({"header": "Balance", "value": "{line.balance}"})
    rows = write_text(profile).split("\r\n")
    assert rows[2] == '"\'=Storage, 5 TB",-100.00'


def test_an_unknown_character_refuses_or_is_replaced():
    partner = Partner(1, "ŠĞ 株")
    lines = (
        examples.debit(examples.BANK, "1", partner=partner),
        examples.credit(examples.FEES, "1"),
    )
    entry = examples.make_payout(lines=lines)
    profile = {**column(value="{line.partner.name}"), "encoding": "cp1252"}
    with pytest.raises(ProfileError, match="does not exist in cp1252: Ğ"):
        write(profile, entry)
    text = write_text({**profile, "unencodable": "replace"}, entry)
    assert text.split("\r\n")[1] == "ŠG ?"


def test_a_row_knows_its_file():
    profile = {
        "columns": [{"header": "A", "value": "{file.number}/{line.number}"}],
        "entries_per_file": 1,
        "header": False,
    }
    files = write(profile, examples.make_payout(1), examples.make_payout(2))
    assert list(files.values()) == [
        b"1/1\r\n1/2\r\n1/3\r\n",
        b"2/1\r\n2/2\r\n2/3\r\n",
    ]


def test_currencies_keep_their_digits():
    yen = examples.make_books(currency="JPY", options={"profile": SIMPLE})
    lines = (examples.debit(examples.BANK, "5"), examples.credit(examples.FEES, "5"))
    entry = examples.make_payout(lines=lines)
    [content] = examples.read_files(FORMAT, yen, [entry]).values()
    assert b",5,0," in content
    dinar = replace(yen, currency="KWD")
    [content] = examples.read_files(FORMAT, dinar, [entry]).values()
    assert b",5.000,0.000," in content


def test_parts_spread_the_tax_to_the_cent():
    taxed = {"taxes": ("20",)}
    lines = (
        examples.debit(examples.RECEIVABLE, "3.60"),
        *(
            examples.credit(replace(examples.REVENUE, code=code), "1.00", **taxed)
            for code in "abc"
        ),
        examples.credit(examples.VAT, "0.50", tax="20"),
        examples.credit(examples.VAT, "0.10", tax="?"),
    )
    profile = {
        "rows": "part",
        "header": False,
        "columns": [
            {"header": "A", "value": "{part.account.code} {part.net} {part.tax}"}
        ],
    }
    rows = write_text(profile, examples.make_invoice(lines=lines)).split("\r\n")
    assert rows[:-1] == ["a 1.00 0.17", "b 1.00 0.16", "c 1.00 0.17", "1776 0.00 0.10"]


@given(examples.lists_of_entries(lines=6), st.integers(6, 9), st.integers(0, 3))
def test_every_line_is_in_one_file_and_no_entry_is_cut(entries, rows, count):
    limits = {"rows_per_file": rows, "entries_per_file": count}
    files = write_all({**SIMPLE, **limits}, entries)
    homes, sums = {}, {}
    for number, content in enumerate(files.values()):
        text = content.decode()
        table = list(csv.reader(io.StringIO(text, newline="")))[1:]
        assert len(table) <= limits["rows_per_file"]
        assert not count or len({row[0] for row in table}) <= count
        for name, account, debit, credit, _label in table:
            homes.setdefault(name, []).append(number)
            pair = sums.get(account, (D(0), D(0)))
            sums[account] = (pair[0] + D(debit), pair[1] + D(credit))
    assert {name: len(found) for name, found in homes.items()} == {
        entry.name: len(entry.lines) for entry in entries
    }
    assert all(len(set(found)) == 1 for found in homes.values())
    assert sums == examples.sums_of(entries)


def write_all(profile, entries):
    books = examples.make_books(options={"profile": profile})
    return examples.read_files(FORMAT, books, entries)


@given(examples.lists_of_entries())
def test_the_same_entries_give_the_same_bytes(entries):
    assert write_all(SIMPLE, entries) == write_all(SIMPLE, entries)


def test_the_manual_names_everything():
    manual = Path(__file__).parents[3] / "docs" / "bookkeeping-own-csv.md"
    text = manual.read_text(encoding="utf-8")
    plain = [name for name in FIELDS if name.count(".") == 1]
    changes = [example.split(":")[0] for _make, example in FILTERS.values()]
    settings = [*Profile.__dataclass_fields__, *Column.__dataclass_fields__]
    for name in {*plain, *changes, *settings} - {"name_template", "template"}:
        assert re.search(rf"`{re.escape(name)}[`:]", text), name
