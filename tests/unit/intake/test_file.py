"""Reading a file of usage row by row."""

import gzip
import io
import json
import tracemalloc

import pytest
from intake.body import BrokenLine
from intake.file import MAX_LINE, FileError, MisfitRow, read_file

HEADER = "id,source,account,meter,time,quantity"
LINE = "e-1,eu-1,acme,requests_a,2026-10-05T10:00:00Z,1200"
ROW = dict(zip(HEADER.split(","), LINE.split(","), strict=True))


def read(content):
    data = content.encode() if isinstance(content, str) else content
    return [tuple(entry) for entry in read_file(io.BytesIO(data))]


def refused(content):
    with pytest.raises(FileError) as caught:
        read(content)
    return caught.value.code


def test_csv():
    assert read(f"{HEADER}\n{LINE}\n{LINE}") == [(2, ROW), (3, ROW)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_of_every_spreadsheet(delimiter, end, encoding):
    text = end.join([HEADER, LINE, ""]).replace(",", delimiter)
    assert read(text.encode(encoding)) == [(2, ROW)]


def test_csv_columns_in_any_order_and_others_beside_them():
    names = ["Remark", " Quantity ", "TIME", "meter", "account", "source", "id"]
    cells = ["a, b", *reversed(LINE.split(","))]
    text = "\n".join(";".join(line) for line in (names, cells))
    assert read(text) == [(2, ROW)]


def test_csv_cells_in_quotes():
    text = f'{HEADER}\n"a ""b""\n, c",{LINE.partition(",")[2]}\n{LINE}'
    (first, second) = read(text)
    assert first[1]["id"] == 'a "b"\n, c'
    assert second == (3, ROW)


def test_csv_optional_columns():
    text = f"{HEADER},revision,value,since\n{LINE},3,x,\n{LINE},,,\n{LINE},1.5"
    assert [row for _number, row in read(text)] == [
        {**ROW, "revision": 3, "value": "x"},
        ROW,
        {**ROW, "revision": "1.5"},
    ]


def test_csv_cell_that_is_empty_is_not_given():
    assert read(f"{HEADER}\ne-1,,acme") == [(2, {"id": "e-1", "account": "acme"})]


def test_csv_blank_lines_count_as_in_a_spreadsheet():
    assert read(f"\n \n{HEADER}\n\n,,,,,\n{LINE}\n") == [(6, ROW)]


def test_csv_number_with_an_unquoted_separator_is_no_smaller_number():
    ((number, row),) = read(f"{HEADER}\n{LINE[:-4]}1,200")
    assert number == 2
    assert isinstance(row, MisfitRow)
    assert read(f"{HEADER}\n{LINE},,") == [(2, ROW)]


def test_ndjson():
    text = f"\n{json.dumps(ROW)}\n\n  \n{json.dumps(ROW)}\r\n"
    assert read(text) == [(2, ROW), (5, ROW)]


def test_ndjson_broken_line_loses_no_other_line():
    rows = [row for _number, row in read(f'{json.dumps(ROW)}\n{{"id"\n[1]\nx')]
    assert rows[0] == ROW
    assert isinstance(rows[1], BrokenLine)
    assert rows[2] == [1]
    assert isinstance(rows[3], BrokenLine)


@pytest.mark.parametrize("text", [f"{HEADER}\n{LINE}", json.dumps(ROW)])
def test_packed(text):
    assert [row for _number, row in read(gzip.compress(text.encode()))] == [ROW]


def test_header_alone_has_no_rows():
    assert read(HEADER) == []


def test_what_is_no_file_of_usage():
    assert refused("") == "empty"
    assert refused(" \n\n") == "empty"
    assert refused("hello") == "missing_columns"
    assert refused("[{}]") == "json_array"
    assert refused(HEADER + ",id") == "repeated_column"
    assert refused(f"{HEADER}\n{LINE}\né".encode("latin-1")) == "not_utf8"
    assert refused(f"{HEADER}\n{LINE}".encode("utf-16")) == "not_utf8"
    assert refused(b"PK\x03\x04\x14\x00\x08\x08\x08\xff") == "not_utf8"
    assert refused(f'{HEADER}\n{LINE}\n"never closed\n{LINE}') == "broken_csv"
    assert refused(f'{HEADER}\n"a"b{LINE}') == "broken_csv"
    assert refused("x" * (MAX_LINE + 1)) == "long_line"
    assert refused(f'{{"id": "{"x" * MAX_LINE}"}}') == "long_line"
    packed = gzip.compress(f"{HEADER}\n{LINE}".encode())
    assert refused(packed[:-9]) == "broken_gzip"
    assert refused(packed[:-8] + b"12345678") == "broken_gzip"
    assert refused(b"\x1f\x8b no gzip") == "broken_gzip"


def test_missing_columns_are_named():
    with pytest.raises(FileError) as caught:
        read("id;source;acount;meter;time")
    assert caught.value.details == {"columns": "account, quantity"}


@pytest.mark.parametrize("packed", [False, True])
def test_memory_does_not_grow_with_the_file(packed):
    data = f"{HEADER}\n{(LINE + chr(10)) * 100_000}".encode()
    if packed:
        data = gzip.compress(data, 1)
    file = io.BytesIO(data)
    tracemalloc.start()
    try:
        assert sum(1 for _entry in read_file(file)) == 100_000
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
