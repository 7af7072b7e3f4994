"""From rows to usage, or to the reason why a row is refused."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from dateutil.parser import isoparse

from .body import BrokenLine

FIELDS = ("id", "source", "account", "meter", "time", "quantity")
MAX_TEXT = 255
#: Beyond these a quantity is a mistake: a yottabyte is 10^24 bytes.
MAX_QUANTITY = Decimal("1e27")
MIN_EXPONENT = -12
#: How far a reporter's clock may run ahead.
MAX_FUTURE = timedelta(minutes=10)


class UsageRow(NamedTuple):
    """One checked row: the quantity of a meter that an account used at a time."""

    key: tuple
    account_id: int
    meter_id: int
    time_text: str
    day: date
    quantity: Decimal

    @property
    def source(self):
        """The program that reported the row."""
        return self.key[0]

    @property
    def id(self):
        """The row's identifier at its source."""
        return self.key[1]

    @property
    def quantity_text(self):
        """The quantity as plain digits."""
        return format(self.quantity, "f")


class Rejection(NamedTuple):
    """Why the row at `index` was refused."""

    index: int
    id: object
    code: str
    message: str


@dataclass(frozen=True)
class Catalogue:
    """What rows are checked against.

    :param dict accounts: external reference → (id, first billed day, end or None)
    :param dict meters: code → (id, whether negative quantities are accepted)
    :param datetime now: the time of the request, UTC
    """

    accounts: dict
    meters: dict
    now: datetime
    _times: dict = field(default_factory=dict, repr=False)

    def read_time(self, text):
        """Return a moment as (text for the database, UTC day), or None.

        Reporters send the same few moments again and again, so they are remembered.
        """
        try:
            return self._times[text]
        except KeyError:
            result = self._times[text] = self._parse_time(text)
            return result

    def _parse_time(self, text):
        try:
            moment = isoparse(text)
            if moment.tzinfo is None:
                return "naive"
            moment = moment.astimezone(timezone.utc)
        except (ValueError, OverflowError):
            return None
        if moment > self.now + MAX_FUTURE:
            return "future"
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f"), moment.date()


class _Refused(Exception):
    pass


def check_rows(rows, catalogue):
    """Check reported rows.

    A row that repeats an earlier one of the same batch is counted as a duplicate when
    its content is the same, and refused as a conflict when it is not.

    :param list rows: parsed JSON values, see `read_body`
    :param Catalogue catalogue: known accounts and meters
    :return: the good rows by key, their index by key, the number of repetitions, and
        the refusals
    :rtype: tuple(dict, dict, int, list[Rejection])
    """
    good, indexes, duplicates, rejected = {}, {}, 0, []
    for index, row in enumerate(rows):
        try:
            checked = _check_row(row, catalogue)
        except _Refused as refusal:
            sent_id = row.get("id") if isinstance(row, dict) else None
            if not isinstance(sent_id, str | int | None):
                sent_id = None
            rejected.append(Rejection(index, sent_id, *refusal.args))
            continue
        earlier = good.setdefault(checked.key, checked)
        if earlier is checked:
            indexes[checked.key] = index
        elif earlier == checked:
            duplicates += 1
        else:
            rejected.append(conflict(index, checked.key))
    return good, indexes, duplicates, rejected


def references(rows):
    """Return the account references that rows name, those that can exist.

    :rtype: list[str]
    """
    named = (row.get("account") for row in rows if isinstance(row, dict))
    texts = {text for text in named if isinstance(text, str)}
    return [text for text in texts if text.isprintable()]


def conflict(index, key):
    """Return the refusal of a row whose id is known with another content."""
    return Rejection(
        index,
        key[1],
        "conflict",
        f"Event “{key[1]}” of “{key[0]}” was reported before with another content; the "
        "first one stays. Send a correction under a new id.",
    )


def _check_row(row, catalogue):
    if not isinstance(row, dict):
        if isinstance(row, BrokenLine):
            raise _Refused("broken_json", f"The line is not valid JSON: {row}.")
        raise _Refused("bad_row", "A row must be a JSON object.")
    try:
        source, id_, reference = row["source"], row["id"], row["account"]
        code, time, quantity = row["meter"], row["time"], row["quantity"]
    except KeyError:
        missing = ", ".join(name for name in FIELDS if name not in row)
        raise _Refused("missing_field", f"The row lacks: {missing}.") from None
    _check_text("id", id_)
    _check_text("source", source)
    account = catalogue.accounts.get(reference) if isinstance(reference, str) else None
    if account is None:
        raise _Refused(
            "unknown_account", f"No account has the reference “{reference}”."
        )
    meter = catalogue.meters.get(code) if isinstance(code, str) else None
    if meter is None:
        raise _Refused("unknown_meter", f"No meter has the code “{code}”.")
    time_text, day = _check_time(time, catalogue)
    account_id, first_day, end = account
    if day < first_day or (end and day >= end):
        raise _Refused(
            "account_not_billed", f"Account “{reference}” is not billed on {day}."
        )
    meter_id, allow_negative = meter
    amount = _check_quantity(quantity)
    if amount < 0 and not allow_negative:
        raise _Refused(
            "negative_quantity", f"Meter “{code}” accepts no negative quantity."
        )
    return UsageRow((source, id_), account_id, meter_id, time_text, day, amount)


def _check_text(name, value):
    if not isinstance(value, str) or not value:
        raise _Refused("bad_field", f"“{name}” must be a text that is not empty.")
    if len(value) > MAX_TEXT:
        raise _Refused("bad_field", f"“{name}” is longer than {MAX_TEXT} characters.")
    if not value.isprintable():
        raise _Refused("bad_field", f"“{name}” has characters that cannot be shown.")


def _check_time(value, catalogue):
    moment = catalogue.read_time(value) if isinstance(value, str) else None
    if moment is None:
        raise _Refused(
            "bad_time",
            f"“{value}” is no time: send ISO 8601 with a zone, "
            "for example 2026-10-01T00:00:00Z.",
        )
    if moment == "naive":
        raise _Refused(
            "bad_time", f"“{value}” has no zone: end it with Z or with +hh:mm."
        )
    if moment == "future":
        raise _Refused("time_in_future", f"“{value}” is in the future.")
    return moment


def _check_quantity(value):
    if type(value) is int:
        amount = Decimal(value)
    elif isinstance(value, Decimal):
        amount = value
    elif isinstance(value, str):
        try:
            amount = Decimal(value)
        except InvalidOperation:
            amount = None
        if amount is None or not value.isascii() or "_" in value or " " in value:
            raise _Refused("bad_quantity", f"“{value}” is no decimal number.")
    else:
        raise _Refused("bad_quantity", "The quantity must be a number, or its text.")
    if not amount.is_finite():
        raise _Refused("non_finite_quantity", "The quantity must be finite.")
    if amount.copy_abs() > MAX_QUANTITY or amount.as_tuple().exponent < MIN_EXPONENT:
        raise _Refused(
            "quantity_out_of_range",
            "The quantity must be below 10^27 and have at most 12 decimals.",
        )
    return amount
