from odoo import fields, models


class BitpaketExportItem(models.Model):
    """A journal entry that went to a target: the promise that it goes there once."""

    _name = "bitpaket.export.item"
    _description = "Exported Entry"
    _order = "batch_id desc, date, move_name, id"
    _rec_name = "move_name"
    _log_access = False

    batch_id = fields.Many2one(
        "bitpaket.export.batch",
        string="Export",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    target_id = fields.Many2one(
        "bitpaket.export.target", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Journal entry",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    move_name = fields.Char(string="Number", readonly=True)
    date = fields.Date(readonly=True)
    late = fields.Boolean(
        readonly=True, help="It is of an earlier period, and was posted late."
    )
    fingerprint = fields.Char(
        readonly=True, help="A hash of what was exported: it tells later changes."
    )
    seen = fields.Datetime(
        string="Compared", readonly=True, help="When the entry was last compared."
    )
    changed = fields.Boolean(
        readonly=True, help="The entry is not what was exported any more."
    )
    superseded = fields.Boolean(
        readonly=True, help="Another export took its place, or it was released."
    )

    _live_uniq = models.UniqueIndex(
        "(target_id, move_id) WHERE NOT superseded",
        "This entry was exported to this target already.",
    )
    _changed_idx = models.Index("(target_id) WHERE changed AND NOT superseded")

    # === ACTION METHODS === #

    def action_open_move(self):
        """Open the journal entry."""
        self.ensure_one()
        return self.move_id._get_records_action()

    def action_open_batch(self):
        """Open the export that it went with."""
        self.ensure_one()
        return self.batch_id._get_records_action()
