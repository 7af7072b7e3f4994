from odoo import api, fields, models

from ..tools import changed_fields


class BitpaketPriceTier(models.Model):
    """One tier of a price."""

    _name = "bitpaket.price.tier"
    _description = "Price Tier"
    _order = "price_id, bound, id"

    price_id = fields.Many2one(
        "bitpaket.price",
        string="Tiered price",
        required=True,
        ondelete="cascade",
        index=True,
    )
    currency_id = fields.Many2one(related="price_id.currency_id")
    up_to = fields.Float(
        digits=0,
        help="Last quantity of this tier, included. Leave it at 0 for the last tier, "
        "which has no end.",
    )
    bound = fields.Float(compute="_compute_bound", store=True, digits=0)
    unit_price = fields.Float(
        string="Price",
        digits=0,
        help="Of the units it is per, or of a block; percent of an amount.",
    )
    block_size = fields.Float(
        digits=0, help="Units of a block. A started block is charged in full."
    )
    flat_amount = fields.Float(
        string="Fixed fee",
        digits=0,
        help="Charged once in a period that reaches this tier.",
    )

    _bound_uniq = models.Constraint(
        "unique (price_id, bound)", "Two tiers end at the same quantity."
    )
    _amounts_positive = models.Constraint(
        "CHECK (up_to >= 0 AND unit_price >= 0 AND flat_amount >= 0"
        " AND block_size >= 0)",
        "Tiers, their prices and fees cannot be negative.",
    )

    @api.depends("up_to")
    def _compute_bound(self):
        """Sort the tier without an end last."""
        for tier in self:
            tier.bound = tier.up_to or 1e30

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse to add a tier to a price that an invoice was made by."""
        tiers = super().create(vals_list)
        tiers.price_id._check_unused()
        return tiers

    def write(self, vals):
        """Refuse to change a tier that an invoice was made by."""
        changing = self.filtered(lambda tier: changed_fields(tier, vals))
        changing.price_id._check_unused()
        result = super().write(vals)
        changing.price_id._check_unused()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.price_id._check_unused()
