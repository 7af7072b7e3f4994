from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import formatLang

from ..fastspring import payouts
from ..fastspring.errors import NotFound


class BitpaketFastspringPayoutEntry(models.Model):
    """What FastSpring pays out for an order, or takes back for a refund.

    Booking it takes the fee, and the tax where it is part of what we had counted, off
    the clearing account; what stays there is what FastSpring will transfer.
    """

    _name = "bitpaket.fastspring.payout.entry"
    _inherit = "bitpaket.fastspring.money"
    _description = "FastSpring Payout Entry"
    _rec_name = "order_reference"
    _order = "date desc, id desc"

    kind = fields.Selection(
        [("order", "Order"), ("return", "Refund"), ("chargeback", "Chargeback")],
        required=True,
        readonly=True,
    )
    return_id = fields.Char(string="FastSpring refund id", readonly=True)
    chargeback_id = fields.Many2one("bitpaket.fastspring.chargeback", readonly=True)
    journal_id = fields.Many2one("account.journal", readonly=True, index=True)
    date = fields.Date(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    total = fields.Monetary(string="Customer paid", readonly=True)
    tax = fields.Monetary(readonly=True)
    fee = fields.Monetary(readonly=True)
    amount = fields.Monetary(string="Paid out", readonly=True)
    document_total = fields.Float(digits=(16, 4), readonly=True)
    balance = fields.Monetary(
        string="In our currency", readonly=True, currency_field="company_currency_id"
    )
    payment_id = fields.Many2one(
        "account.payment", string="Payment", readonly=True, index="btree_not_null"
    )
    move_id = fields.Many2one("account.move", string="Journal entry", readonly=True)
    payout_id = fields.Many2one(
        "bitpaket.fastspring.payout",
        string="Payout",
        index="btree_not_null",
        ondelete="set null",
    )
    state = fields.Selection(
        [
            ("waiting", "Waits for its payment"),
            ("booked", "Booked"),
            ("foreign", "Not ours"),
            ("manual", "Needs a person"),
        ],
        required=True,
        readonly=True,
        index=True,
    )

    _order_uniq = models.UniqueIndex(
        "(provider_id, order_id) WHERE kind = 'order'",
        "The payout of this order is known already.",
    )
    _return_uniq = models.UniqueIndex(
        "(provider_id, return_id) WHERE kind = 'return'",
        "The payout of this refund is known already.",
    )
    _chargeback_uniq = models.UniqueIndex(
        "(chargeback_id) WHERE chargeback_id IS NOT NULL",
        "The payout of this chargeback is known already.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Let people choose the payout, as long as that is not booked."""
        if not self.env.su and set(vals) - {"payout_id"}:
            raise AccessError(self.env._("What FastSpring told cannot be changed."))
        if "payout_id" in vals and any(
            entry.payout_id.state in ("booked", "done") for entry in self
        ):
            raise UserError(self.env._("The payout of these entries is booked."))
        return super().write(vals)

    # === TAKING IN === #

    @api.model
    def _receive(self, event, told):
        """Take in what an event tells of a payout.

        :param event: The `bitpaket.fastspring.event`.
        :param PayoutEntry told: What it says.
        :return: The state and the reason of the event.
        :rtype: tuple[str, str]
        """
        provider = event.provider_id
        wanted = [("provider_id", "=", provider.id)]
        if told.return_:
            wanted += [("kind", "=", "return"), ("return_id", "=", told.return_.id)]
        else:
            wanted += [("kind", "=", "order"), ("order_id", "=", told.order_id)]
        entry = self.search(wanted)
        if not entry:
            entry = self._take_in(event, told)
        if entry.state in ("waiting", "manual"):
            entry._book()
        return entry._outcome()

    @api.model
    def _take_in(self, event, told):
        provider = event.provider_id
        share = payouts.share(told, provider.fastspring_store)
        order_id, order_reference, total, foreign = self._identify(provider, told)
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search([("name", "=", share.currency)])
        currency.active = True
        return self.create(
            {
                "provider_id": provider.id,
                "company_id": provider.company_id.id,
                "journal_id": provider.journal_id.id,
                "event_id": event.id,
                "kind": "return" if told.return_ else "order",
                "order_id": order_id,
                "order_reference": order_reference,
                "return_id": told.return_ and told.return_.id,
                "date": (event.created or fields.Datetime.now()).date(),
                "currency_id": currency.id,
                "total": float(share.total),
                "tax": float(share.tax),
                "fee": float(share.fee),
                "amount": float(share.amount),
                "document_total": float(total or 0),
                "state": "foreign" if foreign else "waiting",
                "reason": foreign,
            }
        )

    @api.model
    def _identify(self, provider, told):
        """Find out which order an entry is for, and whether that is one of ours.

        :return: Id, reference and total of the order; the total of a refund; why the
                 order is none of ours.
        :rtype: tuple
        """
        client = provider._fastspring_get_client()
        order, back = told.order, told.return_
        try:
            if back and not back.order_id:
                back = client.get_return(back.id)
            order_id = back.order_id if back else order.id
            if not order or order.total is None:
                order = client.get_order(order_id)
        except NotFound:
            # What FastSpring itself does not know any more, nobody made here.
            known = back.order_id if back else order.id
            words = self.env._("FastSpring does not know its order.")
            return known, told.reference or known, None, words
        problem = None
        if not self._find_payment(provider, order.id)[0]:
            problem = self._explain_order(provider, order)
        total = back.total if back else order.total
        reference = order.reference or order.id
        return order.id, reference, total, problem and problem[1]

    @api.model
    def _add_chargeback(self, case):
        """Add what FastSpring takes off the payout for a chargeback.

        FastSpring tells of none, so it follows from the payout of the order.
        """
        entry = self.create(
            {
                "provider_id": case.provider_id.id,
                "company_id": case.company_id.id,
                "journal_id": case.source_payment_id.journal_id.id,
                "kind": "chargeback",
                "chargeback_id": case.id,
                "order_id": case.order_id,
                "order_reference": case.order_reference,
                "date": case.date,
                "currency_id": case.currency_id.id,
                "state": "waiting",
            }
        )
        entry._book()

    # === BOOKING === #

    def _book(self):
        """Book the fees; what waits for its payment goes on waiting."""
        for entry in self:
            payment = entry._find_booked()
            if not payment:
                entry.reason = self.env._(
                    "It waits for the payment of order %s.", entry.order_reference
                )
                continue
            entry.write(
                {
                    "payment_id": payment.id,
                    "partner_id": payment.partner_id.id,
                    "account_id": payment.bitpaket_account_id.id,
                    "transaction_id": payment.payment_transaction_id.id,
                }
            )
            entry._book_from(payment)
            if entry.kind == "order" and entry.state == "booked":
                self.search(
                    [
                        ("provider_id", "=", entry.provider_id.id),
                        ("order_id", "=", entry.order_id),
                        ("kind", "=", "chargeback"),
                        ("state", "=", "waiting"),
                    ]
                )._book()

    def _find_booked(self):
        """Return the payment on the clearing account that this is the payout of."""
        if self.kind == "order":
            return self._find_payment(self.provider_id, self.order_id)[0]
        if self.kind == "chargeback":
            order = self.search(
                [
                    ("provider_id", "=", self.provider_id.id),
                    ("order_id", "=", self.order_id),
                    ("kind", "=", "order"),
                    ("state", "=", "booked"),
                ]
            )
            if order:
                self._follow(order)
            return order and self.chargeback_id.payment_id
        return (
            self.env["bitpaket.fastspring.return"]
            .search(
                [
                    ("provider_id", "=", self.provider_id.id),
                    ("return_id", "=", self.return_id),
                ]
            )
            .payment_id
        )

    def _follow(self, order):
        """Take back as much of the payout of an order as the bank took of the order."""
        taken = self.chargeback_id.payment_id
        paid = order.payment_id
        share = taken.amount / paid.amount
        inclusive = order._holds_tax(paid)
        whole = order.amount + order.fee + (order.tax if inclusive else 0)
        tax = order.currency_id.round(order.tax * share) if inclusive else 0.0
        gross = order.currency_id.round(whole * share)
        self.write(
            {
                "currency_id": order.currency_id.id,
                "total": -gross,
                "tax": -tax,
                "amount": -(gross - tax),
                "document_total": taken.amount,
            }
        )

    def _holds_tax(self, payment):
        """Tell whether FastSpring's tax is part of what we had counted as paid."""
        return bool(self.tax) and not payment.currency_id.compare_amounts(
            payment.amount, abs(self.document_total)
        )

    def _book_from(self, payment):
        clearing = payment._bitpaket_clearing()
        counted = sum(clearing.mapped("amount_currency"))
        booked = sum(clearing.mapped("balance"))
        parts = {
            self.company_id._bitpaket_get_fee_account: self.fee,
            self.company_id._bitpaket_get_tax_account: (
                self.tax if self._holds_tax(payment) else 0.0
            ),
        }
        parts = {get(): part for get, part in parts.items() if part}
        if payment.currency_id == self.currency_id:
            lines, balance = self._take_off(clearing, counted, booked, parts)
        else:
            lines, balance = self._exchange(clearing, counted, booked, parts)
        if lines is None:
            self.state = "manual"
            self.reason = self.env._(
                "FastSpring pays %(amount)s out and keeps %(fee)s, but %(counted)s "
                "were booked for %(order)s.",
                amount=self._show(self.amount),
                fee=self._show(sum(parts.values())),
                counted=formatLang(self.env, counted, currency_obj=payment.currency_id),
                order=self.order_reference,
            )
            return
        if lines:
            self.move_id = self._make_move(lines)
        self.balance = balance
        self.state = "booked"
        self.reason = self.env._(
            "%(order)s: FastSpring pays %(amount)s out and keeps %(fee)s.",
            order=self.order_reference,
            amount=self._show(self.amount),
            fee=self._show(sum(parts.values())),
        )

    def _take_off(self, clearing, counted, booked, parts):
        """Take fee and tax off the clearing account, at the rate of the payment.

        :return: Lines, and what the rest is worth; no lines if it does not fit.
        """
        kept = sum(parts.values())
        if self.currency_id.compare_amounts(self.amount + kept, counted):
            return None, 0.0
        company_currency = self.company_currency_id
        lines, balance = [], booked
        for account, part in parts.items():
            worth = company_currency.round(booked * part / counted)
            lines.append((account, self.currency_id, part, worth))
            balance -= worth
        if lines:
            taken = sum(line[3] for line in lines)
            lines.append((clearing.account_id, self.currency_id, -kept, -taken))
        return lines, company_currency.round(balance)

    def _exchange(self, clearing, counted, booked, parts):
        """Turn what was paid into what is paid out, in another currency.

        :return: Lines, and what is paid out is worth.
        """
        company_currency = self.company_currency_id

        def convert(amount):
            return self.currency_id._convert(
                amount, company_currency, self.company_id, self.date
            )

        worth = convert(self.amount)
        lines = [
            (clearing.account_id, clearing.currency_id, -counted, -booked),
            (clearing.account_id, self.currency_id, self.amount, worth),
        ]
        rest = booked - worth
        for account, part in parts.items():
            value = convert(part)
            lines.append((account, self.currency_id, part, value))
            rest -= value
        rest = company_currency.round(rest)
        if rest:
            account = self.company_id._bitpaket_get_exchange_account(gain=rest < 0)
            lines.append((account, company_currency, rest, rest))
        return lines, worth

    def _make_move(self, lines):
        name = self.env._("FastSpring payout of %s", self.order_reference)
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.journal_id.id,
                "date": self.date,
                "ref": name,
                "line_ids": [
                    Command.create(
                        {
                            "name": name,
                            "account_id": account.id,
                            "currency_id": currency.id,
                            "amount_currency": amount,
                            "balance": balance,
                        }
                    )
                    for account, currency, amount, balance in lines
                ],
            }
        )
        move.action_post()
        return move

    def _show(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _outcome(self):
        if self.state == "foreign":
            return "ignored", self.reason
        return super()._outcome()
