from odoo import api, fields, models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    bitpaket_has_usage = fields.Boolean(compute="_compute_bitpaket_has_usage")
    bitpaket_reopens = fields.Boolean(
        string="Bill this usage again",
        help="The next statement bills what the period comes to then. Leave it off "
        "when the usage stays credited, or when you make the new invoice by hand.",
    )

    @api.depends("move_ids")
    def _compute_bitpaket_has_usage(self):
        for wizard in self:
            wizard.bitpaket_has_usage = bool(wizard.move_ids.bitpaket_statement_id.ids)

    def _prepare_default_reversal(self, move):
        values = super()._prepare_default_reversal(move)
        if move.bitpaket_statement_id:
            values["bitpaket_reopens"] = self.bitpaket_reopens
        return values
