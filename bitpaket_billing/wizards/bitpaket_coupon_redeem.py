from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class BitpaketCouponRedeem(models.TransientModel):
    """Redeems a coupon for a customer, by a code or without one."""

    _name = "bitpaket.coupon.redeem"
    _description = "Redeem a Coupon for a Customer"

    account_id = fields.Many2one("bitpaket.account", required=True)
    company_id = fields.Many2one(related="account_id.company_id")
    coupon_id = fields.Many2one(
        "bitpaket.coupon",
        domain="[('company_id', '=', company_id)] if company_id else []",
    )
    code = fields.Char(help="The customer's code, if there is one.")
    summary = fields.Char(string="It gives", compute="_compute_summary")

    @api.depends("coupon_id", "account_id")
    def _compute_summary(self):
        for wizard in self:
            wizard.summary = wizard.coupon_id and wizard.coupon_id._gives_words(
                wizard.account_id.currency_id or None
            )

    def action_redeem(self):
        """Redeem it and show what came of it."""
        self.ensure_one()
        if not self.env.user.has_group("bitpaket_billing.group_billing_user"):
            raise AccessError(
                self.env._("Only billing users redeem coupons for customers.")
            )
        self.account_id.check_access("read")
        account = self.account_id.sudo()
        coupons = self.env["bitpaket.coupon"].sudo()
        if self.code:
            redemption = coupons._redeem_code(account, self.code)
            if self.coupon_id and redemption.coupon_id != self.coupon_id:
                raise UserError(
                    self.env._("This is a code of “%s”.", redemption.coupon_id.name)
                )
        elif self.coupon_id:
            self.coupon_id.check_access("read")
            if self.coupon_id.company_id != account.company_id:
                raise UserError(
                    self.env._("The coupon and the account are of two companies.")
                )
            redemption = self.coupon_id.sudo()._redeem(account)
        else:
            raise UserError(self.env._("Choose a coupon, or type a code."))
        return redemption.with_env(self.env).get_formview_action()
