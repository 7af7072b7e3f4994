from odoo import fields, models


class BitpaketExportFile(models.Model):
    """A file that was exported: the same bytes for ever."""

    _name = "bitpaket.export.file"
    _description = "Exported File"
    _order = "batch_id, id"
    _log_access = False

    batch_id = fields.Many2one(
        "bitpaket.export.batch",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    name = fields.Char(string="File", required=True, readonly=True)
    size = fields.Integer(string="Bytes", readonly=True)
    sha256 = fields.Char(string="SHA-256", readonly=True)
    attachment_id = fields.Many2one(
        "ir.attachment", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _name_uniq = models.Constraint(
        "unique (batch_id, name)", "This export has a file of this name already."
    )

    def action_download(self):
        """Download the file, and note that it was taken."""
        self.ensure_one()
        self.batch_id._note_delivered()
        return {
            "type": "ir.actions.act_url",
            "url": f"/bitpaket_billing/export/file/{self.id}",
            "target": "download",
        }
