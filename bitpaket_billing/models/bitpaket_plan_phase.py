from odoo import api, fields, models

from .. import rating
from ..tools import exact, period_label
from .bitpaket_plan_price import plan_price_text

MONTHS = {"month": 1, "year": 12}


class BitpaketPlanPhase(models.Model):
    """From a day on, an account is on a plan, at a price; or it pays as it goes.

    A phase ends where the next one of its account begins. What replaced it keeps it,
    archived.
    """

    _name = "bitpaket.plan.phase"
    _description = "Phase of a Subscription"
    _order = "account_id, date_start desc, id desc"
    _rec_name = "plan_id"
    _check_company_auto = True

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    partner_id = fields.Many2one(related="account_id.partner_id")
    subscription_id = fields.Many2one(
        "sale.subscription",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    change_id = fields.Many2one(
        "bitpaket.plan.change",
        string="Begun by",
        required=True,
        ondelete="restrict",
        index=True,
        readonly=True,
    )
    ended_by_id = fields.Many2one(
        "bitpaket.plan.change",
        string="Replaced by",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    active = fields.Boolean(default=True, readonly=True)
    date_start = fields.Date(
        string="From", required=True, readonly=True, help="First day, in UTC."
    )
    anchor = fields.Date(
        required=True,
        readonly=True,
        help="Day that the periods are counted from: on the 31st, a period ends on the "
        "last day of a short month.",
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="None: pay-as-you-go.",
    )
    interval = fields.Selection(
        [("month", "Month"), ("year", "Year")], string="Paid per", readonly=True
    )
    currency_id = fields.Many2one(related="account_id.currency_id")
    amount = fields.Monetary(
        string="Price", readonly=True, help="Per month or year, before tax."
    )
    is_trial = fields.Boolean(string="Trial", readonly=True)
    is_paused = fields.Boolean(string="Paused", readonly=True)
    apart = fields.Boolean(
        string="First fee charged apart",
        readonly=True,
        help="It was charged when the phase began, not with the period before.",
    )

    # No day of an account is in two phases, whoever changes them at once.
    _start_uniq = models.UniqueIndex(
        "(account_id, date_start) WHERE active",
        "Another change of this account's plan begins on the same day.",
    )
    _anchored = models.Constraint(
        "CHECK (anchor <= date_start)", "A phase begins on or after its anchor."
    )
    _priced = models.Constraint(
        "CHECK (plan_id IS NULL OR (interval IS NOT NULL AND amount >= 0))",
        "A plan has a price per month or year.",
    )

    @api.depends("plan_id", "date_start")
    def _compute_display_name(self):
        for phase in self:
            phase.display_name = phase.plan_id.display_name or self.env._(
                "Pay-as-you-go"
            )

    def _plan_key(self):
        """Return what the rating core knows the plan by; None: pay-as-you-go.

        :rtype: str | None
        """
        return self.plan_id._bitpaket_key() if self.plan_id else None

    def _to_rating(self):
        """Return a phase as the rating core knows it.

        :rtype: rating.Phase
        """
        self.ensure_one()
        return rating.Phase(
            self.date_start,
            self.anchor,
            self._plan_key(),
            exact(self.amount),
            MONTHS.get(self.interval, 1),
            self.apart,
            str(self.id),
        )

    def _fee_name(self, fee):
        """Return what a fee is for, in the language of the context.

        :param fee: `rating.Fee`, or the `rating.Line` of one
        :rtype: str
        """
        self.ensure_one()
        facts = {
            "plan": self.plan_id.name,
            "period": period_label(self.env, fee.start, fee.end),
        }
        if fee.note == "unused":
            return self.env._("Plan %(plan)s, unused rest, %(period)s", **facts)
        return self.env._("Plan %(plan)s, %(period)s", **facts)

    def _price_text(self):
        """Return what the plan costs in this phase; empty: it is pay-as-you-go.

        :rtype: str
        """
        self.ensure_one()
        return plan_price_text(self) if self.plan_id else ""

    def _paid_fees(self):
        """Return the fees that were charged for this phase.

        What was credited of them, and what coupons took off, is taken out.

        :return: `rating.PaidFee` records by usage line
        :rtype: dict
        """
        lines = (
            self.env["bitpaket.usage.line"]
            .sudo()
            .search(
                [
                    ("phase_id", "in", self.ids),
                    ("type", "=", "fee"),
                    ("amount", ">", 0),
                ]
            )
        )
        return {line: line._paid_fee() for line in lines}
