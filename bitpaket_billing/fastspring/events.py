"""Webhook deliveries: read the events, acknowledge the stored ones."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from . import const, salvage, values
from .errors import PayloadError

# Ids are listed one per line in the acknowledgement: no spaces, nothing invisible.
EVENT_ID = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Event:
    """One event, as delivered or as listed by the events API.

    `error` says in words why the event cannot be processed; then the other fields hold
    what could be read. The same object may come again under another id, when somebody
    resends it by hand.
    """

    id: str | None
    type: str | None = None
    live: bool | None = None
    created: datetime | None = None
    data: dict = field(default_factory=dict, repr=False)
    raw: dict = field(default_factory=dict, repr=False)
    error: str | None = None


def parse_events(body):
    """Read a webhook delivery.

    An event that is malformed, or no JSON at all, does not lose the others: it is
    returned with its `error`.

    :param bytes body: The raw body; verify its signature first.
    :return: The events, in the order of the delivery.
    :rtype: list[Event]
    :raise PayloadError: If the body is not a delivery at all.
    """
    if len(body) > const.MAX_BODY:
        raise PayloadError("too large")
    return [parse_event(raw) for raw in _read_list(body)]


def _read_list(body):
    """Return the raw events of a delivery."""
    try:
        document = values.loads(body)
    except PayloadError:
        return salvage.split_events(body)
    if not isinstance(document, dict) or not isinstance(document.get("events"), list):
        raise PayloadError("there is no list of events")
    if salvage.is_deep(body.decode()):
        return salvage.split_events(body)
    return document["events"]


def parse_event(raw):
    """Read one event, also one that was stored earlier.

    :param raw: The event's object; a bare id, which the events API may list.
    :return: The event, with `error` set if it cannot be processed.
    :rtype: Event
    """
    if isinstance(raw, str):
        raw = {"id": raw}
    if not isinstance(raw, dict):
        return Event(None, error="the event is not an object")
    event_id, event_type, data = raw.get("id"), raw.get("type"), raw.get("data")
    errors = []
    if not isinstance(event_id, str) or not EVENT_ID.fullmatch(event_id):
        event_id = None
        errors.append("the event has no usable id")
    if not isinstance(event_type, str) or not EVENT_ID.fullmatch(event_type):
        event_type = None
        errors.append("the event has no type")
    if not isinstance(data, dict):
        data = {}
        errors.append(
            "the event is not readable as JSON"
            if "unreadable" in raw
            else "the event has no data"
        )
    live = values.flag(raw.get("live"))
    return Event(
        id=event_id,
        type=event_type,
        live=values.flag(data.get("live")) if live is None else live,
        created=values.moment(raw.get("created")),
        data=data,
        raw=raw,
        error=", ".join(errors) or None,
    )


def acknowledgement(all_ids, stored_ids):
    """Tell FastSpring which events need not come again.

    :param all_ids: The ids of the delivery; None for an event without one.
    :param stored_ids: Those that are stored and committed.
    :return: The HTTP status and the body in plain text: 200 for all, 202 and one id per
             line for some. 503 for none, since an empty 202 is not documented.
    :rtype: tuple[int, str]
    """
    wanted, done = list(dict.fromkeys(all_ids)), set(stored_ids)
    stored = [event_id for event_id in wanted if event_id and event_id in done]
    if len(stored) == len(wanted):
        return 200, ""
    return (202, "\n".join(stored)) if stored else (503, "")


def subjects(event):
    """Tell what an event is about; two events about the same are not for two workers.

    :param Event event: The event.
    :return: Ids of orders and subscriptions, and the payment's reference in our tags.
    :rtype: set[str]
    """
    return _subjects(event.data, values.text(event.type) or "")


def _subjects(data, kind=""):
    found = {
        values.identifier(data.get(key), key)
        for key in ("order", "subscription", "initialOrderId", "orderId")
    }
    found.add(values.pairs(data.get("tags")).get(const.TAG_REFERENCE))
    if kind.startswith(("order.", "subscription.")):
        found.add(values.text(data.get("id")))
    for key in ("order", "original", "return", "subscription"):
        if isinstance(data.get(key), dict):
            found |= _subjects(data[key])
    if isinstance(data.get("original"), (dict, str)):
        found.add(values.identifier(data["original"], "order"))
    return {subject for subject in found if subject}
