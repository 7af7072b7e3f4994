"""Coupons on statements: their share in credits, and in what is billed again."""

from odoo import fields, models

from .. import rating
from ..tools import exact


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    use_ids = fields.One2many(
        "bitpaket.coupon.use", "statement_id", string="Coupons used", readonly=True
    )

    def _invoice_batch(self):
        """Draw on the budgets of coupons one batch after the other."""
        self.account_id._lock_coupon_budgets()
        return super()._invoice_batch()

    def _with_discounts(self, credits):
        """Add to a credit of lines what it takes back of the discounts on them.

        Whoever chooses what of a discount is taken back is not corrected.

        :param dict credits: by usage line, what of its amount is credited
        :rtype: dict
        """
        self.ensure_one()
        result = dict(credits)
        digits = self.currency_id.decimal_places
        lines = self.line_ids.filtered(lambda line: line.type != "credit")
        coupons = lines.filtered("redemption_id")
        for coupon in coupons:
            if coupon in result:
                continue
            discounted = (lines - coupons).filtered(
                lambda line, coupon=coupon: line.meter_id == coupon.meter_id
                and line.phase_id == coupon.phase_id
                and line.move_id == coupon.move_id
                and line.type != "minimum"
            )
            credited = [exact(credits[line]) for line in discounted & self._of(credits)]
            if not any(credited):
                continue
            share = rating.discount_share(
                exact(coupon.amount),
                coupon._left(),
                rating.outstanding(
                    exact(0), map(exact, discounted.mapped("amount")), digits
                ),
                rating.outstanding(
                    exact(0), [line._left() for line in discounted], digits
                ),
                rating.outstanding(exact(0), credited, digits),
                digits,
            )
            if share:
                result[coupon] = share
        return result

    def _of(self, credits):
        return self.line_ids.browse(line.id for line in credits)

    def _discount_again(self, lines, credits=None):
        """Return the coupon lines of what is billed again.

        The coupons are those that the statement used, with what was given back of them.

        :param lines: `rating.Line` records to bill
        :param dict credits: credits to come, by usage line
        :rtype: tuple[rating.Line, ...]
        """
        self.ensure_one()
        given_back = {}
        for line, amount in (credits or {}).items():
            if line.redemption_id:
                before = given_back.get(line.redemption_id, exact(0))
                given_back[line.redemption_id] = before - exact(amount)
        purse = self.account_id._coupon_purse(self, given_back)
        period = rating.Period(self.period_start, self.period_end)
        return rating.discount_lines(
            lines,
            purse.coupons(self.account_id.id, period),
            period,
            self.currency_id.decimal_places,
        )
