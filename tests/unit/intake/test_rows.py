"""Checking reported rows."""

from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake import Catalogue, check_rows, references
from intake.body import BrokenLine

NOW = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
GOOD = {
    "id": "e-1",
    "source": "eu-1",
    "account": "acme",
    "meter": "requests_a",
    "time": "2026-10-05T10:00:00Z",
    "quantity": 12,
}


def catalogue():
    return Catalogue(
        accounts={
            "acme": (7, date(2026, 10, 1), None),
            "gone": (8, date(2026, 1, 1), date(2026, 10, 1)),
        },
        meters={"requests_a": (1, False), "corrections": (2, True)},
        now=NOW,
    )


def check(*rows):
    return check_rows(list(rows), catalogue())


def code_of(row):
    _good, _indexes, _repeated, rejected = check(row)
    return rejected[0].code if rejected else None


def test_a_good_row():
    good, indexes, repeated, rejected = check(GOOD)
    (row,) = good.values()
    assert (row.account_id, row.meter_id, row.quantity) == (7, 1, Decimal(12))
    assert row.day == date(2026, 10, 5)
    assert row.time_text == "2026-10-05 10:00:00.000000"
    assert indexes == {("eu-1", "e-1"): 0}
    assert (repeated, rejected) == (0, [])


def test_time_is_turned_into_utc():
    good, *_rest = check({**GOOD, "time": "2026-10-05T23:30:00-02:00"})
    (row,) = good.values()
    assert row.time_text == "2026-10-06 01:30:00.000000"
    assert row.day == date(2026, 10, 6)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account": "nobody"}, "unknown_account"),
        ({"account": None}, "unknown_account"),
        ({"account": ["acme"]}, "unknown_account"),
        ({"meter": "nothing"}, "unknown_meter"),
        ({"meter": {}}, "unknown_meter"),
        ({"time": "yesterday"}, "bad_time"),
        ({"time": "2026-13-01T00:00:00Z"}, "bad_time"),
        ({"time": "2026-10-05T10:00:00"}, "bad_time"),
        ({"time": 1790000000}, "bad_time"),
        ({"time": "2026-11-01T12:11:00Z"}, "time_in_future"),
        ({"time": "2026-09-30T23:59:59Z"}, "account_not_billed"),
        ({"account": "gone"}, "account_not_billed"),
        ({"quantity": "many"}, "bad_quantity"),
        ({"quantity": None}, "bad_quantity"),
        ({"quantity": True}, "bad_quantity"),
        ({"quantity": "1_000"}, "bad_quantity"),
        ({"quantity": "١٢"}, "bad_quantity"),
        ({"quantity": ""}, "bad_quantity"),
        ({"quantity": "NaN"}, "non_finite_quantity"),
        ({"quantity": "-Infinity"}, "non_finite_quantity"),
        ({"quantity": Decimal("Infinity")}, "non_finite_quantity"),
        ({"quantity": -1}, "negative_quantity"),
        ({"quantity": "1e28"}, "quantity_out_of_range"),
        ({"quantity": "1e-13"}, "quantity_out_of_range"),
        ({"quantity": "1e999999999"}, "quantity_out_of_range"),
        ({"id": ""}, "bad_field"),
        ({"id": 5}, "bad_field"),
        ({"id": "a\x00b"}, "bad_field"),
        ({"id": "\ud800"}, "bad_field"),
        ({"source": "x" * 256}, "bad_field"),
    ],
)
def test_each_mistake_has_its_code(change, code):
    assert code_of({**GOOD, **change}) == code


@pytest.mark.parametrize("name", sorted(GOOD))
def test_missing_field_is_named(name):
    row = {key: value for key, value in GOOD.items() if key != name}
    _good, _indexes, _repeated, (refusal,) = check(row)
    assert refusal.code == "missing_field"
    assert refusal.message == f"The row lacks: {name}."


def test_rows_that_are_no_objects():
    codes = [refusal.code for refusal in check([], None, 5, BrokenLine("x"))[3]]
    assert codes == ["bad_row", "bad_row", "bad_row", "broken_json"]


def test_clock_may_run_ahead_a_little():
    assert code_of({**GOOD, "time": "2026-11-01T12:09:00Z"}) is None


def test_negative_quantity_where_the_meter_allows_it():
    assert code_of({**GOOD, "meter": "corrections", "quantity": "-2.5"}) is None


def test_bad_rows_lose_no_good_ones():
    good, indexes, _repeated, rejected = check(
        {**GOOD, "meter": "x"}, GOOD, {**GOOD, "id": "e-2"}
    )
    assert [row.id for row in good.values()] == ["e-1", "e-2"]
    assert indexes["eu-1", "e-2"] == 2
    assert [(one.index, one.id, one.code) for one in rejected] == [
        (0, "e-1", "unknown_meter")
    ]


def test_references_are_those_that_can_exist():
    rows = [GOOD, GOOD, {"account": []}, {"account": "a\x00"}, {}, None, "x"]
    assert references(rows) == [GOOD["account"]]


def test_repetition_in_a_batch_is_harmless():
    good, _indexes, repeated, rejected = check(GOOD, {**GOOD, "quantity": "12.0"})
    assert (len(good), repeated, rejected) == (1, 1, [])


def test_contradiction_in_a_batch_is_a_conflict():
    good, _indexes, repeated, (refusal,) = check(GOOD, {**GOOD, "quantity": 13})
    assert good["eu-1", "e-1"].quantity == 12
    assert (repeated, refusal.index, refusal.code) == (0, 1, "conflict")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(sorted(GOOD)), inner),
    max_leaves=12,
)


@given(st.lists(JSON | st.fixed_dictionaries({name: JSON for name in GOOD})))
def test_whatever_comes_is_answered_row_by_row(rows):
    good, _indexes, repeated, rejected = check_rows(rows, catalogue())
    assert len(good) + repeated + len(rejected) == len(rows)
