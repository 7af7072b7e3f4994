import json
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest
from fastspring import values
from fastspring.errors import PayloadError


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        (0, "0"),
        (180, "180"),
        (193.05, "193.05"),
        (0.1, "0.1"),
        ("140.20", "140.20"),
        ("-15.00", "-15.00"),
        ("60", "60"),
        (Decimal("1.8321"), "1.8321"),
        (Decimal("1.2345678E7"), "12345678"),
        ("1.0E7", "10000000"),
        ("0.123456789012", "0.123456789012"),
        ("1234567890123456789", "1234567890123456789"),
    ],
)
def test_money_is_exact(raw, amount):
    assert values.money(raw) == Decimal(amount)
    assert str(values.money(raw)) == amount


@pytest.mark.parametrize("raw", [None, ""])
def test_missing_money_is_not_zero(raw):
    assert values.money(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        *(True, False, [], {}, {"amount": 1}, "abc", "1,018.87", "1.018,87 €", "$5"),
        *("1_000", " 5", "+5", "٣", "NaN", "Infinity", "-Infinity", "0x10", "1e", "."),
        *(Decimal("NaN"), Decimal("Infinity"), float("nan"), float("inf")),
        *(Decimal("1E+999999999"), Decimal("1E-999999999"), "9" * 20, 10**30),
        *(Decimal("0E+999999999"), "0.1234567890123"),
    ],
)
def test_what_is_no_amount_is_refused_by_name(raw):
    with pytest.raises(PayloadError, match="^total "):
        values.money(raw, "total")


@pytest.mark.parametrize(
    ("raw", "number"),
    [(1, 1), (0, 0), ("2", 2), (Decimal("3.0"), 3), (1.5, None), ("x", None)],
)
def test_integer(raw, number):
    assert values.integer(raw) == number


MAY_28 = datetime(2026, 5, 28, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("raw", "when"),
    [
        ("Thu May 28 00:00:00 UTC 2026", MAY_28),
        ("Thu May 28 00:00:00 GMT 2026", MAY_28),
        ("2026-05-28T00:00:00Z", MAY_28),
        ("2026-05-28T00:00:00.000Z", MAY_28),
        ("2026-05-28T00:00:00.000000000Z", MAY_28),
        ("2026-05-28T02:00:00+02:00", MAY_28),
        ("2026-05-28T00:00:00", MAY_28),
        ("2026-05-28", MAY_28),
        (1779926400000, MAY_28),
        ("1779926400000", MAY_28),
        (Decimal("1.7799264E12"), MAY_28),
        (1795305600123, datetime(2026, 11, 22, 0, 0, 0, 123000, tzinfo=timezone.utc)),
    ],
)
def test_moment(raw, when):
    assert values.moment(raw) == when
    assert values.moment(raw).tzinfo == timezone.utc
    assert values.day(raw) == when.date()


@pytest.mark.parametrize(
    "raw",
    [
        *(None, "", "tomorrow", "Thu Mai 28 00:00:00 UTC 2026", True, [], {}, "N/A"),
        *("Thu May 32 00:00:00 UTC 2026", "Thu May 28 25:00:00 UTC 2026", "2026-13-01"),
        *(10**17, -(10**17), 10**30, Decimal("1E+999999999"), "5/21/23"),
    ],
)
def test_what_is_no_moment_is_left_out(raw):
    assert values.moment(raw) is None
    assert values.day(raw) is None


def test_day_type():
    assert type(values.day("Thu May 28 00:00:00 UTC 2026")) is date


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        (None, {}),
        ({}, {}),
        ([], {}),
        ("x", {}),
        ({"a": "b"}, {"a": "b"}),
        ({"a": 5, "b": True, "c": None, "d": [], "e": Decimal("1.50")}, None),
        ([{"key": "a", "value": "b"}, {"key": None, "value": "c"}, "d"], {"a": "b"}),
    ],
)
def test_pairs(raw, pairs):
    if pairs is None:
        pairs = {"a": "5", "b": "true", "e": "1.50"}
    assert values.pairs(raw) == pairs


def test_text_can_be_stored():
    assert values.text("a\x00b\ud800c") == "ab?c"
    assert values.text(93101) == "93101"
    assert values.text("") is values.text({}) is values.text(True) is None


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("https://mrsenko.onfastspring.com/account/order/invoice", "mrsenko"),
        (
            "https://venomsupply.test.onfastspring.com/popup-venomsupply/x",
            "venomsupply",
        ),
        ("https://shop.example.com/invoice", None),
        ("https://mystore.onfastspring.com.evil.example/", None),
        ("https://evilonfastspring.com/", None),
        ("https://[", None),
        ("", None),
        (None, None),
    ],
)
def test_store(url, store):
    assert values.store(url) == store


def test_wire_numbers_are_exact():
    request = {
        "price": {"EUR": Decimal("901.10"), "JPY": Decimal(900)},
        "a": [True, "1"],
    }
    assert json.dumps(values.wire(request)) == (
        '{"price": {"EUR": 901.1, "JPY": 900}, "a": [true, "1"]}'
    )
    with pytest.raises(ValueError, match="does not fit"):
        values.wire([Decimal("12345678901234567.89")])


def test_dumps_keeps_amounts_exact():
    document = values.loads(b'{"total": 0.10, "n": 5, "s": "\\u0000\\ud800"}')
    again = values.loads(values.dumps(document).encode())
    assert again == {"total": "0.10", "n": 5, "s": "\x00\ud800"}
    assert values.money(again["total"]) == document["total"]


def test_storable_leaves_out_what_postgresql_refuses():
    raw = rb'{"a": "x\u0000y", "b": "\ud800!", "c": "\ud83d\ude00", "d": "\\u0000"}'
    again = values.loads(values.storable(values.loads(raw)).encode())
    assert again == {"a": "xy", "b": "?!", "c": "\U0001f600", "d": "\\u0000"}
    assert values.storable({"total": Decimal("0.10")}) == '{"total": "0.10"}'
