from odoo import api, fields, models


class BitpaketPriceMinimum(models.Model):
    """A least amount of every period, from a date on, of a price book or an account."""

    _name = "bitpaket.price.minimum"
    _description = "Minimum Spend"
    _order = "book_id, account_id, kind, currency_id, date_start desc, id"

    book_id = fields.Many2one("bitpaket.price.book", ondelete="cascade", index=True)
    account_id = fields.Many2one(
        "bitpaket.account",
        string="Agreed with",
        ondelete="cascade",
        index="btree_not_null",
        help="The account for which this holds instead of its price book's.",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True
    )
    kind = fields.Selection(
        [
            ("commitment", "Minimum commitment"),
            ("invoice", "Minimum invoice"),
        ],
        required=True,
        default="commitment",
        help="Minimum commitment: when the usage of a period costs less, the rest is "
        "charged as a line of its own; prorated by days when the account is billed for "
        "a part of the period. Discounts come after it.\n"
        "Minimum invoice: an invoice of less, after discounts, is lifted to this "
        "amount. An account that used nothing gets no invoice.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount = fields.Monetary(required=True)
    date_start = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.start_of(fields.Date.today(), "month"),
        help="Holds for periods that start on this day or later, until the next one. "
        "An amount of 0 ends it.",
    )

    _one_owner = models.Constraint(
        "CHECK ((book_id IS NULL) <> (account_id IS NULL))",
        "A minimum belongs to a price book, or to one account.",
    )
    _book_start_uniq = models.UniqueIndex(
        "(book_id, kind, currency_id, date_start) WHERE book_id IS NOT NULL",
        "This book has such a minimum from the same date.",
    )
    _account_start_uniq = models.UniqueIndex(
        "(account_id, kind, currency_id, date_start) WHERE account_id IS NOT NULL",
        "This account has such a minimum from the same date.",
    )
    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "A minimum cannot be negative."
    )

    @api.depends("book_id.company_id", "account_id.company_id")
    def _compute_company_id(self):
        for minimum in self:
            owner = minimum.account_id or minimum.book_id
            minimum.company_id = owner.company_id

    @api.depends("book_id", "account_id")
    def _compute_currency_id(self):
        for minimum in self:
            owner = minimum.account_id or minimum.book_id
            minimum.currency_id = minimum.currency_id or owner.currency_id

    def _in_force(self, currency, day):
        """Return the amounts that hold for periods that start on a day.

        :return: amounts by kind
        :rtype: dict[str, float]
        """
        holding = self.filtered(
            lambda minimum: minimum.currency_id == currency
            and minimum.date_start <= day
        )
        return {
            minimum.kind: minimum.amount for minimum in holding.sorted("date_start")
        }
