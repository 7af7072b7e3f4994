from odoo import models

from ..fastspring import credits


class PaymentTransaction(models.Model):
    """Money of an order that is not as asked, or that goes back."""

    _inherit = "payment.transaction"

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to tell the billing account of the payment."""
        if self.provider_code == "fastspring":
            source = self.source_transaction_id or self
            account = source.invoice_ids.bitpaket_account_id[:1]
            extra_create_values.setdefault("bitpaket_account_id", account.id)
        return super()._create_payment(**extra_create_values)

    # === CREDITS === #

    def _fastspring_find_credit(self, order):
        """Tell how the money of a completed order differs from what was asked.

        :param Order order: The order, which names this transaction.
        :return: The kind of a credit; None if it pays, or is not genuinely ours.
        :rtype: str | None
        """
        self.ensure_one()
        expected = self._fastspring_expect()
        done = self.state == "done" and self.fastspring_order_id != order.id
        return credits.kind_of(
            order,
            expected,
            self._fastspring_match(order, paid=True),
            paid=done or self._fastspring_is_paid_otherwise(),
        )

    def _fastspring_find_rest(self):
        """Tell whether the payment paid more than was still open.

        :rtype: bool
        """
        payment = self.payment_id
        return bool(self.invoice_ids and payment and payment._bitpaket_left())

    # === REFUNDS === #

    def _send_refund_request(self):
        """Override of `payment` to have the refund asked for after the commit.

        A refund must not be asked for twice, and this transaction may be repeated.
        """
        if self.provider_code != "fastspring":
            return super()._send_refund_request()
        source = self.source_transaction_id
        self.env["bitpaket.fastspring.return"].sudo()._ask(
            self.provider_id,
            source.fastspring_order_id,
            source.provider_reference,
            source.payment_id,
            abs(self.amount),
            refund_transaction=self,
            user=self.env.user,
        )
        self._set_pending(
            state_message=self.env._("FastSpring is being asked for the refund.")
        )
