from odoo import api, fields, models


class BitpaketPlanAllowance(models.Model):
    """What of a meter a plan includes in every period."""

    _name = "bitpaket.plan.allowance"
    _description = "Allowance of a Plan"
    _order = "plan_id, id"
    _rec_name = "meter_id"

    plan_id = fields.Many2one(
        "sale.subscription.template", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.bitpaket_company_id", store=True)
    meter_id = fields.Many2one("bitpaket.meter", required=True, ondelete="restrict")
    quantity = fields.Float(
        digits=0,
        required=True,
        help="In the meter's billed unit, per month; a part of a month has a part of "
        "it.",
    )
    unit = fields.Char(related="meter_id.unit")
    rolls_over = fields.Boolean(
        help="What is left at the end of a period is added to the next one.",
    )
    cap = fields.Float(
        string="At most",
        digits=0,
        help="Greatest rest that is carried on, in the meter's unit.",
    )

    _meter_uniq = models.Constraint(
        "unique (plan_id, meter_id)", "A plan has one allowance per meter."
    )
    _positive = models.Constraint(
        "CHECK (quantity > 0 AND cap >= 0)", "An allowance must be positive."
    )
    _cap_needed = models.Constraint(
        "CHECK (rolls_over IS NOT TRUE OR cap > 0)",
        "Tell how much of an allowance is carried on at most.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse a new allowance of what was sold."""
        self.env.registry.clear_cache()
        allowances = super().create(vals_list)
        allowances.plan_id._bitpaket_refuse_change()
        return allowances

    def write(self, vals):
        """Refuse another allowance of what was sold."""
        self.env.registry.clear_cache()
        self.plan_id._bitpaket_refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.env.registry.clear_cache()
        self.plan_id._bitpaket_refuse_change()
