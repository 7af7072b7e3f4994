"""What a person decides about a statement before it is invoiced: hold it, skip it."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    run_id = fields.Many2one(
        "bitpaket.billing.run",
        string="Billing run",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
    )
    held = fields.Boolean(
        readonly=True, tracking=True, help="Not invoiced until somebody releases it."
    )
    reason = fields.Char(string="Held or skipped because", readonly=True, tracking=True)
    reason_user_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    stock_reason = fields.Char(
        string="Stock path because",
        readonly=True,
        help="Why the invoice was made by Odoo's own, slower path.",
    )

    _due = models.Index(
        "(company_id, period_end, id) WHERE state IN ('closed', 'error')"
    )
    _run_state = models.Index("(run_id, state)")

    # === ACTION METHODS === #

    def action_retry(self):
        """Try failed statements again now."""
        failed = self._of_billing_users("error")
        failed.next_retry = fields.Datetime.now()
        failed.run_id._wake_workers()

    def action_hold(self):
        """Ask why, and hold these statements."""
        return self._ask_reason("hold")

    def action_skip(self):
        """Ask why, and skip these statements."""
        return self._ask_reason("skip")

    def action_release(self):
        """Have held statements invoiced."""
        held = self._of_billing_users("closed", "error").filtered("held")
        held.write({"held": False, "reason": False, "reason_user_id": False})
        held.run_id._reopen()

    def action_unskip(self):
        """Have skipped statements invoiced after all."""
        self._check_manager()
        skipped = self._of_billing_users("skipped")
        skipped.write({"state": "closed", "reason": False, "reason_user_id": False})
        skipped.run_id._reopen()

    def _ask_reason(self, decision):
        return self.env["bitpaket.billing.reason"]._ask(decision, self)

    def _hold(self, reason):
        """Keep these statements from being invoiced until they are released."""
        self._of_billing_users("closed", "error").write(
            {"held": True, "reason": reason, "reason_user_id": self.env.uid}
        )

    def _skip(self, reason):
        """Make these statements final without an invoice; what was used stays free."""
        self._check_manager()
        skipped = self._of_billing_users("closed", "error")
        skipped.write(
            {
                "state": "skipped",
                "held": False,
                "reason": reason,
                "reason_user_id": self.env.uid,
                "message": self.env._("Skipped, so there is no invoice: %s", reason),
                "next_retry": False,
            }
        )
        skipped.run_id._reopen()  # it may have waited for nothing else

    def _check_manager(self):
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(
                self.env._("Only billing managers decide that a month stays unbilled.")
            )

    def _of_billing_users(self, *states):
        """Lock these statements, and return those in a state, with all rights.

        :raise AccessError: when the user is no billing user, or may not see them
        """
        if not self.env.user.has_group("bitpaket_billing.group_billing_user"):
            raise AccessError(
                self.env._("Only billing users decide what becomes of a statement.")
            )
        self.check_access("read")
        if len(self.try_lock_for_update(allow_referencing=True)) < len(self):
            raise UserError(
                self.env._("A worker has just begun to invoice some of these accounts.")
            )
        self.invalidate_recordset(["state"])
        return self.sudo().filtered(lambda statement: statement.state in states)
