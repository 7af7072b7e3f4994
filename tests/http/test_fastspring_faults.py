"""Whatever FastSpring's simulator does wrong, the money comes out right."""

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..fastspring_common import FastSpringMixin, simulated

WEBHOOK = "odoo.addons.bitpaket_billing.controllers.fastspring"
EVENTS = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_event"
FETCH = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_fetch"
PROVIDER = "odoo.addons.bitpaket_billing.models.payment_provider"
LAG = "odoo.addons.bitpaket_billing.models.payment_provider_lag"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringFaults(FastSpringMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = cls.enterClassContext(simulated(cls.provider))
        cls.fetch = cls.env.ref("bitpaket_billing.ir_cron_fastspring_fetch")

    def setUp(self):
        super().setUp()
        self.simulator.clear_faults()
        self.invoice = self.make_invoice(29.0)
        self.transaction = self.make_transaction(self.invoice)
        self.transaction._get_processing_values()

    # === What happens === #

    def pay(self):
        """Let the customer pay by card."""
        return self.simulator.pay(self.transaction.fastspring_session_id)

    def deliver(self, waiting=False):
        """Let the simulator send; return the statuses that it was answered with."""
        self.env.cr.flush()
        before = len(self.simulator.deliveries)
        with self.allow_requests(all_requests=True):
            self.simulator.deliver(waiting=waiting)
        self.env.invalidate_all()
        new = len(self.simulator.deliveries) - before
        return [one["status"] for one in self.simulator.deliveries[:new]]

    def retry(self):
        """Let the time come at which failed events are tried again."""
        self.events.search([("state", "=", "error")]).next_retry = fields.Datetime.now()
        self.run_cron()

    def ask(self):
        """Ask FastSpring for missed events, as the scheduler does."""
        with self.enter_registry_test_mode():
            self.fetch.method_direct_trigger()
        self.env.invalidate_all()

    def press_fetch(self):
        """Press the button that asks, and let its transaction end."""
        action = self.provider.action_fastspring_fetch()
        self.env.cr.postcommit.run()
        return action

    def event(self):
        """Return the event that tells of the payment."""
        return self.events.search(
            [("type", "=", "order.completed"), ("provider_id", "=", self.provider.id)],
            order="id desc",
            limit=1,
        )

    # === What comes of it === #

    def assertPaidOnce(self):
        self.assertEqual(self.transaction.state, "done")
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self.invoice.amount_residual, 0.0)
        payment = self.invoice._get_reconciled_payments()
        self.assertEqual(payment.mapped("amount"), [29.0])
        clearing = self.provider.journal_id.default_account_id
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", clearing.id),
                ("move_id.origin_payment_id", "!=", False),  # not what FastSpring keeps
            ]
        )
        self.assertEqual(sum(lines.mapped("balance")), 29.0)

    def assertNothingPaid(self):
        self.assertEqual(self.transaction.state, "draft")
        self.assertEqual(self.invoice.amount_residual, 29.0)
        self.assertFalse(self.invoice._get_reconciled_payments())

    # === Webhooks === #

    def test_delay(self):
        self.simulator.set_fault("delay", seconds=3600)
        self.pay()
        self.assertEqual(self.deliver(), [])
        self.run_cron()
        self.assertNothingPaid()
        self.simulator.advance(hours=1)
        self.assertEqual(self.deliver(), [200])
        self.run_cron()
        self.assertPaidOnce()

    def test_delayed_until_after_it_was_fetched(self):
        self.simulator.set_fault("delay", seconds=3600)
        self.pay()
        self.ask()
        self.run_cron()
        self.assertPaidOnce()
        self.assertTrue(self.event().fetched)
        self.simulator.advance(hours=1)
        self.deliver(waiting=True)
        self.run_cron()
        self.assertPaidOnce()

    def test_duplicate(self):
        self.simulator.set_fault("duplicate")
        self.pay()
        self.assertEqual(self.deliver(), [200, 200])
        self.run_cron()
        self.assertPaidOnce()
        events = self.events.search([("transaction_id", "=", self.transaction.id)])
        self.assertEqual(len(events), 1)

    def test_reorder(self):
        """The transfer has arrived before FastSpring tells that it waits for it."""
        self.simulator.set_fault("reorder")
        order = self.simulator.wire(self.transaction.fastspring_session_id)
        self.simulator.arrive(order["id"])
        self.assertEqual(set(self.deliver()), {200})
        self.run_cron()
        self.assertPaidOnce()
        late = self.events.search([("type", "=", "order.payment.pending")])
        self.assertEqual(late.mapped("state"), ["ignored"])

    def test_drop(self):
        self.simulator.set_fault("drop")
        self.pay()
        self.deliver()
        self.run_cron()
        self.assertNothingPaid()
        self.ask()
        self.run_cron()
        self.assertPaidOnce()
        self.assertTrue(self.event().fetched)
        self.assertFalse([one for one in self.simulator.events if not one["processed"]])

    @mute_logger(WEBHOOK)
    def test_bad_signature(self):
        for fault in ("bad_signature", "unsigned"):
            self.simulator.set_fault(fault)
            if fault == "bad_signature":
                self.pay()
            self.assertEqual(self.deliver(waiting=True), [403], fault)
            self.run_cron()
            self.assertNothingPaid()
            self.assertFalse(self.event())
            self.simulator.clear_faults()
        self.assertEqual(self.deliver(waiting=True), [200])
        self.run_cron()
        self.assertPaidOnce()

    def test_wrong_event_amount(self):
        """What the event says is wrong in part, what the API says is right."""
        self.simulator.set_fault("wrong_event_amount", amount="-28.00")
        self.pay()
        self.assertEqual(self.deliver(), [200])
        self.run_cron()
        self.assertPaidOnce()

    # === The API === #

    def try_api_fault(self, fault, reason, **parameters):
        """Break the API while a payment is looked up, and mend it again."""
        self.simulator.set_fault(fault, path="/orders", **parameters)
        self.pay()
        self.assertEqual(self.deliver(), [200])
        with mute_logger(EVENTS):
            self.run_cron()
        self.assertNothingPaid()
        event = self.event()
        self.assertEqual((event.state, event.reason), ("error", reason))
        self.simulator.clear_faults()
        self.run_cron()
        self.assertNothingPaid()
        wait = (event.next_retry - fields.Datetime.now()).total_seconds()
        self.retry()
        self.assertPaidOnce()
        return wait

    def test_rate_limit(self):
        wait = self.try_api_fault(
            "rate_limit", "FastSpring asks to slow down.", retry_after=600
        )
        self.assertAlmostEqual(wait, 600, delta=60)

    def test_server_error_with_an_empty_body(self):
        self.try_api_fault("server_error", "FastSpring could not be reached.")

    def test_throttled_with_404(self):
        self.simulator.set_fault("throttle_404", path="/orders")
        self.pay()
        self.deliver()
        with mute_logger(EVENTS):
            self.run_cron()
        self.assertNothingPaid()
        self.assertEqual(self.event().state, "error")
        self.simulator.clear_faults()
        self.retry()
        self.assertPaidOnce()

    @mute_logger(PROVIDER)
    def test_lost_request(self):
        self.try_api_fault("lost_request", "FastSpring could not be reached.")

    def test_wrong_amount_and_wrong_currency(self):
        """The buyer was charged something else: it is kept, and a person decides."""
        for fault, parameters, kind, amount, currency, reason in (
            ("wrong_amount", {"amount": "-1.00"}, "under", 28.0, "USD",
             "Only $\xa028.00 came instead of $\xa029.00 for "),
            ("wrong_currency", {"currency": "GBP"}, "currency", 29.0, "GBP",
             "came instead of $\xa029.00 for "),
        ):  # fmt: skip
            with self.subTest(fault=fault):
                self.simulator.set_fault(fault, **parameters)
                self.transaction = self.make_transaction(self.invoice)
                self.transaction._get_processing_values()
                self.pay()
                self.deliver()
                self.run_cron()
                self.assertEqual(self.transaction.state, "error")
                self.assertEqual(self.invoice.amount_residual, 29.0)
                self.assertEqual(self.event().state, "manual")
                self.assertIn(reason, self.event().reason)
                kept = self.env["bitpaket.fastspring.credit"].search(
                    [("transaction_id", "=", self.transaction.id)]
                )
                self.assertEqual(
                    (kept.kind, kept.amount, kept.currency_id.name),
                    (kind, amount, currency),
                )
                self.simulator.clear_faults()

    def test_lost_answer_while_fetching(self):
        """The question for missed events is lost, then the answer to a mark."""
        self.simulator.set_fault("drop")
        self.pay()
        self.deliver()
        self.simulator.set_fault("lost_request", path="/events/unprocessed", times=1)
        with mute_logger(PROVIDER, LAG):
            self.ask()
        self.assertEqual(
            self.provider.fastspring_no_answer, "FastSpring could not be reached."
        )
        self.assertTrue(self.provider.fastspring_no_answer_since)
        self.run_cron()
        self.assertNothingPaid()
        self.simulator.set_fault("lost_answer", path="/events/EV", times=1)
        with mute_logger(PROVIDER, FETCH):
            self.ask()
        self.run_cron()
        self.assertPaidOnce()
        self.assertFalse(self.provider.fastspring_no_answer)
        self.ask()
        self.assertFalse([one for one in self.simulator.events if not one["processed"]])
        self.run_cron()
        self.assertPaidOnce()

    # === The lag === #

    def test_lag_is_shown(self):
        provider = self.provider
        self.assertFalse(provider.fastspring_last_webhook)
        self.assertIn("no webhook was received yet", provider.fastspring_missing)
        self.simulator.set_fault("drop")
        self.pay()
        self.deliver()
        self.simulator.clear_faults()
        facts = self.env["bitpaket.health"]._facts()
        self.assertIsNone(facts["fastspring_webhook_seconds"])
        action = self.press_fetch()
        count = provider.fastspring_unprocessed
        self.assertGreaterEqual(count, 2)
        self.assertEqual(
            action["params"]["message"],
            f"{count} events waited at FastSpring. They are here now.",
        )
        self.assertTrue(provider.fastspring_unprocessed_since)
        facts = self.env["bitpaket.health"]._facts()
        self.assertEqual(facts["fastspring_missed"], count)
        self.assertIn(
            "fastspring_webhooks_missed", self.env["bitpaket.health"]._warnings(facts)
        )
        provider.invalidate_recordset()
        self.assertFalse(provider.fastspring_last_webhook, "it was asked for")

        action = self.press_fetch()
        self.assertEqual(action["params"]["message"], "Nothing waits at FastSpring.")
        self.assertFalse(provider.fastspring_unprocessed_since)

        self.simulator.emit("moon.rose", {"id": "moon"})
        self.deliver()
        provider.invalidate_recordset()
        self.assertTrue(provider.fastspring_last_webhook)
        self.assertNotIn("webhook", provider.fastspring_missing or "")
        facts = self.env["bitpaket.health"]._facts()
        self.assertLess(facts["fastspring_webhook_seconds"], 600)

    @mute_logger(LAG)
    def test_a_store_that_cannot_be_asked_for_hours_is_a_problem(self):
        self.simulator.set_fault("server_error", path="/events")
        self.ask()
        since = self.provider.fastspring_no_answer_since
        self.ask()
        self.assertEqual(self.provider.fastspring_no_answer_since, since)
        health = self.env["bitpaket.health"]
        self.assertNotIn("fastspring_no_answer", health._problems(health._facts()))
        self.provider.fastspring_no_answer_since = fields.Datetime.subtract(
            since, hours=7
        )
        self.env.flush_all()
        self.assertIn("fastspring_no_answer", health._problems(health._facts()))
        self.simulator.clear_faults()
        self.ask()
        self.assertNotIn("fastspring_no_answer", health._problems(health._facts()))

    def test_a_store_without_credentials_is_not_asked(self):
        self.env.cr.execute("UPDATE payment_provider SET fastspring_password = NULL")
        self.env.invalidate_all()
        before = self.provider.fastspring_fetched
        self.ask()
        self.assertEqual(self.provider.fastspring_fetched, before)
        self.assertFalse(self.provider.fastspring_no_answer)

    def test_connection_test_is_remembered_until_the_store_changes(self):
        self.assertIn("Test the connection.", self.provider.fastspring_missing)
        self.provider.action_fastspring_test_connection()
        self.assertTrue(self.provider.fastspring_connected)
        self.assertNotIn("connection", self.provider.fastspring_missing or "")
        self.provider.fastspring_password = "another"
        self.assertFalse(self.provider.fastspring_connected)
        self.provider.fastspring_password = "sim"
