from odoo import api, fields, models


class BitpaketMonthEndLine(models.TransientModel):
    """One check of a month end."""

    _name = "bitpaket.month.end.line"
    _description = "Month-End Check"
    _order = "sequence, id"

    month_end_id = fields.Many2one(
        "bitpaket.month.end", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="month_end_id.company_id", store=True)
    sequence = fields.Integer(readonly=True)
    name = fields.Char(string="Check", required=True, readonly=True)
    fine = fields.Boolean(readonly=True)
    state = fields.Selection(
        [("fine", "Agrees"), ("wrong", "Differs")], compute="_compute_state"
    )
    found = fields.Text(readonly=True)
    expected = fields.Text(readonly=True)
    res_model = fields.Char(readonly=True)
    domain = fields.Json(readonly=True)

    @api.depends("fine")
    def _compute_state(self):
        for line in self:
            line.state = "fine" if line.fine else "wrong"

    def action_open(self):
        """Open what does not match."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self.res_model,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": self.domain,
            "context": {"create": False},
        }
