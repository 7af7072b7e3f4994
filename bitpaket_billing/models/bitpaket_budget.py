from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import rating
from ..tools import changed_fields, exact, quantity_text

#: Budgets of an account, at most.
MOST_BUDGETS = 20
#: Digits of a limit of a quantity, and its decimals.
QUANTITY_DIGITS = (20, 6)
#: What a check depends on.
CHECKED_FIELDS = {
    "amount",
    "quantity",
    "thresholds",
    "on_forecast",
    "hard_cap",
    "active",
}


class BitpaketBudget(models.Model):
    """What a customer wants to spend or use in a period, and whom to tell."""

    _name = "bitpaket.budget"
    _description = "Budget"
    _order = "account_id, id"
    _check_company_auto = True

    account_id = fields.Many2one(
        "bitpaket.account",
        required=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    name = fields.Char(required=True, size=64)
    active = fields.Boolean(
        default=True, help="A budget that was deleted stays on record, archived."
    )
    type = fields.Selection(
        [("money", "Money"), ("quantity", "Quantity of a meter")],
        string="Limits",
        required=True,
        default="money",
    )
    amount = fields.Monetary(
        help="For each billing period, before tax; coupons count as on the invoice."
    )
    meter_id = fields.Many2one("bitpaket.meter", ondelete="restrict")
    quantity = fields.Float(
        digits=QUANTITY_DIGITS,
        help="For each billing period, in the unit of the invoice.",
    )
    unit = fields.Char(related="meter_id.unit")
    thresholds = fields.Char(
        string="Tell at (%)",
        required=True,
        default="50, 80, 100",
        help="Each of them is told once in a period.",
    )
    on_forecast = fields.Boolean(
        string="Also when the forecast passes them", default=True
    )
    hard_cap = fields.Boolean(
        string="Stop at the limit",
        copy=False,
        help="BitPaket stops serving the account's requests when the budget is used "
        "up, until the budget is raised, the cap is removed or the next period begins.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Who is told",
        help="Nobody chosen: the account's customer.",
    )
    alert_ids = fields.One2many("bitpaket.budget.alert", "budget_id", readonly=True)
    checked_at = fields.Datetime(
        string="Checked", readonly=True, copy=False, index="btree_not_null"
    )
    value = fields.Float(
        string="Used so far",
        digits=0,
        readonly=True,
        copy=False,
        help="In the running period, when it was checked.",
    )
    forecast = fields.Float(
        digits=0,
        readonly=True,
        copy=False,
        help="Of the running period at its end; 0 as long as too little is known.",
    )
    period_start = fields.Date(readonly=True, copy=False)
    period_end = fields.Date(
        readonly=True, copy=False, help="First day of the next period."
    )
    percent = fields.Integer(string="Used (%)", compute="_compute_percent")
    is_capped = fields.Boolean(string="Stopped", compute="_compute_is_capped")

    _limit_positive = models.Constraint(
        """CHECK (CASE WHEN type = 'money' THEN amount > 0
                       ELSE quantity > 0 AND meter_id IS NOT NULL END)""",
        "A budget needs a limit above zero, and one of a quantity needs a meter.",
    )
    _cap_is_money = models.Constraint(
        "CHECK (NOT hard_cap OR type = 'money')",
        "Only a budget of money can stop at its limit.",
    )

    # === COMPUTE METHODS === #

    @api.depends("value", "amount", "quantity", "type")
    def _compute_percent(self):
        for budget in self:
            limit = budget._limit()
            value = exact(budget.value)
            budget.percent = rating.percent_used(value, limit) if limit else 0

    @api.depends("alert_ids.lifted_at", "hard_cap", "active")
    def _compute_is_capped(self):
        for budget in self:
            budget.is_capped = bool(budget.alert_ids._active_caps())

    # === CONSTRAINT METHODS === #

    @api.constrains("thresholds")
    def _check_thresholds(self):
        for budget in self:
            try:
                rating.check_thresholds(budget._threshold_list())
            except (ValueError, rating.RatingError):
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be understood: write one to ten whole percentages "
                        "from 1 to 1000, with commas, such as 50, 80, 100.",
                        budget.thresholds,
                    )
                ) from None

    @api.constrains("partner_ids", "account_id")
    def _check_partners(self):
        for budget in self:
            strangers = budget.partner_ids - budget.account_id._budget_contacts()
            if strangers:
                raise ValidationError(
                    self.env._(
                        "Only contacts of the customer who have an e-mail address can "
                        "be told; these are none: %s",
                        ", ".join(strangers.mapped("display_name")),
                    )
                )

    @api.constrains("account_id", "active")
    def _check_number(self):
        for account in self.account_id:
            number = self.search_count([("account_id", "=", account.id)])
            if number > MOST_BUDGETS:
                raise ValidationError(
                    self.env._(
                        "An account has %s budgets at most. Delete one first.",
                        MOST_BUDGETS,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Check new budgets at once: they may be used up already."""
        budgets = super().create(vals_list)
        budgets._check_soon()
        return budgets

    def write(self, vals):
        """Let a change take effect at once.

        :raise UserError: if a budget that has told something is to limit something else
        """
        for budget in self.filtered("alert_ids"):
            if {"type", "meter_id"} & changed_fields(budget, vals):
                raise UserError(
                    self.env._(
                        "“%s” has told its thresholds already: make a new budget to "
                        "limit something else.",
                        budget.name,
                    )
                )
        result = super().write(vals)
        if CHECKED_FIELDS & set(vals):
            if {"amount", "quantity"} & set(vals):
                self.sudo().alert_ids._forget_of_other_limit()
            self._check_soon()
        return result

    def _check_soon(self):
        """Check these budgets in this transaction, as who asked may not rate usage."""
        for budgets in self.sudo().grouped("account_id").values():
            budgets._check()

    # === BUSINESS METHODS === #

    def _threshold_list(self):
        """Return the thresholds, in percent.

        :rtype: list[int]
        :raise ValueError: if they are no whole numbers
        """
        self.ensure_one()
        words = (self.thresholds or "").replace("%", " ").replace(";", ",").split(",")
        return [int(word) for word in words if word.strip()]

    def _limit(self):
        """Return the limit: money before tax, or billed units.

        :rtype: Decimal
        """
        self.ensure_one()
        return exact(self.amount if self.type == "money" else self.quantity)

    def _measure(self, running):
        """Return how much of this budget a period has used, and will use.

        :param Running running: the rated period
        :return: value so far; expected value, None when it is not known
        :rtype: tuple[Decimal, Decimal | None]
        """
        self.ensure_one()
        rated, outlook = running.rated, running.outlook
        if self.type == "money":
            return rated.total, outlook and outlook.total.expected
        code = self.meter_id.code
        expected = outlook and outlook.quantity(code).expected
        return rating.used_quantity(rated.lines, code), expected

    def _words(self, value):
        """Return an amount or quantity of this budget as its reader writes it.

        :param value: Decimal or float
        :rtype: str
        """
        self.ensure_one()
        if self.type == "money":
            return self.currency_id.format(float(value))
        return f"{quantity_text(self.env, value)} {self.unit}"

    # === ACTION METHODS === #

    def action_set_cap(self):
        """Have the account stop at this limit; the form asks before."""
        self.hard_cap = True

    def action_remove_cap(self):
        """Let the account run beyond this limit."""
        self.hard_cap = False
