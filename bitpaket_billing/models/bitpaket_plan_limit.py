from odoo import api, fields, models


class BitpaketPlanLimit(models.Model):
    """A limit of BitPaket's that a plan lifts; the control plane is told of it."""

    _name = "bitpaket.plan.limit"
    _description = "Limit of a Plan"
    _order = "plan_id, sequence, id"

    plan_id = fields.Many2one(
        "sale.subscription.template", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.bitpaket_company_id", store=True)
    sequence = fields.Integer(default=10)
    code = fields.Char(required=True, help="How BitPaket calls it: max_buckets")
    name = fields.Char(required=True, translate=True)
    value = fields.Float(digits=0, required=True)

    _code_uniq = models.Constraint(
        "unique (plan_id, code)", "A plan tells each limit once."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse a new limit of what was sold."""
        limits = super().create(vals_list)
        limits.plan_id._bitpaket_refuse_change()
        return limits

    def write(self, vals):
        """Refuse another limit of what was sold; its name may change."""
        if set(vals) - {"name", "sequence"}:
            self.plan_id._bitpaket_refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.plan_id._bitpaket_refuse_change()
