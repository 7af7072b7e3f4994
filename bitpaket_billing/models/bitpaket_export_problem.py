from odoo import fields, models


class BitpaketExportProblem(models.Model):
    """Something to mend, or to know, before entries are exported."""

    _name = "bitpaket.export.problem"
    _description = "Problem of an Export"
    _order = "batch_id, severity, id"
    _rec_name = "text"
    _log_access = False

    batch_id = fields.Many2one(
        "bitpaket.export.batch",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="batch_id.company_id")
    severity = fields.Selection(
        [("error", "Must be mended"), ("warning", "To know")],
        required=True,
        readonly=True,
    )
    text = fields.Char(string="Problem", required=True, readonly=True)
    move_id = fields.Many2one("account.move", readonly=True, ondelete="cascade")
    account_id = fields.Many2one("account.account", readonly=True, ondelete="cascade")
    tax_id = fields.Many2one("account.tax", readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", readonly=True, ondelete="cascade")

    def action_mend(self):
        """Open what has to be mended."""
        self.ensure_one()
        target = self.batch_id.target_id
        if self.account_id:
            return self._mend_map("bitpaket.export.account", "account_id")
        if self.tax_id:
            return self._mend_map("bitpaket.export.tax", "tax_id")
        if self.partner_id:
            return self.partner_id._get_records_action()
        return (self.move_id or target)._get_records_action()

    def _mend_map(self, model, name):
        target = self.batch_id.target_id
        known = self.env[model].search(
            [("target_id", "=", target.id), (name, "=", self[name].id)]
        )
        return {
            "type": "ir.actions.act_window",
            "name": target.name,
            "res_model": model,
            "res_id": known.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_target_id": target.id,
                f"default_{name}": self[name].id,
            },
        }
