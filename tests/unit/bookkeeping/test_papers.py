"""The documents of invoices in zips: names, sizes, hashes, and the same bytes again."""

import csv
import hashlib
import io
import zipfile
from datetime import date

from bookkeeping import papers
from hypothesis import given
from hypothesis import strategies as st

DAY = date(2026, 11, 1)
#: Content that does not get smaller.
PDF = hashlib.sha512(b"pdf").digest() * 16


def paper(number, *files, partner="Acme"):
    return papers.Paper(f"INV/2026/{number:05}", DAY, partner, files)


def collect(given_papers, limit=10**6):
    """Return the zips' bytes by name."""
    files = {}
    for name, piece in papers.write("EXP/2026/1", given_papers, limit):
        files.setdefault(name, []).append(piece)
    return {name: b"".join(pieces) for name, pieces in files.items()}


def unpack(content):
    """Return the rows of the index, and the files by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    text = files.pop("index.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""))), files


def test_a_zip_with_its_index():
    some = [
        paper(1, ("a.pdf", PDF), ("a.XML", b"<a/>"), partner="Müller & Söhne"),
        paper(2),
        paper(3, ("x.pdf", b"1"), ("y.pdf", b"2"), partner="=1+1"),
    ]
    files = collect(some)
    assert list(files) == ["EXP-2026-1-documents-001.zip"]
    rows, documents = unpack(*files.values())
    stem = "2026-11-01_INV-2026-0000"
    assert documents == {
        f"{stem}1_Müller-&-Söhne.pdf": PDF,
        f"{stem}1_Müller-&-Söhne.xml": b"<a/>",
        f"{stem}3_=1+1.pdf": b"1",
        f"{stem}3_=1+1_2.pdf": b"2",
    }
    assert [row["file"] for row in rows] == [
        *list(documents)[:2],
        "",
        *list(documents)[2:],
    ]
    for row in rows:
        if row["file"]:
            content = documents[row["file"]]
            assert row["sha256"] == hashlib.sha256(content).hexdigest()
            assert int(row["bytes"]) == len(content)
    assert rows[2] == {
        "number": "INV/2026/00002",
        "date": "2026-11-01",
        "partner": "Acme",
        "file": "",
        "bytes": "",
        "sha256": "",
    }
    assert rows[3]["partner"] == "'=1+1", "no formula"
    assert files == collect(some)


@given(
    sizes=st.lists(st.lists(st.integers(0, 40), max_size=3), max_size=12),
    limit=st.integers(1, 60),
)
def test_what_is_large_is_split(sizes, limit):
    some = [
        paper(number, *(("x.pdf", b"x" * size) for size in one))
        for number, one in enumerate(sizes)
    ]
    seen = []
    for content in collect(some, limit).values():
        rows, documents = unpack(content)
        numbers = list(dict.fromkeys(row["number"] for row in rows))
        assert not set(numbers) & set(seen), "files of one invoice stay together"
        seen += numbers
        with_files = {row["number"] for row in rows if row["bytes"] not in ("", "0")}
        assert sum(map(len, documents.values())) <= limit or len(with_files) == 1
        assert len(documents) == sum(bool(row["file"]) for row in rows)
    assert seen == [one.number for one in some]


def test_nothing_makes_no_zip():
    assert collect([]) == {}
