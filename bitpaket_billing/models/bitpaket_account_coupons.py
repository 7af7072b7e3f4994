"""The coupons of an account: what is in force, and what its next invoice can use."""

from odoo import fields, models
from odoo.tools import SQL

from .. import rating


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    redemption_ids = fields.One2many(
        "bitpaket.coupon.redemption", "account_id", string="Coupons", readonly=True
    )
    has_coupons = fields.Boolean(
        copy=False,
        readonly=True,
        help="Whether a coupon was ever redeemed: nobody looks for those of others.",
    )
    redemption_count = fields.Integer(compute="_compute_redemption_count")

    def _compute_redemption_count(self):
        counts = dict(
            self.env["bitpaket.coupon.redemption"]._read_group(
                [("account_id", "in", self.ids)], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.redemption_count = counts.get(account, 0)

    # === RATING === #

    def _coupon_purse(self, again=None, given_back=None):
        """Return what the next invoices of these accounts can use.

        What was redeemed is in it, whatever the period: what decides is that a
        statement is rated after the redemption.

        :param again: a statement that is billed again, by the coupons that it used
        :param dict given_back: Decimal by redemption, about to be credited of it
        :rtype: rating.Purse
        """
        accounts = self if again else self.filtered("has_coupons")
        if not accounts:
            return rating.Purse()
        return self.env["bitpaket.coupon.redemption"]._purse(
            accounts.ids, again, given_back
        )

    def _lock_coupon_budgets(self):
        """Take the turn to draw on the budgets of these accounts' coupons.

        Whoever comes second at the same time fails, and is tried again on what the
        first one left: no two transactions spend the same rest.
        """
        accounts = self.filtered("has_coupons")
        if not accounts:
            return
        self.env["bitpaket.coupon.amount"].flush_model(["budget"])
        self.env.cr.execute(
            SQL(
                """
                SELECT amount.id FROM bitpaket_coupon_amount amount
                 WHERE amount.budget > 0
                   AND amount.coupon_id IN (
                       SELECT coupon_id FROM bitpaket_coupon_redemption
                        WHERE account_id = ANY(%s))
                 ORDER BY amount.id
                   FOR NO KEY UPDATE
                """,
                accounts.ids,
            )
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        if ids:
            self.env.cr.execute(
                "UPDATE bitpaket_coupon_amount SET turn = COALESCE(turn, 0) + 1"
                " WHERE id = ANY(%s)",
                [ids],
            )

    # === WHAT COMES NEXT === #

    def _next_period(self):
        """Return the first period of this account that was not rated yet.

        :rtype: rating.Period | None
        """
        self.ensure_one()
        statements = self.env["bitpaket.statement"].sudo()
        waiting = statements.search(
            [
                ("account_id", "=", self.id),
                ("state", "in", ("open", "closed", "error")),
            ],
            order="period_start",
            limit=1,
        )
        if waiting:
            return rating.Period(waiting.period_start, waiting.period_end)
        latest = statements.search(
            [("account_id", "=", self.id), ("kind", "=", "period")],
            order="period_end desc",
            limit=1,
        )
        return self._period_of(latest.period_end or self.date_start)

    def _has_been_invoiced(self):
        """Return whether the customer has got an invoice, on any account."""
        self.ensure_one()
        return bool(
            self.env["bitpaket.statement"]
            .sudo()
            .search_count(
                [
                    (
                        "account_id.partner_id.commercial_partner_id",
                        "=",
                        self.partner_id.commercial_partner_id.id,
                    ),
                    ("state", "in", ("invoiced", "sent")),
                ],
                limit=1,
            )
        )

    # === ACTION METHODS === #

    def action_open_coupons(self):
        """Open the coupons of this account."""
        return self._open("bitpaket_billing.bitpaket_coupon_redemption_action")

    def action_redeem_coupon(self):
        """Ask which coupon to redeem for this account."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Redeem a coupon"),
            "res_model": "bitpaket.coupon.redeem",
            "view_mode": "form",
            "target": "new",
            "context": {"default_account_id": self.id},
        }
