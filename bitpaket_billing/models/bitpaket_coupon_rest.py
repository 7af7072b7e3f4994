"""What is left of redeemed coupons, as the rating core knows it: by one query."""

from odoo import models
from odoo.tools import SQL

from .. import rating
from ..tools import exact, exact_or_none

HELD = """
    SELECT redemption.id, redemption.account_id, redemption.invoices,
           redemption.date_until, redemption.revoked_from, coupon.type, coupon.percent,
           coupon.duration, coupon.exclusive, terms.id AS terms_id, terms.amount,
           terms.minimum, terms.budget, currency.decimal_places AS digits,
           (SELECT array_agg(meter.code ORDER BY meter.code)
              FROM bitpaket_coupon_bitpaket_meter_rel limited
              JOIN bitpaket_meter meter ON meter.id = limited.bitpaket_meter_id
             WHERE limited.bitpaket_coupon_id = coupon.id) AS meters,
           (SELECT array_agg(DISTINCT COALESCE(plan.bitpaket_origin_id, plan.id))
              FROM bitpaket_coupon_sale_subscription_template_rel limited
              JOIN sale_subscription_template plan
                ON plan.id = limited.sale_subscription_template_id
             WHERE limited.bitpaket_coupon_id = coupon.id) AS plans,
           used.amount AS taken, used.here, used.others,
           CASE WHEN terms.budget > 0 THEN
               (SELECT SUM(every.amount) FROM bitpaket_coupon_use every
                 WHERE every.coupon_id = coupon.id
                   AND every.currency_id = account.currency_id)
           END AS spent
      FROM bitpaket_coupon_redemption redemption
      JOIN bitpaket_coupon coupon ON coupon.id = redemption.coupon_id
      JOIN bitpaket_account account ON account.id = redemption.account_id
      JOIN res_currency currency ON currency.id = account.currency_id
      LEFT JOIN bitpaket_coupon_amount terms
             ON terms.coupon_id = coupon.id
            AND terms.currency_id = account.currency_id
      LEFT JOIN LATERAL (
           SELECT SUM(amount) AS amount,
                  SUM(amount) FILTER (WHERE statement_id = %(again)s) AS here,
                  COUNT(*) FILTER (
                      WHERE amount > 0 AND statement_id != %(again)s) AS others
             FROM bitpaket_coupon_use
            WHERE redemption_id = redemption.id
           ) used ON TRUE
     WHERE %(condition)s
     ORDER BY redemption.id
"""


class BitpaketCouponRedemption(models.Model):
    _inherit = "bitpaket.coupon.redemption"

    def _held(self):
        """Return what is left of each of these.

        :rtype: dict[int, rating.Redeemed]
        """
        rows = self._held_rows(SQL("redemption.id = ANY(%s)", self.ids))
        return {row["id"]: self._row_to_rating(row) for row in rows}

    def _purse(self, account_ids, again=None, given_back=None):
        """Return what the next invoices of accounts can use.

        :param again: a statement that is billed again, by the coupons that it used
        :param dict given_back: Decimal by redemption, about to be credited of it
        :rtype: rating.Purse
        """
        if again:
            condition = SQL(
                "redemption.id IN (SELECT redemption_id FROM bitpaket_coupon_use"
                " WHERE statement_id = %s)",
                again.id,
            )
        else:
            condition = SQL("redemption.account_id = ANY(%s)", list(account_ids))
        back = {one.id: amount for one, amount in (given_back or {}).items()}
        redeemed, budgets = {}, {}
        for row in self._held_rows(condition, again):
            returned = back.get(row["id"], exact(0))
            redeemed.setdefault(row["account_id"], []).append(
                self._row_to_rating(row, again, returned)
            )
            if row["budget"]:
                key = row["terms_id"]
                left = budgets.get(key, exact(row["budget"]) - exact(row["spent"] or 0))
                budgets[key] = rating.outstanding(left, [returned], row["digits"])
        return rating.Purse(redeemed, budgets)

    def _held_rows(self, condition, again=None):
        for model in ("coupon", "coupon.amount", "coupon.redemption", "account"):
            self.env[f"bitpaket.{model}"].flush_model()
        self.env.cr.execute(
            SQL(HELD, condition=condition, again=again.id if again else 0)
        )
        return self.env.cr.dictfetchall()

    def _row_to_rating(self, row, again=None, returned=0):
        """Return one redemption as the rating core knows it.

        :param dict row: of the query
        :param again: a statement that is billed again: its period counts anyway
        :param Decimal returned: about to be credited of that statement
        :rtype: rating.Redeemed
        """
        fixed = row["type"] == "fixed"
        carried = fixed and row["duration"] == "once"
        counted = row["taken"] if carried else row["here"]
        invoices = 1 if row["duration"] == "once" else row["invoices"] or None
        return rating.Redeemed(
            rating.Coupon(
                row["type"],
                exact((row["amount"] or 0) if fixed else row["percent"]),
                "once" if carried else "forever",
                meters=tuple(row["meters"] or ()) or None,
                plans=tuple(map(str, row["plans"] or ())) or None,
                minimum=exact_or_none(row["minimum"]),
                code=str(row["id"]),
            ),
            invoices=None if carried else invoices,
            used=row["others"],
            spent=rating.outstanding(exact(counted or 0), [-returned], row["digits"]),
            until=None if again else row["date_until"],
            revoked=None if again else row["revoked_from"],
            exclusive=bool(row["exclusive"]),
            budget=row["terms_id"] if row["budget"] else None,
        )
