from odoo import fields, models


class BitpaketUsagePending(models.Model):
    _inherit = "bitpaket.usage.pending"

    reported = fields.Datetime(readonly=True, help="When it was reported.")

    def init(self):
        """Have the database fill in the time: the rows are inserted in bulk."""
        super().init()
        self.env.cr.execute(
            "ALTER TABLE bitpaket_usage_pending ALTER COLUMN reported"
            " SET DEFAULT now() AT TIME ZONE 'UTC'"
        )
