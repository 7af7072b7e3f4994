"""Finding out at FastSpring what became of a charge, before anything is tried again."""

from datetime import timedelta

from odoo import fields, models

from ..fastspring import automatic, const
from ..fastspring.errors import FastSpringError, NotFound
from .bitpaket_automatic_payment import LATER, SOON


class BitpaketAutomaticPayment(models.Model):
    _inherit = "bitpaket.automatic.payment"

    # === BEFORE A CHARGE === #

    def _check_subscription(self, client):
        """See that the subscription can be charged, and that no charge is unknown.

        :return: whether to go on; if not, what to do was written down
        :rtype: bool
        :raise FastSpringError: if FastSpring does not tell
        """
        token = self.token_id
        try:
            subscription = client.get_subscription(token.provider_ref)
        except NotFound as error:
            # Calls over the limit may be answered with 404, other ones are not.
            if error.status == 404:
                raise
            subscription = None
        if subscription is None or automatic.is_over(subscription):
            token._bitpaket_end("fastspring", at_fastspring=False)
            return False
        strangers = self._find_strangers(client)
        if not strangers:
            return True
        state, reason = self._settle_order(token, strangers[0])
        if state == "manual" and self.state == "planned":
            token.fastspring_seen_orders = [
                *(token.fastspring_seen_orders or []),
                *(order.id for order in strangers),
            ]
            self._ask_person(reason)
        return False

    def _find_strangers(self, client):
        """Return the orders of the subscription that no transaction here knows.

        :rtype: list[Order]
        :raise FastSpringError: if FastSpring does not tell
        """
        token = self.token_id
        orders = client.list_subscription_orders(token.provider_ref)
        known = self.env["payment.transaction"].search(
            [
                ("provider_id", "=", token.provider_id.id),
                ("fastspring_order_id", "in", [order.id for order in orders]),
            ]
        )
        kept = self.env["bitpaket.fastspring.credit"].search(
            [
                ("provider_id", "=", token.provider_id.id),
                ("order_id", "in", [order.id for order in orders]),
            ]
        )
        ids = {
            *known.mapped("fastspring_order_id"),
            *kept.mapped("order_id"),
            *(token.fastspring_seen_orders or []),
        }
        return [order for order in orders if order.id not in ids]

    # === AFTER A CHARGE === #

    def _look(self):
        """Find out what became of a charge that FastSpring was asked for."""
        client = self.provider_id._fastspring_get_client()
        try:
            strangers = self._find_strangers(client)
            if strangers:
                self._settle_order(self.token_id, strangers[0])
                if self.state in ("sent", "accepted"):
                    self._postpone(LATER, self.reason)
                return
            if self._has_event_waiting():
                self._postpone(SOON, self.reason)
                return
            wait = timedelta(hours=self.provider_id.fastspring_lost_hours)
            if fields.Datetime.now() < self.last_sent + wait:
                self._postpone(LATER, self.reason)
                return
            # An event that the webhook lost may say that it was declined.
            events = self.env["bitpaket.fastspring.event"]
            events._store(self.provider_id, client.list_unprocessed_events())
            if self._has_event_waiting():
                self._postpone(SOON, self.reason)
                return
        except FastSpringError as error:
            self._postpone(*self._when_answered(error))
            return
        self._conclude()

    def _has_event_waiting(self):
        """Tell whether an event about this subscription was not processed yet.

        :rtype: bool
        """
        waiting = self.env["bitpaket.fastspring.event"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("type", "in", (const.CHARGE_COMPLETED, const.CHARGE_FAILED)),
                ("state", "in", ("new", "error")),
            ]
        )
        return any(event._concerns(self.token_id.provider_ref) for event in waiting)

    def _conclude(self):
        """Decide when FastSpring knows of no order, and was waited for long enough."""
        if self.state == "accepted":
            self._ask_person(
                self.env._(
                    "FastSpring accepted the charge, and has told neither that it was "
                    "paid nor that it was declined. Look at the subscription there."
                )
            )
            return
        self._decline(
            "CONNECTION",
            self.env._("The charge did not reach FastSpring."),
            waited=True,
        )
