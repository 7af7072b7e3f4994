from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    bitpaket_awaited = fields.Text(
        string="Payments on their way",
        compute="_compute_bitpaket_awaited",
        compute_sudo=True,
    )

    @api.depends("payment_state", "transaction_ids.state")
    def _compute_bitpaket_awaited(self):
        for move in self:
            waiting = move.transaction_ids.filtered(
                lambda tx: (
                    tx.provider_code == "fastspring" and tx._bitpaket_is_on_its_way()
                )
            )
            move.bitpaket_awaited = (
                "\n".join(tx._bitpaket_describe() for tx in waiting) or False
            )
