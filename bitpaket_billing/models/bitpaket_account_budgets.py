"""Budgets of an account, and whether it may keep running."""

from odoo import api, fields, models


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    budget_ids = fields.One2many("bitpaket.budget", "account_id", string="Budgets")
    has_hard_cap = fields.Boolean(
        compute="_compute_has_hard_cap",
        store=True,
        help="A budget stops this account at its limit, so there is more to look for.",
    )
    cap_alert_id = fields.Many2one(
        "bitpaket.budget.alert",
        string="Stopped by",
        compute="_compute_cap_alert_id",
        help="The hard cap that stops this account in the running period.",
    )
    cap_budget_id = fields.Many2one("bitpaket.budget", compute="_compute_cap_alert_id")
    cap_until = fields.Date(compute="_compute_cap_alert_id")

    # === COMPUTE METHODS === #

    @api.depends("budget_ids.hard_cap", "budget_ids.active")
    def _compute_has_hard_cap(self):
        for account in self:
            account.has_hard_cap = any(
                budget.hard_cap and budget.active for budget in account.budget_ids
            )

    @api.depends("budget_ids.hard_cap", "budget_ids.alert_ids.lifted_at")
    def _compute_cap_alert_id(self):
        caps = self._find_caps()
        for account in self:
            account.cap_alert_id = cap = caps.get(account.id)
            account.cap_budget_id = cap and cap.budget_id
            account.cap_until = cap and cap.period_end

    # === BUSINESS METHODS === #

    def _find_caps(self):
        """Return the hard caps that stop these accounts today, by one query.

        :return: the first `bitpaket.budget.alert`, by account id
        :rtype: dict
        """
        stopping = self.filtered("has_hard_cap")
        if not stopping:
            return {}
        alerts = self.env["bitpaket.budget.alert"].sudo()
        today = fields.Date.today()
        found = alerts.search(
            [
                ("account_id", "in", stopping.ids),
                ("basis", "=", "cap"),
                ("lifted_at", "=", False),
                ("period_start", "<=", today),
                ("period_end", ">", today),
            ],
            order="id",
        )
        return {
            account.id: some[:1]
            for account, some in found.grouped("account_id").items()
        }

    def _budget_contacts(self):
        """Return who can be told of budgets: contacts of the customer, and logins."""
        self.ensure_one()
        account = self.sudo()
        logins = account.member_ids.user_id.partner_id
        return account.env["res.partner"].search(
            [
                ("email", "!=", False),
                "|",
                ("id", "child_of", account.partner_id.commercial_partner_id.id),
                ("id", "in", logins.ids),
            ]
        )

    def _control_plane_answer(self):
        """Tell a program whether BitPaket may serve this account, and if not, why.

        :return: what can be written as JSON: state, may_run, reasons and cap
        :rtype: dict
        """
        self.ensure_one()
        # Reporters read accounts, but no budgets.
        cap = self._find_caps().get(self.id)
        reasons = []
        if self.state == "suspended":
            reasons.append(("suspended", "Invoices are unpaid."))
        if self.state == "closed":
            reasons.append(("closed", "The account is closed."))
        if cap:
            reasons.append(("budget_cap", "The customer's hard cap is reached."))
        return {
            "state": self.state,
            "may_run": not reasons,
            "reasons": [
                {"code": code, "message": message} for code, message in reasons
            ],
            "cap": cap and cap._control_plane_answer() or None,
        }
