"""The payment transaction: what is asked for, and what counts as paid."""

from unittest.mock import patch

import psycopg2
from lxml import etree

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.fastspring.orders import Order

from ..fastspring_common import FastSpringMixin

TX_LOGGER = "odoo.addons.bitpaket_billing.models.payment_transaction"
URL = "https://bitpaket.test.onfastspring.com/checkout/session/OS1"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringTransaction(FastSpringMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(29.0)
        cls.transaction = cls.make_transaction(cls.invoice)

    def open_checkout(self, transaction=None, **changes):
        """Click on "Pay now" with an API that opens what it was asked for.

        :param changes: what the answer differs in
        :return: the requests, and the values that the browser gets
        """
        requests = []

        def create_session(_client, request):
            requests.append(request)
            (item,) = request.json["cart"]["lineItems"]
            ((currency, price),) = item["customPrice"]["unitPrice"].items()
            return {
                "id": f"OS{len(requests)}",
                "status": "OPEN",
                "currency": currency,
                "live": request.json["live"],
                "orderTags": request.json["orderTags"],
                "cart": {
                    "lineItems": [{"productPath": item["productPath"], "quantity": 1}],
                    "withTaxNetTotal": price,
                    "withoutTaxNetTotal": price,
                    "taxIncluded": "TAXES_ADDED_TO_PRICE",
                },
                "checkoutUrls": {"webcheckoutUrl": URL},
                "checkoutStatus": ["READY_FOR_CHECKOUT"],
                **changes,
            }

        with patch(
            "odoo.addons.bitpaket_billing.fastspring.client.FastSpringClient"
            ".create_session",
            create_session,
        ):
            values = (transaction or self.transaction)._get_processing_values()
        return requests, values

    def apply(self, kind, **changes):
        """Let an order update the transaction."""
        order = Order.from_payload(self.make_order(self.transaction, **changes))
        return self.transaction._process("fastspring", {"type": kind, "order": order})

    # === Checkout === #

    def test_no_item_missing_from_session_request(self):
        self.partner.vat = False
        ((request,), _values) = self.open_checkout()
        reference = self.transaction.reference
        origin = self.env["ir.config_parameter"].get_param("database.uuid")
        self.assertEqual(request.path, "/v2/checkouts/bitpaket/web-invoices/sessions")
        self.assertEqual(
            request.json["orderTags"],
            {
                "odoo_tx": reference,
                "odoo_db": origin,
                "odoo_invoices": self.invoice.name,
            },
        )
        self.assertFalse(request.json["live"])
        self.assertEqual(request.json["country"], "US")
        (item,) = request.json["cart"]["lineItems"]
        self.assertEqual(item["productPath"], "invoice-payment")
        self.assertEqual(
            {
                key: float(price)
                for key, price in item["customPrice"]["unitPrice"].items()
            },
            {"USD": 29.0},
        )
        self.assertEqual(
            item["descriptions"]["display"]["en"], f"Invoice {self.invoice.name}"
        )
        self.assertEqual(
            request.json["customer"],
            {
                "billToContact": {
                    "email": "billing@acme.example.com",
                    "company": "Acme Rockets Ltd",
                },
                "billToAddress": {
                    "addressLine1": "1 Launch Road",
                    "city": "Springfield",
                    "postalCode": "62701",
                    "country": "US",
                },
            },
        )

    def test_person_has_first_and_last_name(self):
        self.partner.write({"is_company": False, "name": "Eva Maria Muster"})
        transaction = self.make_transaction(self.invoice)
        ((request,), _values) = self.open_checkout(transaction)
        contact = request.json["customer"]["billToContact"]
        self.assertEqual(
            (contact["firstName"], contact["lastName"]), ("Eva Maria", "Muster")
        )

    def test_no_input_missing_from_redirect_form(self):
        (_requests, values) = self.open_checkout()
        form = etree.fromstring(values["redirect_form_html"])
        self.assertEqual((form.get("action"), form.get("method")), (URL, "get"))
        self.assertEqual(self.transaction.fastspring_session_id, "OS1")
        self.assertEqual(self.transaction.state, "draft")

    @mute_logger(TX_LOGGER)
    def test_unusable_session_is_refused_in_words(self):
        for changes, words in [
            ({"currency": "EUR"}, "The currency is EUR instead of USD."),
            ({"live": True}, "The mode is live instead of test."),
            ({"status": "FAILED"}, "The state of the checkout is FAILED"),
            ({"orderTags": {}}, "The payment is for nothing instead of"),
            ({"checkoutStatus": []}, "The checkout is not ready: nothing."),
            (
                {"warnings": [{"code": "INVALID_COUNTRY", "message": "Which?"}]},
                "FastSpring warns: Which? (INVALID_COUNTRY)",
            ),
        ]:
            with self.subTest(words=words):
                transaction = self.make_transaction(self.invoice)
                (_requests, values) = self.open_checkout(transaction, **changes)
                self.assertEqual(values["state"], "error")
                self.assertIn(words, values["state_message"])
                self.assertNotIn("onfastspring", values["redirect_form_html"])
                self.assertFalse(transaction.fastspring_session_id)

    def test_soft_warning_is_kept(self):
        warning = {"code": "INVALID_TAX_ID", "message": "Unknown tax id."}
        self.open_checkout(warnings=[warning])
        self.assertEqual(
            self.transaction.state_message,
            "FastSpring warns: Unknown tax id. (INVALID_TAX_ID)",
        )
        self.assertEqual(self.transaction.state, "draft")

    def test_currency_that_fastspring_does_not_take(self):
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", "XAF")])
        currency.active = True
        transaction = self.make_transaction(self.invoice, currency_id=currency.id)
        (requests, values) = self.open_checkout(transaction)
        self.assertEqual(
            values["state_message"], "FastSpring cannot be asked for 29.0 XAF."
        )
        self.assertFalse(requests)

    # === Processing === #

    def test_extract_reference_finds_reference(self):
        order = Order.from_payload(self.make_order(self.transaction))
        reference = self.env["payment.transaction"]._extract_reference(
            "fastspring", {"order": order}
        )
        self.assertEqual(reference, self.transaction.reference)

    def test_apply_updates_confirms_transaction(self):
        self.apply("order.completed")
        self.assertEqual(self.transaction.state, "done")
        self.assertEqual(
            self.transaction.provider_reference, f"BITPAKET261123-{self.transaction.id}"
        )
        self.assertEqual(
            self.transaction.fastspring_receipt_url,
            "https://bitpaket.test.onfastspring.com/account/order/x/invoice",
        )

    def test_apply_updates_sets_payment_method(self):
        for payment, code in [
            ({"type": "creditcard", "creditcard": "visa"}, "visa"),
            ({"type": "paypal"}, "paypal"),
            ({"type": "bank", "bank": "wire"}, "bank_transfer"),
            ({"type": "something-new"}, "card"),
        ]:
            with self.subTest(payment=payment):
                self.transaction = self.make_transaction(self.invoice)
                self.apply("order.completed", payment=payment)
                self.assertEqual(self.transaction.payment_method_id.code, code)

    def test_receipt_is_never_a_script(self):
        self.apply("order.completed", invoiceUrl="javascript:alert(1)")
        self.assertEqual(self.transaction.state, "done")
        self.assertFalse(self.transaction.fastspring_receipt_url)

    def test_mismatch_never_pays_however_often_it_is_told(self):
        """Odoo's own check lets the second delivery of a mismatch through."""
        for changes, words in [
            ({"total": 28.99, "subtotal": 28.99}, "The amount is 28.99 USD"),
            ({"currency": "EUR"}, "The currency is EUR instead of USD."),
            ({"live": True}, "The mode is live instead of test."),
            ({"tags": {"odoo_tx": "INV/0-1"}}, "The payment is for INV/0-1"),
            ({"completed": False}, "The order is not paid."),
            ({"items": [{"product": "t-shirt"}]}, "The products are t-shirt"),
            (
                {"invoiceUrl": "https://shop.onfastspring.com/account/order/x"},
                "The store is shop instead of bitpaket.",
            ),
            (
                {"tags": {"odoo_tx": self.transaction.reference, "odoo_db": "other"}},
                "asked for by another system",
            ),
        ]:
            for delivery in (1, 2, 3):
                with (
                    self.subTest(changes=changes, delivery=delivery),
                    self.assertRaisesRegex(ValidationError, words),
                ):
                    self.apply("order.completed", **changes)
                self.assertEqual(self.transaction.state, "draft")
                self.assertFalse(self.transaction.fastspring_order_id)

    def test_test_money_never_pays_a_live_provider(self):
        self.provider.state = "enabled"
        with self.assertRaisesRegex(
            ValidationError, "The mode is test instead of live"
        ):
            self.apply("order.completed")

    def test_merchant_of_record_takes_tax_on_top_or_inside(self):
        for total, subtotal, fits in [
            (29.0, 29.0, True),
            (31.9, 29.0, True),
            (29.0, 24.37, True),
            (31.9, 28.0, False),
            (24.37, 24.37, False),
        ]:
            with self.subTest(total=total, subtotal=subtotal):
                self.transaction = self.make_transaction(self.invoice)
                order = {"total": total, "subtotal": subtotal}
                if fits:
                    self.apply("order.completed", **order)
                    self.assertEqual(self.transaction.state, "done")
                else:
                    with self.assertRaisesRegex(ValidationError, "The amount is"):
                        self.apply("order.completed", **order)

    def test_own_tax_takes_the_total_only(self):
        self.company.bitpaket_tax_mode = "own_tax"
        with self.assertRaisesRegex(ValidationError, "The amount is 31.90 USD"):
            self.apply("order.completed", total=31.9, subtotal=29.0)
        self.apply("order.completed", total=29.0, subtotal=26.37)
        self.assertEqual(self.transaction.state, "done")

    def test_an_order_pays_one_transaction_only(self):
        self.apply("order.completed")
        order_id = self.transaction.fastspring_order_id
        other = self.make_transaction(self.invoice)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
        ):
            other.fastspring_order_id = order_id
            self.env.flush_all()

    def test_states(self):
        """Money wins over everything; nothing wins over money."""
        wire = {"completed": False, "payment": {}}
        for kinds, state in [
            (["order.payment.pending"], "pending"),
            (["order.payment.pending", "order.completed"], "done"),
            (["order.failed"], "error"),
            (["order.failed", "order.payment.pending"], "pending"),
            (["order.failed", "order.completed"], "done"),
            (["order.payment.pending", "order.canceled"], "cancel"),
            (["order.failed", "order.canceled"], "cancel"),
            (["order.canceled", "order.completed"], "done"),
            (["order.approval.pending"], "pending"),
        ]:
            with self.subTest(kinds=kinds):
                self.transaction = self.make_transaction(self.invoice)
                for kind in kinds:
                    self.apply(kind, **({} if kind == "order.completed" else wire))
                self.assertEqual(self.transaction.state, state)

    def test_waiting_for_a_transfer_says_until_when(self):
        self.apply(
            "order.payment.pending",
            completed=False,
            payment={},
            paymentDueDate="Thu May 28 00:00:00 UTC 2026",
        )
        self.assertEqual(str(self.transaction.fastspring_due_date), "2026-05-28")
        self.assertEqual(
            self.transaction.state_message,
            "FastSpring waits for the bank transfer, until 05/28/2026.",
        )

    def test_other_providers_are_left_alone(self):
        provider = self.env["payment.provider"].create(
            {"name": "Other", "company_id": self.company.id}
        )
        transaction = self.make_transaction(self.invoice, provider_id=provider.id)
        self.assertEqual(transaction._get_specific_rendering_values({}), {})
        self.assertEqual(
            transaction._extract_reference("none", {"reference": "x"}), "x"
        )
        self.assertEqual(transaction._extract_amount_data({}), {})
        self.assertEqual(provider._build_request_url("/x"), "")
        self.assertFalse(provider.fastspring_webhook_secret)
