"""One event of a delivery that cannot be read loses no other."""

import json
import time

import pytest
from fastspring.events import acknowledgement, parse_event, parse_events, subjects
from fastspring.salvage import MAX_DEPTH, MAX_TEXT
from hypothesis import given
from hypothesis import strategies as st

GOOD = {"id": "EV-good", "type": "order.completed", "live": False, "data": {"id": "o"}}
UNREADABLE = "the event is not readable as JSON"


def delivery(*events):
    """Return a delivery of events, written as objects, texts or bytes."""
    texts = [event if isinstance(event, bytes) else json.dumps(event).encode()
             for event in events]  # fmt: skip
    return b'{"events":[' + b",".join(texts) + b"]}"


def nested(depth, opening=b'{"a":', closing=b"}"):
    """Return an event whose data is nested that deep."""
    data = opening * depth + b"1" + closing * depth
    return b'{"id":"EV-bad","type":"t","data":' + data + b"}"


def with_data(data):
    return b'{"id":"EV-bad","type":"order.completed","data":' + data + b"}"


BROKEN = {
    "NaN": with_data(b'{"total":NaN}'),
    "Infinity": with_data(b'{"total":-Infinity}'),
    "exponent": with_data(b'{"total":1e99999999999999999999}'),
    "digits": with_data(b"9" * 5000),
    "no value": with_data(b'{"total":}'),
    "no quotes": with_data(b"{total: 1}"),
    "two values": with_data(b'{"total": 1 2}'),
    "python": with_data(b"{'total': None}"),
    "brackets in texts": with_data(b'{"note": "]}[{\\"", "total": NaN}'),
    "deep objects": nested(5000),
    "deep arrays": nested(5000, b"[", b"]"),
    "too deep": nested(MAX_DEPTH),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_event_keeps_its_id_and_loses_no_other(broken):
    for events in ([broken, GOOD], [GOOD, broken], [broken, GOOD, broken]):
        found = parse_events(delivery(*events))
        assert [event.id for event in found] == [
            "EV-good" if event is GOOD else "EV-bad" for event in events
        ]
        for event in found:
            if event.id == "EV-good":
                assert event == parse_event(GOOD)
            else:
                assert event.error == UNREADABLE
                assert event.raw["unreadable"] in broken.decode()
                assert parse_event(event.raw) == event
        assert acknowledgement([event.id for event in found], ["EV-good", "EV-bad"])


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 2])
def test_what_is_not_too_deep_is_read(depth):
    (event,) = parse_events(delivery(nested(depth)))
    assert event.error is None


def test_many_objects_side_by_side_are_not_deep():
    event = {**GOOD, "data": {"items": [{"product": [{}]}] * 500}}
    assert parse_events(delivery(event, event))[0].error is None


@pytest.mark.parametrize(
    "raw", [b"NaN", b"1e99999999999999999999", b"9" * 5000, b"{x}"]
)
def test_what_names_no_id_cannot_be_kept(raw):
    nameless, good = parse_events(delivery(raw, GOOD))
    assert (nameless.id, good.id) == (None, "EV-good")
    assert UNREADABLE in nameless.error
    assert acknowledgement([nameless.id, good.id], ["EV-good"]) == (202, "EV-good")


def test_bytes_that_are_no_text():
    event = {**GOOD, "data": {"id": "o", "note": "?"}}
    for body in (
        delivery(event).replace(b'"?"', b'"\xe9"'),
        delivery(event).replace(b'"?"', b'"\xed\xa0\x80"'),
        b"\xef\xbb\xbf" + delivery(event),
        b"\xff\xfe" + delivery(event),
    ):
        (found,) = parse_events(body)
        assert (found.id, found.error) == ("EV-good", None)
        assert found.data["id"] == "o"


def test_of_a_key_that_comes_twice_the_last_counts():
    body = (
        b'{"events":[],"events":[{"id":"A","id":"EV1","type":"a","type":"t","data":1,'
    )
    (event,) = parse_events(body + b'"data":{"total":1,"total":2}}]}')
    assert (event.id, event.type, event.data) == ("EV1", "t", {"total": 2})


def test_what_is_kept_of_a_huge_one_is_limited():
    huge = with_data(b'"' + b"x" * 2_000_000 + b'", NaN')
    (event,) = parse_events(delivery(huge))
    assert (event.id, len(event.raw["unreadable"])) == ("EV-bad", MAX_TEXT)


def test_a_large_hostile_body_takes_no_long_time():
    started = time.monotonic()
    for body in (
        delivery(*[nested(100)] * 5000),
        b'{"events": [' + b"[" * 5_000_000,
        b'{"events": ["' + b"\\" * 5_000_000,
    ):
        try:
            parse_events(body)
        except Exception as error:
            assert type(error).__name__ == "PayloadError"
    assert time.monotonic() - started < 10


@given(st.binary(max_size=200), st.integers(0, 300))
def test_whatever_stands_in_the_middle(noise, cut):
    whole = delivery(GOOD, {**GOOD, "id": "EV2"})
    try:
        parse_events(whole[:cut] + noise + whole[cut:])
    except Exception as error:
        assert type(error).__name__ == "PayloadError"


# === What an event is about === #


@pytest.mark.parametrize(
    ("kind", "data", "about"),
    [
        ("order.completed", {"id": "o", "tags": {"odoo_tx": "T"}}, {"o", "T"}),
        ("order.completed", {"order": {"id": "o"}, "id": "o"}, {"o"}),
        ("return.created", {"id": "r", "original": {"order": "o"}}, {"o"}),
        ("return.created", {"return": "r", "original": {"id": "o"}}, {"o"}),
        ("chargeback.created", {"id": "o", "order": "o"}, {"o"}),
        ("payoutEntry.created", {"orderId": "o"}, {"o"}),
        ("payoutEntry.created", {"order": {"id": "o", "order": "o"}}, {"o"}),
        ("subscription.activated", {"id": "s", "initialOrderId": "o"}, {"s", "o"}),
        (
            "subscription.charge.completed",
            {"order": {"id": "o"}, "subscription": {"id": "s"}},
            {"o", "s"},
        ),
        ("subscription.charge.failed", {"subscription": "s"}, {"s"}),
        ("account.created", {"id": "a"}, set()),
        ("order.completed", {"id": 5, "order": None, "tags": "?"}, {"5"}),
    ],
)
def test_subjects(kind, data, about):
    assert subjects(parse_event({"id": "EV", "type": kind, "data": data})) == about
