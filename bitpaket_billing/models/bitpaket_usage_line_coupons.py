"""The lines of coupons: what of their uses follows them, and how they are shown."""

from odoo import api, fields, models


class BitpaketUsageLine(models.Model):
    _inherit = "bitpaket.usage.line"

    redemption_id = fields.Many2one(
        "bitpaket.coupon.redemption",
        string="Coupon",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="What gave this discount, or that of which this credits something.",
    )

    @api.model
    def _insert(self, vals_list):
        """Note what coupons were used, and given back."""
        lines = super()._insert(vals_list)
        touched = {
            vals["statement_id"]
            for vals in vals_list
            if vals.get("redemption_id") or vals["type"] == "credit"
        }
        if touched:
            self.env["bitpaket.coupon.use"]._follow(touched)
        return lines

    def unlink(self):
        """Give back what coupons were used."""
        touched = self.filtered("redemption_id").statement_id.ids
        result = super().unlink()
        if touched:
            self.env["bitpaket.coupon.use"]._follow(touched)
        return result

    def _grouped_to_show(self):
        """Return these lines by kind; plans first, those of coupons at the end.

        :rtype: dict[str | bool, recordset]
        """
        groups = self.sorted(lambda line: not line.phase_id).grouped(
            lambda line: "coupon"
            if line.redemption_id
            else "plan"
            if line.phase_id
            else line.kind
        )
        if "coupon" in groups:
            groups["coupon"] = groups.pop("coupon")
        return groups
