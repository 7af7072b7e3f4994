from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import formatLang

from .. import rating
from ..tools import changed_fields, exact

#: What a redeemed coupon gives stays as it was promised.
TERMS = {
    "type",
    "percent",
    "duration",
    "invoices",
    "date_until",
    "meter_ids",
    "plan_ids",
    "exclusive",
    "company_id",
}


class BitpaketCoupon(models.Model):
    """A campaign: what its codes give, to whom, and how often."""

    _name = "bitpaket.coupon"
    _description = "Coupon"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(
        required=True,
        tracking=True,
        help="Shown to customers beside the discount when it was given without a code.",
    )
    active = fields.Boolean(
        default=True,
        help="Codes of an archived coupon cannot be redeemed any more. What was "
        "redeemed stays.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    type = fields.Selection(
        [("percent", "A percentage"), ("fixed", "A fixed amount")],
        string="Gives",
        required=True,
        default="percent",
    )
    percent = fields.Float(string="Percent off", digits=0, default=10)
    amount_ids = fields.One2many(
        "bitpaket.coupon.amount", "coupon_id", string="Per currency", copy=True
    )
    meter_ids = fields.Many2many(
        "bitpaket.meter",
        string="Only for",
        help="Nothing else is discounted. Empty: everything on the invoice.",
    )
    plan_ids = fields.Many2many(
        "sale.subscription.template",
        string="Only on plans",
        domain="[('bitpaket_is_plan', '=', True), ('bitpaket_origin_id', '=', False),"
        " ('bitpaket_company_id', '=', company_id)]",
        help="Only the fees of these plans, in all their versions, and what is used on "
        "them are discounted. On another plan the coupon waits. Empty: on any plan, "
        "and without one.",
    )
    duration = fields.Selection(
        [
            ("once", "Once"),
            ("invoices", "On several invoices"),
            ("until", "Until a date"),
            ("forever", "For ever"),
        ],
        string="Lasts",
        required=True,
        default="once",
        help="Once: a percentage discounts one invoice; what one invoice leaves of a "
        "fixed amount is kept for the next ones.",
    )
    invoices = fields.Integer(string="Number of invoices", default=3)
    date_until = fields.Date(
        string="Until",
        help="The last period that is discounted begins on this day or before it.",
    )
    exclusive = fields.Boolean(
        help="It cannot be redeemed beside another coupon, and none beside it."
    )
    date_first = fields.Date(string="Redeemable from")
    date_last = fields.Date(string="Redeemable until", tracking=True)
    max_redemptions = fields.Integer(
        string="Redemptions at most",
        tracking=True,
        help="By all customers together. 0: no limit.",
    )
    max_per_account = fields.Integer(
        string="Per account at most", default=1, help="0: no limit."
    )
    new_customers = fields.Boolean(
        string="New customers only",
        help="Customers who have got no invoice yet.",
    )
    code_ids = fields.One2many("bitpaket.coupon.code", "coupon_id", string="Codes")
    code_count = fields.Integer(compute="_compute_code_count")
    redemption_ids = fields.One2many("bitpaket.coupon.redemption", "coupon_id")
    redemption_count = fields.Integer(
        string="Redeemed", compute="_compute_redemption_count"
    )
    remaining = fields.Char(compute="_compute_remaining")
    cost = fields.Char(
        compute="_compute_cost", help="Discounts so far, less what was credited."
    )
    revenue = fields.Char(
        compute="_compute_cost",
        help="What the discounted invoices come to, before tax.",
    )
    summary = fields.Char(string="In words", compute="_compute_summary")

    _percent_valid = models.Constraint(
        "CHECK (type != 'percent' OR (percent > 0 AND percent <= 100))",
        "A percentage lies above 0 and at most at 100.",
    )
    _invoices_positive = models.Constraint(
        "CHECK (duration != 'invoices' OR invoices > 0)",
        "Tell how many invoices are discounted.",
    )
    _until_given = models.Constraint(
        "CHECK (duration != 'until' OR date_until IS NOT NULL)",
        "Tell until when invoices are discounted.",
    )
    _limits_positive = models.Constraint(
        "CHECK (max_redemptions >= 0 AND max_per_account >= 0)",
        "A limit cannot be negative.",
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_last IS NULL OR date_first IS NULL OR date_last >= date_first)",
        "The last day to redeem it must not lie before the first.",
    )

    # === COMPUTE METHODS === #

    @api.depends("code_ids")
    def _compute_code_count(self):
        counts = dict(
            self.env["bitpaket.coupon.code"]._read_group(
                [("coupon_id", "in", self.ids)], ["coupon_id"], ["__count"]
            )
        )
        for coupon in self:
            coupon.code_count = counts.get(coupon, 0)

    @api.depends("redemption_ids")
    def _compute_redemption_count(self):
        counts = dict(
            self.env["bitpaket.coupon.redemption"]._read_group(
                [("coupon_id", "in", self.ids)], ["coupon_id"], ["__count"]
            )
        )
        for coupon in self:
            coupon.redemption_count = counts.get(coupon, 0)

    @api.depends("max_redemptions", "redemption_count", "amount_ids.budget")
    @api.depends_context("lang")
    def _compute_remaining(self):
        for coupon in self:
            texts = []
            if coupon.max_redemptions:
                left = max(coupon.max_redemptions - coupon.redemption_count, 0)
                texts.append(self.env._("%s redemptions", left))
            left = coupon._budgets_left()
            texts += [
                formatLang(self.env, float(left[row]), currency_obj=row.currency_id)
                for row in coupon.amount_ids
                if row in left
            ]
            coupon.remaining = " · ".join(texts) or self.env._("no limit")

    @api.depends("redemption_ids")
    @api.depends_context("lang")
    def _compute_cost(self):
        sums = self.env["bitpaket.coupon.use"]._read_group(
            [("coupon_id", "in", self.ids)],
            ["coupon_id", "currency_id"],
            ["amount:sum", "revenue:sum"],
        )
        for coupon in self:
            mine = [row[1:] for row in sums if row[0] == coupon._origin]
            coupon.cost, coupon.revenue = (
                " · ".join(
                    formatLang(self.env, row[place], currency_obj=row[0])
                    for row in mine
                )
                for place in (1, 2)
            )

    @api.depends(
        "type",
        "percent",
        "amount_ids.amount",
        "amount_ids.minimum",
        "amount_ids.currency_id",
        "meter_ids",
        "plan_ids",
        "duration",
        "invoices",
        "date_until",
        "exclusive",
        "new_customers",
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        for coupon in self:
            words = [coupon._gives_words()]
            if coupon.new_customers:
                words.append(self.env._("for new customers"))
            if coupon.exclusive:
                words.append(self.env._("not together with other coupons"))
            coupon.summary = ", ".join(words)

    # === CONSTRAINT METHODS === #

    @api.constrains("type", "amount_ids")
    def _check_amounts(self):
        for coupon in self:
            amounts = coupon.amount_ids.mapped("amount")
            if coupon.type == "fixed" and not (amounts and all(amounts)):
                raise ValidationError(
                    self.env._(
                        "Tell the amount that “%s” gives, in each currency.",
                        coupon.name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep what a redeemed coupon gives."""
        for coupon in self:
            if TERMS & changed_fields(coupon, vals) or any(
                coupon._changes_limit(name, vals[name])
                for name in ("meter_ids", "plan_ids")
                if name in vals
            ):
                coupon._check_not_redeemed()
        return super().write(vals)

    def _changes_limit(self, name, commands):
        field = self._fields[name]
        return set(field.convert_to_cache(commands, self)) != set(self[name].ids)

    def _check_not_redeemed(self):
        """Refuse to change what customers were promised.

        :raise UserError: when one of these coupons was redeemed
        """
        for coupon in self:
            if coupon.sudo().redemption_ids:
                raise UserError(
                    self.env._(
                        "“%s” was redeemed, so what it gives stays. Archive it and "
                        "make another one; its limits and budget can still change.",
                        coupon.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_redeemed(self):
        self._check_not_redeemed()

    # === WHAT IS LEFT === #

    def _row(self, currency):
        """Return the terms in a currency; none when there are no special ones."""
        return self.amount_ids.filtered(lambda row: row.currency_id == currency)

    def _budgets_left(self):
        """Return what is left of the budgets of these coupons.

        :return: Decimal by `bitpaket.coupon.amount` record
        :rtype: dict
        """
        limited = self.amount_ids.filtered("budget")
        if not limited:
            return {}
        spent = {
            (coupon, currency): amount
            for coupon, currency, amount in self.env["bitpaket.coupon.use"]
            .sudo()
            ._read_group(
                [("coupon_id", "in", limited.coupon_id.ids)],
                ["coupon_id", "currency_id"],
                ["amount:sum"],
            )
        }
        return {
            row: rating.outstanding(
                exact(row.budget),
                [-exact(spent.get((row.coupon_id._origin, row.currency_id), 0))],
                row.currency_id.decimal_places,
            )
            for row in limited
        }

    # === ACTION METHODS === #

    def action_open_redemptions(self):
        """Open the redemptions of this coupon."""
        return self._open("bitpaket_coupon_redemption_action")

    def action_open_uses(self):
        """Open what this coupon took off invoices."""
        return self._open("bitpaket_coupon_use_action")

    def action_open_codes(self):
        """Open the codes of this coupon."""
        return self._open("bitpaket_coupon_code_action")

    def _open(self, name):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"bitpaket_billing.{name}"
        )
        return {
            **action,
            "domain": [("coupon_id", "=", self.id)],
            "context": {"default_coupon_id": self.id},
        }

    def action_generate(self):
        """Ask how many codes to make."""
        return self._ask("bitpaket.coupon.generate", self.env._("Make codes"))

    def action_redeem(self):
        """Ask for whom to redeem this coupon."""
        return self._ask("bitpaket.coupon.redeem", self.env._("Redeem for a customer"))

    def _ask(self, model, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_coupon_id": self.id},
        }

    def action_download_codes(self):
        """Download the codes as a file for mailings and spreadsheets."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/bitpaket/coupons/{self.id}/codes.csv",
            "target": "download",
        }
