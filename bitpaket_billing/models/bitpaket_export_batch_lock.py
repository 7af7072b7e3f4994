from odoo import fields, models
from odoo.exceptions import AccessError


class BitpaketExportBatch(models.Model):
    """Proposes to close what was handed over."""

    _inherit = "bitpaket.export.batch"

    def _compute_can_propose_lock(self):
        allowed = self.env.user.has_group("account.group_account_manager")
        for batch in self:
            locked = batch.company_id.sudo().fiscalyear_lock_date
            batch.can_propose_lock = (
                allowed
                and batch.state == "confirmed"
                and not (locked and locked >= batch._last_day())
            )

    def action_lock_period(self):
        """Lock the company's books until the end of what was exported.

        The lock can be moved back, or excepted, by Odoo's own means; the hard lock,
        which cannot, is left alone.

        :raise AccessError: for all but accounting's administrators
        """
        for batch in self._asked(("confirmed",)):
            if not self.env.user.has_group("account.group_account_manager"):
                raise AccessError(
                    self.env._("Only an accounting administrator locks periods.")
                )
            day = batch._last_day()
            company = batch.company_id
            if not company.fiscalyear_lock_date or company.fiscalyear_lock_date < day:
                company.fiscalyear_lock_date = day
                batch.message_post(
                    body=self.env._("The books are locked until %s.", day)
                )

    def _last_day(self):
        return fields.Date.subtract(self.date_end, days=1)
