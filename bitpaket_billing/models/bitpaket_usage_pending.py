from odoo import fields, models


class BitpaketUsagePending(models.Model):
    """Usage that was reported and waits to be folded into its daily row.

    Every accepted batch appends its sums here instead of updating the daily rows, so
    that concurrent reporters never wait for one another. Readers add both. Days that
    cannot be added up, because of their meter, are only noted here.
    """

    _name = "bitpaket.usage.pending"
    _description = "Usage Waiting for the Rollup"
    _log_access = False

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", index=True
    )
    meter_id = fields.Many2one("bitpaket.meter", required=True, ondelete="restrict")
    day = fields.Date(required=True)
    quantity = fields.Float(digits=0, required=True)
    events = fields.Integer(required=True, default=0)
    level = fields.Float(digits=0, required=True, default=0.0)
    reported = fields.Datetime(readonly=True, help="When it was reported.")

    def init(self):
        """Have the database fill in the time: the rows are inserted in bulk."""
        super().init()
        self.env.cr.execute(
            "ALTER TABLE bitpaket_usage_pending ALTER COLUMN reported"
            " SET DEFAULT now() AT TIME ZONE 'UTC'"
        )
