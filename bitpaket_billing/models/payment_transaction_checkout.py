from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.payment.logging import get_payment_logger

from ..fastspring import const
from ..fastspring.errors import ApiError, AuthError, FastSpringError

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS | const.PII_KEYS)

#: How long a payment that was begun counts as being made.
JUST_PAID = timedelta(hours=3)
#: A decline leaves the checkout open: what failed may yet be paid.
UNPAID = ("draft", "error")
#: FastSpring keeps a session open for so long.
SESSION_HOURS = 24
#: Sessions that FastSpring is asked about before another one is opened.
MAX_ASKED = 3


class PaymentTransaction(models.Model):
    """The way of a customer through FastSpring's checkout, and back."""

    _inherit = "payment.transaction"

    fastspring_progress = fields.Selection(
        [
            ("sent", "Sent to the checkout"),
            ("opened", "Popup opened"),
            ("left", "Closed without paying"),
            ("finished", "Finished by the customer"),
        ],
        string="Checkout",
        readonly=True,
        copy=False,
        help="What the customer's browser told. Only FastSpring's order is a proof.",
    )
    fastspring_account = fields.Char(
        string="FastSpring account",
        readonly=True,
        copy=False,
        help="FastSpring's account of the buyer who ordered.",
    )
    bitpaket_credit = fields.Monetary(
        string="Covered by credits",
        readonly=True,
        copy=False,
        help="What the customer's open credits cover of these invoices. It was not "
        "asked for, and is set off once the payment is there.",
    )

    # === STATES === #

    def _bitpaket_is_fresh(self):
        self.ensure_one()
        return self.create_date >= fields.Datetime.now() - JUST_PAID

    def _bitpaket_is_transfer(self):
        """Tell whether a bank transfer is waited for, which takes days."""
        self.ensure_one()
        return self.state == "pending" and self.payment_method_code == "bank_transfer"

    @api.model
    def _bitpaket_get_on_its_way_domain(self):
        """Say which payments are expected, so that paying again may be paying twice.

        :rtype: Domain
        """
        fresh = fields.Datetime.now() - JUST_PAID
        return Domain.OR(
            [
                [("state", "in", ("pending", "authorized"))],
                [("state", "=", "done"), ("payment_id", "=", False)],
                [
                    ("state", "in", UNPAID),
                    ("fastspring_progress", "=", "finished"),
                    ("create_date", ">=", fresh),
                ],
            ]
        )

    def _bitpaket_is_on_its_way(self):
        """Tell whether money is expected, by the same rule.

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.filtered_domain(self._bitpaket_get_on_its_way_domain()))

    @api.model
    def _bitpaket_get_declined_domain(self):
        """Say which payments were declined, and may have been made after that.

        Those in a checkout that took the place of the page: it does not tell.

        :rtype: Domain
        """
        return Domain(
            [
                ("state", "=", "error"),
                ("fastspring_session_id", "!=", False),
                ("fastspring_progress", "=", "sent"),
                ("create_date", ">=", fields.Datetime.now() - JUST_PAID),
            ]
        )

    def _bitpaket_is_awaited(self):
        """Tell whether this may turn to paid while the customer looks on.

        :rtype: bool
        """
        self.ensure_one()
        if self._bitpaket_is_on_its_way():
            return True
        if self.filtered_domain(self._bitpaket_get_declined_domain()):
            return True
        return (
            self.state == "draft"
            and self.fastspring_progress in (False, "sent")
            and self._bitpaket_is_fresh()
        )

    # === CHECKOUT === #

    def _fastspring_start_checkout(self, popup):
        """Open a checkout for a customer of the billing page.

        :param bool popup: Whether it opens over the page.
        :return: Where to send the browser instead of opening a popup; None if the
                 checkout cannot be opened, with the reason as the state's message.
        :rtype: str | None
        """
        self.ensure_one()
        self.fastspring_progress = "opened" if popup else "sent"
        values = self._get_specific_rendering_values({})
        return None if self.state == "error" else values["api_url"]

    def _fastspring_find_ordered(self):
        """Find out which of these checkouts were finished without our being told.

        A web checkout does not lead back, and webhooks may come late: before a customer
        pays again, FastSpring is asked. Without an answer nothing is held up.
        """
        since = fields.Datetime.now() - timedelta(hours=SESSION_HOURS)
        begun = self.filtered(
            lambda tx: (
                tx.state in UNPAID
                and tx.fastspring_session_id
                and tx.fastspring_progress in ("sent", "opened")
                and tx.create_date >= since
            )
        ).sorted("id", reverse=True)
        for transaction in begun[:MAX_ASKED]:
            provider = transaction.provider_id
            try:
                status = provider._fastspring_get_session_status(
                    transaction.fastspring_session_id
                )
            except FastSpringError as error:
                _logger.warning("The checkout of %s: %s", transaction.reference, error)
                return
            if status in const.ORDERED:
                transaction.fastspring_progress = "finished"

    def _fastspring_register_outcome(self, outcome):
        """Keep what the customer's browser told about a checkout.

        :param str outcome: `sent`, `left` or `finished`.
        """
        for transaction in self:
            # What FastSpring told since counts more.
            if transaction.state in UNPAID:
                transaction.fastspring_progress = outcome

    def _bitpaket_describe(self):
        """Say in the user's language what is on its way.

        :rtype: str
        """
        self.ensure_one()
        values = {
            "amount": self.currency_id.format(self.amount),
            "invoices": ", ".join(self.invoice_ids.mapped("name")),
            "date": self.fastspring_due_date
            and format_date(self.env, self.fastspring_due_date),
        }
        if values["date"]:
            return self.env._(
                "A bank transfer of %(amount)s for %(invoices)s is expected until "
                "%(date)s. It can take a few days to arrive.",
                **values,
            )
        return self.env._(
            "A payment of %(amount)s for %(invoices)s is on its way. It can take about "
            "an hour until it is listed.",
            **values,
        )

    # === BOOKING === #

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to set off credits that were not asked for."""
        payment = super()._create_payment(**extra_create_values)
        if not self.currency_id.is_zero(self.bitpaket_credit):
            self._bitpaket_set_off_credits()
        return payment

    def _bitpaket_set_off_credits(self):
        account = self.invoice_ids.bitpaket_account_id
        invoices = self.invoice_ids.filtered(lambda move: move.state == "posted")
        open_lines = invoices.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        )
        for receivable, lines in open_lines.grouped("account_id").items():
            credits = account._find_open_credits().filtered(
                lambda line, receivable=receivable: line.account_id == receivable
            )
            if credits:
                (lines | credits).reconcile()

    # === ACCOUNTS AT FASTSPRING === #

    def _fastspring_open_session(self):
        """Let a known buyer find its details and stored methods at the checkout.

        FastSpring may have dropped the account, or register it in a country of another
        currency. The customer pays all the same then, as somebody new.
        """
        try:
            return super()._fastspring_open_session()
        except (ApiError, ValidationError) as error:
            known = self._fastspring_prepare_buyer().account_id
            if isinstance(error, AuthError) or not known:
                raise
        unknown = self.with_context(fastspring_unknown_buyer=True)
        return super(PaymentTransaction, unknown)._fastspring_open_session()

    def _fastspring_prepare_buyer(self):
        """Add the customer's account at FastSpring."""
        buyer = super()._fastspring_prepare_buyer()
        if self.env.context.get("fastspring_unknown_buyer"):
            return buyer
        accounts_sudo = self.env["bitpaket.fastspring.account"].sudo()
        known_sudo = accounts_sudo._find(self.provider_id, self.partner_id)
        return replace(buyer, account_id=known_sudo.reference or None)

    def _fastspring_keep(self, order):
        """Remember the buyer's account at FastSpring, too."""
        super()._fastspring_keep(order)
        if order.account_id and order.account_id != self.fastspring_account:
            self.fastspring_account = order.account_id
            self.env["bitpaket.fastspring.account"].sudo()._learn(self)

    def _fastspring_set_declined(self, order):
        """Expect nothing more of the order that the customer finished."""
        if order.id == self.fastspring_order_id:
            self.fastspring_progress = "left"
        super()._fastspring_set_declined(order)

    def _fastspring_set_waiting(self, order):
        """Tell a bank transfer from other payments that take their time."""
        super()._fastspring_set_waiting(order)
        if order.reason == const.WIRE:
            methods = self.env["payment.method"].with_context(active_test=False)
            self.payment_method_id = methods._get_from_code("bank_transfer")

    @api.model
    def _fastspring_find_by_account(self, provider, reference):
        """Return the first transaction that an account at FastSpring ordered for.

        :param provider: The `payment.provider`.
        :param str reference: FastSpring's id of the account.
        """
        return self.search(
            [("provider_id", "=", provider.id), ("fastspring_account", "=", reference)],
            order="id",
            limit=1,
        )
