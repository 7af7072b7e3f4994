"""From rows to usage, or to the reason why a row is refused or has to wait."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from dateutil.parser import isoparse

from .body import BrokenLine

REQUIRED = ("id", "source", "account", "meter", "time")
FIELDS = (*REQUIRED, "quantity", "revision", "value", "since")
MAX_TEXT = 255
MAX_REVISION = 2**31 - 1
#: Beyond these a quantity is a mistake: a yottabyte is 10^24 bytes.
MAX_QUANTITY = Decimal("1e27")
MIN_EXPONENT = -12
#: How far a reporter's clock may run ahead.
MAX_FUTURE = timedelta(minutes=10)
FAR_FUTURE = datetime(9999, 1, 1, tzinfo=timezone.utc)
#: Characters of a row that is kept as it was sent.
MAX_RAW = 10_000
#: Meters that count events: their rows need no quantity.
COUNTING = ("count", "unique")
ONE = Decimal(1)


class Oldest(NamedTuple):
    """From which days on usage is accepted; None: no limit.

    :param date accepted: older usage is accepted as a backfill only
    :param date kept: older usage is not accepted at all, since the events it could
        repeat are no longer kept
    """

    accepted: date | None = None
    kept: date | None = None


class Account(NamedTuple):
    """A billing account that rows may name.

    :param int id: of its record
    :param date start: first billed day
    :param date end: first day that is not billed any more, or None
    :param Oldest oldest: what its company accepts
    """

    id: int
    start: date
    end: date | None = None
    oldest: Oldest = Oldest()


class Meter(NamedTuple):
    """A meter that rows may name.

    :param int id: of its record
    :param str aggregation: how its events add up, see `bitpaket.meter`
    :param bool allow_negative: whether corrections may be negative
    """

    id: int
    aggregation: str = "sum"
    allow_negative: bool = False


class UsageRow(NamedTuple):
    """One checked row: the quantity of a meter that an account used at a time."""

    key: tuple
    revision: int
    account_id: int
    meter_id: int
    time_text: str
    day: date
    quantity: Decimal
    value: str | None = None
    since_text: str | None = None

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

    @property
    def time(self):
        """When it happened, in UTC."""
        return datetime.fromisoformat(self.time_text)

    @property
    def since(self):
        """Since when what is measured was there, in UTC."""
        return datetime.fromisoformat(self.since_text)


class UnknownRow(NamedTuple):
    """A row in order, but for an account or a meter that does not exist (yet)."""

    key: tuple
    revision: int
    reference: str
    meter: str
    time_text: str
    quantity: Decimal | None
    value: str | None
    since_text: str | None
    code: str
    message: str


class Rejection(NamedTuple):
    """Why the row at `index` was refused, or has to wait."""

    index: int
    id: object
    code: str
    message: str


@dataclass(frozen=True)
class Catalogue:
    """What rows are checked against.

    :param dict accounts: external reference → Account
    :param dict meters: code → Meter
    :param datetime now: the time of the request, UTC
    :param Oldest oldest: what the reporter's company accepts
    """

    accounts: dict
    meters: dict
    now: datetime
    oldest: Oldest = Oldest()
    _times: dict = field(default_factory=dict, repr=False)

    def read_time(self, text):
        """Return a moment as (text for the database, UTC day), or what is wrong.

        Reporters send the same few moments again and again, so they are remembered.
        """
        try:
            return self._times[text]
        except KeyError:
            result = self._times[text] = self._parse_time(text)
            return result

    def _parse_time(self, text):
        try:
            moment = _plain_utc(text) or isoparse(text)
            if moment.tzinfo is None:
                return "naive"
            moment = moment.astimezone(timezone.utc)
        except (ValueError, OverflowError):
            return None
        if moment > self.now + MAX_FUTURE:
            return "future"
        text = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
        return text, moment.date()


def _plain_utc(text):
    """Return a moment written as nearly all are, 2026-10-01T00:00:00Z, or None.

    The parser of all forms is several times slower, which large batches feel.
    """
    if len(text) != 20 or text[-1] != "Z":
        return None
    try:
        moment = datetime.fromisoformat(text[:-1])
    except ValueError:
        return None
    return None if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@dataclass
class Kept:
    """Of every key the newest revision in a batch.

    :param dict rows: by key
    :param dict indexes: their places in the batch, by key
    """

    rows: dict = field(default_factory=dict)
    indexes: dict = field(default_factory=dict)

    def add(self, row, index):
        """Keep a row, unless its key is there in the same or a newer revision.

        :return: whether the batch had the key before, and whether that contradicts
        :rtype: tuple(bool, bool)
        """
        earlier = self.rows.setdefault(row.key, row)
        if earlier is row or row.revision > earlier.revision:
            self.rows[row.key] = row
            self.indexes[row.key] = index
            return earlier is not row, False
        return True, row.revision == earlier.revision and row != earlier


@dataclass
class Checked:
    """What a batch holds.

    :param Kept good: `UsageRow` records
    :param Kept unknown: `UnknownRow` records
    :param int duplicates: rows that repeat, or are older than, one of the batch
    :param list rejected: `Rejection` records
    """

    good: Kept = field(default_factory=Kept)
    unknown: Kept = field(default_factory=Kept)
    duplicates: int = 0
    rejected: list = field(default_factory=list)

    @property
    def waiting(self):
        """Why the unknown rows do not count yet, as `Rejection` records."""
        places = self.unknown.indexes
        return [
            Rejection(places[key], key[1], row.code, row.message)
            for key, row in self.unknown.rows.items()
        ]


class _Refused(Exception):
    pass


def check_rows(rows, catalogue):
    """Check reported rows.

    A row that repeats one of the same batch is counted as a duplicate when its content
    is the same, and refused as a conflict when it is not. Of several revisions the
    newest counts; the others are duplicates.

    :param list rows: parsed JSON values, see `read_body`
    :param Catalogue catalogue: known accounts and meters
    :return: the good rows, those that name something unknown, and the refusals
    :rtype: Checked
    """
    result = Checked()
    good, unknown = result.good, result.unknown
    for index, row in enumerate(rows):
        try:
            checked = _check_row(row, catalogue)
        except _Refused as error:
            result.rejected.append(Rejection(index, _sent_id(row), *error.args))
            continue
        kept = good if isinstance(checked, UsageRow) else unknown
        repeated, contradicts = kept.add(checked, index)
        if contradicts:
            result.rejected.append(refusal("conflict", index, checked.key))
        elif repeated:
            result.duplicates += 1
    return result


def _sent_id(row):
    sent = row.get("id") if isinstance(row, dict) else None
    return sent if isinstance(sent, str | int | None) else None


def references(rows):
    """Return the account references that rows name, those that can exist.

    :rtype: list[str]
    """
    named = (row.get("account") for row in rows if isinstance(row, dict))
    texts = {text for text in named if isinstance(text, str)}
    return [text for text in texts if text.isprintable()]


def content(row):
    """Return what a row in order says, whatever account and meter exist.

    :param dict row: as it was sent
    :return: something that equals what rows with the same content give
    """
    return _check_row(row, Catalogue({}, {}, FAR_FUTURE))


def refusal(code, index, key):
    """Return the refusal of a row that does not go with what is stored of its event.

    :param str code: conflict or too_old
    """
    source, id_ = key
    if code == "too_old":
        message = (
            f"Event “{id_}” of “{source}” is too old to be corrected: what it was "
            "added up with is no longer kept."
        )
    else:
        message = (
            f"Event “{id_}” of “{source}” was reported before with another content; "
            "the first one stays. Send a correction with a higher “revision”."
        )
    return Rejection(index, id_, code, message)


def raw_text(row):
    """Return a row as it was sent, as JSON; what is very long loses foreign fields.

    :param dict row: a checked row
    :rtype: str
    """
    try:
        text = json.dumps(row, default=str)
    except RecursionError:
        text = None
    if text is None or len(text) > MAX_RAW:
        known = {name: row[name] for name in FIELDS if name in row}
        text = json.dumps(known, default=str)
    return text


def _check_row(row, catalogue):
    if not isinstance(row, dict):
        if isinstance(row, BrokenLine):
            raise _Refused("broken_json", f"The line is not valid JSON: {row}.")
        raise _Refused("bad_row", "A row must be a JSON object.")
    try:
        source, id_, reference = row["source"], row["id"], row["account"]
        code, time = row["meter"], row["time"]
    except KeyError:
        raise _lacking(*(name for name in REQUIRED if name not in row)) from None
    _check_text("id", id_)
    _check_text("source", source)
    revision = row.get("revision", 0)
    if type(revision) is not int or not 0 <= revision <= MAX_REVISION:
        raise _Refused(
            "bad_field", f"“revision” must be a whole number from 0 to {MAX_REVISION}."
        )
    account = catalogue.accounts.get(reference) if isinstance(reference, str) else None
    meter = catalogue.meters.get(code) if isinstance(code, str) else None
    time_text, day = _check_time(time, catalogue)
    if account is None or meter is None:
        return _check_unknown(row, account, meter, time_text, day, catalogue)
    _check_day(account, row, day)
    return UsageRow(
        (source, id_),
        revision,
        account.id,
        meter.id,
        time_text,
        day,
        *_check_measured(row, meter, time_text, catalogue),
    )


def _check_unknown(row, account, meter, time_text, day, catalogue):
    """Check what can be checked without knowing account and meter."""
    reference, code = row["account"], row["meter"]
    if meter is None:
        _check_text("meter", code)
        problem = "unknown_meter", f"No meter has the code “{code}”"
        measured = _check_unknown_measured(row)
    else:
        measured = _check_measured(row, meter, time_text, catalogue)
    if account is None:
        _check_text("account", reference)
        _check_age(row["time"], day, catalogue.oldest)
        problem = "unknown_account", f"No account has the reference “{reference}”"
    else:
        _check_day(account, row, day)
    name, message = problem
    return UnknownRow(
        (row["source"], row["id"]),
        row.get("revision", 0),
        reference,
        code,
        time_text,
        *measured,
        name,
        f"{message}: the row is kept, and counts as soon as there is one.",
    )


def _check_unknown_measured(row):
    quantity = _check_quantity(row["quantity"]) if "quantity" in row else None
    value, since = (
        text if isinstance(text := row.get(name), str) else None
        for name in ("value", "since")
    )
    return quantity, value, since


def _lacking(*names):
    return _Refused("missing_field", f"The row lacks: {', '.join(names)}.")


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


def _check_day(account, row, day):
    """Check that an account is billed on a day, and that the day is not too old."""
    if day < account.start or (account.end and day >= account.end):
        raise _Refused(
            "account_not_billed",
            f"Account “{row['account']}” is not billed on {day}.",
        )
    _check_age(row["time"], day, account.oldest)


def _check_age(time, day, oldest):
    if oldest.kept and day < oldest.kept:
        raise _Refused(
            "too_old",
            f"“{time}” is before {oldest.kept}: events of that time are no longer "
            "kept, so it cannot be told whether this one was counted already.",
        )
    if oldest.accepted and day < oldest.accepted:
        raise _Refused(
            "too_old",
            f"“{time}” is before {oldest.accepted}: a billing manager can import "
            "older usage as a backfill.",
        )


def _check_measured(row, meter, time_text, catalogue):
    """Return quantity, value and since of a row whose meter is known."""
    aggregation = meter.aggregation
    if "quantity" in row:
        amount = _check_quantity(row["quantity"])
    elif aggregation in COUNTING:
        amount = ONE
    else:
        raise _lacking("quantity")
    if amount < 0 and not (meter.allow_negative or aggregation == "time_weighted"):
        raise _Refused(
            "negative_quantity", f"Meter “{row['meter']}” accepts no negative quantity."
        )
    value = _check_value(row) if aggregation == "unique" else None
    since = (
        _check_since(row, time_text, catalogue) if aggregation == "retention" else None
    )
    return amount, value, since


def _check_value(row):
    if "value" not in row:
        raise _lacking("value")
    _check_text("value", row["value"])
    return row["value"]


def _check_since(row, time_text, catalogue):
    if "since" not in row:
        raise _lacking("since")
    since_text, _day = _check_time(row["since"], catalogue)
    if since_text > time_text:
        raise _Refused("since_after_time", "“since” is after “time”.")
    return since_text


def _check_quantity(value):
    if type(value) is int and abs(value) <= MAX_QUANTITY:
        return Decimal(value)  # most are, and need no further look
    if type(value) is int:
        amount = Decimal(value)
    elif isinstance(value, Decimal):
        amount = value
    elif isinstance(value, str):
        try:
            amount = Decimal(value) if len(value) <= MAX_TEXT else None
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
