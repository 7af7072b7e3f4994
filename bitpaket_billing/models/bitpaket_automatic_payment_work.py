"""Charging, step by step, so that a charge is asked for once whatever breaks down.

planned → preparing (committed; the price is set) → sent (committed; the charge is asked
for) → accepted → done. What stops at *preparing* was not charged. What stops at *sent*
may have been: then FastSpring's list of orders and its events are what counts, and only
when both say nothing for long enough it was not.
"""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from ..fastspring.errors import (
    AnswerLost,
    ApiError,
    AuthError,
    FastSpringError,
    RateLimited,
)
from ..tools import exact
from .bitpaket_automatic_payment import AT_ONCE, LATER, SOON

_logger = logging.getLogger(__name__)

#: How long a step may take; afterwards its worker is dead.
LEASE = timedelta(minutes=10)
#: How long a checkout that the customer opened may still be paid.
CHECKOUT_OPEN = timedelta(hours=24)


class BitpaketAutomaticPayment(models.Model):
    _inherit = "bitpaket.automatic.payment"

    # === THE JOB === #

    @api.model
    def _cron_work(self):
        """Plan what is new, and take each payment that is due one step on."""
        cron = self.env["ir.cron"]
        self._plan_alone()
        if not cron._commit_progress(remaining=self._count_due()):
            return
        while True:
            try:
                payment = self._claim_due()
                if not payment:
                    return
                payment._step_safely()
            except (
                psycopg2.errors.SerializationFailure,
                psycopg2.errors.UniqueViolation,
            ):
                # Another worker, or an event, was faster: look again.
                self.env.cr.rollback()
                continue
            if not cron._commit_progress(1, remaining=self._count_due()):
                return

    @api.model
    def _plan_alone(self):
        """Plan, and look again when another worker has just planned the same."""
        while True:
            try:
                return self._plan()
            except psycopg2.errors.SerializationFailure:
                self.env.cr.rollback()

    @api.model
    def _due_condition(self):
        return SQL(
            """
            payment.state IN ('planned', 'preparing', 'sent', 'accepted')
            AND payment.next_date <= %s
            AND (payment.state <> 'planned' OR NOT EXISTS (
                SELECT 1 FROM bitpaket_automatic_payment other
                 WHERE other.token_id = payment.token_id
                   AND other.state IN ('preparing', 'sent', 'accepted', 'manual')
            ))
            """,
            fields.Datetime.now(),
        )

    @api.model
    def _count_due(self):
        query = SQL(
            "SELECT COUNT(*) FROM bitpaket_automatic_payment payment WHERE %s",
            self._due_condition(),
        )
        return self.env.execute_query(query)[0][0]

    @api.model
    def _claim_due(self):
        """Lock and return the payment that is due first; other workers get others."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id FROM bitpaket_automatic_payment payment
                 WHERE %s
                 ORDER BY payment.next_date, payment.id
                 LIMIT 1 FOR NO KEY UPDATE OF payment SKIP LOCKED
                """,
                self._due_condition(),
            )
        )
        return self.browse(row[0] for row in rows)

    def _step_safely(self):
        """Take one step; what breaks unexpectedly does not hold up the others."""
        self.ensure_one()
        try:
            self._step()
        except (
            psycopg2.errors.SerializationFailure,
            psycopg2.errors.UniqueViolation,
        ):
            raise
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Automatic payment %s failed", self.id)
            # Its state stays: what may have been charged is not charged again.
            self._postpone(
                LATER,
                self.env._(
                    "Something unexpected went wrong (%s). The server's log has the "
                    "details.",
                    f"{type(error).__name__}: {error}",
                ),
            )

    def _step(self):
        if self.state == "planned":
            self._charge()
        elif self.state == "preparing":
            self._give_back(AT_ONCE, self.env._("The server stopped before charging."))
        elif self.provider_id.state == "disabled":
            self._postpone(LATER, self.reason)
        else:
            self._look()

    # === CHARGING === #

    def _charge(self):
        """Ask FastSpring to charge the stored method, if nothing speaks against it."""
        if obstacle := self._find_obstacle():
            self._close("canceled", obstacle)
            return
        if self.provider_id.state == "disabled":
            words = self.env._("%s is disabled.", self.provider_id.name)
            self._postpone(LATER, words)
            return
        if self._is_held_back():
            words = self.env._("Another payment of this invoice is under way.")
            self._postpone(LATER, words)
            return
        client = self.provider_id._fastspring_get_client()
        try:
            if not self._check_subscription(client):
                return
            self._prepare()
            self._commit()
            self._set_price(client)
        except FastSpringError as error:
            self._give_back(*self._when_answered(error))
            return
        self._commit()  # to see what happened during the calls
        if not self._is_still_wanted():
            self._give_back(AT_ONCE, self.env._("It was decided otherwise."))
            return
        now = fields.Datetime.now()
        self.transaction_id._set_pending()
        self.write(
            {
                "state": "sent",
                "tries": self.tries + 1,
                "first_sent": self.first_sent or now,
                "last_sent": now,
                "next_date": now + LEASE,
                "reason": self.env._("FastSpring is asked to charge it."),
            }
        )
        # From here on FastSpring may have been asked, whatever becomes of us.
        self._commit()
        self._send_charge(client)

    def _find_obstacle(self):
        """Return why this is not to be charged at all, in words; None if it is."""
        invoice, token = self.move_id, self.token_id
        if not token.active:
            return self.env._("Automatic payment ended before it was charged.")
        if invoice.state != "posted" or invoice.currency_id.is_zero(
            invoice.amount_residual
        ):
            return self.env._("There is nothing left to pay on %s.", invoice.name)
        if (
            invoice.bitpaket_account_id != token.bitpaket_account_id
            or invoice.company_id != token.company_id
        ):
            return self.env._("The invoice is not one of this account.")
        if invoice.currency_id != token.bitpaket_currency_id:
            return self.env._(
                "The invoice is in %(currency)s, but the stored payment method is "
                "charged in %(other)s. It is to be paid by hand.",
                currency=invoice.currency_id.name,
                other=token.bitpaket_currency_id.name,
            )
        return None

    def _is_held_back(self):
        """Tell whether the customer may be paying this invoice just now.

        :rtype: bool
        """
        opened = fields.Datetime.now() - CHECKOUT_OPEN
        return any(
            tx.state in ("pending", "authorized")
            or (tx.state == "done" and not tx.payment_id)
            or (
                tx.state == "draft"
                and tx.fastspring_session_id
                and tx.create_date >= opened
            )
            for tx in self.move_id.transaction_ids
        )

    def _prepare(self):
        """Make the transaction of this try, and keep others from charging."""
        invoice, token = self.move_id, self.token_id
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": token.provider_id.id,
                "payment_method_id": token.payment_method_id.id,
                "token_id": token.id,
                "operation": "offline",
                "amount": invoice.amount_residual,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        self.write(
            {
                "state": "preparing",
                "transaction_id": transaction.id,
                "amount": transaction.amount,
                "next_date": fields.Datetime.now() + LEASE,
            }
        )

    def _set_price(self, client):
        """Set what the next charge costs, and see that FastSpring took it.

        :raise FastSpringError: if it did not
        """
        amount, currency = exact(self.transaction_id.amount), self.currency_id.name
        reference = self.token_id.provider_ref
        client.update_subscription(
            reference, {"pricing": {"price": {currency: amount}}}
        )
        subscription = client.get_subscription(reference)
        if subscription.price != amount or subscription.currency != currency:
            raise FastSpringError(
                self.env._(
                    "The price is %(price)s %(currency)s instead of %(wanted)s.",
                    price=subscription.price,
                    currency=subscription.currency,
                    wanted=amount,
                )
            )

    def _is_still_wanted(self):
        """Tell whether nothing was decided otherwise while FastSpring was asked.

        :rtype: bool
        """
        others = self.move_id.transaction_ids - self.transaction_id
        return (
            self.token_id.active
            and self.state == "preparing"
            and not self.currency_id.compare_amounts(
                self.move_id.amount_residual, self.amount
            )
            and not others.filtered(lambda tx: tx.state in ("pending", "authorized"))
        )

    def _send_charge(self, client):
        """Ask for the charge, and write down what the answer means."""
        try:
            client.charge_subscription(self.token_id.provider_ref)
        except AnswerLost as error:
            _logger.warning("Automatic payment %s: %s", self.id, error)
            # It stays sent: soon FastSpring is looked at.
            outcome, words = (
                self._postpone,
                (
                    SOON,
                    self.env._(
                        "FastSpring's answer was lost. What became of the charge is "
                        "found out before anything is tried again."
                    ),
                ),
            )
        except (AuthError, RateLimited) as error:
            outcome, words = self._take_back, self._when_answered(error)
        except ApiError as error:
            said = self.provider_id._fastspring_explain_error(error)
            outcome, words = self._decline, ("API_TRANSACTION_DECLINED", said)
        else:
            outcome, words = self._accept, ()
        if self._begin_again_as("sent"):
            outcome(*words)

    def _accept(self):
        self.write(
            {
                "state": "accepted",
                "next_date": fields.Datetime.now() + LATER,
                "reason": self.env._("FastSpring charges it; the outcome is awaited."),
            }
        )

    # === NOT CHARGED === #

    def _postpone(self, delay, reason):
        """Do the next step later; the state stays."""
        self.write({"next_date": fields.Datetime.now() + delay, "reason": reason})

    def _give_back(self, delay, reason):
        """Return to the plan: FastSpring was not asked to charge."""
        transaction = self.transaction_id
        if self.state == "preparing" and transaction.state == "draft":
            self.transaction_id = False
            transaction.unlink()
        self.state = "planned"
        self._postpone(delay, reason)

    def _take_back(self, delay, reason):
        """Return to the plan: FastSpring refused to look at the charge."""
        self.transaction_id._set_canceled(reason)
        self.write({"state": "planned", "tries": self.tries - 1})
        self._postpone(delay, reason)

    def _when_answered(self, error):
        """Return when to go on after a failed call, and why it failed in words.

        :rtype: tuple[timedelta, str]
        """
        words = self.provider_id._fastspring_explain_error(error)
        if isinstance(error, RateLimited) and error.retry_after:
            return timedelta(seconds=error.retry_after), words
        return LATER, words

    # === TRANSACTIONS OF THE DATABASE === #

    def _commit(self):
        """Commit what the next call depends on."""
        self.env["ir.cron"]._commit_progress()

    def _begin_again_as(self, state):
        """See the present, which an event may have changed during the call.

        :param str state: which the payment must still have
        :rtype: bool
        """
        self._commit()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT state FROM bitpaket_automatic_payment WHERE id = %s
                   FOR NO KEY UPDATE
                """,
                self.id,
            )
        )
        self.invalidate_recordset()
        return rows[0][0] == state
