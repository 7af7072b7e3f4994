from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import formatLang

from ..fastspring import credits

PENDING = ("open", "kept")


class BitpaketFastspringCredit(models.Model):
    """Money that came for a payment of ours and was not what was asked for.

    It is in the books, as a payment that is not applied to anything, until a person
    decides what it is for.
    """

    _name = "bitpaket.fastspring.credit"
    _inherit = "bitpaket.fastspring.money"
    _description = "Unapplied Payment"
    _rec_name = "order_reference"
    _order = "id desc"
    _check_company_auto = True

    kind = fields.Selection(
        [
            (credits.SECOND, "Paid twice"),
            (credits.OVER, "Too much"),
            (credits.UNDER, "Too little"),
            (credits.EXEMPT, "Tax exempt"),
            (credits.CURRENCY, "Other currency"),
        ],
        string="What is wrong",
        required=True,
        readonly=True,
    )
    date = fields.Date(related="payment_id.date", store=True)
    payment_id = fields.Many2one(
        "account.payment", required=True, readonly=True, ondelete="restrict", index=True
    )
    currency_id = fields.Many2one(related="payment_id.currency_id", store=True)
    amount = fields.Monetary(string="Came", readonly=True)
    amount_left = fields.Monetary(string="Not applied", compute="_compute_amount_left")
    asked_currency_id = fields.Many2one("res.currency", readonly=True)
    asked_amount = fields.Monetary(
        string="Asked for", readonly=True, currency_field="asked_currency_id"
    )
    invoice_id = fields.Many2one(
        "account.move",
        string="Apply to",
        check_company=True,
        domain="[('id', 'in', invoice_ids)]",
    )
    invoice_ids = fields.Many2many("account.move", compute="_compute_invoice_ids")
    proposal = fields.Selection(
        [
            ("apply", "Apply"),
            ("refund", "Refund at FastSpring"),
            ("keep", "Leave as credit"),
        ],
        compute="_compute_proposal",
    )
    proposal_text = fields.Text(string="Proposed", compute="_compute_proposal")
    state = fields.Selection(
        [
            ("open", "To decide"),
            ("kept", "Kept as credit"),
            ("refunding", "Being refunded"),
            ("done", "Done"),
        ],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )

    # The money of an order comes once.
    _order_uniq = models.Constraint(
        "unique (provider_id, order_id)", "The money of this order is kept already."
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_id.move_id.line_ids.amount_residual_currency")
    def _compute_amount_left(self):
        for credit in self:
            credit.amount_left = credit.payment_id._bitpaket_left()

    @api.depends("state", "payment_id", "transaction_id")
    def _compute_invoice_ids(self):
        for credit in self:
            credit.invoice_ids = (
                credit._find_invoices() if credit.state in PENDING else False
            )

    @api.depends("state", "kind", "invoice_id", "amount_left")
    def _compute_proposal(self):
        for credit in self:
            credit.proposal, credit.proposal_text = credit._propose()

    def _propose(self):
        """Return what to do with the money, and say it.

        :rtype: tuple[str, str]
        """
        if self.state not in PENDING or not self.amount_left:
            return False, False
        invoice = self.invoice_id
        left = self._show(self.amount_left)
        if not invoice:
            if self.kind in (credits.SECOND, credits.CURRENCY) and self.state == "open":
                return "refund", self.env._(
                    "Give %s back at FastSpring: nothing is open that it could pay.",
                    left,
                )
            return "keep", self.env._(
                "Leave %s as a credit of the customer: nothing is open that it could "
                "pay.",
                left,
            )
        open_amount = invoice.amount_residual
        values = {
            "invoice": invoice.name,
            "amount": left,
            "open": self._show(open_amount),
            "rest": self._show(abs(self.amount_left - open_amount)),
        }
        compared = self.currency_id.compare_amounts(self.amount_left, open_amount)
        if self.kind == credits.EXEMPT and compared < 0:
            text = self.env._(
                "Apply %(amount)s to %(invoice)s and write off the other %(rest)s: the "
                "customer is tax exempt, and that part was tax.",
                **values,
            )
        elif compared < 0:
            text = self.env._(
                "Apply %(amount)s to %(invoice)s: %(rest)s of it stay open.", **values
            )
        elif compared > 0:
            text = self.env._(
                "Apply %(open)s to %(invoice)s: %(rest)s stay a credit of the "
                "customer.",
                **values,
            )
        else:
            text = self.env._(
                "Apply %(amount)s to %(invoice)s, which is paid then.", **values
            )
        return "apply", text

    def _show(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    # === CRUD METHODS === #

    def write(self, vals):
        """Let people choose the invoice, and nothing else."""
        if not self.env.su and set(vals) - {"invoice_id"}:
            raise AccessError(self.env._("What FastSpring told cannot be changed."))
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, provider, order_id):
        """Return the credit that the money of an order is kept as, if any."""
        return self.search(
            [("provider_id", "=", provider.id), ("order_id", "=", order_id)]
        )

    @api.model
    def _keep(self, event, transaction, order, kind):
        """Book the money of an order as a payment that is not applied to anything.

        :param event: The `bitpaket.fastspring.event` that told of it.
        :param transaction: The `payment.transaction` that the order names.
        :param Order order: The completed order, as the API shows it.
        :param str kind: What is wrong with it.
        :return: The credit, an empty one if Odoo does not know the currency.
        """
        provider = transaction.provider_id
        expected = transaction._fastspring_expect()
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", order.currency)])
        )
        if not currency:
            return self
        currency.active = True
        invoices = transaction.invoice_ids
        receivable = invoices.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).account_id[:1]
        account = invoices.bitpaket_account_id[:1]
        amount = float(credits.our_part(order, expected))
        reference = order.reference or order.id
        payment = self.env["account.payment"].create(
            {
                "amount": amount,
                "payment_type": "inbound",
                "currency_id": currency.id,
                "partner_id": transaction.partner_id.commercial_partner_id.id,
                "partner_type": "customer",
                "journal_id": provider.journal_id.id,
                "company_id": provider.company_id.id,
                "payment_method_line_id": provider._fastspring_get_method_line().id,
                "memo": f"{transaction.reference} - {reference}",
                "bitpaket_account_id": account.id,
                **({"destination_account_id": receivable.id} if receivable else {}),
            }
        )
        payment.action_post()
        return self._note(event, transaction, order, kind, payment)

    @api.model
    def _note(self, event, transaction, order, kind, payment):
        """Put a payment that is not applied, or not wholly, before finance."""
        credit = self.create(
            {
                "provider_id": transaction.provider_id.id,
                "company_id": transaction.provider_id.company_id.id,
                "event_id": event.id,
                "order_id": order.id,
                "order_reference": order.reference or order.id,
                "transaction_id": transaction.id,
                "partner_id": payment.partner_id.id,
                "account_id": payment.bitpaket_account_id.id,
                "kind": kind,
                "payment_id": payment.id,
                "amount": payment.amount,
                "asked_amount": transaction.amount,
                "asked_currency_id": transaction.currency_id.id,
            }
        )
        credit.invoice_id = credit._find_invoices()[:1]
        return credit

    def _find_invoices(self):
        """Return the open invoices that the money could pay: first those it was for.

        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        meant = self.transaction_id.invoice_ids
        others = self.env["account.move"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("currency_id", "=", self.currency_id.id),
                ("payment_state", "in", ("not_paid", "partial")),
                ("bitpaket_account_id", "=", self.account_id.id)
                if self.account_id
                else ("commercial_partner_id", "=", self.partner_id.id),
            ],
            order="invoice_date_due, id",
        )
        return (others & meant) | others

    def _apply(self, invoice):
        """Let the money pay an invoice, as far as it goes."""
        line = self.payment_id._bitpaket_line()
        due = invoice.line_ids.filtered(
            lambda one: one.account_id == line.account_id and not one.reconciled
        )
        if not due or invoice.currency_id != self.currency_id:
            raise UserError(
                self.env._(
                    "%(invoice)s has nothing open that %(order)s could pay.",
                    invoice=invoice.name,
                    order=self.order_reference,
                )
            )
        (line + due).reconcile()
        if self.kind == credits.EXEMPT and invoice in self.transaction_id.invoice_ids:
            self._write_off(due.filtered(lambda one: not one.reconciled))

    def _write_off(self, due):
        """Write off the tax that an exempt buyer did not have to pay.

        It is booked where the tax of other customers goes, which FastSpring keeps.
        """
        rest = sum(due.mapped("amount_residual_currency"))
        missing = self.asked_amount - self.amount
        if not rest or self.currency_id.compare_amounts(rest, missing) > 0:
            return
        account = self.company_id._bitpaket_get_tax_account()
        name = self.env._("Tax exempt: %s", self.order_reference)
        balance = sum(due.mapped("amount_residual"))
        common = {"name": name, "currency_id": self.currency_id.id}
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.payment_id.journal_id.id,
                "ref": name,
                "line_ids": [
                    Command.create(
                        {
                            **common,
                            "account_id": account_id,
                            "partner_id": self.partner_id.id,
                            "amount_currency": sign * rest,
                            "balance": sign * balance,
                        }
                    )
                    for account_id, sign in (
                        (account.id, 1),
                        (due.account_id.id, -1),
                    )
                ],
            }
        )
        move.action_post()
        (due + move.line_ids.filtered(lambda one: one.credit)).reconcile()

    def _refresh(self, words):
        """Follow what became of the money, and settle the event once it is decided."""
        for credit in self:
            left = credit.amount_left
            credit.write(
                {
                    "state": "kept" if left else "done",
                    "invoice_id": credit._find_invoices()[:1].id if left else False,
                    "reason": "\n".join(filter(None, [credit.reason, words])),
                }
            )
            credit._settle_event(words)

    def _settle_event(self, words):
        if self.event_id.state == "manual":
            self.event_id.write(
                {"state": "done", "reason": f"{self.event_id.reason}\n{words}"}
            )

    def _explain(self):
        """Say what came, what was asked for, and what could be done.

        :rtype: str
        """
        asked = formatLang(
            self.env, self.asked_amount, currency_obj=self.asked_currency_id
        )
        values = {
            "came": self._show(self.amount),
            "asked": asked,
            "invoices": ", ".join(self.transaction_id.invoice_ids.mapped("name"))
            or self.transaction_id.reference,
        }
        texts = {
            credits.SECOND: self.env._(
                "%(invoices)s was paid twice: %(came)s came once more.", **values
            ),
            credits.OVER: self.env._(
                "%(came)s came instead of %(asked)s for %(invoices)s.", **values
            ),
            credits.UNDER: self.env._(
                "Only %(came)s came instead of %(asked)s for %(invoices)s.", **values
            ),
            credits.EXEMPT: self.env._(
                "The buyer is tax exempt: %(came)s came instead of %(asked)s for "
                "%(invoices)s.",
                **values,
            ),
            credits.CURRENCY: self.env._(
                "%(came)s came instead of %(asked)s for %(invoices)s: another "
                "currency.",
                **values,
            ),
        }
        kept = self.env._("It is kept, under Unapplied payments.")
        return "\n".join(filter(None, [texts[self.kind], kept, self.proposal_text]))

    # === ACTION METHODS === #

    def action_propose(self):
        """Do what is proposed."""
        for credit in self:
            actions = {
                "apply": credit.action_apply,
                "refund": credit.action_refund,
                "keep": credit.action_keep,
            }
            if credit.proposal:
                actions[credit.proposal]()

    def action_apply(self):
        """Let the money pay the invoice that was chosen."""
        self._check_manager()
        for credit in self.sudo():
            invoice = credit.invoice_id
            if credit.state not in PENDING or not invoice:
                raise UserError(
                    self.env._("Choose an open invoice to apply the money to.")
                )
            before = credit.amount_left
            credit._apply(invoice)
            credit._refresh(
                self.env._(
                    "%(user)s applied %(amount)s to %(invoice)s.",
                    user=self.env.user.name,
                    amount=credit._show(before - credit.amount_left),
                    invoice=invoice.name,
                )
            )

    def action_keep(self):
        """Leave the money as a credit of the customer."""
        self._check_manager()
        for credit in self.sudo().filtered(lambda credit: credit.state == "open"):
            words = self.env._("%s left it as a credit.", self.env.user.name)
            credit._refresh(words)

    def action_refund(self):
        """Have FastSpring give back what is not applied."""
        self._check_manager()
        for credit in self.sudo():
            if credit.state not in PENDING or not credit.amount_left:
                raise UserError(self.env._("There is nothing left to give back."))
            self.env["bitpaket.fastspring.return"].sudo()._ask(
                credit.provider_id,
                credit.order_id,
                credit.order_reference,
                credit.payment_id,
                credit.amount_left,
                user=self.env.user,
            )
            words = self.env._("%s asked FastSpring to refund it.", self.env.user.name)
            credit.state = "refunding"
            credit.reason = "\n".join(filter(None, [credit.reason, words]))
            credit._settle_event(words)
