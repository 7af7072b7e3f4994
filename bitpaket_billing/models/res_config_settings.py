from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    bitpaket_tax_mode = fields.Selection(
        related="company_id.bitpaket_tax_mode", readonly=False
    )
    bitpaket_close_automatically = fields.Boolean(
        related="company_id.bitpaket_close_automatically", readonly=False
    )
    bitpaket_close_time = fields.Float(
        related="company_id.bitpaket_close_time", readonly=False
    )
    bitpaket_close_approval = fields.Boolean(
        related="company_id.bitpaket_close_approval", readonly=False
    )
    bitpaket_close_four_eyes = fields.Boolean(
        related="company_id.bitpaket_close_four_eyes", readonly=False
    )
    bitpaket_review_factor = fields.Float(
        related="company_id.bitpaket_review_factor", readonly=False
    )
    bitpaket_responsible_id = fields.Many2one(
        related="company_id.bitpaket_responsible_id", readonly=False
    )
    bitpaket_journal_id = fields.Many2one(
        related="company_id.bitpaket_journal_id", readonly=False
    )
    bitpaket_fiscal_position_id = fields.Many2one(
        related="company_id.bitpaket_fiscal_position_id", readonly=False
    )
    bitpaket_usage_max_age_days = fields.Integer(
        related="company_id.bitpaket_usage_max_age_days", readonly=False
    )
    bitpaket_usage_retention_months = fields.Integer(
        related="company_id.bitpaket_usage_retention_months", readonly=False
    )
    bitpaket_payment_term_id = fields.Many2one(
        related="company_id.bitpaket_payment_term_id", readonly=False
    )
    bitpaket_send_invoices = fields.Boolean(
        related="company_id.bitpaket_send_invoices", readonly=False
    )
    bitpaket_refund_automatic = fields.Boolean(
        related="company_id.bitpaket_refund_automatic", readonly=False
    )
    bitpaket_suspend_on_chargeback = fields.Boolean(
        related="company_id.bitpaket_suspend_on_chargeback", readonly=False
    )
    bitpaket_fastspring_fee_account_id = fields.Many2one(
        related="company_id.bitpaket_fastspring_fee_account_id", readonly=False
    )
    bitpaket_fastspring_tax_account_id = fields.Many2one(
        related="company_id.bitpaket_fastspring_tax_account_id", readonly=False
    )
