from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.ir_http import MONITOR_SCOPE, USAGE_SCOPE

#: What a key is for, and the group of users that may have one.
GROUPS = {
    USAGE_SCOPE: "bitpaket_billing.group_usage_reporter",
    MONITOR_SCOPE: "bitpaket_billing.group_monitor",
}


class BitpaketUsageKey(models.TransientModel):
    """Makes an API key that can do one thing and nothing else."""

    _name = "bitpaket.usage.key"
    _description = "New Key"

    name = fields.Char(string="Purpose", required=True, default="Control plane")
    scope = fields.Selection(
        [
            (USAGE_SCOPE, "Report usage"),
            (MONITOR_SCOPE, "Read health and metrics"),
        ],
        string="It can",
        required=True,
        default=USAGE_SCOPE,
    )
    group_id = fields.Many2one("res.groups", compute="_compute_group_id")
    user_id = fields.Many2one(
        "res.users",
        string="User",
        required=True,
        domain="[('all_group_ids', 'in', group_id)]",
        help="What is done with the key is done in this user's name. Usage is reported "
        "for the accounts of its companies.",
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

    @api.depends("scope")
    def _compute_group_id(self):
        for wizard in self:
            wizard.group_id = self.env.ref(GROUPS[wizard.scope or USAGE_SCOPE])

    def action_make_key(self):
        """Make the key and show it, once."""
        self.ensure_one()
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers make usage keys."))
        key = self._make_key(self.user_id, self.name, self.expiration, self.scope)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New key"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (self.env.ref("bitpaket_billing.bitpaket_usage_key_shown").id, "form")
            ],
            "target": "new",
            "context": {"bitpaket_new_key": key},
        }

    def _make_key(self, user, name, expiration, scope=USAGE_SCOPE):
        """Return a new key of a user.

        :param user: a `res.users` record
        :param str name: purpose, shown in the user's list of keys
        :param date expiration: last day
        :param str scope: what it can do
        :rtype: str
        """
        if not user.has_group(GROUPS[scope]):
            raise UserError(
                self.env._(
                    "%(user)s may not have such a key: give the user the role "
                    "%(role)s first.",
                    user=user.name,
                    role=self.env.ref(GROUPS[scope]).sudo().name,
                )
            )
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, name, fields.Datetime.to_datetime(expiration))
