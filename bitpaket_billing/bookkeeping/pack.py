"""The accountant pack: a workbook, its journal items as CSV and JSON, an index.

All files come from one pass over the entries, by way of temporary files.
"""

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import sums
from .control import Control
from .pack_rows import ItemsCsv, ItemsJson, plain_items, read_items
from .pack_workbook import Workbook
from .text import safe_file_name
from .types import Books, Entry, Format, Problem

CHUNK = 256 * 1024
SCHEMA = "bitpaket.pack/1"
INDEX, MANIFEST = "index.csv", "manifest.json"


def check(books: Books, entry: Entry | None) -> Iterator[Problem]:
    """Tell when an entry does not balance; the pack can hold everything else."""
    if entry is not None:
        yield from sums.check_balance(books, entry)


def write(books: Books, entries: Iterable[Entry]) -> Iterator[tuple[str, bytes]]:
    """Write the pack.

    The workbook's control sheet has the hashes of the CSV and the JSON, `index.csv`
    and `manifest.json` also that of the workbook.
    """
    stem = safe_file_name(books.reference)
    with tempfile.TemporaryDirectory(prefix="bitpaket-pack-") as folder:
        workbook_path = Path(folder, f"{stem}.xlsx")
        csv_path = Path(folder, f"{stem}-journal-items.csv")
        json_path = Path(folder, f"{stem}-journal-items.json")
        control = Control(books)
        workbook = Workbook(books, str(workbook_path), folder)
        with csv_path.open("wb") as csv_file, json_path.open("wb") as json_file:
            as_csv, as_json = ItemsCsv(books, csv_file), ItemsJson(books, json_file)
            for entry in entries:
                items = read_items(books, entry)
                plain = plain_items(books, items)
                control.add(entry)
                workbook.add(entry, items)
                as_csv.add(items, plain)
                as_json.add(entry, plain)
            as_json.finish(control)
        facts = [_facts(path) for path in (csv_path, json_path)]
        workbook.finish(control, facts)
        facts.insert(0, _facts(workbook_path))
        for path in (workbook_path, csv_path, json_path):
            yield from _chunks(path)
    yield INDEX, _index(facts)
    yield MANIFEST, _manifest(books, control, facts)


def _facts(path):
    """Return name, size in bytes and sha256 of a file."""
    digest = hashlib.sha256()
    for _name, chunk in _chunks(path):
        digest.update(chunk)
    return path.name, path.stat().st_size, digest.hexdigest()


def _chunks(path):
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield path.name, chunk


def _index(facts):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["file", "bytes", "sha256"])
    writer.writerows(facts)
    return text.getvalue().encode()


def _manifest(books, control, facts):
    index = _index(facts)
    digest = hashlib.sha256(index).hexdigest()
    total = control.total
    data = {
        "schema": SCHEMA,
        "batch": books.reference,
        "company": books.company,
        "currency": books.currency,
        "start": books.start.isoformat(),
        "end": books.end.isoformat(),
        "created": f"{books.created:%Y-%m-%dT%H:%M:%S}Z",
        "entries": total.entries,
        "lines": total.lines,
        "debit": str(total.debit),
        "credit": str(total.credit),
        "files": [
            {"name": name, "bytes": size, "sha256": sha256}
            for name, size, sha256 in [*facts, (INDEX, len(index), digest)]
        ],
    }
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


PACK = Format("pack", "Accountant pack", write, check)
