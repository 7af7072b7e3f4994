"""The papers of an export: invoices as zips of a limited size, each with an index."""

import csv
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from .text import guard, safe_file_name

CHUNK = 256 * 1024
INDEX = "index.csv"
#: Zipped files have a time that says nothing, so that equal files are equal.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
HEADER = ("number", "date", "partner", "file", "bytes", "sha256")


@dataclass(frozen=True)
class Paper:
    """An invoice or credit note, and the files that are its document.

    :param str number: such as `INV/2026/00001`
    :param tuple files: pairs of file name and bytes; empty: it has none yet
    """

    number: str
    date: date
    partner: str
    files: tuple[tuple[str, bytes], ...] = ()


class _Archive:
    """One zip, on the disk while it grows."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        self.zip = zipfile.ZipFile(self.file, "w", zipfile.ZIP_DEFLATED)
        self.rows = []
        self.names = set()
        self.size = 0

    def add(self, paper):
        told = [paper.number, f"{paper.date:%Y-%m-%d}", paper.partner]
        if not paper.files:
            self.rows.append([*told, "", "", ""])
        for original, content in paper.files:
            name = self._name(paper, original)
            self._write(name, content)
            digest = hashlib.sha256(content).hexdigest()
            self.rows.append([*told, name, len(content), digest])

    def _name(self, paper, original):
        """Return a name of its own: date, number, customer, and how it ended."""
        suffix = PurePath(original).suffix.lower()
        stem = safe_file_name(f"{paper.date:%Y-%m-%d}_{paper.number}_{paper.partner}")
        name, count = f"{stem[:100]}{suffix}", 1
        while name in self.names:
            count += 1
            name = f"{stem[:100]}_{count}{suffix}"
        self.names.add(name)
        return name

    def _write(self, name, content):
        info = zipfile.ZipInfo(name, ZIP_TIME)
        info.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(info, content)
        self.size += len(content)

    def close(self):
        """Let go of the file; more than once does no harm."""
        self.zip.close()
        self.file.close()

    def finish(self):
        """Yield the bytes of the zip, with its index."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(HEADER)
        writer.writerows(
            [guard(cell) if isinstance(cell, str) else cell for cell in row]
            for row in self.rows
        )
        self._write(INDEX, text.getvalue().encode("utf-8-sig"))
        self.zip.close()
        self.file.seek(0)
        while chunk := self.file.read(CHUNK):
            yield chunk
        self.close()


def write(
    reference: str, papers: Iterable[Paper], limit: int
) -> Iterator[tuple[str, bytes]]:
    """Write the documents into zips; a paper's files stay together.

    :param str reference: number of the batch
    :param int limit: bytes of documents that a zip holds at most; a single paper that
        is larger has one for itself
    :return: pairs of file name and bytes; the pieces of one file follow one another
    """
    stem = safe_file_name(reference)
    archive, number = None, 0
    try:
        for paper in papers:
            size = sum(len(content) for _name, content in paper.files)
            if archive and archive.size and archive.size + size > limit:
                yield from _named(stem, number, archive)
                archive = None
            if not archive:
                archive, number = _Archive(), number + 1
            archive.add(paper)
        if archive:
            yield from _named(stem, number, archive)
    finally:
        if archive:
            archive.close()


def _named(stem, number, archive):
    for chunk in archive.finish():
        yield f"{stem}-documents-{number:03}.zip", chunk
