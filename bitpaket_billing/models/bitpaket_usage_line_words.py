"""Usage lines in words: what stands on the invoice, and how a line came about."""

from odoo import api, fields, models
from odoo.tools.misc import formatLang

from .. import rating
from ..tools import exact, period_label, price_text, quantity_text

#: Names of what is stored for a time, by bytes of the unit.
STORED_UNITS = {10**9: "GB", 2**30: "GiB", 10**12: "TB", 2**40: "TiB"}


class BitpaketUsageLine(models.Model):
    _inherit = "bitpaket.usage.line"

    explanation = fields.Char(
        string="How it came about",
        compute="_compute_explanation",
        help="The arithmetic of the line, in words.",
    )

    @api.depends_context("lang")
    @api.depends("amount")
    def _compute_explanation(self):
        for line in self:
            steps = (line._explain_quantity(), line._explain_amount())
            line.explanation = "; ".join(filter(None, steps))

    # === ON THE INVOICE === #

    def _invoice_text(self):
        """Return the text of the invoice line that sums up these lines.

        For example: Storage, October 2026: 1,234.5678 GiB-months. A fixed amount is
        told without a quantity when nothing was used.
        """
        meter = self.meter_id
        if self[:1].type == "credit":
            return self._credit_text()
        if not meter or self[:1].type == "coupon":
            return "\n".join(self.mapped("name"))
        current = self.filtered(lambda line: not line.adjusted_statement_id)
        texts = []
        if current:
            first, last = (
                min(current.mapped("date_start")),
                max(current.mapped("date_end")),
            )
            facts = {
                "meter": meter.name,
                "period": period_label(self.env, first, last),
                "quantity": quantity_text(self.env, sum(current.mapped("quantity"))),
                "unit": meter.unit,
            }
            if any(line._has_quantity() for line in current):
                text = self.env._(
                    "%(meter)s, %(period)s: %(quantity)s %(unit)s", **facts
                )
            else:
                text = self.env._("%(meter)s, %(period)s", **facts)
            texts.append(text)
        texts += (self - current).mapped("name")
        return "\n".join(texts)

    def _credit_text(self):
        """Return the text of the line of a credit note, for example:

        Storage, October 2026: credit
        """
        texts = {
            self.env._(
                "%(name)s, %(period)s: credit",
                name=not line.redemption_id and line.meter_id.name or line.name,
                period=line.adjusted_statement_id._period_label(),
            )
            for line in self
        }
        return "\n".join(sorted(texts))

    def _quantity_text(self):
        """Return the quantity in the reader's format, for example: 1,234.5678.

        :return: nothing for fixed amounts and the like
        :rtype: str
        """
        if not self._has_quantity():
            return ""
        if self.basis == "event_fee":
            return self._number(self.charged_quantity)
        return quantity_text(self.env, self.quantity)

    def _has_quantity(self):
        """Return whether there is a quantity to show: not of fixed amounts."""
        self.ensure_one()
        if self.basis == "event_fee":
            return True
        if self.type in ("commitment", "minimum", "coupon", "fee"):
            return False
        return bool(self.quantity or not self.basis)

    def _period_text(self):
        """Return the days of this line in words, for example: October 2026."""
        self.ensure_one()
        return period_label(self.env, self.date_start, self.date_end)

    def _is_free(self):
        """Return whether nothing is charged for what this line counts."""
        self.ensure_one()
        if self.type != "usage":
            return False
        return self.free or not (self.unit_price or self.flat_amount)

    def _price_text(self):
        """Return the price in words, for example: 0.005 per 1,000."""
        self.ensure_one()
        if self.type != "usage" or self.basis in ("minimum", "maximum", "per_event"):
            return ""
        if self.basis == "flat":
            return self._full(self.unit_price)
        if self.basis == "percentage":
            return self.env._("%(share)s %%", share=self._full(self.unit_price))
        return price_text(self.env, self.unit_price, self.per)

    # === HOW IT CAME ABOUT === #

    def _explain_quantity(self):
        """Tell how what was metered became the quantity, where that is not plain."""
        if self.type != "usage" or not self.metered_quantity:
            return ""
        meter = self.meter_id
        (rated,) = meter._to_rating().values()
        conversion = rating.explain_quantity(
            rated,
            exact(self.metered_quantity),
            self.account_id._full_period(self.date_start, self.date_end),
        )
        facts = {
            "metered": self._number(conversion.metered),
            "unit": STORED_UNITS.get(rated.unit_size, ""),
            "divisor": self._number(conversion.divisor),
            "quantity": self._number(conversion.converted),
            "billed": self.unit,
        }
        if conversion.divisor == 1:
            text = "{quantity} {billed}".format(**facts)
        elif rated.aggregation == "daily_peak_mean":
            text = self.env._(
                "daily peaks of %(metered)s %(unit)s in all / %(divisor)s days = "
                "%(quantity)s %(billed)s",
                **facts,
            )
        else:
            facts["unit"] = facts["unit"] or self.env._("unit")
            text = self.env._(
                "%(metered)s %(unit)s-hours / %(divisor)s hours = "
                "%(quantity)s %(billed)s",
                **facts,
            )
        rounded = {
            "up": self.env._("rounded up"),
            "half_up": self.env._("rounded half up"),
            "down": self.env._("rounded down"),
        }.get(meter.rounding)
        if rounded:
            return f"{text}, {rounded}"
        return "" if conversion.divisor == 1 else text

    def _explain_amount(self):
        """Tell how the amount came about."""
        if self.type == "credit":
            return self.env._(
                "Credit of %s", self.credited_line_id.sudo().move_id.name or ""
            )
        if self.type == "coupon":
            return self.redemption_id.sudo().summary
        if self.basis == "again":
            return self.env._(
                "The difference between a new rating of that period and what is billed "
                "for it"
            )
        if self.type == "adjustment":
            return self.env._(
                "Reported after that period was invoiced: the difference to what was "
                "billed for it"
            )
        if self.type == "fee":
            return self._explain_fee()
        if self.type in ("commitment", "minimum"):
            return self.env._(
                "%(least)s at least, less %(reached)s reached = %(amount)s",
                least=self._money(self.amount + self.metered_quantity),
                reached=self._money(self.metered_quantity),
                amount=self._money(self.amount),
            )
        if self._is_free():
            return self.env._("free of charge")
        price = self.price_id
        if self.basis == "minimum":
            return self.env._(
                "lifted to the minimum of %s", self._money(price.minimum_amount)
            )
        if self.basis == "maximum":
            return self.env._(
                "limited to the maximum of %s", self._money(price.maximum_amount)
            )
        if self.basis == "per_event":
            return self._explain_events(price)
        terms = [self._explain_product()]
        if self.flat_amount:
            terms.append(self._full(self.flat_amount))
        sum_ = " + ".join(filter(None, terms))
        return f"{sum_} = {self._money(self.amount)}"

    def _explain_fee(self):
        """Tell how a plan's fee came about."""
        if self.basis == "unused":
            return self.env._("Paid for, and not used any more: credited by days")
        if not self.charged_quantity:
            return self.env._("The plan's price, in advance")
        return self.env._(
            "%(count)s of %(per)s days at %(price)s = %(amount)s",
            count=self._number(self.charged_quantity),
            per=self._number(self.per),
            price=self._money(self.unit_price),
            amount=self._money(self.amount),
        )

    def _explain_product(self):
        """Tell what was multiplied with the unit price."""
        if not self.unit_price:
            return ""
        facts = {
            "count": self._number(self.charged_quantity),
            "per": self._number(self.per),
            "quantity": self._number(self.quantity),
            "unit": self.unit,
            "price": self._full(self.unit_price),
        }
        if self.basis in ("package", "block"):
            facts["count"] = self._number(self.charged_quantity / self.per)
            return self.env._(
                "%(quantity)s %(unit)s in %(count)s × %(per)s at %(price)s", **facts
            )
        if self.basis == "flat":
            return self.env._("%(count)s of %(per)s days at %(price)s", **facts)
        if self.basis == "percentage":
            return self.env._("%(price)s %% of %(quantity)s", **facts)
        if self.basis == "event_fee":
            return self.env._("%(count)s events at %(price)s", **facts)
        facts["price"] = price_text(self.env, self.unit_price, self.per)
        return self.env._("%(quantity)s %(unit)s at %(price)s", **facts)

    def _explain_events(self, price):
        """Tell how the charges of single events came about."""
        terms = [self.env._("%(share)s %%", share=self._full(price.unit_price))]
        if price.event_fee:
            terms.append(self._full(price.event_fee))
        limits = []
        if price.event_minimum:
            limits.append(self.env._("at least %s", self._full(price.event_minimum)))
        if price.event_maximum:
            limits.append(self.env._("at most %s", self._full(price.event_maximum)))
        return self.env._(
            "%(count)s events, each %(terms)s = %(amount)s",
            count=self._number(self.charged_quantity),
            terms=", ".join([" + ".join(terms), *limits]),
            amount=self._money(self.amount),
        )

    def _number(self, value, digits=4):
        """Put a number into the reader's format, small ones with more decimals."""
        small = abs(value) < 0.001
        return quantity_text(self.env, value, digits=12 if small else digits)

    def _full(self, value):
        """Put a price into the reader's format, with every digit."""
        return self._number(value, digits=12)

    def _money(self, amount):
        currency = self.currency_id
        text = formatLang(self.env, amount, digits=currency.decimal_places)
        return f"{text} {currency.name}"
