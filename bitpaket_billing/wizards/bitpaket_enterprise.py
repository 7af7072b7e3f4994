from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class BitpaketEnterprise(models.TransientModel):
    """Makes the account of an enterprise: own prices, a commitment, its own plan."""

    _name = "bitpaket.enterprise"
    _description = "New Enterprise Account"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    order_id = fields.Many2one("sale.order", string="Agreed in", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", required=True)
    name = fields.Char(
        string="Account", compute="_compute_name", store=True, readonly=False
    )
    reference = fields.Char(
        string="External reference",
        help="The tenant's identifier in BitPaket; usage is reported for it.",
    )
    date_start = fields.Date(
        string="Billed from",
        required=True,
        default=fields.Date.today,
        help="First billed day, in UTC. The plan begins, and is charged, on that day.",
    )
    book_mode = fields.Selection(
        [
            ("copy", "Own prices, to begin with those of"),
            ("existing", "The prices of"),
        ],
        string="Prices",
        required=True,
        default="copy",
    )
    book_id = fields.Many2one(
        "bitpaket.price.book",
        string="Price book",
        required=True,
        domain="[('company_id', 'in', [company_id, False])]",
        default=lambda self: self.env["bitpaket.price.book"].search(
            [("company_id", "in", (self.env.company.id, False))], limit=1
        ),
    )
    currency_ids = fields.Many2many(related="book_id.currency_ids")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', currency_ids)]",
    )
    commitment = fields.Monetary(
        string="Minimum commitment",
        help="Least amount of every month, with the plan's price and before coupons "
        "and tax. 0: none.",
    )
    plan_mode = fields.Selection(
        [
            ("new", "Its own plan"),
            ("existing", "An existing plan"),
            ("none", "No plan: pay-as-you-go"),
        ],
        string="Plan",
        required=True,
        default="new",
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        string="Which",
        domain="[('bitpaket_is_plan', '=', True),"
        " ('bitpaket_replaced_by_id', '=', False),"
        " ('bitpaket_company_id', '=', company_id)]",
    )
    interval = fields.Selection(
        [("month", "Month"), ("year", "Year")],
        string="Paid per",
        required=True,
        default="month",
    )
    amount = fields.Monetary(
        string="Price", help="Per month or year, before tax, in advance."
    )
    minimum_months = fields.Integer(
        string="Minimum term", help="Months; 0: it can end with any month or year."
    )
    allowance_ids = fields.One2many(
        "bitpaket.enterprise.allowance", "enterprise_id", string="Included"
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_name(self):
        for form in self:
            form.name = form.partner_id.name

    @api.depends("book_id")
    def _compute_currency_id(self):
        for form in self:
            book = form.book_id
            if form.currency_id not in book.currency_ids:
                form.currency_id = book.currency_id or form.company_id.currency_id

    # === ACTION METHODS === #

    def action_create_account(self):
        """Make the account, and start its plan.

        :return: the action that opens the account: of an order, always the same one
        :raise UserError: when something is missing, or is not possible, in words
        """
        self.ensure_one()
        if self.order_id:
            self.order_id.sudo().lock_for_update()
            if account := self.order_id.sudo().bitpaket_account_ids:
                return account.with_env(self.env)._get_records_action()
        self._check_complete()
        account = self._create_account()
        if plan := self._find_plan(account):
            account._change_plan(
                "choose",
                plan,
                self.interval,
                forced=True,
                reason=self.order_id.sudo().name,
            )
        return account._get_records_action()

    def _check_complete(self):
        """Tell what is missing.

        :raise UserError: when something is
        """
        if not (self.reference or "").strip():
            raise UserError(
                self.env._("Enter the external reference that usage is reported for.")
            )
        if self.plan_mode == "none":
            return
        if self.date_start < fields.Date.today():
            raise UserError(
                self.env._(
                    "A plan cannot begin in the past: let the account be billed from "
                    "today on, or later."
                )
            )
        if self.plan_mode == "existing" and not self.plan_id:
            raise UserError(self.env._("Choose a plan."))

    def _create_account(self):
        """Return the account, with its price book and its commitment."""
        book = self.book_id
        if self.book_mode == "copy":
            book = book.copy(
                {
                    "name": self.env._(
                        "%(book)s for %(customer)s",
                        book=book.name,
                        customer=self.partner_id.name,
                    ),
                    "company_id": self.company_id.id,
                }
            )
        commitment = {
            "kind": "commitment",
            "currency_id": self.currency_id.id,
            "amount": self.commitment,
            "date_start": self.date_start,
        }
        return self.env["bitpaket.account"].create(
            {
                "name": self.name or self.partner_id.name,
                "reference": self.reference.strip(),
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "price_book_id": book.id,
                "currency_id": self.currency_id.id,
                "date_start": self.date_start,
                "order_id": self.order_id.id,
                "minimum_ids": [Command.create(commitment)] if self.commitment else [],
            }
        )

    def _find_plan(self, account):
        """Return the plan of the new account, made when it is its own; or none."""
        plans = self.env["sale.subscription.template"]
        if self.plan_mode == "none":
            return plans
        plan = self.plan_id if self.plan_mode == "existing" else plans
        if not plan:
            price = {
                "currency_id": self.currency_id.id,
                "interval": self.interval,
                "amount": self.amount,
            }
            plan = plans.create(
                {
                    "name": self.env._("Enterprise %s", account.name),
                    "bitpaket_is_plan": True,
                    "bitpaket_company_id": self.company_id.id,
                    "bitpaket_visibility": "invitation",
                    "bitpaket_minimum_months": self.minimum_months,
                    "bitpaket_price_ids": [Command.create(price)],
                    "bitpaket_allowance_ids": [
                        Command.create(
                            {"meter_id": one.meter_id.id, "quantity": one.quantity}
                        )
                        for one in self.allowance_ids
                    ],
                }
            )
        if plan.bitpaket_visibility == "invitation":
            plan.bitpaket_invited_ids = [Command.link(account.id)]
        return plan


class BitpaketEnterpriseAllowance(models.TransientModel):
    """What an enterprise's own plan includes of a meter, per month."""

    _name = "bitpaket.enterprise.allowance"
    _description = "Included in an Enterprise Plan"

    enterprise_id = fields.Many2one(
        "bitpaket.enterprise", required=True, ondelete="cascade"
    )
    meter_id = fields.Many2one("bitpaket.meter", required=True)
    quantity = fields.Float(digits=0, required=True, help="In the meter's unit.")
    unit = fields.Char(related="meter_id.unit")
