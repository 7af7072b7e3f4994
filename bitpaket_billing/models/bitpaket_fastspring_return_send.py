import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..fastspring.errors import (
    AnswerLost,
    ApiError,
    FastSpringError,
    NotFound,
    RateLimited,
)
from ..fastspring.returns import share_of
from ..tools import exact

_logger = logging.getLogger(__name__)

#: How long FastSpring may take until a refund whose answer was lost is in its lists.
SETTLE = timedelta(minutes=10)
RETRY = timedelta(minutes=5)


class BitpaketFastspringReturn(models.Model):
    """Asking FastSpring for refunds, each once whatever happens."""

    _inherit = "bitpaket.fastspring.return"

    @api.model
    def _cron_send(self):
        """Ask FastSpring for the refunds that wait, and look after what is open."""
        cron = self.env["ir.cron"]
        seen = []
        while back := self._claim(seen):
            seen.append(back.id)
            if back.state == "asked":
                back._send()
            else:
                back._look()
            if not cron._commit_progress(1):
                return
        self.env["bitpaket.fastspring.money"]._book_waiting()

    @api.model
    def _claim(self, seen):
        """Lock and return the oldest refund that is due; other workers get others."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM bitpaket_fastspring_return
                 WHERE state IN ('asked', 'sending') AND id != ALL(%s)
                   AND (next_try IS NULL OR next_try <= %s)
                 ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
                """,
                seen,
                fields.Datetime.now(),
            )
        )
        return self.browse(row[0] for row in rows)

    def _send(self):
        """Ask FastSpring for this refund.

        That it is being asked is committed before, together with the refunds that the
        order had until then: whatever happens to the answer, it is never asked again
        without looking.
        """
        self.ensure_one()
        client = self.provider_id._fastspring_get_client()
        try:
            order = client.get_order(self.order_id)
        except FastSpringError as error:
            self._put_off(error)
            return
        self.write(
            {
                "state": "sending",
                "known_returns": sorted(order.returns),
                "next_try": fields.Datetime.now() + SETTLE,
                "reason": self.env._("FastSpring is being asked."),
            }
        )
        self.env["ir.cron"]._commit_progress()
        paid = self.source_payment_id
        whole = order.total if order.subtotal is None else order.subtotal
        part = share_of(exact(self.amount), exact(paid.amount), whole, order.currency)
        full = part == whole and not order.returns
        try:
            told = client.create_return(
                self.order_id,
                amounts=None if full else {order.items[0].product: part},
                note=self.name,
            )
        except AnswerLost:
            _logger.warning("The answer to refund %s was lost", self.name)
            self.reason = self.env._(
                "FastSpring's answer was lost. Its refunds are looked at before "
                "anything else is done."
            )
        except RateLimited as error:
            self.state = "asked"  # it did nothing
            self._put_off(error)
        except ApiError as error:
            if error.status == 404:
                self.state = "asked"  # too many calls, maybe
                self._put_off(error)
            else:
                self._refuse(self.provider_id._fastspring_explain_error(error))
        else:
            self._set_sent(told.id)

    def _look(self):
        """Find out what became of a refund whose answer was lost."""
        client = self.provider_id._fastspring_get_client()
        try:
            order = client.get_order(self.order_id)
            for return_id in sorted(set(order.returns) - set(self.known_returns or ())):
                told = client.get_return(return_id)
                if told.note == self.name:
                    self._set_sent(return_id)
                    return
        except FastSpringError as error:
            self._put_off(error)
            return
        # It did not go through: now it may be asked again.
        self.write({"state": "asked", "next_try": False})
        self._send()

    def _put_off(self, error):
        """Try again later."""
        words = self.provider_id._fastspring_explain_error(error)
        lost = isinstance(error, NotFound) and error.status != 404
        if lost and self.state == "asked":
            self._refuse(words)
            return
        wait = RETRY
        if isinstance(error, RateLimited):
            wait = timedelta(seconds=error.retry_after or 60)
        self.write({"next_try": fields.Datetime.now() + wait, "reason": words})

    def _set_sent(self, return_id):
        self.write(
            {
                "state": "sent",
                "return_id": return_id,
                "next_try": False,
                "reason": self.env._("FastSpring is giving the money back."),
            }
        )

    def _refuse(self, words):
        """Note that FastSpring does not do it: nothing was given back."""
        self.write({"state": "refused", "next_try": False, "reason": words})
        self.refund_transaction_id._set_error(words)
        credits = self.env["bitpaket.fastspring.credit"].search(
            [("payment_id", "=", self.source_payment_id.id)]
        )
        credits.filtered(lambda credit: credit.state == "refunding").write(
            {"state": "open", "reason": words}
        )
        for note in self.credit_note_ids:
            note.message_post(body=words)
