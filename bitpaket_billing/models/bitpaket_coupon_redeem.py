"""Redeeming: who may have which coupon, and that nobody has it twice."""

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, mute_logger

from .. import rating

#: Which place was taken, by the constraint that says so.
PLACES = {
    "bitpaket_coupon_redemption_number_uniq": "number",
    "bitpaket_coupon_redemption_account_number_uniq": "account_number",
    "bitpaket_coupon_redemption_code_number_uniq": "code_number",
}


class CouponRefused(UserError):
    """A coupon that cannot be redeemed, with the reason in words.

    :param str reason: mistyped, unknown, or what else is in the way
    """

    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


class BitpaketCoupon(models.Model):
    _inherit = "bitpaket.coupon"

    @api.model
    def _redeem_code(self, account, text):
        """Redeem the code that somebody typed.

        Whether a code exists that is not for this account is not told.

        :param account: `bitpaket.account` record
        :param str text: what was typed
        :return: the redemption
        :raise CouponRefused: with the reason in words
        """
        code = self.env["bitpaket.coupon.code"]._find(account.company_id, text)
        if not code and not rating.check_code(rating.normalize_code(text)):
            raise CouponRefused(
                "mistyped",
                self.env._(
                    "This code is mistyped or not complete. Please compare each "
                    "character."
                ),
            )
        if not code or code.account_id not in (account, self.env["bitpaket.account"]):
            raise CouponRefused(
                "unknown",
                self.env._("We know no such code for this account."),
            )
        return code.coupon_id._redeem(account, code)

    def _redeem(self, account, code=None):
        """Redeem this coupon for an account.

        The places of limited coupons are numbered. Of several who want the same one at
        once the database lets one have it; the others try the next place, until none
        is left.

        :param account: `bitpaket.account` record
        :param code: `bitpaket.coupon.code` record; None: without a code
        :return: the redemption
        :raise CouponRefused: with the reason in words
        """
        self.ensure_one()
        code = code or self.env["bitpaket.coupon.code"]
        self._check_open(code)
        self._check_fits(account)
        places = self._next_places(account, code)
        while True:
            self._check_places(account, code, places)
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    redemption = self._create_redemption(account, code, places)
                    self.env.flush_all()
            except psycopg2.errors.UniqueViolation as error:
                place = PLACES.get(error.diag.constraint_name)
                if not place:
                    raise
                places[place] += 1
                continue
            return redemption

    def _create_redemption(self, account, code, places):
        invoices = self.invoices if self.duration == "invoices" else 0
        if not account.has_coupons:
            account.has_coupons = True
        return self.env["bitpaket.coupon.redemption"].create(
            {
                "coupon_id": self.id,
                "code_id": code.id,
                "account_id": account.id,
                "invoices": invoices,
                "date_until": self.date_until if self.duration == "until" else False,
                **places,
            }
        )

    def _next_places(self, account, code):
        """Return the numbers that the next redemption would have."""

        def after(field, *domain):
            found = self.env["bitpaket.coupon.redemption"]._read_group(
                [("coupon_id", "=", self.id), *domain], [], [f"{field}:max"]
            )
            return (found[0][0] or 0) + 1

        return {
            "number": after("number"),
            "account_number": after("account_number", ("account_id", "=", account.id)),
            "code_number": after("code_number", ("code_id", "=", code.id)),
        }

    # === WHAT IS IN THE WAY === #

    def _check_open(self, code):
        """Refuse what cannot be redeemed by anybody now."""
        env = self.env
        today = fields.Date.today()
        if not self.active or (code and not code.active):
            raise CouponRefused("ended", env._("This coupon has ended."))
        if self.date_first and today < self.date_first:
            raise CouponRefused(
                "early",
                env._(
                    "This coupon can be redeemed from %s on.",
                    format_date(env, self.date_first),
                ),
            )
        if self.date_last and today > self.date_last:
            raise CouponRefused(
                "expired",
                env._(
                    "This coupon has expired: it could be redeemed until %s.",
                    format_date(env, self.date_last),
                ),
            )

    def _check_places(self, account, code, places):
        """Refuse what has no place left."""
        env = self.env
        if self.max_per_account and places["account_number"] > self.max_per_account:
            redeemed = self.redemption_ids.filtered(
                lambda one: one.account_id == account
            )[:1]
            raise CouponRefused(
                "again",
                env._(
                    "You have redeemed this coupon already: %s.",
                    redeemed.summary or self._gives_words(account.currency_id),
                ),
            )
        used_up = CouponRefused("used_up", env._("This coupon has been used up."))
        if self.max_redemptions and places["number"] > self.max_redemptions:
            raise used_up
        limit = code.max_redemptions
        if limit and places["code_number"] > limit:
            raise used_up

    def _check_fits(self, account):
        """Refuse what would do nothing for an account."""
        env = self.env
        period = account._next_period()
        if not period:
            raise CouponRefused(
                "no_invoice",
                env._("No further invoice is planned that could be discounted."),
            )
        if self.duration == "until" and period.start > self.date_until:
            raise CouponRefused(
                "expired",
                env._(
                    "This coupon has expired: it discounts periods that begin until "
                    "%s.",
                    format_date(env, self.date_until),
                ),
            )
        row = self._row(account.currency_id)
        if self.type == "fixed" and not row:
            raise CouponRefused(
                "currency",
                env._(
                    "This coupon is not valid for invoices in %s.",
                    account.currency_id.name,
                ),
            )
        if self._budgets_left().get(row, 1) <= 0:
            raise CouponRefused("used_up", env._("This coupon has been used up."))
        if self.new_customers and account._has_been_invoiced():
            raise CouponRefused(
                "new_customers",
                env._("This coupon is for new customers, before their first invoice."),
            )
        self._check_beside_others(account)

    def _check_beside_others(self, account):
        """Refuse what cannot work beside what is in force already."""
        held = account.redemption_ids.filtered(
            lambda one: one.state == "active" and one.coupon_id != self
        )
        if not self.exclusive:
            held = held.filtered(lambda one: one.coupon_id.exclusive)
        if held:
            raise CouponRefused(
                "exclusive",
                self.env._(
                    "This coupon cannot be combined with one that is in force: %s.",
                    held[0]._label(),
                ),
            )
