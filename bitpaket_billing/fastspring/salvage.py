"""Take a delivery apart that cannot be read whole, so that one event loses no other."""

import contextlib
import re

from . import values
from .errors import PayloadError

# A string as a whole, so that no bracket in it counts.
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]', re.DOTALL)
OPENING, CLOSING = ("[", "{"), ("]", "}")
MAX_DEPTH = 64  # a real event has less than ten
MAX_TEXT = 100_000  # characters of an unreadable event that are kept


def is_deep(text):
    """Tell whether objects and arrays are nested deeper than anybody means.

    :param str text: JSON, readable or not.
    :rtype: bool
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in TOKEN.finditer(text):
        depth += (token[0] in OPENING) - (token[0] in CLOSING)
        if depth > MAX_DEPTH:
            return True
    return False


def split_events(body):
    """Return the events of a delivery, each read by itself.

    What cannot be read is kept as text, with the id and the type that it names.
    Bytes that are no text become replacement characters: the signature says that
    FastSpring sent them.

    :param bytes body: The raw body.
    :rtype: list
    :raise PayloadError: If it holds no list of events.
    """
    text = body.decode("utf-8-sig", "replace")
    for key, part in _pieces(text):
        if key == '"events"' and part.startswith("["):
            return [_read(event) for _none, event in _pieces(part)]
    raise PayloadError("there is no list of events")


def _read(text):
    with contextlib.suppress(PayloadError):
        if not is_deep(text):
            return values.loads(text.encode())
    named = {}
    for key, part in _pieces(text):
        if key in ('"id"', '"type"') and TOKEN.fullmatch(part):
            named[key.strip('"')] = part.strip('"')
    return {**named, "unreadable": text[:MAX_TEXT]}


def _pieces(text):
    """Yield what an object or an array holds, up to where it ends.

    :return: Pairs of the key as it is written, None in an array, and the value's text.
    """
    depth, start, key = 0, 0, None
    for token in TOKEN.finditer(text):
        mark = token[0]
        if mark in OPENING:
            depth += 1
            if depth == 1:
                start = token.end()
        elif mark in CLOSING:
            depth -= 1
            if depth == 0:
                if last := text[start : token.start()].strip():
                    yield key, last
                return
        elif depth == 1 and mark == ":":
            key, start = text[start : token.start()].strip(), token.end()
        elif depth == 1 and mark == ",":
            yield key, text[start : token.start()].strip()
            key, start = None, token.end()
