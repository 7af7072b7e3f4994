from odoo import api, fields, models
from odoo.tools import SQL


class BitpaketUsageLine(models.Model):
    """The rated detail of a statement: one meter, one price, one tier."""

    _name = "bitpaket.usage.line"
    _description = "Usage Line"
    _order = "statement_id, sequence, id"
    _rec_name = "name"
    _log_access = False

    statement_id = fields.Many2one(
        "bitpaket.statement",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    account_id = fields.Many2one(
        related="statement_id.account_id", store=True, index=True
    )
    company_id = fields.Many2one(related="statement_id.company_id")
    currency_id = fields.Many2one(related="statement_id.currency_id")
    sequence = fields.Integer(readonly=True)
    type = fields.Selection(
        [
            ("usage", "Usage"),
            ("fee", "Plan"),
            ("commitment", "Minimum commitment"),
            ("adjustment", "Adjustment"),
            ("minimum", "Minimum invoice"),
            ("credit", "Credit"),
            ("coupon", "Coupon"),
        ],
        required=True,
        readonly=True,
        default="usage",
    )
    name = fields.Char(string="Description", required=True, readonly=True)
    meter_id = fields.Many2one(
        "bitpaket.meter", ondelete="restrict", readonly=True, index=True
    )
    kind = fields.Selection(related="meter_id.kind", store=True)
    price_id = fields.Many2one(
        "bitpaket.price",
        string="Rated by",
        ondelete="restrict",
        readonly=True,
        index="btree_not_null",
    )
    phase_id = fields.Many2one(
        "bitpaket.plan.phase",
        string="Plan",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="Of the plan's price, and of what discounts or credits it.",
    )
    date_start = fields.Date(string="From", readonly=True)
    date_end = fields.Date(
        string="Until", readonly=True, help="First day that is not included."
    )
    adjusted_statement_id = fields.Many2one(
        "bitpaket.statement",
        string="Adjusts",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="The statement of the period that this line corrects, because usage of "
        "that period arrived after it was closed, or something of it was credited.",
    )
    credited_line_id = fields.Many2one(
        "bitpaket.usage.line",
        string="Credits",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="The line of which this one credits something.",
    )
    credit_ids = fields.One2many("bitpaket.usage.line", "credited_line_id")
    for_good = fields.Boolean(
        string="Stays credited",
        readonly=True,
        help="What was credited is not billed again.",
    )
    quantity = fields.Float(digits=0, readonly=True, aggregator="sum")
    unit = fields.Char(readonly=True)
    free = fields.Boolean(readonly=True, help="Covered by an allowance.")
    tier_from = fields.Float(digits=0, readonly=True)
    tier_to = fields.Float(digits=0, readonly=True)
    flat_amount = fields.Float(string="Fixed fee", digits=0, readonly=True)
    unit_price = fields.Float(string="Price", digits=0, readonly=True, aggregator=None)
    per = fields.Float(string="Per units", digits=0, readonly=True, aggregator=None)
    basis = fields.Char(
        readonly=True,
        help="How the amount came about when it is not quantity times price: package, "
        "block, flat, percentage, event_fee, per_event, minimum or maximum.",
    )
    charged_quantity = fields.Float(
        digits=0,
        readonly=True,
        aggregator=None,
        help="What the price is multiplied with when that is not the quantity: units "
        "of started packages, days, or events.",
    )
    metered_quantity = fields.Float(
        digits=0,
        readonly=True,
        aggregator=None,
        help="What was metered, in the meter's base unit, on a meter's first line.",
    )
    amount = fields.Monetary(readonly=True)

    _fee_uniq = models.UniqueIndex(
        "(phase_id, date_start) WHERE type = 'fee' AND amount > 0 "
        "AND adjusted_statement_id IS NULL",
        "The plan's price for these days was charged already.",
    )

    def _booked_as(self):
        """Return what lines have in common that stand on one invoice line.

        :return: meter, redemption and plan phase
        :rtype: tuple
        """
        self.ensure_one()
        return self.meter_id, self.redemption_id, self.phase_id

    @api.model
    def _insert(self, vals_list):
        """Store lines by one statement: a month close makes very many.

        :param list[dict] vals_list: the same columns in each
        :return: the lines
        """
        if not vals_list:
            return self.browse()
        self.env.cr.execute(
            SQL(
                "INSERT INTO bitpaket_usage_line (%s) VALUES %s RETURNING id",
                SQL(", ").join(map(SQL.identifier, vals_list[0])),
                SQL(", ").join(tuple(vals.values()) for vals in vals_list),
            )
        )
        self.env["bitpaket.statement"].invalidate_model(["line_ids", "amount_net"])
        self.invalidate_model(["credit_ids", "amount_left"])
        return self.browse(row[0] for row in self.env.cr.fetchall())
