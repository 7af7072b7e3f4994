from odoo import fields, http
from odoo.http import request
from odoo.tools import osutil


class CouponCodes(http.Controller):
    """The codes of a coupon as a file."""

    @http.route(
        "/bitpaket/coupons/<int:coupon_id>/codes.csv",
        type="http",
        auth="user",
        readonly=True,
    )
    def coupon_codes_csv(self, coupon_id):
        """Send the codes to billing users who may see the coupon."""
        coupon = request.env["bitpaket.coupon"].browse(coupon_id)
        if not (
            request.env.user.has_group("bitpaket_billing.group_billing_user")
            and coupon.exists()
            and coupon.has_access("read")
        ):
            raise request.not_found()
        day = fields.Date.to_string(fields.Date.context_today(coupon))
        name = osutil.clean_filename(f"{coupon.name}_{day}.csv")
        return request.make_response(
            coupon.code_ids._csv(),
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )
