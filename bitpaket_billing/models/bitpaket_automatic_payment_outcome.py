"""What FastSpring's orders and events mean for automatic payments."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..fastspring import automatic, const
from ..fastspring.subscriptions import Subscription, SubscriptionCharge
from ..tools import exact

#: How far FastSpring's clock may be behind ours.
CLOCKS = timedelta(minutes=2)


class BitpaketAutomaticPayment(models.Model):
    _inherit = "bitpaket.automatic.payment"

    # === PAID === #

    @api.model
    def _settle_order(self, token, order, event=None):
        """Let the order of a charge pay the invoice that it was asked for.

        :param token: the stored method that was charged
        :param Order order: the order, as an event or the API tells it
        :param event: the `bitpaket.fastspring.event` that told it, if one did
        :return: state and reason of the event
        :rtype: tuple[str, str]
        :raise FastSpringError: if FastSpring does not tell the order
        """
        transactions = self.env["payment.transaction"]
        known = transactions.search(
            [
                ("provider_id", "=", token.provider_id.id),
                ("fastspring_order_id", "=", order.id),
            ]
        )
        if known.state == "done":
            return "done", self.env._("This order had paid it already.")
        credits = self.env["bitpaket.fastspring.credit"]
        if kept := credits._find(token.provider_id, order.id):
            return "done" if kept.state != "open" else "manual", kept._explain()
        payment = self._find_asked(token, order)
        if not payment:
            return "manual", self.env._(
                "FastSpring charged %(account)s by order %(order)s, and nobody here "
                "asked for it.",
                account=token.bitpaket_account_id.name,
                order=order.reference or order.id,
            )
        transaction = payment.transaction_id
        order = token.provider_id._fastspring_get_client().get_order(order.id)
        events = self.env["bitpaket.fastspring.event"] if event is None else event
        if kind := transaction._fastspring_find_credit(order):
            # Other money than was asked for, or for what was paid meanwhile.
            if kept := credits._keep(events, transaction, order, kind):
                payment._ask_person(kept._explain())
                return "manual", kept._explain()
        try:
            transaction._process(
                "fastspring", {"type": const.ORDER_COMPLETED, "order": order}
            )
        except ValidationError as error:
            payment._ask_person(str(error))
            return "manual", str(error)
        # In the same transaction, so that paid and reconciled are never apart.
        transaction._post_process()
        events._follow_payment(transaction, order)
        payment._close(
            "done",
            self.env._(
                "Paid by order %(order)s.",
                order=transaction.provider_reference,
            ),
        )
        return "done", self.env._(
            "%(invoice)s was paid automatically.", invoice=payment.move_id.name
        )

    @api.model
    def _find_asked(self, token, order):
        """Return the payment that an order of a stored method is for.

        Only one charge of a method is ever under way. An order that no charge waits for
        may belong to one that seemed to be declined or lost.
        """
        waiting = self.search(
            [
                ("token_id", "=", token.id),
                ("state", "in", ("sent", "accepted", "manual")),
                ("transaction_id.state", "in", ("draft", "pending", "error")),
            ]
        )
        if waiting:
            return waiting
        tried = self.search(
            [
                ("token_id", "=", token.id),
                ("state", "in", ("planned", "failed", "canceled")),
                ("transaction_id.state", "=", "error"),
            ],
            order="last_sent desc",
        )
        accepted = {order.total, order.subtotal}
        return tried.filtered(
            lambda one: (
                exact(one.transaction_id.amount) in accepted
                and one.currency_id.compare_amounts(one.move_id.amount_residual, 0) > 0
            )
        )[:1]

    # === DECLINED === #

    def _decline(self, code, words="", *, waited=False):
        """Plan the next try, or leave the invoice to be paid by hand.

        :param str code: FastSpring's reason
        :param str words: what to say instead of it
        :param bool waited: whether enough time has passed since
        """
        self.ensure_one()
        self.decline_code = code
        words = words or self._explain_decline()
        in_their_language = self.with_context(
            lang=self.transaction_id.partner_lang or self.env.lang
        )
        self.transaction_id._set_error(in_their_language._explain_decline())
        days = automatic.parse_days(self.provider_id.fastspring_retry_days)
        following = automatic.next_try(self.first_sent, days, self.tries, code)
        if following:
            now = fields.Datetime.now()
            when = now if waited else max(following, now)
            self.write({"state": "planned", "next_date": when})
            self.reason = self.env._(
                "%(reason)s It is tried again on %(date)s.",
                reason=words,
                date=format_date(self.env, when),
            )
            return
        self._close(
            "failed",
            self.env._(
                "%(reason)s It is not tried again: the customer pays by hand.",
                reason=words,
            ),
        )
        self._tell_of_failure()

    def _tell_of_failure(self):
        """Tell the customer by e-mail, and a billing manager by an activity."""
        self.account_id._remind_of_automatic_payment(
            self.env._(
                "%(invoice)s could not be charged automatically: %(reason)s",
                invoice=self.move_id.name,
                reason=self.reason,
            )
        )
        template = self.env.ref(
            "bitpaket_billing.mail_template_automatic_failed", raise_if_not_found=False
        )
        if template and self.account_id.partner_id.email:
            # It waits in the mail queue, so it leaves after the commit.
            template.send_mail(self.id)

    # === EVENTS === #

    @api.model
    def _process_event(self, record, event):
        """Do what an event about a subscription asks for.

        :param record: the stored `bitpaket.fastspring.event`
        :param Event event: what was read from it
        :return: its state and reason
        :rtype: tuple[str, str]
        :raise PayloadError: if it is not what FastSpring sends
        """
        if event.type == const.SUBSCRIPTION_ACTIVATED:
            return self._process_activated(record, event)
        if event.type in (const.CHARGE_COMPLETED, const.CHARGE_FAILED):
            charge = SubscriptionCharge.from_payload(event.data)
            subscription, order = charge.subscription, charge.order
            found = subscription.id if subscription else None
            found = found or (order and automatic.find_subscription_id(order))
        else:
            subscription = Subscription.from_payload(event.data)
            found = subscription.id
        token = self.env["payment.token"]._bitpaket_find(record.provider_id, found)
        if not token:
            return "ignored", self.env._(
                "The subscription is not one that pays our invoices."
            )
        if bool(event.live) != (record.provider_id.state == "enabled"):
            return "manual", self.env._(
                "The event is of another mode than %s.", record.provider_id.name
            )
        if event.type == const.CHARGE_FAILED:
            return self._process_declined(token, event, charge)
        if event.type == const.CHARGE_COMPLETED:
            if not order:
                return "manual", self.env._("FastSpring does not tell the order.")
            record.order_reference = order.reference or order.id
            outcome = self._settle_order(token, order, record)
            record.transaction_id = record.transaction_id.search(
                [
                    ("provider_id", "=", record.provider_id.id),
                    ("fastspring_order_id", "=", order.id),
                ]
            )
            return outcome
        return self._process_over(token)

    @api.model
    def _process_activated(self, record, event):
        """Store the method that a new subscription is, if its order did not already."""
        subscription = Subscription.from_payload(event.data)
        transaction = self.env["payment.transaction"].search(
            [
                ("provider_id", "=", record.provider_id.id),
                ("reference", "=", subscription.tags.get(const.TAG_REFERENCE)),
                ("bitpaket_account_id", "!=", False),
            ]
        )
        origin = subscription.tags.get(const.TAG_ORIGIN)
        elsewhere = origin and origin != record.provider_id._fastspring_get_origin()
        if not transaction or elsewhere or not subscription.initial_order_id:
            return "ignored", self.env._(
                "The subscription is not one that pays our invoices."
            )
        record.transaction_id = transaction
        if transaction.state in ("done", "error"):
            return "ignored", self.env._("Its order had told it already.")
        client = record.provider_id._fastspring_get_client()
        order = client.get_order(subscription.initial_order_id)
        try:
            transaction._process(
                "fastspring", {"type": const.ORDER_COMPLETED, "order": order}
            )
        except ValidationError as error:
            return "manual", str(error)
        transaction._post_process()
        return "done", record._explain_effect(transaction)

    @api.model
    def _process_declined(self, token, event, charge):
        payment = self.search(
            [("token_id", "=", token.id), ("state", "in", ("sent", "accepted"))]
        )
        if not payment:
            return "ignored", self.env._("No charge of this subscription was awaited.")
        happened = event.created and event.created.replace(tzinfo=None)
        if happened and happened < payment.last_sent - CLOCKS:
            return "ignored", self.env._("It is about an earlier charge.")
        payment._decline(charge.reason)
        return "done", payment.reason

    @api.model
    def _process_over(self, token):
        if not token.active:
            token.fastspring_to_end = False
            return "done", self.env._("It had ended here already.")
        token._bitpaket_end("fastspring", at_fastspring=False)
        return "done", self.env._(
            "%s does not pay automatically any more.", token.bitpaket_account_id.name
        )
