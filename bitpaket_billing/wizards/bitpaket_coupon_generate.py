from odoo import fields, models
from odoo.exceptions import UserError


class BitpaketCouponGenerate(models.TransientModel):
    """Makes the codes of a coupon: one for everybody, or one for each customer."""

    _name = "bitpaket.coupon.generate"
    _description = "Make Codes of a Coupon"

    coupon_id = fields.Many2one("bitpaket.coupon", required=True, readonly=True)
    summary = fields.Char(related="coupon_id.summary")
    kind = fields.Selection(
        [
            ("many", "Many codes, each for one redemption"),
            ("shared", "One code that many share"),
        ],
        required=True,
        default="many",
    )
    count = fields.Integer(string="How many", default=100)
    prefix = fields.Char(help="What each code begins with, for example SPRING.")
    code = fields.Char(
        help="Letters A to Z and digits, easy to remember, for example WELCOME20.",
    )

    def action_generate(self):
        """Make the codes and show them."""
        self.ensure_one()
        codes = self.env["bitpaket.coupon.code"]
        if self.kind == "shared":
            if not self.code:
                raise UserError(self.env._("Type the code that customers share."))
            codes.create(
                {
                    "coupon_id": self.coupon_id.id,
                    "name": self.code,
                    "max_redemptions": 0,
                }
            )
        else:
            codes._generate(self.coupon_id, self.count, self.prefix or "")
        return self.coupon_id.action_open_codes()
