from odoo import fields, models


class BitpaketUsageReplaced(models.Model):
    """What a usage event said before it was corrected; append-only."""

    _name = "bitpaket.usage.replaced"
    _description = "Replaced Usage Event"
    _order = "event_id, revision desc"
    _rec_name = "revision"
    _log_access = False

    event_id = fields.Many2one(
        "bitpaket.usage.event", required=True, ondelete="cascade", readonly=True
    )
    revision = fields.Integer(required=True, readonly=True, aggregator=None)
    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id")
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", readonly=True
    )
    time = fields.Datetime(required=True, readonly=True, help="When it happened (UTC).")
    quantity = fields.Float(digits=0, required=True, readonly=True)
    value = fields.Char(readonly=True)
    since = fields.Datetime(string="Stored since", readonly=True)
    replaced = fields.Datetime(
        required=True, readonly=True, help="When the correction came (UTC)."
    )

    _event_revision_uniq = models.Constraint(
        "unique (event_id, revision)", "This revision is on record already."
    )
