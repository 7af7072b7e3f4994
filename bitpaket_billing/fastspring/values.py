"""Read single values of FastSpring's JSON, and write ours."""

import json
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from .errors import PayloadError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# What JSON can say and PostgreSQL cannot store: NUL and half of a surrogate pair.
ESCAPE = re.compile(r"\\\\|(\\ud[89ab]..\\ud[c-f]..)|\\u0000|\\ud[89a-f]..")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# java.util.Date.toString(), always in English: Thu May 28 00:00:00 UTC 2026
JAVA_DATE = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d\d):(\d\d):(\d\d) \S+ (\d{4})"
)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
# Beyond these a number is an attack on memory, not money.
MAX_DIGITS = 18
MAX_EXPONENT = 12


def loads(body):
    """Read JSON bytes, every fraction as an exact Decimal.

    :param bytes body: The UTF-8 text.
    :return: The document.
    :raise PayloadError: If the bytes are not JSON, or JSON nobody sends in good faith.
    """
    try:
        return json.loads(
            body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise PayloadError(f"not readable as JSON: {type(error).__name__}") from error


def dumps(document):
    """Write a parsed document as JSON text, Decimals as strings to stay exact.

    :param document: What :func:`loads` returned, or a part of it.
    :return: The JSON text, ASCII only; reading it gives equal events and orders.
    :rtype: str
    """
    return json.dumps(document, default=str)


def storable(document):
    """Write a parsed document as JSON text that PostgreSQL's jsonb takes.

    :param document: What :func:`loads` returned, or a part of it.
    :return: The text of :func:`dumps`, less characters that cannot be stored.
    :rtype: str
    """

    def mend(found):
        if found[1] or found[0] == r"\\":
            return found[0]
        return "" if found[0] == r"\u0000" else "?"

    return ESCAPE.sub(mend, dumps(document))


def wire(value):
    """Turn the Decimals of a request into JSON numbers.

    :param value: A document of dicts, lists and scalars.
    :return: The same document for any JSON encoder.
    :raise ValueError: If a JSON number could not hold an amount exactly.
    """
    if isinstance(value, dict):
        return {key: wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    if not isinstance(value, Decimal):
        return value
    number = int(value) if value == value.to_integral_value() else float(value)
    if Decimal(repr(number)) != value:
        raise ValueError(f"{value} does not fit a JSON number")
    return number


def text(value):
    """Return a string as it can be stored, an id or name given as a number too.

    :return: The text, or None for an empty, missing or structured value.
    :rtype: str | None
    """
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    # PostgreSQL stores neither NUL nor half a surrogate pair.
    value = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return value or None


def money(value, name="amount"):
    """Return an amount exactly, whether it came as a number or as a string.

    :param value: The raw value.
    :param str name: What to call it in the error.
    :return: The amount, or None if there is none: a missing amount is not zero.
    :rtype: Decimal | None
    :raise PayloadError: If it is something else than a reasonable number.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
            raise ValueError
        if isinstance(value, str) and not NUMBER.fullmatch(value):
            raise ValueError
        amount = Decimal(repr(value) if isinstance(value, float) else value)
        if not amount.is_finite() or amount.adjusted() > MAX_DIGITS:
            raise ValueError
    except (ValueError, InvalidOperation) as error:
        raise PayloadError(f"{name} is not an amount") from error
    exponent = amount.as_tuple().exponent
    if exponent < -MAX_EXPONENT:
        raise PayloadError(f"{name} has too many decimals")
    # Java writes ten million as 1.0E7.
    return amount.quantize(Decimal(1)) if exponent > 0 else amount


def integer(value):
    """Return a whole number, or None.

    :rtype: int | None
    """
    try:
        number = money(value)
    except PayloadError:
        return None
    return int(number) if number is not None and number == int(number) else None


def flag(value):
    """Return True or False if FastSpring said so, else None.

    :rtype: bool | None
    """
    return value if isinstance(value, bool) else None


def moment(value):
    """Return a point in time, given in milliseconds, ISO 8601 or Java's text.

    Java's zone name is read as UTC, the only one FastSpring is known to send.

    :rtype: datetime | None
    """
    milliseconds = integer(value)
    try:
        if milliseconds is not None:
            return EPOCH + timedelta(milliseconds=milliseconds)
        if not isinstance(value, str):
            return None
        if java := JAVA_DATE.fullmatch(value.strip()):
            month, day, hour, minute, second, year = java.groups()
            parts = (year, MONTHS.index(month) + 1, day, hour, minute, second)
            return datetime(*map(int, parts), tzinfo=timezone.utc)
        iso = re.sub(r"(\.\d{3})\d*", r"\1", re.sub(r"Z$", "+00:00", value.strip()))
        parsed = datetime.fromisoformat(iso)
        if parsed.tzinfo is None:
            return parsed.replace(tzinfo=timezone.utc)
        return parsed.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def day(value):
    """Return the calendar day of a point in time.

    :rtype: date | None
    """
    when = moment(value)
    return date(when.year, when.month, when.day) if when else None


def mapping(value):
    """Return a JSON object, or an empty one.

    :rtype: dict
    """
    return value if isinstance(value, dict) else {}


def rows(value):
    """Return the objects of a JSON array; FastSpring may write an empty one as `{}`.

    :rtype: list[dict]
    """
    items = value if isinstance(value, list) else []
    return [row for row in items if isinstance(row, dict)]


def pairs(value):
    """Return tags or attributes as texts: an object, or a list of `{key, value}`.

    :rtype: dict[str, str]
    """
    if isinstance(value, list):
        value = {text(row.get("key")): row.get("value") for row in rows(value)}
    texts = {text(key): _tag(item) for key, item in mapping(value).items()}
    return {key: item for key, item in texts.items() if key and item is not None}


def identifier(value, key):
    """Return the id of an object that may be expanded.

    :param value: The id itself, or the object.
    :param str key: The object's own name for its id, such as `order`.
    :rtype: str | None
    """
    if isinstance(value, dict):
        return text(value.get("id")) or text(value.get(key))
    return text(value)


def store(url):
    """Return the store named by an address at FastSpring.

    :param str url: Such as https://mystore.test.onfastspring.com/account
    :return: Such as mystore; None for a missing address or a domain of the seller.
    :rtype: str | None
    """
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return None
    return host.split(".")[0] if host.endswith(".onfastspring.com") else None


def _tag(value):
    return str(value).lower() if isinstance(value, bool) else text(value)


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON")
