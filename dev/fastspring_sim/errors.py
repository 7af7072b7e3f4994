"""The four families of FastSpring's error answers, and a few singletons."""

from datetime import datetime, timezone

from .ids import new_event_id


class ApiError(Exception):
    """An answer other than success.

    :param int status: HTTP status
    :param body: JSON value, or None for an empty body
    :param dict headers: further response headers
    """

    def __init__(self, status, body, headers=None):
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def listed(plural, action, key, value, error, status=400):
    """Return the older API's error: a list with one failed entry."""
    return ApiError(status, {plural: [failed(action, key, value, error)]})


def failed(action, key, value, error):
    """Return one failed entry of a batch.

    :param str action: for example `order.get`
    :param str key: name of the id's field
    :param value: the id that was asked for
    :param dict error: field name to text
    """
    return {"action": action, key: value, "result": "error", "error": error}


def modern(status, title, *errors):
    """Return the error object of the v2 API.

    :param int status: HTTP status
    :param str title: its name, for example `BAD_REQUEST`
    :param errors: (errorCode, field, message, rejectedValue)
    """
    names = ("errorCode", "field", "message", "rejectedValue")
    stamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return ApiError(
        status,
        {
            "status": f"{status} {title}",
            "timestamp": stamp.replace("+00:00", "Z"),
            "id": "FS" + new_event_id()[2:20],
            "message": errors[0][2],
            "errors": [dict(zip(names, error, strict=True)) for error in errors],
        },
    )


def message(status, text, headers=None):
    """Return `{"message": ..., "params": []}`."""
    return ApiError(status, {"message": text, "params": []}, headers)


def coded(status, code, text, headers=None):
    """Return `{"code": ..., "message": ...}`."""
    return ApiError(status, {"code": code, "message": text}, headers)
