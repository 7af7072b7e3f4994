"""What a coupon gives, in words."""

from odoo import models
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ..tools import quantity_text


class BitpaketCoupon(models.Model):
    _inherit = "bitpaket.coupon"

    def _gives_words(self, currency=None, redemption=None):
        """Return what this coupon gives, for example: 20 % off Storage, for 3 invoices.

        :param currency: of an account; default: all currencies of the coupon
        :param redemption: one whose terms were extended
        :rtype: str
        """
        self.ensure_one()
        terms = redemption or self
        words = self._discount_words(currency)
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
            formatLang(self.env, row.minimum, currency_obj=row.currency_id)
            for row in self.amount_ids
            if row.minimum and currency in (None, row.currency_id)
        ]
        if minimums:
            words = self.env._(
                "%(gives)s, when an invoice comes to %(least)s or more",
                gives=words,
                least=" / ".join(minimums),
            )
        return words

    def _discount_words(self, currency=None):
        """Return the discount in words, for example: 20 % off Storage."""
        if self.type == "percent":
            value = f"{quantity_text(self.env, self.percent)} %"
        else:
            value = " / ".join(
                formatLang(self.env, row.amount, currency_obj=row.currency_id)
                for row in self.amount_ids
                if currency in (None, row.currency_id)
            )
        if not self.meter_ids:
            return self.env._("%s off", value)
        return self.env._(
            "%(value)s off %(what)s",
            value=value,
            what=", ".join(self.sudo().meter_ids.mapped("name")),
        )
