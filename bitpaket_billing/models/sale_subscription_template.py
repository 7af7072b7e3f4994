"""Plans: what is sold for a fixed price instead of, or beside, what is used."""

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..tools import changed_fields, exact

#: What subscribers have agreed to: it stays as it was sold.
TERMS = {
    "bitpaket_is_plan",
    "bitpaket_company_id",
    "bitpaket_book_id",
    "bitpaket_minimum_months",
    "bitpaket_renews",
    "bitpaket_trial_days",
}


class SaleSubscriptionTemplate(models.Model):
    """A plan, when it is sold on the billing page; each record is one version."""

    _inherit = "sale.subscription.template"

    bitpaket_is_plan = fields.Boolean(
        string="Plan of the billing page",
        help="Sold to billing accounts, and billed with their usage.",
    )
    bitpaket_company_id = fields.Many2one(
        "res.company", string="Sold by", default=lambda self: self.env.company
    )
    bitpaket_pitch = fields.Text(
        string="Pitch",
        translate=True,
        help="What the plan is for, on the page where it is chosen.",
    )
    bitpaket_price_ids = fields.One2many(
        "bitpaket.plan.price", "plan_id", string="Plan prices", copy=True
    )
    bitpaket_allowance_ids = fields.One2many(
        "bitpaket.plan.allowance", "plan_id", string="Included", copy=True
    )
    bitpaket_limit_ids = fields.One2many(
        "bitpaket.plan.limit", "plan_id", string="Limits", copy=True
    )
    bitpaket_book_id = fields.Many2one(
        "bitpaket.price.book",
        string="Price book of overage",
        ondelete="restrict",
        help="Prices of what is used beyond the allowances; none: the account's own "
        "price book.",
    )
    bitpaket_minimum_months = fields.Integer(
        string="Minimum term",
        help="Months before which it cannot be cancelled or left for a lower plan.",
    )
    bitpaket_renews = fields.Boolean(
        string="Term renews",
        help="When a term is over, another one begins, unless the plan was cancelled.",
    )
    bitpaket_trial_days = fields.Integer(
        string="Trial",
        help="Days that are free of the plan's price, once per account.",
    )
    bitpaket_visibility = fields.Selection(
        [("page", "Everybody"), ("invitation", "By invitation")],
        string="Offered to",
        required=True,
        default="page",
        help="Everybody: on the billing page. By invitation: only to accounts that "
        "were invited, or by the billing team.",
    )
    bitpaket_invited_ids = fields.Many2many(
        "bitpaket.account",
        "bitpaket_plan_invitation",
        "plan_id",
        "account_id",
        string="Invited",
        copy=False,
    )
    bitpaket_sequence = fields.Integer(string="Sequence", default=10)
    bitpaket_version = fields.Integer(
        string="Version", default=1, readonly=True, copy=False
    )
    bitpaket_origin_id = fields.Many2one(
        "sale.subscription.template",
        string="First version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    bitpaket_replaced_by_id = fields.Many2one(
        "sale.subscription.template",
        string="Replaced by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The version that is sold now.",
    )
    bitpaket_phase_ids = fields.One2many(
        "bitpaket.plan.phase", "plan_id", string="Sold", readonly=True
    )
    bitpaket_is_sold = fields.Boolean(compute="_compute_bitpaket_is_sold")
    bitpaket_subscriber_count = fields.Integer(
        string="Subscribers", compute="_compute_bitpaket_subscriber_count"
    )

    _bitpaket_positive = models.Constraint(
        "CHECK (bitpaket_minimum_months >= 0 AND bitpaket_trial_days >= 0)",
        "A term and a trial cannot be negative.",
    )
    _bitpaket_version_uniq = models.UniqueIndex(
        "(bitpaket_origin_id, bitpaket_version) WHERE bitpaket_origin_id IS NOT NULL",
        "There is such a version of this plan already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "bitpaket_version")
    def _compute_display_name(self):
        plain = self.filtered(lambda one: one.bitpaket_version <= 1)
        super(SaleSubscriptionTemplate, plain)._compute_display_name()
        for plan in self - plain:
            plan.display_name = self.env._(
                "%(plan)s, version %(version)s",
                plan=plan.name,
                version=plan.bitpaket_version,
            )

    def _compute_bitpaket_is_sold(self):
        sold = self.env["bitpaket.plan.phase"].sudo().with_context(active_test=False)
        groups = sold._read_group([("plan_id", "in", self.ids)], ["plan_id"])
        plans = {plan.id for (plan,) in groups}
        for plan in self:
            plan.bitpaket_is_sold = plan.id in plans

    def _compute_bitpaket_subscriber_count(self):
        groups = self.env["sale.subscription"]._read_group(
            [("template_id", "in", self.ids), ("bitpaket_state", "!=", "ended")],
            ["template_id"],
            ["__count"],
        )
        counts = dict(groups)
        for plan in self:
            plan.bitpaket_subscriber_count = counts.get(plan, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("bitpaket_is_plan", "bitpaket_company_id", "bitpaket_price_ids")
    def _check_bitpaket_plan(self):
        for plan in self.filtered("bitpaket_is_plan"):
            if not plan.bitpaket_company_id:
                raise ValidationError(
                    self.env._("Tell which company sells the plan “%s”.", plan.name)
                )
            if not plan.bitpaket_price_ids:
                raise ValidationError(
                    self.env._(
                        "The plan “%s” has no price: add one, which may be 0.",
                        plan.name,
                    )
                )

    @api.constrains("bitpaket_book_id", "bitpaket_price_ids")
    def _check_bitpaket_book(self):
        for plan in self.filtered("bitpaket_book_id"):
            lacking = (
                plan.bitpaket_price_ids.currency_id - plan.bitpaket_book_id.currency_ids
            )
            if lacking:
                raise ValidationError(
                    self.env._(
                        "The price book “%(book)s” has no prices in %(currencies)s, in "
                        "which the plan “%(plan)s” is sold.",
                        book=plan.bitpaket_book_id.name,
                        currencies=", ".join(lacking.mapped("name")),
                        plan=plan.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Keep the module's own invoicing away from plans."""
        plans = super().create(vals_list)
        plans.filtered("bitpaket_is_plan")._bitpaket_leave_invoicing_to_us()
        return plans

    def write(self, vals):
        """Keep the terms of what was sold."""
        for plan in self.filtered("bitpaket_is_sold"):
            if changed_fields(plan, vals) & TERMS:
                plan._bitpaket_refuse_change()
        result = super().write(vals)
        if vals.get("bitpaket_is_plan"):
            self._bitpaket_leave_invoicing_to_us()
        return result

    def _bitpaket_refuse_change(self):
        """Tell that what was sold stays as it is."""
        for plan in self.filtered("bitpaket_is_sold"):
            raise UserError(
                self.env._(
                    "The plan “%s” has subscribers, who keep its terms. Make a new "
                    "version of it, and move them there.",
                    plan.display_name,
                )
            )

    def _bitpaket_leave_invoicing_to_us(self):
        """Set what makes the subscription module do nothing with these plans.

        The one place that knows its `invoicing_mode`, which later versions replace.
        """
        self.write({"invoicing_mode": "draft", "recurring_rule_boundary": "unlimited"})

    # === BUSINESS METHODS === #

    def _bitpaket_family(self):
        """Return the first version of a plan, which stands for all of them."""
        return self.bitpaket_origin_id or self

    def _bitpaket_key(self):
        """Return what the rating core knows a plan by: all its versions alike.

        :rtype: str
        """
        return str(self._bitpaket_family().id)

    @api.model
    @tools.ormcache("plan_id")
    def _bitpaket_included(self, plan_id):
        """Return what a plan includes; it hardly ever changes, so it is kept.

        :param int plan_id: id of the plan
        :return: id of the meter, quantity, and what is carried on at most or None
        :rtype: tuple[tuple]
        """
        plan = self.sudo().browse(plan_id)
        return tuple(
            (
                one.meter_id.id,
                exact(one.quantity),
                exact(one.cap) if one.rolls_over else None,
            )
            for one in plan.bitpaket_allowance_ids
        )

    def _bitpaket_price(self, currency, interval):
        """Return the price of a plan in a currency.

        :param str interval: month or year
        :return: a `bitpaket.plan.price` record, or none
        """
        self.ensure_one()
        return self.bitpaket_price_ids.filtered(
            lambda price: price.currency_id == currency and price.interval == interval
        )

    def _bitpaket_offered(self, account):
        """Return the plans that an account may choose, in their order.

        :param account: `bitpaket.account` record
        :return: plans with a price in the account's currency
        """
        plans = self.search(
            [
                ("bitpaket_is_plan", "=", True),
                ("bitpaket_company_id", "=", account.company_id.id),
                ("bitpaket_replaced_by_id", "=", False),
                "|",
                ("bitpaket_visibility", "=", "page"),
                ("bitpaket_invited_ids", "in", account.ids),
            ],
            order="bitpaket_sequence, id",
        )
        return plans.filtered(
            lambda plan: account.currency_id in plan.bitpaket_price_ids.currency_id
        )

    # === ACTION METHODS === #

    def action_bitpaket_new_version(self):
        """Make the next version of a plan; from now on it is the one that is sold."""
        self.ensure_one()
        if self.bitpaket_replaced_by_id:
            raise UserError(
                self.env._(
                    "“%(plan)s” was replaced by “%(version)s” already.",
                    plan=self.display_name,
                    version=self.bitpaket_replaced_by_id.display_name,
                )
            )
        family = self._bitpaket_family()
        latest = self.search(
            ["|", ("id", "=", family.id), ("bitpaket_origin_id", "=", family.id)],
            order="bitpaket_version desc",
            limit=1,
        )
        version = self.copy(
            {
                "name": self.name,
                "bitpaket_origin_id": family.id,
                "bitpaket_version": latest.bitpaket_version + 1,
                "bitpaket_invited_ids": [
                    fields.Command.set(self.bitpaket_invited_ids.ids)
                ],
            }
        )
        self.bitpaket_replaced_by_id = version
        return version._get_records_action()

    def action_bitpaket_subscribers(self):
        """Open the subscriptions of this plan."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.sale_subscription_action"
        )
        return {**action, "domain": [("template_id", "=", self.id)]}
