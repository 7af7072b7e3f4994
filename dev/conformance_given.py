"""Read what a conformance case gives, and say plainly what is wrong with it."""

import json
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation

REQUIRED = object()


class CaseError(Exception):
    """A case cannot be run; the message says what is wrong with it."""


def as_decimal(value):
    """Read a decimal string, or a JSON number."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("is not a number")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not number.is_finite():
        raise ValueError("is not a number")
    return number


def as_integer(value):
    """Read a whole number."""
    number = as_decimal(value)
    if number != int(number):
        raise ValueError("is not a whole number")
    return int(number)


def as_boolean(value):
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def as_text(value):
    """Read a string."""
    if not isinstance(value, str):
        raise ValueError("is not a string")
    return value


def as_date(value):
    """Read YYYY-MM-DD."""
    try:
        return date.fromisoformat(as_text(value))
    except ValueError:
        raise ValueError("is not a date") from None


def as_instant(value):
    """Read YYYY-MM-DDThh:mm:ssZ."""
    try:
        moment = datetime.strptime(as_text(value), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise ValueError("is not a UTC timestamp") from None
    return moment.replace(tzinfo=timezone.utc)


def as_month(value):
    """Read YYYY-MM as the first day of the month."""
    try:
        return date.fromisoformat(as_text(value) + "-01")
    except ValueError:
        raise ValueError("is not a month") from None


def one_of(choices):
    """Return a reader of a few known words, given as {word: what it means}."""

    def read(value):
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return choices[value]

    return read


class Given:
    """An object of a case: reads it, and remembers which keys were read."""

    def __init__(self, data, path):
        if not isinstance(data, dict):
            raise CaseError(f"{path} is not an object")
        self.data = data
        self.path = path
        self.read = {"note"}
        self.children = []

    def __call__(self, key, reader=as_decimal, default=REQUIRED):
        """Read a key; null equals absent.

        :raise CaseError: the key is missing, or not what the reader reads
        """
        self.read.add(key)
        value = self.data.get(key)
        if value is None:
            if default is REQUIRED:
                raise CaseError(f"{self.path}.{key} is missing")
            return default
        return self._convert(f"{self.path}.{key}", value, reader)

    def _convert(self, path, value, reader):
        try:
            return reader(value)
        except ValueError as error:
            raise CaseError(
                f"{path} {error}: {json.dumps(value, default=str)}"
            ) from None

    def list(self, key, reader=as_decimal, default=REQUIRED):
        """Read a list, each item with the reader."""
        items = self(key, _as_list, default)
        return items and [
            self._convert(f"{self.path}.{key}[{number}]", item, reader)
            for number, item in enumerate(items)
        ]

    def objects(self, key, default=REQUIRED):
        """Read a list of objects."""
        items = self(key, _as_list, default)
        return [
            self._child(f"{key}[{number}]", item) for number, item in enumerate(items)
        ]

    def object(self, key, default=REQUIRED):
        """Read an object."""
        return self._child(key, self(key, lambda value: value, default))

    def each(self, reader=as_decimal, key_reader=as_text):
        """Read an object's keys and values as a map of their own."""
        self.read.update(self.data)
        return {
            self._convert(f"{self.path} key", key, key_reader): self._convert(
                f"{self.path}.{key}", value, reader
            )
            for key, value in self.data.items()
        }

    def each_object(self):
        """Read a map of objects."""
        self.read.update(self.data)
        return {key: self._child(key, value) for key, value in self.data.items()}

    def context(self, *keys):
        """Take note of keys that the result does not depend on."""
        self.read.update(keys)

    def _child(self, key, value):
        child = Given(value, f"{self.path}.{key}")
        self.children.append(child)
        return child

    def unknown(self):
        """List the paths of the keys that nobody read."""
        unread = [f"{self.path}.{key}" for key in self.data if key not in self.read]
        for child in self.children:
            unread += child.unknown()
        return unread


def _as_list(value):
    if not isinstance(value, list):
        raise ValueError("is not a list")
    return value


def pair(first, second):
    """Return a reader of two items."""

    def read(value):
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError("is not a pair")
        return first(value[0]), second(value[1])

    return read
