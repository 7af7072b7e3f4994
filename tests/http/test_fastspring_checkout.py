"""From "Pay now" to the paid invoice, with a simulated FastSpring."""

import requests

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..fastspring_common import FastSpringMixin, simulated

EVENTS = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_event"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringCheckout(FastSpringMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = cls.enterClassContext(simulated(cls.provider))

    def setUp(self):
        super().setUp()
        self.simulator.configure(
            tax_mode="net", tax_rates={}, currency_by_country=False, currencies=[]
        )
        self.simulator.clear_faults()

    def checkout(self, invoice, **values):
        """Click on "Pay now"; return the transaction."""
        transaction = self.make_transaction(invoice, **values)
        self.form = transaction._get_processing_values().get("redirect_form_html")
        return transaction

    def settle(self, waiting=False):
        """Let the simulator send its webhooks, and process them."""
        self.env.cr.flush()
        with self.allow_requests(all_requests=True):
            self.simulator.deliver(waiting=waiting)
        self.env.invalidate_all()
        self.run_cron()

    def test_card_pays_the_invoice(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        session = transaction.fastspring_session_id
        self.assertIn(
            f'action="{self.simulator.storefront_url}/checkout/session/{session}"',
            self.form,
        )
        order = self.simulator.pay(session)
        self.settle()
        self.assertEqual(transaction.state, "done")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(transaction.provider_reference, order["reference"])
        self.assertEqual(transaction.fastspring_receipt_url, order["invoiceUrl"])
        self.assertEqual(self.url_of_receipt(transaction).status_code, 200)

    def url_of_receipt(self, transaction):
        return requests.get(transaction.fastspring_receipt_url, timeout=10)

    def test_money_waits_in_the_clearing_journal(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        payment = transaction.payment_id
        self.assertEqual(payment.state, "paid")
        self.assertEqual(payment.journal_id.code, "FASTS")
        self.assertEqual(
            payment.memo, f"{transaction.reference} - {transaction.provider_reference}"
        )
        clearing = payment.journal_id.default_account_id
        line = payment.move_id.line_ids.filtered(lambda line: line.debit)
        self.assertEqual((line.account_id, line.debit), (clearing, 29.0))

    def test_webhook_names_no_order_that_the_api_does_not_confirm(self):
        """Who knows the secret alone cannot pay: the order must exist as well."""
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        event = self.make_event("order.completed", self.make_order(transaction))
        self.receive(event)
        self.run_cron()
        record = self.events.search([("event_id", "=", event["id"])])
        self.assertEqual(record.state, "error")
        self.assertEqual(record.reason, "FastSpring refused: Not found")
        self.assertEqual(transaction.state, "draft")

    def test_wire_waits_and_then_arrives(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        order = self.simulator.wire(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(transaction.state, "pending")
        self.assertTrue(transaction.fastspring_due_date)
        self.assertIn("waits for the bank transfer", transaction.state_message)
        self.assertEqual(invoice.amount_residual, 29.0)
        self.assertFalse(invoice._has_to_be_paid())
        self.simulator.arrive(order["id"])
        self.settle()
        self.assertEqual(transaction.state, "done")
        self.assertEqual(transaction.payment_method_id.code, "bank_transfer")
        self.assertEqual(invoice.payment_state, "paid")

    def test_wire_never_arrives(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        order = self.simulator.wire(transaction.fastspring_session_id)
        self.simulator.expire(order["id"])
        self.settle()
        self.assertEqual(transaction.state, "cancel")
        self.assertEqual(
            transaction.state_message, "FastSpring waited in vain for the payment."
        )
        self.assertEqual(invoice.amount_residual, 29.0)
        self.assertTrue(invoice._has_to_be_paid())

    def test_declined_and_then_paid_in_the_same_checkout(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.decline(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(transaction.state, "error")
        self.assertEqual(
            transaction.state_message, "The payment was declined. You can try again."
        )
        self.simulator.pay(transaction.fastspring_session_id, "paypal")
        self.settle()
        self.assertEqual(transaction.state, "done")
        self.assertEqual(transaction.payment_method_id.code, "paypal")
        self.assertEqual(invoice.payment_state, "paid")

    def test_declined_is_told_after_paid(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.decline(transaction.fastspring_session_id)
        self.simulator.pay(transaction.fastspring_session_id)
        self.simulator.set_fault("reorder")
        self.settle()
        self.assertEqual(transaction.state, "done")
        self.assertEqual(invoice.payment_state, "paid")

    def test_paid_twice_in_two_tabs(self):
        invoice = self.make_invoice(29.0)
        first, second = self.checkout(invoice), self.checkout(invoice)
        self.simulator.pay(first.fastspring_session_id)
        order = self.simulator.pay(second.fastspring_session_id)
        self.settle()
        self.assertEqual((first.state, second.state), ("done", "error"))
        self.assertEqual(len(invoice._get_reconciled_payments()), 1)
        event = self.events.search(
            [
                ("order_reference", "=", order["reference"]),
                ("type", "=", "order.completed"),
            ]
        )
        self.assertEqual(event.state, "manual")
        self.assertEqual(event.transaction_id, second)
        self.assertIn(f"{invoice.name} was paid twice", event.reason)

    def test_resent_by_hand(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        event = self.events.search(
            [("transaction_id", "=", transaction.id), ("state", "=", "done")]
        )
        again = self.simulator.resend(event.event_id)
        self.settle()
        resent = self.events.search([("event_id", "=", again)])
        self.assertEqual(resent.state, "done")
        self.assertEqual(resent.reason, "This order had paid it already.")
        self.assertEqual(len(invoice._get_reconciled_payments()), 1)

    def test_api_is_down_for_a_while(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.pay(transaction.fastspring_session_id)
        self.simulator.set_fault("server_error", True, path="/orders")
        self.settle()
        event = self.events.search(
            [("state", "=", "error"), ("type", "=", "order.completed")]
        )
        self.assertEqual(event.reason, "FastSpring could not be reached.")
        self.assertEqual((event.attempts, transaction.state), (1, "draft"))
        self.simulator.clear_faults()
        self.run_cron()
        self.assertEqual(transaction.state, "draft", "it waits for its time")
        event.next_retry = "2020-01-01"
        self.run_cron()
        self.assertEqual((event.state, event.attempts), ("done", 2))
        self.assertEqual(invoice.payment_state, "paid")

    def test_buyer_was_charged_another_amount(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.set_fault("wrong_amount", True, amount="-1.00")
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        event = self.events.search([("transaction_id", "=", transaction.id)])
        self.assertEqual(event.state, "manual")
        self.assertIn("28.00 came instead of", event.reason)
        self.assertEqual((transaction.state, invoice.amount_residual), ("error", 29.0))

    def test_missed_webhook_is_fetched(self):
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        self.simulator.set_fault("drop")
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(transaction.state, "draft")
        self.env.ref(
            "bitpaket_billing.ir_cron_fastspring_fetch"
        ).method_direct_trigger()
        missed = [event for event in self.simulator.events if not event["processed"]]
        self.assertFalse(missed)
        self.run_cron()
        self.assertEqual(invoice.payment_state, "paid")

    @mute_logger(EVENTS)
    def test_fetching_survives_an_api_that_is_down(self):
        self.simulator.set_fault("server_error", True, path="/events")
        fetch = self.env.ref("bitpaket_billing.ir_cron_fastspring_fetch")
        before = fetch.failure_count
        fetch.method_direct_trigger()
        self.assertEqual(fetch.failure_count, before)

    # === Tax === #

    def test_fastspring_adds_its_tax(self):
        self.simulator.configure(tax_rates={"US": 10})
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        order = self.simulator.pay(transaction.fastspring_session_id)
        self.assertEqual(str(order["total"]), "31.90")
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(transaction.payment_id.amount, 29.0)

    def test_own_tax_makes_the_buyer_pay_the_total(self):
        self.company.bitpaket_tax_mode = "own_tax"
        self.simulator.configure(tax_rates={"US": 10})
        invoice = self.make_invoice(110.0)
        transaction = self.checkout(invoice)
        order = self.simulator.pay(transaction.fastspring_session_id)
        self.assertEqual((str(order["total"]), str(order["tax"])), ("110.00", "10.00"))
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")

    # === Refused before the customer goes there === #

    def test_session_in_another_currency(self):
        self.simulator.set_fault("session_currency", True, currency="EUR")
        transaction = self.checkout(self.make_invoice(29.0))
        self.assertEqual(transaction.state, "error")
        self.assertIn("The currency is EUR instead of USD.", transaction.state_message)
        self.assertNotIn("session", self.form)

    def test_wrong_password(self):
        self.provider.fastspring_password = "wrong"
        self.addCleanup(self.provider.write, {"fastspring_password": "sim"})
        transaction = self.checkout(self.make_invoice(29.0))
        self.assertEqual(transaction.state, "error")
        self.assertEqual(
            transaction.state_message,
            "The payment could not be started. FastSpring refused the API username or "
            "password.",
        )

    def test_older_sessions(self):
        self.provider.fastspring_sessions_api = "v1"
        invoice = self.make_invoice(29.0)
        transaction = self.checkout(invoice)
        session = transaction.fastspring_session_id
        self.assertIn(
            f'action="{self.simulator.storefront_url}/web-invoices/session/{session}"',
            self.form,
        )
        self.simulator.pay(session)
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")

    # === Test connection === #

    def test_connection_works(self):
        action = self.provider.action_fastspring_test_connection()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(
            action["params"]["message"],
            "FastSpring opened a checkout of store bitpaket in USD.",
        )

    def test_connection_with_a_wrong_product(self):
        self.provider.fastspring_product = "no-such-product"
        with self.assertRaisesRegex(UserError, "refused: Product not found"):
            self.provider.action_fastspring_test_connection()
