from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .. import rating
from ..models.bitpaket_account_rating import Terms
from ..tools import exact, quantity_text


class BitpaketCorrection(models.TransientModel):
    """Credits what a statement billed, and bills it again; shows first what comes."""

    _name = "bitpaket.correction"
    _description = "Credit and Bill Again"

    statement_id = fields.Many2one("bitpaket.statement", required=True, readonly=True)
    account_id = fields.Many2one(related="statement_id.account_id")
    currency_id = fields.Many2one(related="statement_id.currency_id")
    scope = fields.Selection(
        [
            ("whole", "Everything that is not credited yet"),
            ("lines", "Chosen lines, or a part of them"),
            ("nothing", "Nothing"),
        ],
        string="Credit",
        required=True,
        default="whole",
    )
    line_ids = fields.One2many(
        "bitpaket.correction.line",
        "correction_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    reason = fields.Char(help="Printed on the credit note.")
    date = fields.Date(
        string="Dated",
        required=True,
        default=fields.Date.context_today,
        help="Date of the new documents. When the books of that day are closed, they "
        "are booked on the first open day; the period of the usage stays.",
    )
    rebill = fields.Selection(
        [
            ("never", "Leave it credited for good"),
            ("next", "Bill the period again with the next statement"),
            ("now", "Bill the period again now"),
        ],
        string="Afterwards",
        required=True,
        default="never",
    )
    price_book_id = fields.Many2one(
        "bitpaket.price.book",
        compute="_compute_price_book_id",
        store=True,
        readonly=False,
        help="What the period is rated by, now and when more of its usage arrives.",
    )
    book_only = fields.Boolean(
        string="Without agreed prices",
        compute="_compute_book_only",
        store=True,
        readonly=False,
        help="Prices agreed with the account do not hold for this period.",
    )
    has_agreed = fields.Boolean(compute="_compute_has_agreed")
    amount_credit = fields.Monetary(string="Credited", compute="_compute_preview")
    amount_again = fields.Monetary(string="Billed again", compute="_compute_preview")
    amount_difference = fields.Monetary(string="Together", compute="_compute_preview")
    preview = fields.Html(compute="_compute_preview")
    problem = fields.Char(compute="_compute_preview")

    # === COMPUTE METHODS === #

    @api.depends("statement_id")
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard.statement_id.line_ids.filtered(
                lambda line: line.type not in ("credit", "coupon") and line.move_id
            )
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create({"usage_line_id": line.id})
                    for line in lines
                    if line.amount_left or not (line.amount or line.credit_ids)
                ),
            ]

    @api.depends("statement_id")
    def _compute_price_book_id(self):
        for wizard in self:
            wizard.price_book_id = wizard.statement_id.price_book_id

    @api.depends("statement_id")
    def _compute_book_only(self):
        for wizard in self:
            wizard.book_only = wizard.statement_id.book_only

    @api.depends("account_id")
    def _compute_has_agreed(self):
        for wizard in self:
            wizard.has_agreed = bool(wizard.account_id.price_ids)

    @api.depends(
        "scope",
        "line_ids.chosen",
        "line_ids.amount",
        "rebill",
        "price_book_id",
        "book_only",
    )
    def _compute_preview(self):
        for wizard in self:
            wizard.problem = False
            credits = wizard._credits()
            again = []
            if wizard.rebill != "never":
                try:
                    again = wizard._rate_again(credits)
                except UserError as error:
                    wizard.problem = str(error)
            if wizard.rebill == "next" and wizard.account_id._is_billed_to_the_end():
                wizard.problem = self.env._(
                    "The account has ended, so there is no next statement: bill the "
                    "period again now."
                )
            digits = wizard.currency_id.decimal_places
            credited = rating.outstanding(
                exact(0), [-amount for amount in credits.values()], digits
            )
            billed = rating.outstanding(
                exact(0), [exact(vals["amount"]) for vals in again], digits
            )
            wizard.amount_credit = float(credited)
            wizard.amount_again = float(billed)
            wizard.amount_difference = float(
                rating.outstanding(credited, [billed], digits)
            )
            wizard.preview = again and wizard.env["ir.qweb"]._render(
                "bitpaket_billing.correction_preview",
                {
                    "lines": again,
                    "currency": wizard.currency_id,
                    "quantity_text": partial(quantity_text, wizard.env),
                },
            )

    # === BUSINESS METHODS === #

    def _credits(self):
        """Return what is credited of each usage line.

        Discounts are credited in proportion to what they discount.

        :rtype: dict[recordset, Decimal]
        """
        self.ensure_one()
        if self.scope == "nothing":
            return {}
        whole = self.scope == "whole"
        chosen = {
            one.usage_line_id: one.usage_line_id._left() if whole else exact(one.amount)
            for one in self.line_ids
            if whole or one.chosen
        }
        return self.statement_id.sudo()._with_discounts(chosen)

    def _terms(self):
        """Return what the period is rated by, if that changes.

        :rtype: Terms | None
        """
        statement = self.statement_id
        before = statement._billed_terms()
        terms = Terms(self.price_book_id, before.minimums, not self.book_only)
        return terms if self.rebill != "never" and terms != before else None

    def _rate_again(self, credits):
        """Return the values of the lines that would be billed again."""
        statement = self.statement_id.sudo()
        periods = statement.browse(
            {line.adjusted_statement_id.id for line in credits} - {False}
        )
        return statement._prepare_again(statement | periods, credits, self._terms())

    def _check(self, credits):
        if credits and not (self.reason or "").strip():
            raise UserError(self.env._("Tell the reason of the credit."))
        if not credits and self.rebill == "never":
            raise UserError(self.env._("Choose what to credit."))
        if self.problem:
            raise UserError(self.problem)
        for line, amount in credits.items():
            left = line._left()
            if amount and (amount > 0) != (left > 0) or abs(amount) > abs(left):
                raise UserError(
                    self.env._(
                        "Of “%(line)s” at most %(left)s can be credited.",
                        line=line.name,
                        left=line._money(float(left)),
                    )
                )

    # === ACTION METHODS === #

    def action_apply(self):
        """Make the documents, and show them."""
        self.ensure_one()
        statement = self.statement_id
        statement._check_may_correct()
        credits = self._credits()
        self._check(credits)
        documents = statement._correct(
            credits, self.reason, self.rebill, self.date, self._terms()
        )
        if not documents:
            return {"type": "ir.actions.act_window_close"}
        return documents.with_env(self.env)._get_records_action(
            name=self.env._("Corrections of %s", statement.display_name)
        )


class BitpaketCorrectionLine(models.TransientModel):
    """One billed line, and what of it is credited."""

    _name = "bitpaket.correction.line"
    _description = "Line to Credit"

    correction_id = fields.Many2one(
        "bitpaket.correction", required=True, ondelete="cascade"
    )
    usage_line_id = fields.Many2one("bitpaket.usage.line", required=True)
    currency_id = fields.Many2one(related="usage_line_id.currency_id")
    name = fields.Char(related="usage_line_id.name")
    move_id = fields.Many2one(related="usage_line_id.move_id")
    explanation = fields.Char(related="usage_line_id.explanation")
    amount_left = fields.Monetary(related="usage_line_id.amount_left", string="Billed")
    chosen = fields.Boolean()
    amount = fields.Monetary(
        string="Credit",
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="Less than what was billed credits a part of it.",
    )

    @api.depends("usage_line_id", "chosen")
    def _compute_amount(self):
        for line in self:
            line.amount = line.usage_line_id.amount_left if line.chosen else 0
