from odoo import models

from ..fastspring import credits
from ..fastspring.errors import NotFound, PayloadError
from ..fastspring.payouts import PayoutEntry
from ..fastspring.returns import Chargeback, Return


class BitpaketFastspringEvent(models.Model):
    """Events about money that is not as asked, goes back, or is paid out."""

    _inherit = "bitpaket.fastspring.event"

    # === CREDITS === #

    def _process_other_money(self, transaction, order):
        """Keep the money of a completed order that does not pay what it is for.

        :param transaction: The `payment.transaction` that it names.
        :param Order order: What the event says of the order.
        :return: The state and the reason of this event; None if it may pay.
        :rtype: tuple[str, str] | None
        """
        if transaction.state == "done" and transaction.fastspring_order_id == order.id:
            return "done", self.env._("This order had paid it already.")
        credit = self.env["bitpaket.fastspring.credit"]._find(
            self.provider_id, order.id
        )
        if credit:
            settled = credit.state != "open"
            return "done" if settled else "manual", credit.reason or credit._explain()
        kind = transaction._fastspring_find_credit(order)
        if not kind:
            return None
        # The API must know the same money before any is booked.
        known = self.provider_id._fastspring_get_client().get_order(order.id)
        same = (known.total, known.currency) == (order.total, order.currency)
        if not same or transaction._fastspring_find_credit(known) != kind:
            return "manual", self.env._(
                "The event says that %(told)s %(currency)s were paid, and FastSpring "
                "itself says otherwise.",
                told=order.total,
                currency=order.currency,
            )
        credit = credit._keep(self, transaction, known, kind)
        if not credit:
            return "manual", self.env._(
                "Odoo does not know the currency %s.", order.currency
            )
        if transaction.state in ("draft", "pending", "authorized"):
            transaction._set_error(
                transaction.with_context(lang=transaction.partner_lang).env._(
                    "Another amount came than was asked for. We keep it for you and "
                    "will be in touch."
                )
            )
        self.env["bitpaket.fastspring.money"]._wake(self.provider_id, order.id)
        return "manual", credit._explain()

    def _follow_payment(self, transaction, order):
        """Do what waited for a payment; put before finance what it paid too much."""
        if transaction._fastspring_find_rest():
            self.env["bitpaket.fastspring.credit"]._note(
                self, transaction, order, credits.OVER, transaction.payment_id
            )
        self.env["bitpaket.fastspring.money"]._wake(transaction.provider_id, order.id)

    # === MONEY THAT GOES BACK === #

    def _process_return(self, event):
        """Book a refund.

        :param Event event: The event.
        :return: The state and the reason of this event.
        :rtype: tuple[str, str]
        """
        returns = self.env["bitpaket.fastspring.return"]
        try:
            told = Return.from_payload(event.data)
            if told.total is None or told.currency is None:
                told = self.provider_id._fastspring_get_client().get_return(told.id)
        except NotFound:
            return "ignored", self.env._("FastSpring does not know this refund.")
        except PayloadError as error:
            return "manual", self._explain_unreadable(error)
        self.order_reference = told.order_reference or told.order_id or told.reference
        if problem := returns._explain_mode(
            self.provider_id, event.live if told.live is None else told.live
        ):
            return problem
        payment, transaction = returns._find_payment(self.provider_id, told.order_id)
        self.transaction_id = transaction
        if not payment:
            order = self._fetch_order(told.order_id)
            if not order:
                return "ignored", self.env._("FastSpring does not know its order.")
            if problem := returns._explain_order(self.provider_id, order):
                return problem
        return returns._receive(self, told)

    def _process_chargeback(self, event):
        """Book a chargeback.

        :param Event event: The event.
        :return: The state and the reason of this event.
        :rtype: tuple[str, str]
        """
        chargebacks = self.env["bitpaket.fastspring.chargeback"]
        try:
            told = Chargeback.from_payload(event.data)
        except PayloadError as error:
            return "manual", self._explain_unreadable(error)
        self.order_reference = told.order_id or told.case_id
        if problem := chargebacks._explain_mode(self.provider_id, event.live):
            return problem
        order = told.order_id and self._fetch_order(told.order_id)
        if not order or order.total is None:
            return "manual", self.env._(
                "A customer's bank took money back, of an order that FastSpring does "
                "not know."
            )
        self.order_reference = order.reference or order.id
        payment, transaction = chargebacks._find_payment(self.provider_id, order.id)
        self.transaction_id = transaction
        if not payment and (
            problem := chargebacks._explain_order(self.provider_id, order)
        ):
            return problem
        return chargebacks._receive(self, told, order)

    def _fetch_order(self, order_id):
        """Return what the API knows of an order, None if nothing.

        :rtype: Order | None
        """
        try:
            return self.provider_id._fastspring_get_client().get_order(order_id)
        except NotFound as error:
            if error.status == 404:
                raise  # which may only mean: too many calls
            return None

    # === PAYOUTS === #

    def _process_payout(self, event):
        """Book what FastSpring keeps of an order or a refund.

        :param Event event: The event.
        :return: The state and the reason of this event.
        :rtype: tuple[str, str]
        """
        entries = self.env["bitpaket.fastspring.payout.entry"]
        try:
            told = PayoutEntry.from_payload(event.data)
            self.order_reference = told.reference or told.order_id
            live = event.live if told.live is None else told.live
            if problem := entries._explain_mode(self.provider_id, live):
                return problem
            state, reason = entries._receive(self, told)
        except PayloadError as error:
            return "manual", self._explain_unreadable(error)
        return state, reason
