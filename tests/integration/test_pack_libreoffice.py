"""LibreOffice opens the accountant pack's workbook and finds what went in."""

import csv
import io
import subprocess
import tempfile
from decimal import Decimal as D
from pathlib import Path

from odoo.tests import BaseCase, tagged

from odoo.addons.bitpaket_billing.bookkeeping.pack import PACK

from .. import bookkeeping_examples as examples

# In the words of LibreOffice's CSV filter: comma, quotes, UTF-8, from row 1, cells as
# they are shown, results instead of formulas, all sheets.
FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"


@tagged("standard", "post_install", "-at_install")
class TestPackLibreOffice(BaseCase):
    def read_sheets(self, folder, workbook):
        """Return the sheets of a workbook as LibreOffice shows them."""
        path = folder / "pack.xlsx"
        path.write_bytes(workbook)
        subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation=file://{folder}/profile",
                "--headless",
                "--convert-to",
                FILTER,
                "--outdir",
                folder,
                path,
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return {
            made.stem.removeprefix("pack-"): list(
                csv.reader(io.StringIO(made.read_text(), newline=""))
            )
            for made in folder.glob("pack-*.csv")
        }

    def write_workbook(self):
        """Return the bytes of a workbook with every kind of sheet."""
        books = examples.make_books()
        files = examples.read_files(PACK, books, examples.YEAR)
        return files["EXP-2026-0001.xlsx"]

    def test_every_sheet(self):
        with tempfile.TemporaryDirectory() as folder:
            sheets = self.read_sheets(Path(folder), self.write_workbook())
        self.assertEqual(len(sheets), 6)
        header, *items = sheets["Journal items"]
        rows = [dict(zip(header, row, strict=True)) for row in items]
        sums = {}
        for row in rows:
            debit, credit = sums.get(row["Account"], (D(0), D(0)))
            sums[row["Account"]] = (
                debit + D(row["Debit"].replace(",", "")),
                credit + D(row["Credit"].replace(",", "")),
            )
        self.assertEqual(sums, examples.sums_of(examples.YEAR))
        self.assertEqual(rows[1]["Label"], "=Storage, 5 TB")
        self.assertEqual(rows[1]["Date"], "2026-10-01")
        self.assertEqual(rows[1]["Credit"], "100.00")
        control = {row[0]: row for row in sheets["Control"]}
        self.assertEqual(
            control["All entries"][2:], ["4", "14", "468.92", "468.92", "0.00"]
        )
