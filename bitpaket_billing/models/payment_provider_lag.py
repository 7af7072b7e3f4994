import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from .bitpaket_fastspring_event import HANDLERS

_logger = logging.getLogger(__name__)

RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


class PaymentProvider(models.Model):
    """What FastSpring told last, what it holds back, and what was set up there."""

    _inherit = "payment.provider"

    fastspring_connected = fields.Datetime(
        string="Connection tested",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )
    fastspring_webhook_events = fields.Text(
        string="Events to send",
        compute="_compute_fastspring_webhook_events",
        groups="base.group_system",
    )
    fastspring_last_webhook = fields.Datetime(
        string="Last webhook",
        compute="_compute_fastspring_last_webhook",
        groups="base.group_system",
    )
    fastspring_fetched = fields.Datetime(
        string="FastSpring asked",
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="When Odoo last asked FastSpring for events that no webhook brought. It "
        "asks every few minutes.",
    )
    fastspring_unprocessed = fields.Integer(
        string="Waited there",
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="How many events waited at FastSpring when it was last asked. They were "
        "fetched; none waits where webhooks work.",
    )
    fastspring_unprocessed_since = fields.Datetime(
        string="The oldest since",
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="When the oldest of the events happened that waited at FastSpring.",
    )
    fastspring_no_answer = fields.Text(
        string="Cannot be asked", readonly=True, copy=False, groups="base.group_system"
    )
    fastspring_no_answer_since = fields.Datetime(
        string="Cannot be asked since",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )

    # === COMPUTE METHODS === #

    def _compute_fastspring_webhook_events(self):
        for provider in self:
            provider.fastspring_webhook_events = (
                "\n".join(sorted(HANDLERS)) if provider.code == "fastspring" else False
            )

    def _compute_fastspring_last_webhook(self):
        events = self.env["bitpaket.fastspring.event"].sudo()
        for provider in self:
            last = provider.code == "fastspring" and events.search(
                [("provider_id", "=", provider._origin.id), ("fetched", "!=", True)],
                order="received desc",
                limit=1,
            )
            provider.fastspring_last_webhook = last and last.received

    @api.depends("fastspring_connected")
    def _compute_fastspring_missing(self):
        super()._compute_fastspring_missing()

    # === CRUD METHODS === #

    def write(self, vals):
        """Forget that the connection worked, once it is another one."""
        connection = {
            "fastspring_store",
            "fastspring_checkout",
            "fastspring_product",
            "fastspring_username",
            "fastspring_password",
            "fastspring_sessions_api",
        }
        if connection & vals.keys():
            vals = {"fastspring_connected": False, **vals}
        return super().write(vals)

    # === ACTION METHODS === #

    def action_fastspring_test_connection(self):
        """Remember when the connection worked."""
        self.check_access("write")
        action = super().action_fastspring_test_connection()
        self.sudo().fastspring_connected = fields.Datetime.now()
        return {**action, "params": {**action["params"], "next": RELOAD}}

    def action_fastspring_new_secret(self):
        """Replace the webhook's secret, for when somebody else may know it."""
        self.check_access("write")
        self.fastspring_webhook_secret = False

    def action_fastspring_fetch(self):
        """Ask FastSpring now for the events that no webhook brought.

        :return: A notification with the result in words.
        :rtype: dict
        :raise UserError: If it cannot be asked yet.
        """
        self.ensure_one()
        self.check_access("write")
        if missing := self._fastspring_find_empty_fields():
            raise UserError("\n".join(missing))
        events, provider_sudo = self.env["bitpaket.fastspring.event"], self.sudo()
        stored = events.sudo()._fetch(provider_sudo)
        self.env.cr.postcommit.add(lambda: events.sudo()._mark(provider_sudo, stored))
        if self.fastspring_no_answer:
            kind, message = "danger", self.fastspring_no_answer
        elif self.fastspring_unprocessed:
            kind = "warning"
            message = self.env._(
                "%s events waited at FastSpring. They are here now.",
                self.fastspring_unprocessed,
            )
        else:
            kind = "success"
            message = self.env._("Nothing waits at FastSpring.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": kind, "message": message, "next": RELOAD},
        }

    # === BUSINESS METHODS === #

    def _fastspring_note_lag(self, events):
        """Remember what FastSpring had not delivered, now that it was asked.

        :param events: The events that it listed.
        """
        moments = [event.created for event in events if event.created]
        oldest = min(moments, default=None)
        self.sudo().write(
            {
                "fastspring_fetched": fields.Datetime.now(),
                "fastspring_unprocessed": len(events),
                "fastspring_unprocessed_since": oldest and oldest.replace(tzinfo=None),
                "fastspring_no_answer": False,
                "fastspring_no_answer_since": False,
            }
        )

    def _fastspring_note_no_answer(self, error):
        """Remember why and since when FastSpring cannot be asked.

        :param FastSpringError error: What the client raised.
        """
        words = self._fastspring_explain_error(error)
        _logger.warning(
            "Events of provider %s could not be fetched: %s", self.id, words
        )
        provider_sudo = self.sudo()
        provider_sudo.write(
            {
                "fastspring_no_answer": words,
                "fastspring_no_answer_since": provider_sudo.fastspring_no_answer_since
                or fields.Datetime.now(),
            }
        )

    def _fastspring_find_missing(self):
        """Add what can only be known once it was tried.

        :rtype: list[str]
        """
        missing = super()._fastspring_find_missing()
        if self._fastspring_find_empty_fields() or self.state == "disabled":
            return missing
        if not self.fastspring_connected:
            missing.append(self.env._("Test the connection."))
        if not self.fastspring_last_webhook:
            missing.append(
                self.env._(
                    "Add the webhook at FastSpring, and make a test order: no webhook "
                    "was received yet."
                )
            )
        return missing
