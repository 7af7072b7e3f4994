from odoo import fields, models


class BitpaketUsageDiscard(models.TransientModel):
    """Asks why quarantined usage shall never count."""

    _name = "bitpaket.usage.discard"
    _description = "Discard Quarantined Usage"

    row_ids = fields.Many2many("bitpaket.usage.quarantine", required=True)
    reason = fields.Text(required=True)

    def action_discard(self):
        """Discard the rows."""
        self.ensure_one()
        self.row_ids._discard(self.reason)
        return {"type": "ir.actions.act_window_close"}
