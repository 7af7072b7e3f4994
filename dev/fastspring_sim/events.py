"""`/events`: what a shop fetches when webhooks failed it."""

from .errors import listed, message
from .paging import page_of, span, whole

MOST_DAYS = 30
DAY = 86_400_000
LONGEST_SECRET = 100


def list_unprocessed(world, call):
    """`GET /events/unprocessed?days=`."""
    return _list(world, call.query, False)


def list_processed(world, call):
    """`GET /events/processed?days=`."""
    return _list(world, call.query, True)


def _list(world, query, processed):
    if "days" not in query or whole(query, "days", 0) > MOST_DAYS:
        raise message(400, f"days is required, 1 to {MOST_DAYS}")
    now = world.clock.now()
    begin, end = span(query, now)
    if query.get("begin") or query.get("end"):
        begin, end = span({name: query.get(name) for name in ("begin", "end")}, now)
    begin = max(begin, now - MOST_DAYS * DAY)
    rows = world.outbox.rows(
        "processed = ? AND created BETWEEN ? AND ?", int(processed), begin, end
    )
    shown, page = page_of(rows, query, world.settings.event_page_size)
    events = [world.outbox.as_payload(row) for row in shown]
    return 200, {
        "action": "events.get",
        "result": "success",
        **page,
        "events": [{**event, "event": event["id"]} for event in events],
        "data": events,
        "more": page["nextPage"] is not None,
    }


def mark_event(world, call, key):
    """`POST /events/{id}` with `{"processed": true}`."""
    if world.outbox.row(key) is None:
        raise listed("events", "event.get", "event", key, {"order": "Not found"})
    processed = call.body.get("processed")
    if not isinstance(processed, bool):
        raise message(400, "processed must be true or false")
    world.outbox.mark(key, processed)
    return 200, world.outbox.as_payload(world.outbox.row(key))


def set_secret(world, call):
    """`POST /webhooks/keys`: a new secret for the webhook of that address."""
    url, secret = call.body.get("url"), call.body.get("hmacSecret")
    if url != world.settings.webhook_url:
        raise message(400, "url is not a webhook of this store")
    if not isinstance(secret, str) or len(secret) > LONGEST_SECRET:
        raise message(400, f"hmacSecret has at most {LONGEST_SECRET} characters")
    world.configure({"webhook_secret": secret})
    return 200, {"url": url, "action": "webhooks.update", "result": "success"}
