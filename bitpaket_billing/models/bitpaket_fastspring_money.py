from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..fastspring import const


class BitpaketFastspringMoney(models.AbstractModel):
    """What credits, refunds, chargebacks and payout entries of orders share."""

    _name = "bitpaket.fastspring.money"
    _description = "FastSpring Money"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    event_id = fields.Many2one(
        "bitpaket.fastspring.event", readonly=True, ondelete="set null"
    )
    order_id = fields.Char(string="FastSpring order id", readonly=True, index=True)
    order_reference = fields.Char(string="Order", readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction",
        string="Payment transaction",
        readonly=True,
        index="btree_not_null",
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    reason = fields.Text(string="What became of it", readonly=True)

    # === FINDING === #

    @api.model
    def _find_payment(self, provider, order_id):
        """Return the payment that an order made here, and its transaction.

        :return: An empty payment if the order has not paid anything (yet).
        :rtype: tuple
        """
        transactions = self.env["payment.transaction"]
        payments = self.env["account.payment"]
        if not order_id:
            return payments, transactions
        own = Domain("provider_id", "=", provider.id)
        transaction = transactions.search(
            own & Domain("fastspring_order_id", "=", order_id), limit=1
        )
        if transaction.payment_id:
            return transaction.payment_id, transaction
        credit = self.env["bitpaket.fastspring.credit"].search(
            own & Domain("order_id", "=", order_id)
        )
        return credit.payment_id, credit.transaction_id or transaction

    @api.model
    def _explain_order(self, provider, order):
        """Say why money of an order is nobody's here, if so.

        :param Order order: What FastSpring knows of it.
        :return: A state and a reason for the event; None for an order of ours.
        :rtype: tuple[str, str] | None
        """
        if not order.tag(const.TAG_REFERENCE):
            return "ignored", self.env._("The order was not made by Odoo.")
        origin = order.tag(const.TAG_ORIGIN)
        if origin and origin != provider._fastspring_get_origin():
            return "ignored", self.env._("The order was made by another database.")
        return None

    @api.model
    def _explain_mode(self, provider, live):
        """Say that an event is about play money where real is taken, or the reverse.

        :rtype: tuple[str, str] | None
        """
        if live is None or live == (provider.state == "enabled"):
            return None
        if live:
            return "manual", self.env._("It is about real money, in a test set-up.")
        return "ignored", self.env._("It is a test: no real money moved.")

    @api.model
    def _wake(self, provider, order_id):
        """Book what waited for the payment of an order.

        :param str order_id: The order that has just paid.
        """
        waiting = [
            ("provider_id", "=", provider.id),
            ("order_id", "=", order_id),
            ("state", "=", "waiting"),
        ]
        for name in MONEY_MODELS:
            for record in self.env[name].search(waiting, order="id"):
                record._book()
                record._tell_event()

    @api.model
    def _book_waiting(self):
        """Book what could not be, where the order is known by now."""
        for name in MONEY_MODELS:
            records = self.env[name].search([("state", "=", "waiting")], order="id")
            for record in records:
                if record._find_payment(record.provider_id, record.order_id)[0]:
                    record._book()
                    record._tell_event()

    # === BOOKING === #

    @api.model
    def _get_gone(self, payment):
        """Return how much of a payment has gone back, by refund or chargeback.

        :rtype: float
        """
        gone = 0.0
        for name in ("bitpaket.fastspring.return", "bitpaket.fastspring.chargeback"):
            records = self.env[name].search([("source_payment_id", "=", payment.id)])
            gone += sum(records.payment_id.mapped("amount"))
        return payment.currency_id.round(gone)

    def _pay_out(self, source, amount, day, memo, **values):
        """Book that money of a payment left the clearing account again.

        :param source: The `account.payment` that had brought it.
        :param float amount: How much, in the currency of that payment.
        :param date day: When.
        :return: The posted payment, not reconciled.
        """
        payment = self.env["account.payment"].create(
            {
                "amount": amount,
                "date": day,
                "payment_type": "outbound",
                "currency_id": source.currency_id.id,
                "partner_id": source.partner_id.id,
                "partner_type": "customer",
                "journal_id": source.journal_id.id,
                "company_id": source.company_id.id,
                "payment_method_line_id": source.payment_method_line_id.id,
                "destination_account_id": source.destination_account_id.id,
                "bitpaket_account_id": source.bitpaket_account_id.id,
                "memo": memo,
                **values,
            }
        )
        payment.action_post()
        return payment

    def _reopen(self, source, out):
        """Match money that left with the payment that had brought it.

        Invoices that it had paid are open again by as much, the newest first.

        :param source: The payment that had come.
        :param out: The payment that left.
        """
        line = source._bitpaket_line()
        gone = out._bitpaket_line()
        needed = out._bitpaket_left()
        freed = self.env["account.move.line"]
        currency = source.currency_id
        for due in reversed(source._bitpaket_invoice_lines()):
            if currency.compare_amounts(source._bitpaket_left(), needed) >= 0:
                break
            line.matched_debit_ids.filtered(
                lambda match, due=due: match.debit_move_id == due
            ).unlink()
            freed |= due
        (line + gone).reconcile()
        if freed and not line.reconciled:
            (line + freed).reconcile()

    def _outcome(self):
        """Return what to write on the event that told of this.

        :rtype: tuple[str, str]
        """
        self.ensure_one()
        manual = self.state in ("manual", "proposed")
        return "manual" if manual else "done", self.reason

    def _tell_event(self):
        for record in self.filtered("event_id"):
            state, reason = record._outcome()
            record.event_id.write({"state": state, "reason": reason})

    # === ACCESS === #

    def _check_manager(self):
        """Let only those decide about money who may.

        :raise AccessError: For everybody else.
        """
        self.check_access("read")
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(
                self.env._("Only a billing manager decides about payments.")
            )


MONEY_MODELS = (
    "bitpaket.fastspring.return",
    "bitpaket.fastspring.chargeback",
    "bitpaket.fastspring.payout.entry",
)
