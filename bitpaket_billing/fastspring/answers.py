"""Read an answer of the API: the document, or the typed error it stands for.

FastSpring has four ways to refuse, some with HTTP 200 or 500, some that say `success`
next to `error`. Whatever holds an `error` was refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from . import values
from .errors import (
    ApiError,
    AuthError,
    NoAnswer,
    NotFound,
    PayloadError,
    RateLimited,
    Unreadable,
)

NOT_FOUND = re.compile(r"not found\.?$|does not exist|^unable to find", re.IGNORECASE)


@dataclass(frozen=True)
class Response:
    """What a transport returns for every HTTP status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read(response):
    """Return the document of an answer.

    :param Response response: The answer.
    :return: The JSON document, an object or an array.
    :rtype: dict | list
    :raise AuthError: If the credentials were refused.
    :raise RateLimited: If there were too many calls.
    :raise ApiError: If the call was refused, as one of its subclasses if it fits.
    :raise NoAnswer: If the answer does not tell what happened.
    """
    status = response.status
    try:
        document = values.loads(response.body)
    except PayloadError:
        document = None
    if status == 429:
        raise RateLimited(_retry_after(response.headers))
    error = _refusal(document, status)
    if status in (401, 403):
        text = error.text if error else "the credentials were refused"
        raise AuthError("AUTHENTICATION", text, status=status)
    if error:
        raise error
    if status >= 500 or status == 408:
        raise NoAnswer(f"HTTP {status}: {_message(document)}")
    if not 200 <= status < 300:
        kind = NotFound if status == 404 else ApiError
        raise kind(f"HTTP_{status}", _message(document), status=status)
    if not isinstance(document, (dict, list)):
        raise NoAnswer(f"HTTP {status} without a readable document")
    return document


def items(document, *keys):
    """Return the objects an answer holds under the first of the keys that it has.

    :param document: The document of the answer.
    :param keys: Such as `subscriptions`, and `subscription` as one page calls it.
    :return: The objects; the document itself if it has none of the keys.
    :rtype: list[dict]
    """
    if isinstance(document, list):
        return values.rows(document)
    for key in keys:
        if isinstance(document.get(key), list):
            return values.rows(document[key])
    return [document]


def _refusal(document, status):
    """Return the error an answer holds, if any."""
    if not isinstance(document, dict):
        return None
    listed = [row for value in document.values() for row in values.rows(value)]
    for row in [document, *listed]:
        if row.get("error") or row.get("result") == "error":
            return _item_error(row.get("error"), status)
    if not 400 <= status < 500:
        return None
    message = _message(document)
    if message == "unreadable":
        return Unreadable("UNREADABLE", message, status=status)
    for row in values.rows(document.get("errors")):
        field, code = values.text(row.get("field")), values.text(row.get("errorCode"))
        return _api_error(code, values.text(row.get("message")), field, status)
    return _api_error(values.text(document.get("code")), message, None, status)


def _item_error(error, status):
    """Read `{field: text}`; refunds have their code in place of the field."""
    if not isinstance(error, dict):
        return _api_error(None, values.text(error), None, status)
    field, said = next(iter(error.items()), (None, None))
    code = field if field and field.isupper() else None
    return _api_error(code, values.text(said), field, status)


def _api_error(code, said, field, status):
    lost = status == 404 or bool(NOT_FOUND.search(said or ""))
    kind = NotFound if lost and not code else ApiError
    code = code or ("NOT_FOUND" if lost else "REFUSED")
    return kind(code, said or "", field=field, status=status)


def _message(document):
    return values.text(values.mapping(document).get("message")) or "no explanation"


def _retry_after(headers):
    """Return the seconds of `Retry-After`, which may be a date."""
    lower = {str(key).lower(): str(value) for key, value in headers.items()}
    said = lower.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return int(said)
    try:
        when = parsedate_to_datetime(said)
        seconds = (when - datetime.now(timezone.utc)).total_seconds()
    except (TypeError, ValueError, IndexError):
        return None
    return max(0, round(seconds))
