from odoo import fields, models


class BitpaketExportTotal(models.Model):
    """What an export books on an account: the sums to compare with."""

    _name = "bitpaket.export.total"
    _description = "Control Total of an Export"
    _order = "batch_id, code"
    _rec_name = "code"
    _log_access = False

    batch_id = fields.Many2one(
        "bitpaket.export.batch",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="batch_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    code = fields.Char(string="Account", readonly=True)
    name = fields.Char(readonly=True)
    code_there = fields.Char(string="Code there", readonly=True)
    line_count = fields.Integer(string="Lines", readonly=True)
    debit = fields.Monetary(readonly=True)
    credit = fields.Monetary(readonly=True)
