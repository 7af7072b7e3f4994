"""The accountant pack with the documents of its invoices, and files that are large."""

import csv
import hashlib
import io
import zipfile
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..export_common import ExportMixin


@tagged("standard", "post_install", "-at_install")
class TestExportPapers(ExportMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.pack = self.make_target(format="pack", papers=True, papers_size=1)
        self.papers = {}
        for content in (b"%PDF-1", b"%PDF-2" * 150_000, b"%PDF-3" * 150_000):
            move = self.make_invoice()
            self.env["ir.attachment"].create(
                {
                    "name": f"{move.id}.pdf",
                    "raw": content,
                    "res_model": "account.move",
                    "res_id": move.id,
                    "res_field": "invoice_pdf_report_file",
                }
            )
            move.invalidate_recordset()
            self.papers[move.name] = content

    def zips(self, batch):
        return batch.file_ids.filtered(lambda one: one.name.endswith(".zip"))

    def test_documents(self):
        unsent = self.make_invoice()
        self.make_entry()
        batch = self.make_batch(target=self.pack)
        batch.action_check()
        self.assertIn(
            "1 invoices were never printed nor sent: they have no document that could "
            "go along.",
            batch.problem_ids.mapped("text"),
        )
        batch.action_export()
        zips = self.zips(batch)
        self.assertEqual(len(zips), 2, "a megabyte each")
        found, rows = {}, []
        for one in zips:
            with zipfile.ZipFile(io.BytesIO(one.attachment_id.raw)) as archive:
                text = archive.read("index.csv").decode("utf-8-sig")
                some = list(csv.DictReader(io.StringIO(text, newline="")))
                rows += some
                for row in some:
                    if row["file"]:
                        found[row["number"]] = archive.read(row["file"])
        self.assertEqual(found, self.papers)
        self.assertEqual(
            [row["number"] for row in rows if not row["file"]], [unsent.name]
        )

    def test_only_where_wanted(self):
        self.pack.papers = False
        self.assertFalse(self.zips(self.export(target=self.pack)))
        self.pack.papers = True
        self.pack.format = "beancount"
        self.make_invoice()
        self.assertFalse(self.zips(self.export(target=self.pack)))

    def test_large_files(self):
        """Files that are not read into memory are kept as they are."""
        path = "odoo.addons.bitpaket_billing.models.bitpaket_export_batch_write.SPOOLED"
        with patch(path, 0):
            batch = self.export(target=self.pack)
        self.assertGreater(len(batch.file_ids), 5)
        for file in batch.file_ids:
            content = file.attachment_id.raw
            self.assertEqual(file.size, len(content))
            self.assertEqual(file.sha256, hashlib.sha256(content).hexdigest())
