from odoo import api, fields, models


class BitpaketBillingReason(models.TransientModel):
    """Asks why an account is held or skipped, and does it."""

    _name = "bitpaket.billing.reason"
    _description = "Why an Account is Held or Skipped"

    decision = fields.Selection(
        [("hold", "Hold"), ("skip", "Skip")], required=True, readonly=True
    )
    reason = fields.Char(required=True)
    preview_ids = fields.Many2many("bitpaket.billing.preview", readonly=True)
    statement_ids = fields.Many2many("bitpaket.statement", readonly=True)

    @api.model
    def _ask(self, decision, records):
        """Return the action that asks for the reason.

        :param str decision: hold or skip
        :param records: statements, or rows of a preview
        """
        field = (
            "statement_ids" if records._name == "bitpaket.statement" else "preview_ids"
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hold")
            if decision == "hold"
            else self.env._("Skip without invoice"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_decision": decision,
                f"default_{field}": [fields.Command.set(records.ids)],
            },
        }

    def action_decide(self):
        """Hold or skip what was chosen, for the reason that was given."""
        self.ensure_one()
        for records in (self.preview_ids, self.statement_ids):
            if records and self.decision == "hold":
                records._hold(self.reason)
            elif records:
                records._skip(self.reason)
        return {"type": "ir.actions.act_window_close"}
