from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    bitpaket_defer = fields.Boolean(related="company_id.bitpaket_defer", readonly=False)
    bitpaket_defer_months = fields.Integer(
        related="company_id.bitpaket_defer_months", readonly=False
    )
    bitpaket_deferred_account_id = fields.Many2one(
        related="company_id.bitpaket_deferred_account_id", readonly=False
    )
    bitpaket_deferral_journal_id = fields.Many2one(
        related="company_id.bitpaket_deferral_journal_id", readonly=False
    )
