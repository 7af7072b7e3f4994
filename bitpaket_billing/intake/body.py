"""From the bytes of a request to rows."""

import json
import zlib
from decimal import Decimal, InvalidOperation


class BodyError(Exception):
    """The body as a whole cannot be read.

    :param int status: HTTP status
    :param str code: stable code of the error
    :param str message: what is wrong, in words
    """

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class BrokenLine(str):
    """A line of NDJSON that is not JSON; holds the reason."""


def read_body(data, *, encoding="", max_bytes, max_rows):
    """Return the rows of a request's body, unchecked.

    :param bytes data: NDJSON, or one JSON array
    :param str encoding: the request's Content-Encoding: gzip, or none
    :param int max_bytes: limit of the decoded body
    :param int max_rows: limit of rows
    :return: a dict per good row; other JSON values and `BrokenLine` for bad ones
    :rtype: list
    :raise BodyError: when the body as a whole cannot be read
    """
    text = _decode(_decompress(data, encoding, max_bytes), max_bytes)
    stripped = text.strip()
    if not stripped:
        raise BodyError(400, "empty_body", "The body is empty: send at least one row.")
    rows = _read_array(stripped) if stripped[0] == "[" else _read_lines(text)
    if len(rows) > max_rows:
        raise BodyError(
            413,
            "too_many_rows",
            f"The body has {len(rows)} rows: send at most {max_rows} at a time.",
        )
    return rows


def too_large(max_bytes):
    """Return the error of a body that exceeds the limit."""
    return BodyError(
        413,
        "body_too_large",
        f"The body is larger than {max_bytes} bytes: send smaller batches.",
    )


def _decompress(data, encoding, max_bytes):
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "x-gzip"):
        raise BodyError(
            415,
            "unsupported_encoding",
            f"Content-Encoding “{encoding}” is not supported: send gzip or none.",
        )
    unpack = zlib.decompressobj(wbits=31)
    try:
        result = unpack.decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise BodyError(400, "broken_gzip", "The body is not valid gzip.") from error
    if len(result) <= max_bytes and not unpack.eof:
        raise BodyError(400, "broken_gzip", "The gzip body is cut off.")
    return result


def _decode(data, max_bytes):
    if len(data) > max_bytes:
        raise too_large(max_bytes)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodyError(400, "not_utf8", "The body is not UTF-8 text.") from error


def _parse(text, parse_float=Decimal):
    try:
        return json.loads(text, parse_float=parse_float, parse_constant=Decimal)
    except InvalidOperation:
        return _parse(text, _decimal_or_text)


def _decimal_or_text(text):
    """Leave a number beyond all decimals as text, which the row check refuses."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _read_array(text):
    try:
        return _parse(text)
    except (ValueError, RecursionError) as error:
        raise BodyError(
            400, "broken_json", f"The body is not valid JSON: {error}."
        ) from error


def _read_lines(text):
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    try:
        rows = _parse("[" + ",".join(lines) + "]")
    except (ValueError, RecursionError):
        rows = ()
    if len(rows) == len(lines):
        return rows
    return [_read_line(line) for line in lines]


def _read_line(line):
    try:
        return _parse(line)
    except (ValueError, RecursionError) as error:
        return BrokenLine(error)
