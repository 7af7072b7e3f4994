"""The papers of an export: the documents of its invoices, as they were sent."""

from odoo import models
from odoo.tools import SQL

from .. import bookkeeping
from ..bookkeeping import WARNING

MEGABYTE = 1024 * 1024
#: Invoices whose documents are in memory together.
CHUNK = 50


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    def _wants_papers(self):
        return self.target_id.papers and self.target_id.format == "pack"

    def _write_papers(self):
        """Write the documents of the entries, where the target wants them.

        :return: pairs of file name and bytes
        :rtype: Iterator[tuple[str, bytes]]
        """
        if self._wants_papers():
            limit = self.target_id.papers_size * MEGABYTE
            yield from bookkeeping.write_papers(self.name, self._read_papers(), limit)

    def _read_papers(self):
        """Yield the invoices and credit notes with their documents.

        None is made here: what was never printed nor sent is in the index without one.
        """
        ids = self._paper_ids()
        for start in range(0, len(ids), CHUNK):
            moves = self.env["account.move"].sudo().browse(ids[start : start + CHUNK])
            for move in moves:
                yield bookkeeping.Paper(
                    number=move.name,
                    date=move.date,
                    partner=move.commercial_partner_id.name or "",
                    files=tuple(
                        (one["filename"], one["content"])
                        for one in move._get_move_zip_export_docs() or ()
                    ),
                )
            # So that the documents of a year are not in memory together.
            self.env["ir.attachment"].invalidate_model()

    def _paper_ids(self, only_missing=False):
        """Return the ids of the documents among the entries, in their order.

        :param bool only_missing: only sales that have no PDF yet
        """
        missing = SQL(
            """
            AND move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND NOT EXISTS (
                  SELECT FROM ir_attachment paper
                   WHERE paper.res_model = 'account.move' AND paper.res_id = move.id
                     AND paper.res_field = 'invoice_pdf_report_file'
                )
            """
        )
        self.env["ir.attachment"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM account_move move"
                " WHERE id IN (%s) AND move_type != 'entry' %s ORDER BY date, name, id",
                self._moves_query(),
                missing if only_missing else SQL(),
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _find_missing_papers(self, findings):
        """Tell of invoices whose document does not exist."""
        if self._wants_papers() and (count := len(self._paper_ids(only_missing=True))):
            findings.add(
                WARNING,
                self.env._(
                    "%s invoices were never printed nor sent: they have no document "
                    "that could go along.",
                    count,
                ),
            )
