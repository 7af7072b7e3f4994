"""Prices in words, for people who compare them."""

from odoo import api, fields, models

from ..tools import price_text, quantity_text
from .bitpaket_price import TIERED

#: Whatever changes what a price says.
TERMS = (
    "model",
    "unit_price",
    "per",
    "package_size",
    "flat_amount",
    "tier_ids",
    "free_quantity",
    "free_per_day",
    "free_accrues",
    "free_ratio",
    "free_ratio_meter_id",
    "minimum_amount",
    "maximum_amount",
    "event_fee",
    "event_minimum",
    "event_maximum",
    "free_events",
    "free_amount",
    "unit",
)


class BitpaketPrice(models.Model):
    _inherit = "bitpaket.price"

    summary = fields.Char(string="In words", compute="_compute_summary")

    @api.depends_context("lang")
    @api.depends(*TERMS)
    def _compute_summary(self):
        for price in self:
            if price.model in TIERED:
                terms = [price._summarise_tier(tier) for tier in price.tier_ids]
            else:
                terms = [price._summarise_price()]
            terms += price._summarise_free() + price._summarise_limits()
            price.summary = ", ".join(terms)

    def _summarise_price(self):
        if self.model == "package":
            return self.env._(
                "%(price)s per started %(size)s %(unit)s",
                price=self._number(self.unit_price),
                size=self._number(self.package_size),
                unit=self.unit or "",
            )
        if self.model == "flat":
            return self.env._("%s per period", self._number(self.flat_amount))
        if self.model == "percentage":
            text = self.env._("%(share)s %%", share=self._number(self.unit_price))
            if not self.event_fee:
                return text
            return self.env._(
                "%(percent)s + %(fee)s per event",
                percent=text,
                fee=self._number(self.event_fee),
            )
        return price_text(self.env, self.unit_price, self.per, self.unit or "")

    def _summarise_tier(self, tier):
        if self.model == "graduated_percentage":
            text = self.env._("%(share)s %%", share=self._number(tier.unit_price))
        elif self.model in ("block_all", "block_top"):
            text = price_text(self.env, tier.unit_price, tier.block_size)
        else:
            text = price_text(self.env, tier.unit_price, self.per)
        if tier.flat_amount:
            text = f"{text} + {self._number(tier.flat_amount)}"
        if not tier.up_to:
            return self.env._("above: %s", text)
        return self.env._(
            "up to %(bound)s: %(price)s", bound=self._number(tier.up_to), price=text
        )

    def _summarise_free(self):
        terms = []
        if self.free_quantity:
            terms.append(self.env._("first %s free", self._number(self.free_quantity)))
        if self.free_per_day:
            daily = self.env._("%s free a day", self._number(self.free_per_day))
            if self.free_accrues:
                daily = self.env._("%s, kept until the end of the period", daily)
            terms.append(daily)
        if self.free_ratio:
            terms.append(
                self.env._(
                    "free up to %(ratio)s × %(meter)s",
                    ratio=self._number(self.free_ratio),
                    meter=self.free_ratio_meter_id.name or "",
                )
            )
        if self.free_events:
            terms.append(self.env._("first %s events free", self.free_events))
        if self.free_amount:
            terms.append(self.env._("first %s free", self._number(self.free_amount)))
        return terms

    def _summarise_limits(self):
        terms = []
        if self.event_minimum or self.event_maximum:
            terms.append(
                self.env._(
                    "each %s", self._limits(self.event_minimum, self.event_maximum)
                )
            )
        if self.minimum_amount or self.maximum_amount:
            terms.append(self._limits(self.minimum_amount, self.maximum_amount))
        return terms

    def _limits(self, least, most):
        if not most:
            return self.env._("at least %s", self._number(least))
        if not least:
            return self.env._("at most %s", self._number(most))
        return self.env._(
            "%(least)s to %(most)s",
            least=self._number(least),
            most=self._number(most),
        )

    def _number(self, value):
        return quantity_text(self.env, value, digits=12)
