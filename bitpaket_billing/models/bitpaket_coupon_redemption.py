from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date
from odoo.tools.misc import formatLang


class BitpaketCouponRedemption(models.Model):
    """A coupon that an account has redeemed: it discounts what is rated from then on.

    Nothing that was rated before refers to it, so nothing of that changes.
    """

    _name = "bitpaket.coupon.redemption"
    _description = "Redeemed Coupon"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    coupon_id = fields.Many2one(
        "bitpaket.coupon", required=True, ondelete="restrict", index=True, readonly=True
    )
    code_id = fields.Many2one(
        "bitpaket.coupon.code",
        string="Code",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
    )
    account_id = fields.Many2one(
        "bitpaket.account",
        required=True,
        ondelete="restrict",
        index=True,
        readonly=True,
        check_company=True,
    )
    partner_id = fields.Many2one(related="account_id.partner_id")
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    currency_id = fields.Many2one(related="account_id.currency_id")
    duration = fields.Selection(related="coupon_id.duration")
    date = fields.Datetime(
        string="Redeemed on",
        required=True,
        readonly=True,
        default=lambda self: fields.Datetime.now(),
    )
    user_id = fields.Many2one(
        "res.users",
        string="Redeemed by",
        readonly=True,
        default=lambda self: self.env.user,
    )
    invoices = fields.Integer(
        string="Invoices in all",
        readonly=True,
        tracking=True,
        help="How many invoices are discounted. 0: no such limit.",
    )
    date_until = fields.Date(
        string="Until",
        readonly=True,
        tracking=True,
        help="The last period that is discounted begins on this day or before it.",
    )
    revoked_from = fields.Date(
        readonly=True,
        tracking=True,
        help="Periods that begin on this day or later are not discounted any more.",
    )
    # The n-th redemption of the coupon, of the account and of the code: of two that
    # claim the same place at once, the database lets one have it.
    number = fields.Integer(readonly=True, required=True)
    account_number = fields.Integer(readonly=True, required=True)
    code_number = fields.Integer(readonly=True)
    use_ids = fields.One2many("bitpaket.coupon.use", "redemption_id", string="Uses")
    amount_used = fields.Monetary(string="Taken off", compute="_compute_used")
    invoices_used = fields.Integer(string="Discounted", compute="_compute_used")
    state = fields.Selection(
        [
            ("active", "In force"),
            ("used", "Used up"),
            ("ended", "Ended"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
    )
    summary = fields.Char(string="In words", compute="_compute_summary")

    _number_uniq = models.Constraint(
        "unique (coupon_id, number)", "This redemption was given to somebody else."
    )
    _account_number_uniq = models.Constraint(
        "unique (account_id, coupon_id, account_number)",
        "The account has redeemed this coupon already.",
    )
    _code_number_uniq = models.UniqueIndex(
        "(code_id, code_number) WHERE code_id IS NOT NULL",
        "This code was redeemed by somebody else.",
    )

    # === COMPUTE METHODS === #

    @api.depends("coupon_id", "code_id")
    def _compute_display_name(self):
        for redemption in self:
            redemption.display_name = redemption._label()

    @api.depends("use_ids.amount")
    def _compute_used(self):
        for redemption in self:
            amounts = redemption.use_ids.mapped("amount")
            redemption.amount_used = sum(amounts)
            redemption.invoices_used = len([one for one in amounts if one > 0])

    @api.depends("use_ids.amount", "invoices", "date_until", "revoked_from")
    def _compute_state(self):
        held = self._held()
        for account, redemptions in self.grouped("account_id").items():
            period = account.sudo()._next_period()
            for redemption in redemptions:
                redemption.state = redemption._state_in(period, held[redemption.id])

    @api.depends("coupon_id", "invoices", "date_until")
    @api.depends_context("lang")
    def _compute_summary(self):
        for redemption in self:
            redemption.summary = redemption.coupon_id.sudo()._gives_words(
                redemption.currency_id, redemption
            )

    def _state_in(self, period, held):
        """Return what has become of it for a period that was not rated yet.

        :param rating.Period period: the next one; None: there is none
        :param rating.Redeemed held: what is left of it
        """
        self.ensure_one()
        if held.is_used_up:
            return "used"
        if not period:
            return "ended"
        if held.revoked and period.start >= held.revoked:
            return "revoked"
        return "active" if held.counts_in(period) else "ended"

    # === WORDS === #

    def _label(self):
        """Return what customers know it by: their code, or else the coupon's name."""
        self.ensure_one()
        return self.code_id.sudo().shown or self.coupon_id.sudo().name

    def _left_words(self, held=None):
        """Return what is left of it, for example: 2 invoices left.

        :param rating.Redeemed held: what is left, when it is known already
        :rtype: str
        """
        self.ensure_one()
        held = held or self._held()[self.id]
        if held.invoices is not None and self.coupon_id.duration == "invoices":
            return self.env._("%s invoices left", max(held.invoices - held.used, 0))
        if held.coupon.frequency == "once":
            left = formatLang(
                self.env,
                float(held.coupon.value - held.spent),
                currency_obj=self.currency_id,
            )
            return self.env._("%s left", left)
        if self.revoked_from:
            return self.env._(
                "for periods that begin before %s",
                format_date(self.env, self.revoked_from),
            )
        return ""

    # === FINANCE === #

    def _check_may_change(self):
        """Let billing users decide what becomes of redeemed coupons.

        :raise AccessError: for everybody else
        """
        self.check_access("read")
        if not self.env.user.has_group("bitpaket_billing.group_billing_user"):
            raise AccessError(
                self.env._("Only billing users change what customers redeemed.")
            )

    def _revoke(self, date, reason):
        """End it for periods that begin on a day or later.

        :param date date: the day; what was rated stays
        :param str reason: kept in the history
        """
        self._check_may_change()
        self = self.sudo()
        self.revoked_from = date
        for redemption in self:
            redemption.message_post(
                body=self.env._(
                    "Revoked for periods that begin on %(date)s or later: %(reason)s",
                    date=format_date(self.env, date),
                    reason=reason,
                )
            )

    def _extend(self, invoices=0, date_until=None, reason=""):
        """Let it discount more invoices, or later ones; undo that it was revoked.

        :param int invoices: how many more
        :param date date_until: the new last day, if it ends on a day
        """
        self._check_may_change()
        self = self.sudo()
        for redemption in self:
            vals = {"revoked_from": False}
            if redemption.coupon_id.duration == "invoices":
                vals["invoices"] = redemption.invoices + invoices
            if redemption.coupon_id.duration == "until" and date_until:
                if date_until < redemption.date_until:
                    raise UserError(
                        self.env._(
                            "It lasts until %s already. Revoke it to end it earlier.",
                            format_date(self.env, redemption.date_until),
                        )
                    )
                vals["date_until"] = date_until
            redemption.write(vals)
            redemption.message_post(
                body=self.env._(
                    "Extended: %(gives)s. %(reason)s",
                    gives=redemption.summary,
                    reason=reason or "",
                )
            )

    # === ACTION METHODS === #

    def action_revoke(self):
        """Ask from when on it ends, and why."""
        return self._ask("revoke", self.env._("Revoke the coupon"))

    def action_extend(self):
        """Ask how much longer it lasts."""
        return self._ask("extend", self.env._("Extend the coupon"))

    def _ask(self, decision, name):
        self.ensure_one()
        self._check_may_change()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "bitpaket.coupon.change",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_redemption_id": self.id,
                "default_decision": decision,
            },
        }
