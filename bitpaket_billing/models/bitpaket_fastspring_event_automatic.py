from odoo import models

from ..fastspring import automatic, values
from ..fastspring.errors import PayloadError


class BitpaketFastspringEvent(models.Model):
    _inherit = "bitpaket.fastspring.event"

    def _process_automatic(self, event):
        """Hand over what FastSpring tells about a subscription.

        :param Event event: an event about a subscription or its charge
        :return: the state and the reason of this event
        :rtype: tuple[str, str]
        """
        try:
            return self.env["bitpaket.automatic.payment"]._process_event(self, event)
        except PayloadError as error:
            return "manual", self._explain_unreadable(error)

    def _process_charged(self, transaction, order):
        """Let the completed order of a charge pay what the charge was for.

        It carries the tags of the opt-in, so that it seems to be a second payment.

        :param transaction: the `payment.transaction` that the order names
        :param Order order: the order
        :return: the state and the reason of this event; None if it is no charge
        :rtype: tuple[str, str] | None
        """
        first = transaction.fastspring_order_id in (False, order.id)
        if first or not transaction._fastspring_is_opt_in():
            return None
        token = self.env["payment.token"]._bitpaket_find(
            self.provider_id,
            automatic.find_subscription_id(order) or transaction.token_id.provider_ref,
        )
        if not token:
            return None
        return self.env["bitpaket.automatic.payment"]._settle_order(token, order, self)

    def _concerns(self, subscription_id):
        """Tell whether an event is about a subscription.

        :rtype: bool
        """
        data = values.mapping(values.mapping(self.sudo().payload).get("data"))
        return subscription_id in (
            values.identifier(data.get("subscription"), "subscription"),
            values.identifier(data.get("id"), "id"),
        )
