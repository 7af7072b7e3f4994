from odoo import fields, models


class BitpaketUsageEvent(models.Model):
    """One reported quantity; append-only, written in bulk by the usage store."""

    _name = "bitpaket.usage.event"
    _description = "Usage Event"
    _order = "time desc, id desc"
    _rec_name = "external_id"
    _log_access = False

    source = fields.Char(required=True, readonly=True)
    external_id = fields.Char(string="Event", required=True, readonly=True)
    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id")
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", readonly=True
    )
    time = fields.Datetime(required=True, readonly=True, help="When it happened (UTC).")
    quantity = fields.Float(
        digits=0,
        required=True,
        readonly=True,
        aggregator="sum",
        help="In the meter's base unit: requests, bytes, or byte-hours.",
    )

    _external_uniq = models.Constraint(
        "unique (source, external_id)", "This event is known already."
    )
    _account_meter_time = models.Index("(account_id, meter_id, time)")
