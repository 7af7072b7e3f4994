"""Subscriptions of billing accounts: registered here, billed by statements."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import changed_fields

#: What the phases of an account tell; the module's forms and buttons write it too.
FOLLOWS = {
    "company_id",
    "date_start",
    "in_progress",
    "is_paused",
    "partner_id",
    "pricelist_id",
    "recurring_next_date",
    "stage_id",
    "template_id",
}


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    bitpaket_account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        check_company=True,
    )
    bitpaket_state = fields.Selection(
        [
            ("future", "To begin"),
            ("trial", "Trial"),
            ("active", "Active"),
            ("paused", "Paused"),
            ("ended", "Ended"),
        ],
        string="Plan state",
        readonly=True,
        index=True,
    )
    bitpaket_interval = fields.Selection(
        [("month", "Month"), ("year", "Year")], string="Paid per", readonly=True
    )
    bitpaket_amount = fields.Monetary(string="Plan price", readonly=True)
    bitpaket_term_start = fields.Date(string="Term began", readonly=True)
    bitpaket_phase_ids = fields.One2many(
        "bitpaket.plan.phase", "subscription_id", string="Phases", readonly=True
    )
    bitpaket_change_ids = fields.One2many(
        "bitpaket.plan.change", "subscription_id", string="Changes", readonly=True
    )
    # The module freezes today when the server starts.
    date_start = fields.Date(default=fields.Date.today)
    recurring_next_date = fields.Date(default=fields.Date.today)

    _bitpaket_account_uniq = models.UniqueIndex(
        "(bitpaket_account_id) WHERE bitpaket_state <> 'ended'",
        "This account is on a plan already.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("bitpaket_account_id", "company_id")
    def _check_bitpaket_company(self):
        self.filtered("bitpaket_account_id")._check_company(["bitpaket_account_id"])

    # === CRUD METHODS === #

    def write(self, vals):
        """Refuse to change what follows the phases of an account."""
        if not self.env.context.get("bitpaket_following"):
            self.filtered(
                lambda one: one.bitpaket_account_id
                and FOLLOWS & changed_fields(one, vals)
            )._bitpaket_refuse()
        return super().write(vals)

    # === LEFT TO US === #

    @api.model
    def cron_subscription_management(self):
        """Keep the module's scheduler away from what statements bill."""
        others = self.with_context(bitpaket_others_only=True)
        return super(SaleSubscription, others).cron_subscription_management()

    @api.model
    def _search(self, domain, *args, **kwargs):
        if self.env.context.get("bitpaket_others_only"):
            domain = Domain(domain) & Domain("bitpaket_account_id", "=", False)
        return super()._search(domain, *args, **kwargs)

    def generate_invoice(self):
        """Refuse to invoice what statements bill."""
        self._bitpaket_refuse()
        return super().generate_invoice()

    def create_invoice(self):
        """Refuse to invoice what statements bill."""
        self._bitpaket_refuse()
        return super().create_invoice()

    def manual_invoice(self):
        """Refuse to invoice what statements bill."""
        self._bitpaket_refuse()
        return super().manual_invoice()

    def action_pause(self, paused_until=None):
        """Refuse to pause what has its own pauses."""
        self._bitpaket_refuse()
        return super().action_pause(paused_until)

    def action_resume(self, automatic=False):
        """Refuse to resume what has its own pauses."""
        self._bitpaket_refuse()
        return super().action_resume(automatic)

    def action_open_pause_wizard(self):
        """Refuse to ask about a pause that would be refused."""
        self._bitpaket_refuse()
        return super().action_open_pause_wizard()

    def action_close_subscription(self):
        """Refuse to ask why, when it would be refused."""
        self._bitpaket_refuse()
        return super().action_close_subscription()

    def create_sale_order(self):
        """Refuse to order what statements bill."""
        self._bitpaket_refuse()
        return super().create_sale_order()

    def action_start_subscription(self):
        """Refuse to start what an account starts."""
        self._bitpaket_refuse()
        return super().action_start_subscription()

    def close_subscription(self, close_reason_id=False):
        """Refuse to close what an account cancels."""
        self._bitpaket_refuse()
        return super().close_subscription(close_reason_id)

    def _bitpaket_refuse(self):
        managed = self.filtered("bitpaket_account_id")
        if managed:
            raise UserError(
                self.env._(
                    "%(subscription)s is billed with the usage of “%(account)s”: "
                    "change its plan there.",
                    subscription=managed[0].display_name,
                    account=managed[0].bitpaket_account_id.name,
                )
            )

    # === FOLLOWING THE PHASES === #

    @api.model
    def _bitpaket_stage(self, kind):
        return self.env["sale.subscription.stage"].search(
            [("type", "=", kind)], limit=1
        )

    def _bitpaket_follow(self):
        """Tell what the phases say today: plan, price, state and the next period."""
        today = fields.Date.today()
        for subscription in self.with_context(bitpaket_following=True):
            account = subscription.bitpaket_account_id
            day = max(today, account.date_start)
            phase = account._phase_on(day)
            last = account._timeline().phases[-1]
            mine = phase.subscription_id == subscription
            ended = not mine or (
                not phase.plan_id and not phase.is_paused and last.plan is None
            )
            plan = phase.plan_id if mine else phase.browse().plan_id
            state = "ended" if ended else "paused" if phase.is_paused else "active"
            if phase.is_trial and not ended:
                state = "trial"
            following = account._period_end(day)
            if day > today and not ended:
                state, following = "future", day
            values = {
                "bitpaket_state": state,
                "is_paused": state == "paused",
                "in_progress": not ended,
                "recurring_next_date": False if ended else following,
                "bitpaket_term_start": account._term_start() if mine else False,
            }
            if plan:
                values |= {
                    "template_id": plan.id,
                    "bitpaket_interval": phase.interval,
                    "bitpaket_amount": phase.amount,
                }
            changes = {
                name: value
                for name, value in values.items()
                if subscription._fields[name].convert_to_write(
                    subscription[name], subscription
                )
                != value
            }
            subscription.write(changes)
            stage = self._bitpaket_stage("post" if ended else "in_progress")
            if subscription.stage_id != stage:
                # The module would begin the subscription anew.
                start = subscription.date_start
                subscription.stage_id = stage
                subscription.write(
                    {
                        "date_start": start,
                        "recurring_next_date": values["recurring_next_date"],
                    }
                )

    @api.model
    def _bitpaket_follow_all(self):
        """Follow the phases of all subscriptions whose period has ended."""
        self.search(
            [
                ("bitpaket_account_id", "!=", False),
                ("bitpaket_state", "!=", "ended"),
                ("recurring_next_date", "<=", fields.Date.today()),
            ]
        )._bitpaket_follow()


class SaleSubscriptionLine(models.Model):
    _inherit = "sale.subscription.line"

    # The module looks for lines by their subscription, without an index.
    sale_subscription_id = fields.Many2one(index=True)
