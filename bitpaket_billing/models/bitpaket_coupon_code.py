import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import rating
from ..tools import csv_file

#: Codes made at once: a file of them is still read by a person.
MOST_CODES = 50_000
LONGEST_PREFIX = rating.codes.LONGEST - rating.codes.BODY


class BitpaketCouponCode(models.Model):
    """What a customer types to redeem a coupon."""

    _name = "bitpaket.coupon.code"
    _description = "Coupon Code"
    _order = "id desc"

    coupon_id = fields.Many2one(
        "bitpaket.coupon", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="coupon_id.company_id", store=True)
    name = fields.Char(
        string="Code",
        required=True,
        help="Letters and digits; capitals, spaces and hyphens make no difference.",
    )
    shown = fields.Char(
        string="As shown", compute="_compute_shown", help="As customers get it."
    )
    active = fields.Boolean(default=True)
    max_redemptions = fields.Integer(
        string="Redemptions at most",
        default=1,
        help="0: as often as the coupon allows, for a code that many share.",
    )
    account_id = fields.Many2one(
        "bitpaket.account",
        string="Only for",
        ondelete="restrict",
        index="btree_not_null",
        help="Nobody else learns that this code exists.",
    )
    redemption_ids = fields.One2many("bitpaket.coupon.redemption", "code_id")
    redemption_count = fields.Integer(
        string="Redeemed", compute="_compute_redemption_count"
    )

    _name_uniq = models.Constraint(
        "unique (company_id, name)", "There is such a code already."
    )
    _limit_positive = models.Constraint(
        "CHECK (max_redemptions >= 0)", "A limit cannot be negative."
    )

    @api.depends("name")
    def _compute_shown(self):
        for code in self:
            code.shown = rating.display_code(code.name or "")

    @api.depends("shown")
    def _compute_display_name(self):
        for code in self:
            code.display_name = code.shown

    @api.depends("redemption_ids")
    def _compute_redemption_count(self):
        counts = dict(
            self.env["bitpaket.coupon.redemption"]._read_group(
                [("code_id", "in", self.ids)], ["code_id"], ["__count"]
            )
        )
        for code in self:
            code.redemption_count = counts.get(code, 0)

    @api.constrains("name")
    def _check_name(self):
        for code in self:
            if len(code.name) < 4:
                raise ValidationError(
                    self.env._(
                        "A code needs at least 4 letters (A to Z) or digits: it would "
                        "be guessed too soon."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Store codes as they are compared."""
        return super().create([self._normalized(vals) for vals in vals_list])

    def write(self, vals):
        """Store codes as they are compared; those that were redeemed stay."""
        vals = self._normalized(vals)
        if {"name", "coupon_id"} & set(vals):
            for code in self.filtered("redemption_ids"):
                if code.name != vals.get("name", code.name) or "coupon_id" in vals:
                    raise UserError(
                        self.env._("%s was redeemed, so it stays.", code.shown)
                    )
        return super().write(vals)

    @api.model
    def _normalized(self, vals):
        if not vals.get("name"):
            return vals
        return {**vals, "name": rating.normalize_code(vals["name"])}

    @api.model
    def _find(self, company, text):
        """Return the code that somebody typed, if there is one.

        :param company: whose coupons count
        :param str text: what was typed
        """
        return self.search(
            [
                ("company_id", "=", company.id),
                ("name", "=", rating.normalize_code(text)),
            ],
            limit=1,
        )

    @api.model
    def _generate(self, coupon, count, prefix="", max_redemptions=1):
        """Make new codes of a coupon.

        :param int count: how many
        :param str prefix: what they begin with
        :param int max_redemptions: of each; 0: no limit
        :return: the codes
        """
        prefix = rating.normalize_code(prefix)
        if len(prefix) > LONGEST_PREFIX:
            raise UserError(
                self.env._("A prefix has at most %s characters.", LONGEST_PREFIX)
            )
        if not 0 < count <= MOST_CODES:
            raise UserError(
                self.env._("Make between 1 and %s codes at once.", f"{MOST_CODES:,}")
            )
        names = set()
        while len(names) < count:
            names.add(rating.make_code(prefix, secrets.choice))
        return self.create(
            [
                {
                    "coupon_id": coupon.id,
                    "name": name,
                    "max_redemptions": max_redemptions,
                }
                for name in sorted(names)
            ]
        )

    def _csv(self):
        """Return these codes as a file.

        :rtype: bytes
        """
        titles = (
            self.env._("Code"),
            self.env._("Coupon"),
            self.env._("It gives"),
            self.env._("Only for"),
            self.env._("Redemptions at most"),
            self.env._("Redeemed"),
            self.env._("Redeemable until"),
        )
        return csv_file(
            [
                titles,
                *(
                    (
                        code.shown,
                        code.coupon_id.name,
                        code.coupon_id.summary,
                        code.account_id.reference or "",
                        code.max_redemptions or "",
                        code.redemption_count,
                        code.coupon_id.date_last or "",
                    )
                    for code in self
                ),
            ]
        )
