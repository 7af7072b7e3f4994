from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import formatLang

from ..fastspring.const import UNDERWAY
from ..fastspring.returns import our_part
from ..tools import exact


class BitpaketFastspringReturn(models.Model):
    """Money of an order that goes back to the customer, a part or all of it."""

    _name = "bitpaket.fastspring.return"
    _inherit = "bitpaket.fastspring.money"
    _description = "FastSpring Refund"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Refund", readonly=True)
    return_id = fields.Char(string="FastSpring refund id", readonly=True)
    date = fields.Date(required=True, readonly=True, default=fields.Date.context_today)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Of what we had counted as paid, without FastSpring's tax."
    )
    total = fields.Monetary(
        string="Given back", readonly=True, help="To the customer, with tax."
    )
    subtotal = fields.Monetary(readonly=True)
    order_total = fields.Monetary(readonly=True)
    source_payment_id = fields.Many2one(
        "account.payment", string="Payment", readonly=True, index="btree_not_null"
    )
    payment_id = fields.Many2one(
        "account.payment", string="Refund payment", readonly=True
    )
    refund_transaction_id = fields.Many2one("payment.transaction", readonly=True)
    credit_note_ids = fields.Many2many(
        "account.move",
        "bitpaket_fastspring_return_credit_note_rel",
        string="Credit notes",
        readonly=True,
    )
    note = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked by", readonly=True)
    known_returns = fields.Json(readonly=True)
    next_try = fields.Datetime(readonly=True)
    state = fields.Selection(
        [
            ("asked", "To be sent"),
            ("sending", "Being sent"),
            ("sent", "Waits for FastSpring"),
            ("waiting", "Waits for its order"),
            ("proposed", "Credit note to decide"),
            ("manual", "Needs a person"),
            ("refused", "Refused"),
            ("done", "Done"),
        ],
        required=True,
        readonly=True,
        index=True,
    )

    # The same refund told twice has one effect.
    _return_uniq = models.UniqueIndex(
        "(provider_id, return_id) WHERE return_id IS NOT NULL",
        "This refund is known already.",
    )

    # === STARTED IN ODOO === #

    @api.model
    def _ask(
        self,
        provider,
        order_id,
        order_reference,
        payment,
        amount,
        *,
        user,
        refund_transaction=None,
        credit_note=None,
    ):
        """Have FastSpring asked for a refund, once this transaction is committed.

        :param str order_id: The order.
        :param payment: The payment that the order had made.
        :param float amount: How much of it goes back.
        :param user: Who wants it.
        :param refund_transaction: The child transaction that stands for it, if any.
        :param credit_note: The credit note that it pays out, if any.
        :raise ValidationError: If there is not so much left.
        """
        if not order_id or not payment:
            raise ValidationError(
                self.env._("No order at FastSpring made this payment.")
            )
        # Of two that ask at once, the second one sees the first, or tries again.
        self.env.cr.execute(
            "UPDATE account_payment SET write_date = write_date WHERE id = %s",
            [payment.id],
        )
        left = self._get_refundable(payment)
        currency = payment.currency_id
        if currency.compare_amounts(amount, left) > 0:
            raise ValidationError(
                self.env._(
                    "Only %(left)s of %(order)s can still be given back.",
                    left=formatLang(self.env, left, currency_obj=currency),
                    order=order_reference,
                )
            )
        transaction = self._find_payment(provider, order_id)[1]
        if transaction.payment_id == payment and not refund_transaction:
            refund_transaction = transaction._create_child_transaction(
                amount, is_refund=True
            )
            refund_transaction._set_pending(
                state_message=self.env._("FastSpring is being asked for the refund.")
            )
        back = self.create(
            {
                "provider_id": provider.id,
                "company_id": provider.company_id.id,
                "order_id": order_id,
                "order_reference": order_reference,
                "transaction_id": transaction.id,
                "refund_transaction_id": refund_transaction and refund_transaction.id,
                "partner_id": payment.partner_id.id,
                "account_id": payment.bitpaket_account_id.id,
                "source_payment_id": payment.id,
                "currency_id": currency.id,
                "amount": amount,
                "credit_note_ids": credit_note and [(6, 0, credit_note.ids)],
                "user_id": user.id,
                "state": "asked",
            }
        )
        back.name = refund_transaction and refund_transaction.reference
        back.name = back.name or f"R{back.id}-{order_reference}"
        self.env.ref("bitpaket_billing.ir_cron_fastspring_refunds").sudo()._trigger()
        return back

    @api.model
    def _get_refundable(self, payment):
        """Return how much of a payment can still be given back.

        :rtype: float
        """
        underway = self.search(
            [
                ("source_payment_id", "=", payment.id),
                ("state", "in", UNDERWAY),
            ]
        )
        gone = self._get_gone(payment) + sum(underway.mapped("amount"))
        return payment.currency_id.round(payment.amount - gone)

    # === TOLD BY FASTSPRING === #

    @api.model
    def _receive(self, event, told):
        """Take a refund in that an event tells of.

        :param event: The `bitpaket.fastspring.event`.
        :param Return told: What it says.
        :return: The state and the reason of the event.
        :rtype: tuple[str, str]
        """
        provider = event.provider_id
        own = [("provider_id", "=", provider.id)]
        known = self.search([*own, ("return_id", "=", told.id)])
        if known and known.state not in UNDERWAY:
            if not known.payment_id:
                known._book()
            return known._outcome()
        back = known or self._find_asked(provider, told)
        values = {
            "event_id": event.id,
            "return_id": told.id,
            "total": float(told.total),
            "subtotal": float(told.total if told.subtotal is None else told.subtotal),
            "order_total": float(told.order_total or 0),
            "note": told.note,
            "state": "waiting",
            "next_try": False,
        }
        if told.changed:
            values["date"] = told.changed.date()
        if back:
            back.write(values)
        else:
            currency = self.env["res.currency"].with_context(active_test=False)
            back = self.create(
                {
                    **values,
                    "provider_id": provider.id,
                    "company_id": provider.company_id.id,
                    "name": told.reference or told.id,
                    "order_id": told.order_id,
                    "order_reference": told.order_reference or told.order_id,
                    "currency_id": currency.search([("name", "=", told.currency)]).id,
                }
            )
        back._book()
        return back._outcome()

    @api.model
    def _find_asked(self, provider, told):
        """Return the refund that was asked for here and that this confirms, if any."""
        asked = self.search(
            [
                ("provider_id", "=", provider.id),
                ("order_id", "=", told.order_id),
                ("return_id", "=", False),
                ("state", "in", UNDERWAY),
            ],
            order="id",
        )
        return asked.filtered(lambda back: back.name == told.note)[:1]

    # === BOOKING === #

    def _book(self):
        """Book the money that left, and pay out what credits it.

        What waits for its order goes on waiting.
        """
        for back in self:
            payment, transaction = self._find_payment(back.provider_id, back.order_id)
            if not payment:
                back.reason = self.env._(
                    "It waits for order %s, which has not come.", back.order_reference
                )
                continue
            back.transaction_id = transaction
            back._book_from(payment, transaction)

    def _book_from(self, payment, transaction):
        currency = payment.currency_id
        values = {
            "source_payment_id": payment.id,
            "partner_id": payment.partner_id.id,
            "account_id": payment.bitpaket_account_id.id,
        }
        self.write(values)
        if self.currency_id != currency:
            self._leave(
                self.env._("It is in another currency than its order's payment.")
            )
            return
        part = our_part(
            exact(payment.amount),
            total=exact(self.total),
            subtotal=exact(self.subtotal),
            order_total=exact(self.order_total),
        )
        amount = float(part)
        left = currency.round(payment.amount - self._get_gone(payment))
        if currency.compare_amounts(amount, left) > 0:
            self._leave(
                self.env._(
                    "%(amount)s were given back, but only %(left)s of %(order)s were "
                    "left: look at the order at FastSpring.",
                    amount=self._show(amount),
                    left=self._show(left),
                    order=self.order_reference,
                )
            )
            return
        self.amount = amount
        self._book_payment(payment, transaction)
        self._match(payment)
        entries = self.env["bitpaket.fastspring.payout.entry"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("return_id", "=", self.return_id),
                ("state", "=", "waiting"),
            ]
        )
        entries._book()
        entries._tell_event()

    def _book_payment(self, payment, transaction):
        """Book the money as a payment, of a child transaction if there is a parent."""
        memo = f"{self.order_reference} - {self.name}"
        if transaction.payment_id != payment:
            self.payment_id = self._pay_out(payment, self.amount, self.date, memo)
            return
        child = self.refund_transaction_id or transaction._create_child_transaction(
            self.amount, is_refund=True
        )
        self.refund_transaction_id = child
        child.write(
            {
                "provider_reference": self.return_id,
                # FastSpring's invoice tells what was given back, too.
                "fastspring_receipt_url": transaction.fastspring_receipt_url,
            }
        )
        child._set_done(extra_allowed_states=("cancel",))
        child._create_payment(
            date=self.date,
            destination_account_id=payment.destination_account_id.id,
            memo=memo,
        )
        child._post_process()
        self.payment_id = child.payment_id

    def _match(self, payment):
        """Reconcile the money that left with what it pays out."""
        line = payment._bitpaket_line()
        if not line.reconciled:
            (line + self.payment_id._bitpaket_line()).reconcile()
        self._pay_credit_notes(self.credit_note_ids)
        if self._is_open() and self.company_id.bitpaket_refund_automatic:
            self._credit()
        if self._is_open():
            self.state = "proposed"
            self.reason = self.env._(
                "%(amount)s of %(order)s were given back. Decide, under FastSpring "
                "refunds, whether that is credited.",
                amount=self._show(self.amount),
                order=self.order_reference,
            )
        else:
            self._finish(
                self.env._(
                    "%(amount)s of %(order)s were given back.",
                    amount=self._show(self.amount),
                    order=self.order_reference,
                )
            )
        credits = self.env["bitpaket.fastspring.credit"].search(
            [("payment_id", "=", payment.id)]
        )
        credits._refresh(
            self.env._("FastSpring gave %s back.", self._show(self.amount))
        )

    def _is_open(self):
        return bool(self.payment_id._bitpaket_left())

    def _pay_credit_notes(self, notes):
        line = self.payment_id._bitpaket_line()
        due = notes.line_ids.filtered(
            lambda one: (
                one.account_id == line.account_id
                and one.parent_state == "posted"
                and not one.reconciled
            )
        )
        if due and not line.reconciled:
            (line + due).reconcile()

    def _finish(self, words):
        notes = ", ".join(self.credit_note_ids.mapped("name"))
        if notes:
            words = self.env._(
                "%(words)s Credit note: %(notes)s.", words=words, notes=notes
            )
        self.write({"state": "done", "reason": words})

    def _leave(self, words):
        self.write({"state": "manual", "reason": words})

    def _show(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _credit(self):
        """Credit the refund on the invoices that the money had paid."""
        paid = self.source_payment_id._bitpaket_invoice_lines().move_id
        invoices = paid or self.transaction_id.invoice_ids
        waiting = self.env["account.move"].search(
            [
                ("reversed_entry_id", "in", invoices.ids),
                ("move_type", "=", "out_refund"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ],
            order="id",
        )
        self._pay_credit_notes(waiting)
        made = invoices[::-1]._fastspring_credit(self.payment_id._bitpaket_left(), self)
        self._pay_credit_notes(made)
        self.credit_note_ids |= made | waiting.filtered(
            lambda note: self.payment_id in note._get_reconciled_payments()
        )

    # === ACTION METHODS === #

    def action_credit(self):
        """Credit what was given back: the customer does not owe it any more."""
        self._check_manager()
        for back in self.sudo().filtered(lambda one: one.state == "proposed"):
            back._credit()
            if back._is_open():
                raise UserError(
                    self.env._(
                        "No invoice is left that %s could be credited on. Make a "
                        "credit note and reconcile it with the payment.",
                        back._show(back.payment_id._bitpaket_left()),
                    )
                )
            back._finish(
                self.env._(
                    "%(user)s credited %(amount)s of %(order)s.",
                    user=self.env.user.name,
                    amount=back._show(back.amount),
                    order=back.order_reference,
                )
            )
            back._tell_event()

    def action_owe(self):
        """Open the invoices again: the customer got the money, and owes it still."""
        self._check_manager()
        for back in self.sudo().filtered(lambda one: one.state == "proposed"):
            back._reopen(back.source_payment_id, back.payment_id)
            back._finish(
                self.env._(
                    "%(user)s decided that the customer still owes %(amount)s.",
                    user=self.env.user.name,
                    amount=back._show(back.amount),
                )
            )
            back._tell_event()

    def action_settle(self):
        """Say that a person has dealt with these refunds."""
        self._check_manager()
        for back in self.sudo().filtered(lambda one: one.state == "manual"):
            back._finish(
                self.env._(
                    "%(reason)s\nDealt with by %(user)s.",
                    reason=back.reason,
                    user=self.env.user.name,
                )
            )
            back._tell_event()
