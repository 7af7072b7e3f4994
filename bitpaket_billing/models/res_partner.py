from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    bitpaket_account_ids = fields.One2many(
        "bitpaket.account", "partner_id", string="Billing accounts"
    )
