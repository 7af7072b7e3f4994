"""What a coupon gives, in words."""

from odoo import models
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ..tools import quantity_text


class BitpaketCoupon(models.Model):
    _inherit = "bitpaket.coupon"

    def _gives_words(self, currency=None, redemption=None, held=None):
        """Return what this coupon gives, for example: 20 % off Storage, for 3 invoices.

        :param currency: of an account; default: all currencies of the coupon
        :param redemption: one whose terms were extended
        :param rating.Redeemed held: what is known of it already
        :rtype: str
        """
        self.ensure_one()
        terms = redemption or self
        amounts = self._amounts_in(currency, held)
        words = self._discount_words(amounts, held)
        plans = self._plans_limited_to(held)
        if plans:
            words = self.env._(
                "%(gives)s, on the plan %(plans)s",
                gives=words,
                plans=", ".join(plans.mapped("name")),
            )
        if self.duration == "invoices":
            if terms.invoices == 1:
                words = self.env._("%s, for 1 invoice", words)
            else:
                words = self.env._(
                    "%(gives)s, for %(count)s invoices",
                    gives=words,
                    count=terms.invoices,
                )
        elif self.duration == "until":
            until = format_date(self.env, terms.date_until) if terms.date_until else ""
            words = self.env._(
                "%(gives)s, for periods that begin until %(date)s",
                gives=words,
                date=until,
            )
        elif self.duration == "forever":
            words = self.env._("%s, on every invoice", words)
        elif self.type == "percent":
            words = self.env._("%s, once", words)
        else:
            words = self.env._("%s, once; what an invoice leaves is kept", words)
        minimums = [
            formatLang(self.env, float(minimum), currency_obj=its)
            for its, _amount, minimum in amounts
            if minimum
        ]
        if minimums:
            words = self.env._(
                "%(gives)s, when an invoice comes to %(least)s or more",
                gives=words,
                least=" / ".join(minimums),
            )
        return words

    def _amounts_in(self, currency, held):
        """Return (currency, amount, least invoice) of this coupon.

        :rtype: list[tuple]
        """
        if held:
            return [(currency, held.coupon.value, held.coupon.minimum)]
        return [
            (row.currency_id, row.amount, row.minimum)
            for row in self.amount_ids
            if currency in (None, row.currency_id)
        ]

    def _plans_limited_to(self, held):
        """Return the plans on which this coupon gives something; none: on any."""
        if not held:
            return self.sudo().plan_ids
        plans = self.env["sale.subscription.template"].sudo()
        return plans.browse(map(int, held.coupon.plans or ()))

    def _discount_words(self, amounts, held):
        """Return the discount in words, for example: 20 % off Storage."""
        if self.type == "percent":
            value = self.env._(
                "%(share)s %%", share=quantity_text(self.env, self.percent)
            )
        else:
            value = " / ".join(
                formatLang(self.env, float(amount), currency_obj=currency)
                for currency, amount, _minimum in amounts
            )
        if held:
            meters = self.env["bitpaket.meter"]._catalogue()
            meters = meters.filtered(lambda one: one.code in (held.coupon.meters or ()))
        else:
            meters = self.sudo().meter_ids
        if not meters:
            return self.env._("%s off", value)
        return self.env._(
            "%(value)s off %(what)s",
            value=value,
            what=", ".join(meters.mapped("name")),
        )
