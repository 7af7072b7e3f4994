from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from odoo.addons.payment.logging import get_payment_logger

from ..fastspring import const, sessions
from ..fastspring.errors import FastSpringError
from ..fastspring.matching import match_order
from ..fastspring.session_checks import check_session
from ..tools import exact

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS | const.PII_KEYS)

#: What an event about an order does to the transaction.
UPDATES = {
    const.ORDER_COMPLETED: "_fastspring_set_paid",
    const.ORDER_PAYMENT_PENDING: "_fastspring_set_waiting",
    const.ORDER_APPROVAL_PENDING: "_fastspring_set_waiting",
    const.ORDER_FAILED: "_fastspring_set_declined",
    const.ORDER_CANCELED: "_fastspring_set_withdrawn",
}
#: Where no money comes, only these can make it somebody else's order.
FOREIGN = {"live", "origin", "store"}


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    fastspring_session_id = fields.Char(
        string="FastSpring checkout", readonly=True, copy=False
    )
    fastspring_order_id = fields.Char(
        string="FastSpring order id",
        readonly=True,
        copy=False,
        help="The order that pays this, or will when its bank transfer arrives.",
    )
    fastspring_receipt_url = fields.Char(
        string="FastSpring receipt",
        readonly=True,
        copy=False,
        help="The invoice that FastSpring, as the seller, issued to the customer.",
    )
    fastspring_due_date = fields.Date(
        string="Transfer due",
        readonly=True,
        copy=False,
        help="Until when FastSpring waits for the bank transfer.",
    )

    # An order never pays twice, kept by the database.
    _fastspring_order_uniq = models.UniqueIndex(
        "(provider_id, fastspring_order_id) WHERE fastspring_order_id IS NOT NULL",
        "This FastSpring order belongs to another transaction already.",
    )

    # === BUSINESS METHODS - PRE-PROCESSING === #

    def _get_specific_rendering_values(self, processing_values):
        """Override of `payment` to return FastSpring-specific rendering values.

        Note: self.ensure_one() from `_get_processing_values`.

        :param dict processing_values: The generic and specific processing values of the
                                       transaction.
        :return: The dict of provider-specific rendering values.
        :rtype: dict
        """
        if self.provider_code != "fastspring":
            return super()._get_specific_rendering_values(processing_values)
        try:
            session = self._fastspring_open_session()
        except FastSpringError as error:
            reason = self.provider_id._fastspring_explain_error(error)
            self._set_error(self.env._("The payment could not be started. %s", reason))
            return {}
        except ValidationError as error:
            self._set_error(str(error))
            return {}
        return {"api_url": self.provider_id._fastspring_get_checkout_url(session)}

    def _fastspring_open_session(self):
        """Create a checkout session for exactly this payment, and check it.

        :return: FastSpring's answer.
        :rtype: dict
        :raise FastSpringError: If there is none.
        :raise ValidationError: If the buyer could not pay there, or not this amount.
        """
        provider = self.provider_id
        expected = self._fastspring_expect()
        session = self._fastspring_create_session(expected)
        problems = check_session(session, expected, provider.fastspring_sessions_api)
        hard = {problem.code for problem in problems if not problem.soft}
        price = sessions.price_for_total(session, expected)
        if price and hard and hard <= {"amount", "amount_tax_exempt"}:
            # Tax made the total another one: ask for the price that makes it right.
            session = self._fastspring_create_session(expected, unit_price=price)
            problems = check_session(
                session, expected, provider.fastspring_sessions_api
            )
            hard = {problem.code for problem in problems if not problem.soft}
        words = provider._fastspring_explain_problems(problems)
        if hard:
            _logger.warning(
                "Refused the checkout of transaction %s: %s", self.reference, hard
            )
            raise ValidationError(
                self.env._(
                    "This cannot be paid at FastSpring as it should be.\n%s", words
                )
            )
        self.write({"fastspring_session_id": session["id"], "state_message": words})
        return session

    def _fastspring_create_session(self, expected, **options):
        in_their_language = self.with_context(lang=self.partner_lang).env
        names = self.invoice_ids.sorted("invoice_date").mapped("name")
        listed = ", ".join(names) or self.reference
        return self.provider_id._fastspring_create_session(
            expected,
            self._fastspring_prepare_buyer(),
            title=in_their_language._("Invoices %s", listed)
            if len(names) > 1
            else in_their_language._("Invoice %s", listed),
            references=names,
            locale=self.partner_lang,
            **options,
        )

    def _fastspring_prepare_buyer(self):
        partner = self.partner_id
        first_name, _space, last_name = (self.partner_name or "").rpartition(" ")
        buyer = {
            "email": self.partner_email or partner.commercial_partner_id.email,
            "first_name": not partner.is_company and first_name,
            "last_name": not partner.is_company and last_name,
            "company": partner.commercial_company_name,
            "address_line_1": self.partner_address,
            "city": self.partner_city,
            "region": self.partner_state_id.code,
            "postal_code": self.partner_zip,
            "country": self.partner_country_id.code,
            "tax_id": partner.commercial_partner_id.vat,
        }
        return sessions.Buyer(**{name: text or None for name, text in buyer.items()})

    def _fastspring_expect(self):
        """Return what an order must look like to pay this transaction.

        :rtype: Expected
        :raise ValidationError: If FastSpring cannot be asked for this, in words.
        """
        self.ensure_one()
        return self.provider_id._fastspring_expect(
            self.reference, exact(self.amount), self.currency_id
        )

    # === BUSINESS METHODS - PROCESSING === #

    @api.model
    def _extract_reference(self, provider_code, payment_data):
        """Override of `payment` to extract the reference from the payment data.

        :param dict payment_data: `type` of the event and the parsed `order`.
        """
        if provider_code != "fastspring":
            return super()._extract_reference(provider_code, payment_data)
        return payment_data["order"].tag(const.TAG_REFERENCE)

    def _extract_amount_data(self, payment_data):
        """Override of `payment` to leave the check to `_apply_updates`.

        It compares more than amount and currency, and it compares every time: the
        generic check lets a repeated notification through.
        """
        if self.provider_code != "fastspring":
            return super()._extract_amount_data(payment_data)
        return None

    def _apply_updates(self, payment_data):
        """Override of `payment` to update the transaction based on the payment data.

        :param dict payment_data: `type` of the event and the parsed `order`.
        :raise ValidationError: If the order is not this payment; nothing was changed.
        """
        if self.provider_code != "fastspring":
            return super()._apply_updates(payment_data)
        event_type, order = payment_data["type"], payment_data["order"]
        self._fastspring_check_order(event_type, order)
        getattr(self, UPDATES[event_type])(order)

    def _fastspring_check_order(self, event_type, order):
        """Refuse an order that is not the payment asked for.

        :param str event_type: What is said to have happened to the order.
        :param Order order: The order.
        :raise ValidationError: If they disagree in anything, in words.
        """
        paid = event_type == const.ORDER_COMPLETED
        problems = self._fastspring_match(order, paid)
        if event_type in (const.ORDER_FAILED, const.ORDER_CANCELED):
            problems = [problem for problem in problems if problem.code in FOREIGN]
        reasons = []
        if problems:
            reasons.append(self.provider_id._fastspring_explain_problems(problems))
        if paid and self._fastspring_is_paid_otherwise():
            reasons.append(
                self.env._(
                    "There is nothing left to pay on %s: the customer paid twice.",
                    ", ".join(self.invoice_ids.mapped("name")),
                )
            )
        if reasons:
            raise ValidationError("\n".join(reasons))

    def _fastspring_match(self, order, paid):
        """Compare an order with the payment asked for.

        :param Order order: The order.
        :param bool paid: Whether it must be paid already.
        :rtype: list[Problem]
        """
        return match_order(order, self._fastspring_expect(), paid=paid)

    def _fastspring_is_paid_otherwise(self):
        """Tell whether nothing is open any more on the invoices.

        :rtype: bool
        """
        invoices = self.invoice_ids
        return bool(invoices) and all(
            invoice.state == "cancel"
            or (
                invoice.state == "posted"
                and invoice.currency_id.is_zero(invoice.amount_residual)
            )
            for invoice in invoices
        )

    def _fastspring_is_outdated_by(self, event_type, order):
        """Tell whether what happened to the order does not matter any more.

        Events come in any order, and a customer may try several times in one checkout:
        only money always matters.

        :param str event_type: What happened to the order.
        :param Order order: The order.
        :rtype: bool
        """
        if event_type == const.ORDER_COMPLETED:
            return False
        return self.state in ("done", "cancel") or (
            self.state == "pending" and self.fastspring_order_id != order.id
        )

    def _fastspring_set_paid(self, order):
        self._fastspring_keep(order)
        method_code = order.payment.method_code
        methods = self.env["payment.method"].with_context(active_test=False)
        if method := method_code and methods._get_from_code(method_code):
            self.payment_method_id = method
        # A transfer may arrive after FastSpring gave it up.
        self._set_done(extra_allowed_states=("cancel",))

    def _fastspring_set_waiting(self, order):
        self._fastspring_keep(order)
        self.fastspring_due_date = order.payment_due_date
        in_their_language = self.with_context(lang=self.partner_lang).env
        if order.payment_due_date:
            message = in_their_language._(
                "FastSpring waits for the bank transfer, until %s.",
                format_date(in_their_language, order.payment_due_date),
            )
        else:
            message = in_their_language._("FastSpring waits for the payment.")
        self._set_pending(state_message=message, extra_allowed_states=("error",))

    def _fastspring_set_declined(self, order):
        in_their_language = self.with_context(lang=self.partner_lang).env
        self._set_error(
            in_their_language._("The payment was declined. You can try again.")
        )

    def _fastspring_set_withdrawn(self, order):
        in_their_language = self.with_context(lang=self.partner_lang).env
        self._set_canceled(
            in_their_language._("FastSpring waited in vain for the payment.")
            if order.reason == "EXPIRE"
            else in_their_language._("The payment was canceled."),
            extra_allowed_states=("error",),
        )

    def _fastspring_keep(self, order):
        """Remember the order that pays."""
        receipt = order.invoice_url
        trusted = self.provider_id._fastspring_is_own_address(receipt)
        self.write(
            {
                "provider_reference": order.reference or order.id,
                "fastspring_order_id": order.id,
                "fastspring_receipt_url": receipt if trusted else False,
            }
        )
