from odoo import fields, models


class BitpaketUsageEvent(models.Model):
    """One reported quantity; written in bulk by the usage store.

    A correction replaces it, and what it replaced stays on record.
    """

    _name = "bitpaket.usage.event"
    _description = "Usage Event"
    _order = "time desc, id desc"
    _rec_name = "external_id"
    _log_access = False

    source = fields.Char(required=True, readonly=True)
    external_id = fields.Char(string="Event", required=True, readonly=True)
    revision = fields.Integer(
        required=True,
        readonly=True,
        default=0,
        aggregator=None,
        help="0 for what was reported first; a correction has a higher number.",
    )
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
    value = fields.Char(
        readonly=True, help="What a meter of different values counts once."
    )
    since = fields.Datetime(
        string="Stored since",
        readonly=True,
        help="Since when a deleted object was stored (UTC).",
    )
    replaced_ids = fields.One2many("bitpaket.usage.replaced", "event_id")

    _external_uniq = models.Constraint(
        "unique (source, external_id)", "This event is known already."
    )
    _account_meter_time = models.Index("(account_id, meter_id, time)")
