import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from fastspring import const, values
from fastspring.errors import PayloadError
from fastspring.events import acknowledgement, parse_event, parse_events

GOOD = {
    "id": "EVW0000000000000000000000000001",
    "processed": False,
    "created": 1795305600000,
    "type": "order.completed",
    "live": False,
    "data": {"order": "abcDEFgHiJklM1N-3OP9qw", "total": 193.05},
}


def delivery(*events):
    return json.dumps({"events": events}).encode()


def test_a_good_event():
    (event,) = parse_events(delivery(GOOD))
    assert event.error is None
    assert (event.id, event.type, event.live) == (GOOD["id"], "order.completed", False)
    assert event.created == datetime(2026, 11, 22, tzinfo=timezone.utc)
    assert event.data == {"order": "abcDEFgHiJklM1N-3OP9qw", "total": Decimal("193.05")}
    assert event.raw["processed"] is False
    assert "abcDEFg" not in repr(event)


def test_a_stored_event_reads_the_same():
    (event,) = parse_events(delivery(GOOD))
    again = parse_event(values.loads(values.dumps(event.raw).encode()))
    assert values.money(again.data["total"]) == Decimal("193.05")
    assert (again.id, again.created, again.live) == (event.id, event.created, False)


def test_batch_keeps_order_and_duplicates(document):
    events = parse_events(
        json.dumps(
            document(
                "recorded/batch.subscription.activated+order.completed"
                "__appsero-unexpanded"
            ),
            default=str,
        ).encode()
    )
    assert [e.type for e in events] == ["subscription.activated", "order.completed"]
    assert [e.id for e in events] == ["PLACEHOLDER_ID", "PLACEHOLDER_ID"]


def test_unknown_type_and_missing_options_are_fine():
    (event,) = parse_events(delivery({"id": "E1", "type": "moon.rose", "data": {}}))
    assert event.error is None
    assert (event.type, event.live, event.created) == ("moon.rose", None, None)


def test_live_is_taken_from_the_data_if_the_event_is_silent():
    raw = {"id": "E1", "type": "order.completed", "data": {"live": True}}
    assert parse_event(raw).live is True
    assert parse_event({**raw, "live": False}).live is False
    assert parse_event({**raw, "live": "false"}).live is True


def test_no_events():
    assert parse_events(b'{"events": []}') == []


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (None, "not an object"),
        (5, "not an object"),
        ([GOOD], "not an object"),
        ("EVW2", "no type, the event has no data"),
        ({}, "no usable id, the event has no type, the event has no data"),
        ({**GOOD, "id": None}, "no usable id"),
        ({**GOOD, "id": 5}, "no usable id"),
        ({**GOOD, "id": ""}, "no usable id"),
        ({**GOOD, "id": "two\nlines"}, "no usable id"),
        ({**GOOD, "id": "nul\x00"}, "no usable id"),
        ({**GOOD, "id": "\ud800"}, "no usable id"),
        ({**GOOD, "id": "x" * 256}, "no usable id"),
        ({**GOOD, "type": None}, "no type"),
        ({**GOOD, "type": {}}, "no type"),
        ({**GOOD, "data": None}, "no data"),
        ({**GOOD, "data": "abc"}, "no data"),
        ({**GOOD, "data": []}, "no data"),
    ],
)
def test_a_malformed_event_does_not_lose_the_others(raw, error):
    first, bad, last = parse_events(delivery(GOOD, raw, {**GOOD, "id": "E3"}))
    assert (first.error, last.error, last.id) == (None, None, "E3")
    assert bad.error.endswith(error)


def test_what_could_be_read_of_a_malformed_event_is_kept():
    event = parse_event({**GOOD, "data": None})
    assert (event.id, event.type, event.data) == (GOOD["id"], "order.completed", {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"hello",
        b"null",
        b"5",
        b'"events"',
        b"[]",
        b"{}",
        b'{"events": null}',
        b'{"events": {}}',
        b'{"events": "E1"}',
        json.dumps(GOOD).encode(),
        delivery(GOOD)[:-1],
        delivery(GOOD)[:60],
        '{"events": []}'.encode("utf-16"),
        b'{"events": ' + b"[" * 200_000,
        b'{"events": [' + b" " * const.MAX_BODY + b"]}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_delivery_is_refused(body):
    with pytest.raises(PayloadError):
        parse_events(body)


def test_a_large_batch_is_read():
    events = parse_events(delivery(*({**GOOD, "id": f"E{n}"} for n in range(5000))))
    assert len({event.id for event in events}) == 5000


@pytest.mark.parametrize(
    ("all_ids", "stored_ids", "answer"),
    [
        (["a", "b", "c"], ["c", "b", "a"], (200, "")),
        (["a", "b", "c"], {"c", "a"}, (202, "a\nc")),
        (["a", "a"], ["a"], (200, "")),
        (["a", "b"], ["b", "z"], (202, "b")),
        (["a", None], ["a"], (202, "a")),
        ([None], [None], (503, "")),
        (["a"], [], (503, "")),
        ([], [], (200, "")),
    ],
)
def test_acknowledgement(all_ids, stored_ids, answer):
    assert acknowledgement(iter(all_ids), iter(stored_ids)) == answer
