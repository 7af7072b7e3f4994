from odoo import api, fields, models


class BitpaketPlanPrice(models.Model):
    """What a plan costs in one currency, per month or per year."""

    _name = "bitpaket.plan.price"
    _description = "Price of a Plan"
    _order = "plan_id, currency_id, interval, id"

    plan_id = fields.Many2one(
        "sale.subscription.template", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="plan_id.bitpaket_company_id", store=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    interval = fields.Selection(
        [("month", "Month"), ("year", "Year")], required=True, default="month"
    )
    amount = fields.Monetary(required=True, help="Before tax, in advance.")

    _interval_uniq = models.Constraint(
        "unique (plan_id, currency_id, interval)",
        "A plan has one price per currency and interval.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A plan's price cannot be negative."
    )

    @api.depends("amount", "currency_id", "interval")
    def _compute_display_name(self):
        for price in self:
            price.display_name = price._text()

    def _text(self):
        """Return the price in words, for example: $ 29.00 per month."""
        self.ensure_one()
        return plan_price_text(self)

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse a new price of what was sold."""
        prices = super().create(vals_list)
        prices.plan_id._bitpaket_refuse_change()
        return prices

    def write(self, vals):
        """Refuse another price of what was sold."""
        self.plan_id._bitpaket_refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.plan_id._bitpaket_refuse_change()


def plan_price_text(price):
    """Return a price in words, for example: $ 29.00 per month.

    :param price: a record with `amount`, `currency_id` and `interval`
    :rtype: str
    """
    amount = price.currency_id.format(price.amount)
    if price.interval == "year":
        return price.env._("%s per year", amount)
    return price.env._("%s per month", amount)
