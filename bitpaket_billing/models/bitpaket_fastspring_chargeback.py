from odoo import api, fields, models
from odoo.tools import formatLang

from ..fastspring.returns import share_of
from ..tools import exact


class BitpaketFastspringChargeback(models.Model):
    """A customer's bank took the money of an order back."""

    _name = "bitpaket.fastspring.chargeback"
    _inherit = "bitpaket.fastspring.money"
    _description = "FastSpring Chargeback"
    _rec_name = "case_id"
    _order = "id desc"

    case_id = fields.Char(string="Case", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    total = fields.Monetary(
        string="Taken back", readonly=True, help="By the bank, with tax."
    )
    order_total = fields.Monetary(readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Of what we had counted as paid, which is owed again."
    )
    said = fields.Char(string="The bank's reason", readonly=True)
    source_payment_id = fields.Many2one(
        "account.payment", string="Payment", readonly=True, index="btree_not_null"
    )
    payment_id = fields.Many2one(
        "account.payment", string="Taken back by", readonly=True
    )
    invoice_ids = fields.Many2many(
        "account.move",
        "bitpaket_fastspring_chargeback_invoice_rel",
        string="Owed again",
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "Waits for its order"),
            ("manual", "Needs a person"),
            ("done", "Done"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )

    # A case told twice has one effect.
    _case_uniq = models.Constraint(
        "unique (provider_id, case_id)", "This chargeback is known already."
    )

    @api.model
    def _receive(self, event, told, order):
        """Take a chargeback in that an event tells of.

        :param event: The `bitpaket.fastspring.event`.
        :param Chargeback told: What it says.
        :param Order order: The order, as the API shows it.
        :return: The state and the reason of the event.
        :rtype: tuple[str, str]
        """
        provider = event.provider_id
        case = self.search(
            [("provider_id", "=", provider.id), ("case_id", "=", told.case_id)]
        )
        if case and case.payment_id:
            return case._outcome()
        if not case:
            currencies = self.env["res.currency"].with_context(active_test=False)
            case = self.create(
                {
                    "provider_id": provider.id,
                    "company_id": provider.company_id.id,
                    "event_id": event.id,
                    "case_id": told.case_id,
                    "date": (told.created or fields.Datetime.now()).date(),
                    "order_id": order.id,
                    "order_reference": order.reference or order.id,
                    "order_total": float(order.total),
                    "total": float(order.total if told.amount is None else told.amount),
                    "currency_id": currencies.search(
                        [("name", "=", told.currency or order.currency)]
                    ).id,
                    "said": told.reason,
                }
            )
        case._book()
        return case._outcome()

    def _book(self):
        """Book that the money left, and open the invoices again that it had paid."""
        for case in self:
            payment, transaction = self._find_payment(case.provider_id, case.order_id)
            if not payment:
                case.reason = self.env._(
                    "It waits for order %s, which has not come.", case.order_reference
                )
                continue
            case.write(
                {
                    "transaction_id": transaction.id,
                    "source_payment_id": payment.id,
                    "partner_id": payment.partner_id.id,
                    "account_id": payment.bitpaket_account_id.id,
                }
            )
            first = case.state == "waiting"
            case._stop_refunds()
            case._book_from(payment)
            if first:
                case._tell_people()

    def _stop_refunds(self):
        """Do not give back what the bank took: refunds not sent yet are withdrawn."""
        asked = self.env["bitpaket.fastspring.return"].search(
            [
                ("source_payment_id", "=", self.source_payment_id.id),
                ("state", "=", "asked"),
            ]
        )
        for back in asked:
            back._refuse(self.env._("The customer's bank took the payment back."))

    def _book_from(self, payment):
        currency = payment.currency_id
        if self.currency_id != currency:
            self._leave(
                self.env._("It is in another currency than its order's payment.")
            )
            return
        part = share_of(
            exact(self.total),
            exact(self.order_total),
            exact(payment.amount),
            currency.name,
        )
        left = currency.round(payment.amount - self._get_gone(payment))
        if currency.compare_amounts(float(part), left) > 0:
            self._leave(
                self.env._(
                    "The customer's bank took %(amount)s of %(order)s, but only "
                    "%(left)s of it had not been given back: look at it at FastSpring.",
                    amount=self._show(float(part)),
                    left=self._show(left),
                    order=self.order_reference,
                )
            )
            return
        self.amount = float(part)
        paid = payment._bitpaket_invoice_lines().move_id
        self.payment_id = self._pay_out(
            payment,
            self.amount,
            self.date,
            f"{self.order_reference} - {self.case_id}",
            bitpaket_chargeback=True,
        )
        self._reopen(payment, self.payment_id)
        self.invoice_ids = paid.filtered(
            lambda move: not move.currency_id.is_zero(move.amount_residual)
        )
        credits = self.env["bitpaket.fastspring.credit"].search(
            [("payment_id", "=", payment.id)]
        )
        credits._refresh(
            self.env._("The customer's bank took %s back.", self._show(self.amount))
        )
        self.env["bitpaket.fastspring.payout.entry"]._add_chargeback(self)
        names = ", ".join(self.invoice_ids.mapped("name"))
        self.state = "done"
        self.reason = self.env._(
            "The customer's bank took %(amount)s of %(order)s back. Owed again: "
            "%(invoices)s.",
            amount=self._show(self.amount),
            order=self.order_reference,
            invoices=names or self.env._("no invoice"),
        )

    def _leave(self, words):
        self.write({"state": "manual", "reason": words})

    def _show(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _tell_people(self):
        """Ask the billing manager to act, and suspend the account if so decided."""
        words = self.reason
        if self.said:
            words = self.env._(
                "%(words)s The bank says: %(said)s.", words=words, said=self.said
            )
        account = self.account_id
        for invoice in self.invoice_ids:
            invoice.message_post(body=words)
        company = self.company_id
        if account and company.bitpaket_suspend_on_chargeback:
            if account.state in ("active", "past_due"):
                account.state = "suspended"
                words = self.env._("%s The account was suspended.", words)
        target = account or self.invoice_ids[:1]
        if target:
            target.activity_schedule(
                "bitpaket_billing.activity_chargeback",
                user_id=company._bitpaket_responsible().id,
                note=words,
            )

    # === ACTION METHODS === #

    def action_settle(self):
        """Say that a person has dealt with these chargebacks."""
        self._check_manager()
        for case in self.sudo().filtered(lambda one: one.state == "manual"):
            case.write(
                {
                    "state": "done",
                    "reason": self.env._(
                        "%(reason)s\nDealt with by %(user)s.",
                        reason=case.reason,
                        user=self.env.user.name,
                    ),
                }
            )
            case._tell_event()
