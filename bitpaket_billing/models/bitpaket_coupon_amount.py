from odoo import api, fields, models

from ..tools import changed_fields


class BitpaketCouponAmount(models.Model):
    """What a coupon gives, asks for and may cost in one currency."""

    _name = "bitpaket.coupon.amount"
    _description = "Coupon in a Currency"
    _order = "coupon_id, currency_id, id"
    _rec_name = "currency_id"

    coupon_id = fields.Many2one(
        "bitpaket.coupon", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="coupon_id.company_id")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    amount = fields.Monetary(string="Amount off")
    minimum = fields.Monetary(
        string="Invoice of at least",
        help="Smaller invoices, before coupons and tax, are not discounted, and do not "
        "use the coupon up. 0: no minimum.",
    )
    budget = fields.Monetary(
        help="What all discounts together may cost. 0: no limit.",
    )
    turn = fields.Integer(
        default=0,
        readonly=True,
        help="Counts the transactions that drew on the budget, so that no two do it at "
        "once.",
    )

    _currency_uniq = models.Constraint(
        "unique (coupon_id, currency_id)", "A coupon has one line per currency."
    )
    _not_negative = models.Constraint(
        "CHECK (amount >= 0 AND minimum >= 0 AND budget >= 0)",
        "An amount cannot be negative.",
    )

    def write(self, vals):
        """Keep what a redeemed coupon gives."""
        if any(
            {"amount", "minimum", "currency_id", "coupon_id"}
            & changed_fields(row, vals)
            for row in self
        ):
            self.coupon_id._check_not_redeemed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_redeemed(self):
        self.coupon_id._check_not_redeemed()

    @api.model_create_multi
    def create(self, vals_list):
        """Check what the coupon gives with its new lines."""
        rows = super().create(vals_list)
        rows.coupon_id._check_amounts()
        return rows
