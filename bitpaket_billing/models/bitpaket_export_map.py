"""What a target calls accounts, taxes, customers and suppliers."""

from odoo import api, fields, models


class BitpaketExportMap(models.AbstractModel):
    """A code of a target for something of ours."""

    _name = "bitpaket.export.map"
    _description = "Code of an Export Target"
    _check_company_auto = True

    target_id = fields.Many2one(
        "bitpaket.export.target", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="target_id.company_id", store=True)

    @api.model
    def _clean(self, vals):
        """Return values whose codes have no blanks around them."""
        return {
            name: value.strip() if isinstance(value, str) else value
            for name, value in vals.items()
        }

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._clean(vals))


class BitpaketExportAccount(models.Model):
    _name = "bitpaket.export.account"
    _inherit = "bitpaket.export.map"
    _description = "Account at an Export Target"
    _order = "target_id, code"
    _rec_name = "code"

    account_id = fields.Many2one(
        "account.account", required=True, ondelete="cascade", check_company=True
    )
    code = fields.Char(string="Code there", required=True)
    name = fields.Char(string="Name there", help="Empty: its name here.")
    automatic_key = fields.Char(
        string="Computes the tax",
        size=4,
        help="Tax key of an account that computes tax by itself there "
        "(DATEV: Automatikkonto).",
    )

    _account_uniq = models.Constraint(
        "unique (target_id, account_id)", "This account has a code there already."
    )


class BitpaketExportTax(models.Model):
    _name = "bitpaket.export.tax"
    _inherit = "bitpaket.export.map"
    _description = "Tax at an Export Target"
    _order = "target_id, code"
    _rec_name = "code"

    tax_id = fields.Many2one(
        "account.tax", required=True, ondelete="cascade", check_company=True
    )
    code = fields.Char(string="Code there", required=True)

    _tax_uniq = models.Constraint(
        "unique (target_id, tax_id)", "This tax has a code there already."
    )


class BitpaketExportPartner(models.Model):
    """The number of a customer or supplier, which never changes by itself."""

    _name = "bitpaket.export.partner"
    _inherit = "bitpaket.export.map"
    _description = "Partner at an Export Target"
    _order = "target_id, number"
    _rec_name = "number"

    partner_id = fields.Many2one(
        "res.partner", required=True, ondelete="restrict", index=True
    )
    kind = fields.Selection(
        [("customer", "Customer"), ("supplier", "Supplier")],
        string="As",
        required=True,
        default="customer",
    )
    number = fields.Char(string="Number there", required=True)

    _partner_uniq = models.Constraint(
        "unique (target_id, partner_id, kind)",
        "This partner has a number there already.",
    )
    _number_uniq = models.Constraint(
        "unique (target_id, number)", "Another partner has this number there."
    )
