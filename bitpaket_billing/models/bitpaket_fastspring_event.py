import json
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..fastspring import const, values
from ..fastspring.errors import FastSpringError, PayloadError, RateLimited
from ..fastspring.events import parse_event
from ..fastspring.orders import Order

_logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12  # the last one about two days after the first

#: What is done with an event; types that are not named are kept and not used.
HANDLERS = {
    const.ACCOUNT_CREATED: "_process_account",
    const.ORDER_COMPLETED: "_process_order",
    const.ORDER_PAYMENT_PENDING: "_process_order",
    const.ORDER_APPROVAL_PENDING: "_process_order",
    const.ORDER_FAILED: "_process_order",
    const.ORDER_CANCELED: "_process_order",
    const.FULFILLMENT_FAILED: "_process_by_hand",
    const.CHARGE_COMPLETED: "_process_automatic",
    const.CHARGE_FAILED: "_process_automatic",
    const.SUBSCRIPTION_ACTIVATED: "_process_automatic",
    const.SUBSCRIPTION_CANCELED: "_process_automatic",
    const.SUBSCRIPTION_DEACTIVATED: "_process_automatic",
    const.RETURN_CREATED: "_process_return",
    const.CHARGEBACK_CREATED: "_process_chargeback",
    const.PAYOUT_ENTRY_CREATED: "_process_payout",
}


class BitpaketFastspringEvent(models.Model):
    """One event that FastSpring sent, as it came, and what became of it."""

    _name = "bitpaket.fastspring.event"
    _description = "FastSpring Event"
    _rec_name = "event_id"
    _order = "id desc"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    event_id = fields.Char(string="Event", required=True, readonly=True)
    type = fields.Char(readonly=True, index=True)
    live = fields.Boolean(readonly=True, help="Whether it is about real money.")
    created = fields.Datetime(string="Happened", readonly=True)
    received = fields.Datetime(required=True, readonly=True)
    payload = fields.Json(
        readonly=True, groups="bitpaket_billing.group_billing_manager"
    )
    payload_text = fields.Text(
        string="As received",
        compute="_compute_payload_text",
        groups="bitpaket_billing.group_billing_manager",
    )
    state = fields.Selection(
        [
            ("new", "New"),
            ("done", "Done"),
            ("ignored", "Not used"),
            ("manual", "Needs a person"),
            ("error", "Tried again"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Text(string="What became of it", readonly=True)
    attempts = fields.Integer(readonly=True)
    next_retry = fields.Datetime(readonly=True)
    order_reference = fields.Char(string="Order", readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, index="btree_not_null"
    )

    # Every delivery of an event but the first one changes nothing.
    _event_uniq = models.Constraint(
        "unique (provider_id, event_id)", "This event is stored already."
    )

    @api.depends("payload")
    def _compute_payload_text(self):
        for event in self:
            event.payload_text = json.dumps(event.payload, indent=2, ensure_ascii=False)

    # === STORING === #

    @api.model
    def _store(self, provider, events, *, fetched=False):
        """Keep events that FastSpring sent; process them after the commit.

        :param provider: The `payment.provider` whose store sent them.
        :param events: Events of a verified delivery.
        :param bool fetched: Whether no webhook brought them.
        :return: The ids of those that are stored, now or before.
        :rtype: list[str]
        """
        events = [event for event in events if event.id]
        now = fields.Datetime.now()
        rows = [
            (
                provider.id,
                provider.company_id.id,
                event.id,
                event.type,
                bool(event.live),
                event.created and event.created.replace(tzinfo=None),
                now,
                values.storable(event.raw),
                fetched,
            )
            for event in events
        ]
        if rows:
            self.env.cr.execute_values(
                """
                INSERT INTO bitpaket_fastspring_event
                       (provider_id, company_id, event_id, type, live, created,
                        received, payload, fetched, state, attempts)
                VALUES %s
                ON CONFLICT (provider_id, event_id) DO NOTHING
                """,
                rows,
                template="(%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 'new', 0)",
            )
            self._wake_job()
        return [event.id for event in events]

    # === PROCESSING === #

    def _process_safely(self):
        """Process an event; a failure is kept on it and leaves nothing else behind."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._process()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            self._register_failure(error)

    def _process(self):
        """Do what the event asks for, and write down what became of it."""
        event = parse_event(self.payload)
        if event.error:
            state, reason = "manual", self._explain_unreadable(event.error)
        else:
            handler = HANDLERS.get(event.type, "_process_unused")
            state, reason = getattr(self, handler)(event)
        self.write(
            {
                "state": state,
                "reason": reason,
                "attempts": self.attempts + 1,
                "next_retry": False,
            }
        )

    def _process_order(self, event):
        """Let an order change the transaction that it names.

        :param Event event: An event about an order.
        :return: The state and the reason of this event.
        :rtype: tuple[str, str]
        """
        try:
            order = Order.from_payload(event.data)
        except PayloadError as error:
            return "manual", self._explain_unreadable(error)
        self.order_reference = order.reference or order.id
        transaction = self._find_transaction(order)
        if not transaction:
            return self._explain_stranger(order)
        self.transaction_id = transaction
        if transaction._fastspring_is_outdated_by(event.type, order):
            return "ignored", self.env._("The payment had gone on without it.")
        if event.type == const.ORDER_COMPLETED and (
            outcome := self._process_charged(transaction, order)
            or self._process_other_money(transaction, order)
        ):
            return outcome
        try:
            if event.type == const.ORDER_COMPLETED:
                # The event must agree as well as what FastSpring says when asked.
                transaction._fastspring_check_order(event.type, order)
                client = self.provider_id._fastspring_get_client()
                order = client.get_order(order.id)
            transaction._process("fastspring", {"type": event.type, "order": order})
        except ValidationError as error:
            return "manual", str(error)
        # In the same transaction, so that paid and reconciled are never apart.
        transaction._post_process()
        if event.type == const.ORDER_COMPLETED:
            self._follow_payment(transaction, order)
        return "done", self._explain_effect(transaction)

    def _process_by_hand(self, event):
        """Leave an event to a person."""
        words = {
            const.FULFILLMENT_FAILED: self.env._(
                "FastSpring took the money and could not deliver, so it does not "
                "report the order as completed. Look at the order there."
            ),
        }
        return "manual", words[event.type]

    def _process_unused(self, event):
        """Keep an event that nothing depends on."""
        return "ignored", self.env._("Nothing depends on events of this type.")

    def _find_transaction(self, order):
        """Return the transaction of this store that an order is for, if any."""
        transactions = self.env["payment.transaction"]
        payment_data = {"order": order}
        reference = transactions._extract_reference("fastspring", payment_data)
        own = Domain("provider_id", "=", self.provider_id.id)
        named = Domain("reference", "=", reference) if reference else Domain.FALSE
        # The order of an automatic charge names the opt-in.
        return transactions.search(
            own & Domain("fastspring_order_id", "=", order.id)
        ) or transactions.search(own & named)

    def _register_failure(self, error):
        """Keep why it failed, in words, and when it is tried again.

        :param Exception error: What was raised.
        """
        if isinstance(error, (FastSpringError, UserError)):
            words = (
                str(error)
                if isinstance(error, UserError)
                else self.provider_id._fastspring_explain_error(error)
            )
            _logger.warning("FastSpring event %s failed: %s", self.event_id, words)
        else:
            words = self.env._(
                "Something unexpected went wrong (%s). The server's log has the "
                "details.",
                f"{type(error).__name__}: {error}",
            )
            _logger.error("FastSpring event %s failed", self.event_id, exc_info=error)
        attempts = self.attempts + 1
        wait = timedelta(minutes=min(2**attempts, 12 * 60))
        if isinstance(error, RateLimited) and error.retry_after:
            wait = timedelta(seconds=error.retry_after)
        given_up = attempts >= MAX_ATTEMPTS
        self.write(
            {
                "state": "manual" if given_up else "error",
                "reason": words,
                "attempts": attempts,
                "next_retry": not given_up and fields.Datetime.now() + wait,
            }
        )

    # === WORDS === #

    def _explain_unreadable(self, error):
        return self.env._("It is not what FastSpring sends: %s.", error)

    def _explain_stranger(self, order):
        """Say why an order has no transaction here.

        :rtype: tuple[str, str]
        """
        reference = order.tag(const.TAG_REFERENCE)
        origin = order.tag(const.TAG_ORIGIN)
        if not reference:
            return "ignored", self.env._("The order was not made by Odoo.")
        if origin and origin != self.provider_id._fastspring_get_origin():
            return "ignored", self.env._("The order was made by another database.")
        return "manual", self.env._(
            "The order is for payment %(reference)s, which %(provider)s does not know.",
            reference=reference,
            provider=self.provider_id.name,
        )

    def _explain_effect(self, transaction):
        labels = dict(transaction._fields["state"]._description_selection(self.env))
        return self.env._(
            "Payment %(reference)s: %(state)s.",
            reference=transaction.reference,
            state=labels[transaction.state],
        )

    # === ACTION METHODS === #

    def action_replay(self):
        """Process these events again, by the same rules."""
        self._check_manager()
        self.sudo().write({"state": "new", "attempts": 0, "next_retry": False})
        self._wake_job()

    def action_settle(self):
        """Say that a person has dealt with these events."""
        self._check_manager()
        for event in self.sudo():
            event.write(
                {
                    "state": "done",
                    "reason": self.env._(
                        "%(reason)s\nDealt with by %(user)s.",
                        reason=event.reason,
                        user=self.env.user.name,
                    ),
                    "next_retry": False,
                }
            )

    def _check_manager(self):
        """Let only those decide about money who may.

        :raise AccessError: For everybody else.
        """
        self.check_access("read")
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(
                self.env._("Only a billing manager decides about payment events.")
            )
