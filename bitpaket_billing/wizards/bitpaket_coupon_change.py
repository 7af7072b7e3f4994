from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class BitpaketCouponChange(models.TransientModel):
    """Revokes or extends what a customer redeemed."""

    _name = "bitpaket.coupon.change"
    _description = "Revoke or Extend a Coupon"

    redemption_id = fields.Many2one(
        "bitpaket.coupon.redemption", required=True, readonly=True
    )
    decision = fields.Selection(
        [("revoke", "Revoke"), ("extend", "Extend")], required=True, readonly=True
    )
    summary = fields.Char(related="redemption_id.summary")
    duration = fields.Selection(related="redemption_id.coupon_id.duration")
    revoked_from = fields.Date(related="redemption_id.revoked_from")
    date = fields.Date(string="From", default=fields.Date.context_today)
    invoices = fields.Integer(string="More invoices", default=1)
    date_until = fields.Date(string="Until")
    reason = fields.Char()
    effect = fields.Char(compute="_compute_effect")

    @api.depends("date", "decision")
    def _compute_effect(self):
        for wizard in self:
            wizard.effect = (
                wizard.decision == "revoke"
                and wizard.date
                and self.env._(
                    "Periods that begin on %s or later are not discounted. Invoices "
                    "that exist already stay as they are.",
                    format_date(self.env, wizard.date),
                )
            )

    def action_apply(self):
        """Revoke it, or extend it."""
        self.ensure_one()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Tell the reason."))
        if self.decision == "revoke":
            if not self.date:
                raise UserError(self.env._("Tell from when on it is revoked."))
            self.redemption_id._revoke(self.date, self.reason)
            return {"type": "ir.actions.act_window_close"}
        if self.duration == "invoices" and self.invoices < 0:
            raise UserError(self.env._("Tell how many more invoices it discounts."))
        self.redemption_id._extend(self.invoices, self.date_until, self.reason)
        return {"type": "ir.actions.act_window_close"}
