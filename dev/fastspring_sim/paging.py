"""Pages of lists, and the filters that several lists share."""

from datetime import datetime, timedelta, timezone

from .errors import message


def page_of(items, query, limit=50):
    """Return the page's items and the fields that describe the page.

    :param list items: all that matched
    :param query: the request's arguments, with `page` and `limit`
    :param int limit: size of a page when the request names none
    """
    number = whole(query, "page", 1)
    size = whole(query, "limit", limit)
    start = (number - 1) * size
    more = start + size < len(items)
    return items[start : start + size], {
        "page": number,
        "limit": size,
        "nextPage": number + 1 if more else None,
        "total": len(items),
    }


def whole(query, name, default):
    """Return a positive whole number of the query."""
    text = query.get(name, "")
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise message(400, f"{name} is not valid")
    return int(text)


def span(query, now):
    """Return the (first, last) millisecond that a query asks for.

    :param query: with `days`, or `begin` and `end` (dates; both days are included)
    :param int now: the clock, in milliseconds
    """
    if query.get("days"):
        return now - whole(query, "days", 1) * 86_400_000, now
    first = _day(query, "begin")
    last = _day(query, "end")
    begin = int(first.timestamp() * 1000) if first else 0
    end = int((last + timedelta(days=1)).timestamp() * 1000) if last else now
    return begin, end


def _day(query, name):
    text = query.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        raise message(400, f"{name} is not valid") from None


def in_scope(query, live):
    """Return whether `scope=all|live|test` includes an object."""
    scope = query.get("scope", "all")
    return scope not in ("live", "test") or (scope == "live") == live
