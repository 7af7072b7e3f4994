from odoo import fields, models


class BitpaketExportSupersede(models.TransientModel):
    """Asks why entries are exported again, and prepares the export that does it."""

    _name = "bitpaket.export.supersede"
    _description = "Export Again"

    batch_id = fields.Many2one("bitpaket.export.batch", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_supersede(self):
        """Prepare the export that takes the place of the old one, and open it."""
        self.ensure_one()
        return self.batch_id._supersede(self.reason)._get_records_action()
