"""From the parameters of a question about usage to what it asks, and its answer."""

import base64
import re
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

PARAMETERS = ("from", "to", "meter", "limit", "cursor")
MAX_DAYS = 366
MAX_LIMIT = 1000


class QueryError(Exception):
    """A parameter cannot be understood.

    :param str code: stable code of the error
    :param str message: what is wrong, in words
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


class UsageQuery(NamedTuple):
    """Which daily usage is asked for.

    :param date start: first day
    :param date end: day after the last one
    :param frozenset meters: codes of the meters; empty: all
    :param int limit: rows of a page
    :param tuple after: day and meter of the last row of the page before
    """

    start: date
    end: date
    meters: frozenset
    limit: int
    after: tuple

    @property
    def first_day(self):
        """The first day of which this page can have rows."""
        return max(self.start, self.after[0])

    def page(self, usage):
        """Return the rows of this page, and the cursor of the next one or None.

        :param usage: daily usage of the period, in any order
        :rtype: tuple(list, str)
        """
        rows = sorted(
            (
                row
                for row in usage
                if _key(row) > self.after
                and (not self.meters or row.meter in self.meters)
            ),
            key=_key,
        )
        shown = rows[: self.limit]
        return shown, _write_cursor(*_key(shown[-1])) if len(rows) > len(
            shown
        ) else None


def read_query(parameters, *, meters, today):
    """Return what a request asks for.

    :param dict parameters: the texts of each parameter of the address, by its name
    :param meters: codes of all meters
    :param date today: the day in UTC, whose month is asked for by default
    :rtype: UsageQuery
    :raise QueryError: when a parameter cannot be understood
    """
    for name, texts in parameters.items():
        if name not in PARAMETERS:
            raise QueryError(
                "unknown_parameter",
                f"There is no parameter “{name}”; there are: {', '.join(PARAMETERS)}.",
            )
        if name != "meter" and len(texts) > 1:
            raise QueryError("repeated_parameter", f"“{name}” is given more than once.")
    given = {name: texts[0] for name, texts in parameters.items()}
    start, end = _read_period(given.get("from"), given.get("to"), today)
    return UsageQuery(
        start,
        end,
        _read_meters(parameters.get("meter", ()), meters),
        _read_limit(given.get("limit", str(MAX_LIMIT))),
        _read_cursor(given["cursor"]) if "cursor" in given else (date.min, ""),
    )


def plain(quantity):
    """Return a quantity as plain digits, one text for one number.

    :param Decimal quantity: the number, whatever its trailing zeros
    :rtype: str
    """
    text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _key(row):
    return row.day, row.meter


def _read_period(first, last, today):
    start = today.replace(day=1) if first is None else _read_day("from", first)
    if last is not None:
        end = _read_day("to", last)
    elif start.year == date.max.year:
        end = date.max
    else:
        end = start.replace(day=1) + relativedelta(months=1)
    if start >= end:
        raise QueryError(
            "bad_period", f"“from” ({start}) must be before “to” ({end}), its end."
        )
    if (end - start).days > MAX_DAYS:
        raise QueryError(
            "period_too_long", f"Ask for at most {MAX_DAYS} days at a time."
        )
    return start, end


def _read_day(name, text):
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise QueryError(
        "bad_date", f"“{name}” must be a day such as 2026-10-01, not “{text}”."
    )


def _read_meters(texts, known):
    asked = frozenset(code for text in texts for code in text.split(","))
    for code in sorted(asked.difference(known)):
        raise QueryError("unknown_meter", f"No meter has the code “{code}”.")
    return asked


def _read_limit(text):
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > MAX_LIMIT:
        raise QueryError(
            "bad_limit",
            f"“limit” must be a number from 1 to {MAX_LIMIT}, not “{text}”.",
        )
    return int(text)


def _write_cursor(day, meter):
    return base64.urlsafe_b64encode(f"{day}{meter}".encode()).decode().rstrip("=")


def _read_cursor(text):
    with suppress(ValueError):
        known = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        day, meter = date.fromisoformat(known[:10].decode()), known[10:].decode()
        if _write_cursor(day, meter) == text:
            return day, meter
    raise QueryError(
        "bad_cursor", "“cursor” must be what “next” of the page before said."
    )
