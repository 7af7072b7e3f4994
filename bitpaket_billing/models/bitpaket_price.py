from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import rating
from ..tools import exact, price_text, quantity_text


class BitpaketPrice(models.Model):
    """The price of one meter from a date on; immutable once invoiced by."""

    _name = "bitpaket.price"
    _description = "Price"
    _order = "book_id, meter_sequence, meter_id, date_start desc, id"

    book_id = fields.Many2one(
        "bitpaket.price.book", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="book_id.company_id")
    currency_id = fields.Many2one(related="book_id.currency_id")
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", index=True
    )
    meter_sequence = fields.Integer(related="meter_id.sequence", store=True)
    unit = fields.Char(related="meter_id.unit")
    date_start = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.start_of(fields.Date.today(), "month"),
        help="First day of this price, in UTC. It holds until the next price of the "
        "same meter starts. A change inside a period is billed as two lines.",
    )
    model = fields.Selection(
        [
            ("unit", "Per unit"),
            ("graduated", "Graduated tiers"),
            ("volume", "Volume tiers"),
        ],
        string="Price model",
        required=True,
        default="unit",
        help="Per unit: every unit at the same price.\n"
        "Graduated: every unit at the price of the tier it falls in.\n"
        "Volume: all units at the price of the tier that the total reaches.",
    )
    unit_price = fields.Float(string="Price", digits=0)
    per = fields.Float(
        string="Per units",
        digits=0,
        default=1.0,
        required=True,
        help="The price is for this many units, for example 1,000 requests. "
        "It does not round: 1,500 requests cost one and a half times the price.",
    )
    free_quantity = fields.Float(
        string="Free per period",
        digits=0,
        help="Units of each period that cost nothing.",
    )
    tier_ids = fields.One2many("bitpaket.price.tier", "price_id", copy=True)
    summary = fields.Char(string="In words", compute="_compute_summary")
    used = fields.Boolean(
        compute="_compute_used",
        help="An invoice was made by this price, so it cannot change any more.",
    )

    _meter_start_uniq = models.Constraint(
        "unique (book_id, meter_id, date_start)",
        "This book has a price of that meter from the same date.",
    )
    _per_positive = models.Constraint(
        "CHECK (per > 0)", "A price must be for more than zero units."
    )
    _free_positive = models.Constraint(
        "CHECK (free_quantity >= 0)", "The free quantity cannot be negative."
    )
    _price_positive = models.Constraint(
        "CHECK (unit_price >= 0)", "A price cannot be negative."
    )

    @api.depends("meter_id", "date_start")
    def _compute_display_name(self):
        for price in self:
            price.display_name = self.env._(
                "%(meter)s from %(date)s",
                meter=price.meter_id.name,
                date=fields.Date.to_string(price.date_start),
            )

    @api.depends("model", "unit_price", "per", "free_quantity", "tier_ids", "unit")
    def _compute_summary(self):
        for price in self:
            if price.model == "unit":
                price.summary = price._summarise_unit()
            else:
                price.summary = ", ".join(
                    price._summarise_tier(tier) for tier in price.tier_ids
                )

    def _summarise_unit(self):
        text = price_text(self.env, self.unit_price, self.per, self.unit or "")
        if not self.free_quantity:
            return text
        return self.env._(
            "%(price)s, first %(free)s free",
            price=text,
            free=quantity_text(self.env, self.free_quantity),
        )

    def _summarise_tier(self, tier):
        text = price_text(self.env, tier.unit_price, self.per)
        if not tier.up_to:
            return self.env._("above: %s", text)
        return self.env._(
            "up to %(bound)s: %(price)s",
            bound=quantity_text(self.env, tier.up_to),
            price=text,
        )

    def _compute_used(self):
        lines = self.env["bitpaket.usage.line"].sudo()
        used = lines._read_group([("price_id", "in", self.ids)], ["price_id"])
        used_ids = {price.id for (price,) in used}
        for price in self:
            price.used = price.id in used_ids

    @api.constrains("model", "tier_ids", "free_quantity")
    def _check_tiers(self):
        for price in self:
            if price.model == "unit":
                continue
            bounds = [tier.up_to for tier in price.tier_ids]
            if not bounds or bounds[-1] or 0 in bounds[:-1]:
                raise ValidationError(
                    self.env._(
                        "The tiers of %s must end with exactly one without an upper "
                        "bound, so that every quantity has a price.",
                        price.display_name,
                    )
                )
            if price.free_quantity:
                raise ValidationError(
                    self.env._(
                        "%s has tiers: write what is free as a first tier at price 0.",
                        price.display_name,
                    )
                )

    def write(self, vals):
        """Refuse to change a price that an invoice was made by."""
        self._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_unused()

    def _check_unused(self):
        used = self.filtered("used")
        if used:
            raise UserError(
                self.env._(
                    "Invoices were made by these prices, so they cannot change: %s. "
                    "Add a price with a later start date instead.",
                    ", ".join(used.mapped("display_name")),
                )
            )

    def _to_rating(self, code, end):
        """Return this price as the rating core knows it.

        :param str code: the meter's code
        :param date end: first day on which it no longer holds, or None
        :rtype: rating.Price
        """
        self.ensure_one()
        return rating.Price(
            meter=code,
            start=self.date_start,
            end=end,
            model=self.model,
            unit_price=exact(self.unit_price),
            per=exact(self.per),
            free=exact(self.free_quantity),
            tiers=tuple(
                rating.Tier(
                    up_to=exact(tier.up_to) if tier.up_to else None,
                    unit_price=exact(tier.unit_price),
                    flat=exact(tier.flat_amount),
                )
                for tier in self.tier_ids
            ),
        )
