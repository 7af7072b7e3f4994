from odoo import api, fields, models
from odoo.tools import SQL


class BitpaketCouponUse(models.Model):
    """What a redeemed coupon took off one statement, less what was credited of it.

    The statement's lines tell it; these rows follow them in the same transaction.
    """

    _name = "bitpaket.coupon.use"
    _description = "Use of a Coupon"
    _order = "period_start desc, id desc"
    _rec_name = "redemption_id"
    _log_access = False

    redemption_id = fields.Many2one(
        "bitpaket.coupon.redemption",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    statement_id = fields.Many2one(
        "bitpaket.statement",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    coupon_id = fields.Many2one(
        "bitpaket.coupon", required=True, ondelete="restrict", index=True, readonly=True
    )
    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    period_start = fields.Date(string="Period", required=True, readonly=True)
    move_id = fields.Many2one(related="statement_id.move_id")
    amount = fields.Monetary(string="Discount", readonly=True)
    revenue = fields.Monetary(
        string="Revenue of redeemers",
        readonly=True,
        help="What the statement comes to with all discounts and credits, before tax. "
        "A statement that several coupons discount counts for each.",
    )

    _statement_uniq = models.Constraint(
        "unique (redemption_id, statement_id)",
        "A coupon is used once per statement.",
    )

    @api.model
    def _follow(self, statement_ids):
        """Make the uses of statements agree with their lines.

        :param statement_ids: ids of statements
        """
        self.env.flush_all()
        ids = list(statement_ids)
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM bitpaket_coupon_use used
                 WHERE statement_id = ANY(%(ids)s)
                   AND NOT EXISTS (
                       SELECT FROM bitpaket_usage_line line
                        WHERE line.statement_id = used.statement_id
                          AND line.redemption_id = used.redemption_id)
                """,
                ids=ids,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO bitpaket_coupon_use
                       (redemption_id, statement_id, coupon_id, account_id, company_id,
                        currency_id, period_start, amount, revenue)
                SELECT redemption.id, statement.id, redemption.coupon_id,
                       statement.account_id, statement.company_id,
                       statement.currency_id, statement.period_start,
                       -SUM(line.amount),
                       (SELECT SUM(amount) FROM bitpaket_usage_line every
                         WHERE every.statement_id = statement.id)
                  FROM bitpaket_usage_line line
                  JOIN bitpaket_statement statement ON statement.id = line.statement_id
                  JOIN bitpaket_coupon_redemption redemption
                    ON redemption.id = line.redemption_id
                 WHERE line.statement_id = ANY(%(ids)s)
                 GROUP BY redemption.id, statement.id
                 ORDER BY redemption.id, statement.id
                ON CONFLICT (redemption_id, statement_id) DO UPDATE
                   SET amount = EXCLUDED.amount, revenue = EXCLUDED.revenue
                """,
                ids=ids,
            )
        )
        self.invalidate_model()
        self.env["bitpaket.coupon.redemption"].invalidate_model(
            ["use_ids", "amount_used", "invoices_used", "state"]
        )
