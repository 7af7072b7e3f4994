from odoo import models

from ..fastspring import values


class BitpaketFastspringEvent(models.Model):
    _inherit = "bitpaket.fastspring.event"

    def _process_account(self, event):
        """Link an account that FastSpring made for an order of ours to its customer.

        The order may be told before or after its account.

        :param Event event: The event `account.created`.
        :return: The state and the reason of this event.
        :rtype: tuple[str, str]
        """
        reference = values.identifier(event.data, "account")
        transaction = reference and self.env[
            "payment.transaction"
        ]._fastspring_find_by_account(self.provider_id, reference)
        if not transaction:
            return "ignored", self.env._("No payment of ours was made from it yet.")
        self.transaction_id = transaction
        if self.env["bitpaket.fastspring.account"]._learn(transaction):
            return "done", self.env._(
                "It is the account of %s.",
                transaction.partner_id.commercial_partner_id.name,
            )
        return "ignored", self.env._("The customer has another account already.")
