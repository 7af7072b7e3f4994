"""Changes of an account's plan: what is asked for, when it begins, what it costs.

Every change is made the same way, also to tell beforehand what it costs: the quote is
the change itself, taken back.
"""

from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import rating


class TakenBack(Exception):
    """What was done to know its price is undone."""


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    subscription_ids = fields.One2many(
        "sale.subscription", "bitpaket_account_id", string="Subscriptions"
    )
    plan_id = fields.Many2one(
        "sale.subscription.template", compute="_compute_plan", string="Plan"
    )
    plan_change_id = fields.Many2one(
        "bitpaket.plan.change", compute="_compute_plan", string="Pending change"
    )
    plan_change_ids = fields.One2many(
        "bitpaket.plan.change", "account_id", string="Changes of the plan"
    )
    plan_turn = fields.Integer(
        copy=False, readonly=True, help="Changed by whoever changes or bills the plan."
    )

    @api.depends("plan_change_ids.state", "plan_phase_ids.active")
    def _compute_plan(self):
        today = fields.Date.today()
        pending = (
            self.env["bitpaket.plan.change"]
            .sudo()
            .search_fetch(
                [
                    ("account_id", "in", self.filtered("has_plan").ids),
                    ("state", "=", "pending"),
                ]
            )
            .grouped("account_id")
        )
        for account in self:
            account.plan_id = account._phase_on(today).plan_id
            account.plan_change_id = pending.get(account, False)

    # === ASKING === #

    def _quote_plan(self, *args, **kwargs):
        """Tell what a change of the plan would cost, and when it would begin.

        :param args: as of `_change_plan`
        :return: see `_describe_change`
        :rtype: dict
        :raise UserError: when the change is not possible, in words
        """
        self.ensure_one()
        quote = {}
        account = self.with_context(bitpaket_quoting=True)
        try:
            with self.env.cr.savepoint():
                quote = account._describe_change(account._change_plan(*args, **kwargs))
                raise TakenBack
        except TakenBack:
            self.env.invalidate_all()
        return quote

    def _describe_change(self, change):
        """Tell what a change costs.

        :return: `kind` and `summary` of the change; its `date`; `lines` of (text,
            amount before tax) charged at once, their sum `untaxed`, `tax` and `total`;
            `next_date`, `next_text` and `next_amount` of the fee that comes next
        :rtype: dict
        """
        statement = change.statement_ids
        invoice = statement.move_id
        sign = -1 if invoice.move_type == "out_refund" else 1
        return {
            "kind": change.kind,
            "summary": change._summary(),
            "date": change.date,
            "now": bool(statement) or change.date <= fields.Date.today(),
            "lines": [(line.name, line.amount) for line in statement.line_ids],
            "untaxed": statement.amount_total,
            "tax": sign * invoice.amount_tax,
            "total": change._charged(),
            **self._next_fee(),
        }

    def _next_fee(self):
        """Tell the fee that comes next: of another plan, if a change is pending.

        :return: `next_date`, `next_text` and `next_amount` before tax, None without fee
        :rtype: dict
        """
        following = next(iter(self._next_fees()), None)
        names = {str(phase.id): phase for phase in self._phases()}
        return {
            "next_date": following and following.start,
            "next_text": following and names[following.code]._fee_name(following),
            "next_amount": following
            and float(
                rating.fee_line(following, self.currency_id.decimal_places).amount
            ),
        }

    def _next_fees(self):
        """Return the fees that come next, within a year; the first one goes first.

        :rtype: list[rating.Fee]
        """
        self.ensure_one()
        timeline = self._timeline()
        fees = []
        if self.date_start > fields.Date.today():
            fees += timeline.fees_from(self.date_start)
        for period in self._next_periods(12):
            fees += timeline.fees(period)
        return fees

    def _next_periods(self, count):
        """Return the running period, and those that follow.

        :rtype: list[rating.Period]
        """
        self.ensure_one()
        periods = []
        day = max(fields.Date.today(), self.date_start)
        while len(periods) <= count and (period := self._period_of(day)):
            periods.append(period)
            day = period.end
        return periods

    # === CHANGING === #

    def _change_plan(
        self, what, plan=None, interval="month", until=None, forced=False, reason=None
    ):
        """Change the plan of this account, and charge what is due at once.

        :param str what: `choose` (a plan), `cancel` (at the end), `cancel_now`,
            `pause` (at the end), `resume`, or `version` (move to another version)
        :param plan: the plan to choose
        :param str interval: month or year
        :param date until: first day after a pause
        :param bool forced: whether a minimum term, and who is invited, do not matter
        :param str reason: why, in words
        :return: the change
        :rtype: recordset of `bitpaket.plan.change`
        :raise UserError: when it is not possible, in words
        """
        self.ensure_one()
        account = self.sudo().with_company(self.company_id)
        account._take_plan_turn()
        account._check_plan_change()
        account._begin_plan_changes()
        today = fields.Date.today()
        now = account._phase_on(today)
        prepare = getattr(account, f"_prepare_{what}")
        kind, day, phases = prepare(
            now,
            plan=plan and plan.sudo(),
            interval=interval,
            until=until,
            forced=forced,
        )
        change = account._note_change(kind, day, now, phases, reason)
        before = now._paid_fees() if day == today and now.plan_id else {}
        account._set_phases(change, day, phases)
        if day == today:
            change.state = "done"
            account._charge_change(change, before)
        account._follow_plan()
        account._note_plan(change._summary(), reason)
        return change

    def _take_plan_turn(self):
        """Keep others from changing, and from billing, these plans meanwhile.

        Whoever comes second at the same time fails, and is tried again on what the
        first one left.
        """
        if self.ids:
            self.env.cr.execute(
                "UPDATE bitpaket_account SET plan_turn = COALESCE(plan_turn, 0) + 1 "
                "WHERE id = ANY(%s)",
                [sorted(self.ids)],
            )
            self.invalidate_recordset(["plan_turn"])

    def _check_plan_change(self):
        """Refuse to change the plan of an account that is not billed any more."""
        if self.state in ("suspended", "closed") or self.date_end:
            raise UserError(
                self.env._(
                    "“%s” is suspended or closed: its plan cannot be changed.",
                    self.name,
                )
            )

    def _begin_plan_changes(self):
        """Begin what is due: whoever changes a plan finds it as it is today."""
        pending = self.plan_change_id
        if pending and pending.date <= fields.Date.today():
            pending._begin()

    def _note_change(self, kind, day, now, phases, reason):
        """Keep what is changed; what was pending is taken back."""
        self.plan_change_id._take_back()
        plan_phase = next((one for one in phases if one.get("plan_id")), {})
        return self.env["bitpaket.plan.change"].create(
            {
                "account_id": self.id,
                "subscription_id": self._running_subscription().id,
                "kind": kind,
                "date": day,
                "plan_before_id": (
                    now.plan_id or self._running_subscription().template_id
                ).id,
                "plan_id": plan_phase.get("plan_id"),
                "interval": plan_phase.get("interval"),
                "user_id": self.env.uid,
                "reason": reason,
            }
        )

    def _set_phases(self, change, day, phases):
        """Let phases begin, instead of those that would begin on that day or later.

        :param date day: the first one begins
        :param list[dict] phases: values of `bitpaket.plan.phase`
        """
        replaced = self._phases().filtered(lambda phase: phase.date_start >= day)
        replaced.write({"active": False, "ended_by_id": change.id})
        replaced.flush_recordset()  # before others begin on the same days
        self.has_plan = True
        subscription = self._subscribe(change, phases)
        change.subscription_id = subscription
        self.env["bitpaket.plan.phase"].create(
            [
                {
                    "account_id": self.id,
                    "subscription_id": subscription.id,
                    "change_id": change.id,
                    **phase,
                }
                for phase in phases
            ]
        )
        self.invalidate_recordset(["plan_phase_ids"])

    # --- what is charged at once

    def _charge_change(self, change, paid):
        """Credit what is not used up, charge what begins today, and invoice both.

        :param change: `bitpaket.plan.change` record, whose phases are set
        :param dict paid: of `_paid_fees`, of the phase that ended
        """
        digits = self.currency_id.decimal_places
        day = change.date
        fees = []
        for line, fee in paid.items():
            rest = rating.unused_rest(fee, day, digits)
            if rest:
                fees.append(
                    rating.Fee(
                        str(line.phase_id.id),
                        -rest,
                        max(fee.start, day),
                        fee.end,
                        plan=line.phase_id._plan_key(),
                        note="unused",
                    )
                )
        if self._phase_on(day).apart:
            fees += self._timeline().fees_from(day)
        if not fees:
            return
        statement = self.env["bitpaket.statement"]._bill_change(change, fees)
        if statement.move_id:
            self._pay_automatically()

    def _rate_fees(self, period, fees, coupons, plan):
        """Rate fees that are charged apart from any usage.

        :param rating.Period period: the days that they are for
        :param fees: `rating.Fee` records
        :param coupons: `rating.Coupon` records
        :param str plan: of the account, as the rating core knows it
        :rtype: rating.Statement
        """
        self.ensure_one()
        request = rating.StatementRequest(
            period,
            self.currency_id.decimal_places,
            (),
            (),
            (),
            fees=fees,
            coupons=coupons,
            plan=plan,
        )
        statement = rating.rate_statement(request)
        return replace(statement, lines=rating.per_meter(statement.lines))

    # --- the subscription

    def _running_subscription(self):
        """Return the subscription of the account that has not ended."""
        return self.sudo().subscription_ids.filtered(
            lambda one: one.bitpaket_state != "ended"
        )

    def _subscribe(self, change, phases):
        """Return the subscription of phases, made when there is none."""
        running = self._running_subscription()
        if change.kind not in ("start", "upgrade", "downgrade", "switch"):
            return running
        first = next(phase for phase in phases if phase.get("plan_id"))
        if not running:
            running = self.env["sale.subscription"].create(
                {
                    "bitpaket_account_id": self.id,
                    "bitpaket_state": "active",
                    "partner_id": self.partner_id.id,
                    "company_id": self.company_id.id,
                    "template_id": first["plan_id"],
                    "pricelist_id": self._plan_pricelist().id,
                    "date_start": change.date,
                    "user_id": False,
                }
            )
            self.invalidate_recordset(["subscription_ids"])
        return running

    def _plan_pricelist(self):
        """Return a price list of the account's currency, which subscriptions need."""
        lists = self.env["product.pricelist"]
        domain = [
            ("currency_id", "=", self.currency_id.id),
            ("company_id", "in", (self.company_id.id, False)),
        ]
        return lists.search(domain, limit=1) or lists.create(
            {
                "name": self.env._("Plans (%s)", self.currency_id.name),
                "currency_id": self.currency_id.id,
                "company_id": self.company_id.id,
            }
        )

    def _follow_plan(self):
        """Have the subscriptions tell what the phases say."""
        self.sudo().subscription_ids._bitpaket_follow()

    def _note_plan(self, what, reason=None):
        """Tell on the account what was changed, unless it is taken back anyway."""
        if self.env.context.get("bitpaket_quoting"):
            return
        for account in self:
            account.message_post(
                body=account.env._("%(what)s: %(reason)s", what=what, reason=reason)
                if reason
                else what
            )

    def _undo_plan_change(self):
        """Take back the pending change.

        :raise UserError: when there is none, or it has begun
        """
        self.ensure_one()
        account = self.sudo()
        account._take_plan_turn()
        change = account.plan_change_id
        if not change:
            raise UserError(self.env._("No change is pending."))
        change._undo()
        account.invalidate_recordset(["plan_phase_ids", "plan_change_id"])
        account._follow_plan()
