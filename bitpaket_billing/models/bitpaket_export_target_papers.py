from odoo import fields, models


class BitpaketExportTarget(models.Model):
    """The papers that go with the accountant pack."""

    _inherit = "bitpaket.export.target"

    papers = fields.Boolean(
        string="With the invoices' documents",
        help="PDF and XML of each invoice and credit note, in zips with an index.",
    )
    papers_size = fields.Integer(
        string="Megabytes per zip",
        default=50,
        help="At most; what is larger goes on in another one.",
    )

    _papers_size_positive = models.Constraint(
        "CHECK (papers_size > 0)", "A zip must hold at least one megabyte."
    )
