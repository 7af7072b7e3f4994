from odoo import api, fields, models
from odoo.tools import format_datetime

from .. import rating
from ..tools import exact, period_label

#: Why a cap does not hold any more.
LIFTED = [
    ("limit", "The limit was changed"),
    ("removed", "The cap was removed"),
    ("corrected", "Usage was corrected"),
    ("period", "The next period began"),
]


class BitpaketBudgetAlert(models.Model):
    """A threshold of a budget that was reached in a period, and told once."""

    _name = "bitpaket.budget.alert"
    _description = "Budget Alert"
    _order = "id desc"

    budget_id = fields.Many2one(
        "bitpaket.budget",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    account_id = fields.Many2one(
        related="budget_id.account_id", store=True, precompute=True
    )
    company_id = fields.Many2one(
        related="budget_id.company_id", store=True, index=True, precompute=True
    )
    basis = fields.Selection(
        [
            ("used", "Used"),
            ("forecast", "Forecast"),
            ("cap", "Stopped at the limit"),
        ],
        required=True,
        readonly=True,
    )
    threshold = fields.Integer(
        string="Threshold (%)", required=True, readonly=True, aggregator=None
    )
    period_start = fields.Date(required=True, readonly=True)
    period_end = fields.Date(required=True, readonly=True)
    limit = fields.Float(digits=0, required=True, readonly=True, aggregator=None)
    value = fields.Float(
        digits=0,
        required=True,
        readonly=True,
        aggregator=None,
        help="What was used, or is expected, when the threshold was reached.",
    )
    time = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    usage_until = fields.Datetime(
        string="Newest usage",
        readonly=True,
        help="When the newest usage happened that was counted (UTC).",
    )
    lifted_at = fields.Datetime(
        string="No longer holds since",
        readonly=True,
        help="Of a threshold: since the limit was changed.",
    )
    lifted_by = fields.Selection(LIFTED, string="Why no longer", readonly=True)

    _once = models.UniqueIndex(
        "(budget_id, period_start, threshold, basis) WHERE lifted_at IS NULL",
        "This threshold was told already.",
    )
    _caps = models.Index("(account_id) WHERE basis = 'cap' AND lifted_at IS NULL")

    # === BUSINESS METHODS === #

    def _active_caps(self):
        """Return the caps that stop their accounts today.

        Whether somebody has noticed that a period ended does not matter.
        """
        today = fields.Date.today()
        return self.filtered(
            lambda alert: (
                alert.basis == "cap"
                and not alert.lifted_at
                and alert.period_start <= today < alert.period_end
            )
        )

    def _forget_of_other_limit(self):
        """Tell thresholds again that were reached under a limit that was changed.

        What still is beyond the new limit was told.
        """
        for alert in self.filtered(
            lambda one: one.basis != "cap" and not one.lifted_at
        ):
            budget = alert.budget_id
            latest = budget.forecast if alert.basis == "forecast" else budget.value
            if not rating.passed(exact(latest), budget._limit(), [alert.threshold]):
                alert.write({"lifted_at": fields.Datetime.now(), "lifted_by": "limit"})

    def _lift(self, reason):
        """End caps, and tell it on the account and by e-mail.

        :param str reason: of `lifted_by`
        """
        for cap in self:
            cap.write({"lifted_at": fields.Datetime.now(), "lifted_by": reason})
            cap._note()
            cap._mail()

    def _control_plane_answer(self):
        """Return what a program wants to know of a cap, as JSON can have it.

        :rtype: dict
        """
        self.ensure_one()
        digits = self.budget_id.currency_id.decimal_places
        return {
            "limit": f"{exact(self.budget_id.amount):.{digits}f}",
            "currency": self.budget_id.currency_id.name,
            "reached_at": f"{self.time.isoformat()}Z",
            "until": str(self.period_end),
        }

    # --- telling

    def _note(self):
        """Write on the account that it stopped at its limit, or runs again.

        In the language of the company, whoever the customer is that caused it.
        """
        self.ensure_one()
        self = self.with_context(lang=self.company_id.partner_id.lang)
        budget = self.budget_id
        words = {"budget": budget.name, "limit": budget._words(self.limit)}
        if self.lifted_by:
            body = self.env._(
                "The account may run again: the hard cap of the budget “%(budget)s” "
                "(%(limit)s) was lifted. %(reason)s.",
                **words,
                reason=self._lifted_words(),
            )
        else:
            body = self.env._(
                "The account is stopped: the hard cap of the budget “%(budget)s” "
                "(%(limit)s) is reached. Used so far: %(value)s.",
                **words,
                value=self._value_words(),
            )
        self.account_id.message_post(body=body)

    def _mail(self):
        """Put an e-mail to each recipient into the mail queue, in their language."""
        self.ensure_one()
        template = self.env.ref(
            "bitpaket_billing.mail_template_budget_alert", raise_if_not_found=False
        )
        if not template:
            return
        budget = self.budget_id
        for partner in budget.partner_ids or self.account_id.partner_id:
            if partner.email:
                template.with_context(bitpaket_recipient=partner.id).send_mail(
                    self.id, email_values={"recipient_ids": [(4, partner.id)]}
                )

    @api.model
    def _recipient(self):
        """Return whom an e-mail that is being made goes to."""
        return self.env["res.partner"].browse(
            self.env.context.get("bitpaket_recipient")
        )

    def _limit_words(self):
        """Return the limit that was reached; of a lifted cap, what it is now."""
        budget = self.budget_id
        return budget._words(budget._limit() if self.lifted_by else self.limit)

    def _value_words(self):
        return self.budget_id._words(self.value)

    def _period_words(self):
        return period_label(self.env, self.period_start, self.period_end)

    def _usage_until_words(self):
        """Return until when usage was counted, or that there is none."""
        if not self.usage_until:
            return self.env._("nothing was reported yet")
        return self.env._(
            "%s (UTC)", format_datetime(self.env, self.usage_until, tz="UTC")
        )

    def _headline(self):
        """Return in a sentence what happened."""
        words = {
            "budget": self.budget_id.name,
            "percent": self.threshold,
            "account": self.account_id.name,
        }
        if self.lifted_by:
            return self.env._(
                "%(account)s runs again: the cap of “%(budget)s” is lifted", **words
            )
        if self.basis == "cap":
            return self.env._(
                "%(account)s is stopped: the budget “%(budget)s” is used up", **words
            )
        if self.basis == "forecast":
            return self.env._(
                "%(account)s: forecast to reach %(percent)s %% of the budget "
                "“%(budget)s”",
                **words,
            )
        return self.env._(
            "%(account)s: %(percent)s %% of the budget “%(budget)s” is used", **words
        )

    def _lifted_words(self):
        """Return why the account runs again."""
        labels = dict(self._fields["lifted_by"]._description_selection(self.env))
        return labels.get(self.lifted_by)
