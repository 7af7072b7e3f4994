from odoo import fields, models


class BitpaketStatementAllowance(models.Model):
    """What of a meter the plan included in a period, and what was left of it."""

    _name = "bitpaket.statement.allowance"
    _description = "Allowance of a Period"
    _order = "statement_id, id"
    _rec_name = "meter_id"
    _log_access = False

    statement_id = fields.Many2one(
        "bitpaket.statement",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="statement_id.company_id", store=True)
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", readonly=True
    )
    unit = fields.Char(related="meter_id.unit")
    quantity = fields.Float(string="Included", digits=0, readonly=True)
    quantity_carried = fields.Float(
        string="From the period before", digits=0, readonly=True
    )
    quantity_left = fields.Float(
        string="Carried on",
        digits=0,
        readonly=True,
        help="What the next period finds, of an allowance that rolls over.",
    )

    _meter_uniq = models.Constraint(
        "unique (statement_id, meter_id)", "A period has one allowance per meter."
    )
