"""Reading the body of a usage report."""

import gzip
import json
from decimal import Decimal

import pytest
from intake import BodyError, read_body
from intake.body import BrokenLine


def compressed(data):
    """As gzip, without the time: it would change the names of the tests."""
    return gzip.compress(data, mtime=0)


def read(data, **options):
    return read_body(data, **{"max_bytes": 10_000, "max_rows": 100, **options})


def refused(data, **options):
    with pytest.raises(BodyError) as caught:
        read(data, **options)
    return caught.value.status, caught.value.code


def test_reads_ndjson():
    assert read(b'{"a": 1}\n{"a": 2}\n') == [{"a": 1}, {"a": 2}]


def test_reads_ndjson_with_blank_lines_and_windows_ends():
    assert read(b'\n{"a": 1}\r\n\r\n  \n{"a": 2}') == [{"a": 1}, {"a": 2}]


def test_reads_json_array():
    assert read(b' [{"a": 1},\n {"a": 2}]\n') == [{"a": 1}, {"a": 2}]


def test_empty_array_has_no_rows():
    assert read(b"[]") == []


def test_reads_gzip():
    assert read(compressed(b'{"a": 1}'), encoding="gzip") == [{"a": 1}]


def test_numbers_stay_exact():
    (row,) = read(b'{"q": 0.1000000000000000055, "n": 12345678901234567890}')
    assert row["q"] == Decimal("0.1000000000000000055")
    assert row["n"] == 12345678901234567890


def test_not_a_number_is_left_to_the_row_check():
    (row,) = read(b'{"q": NaN}')
    assert row["q"].is_nan()


def test_number_beyond_all_decimals_is_left_to_the_row_check():
    body = b'[{"q": 1e99999999999999999999}, {"q": 1.5}]'
    assert read(body) == [{"q": "1e99999999999999999999"}, {"q": Decimal("1.5")}]


def test_broken_line_loses_no_other_line():
    rows = read(b'{"a": 1}\n{"a": \n{"a": 3}')
    assert rows[0] == {"a": 1}
    assert isinstance(rows[1], BrokenLine)
    assert rows[2] == {"a": 3}


def test_two_objects_on_a_line_are_a_broken_line():
    rows = read(b'{"a": 1},{"a": 2}\n{"a": 3}')
    assert isinstance(rows[0], BrokenLine)
    assert rows[1:] == [{"a": 3}]


def test_byte_order_mark_is_skipped():
    assert read(b'\xef\xbb\xbf{"a": 1}') == [{"a": 1}]


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (b"", {}, (400, "empty_body")),
        (b" \n \n", {}, (400, "empty_body")),
        (b'[{"a": 1}', {}, (400, "broken_json")),
        (b"[" * 9_000, {}, (400, "broken_json")),
        (b'{"a": "\xff"}', {}, (400, "not_utf8")),
        (b"x" * 10_001, {}, (413, "body_too_large")),
        (b'{"a": 1}', {"encoding": "br"}, (415, "unsupported_encoding")),
        (b"not gzip", {"encoding": "gzip"}, (400, "broken_gzip")),
        (compressed(b'{"a": 1}')[:-9], {"encoding": "gzip"}, (400, "broken_gzip")),
        (compressed(b"0" * 10_001), {"encoding": "gzip"}, (413, "body_too_large")),
        (b"{}\n" * 101, {}, (413, "too_many_rows")),
    ],
)
def test_refuses_what_cannot_be_read(data, options, expected):
    assert refused(data, **options) == expected


def test_a_gzip_bomb_is_not_unpacked_whole():
    bomb = compressed(b"0" * 50_000_000)
    assert len(bomb) < 60_000
    assert refused(bomb, encoding="gzip") == (413, "body_too_large")


def test_deep_nesting_in_a_line_is_a_broken_line():
    rows = read(b'{"a": 1}\n' + b'{"a":' * 1_500)
    assert isinstance(rows[1], BrokenLine)


def test_large_json_survives_a_round_trip():
    rows = [{"id": str(number), "quantity": str(number)} for number in range(90)]
    assert read(json.dumps(rows).encode()) == rows
