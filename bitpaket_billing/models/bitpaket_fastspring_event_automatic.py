from odoo import models

from ..fastspring import values
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

    def _concerns(self, subscription_id):
        """Tell whether an event is about a subscription.

        :rtype: bool
        """
        data = values.mapping(values.mapping(self.sudo().payload).get("data"))
        return subscription_id in (
            values.identifier(data.get("subscription"), "subscription"),
            values.identifier(data.get("id"), "id"),
        )
