import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

_logger = logging.getLogger(__name__)


class BitpaketPlanChange(models.Model):
    """One change of an account's plan: what was asked for, from when on, for how much.

    `bitpaket_account_plan.py` makes them; here they are kept.
    """

    _name = "bitpaket.plan.change"
    _description = "Change of a Plan"
    _order = "id desc"
    _check_company_auto = True

    account_id = fields.Many2one(
        "bitpaket.account",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    subscription_id = fields.Many2one(
        "sale.subscription", ondelete="cascade", index="btree_not_null", readonly=True
    )
    kind = fields.Selection(
        [
            ("start", "Start"),
            ("upgrade", "Upgrade"),
            ("downgrade", "Downgrade"),
            ("switch", "Switch"),
            ("cancel", "Cancellation"),
            ("pause", "Pause"),
            ("resume", "Resumption"),
            ("version", "New version"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Date(
        string="From", required=True, readonly=True, help="First day, in UTC."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Asked for by",
        readonly=True,
        default=lambda self: self.env.user,
    )
    plan_before_id = fields.Many2one(
        "sale.subscription.template",
        string="Plan before",
        readonly=True,
        ondelete="restrict",
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        readonly=True,
        ondelete="restrict",
        help="None: pay-as-you-go.",
    )
    interval = fields.Selection(
        [("month", "Month"), ("year", "Year")], string="Paid per", readonly=True
    )
    state = fields.Selection(
        [("pending", "Pending"), ("done", "Done"), ("undone", "Undone")],
        required=True,
        readonly=True,
        default="pending",
        index=True,
    )
    phase_ids = fields.One2many("bitpaket.plan.phase", "change_id", string="Phases")
    replaced_ids = fields.One2many(
        "bitpaket.plan.phase",
        "ended_by_id",
        string="Replaced",
        context={"active_test": False},
    )
    statement_ids = fields.One2many(
        "bitpaket.statement", "change_id", string="Charged", readonly=True
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    amount_total = fields.Monetary(
        string="Charged at once",
        compute="_compute_amount_total",
        help="Before tax; negative: credited.",
    )
    reason = fields.Char(readonly=True)

    _pending_uniq = models.UniqueIndex(
        "(account_id) WHERE state = 'pending'",
        "Another change of this account's plan is pending.",
    )

    @api.depends("statement_ids.amount_total")
    def _compute_amount_total(self):
        for change in self:
            change.amount_total = sum(
                change.sudo().statement_ids.mapped("amount_total")
            )

    @api.depends("kind", "plan_id", "date")
    def _compute_display_name(self):
        for change in self:
            change.display_name = change._summary()

    def _summary(self):
        """Return the change in words, for example: Upgrade to Pro from 12/11/2026."""
        self.ensure_one()
        facts = {
            "plan": self.plan_id.name,
            "before": self.plan_before_id.name,
            "day": format_date(self.env, self.date),
        }
        env = self.env
        return {
            "start": env._("Start of %(plan)s on %(day)s", **facts),
            "upgrade": env._("Upgrade to %(plan)s on %(day)s", **facts),
            "downgrade": env._("Downgrade to %(plan)s on %(day)s", **facts),
            "switch": env._("Switch to %(plan)s on %(day)s", **facts),
            "cancel": env._("Cancellation of %(before)s on %(day)s", **facts),
            "pause": env._("Pause of %(before)s from %(day)s on", **facts),
            "resume": env._("Resumption of %(plan)s on %(day)s", **facts),
            "version": env._("New version of %(plan)s from %(day)s on", **facts),
        }[self.kind]

    def _charged(self):
        """Return what was charged at once, with tax; negative: credited.

        :rtype: float
        """
        self.ensure_one()
        invoice = self.sudo().statement_ids.move_id
        sign = -1 if invoice.move_type == "out_refund" else 1
        return sign * invoice.amount_total if invoice else 0.0

    def _undo(self):
        """Take back a change that has not begun.

        :raise UserError: when it has
        """
        for change in self:
            if change.state != "pending" or change.date <= fields.Date.today():
                raise UserError(
                    self.env._(
                        "“%s” has begun already and cannot be undone: change the plan "
                        "instead.",
                        change._summary(),
                    )
                )
            change._take_back()
            change.account_id._note_plan(self.env._("Undone: %s", change._summary()))

    def _take_back(self):
        """Let the phases be as they were before these pending changes."""
        for change in self:
            change.phase_ids.unlink()
            replaced = change.with_context(active_test=False).replaced_ids
            replaced.write({"active": True, "ended_by_id": False})
            change.state = "undone"
        self.env.flush_all()  # before another one is pending
        self.account_id.invalidate_recordset(["plan_phase_ids"])

    def _begin(self):
        """Note that a change has begun, and charge what begins apart with it."""
        self.ensure_one()
        self.state = "done"
        self.account_id._charge_change(self, {})
        self.account_id._follow_plan()

    @api.model
    def _cron_follow(self):
        """Begin the changes that are due, and have the subscriptions tell it.

        One that fails is tried again by the next run, and stops no other.
        """
        due = self.search(
            [("state", "=", "pending"), ("date", "<=", fields.Date.today())]
        )
        for change in due:
            account = change.account_id
            try:
                with self.env.cr.savepoint():
                    account._take_plan_turn()
                    account.with_company(account.company_id)._begin_plan_changes()
            except Exception:
                _logger.exception("Could not begin the change %s of a plan", change.id)
        self.env["sale.subscription"]._bitpaket_follow_all()
