"""Checking reported rows."""

import itertools
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake import (
    Account,
    Catalogue,
    Meter,
    Oldest,
    check_rows,
    content,
    raw_text,
    references,
)
from intake.body import BrokenLine

NOW = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
OLD = "2026-07-28T23:00:00Z"
GOOD = {
    "id": "e-1",
    "source": "eu-1",
    "account": "acme",
    "meter": "requests_a",
    "time": "2026-10-05T10:00:00Z",
    "quantity": 12,
}


def deep(levels):
    result = []
    for _level in range(levels):
        result = [result]
    return result


OLDEST = Oldest(accepted=date(2026, 7, 29), kept=date(2025, 6, 1))


def catalogue():
    return Catalogue(
        accounts={
            "acme": Account(7, date(2026, 10, 1)),
            "gone": Account(8, date(2026, 1, 1), date(2026, 10, 1)),
            "old": Account(9, date(2020, 1, 1), oldest=OLDEST),
        },
        meters={
            "requests_a": Meter(1),
            "corrections": Meter(2, allow_negative=True),
            "requests": Meter(3, "count"),
            "buckets": Meter(4, "unique"),
            "changes": Meter(5, "time_weighted"),
            "deleted": Meter(6, "retention"),
            "samples": Meter(7, "gauge"),
        },
        now=NOW,
        oldest=OLDEST,
    )


def check(*rows):
    return check_rows(list(rows), catalogue())


def code_of(row):
    checked = check(row)
    answers = [*checked.rejected, *checked.unknown.rows.values()]
    return answers[0].code if answers else None


def good_row(row):
    checked = check(row)
    assert not checked.rejected and not checked.unknown.rows, checked
    (result,) = checked.good.rows.values()
    return result


def test_a_good_row():
    checked = check(GOOD)
    (row,) = checked.good.rows.values()
    assert (row.account_id, row.meter_id, row.quantity) == (7, 1, Decimal(12))
    assert row.day == date(2026, 10, 5)
    assert row.time_text == "2026-10-05 10:00:00.000000"
    assert (row.revision, row.value, row.since_text) == (0, None, None)
    assert checked.good.indexes == {("eu-1", "e-1"): 0}
    assert (checked.duplicates, checked.rejected) == (0, [])


def test_time_is_turned_into_utc():
    row = good_row({**GOOD, "time": "2026-10-05T23:30:00-02:00"})
    assert row.time_text == "2026-10-06 01:30:00.000000"
    assert row.day == date(2026, 10, 6)


@given(st.datetimes(datetime(1000, 1, 1), NOW.replace(tzinfo=None)))
def test_the_same_time_however_it_is_written(moment):
    moment = moment.replace(microsecond=0)
    times = {
        catalogue().read_time(f"{moment.isoformat()}{zone}")
        for zone in ("Z", "+00:00", ".000Z")
    }
    assert times == {(f"{moment}.000000", moment.date())}


@pytest.mark.parametrize("text", ["2026-10-05T10+02:00Z", "2026-10-05T1٠:00:00Z"])
def test_what_only_looks_like_a_time(text):
    assert code_of({**GOOD, "time": text}) == "bad_time"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account": "nobody"}, "unknown_account"),
        ({"account": None}, "bad_field"),
        ({"account": ["acme"]}, "bad_field"),
        ({"account": ""}, "bad_field"),
        ({"account": "x" * 256}, "bad_field"),
        ({"meter": "nothing"}, "unknown_meter"),
        ({"meter": {}}, "bad_field"),
        ({"account": "nobody", "meter": "nothing"}, "unknown_account"),
        ({"account": "nobody", "time": "noon"}, "bad_time"),
        ({"account": "nobody", "quantity": "x"}, "bad_quantity"),
        ({"account": "nobody", "quantity": -1}, "negative_quantity"),
        ({"account": "nobody", "time": "2026-07-28T23:00:00Z"}, "too_old"),
        ({"account": "nobody", "meter": "buckets"}, "missing_field"),
        ({"meter": "nothing", "quantity": "x"}, "bad_quantity"),
        ({"meter": "nothing", "time": "2026-09-30T23:59:59Z"}, "account_not_billed"),
        ({"meter": "nothing", "account": "old", "time": OLD}, "too_old"),
        ({"account": "old", "time": OLD}, "too_old"),
        ({"account": "old", "time": "2026-07-29T00:00:00Z"}, None),
        ({"revision": 0}, None),
        ({"revision": 2**31 - 1}, None),
        ({"revision": 2**31}, "bad_field"),
        ({"revision": -1}, "bad_field"),
        ({"revision": "1"}, "bad_field"),
        ({"revision": True}, "bad_field"),
        ({"revision": Decimal("0.0")}, "bad_field"),
        ({"revision": None}, "bad_field"),
        ({"meter": "buckets"}, "missing_field"),
        ({"meter": "buckets", "value": "a"}, None),
        ({"meter": "buckets", "value": ""}, "bad_field"),
        ({"meter": "buckets", "value": 5}, "bad_field"),
        ({"meter": "buckets", "value": "x" * 255}, None),
        ({"meter": "buckets", "value": "x" * 256}, "bad_field"),
        ({"meter": "buckets", "value": "a", "quantity": "x"}, "bad_quantity"),
        ({"meter": "changes", "quantity": -5}, None),
        ({"meter": "samples", "quantity": -5}, "negative_quantity"),
        ({"meter": "deleted"}, "missing_field"),
        ({"meter": "deleted", "since": "2026-10-05T10:00:00Z"}, None),
        ({"meter": "deleted", "since": "2026-10-05T12:00:00+02:00"}, None),
        ({"meter": "deleted", "since": "2026-10-05T10:00:00.1Z"}, "since_after_time"),
        ({"meter": "deleted", "since": "0001-01-01T00:00:00Z"}, None),
        ({"meter": "deleted", "since": "long ago"}, "bad_time"),
        ({"meter": "deleted", "since": "2026-10-05T10:00:00"}, "bad_time"),
        ({"meter": "deleted", "since": None}, "bad_time"),
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
        ({"quantity": "0" * 256}, "bad_quantity"),
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
    (refusal,) = check(row).rejected
    assert refusal.code == "missing_field"
    assert refusal.message == f"The row lacks: {name}."


def test_all_missing_fields_are_named():
    (refusal,) = check({"id": "e-1", "meter": "requests_a"}).rejected
    assert refusal.message == "The row lacks: source, account, time."


def test_rows_that_are_no_objects():
    codes = [refusal.code for refusal in check([], None, 5, BrokenLine("x")).rejected]
    assert codes == ["bad_row", "bad_row", "bad_row", "broken_json"]


def test_clock_may_run_ahead_a_little():
    assert code_of({**GOOD, "time": "2026-11-01T12:09:00Z"}) is None


def test_negative_quantity_where_the_meter_allows_it():
    assert code_of({**GOOD, "meter": "corrections", "quantity": "-2.5"}) is None


def test_bad_rows_lose_no_good_ones():
    checked = check({**GOOD, "time": "x"}, GOOD, {**GOOD, "id": "e-2"})
    assert [row.id for row in checked.good.rows.values()] == ["e-1", "e-2"]
    assert checked.good.indexes["eu-1", "e-2"] == 2
    assert [(one.index, one.id, one.code) for one in checked.rejected] == [
        (0, "e-1", "bad_time")
    ]


def test_repetition_in_a_batch_is_harmless():
    checked = check(GOOD, {**GOOD, "quantity": "12.0"})
    assert (len(checked.good.rows), checked.duplicates) == (1, 1)
    assert checked.rejected == []


def test_contradiction_in_a_batch_is_a_conflict():
    checked = check(GOOD, {**GOOD, "quantity": 13})
    assert checked.good.rows["eu-1", "e-1"].quantity == 12
    (refusal,) = checked.rejected
    assert (checked.duplicates, refusal.index, refusal.code) == (0, 1, "conflict")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_newest_revision_of_a_batch_counts_in_any_order(order):
    rows = [{**GOOD, "revision": number, "quantity": number} for number in (4, 0, 7)]
    checked = check(*(rows[place] for place in order))
    (row,) = checked.good.rows.values()
    assert (row.revision, row.quantity) == (7, 7)
    assert checked.good.indexes == {("eu-1", "e-1"): order.index(2)}
    assert (checked.duplicates, checked.rejected) == (2, [])


def test_contradiction_of_the_newest_revision_is_a_conflict():
    newest = {**GOOD, "revision": 1}
    checked = check(GOOD, newest, {**newest, "account": "old"}, newest)
    assert (checked.duplicates, [one.index for one in checked.rejected]) == (2, [2])


def test_events_that_are_counted_need_no_quantity():
    row = {name: value for name, value in GOOD.items() if name != "quantity"}
    assert good_row({**row, "meter": "requests"}).quantity == 1
    assert good_row({**row, "meter": "buckets", "value": "a"}).quantity == 1
    assert good_row({**GOOD, "meter": "requests"}).quantity == 12


def test_value_and_since_belong_to_their_meters():
    extra = {"value": "a", "since": "2026-10-05T09:00:00+01:00"}
    row = good_row({**GOOD, **extra})
    assert (row.value, row.since_text) == (None, None)
    row = good_row({**GOOD, **extra, "meter": "buckets"})
    assert (row.value, row.since_text) == ("a", None)
    row = good_row({**GOOD, **extra, "meter": "deleted"})
    assert (row.value, row.since_text) == (None, "2026-10-05 08:00:00.000000")
    assert row.time - row.since == timedelta(hours=2)


def test_what_is_older_than_is_kept_is_told_apart():
    row = {**GOOD, "account": "old", "time": "2025-05-31T12:00:00Z"}
    (refusal,) = check(row).rejected
    assert refusal.code == "too_old"
    assert "no longer kept" in refusal.message
    (refusal,) = check({**row, "time": OLD}).rejected
    assert "as a backfill" in refusal.message


def test_unknown_rows_keep_what_they_say():
    row = {**GOOD, "account": "nobody", "revision": 3, "bucket": {"name": "x"}}
    checked = check({**row, "revision": 2, "quantity": 5}, row, row)
    (unknown,) = checked.unknown.rows.values()
    assert unknown[:-2] == (
        ("eu-1", "e-1"),
        3,
        "nobody",
        "requests_a",
        "2026-10-05 10:00:00.000000",
        12,
        None,
        None,
    )
    assert unknown.message == (
        "No account has the reference “nobody”: the row is kept, and counts as soon as "
        "there is one."
    )
    assert checked.unknown.indexes == {("eu-1", "e-1"): 1}
    assert (checked.duplicates, checked.rejected, checked.good.rows) == (2, [], {})


def test_references_are_those_that_can_exist():
    rows = [
        {"account": name} for name in ("a", "b", "a", ["c"], {}, None, 5, "d\ud800")
    ]
    assert sorted(references([*rows, [], None, {}])) == ["a", "b"]


def test_content_is_what_is_said_not_how():
    row = {**GOOD, "quantity": Decimal("12.50"), "meter": "nothing"}
    same = {**row, "quantity": "12.5", "time": "2026-10-05T12:00:00+02:00", "x": 1}
    assert content(row) == content(same)
    for change in ({"quantity": 12}, {"value": "a"}, {"account": "old"}):
        assert content(row) != content({**row, **change})


def test_raw_text_is_what_was_sent():
    row = {**GOOD, "quantity": Decimal("0.10"), "bucket": "é\ud800"}
    text = raw_text(row)
    assert text.isascii()
    assert json.loads(text) == {**row, "quantity": "0.10"}


@pytest.mark.parametrize("extra", ["x" * 10_000, deep(5000)])
def test_raw_text_has_a_limit(extra):
    row = {**GOOD, "revision": 1, "extra": extra}
    assert json.loads(raw_text(row)) == {**GOOD, "revision": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(sorted(GOOD)), inner),
    max_leaves=12,
)


ODD = {
    "id": st.sampled_from(["e-1", "e-2", ""]),
    "account": st.sampled_from(["acme", "old", "nobody"]),
    "meter": st.sampled_from(["requests_a", "buckets", "deleted", "nothing"]),
    "quantity": st.integers(-1, 2),
    "revision": st.integers(-1, 2),
    "value": st.sampled_from(["a", "b", ""]),
    "since": st.sampled_from(["2026-10-05T09:00:00Z", "2026-10-06T09:00:00Z", ""]),
}
ROWS = st.fixed_dictionaries({}, optional=ODD).map(lambda row: {**GOOD, **row})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS | JSON))
def test_whatever_comes_is_answered_row_by_row(rows):
    checked = check_rows(rows, catalogue())
    kept = len(checked.good.rows) + len(checked.unknown.rows)
    assert kept + checked.duplicates + len(checked.rejected) == len(rows)
    for row in checked.unknown.indexes.values():
        raw_text(rows[row])
