from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.ir_http import USAGE_SCOPE


class BitpaketUsageKey(models.TransientModel):
    """Makes an API key that can report usage and do nothing else."""

    _name = "bitpaket.usage.key"
    _description = "New Usage Key"

    name = fields.Char(string="Purpose", required=True, default="Control plane")
    user_id = fields.Many2one(
        "res.users",
        string="Reporter",
        required=True,
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("bitpaket_billing.group_usage_reporter").id,
            )
        ],
        help="Usage is reported in this user's name, for the accounts of its "
        "companies.",
    )
    expiration = fields.Date(
        string="Valid until",
        required=True,
        default=lambda self: fields.Date.today() + relativedelta(years=1),
    )
    key = fields.Char(compute="_compute_key")

    @api.depends_context("bitpaket_new_key")
    def _compute_key(self):
        """Show the new key from memory: it is never written to the database."""
        self.key = self.env.context.get("bitpaket_new_key")

    def action_make_key(self):
        """Make the key and show it, once."""
        self.ensure_one()
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers make usage keys."))
        key = self._make_key(self.user_id, self.name, self.expiration)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Usage key"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (self.env.ref("bitpaket_billing.bitpaket_usage_key_shown").id, "form")
            ],
            "target": "new",
            "context": {"bitpaket_new_key": key},
        }

    def _make_key(self, user, name, expiration):
        """Return a new key with which `user` can report usage.

        :param user: the reporter, a `res.users` record
        :param str name: purpose, shown in the user's list of keys
        :param date expiration: last day
        :rtype: str
        """
        if not user.has_group("bitpaket_billing.group_usage_reporter"):
            raise UserError(
                self.env._(
                    "%s may not report usage: give the user the role Usage reporter "
                    "first.",
                    user.name,
                )
            )
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(
            USAGE_SCOPE, name, fields.Datetime.to_datetime(expiration)
        )
