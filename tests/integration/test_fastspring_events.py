"""What becomes of FastSpring's events, whatever they are and in whatever order."""

import json

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.fastspring.events import parse_events

from ..fastspring_common import PAYLOADS, FastSpringMixin

LOGGER = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_event"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringEvents(FastSpringMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(29.0)
        cls.transaction = cls.make_transaction(cls.invoice)
        cls.order = cls.make_order(cls.transaction)

    def completed(self, order=None, **changes):
        """Return an event that says an order is paid."""
        return self.make_event("order.completed", order or self.order, **changes)

    def assertOutcome(self, event, state, reason):
        self.assertEqual((event.state, event.reason), (state, reason))

    # === Storing === #

    def test_event_is_kept_as_it_came(self):
        event = self.receive(self.completed())
        self.assertEqual(event.state, "new")
        self.assertEqual(event.type, "order.completed")
        self.assertEqual(event.company_id, self.company)
        self.assertEqual(str(event.created), "2026-11-22 00:00:00")
        self.assertEqual(event.payload["data"]["tags"]["odoo_tx"], self.order_name())
        self.assertIn('"odoo_tx"', event.payload_text)

    def order_name(self):
        return self.transaction.reference

    def test_first_content_of_an_id_stays(self):
        first = self.receive(self.completed(event_id="EV1"))
        again = self.receive(self.completed(event_id="EV1"))
        other = self.receive(
            self.completed(self.make_order(self.transaction, total=1.0), event_id="EV1")
        )
        self.assertEqual(first, again)
        self.assertEqual(first, other)
        self.assertEqual(str(first.payload["data"]["total"]), "29.0")

    def test_the_same_id_may_come_from_two_stores(self):
        other = self.make_provider(self.company)
        self.receive(self.completed(event_id="EV1"))
        events = self.receive(self.completed(event_id="EV1"), provider=other)
        self.assertEqual(events.provider_id, self.provider | other)

    def test_what_postgresql_cannot_store_does_not_lose_the_event(self):
        event = self.receive(self.completed({**self.order, "note": "a\x00b\ud800"}))
        self.assertEqual(event.payload["data"]["note"], "ab?")

    def test_storing_wakes_the_cron(self):
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", self.cron.id)])
        self.receive(self.completed())
        after = triggers.search_count([("cron_id", "=", self.cron.id)])
        self.assertEqual(after, before + 1)

    # === Paid === #

    def test_completed_order_pays_the_invoice(self):
        event = self.receive(self.completed())
        asked = self.process([self.order])
        self.assertEqual(asked, [("GET", f"/orders/{self.order['id']}")])
        self.assertOutcome(
            event, "done", f"Payment {self.transaction.reference}: Confirmed."
        )
        self.assertEqual(event.transaction_id, self.transaction)
        self.assertEqual(event.order_reference, self.order["reference"])
        self.assertEqual(event.attempts, 1)
        self.assertEqual(self.transaction.state, "done")
        self.assertTrue(self.transaction.is_post_processed)
        self.assertEqual(self.invoice.payment_state, "paid")
        payment = self.invoice._get_reconciled_payments()
        self.assertEqual((payment.amount, payment.journal_id.code), (29.0, "FASTS"))

    def test_expanded_payload_pays_as_well(self):
        order = {
            **self.order,
            "account": {"account": "account-1", "contact": {"first": "Eva"}},
            "items": [{"product": {"product": "invoice-payment"}, "quantity": 1}],
        }
        self.receive(self.completed(order))
        self.process([self.order])
        self.assertEqual(self.invoice.payment_state, "paid")

    def test_the_same_event_pays_once(self):
        for _delivery in range(3):
            self.receive(self.completed())
            self.process([self.order])
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_resent_under_another_id_pays_once(self):
        self.receive(self.completed(event_id="EV1"))
        again = self.receive(self.completed(event_id="EV2"))
        asked = self.process([self.order])
        self.assertEqual(len(asked), 1)
        self.assertOutcome(again, "done", "This order had paid it already.")
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_second_order_of_a_transaction_needs_a_person(self):
        second = {**self.order, "id": "order-2", "order": "order-2"}
        self.receive(self.completed(event_id="EV1"))
        event = self.receive(self.completed(second, event_id="EV2"))
        self.process([self.order, second])
        self.assertEqual(event.state, "manual")
        self.assertIn(f"{self.invoice.name} was paid twice", event.reason)
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_second_transaction_of_an_invoice_needs_a_person(self):
        other = self.make_transaction(self.invoice)
        order = self.make_order(other)
        self.receive(self.completed(), self.completed(order))
        self.process([self.order, order])
        event = self.events.search([("transaction_id", "=", other.id)])
        self.assertEqual(event.state, "manual")
        self.assertIn(f"{self.invoice.name} was paid twice", event.reason)
        self.assertEqual(other.state, "error")
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_partial_payments_add_up(self):
        first = self.make_transaction(self.invoice, amount=20.0)
        second = self.make_transaction(self.invoice, amount=9.0)
        orders = [self.make_order(first), self.make_order(second)]
        self.receive(*map(self.completed, orders))
        self.process(orders)
        self.assertEqual((first.state, second.state), ("done", "done"))
        self.assertEqual(self.invoice.payment_state, "paid")

    def test_another_currency_than_the_company(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        invoice = self.make_invoice(50.0, currency_id=euro.id)
        transaction = self.make_transaction(invoice)
        order = self.make_order(transaction)
        self.receive(self.completed(order))
        self.process([order])
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.amount_residual, 0.0)

    # === Never paid === #

    def test_mismatch_needs_a_person_and_asks_nobody(self):
        for changes, reason in [
            ({"live": True}, "The mode is live instead of test."),
            (
                {"invoiceUrl": "https://shop.onfastspring.com/account/order/x"},
                "The store is shop instead of bitpaket.",
            ),
            (
                {"items": [{"product": "t-shirt"}]},
                "The products are t-shirt instead of invoice-payment.",
            ),
        ]:
            with self.subTest(reason=reason):
                event = self.receive(
                    self.completed(
                        {**self.order, **changes},
                        event_id=f"EV-{reason[:20]}".replace(" ", "-"),
                    )
                )
                self.assertEqual(self.process([self.order]), [])
                self.assertOutcome(event, "manual", reason)
                self.assertEqual(event.transaction_id, self.transaction)
                self.assertEqual(self.transaction.state, "draft")
                self.assertEqual(self.invoice.amount_residual, 29.0)

    def test_event_is_believed_only_if_the_api_agrees(self):
        event = self.receive(self.completed())
        self.process([{**self.order, "total": 2.9, "subtotal": 2.9}])
        self.assertOutcome(event, "manual", "The amount is 2.90 USD instead of 29.00.")
        self.assertEqual(self.transaction.state, "draft")
        event.action_replay()
        self.process([{**self.order, "completed": False}])
        self.assertOutcome(event, "manual", "The order is not paid.")
        self.assertEqual(self.transaction.state, "draft")

    def test_unknown_reference_needs_a_person(self):
        tags = {**self.order["tags"], "odoo_tx": "INV/2020/0001"}
        event = self.receive(self.completed({**self.order, "tags": tags}))
        self.process()
        self.assertOutcome(
            event,
            "manual",
            "The order is for payment INV/2020/0001, which FastSpring does not know.",
        )

    def test_transaction_of_another_provider_is_unknown(self):
        other = self.make_provider(self.company, name="Second store")
        event = self.receive(self.completed(), provider=other)
        self.assertEqual(self.process([self.order]), [])
        self.assertOutcome(
            event,
            "manual",
            f"The order is for payment {self.transaction.reference}, which Second "
            "store does not know.",
        )
        self.assertEqual(self.transaction.state, "draft")

    def test_order_of_another_product_of_the_store(self):
        event = self.receive(self.completed({**self.order, "tags": {}}))
        self.process()
        self.assertOutcome(event, "ignored", "The order was not made by Odoo.")

    def test_order_of_another_database(self):
        tags = {"odoo_tx": "INV/2020/0001", "odoo_db": "another"}
        event = self.receive(self.completed({**self.order, "tags": tags}))
        self.process()
        self.assertOutcome(event, "ignored", "The order was made by another database.")

    def test_test_event_on_a_live_provider(self):
        self.provider.state = "enabled"
        event = self.receive(self.completed({**self.order, "payment": {}}))
        self.process([self.order])
        self.assertOutcome(event, "manual", "The mode is test instead of live.")
        self.assertEqual(self.invoice.amount_residual, 29.0)

    def test_test_card_on_a_live_provider(self):
        self.provider.state = "enabled"
        order = {**self.order, "live": True}
        event = self.receive(self.completed(order))
        self.process([order])
        self.assertOutcome(event, "manual", "The order was paid with a test card.")

    # === Order of events === #

    def test_late_news_change_nothing(self):
        unpaid = {**self.order, "completed": False, "payment": {}}
        self.receive(self.completed())
        self.process([self.order])
        for kind in ("order.payment.pending", "order.failed", "order.canceled"):
            with self.subTest(kind=kind):
                event = self.receive(self.make_event(kind, unpaid))
                self.process()
                self.assertOutcome(
                    event, "ignored", "The payment had gone on without it."
                )
                self.assertEqual(self.transaction.state, "done")
        self.assertEqual(self.invoice.payment_state, "paid")

    def test_declined_card_does_not_stop_a_pending_transfer(self):
        wire = {**self.order, "completed": False, "payment": {}}
        declined = {**wire, "id": "order-2", "order": "order-2"}
        self.receive(self.make_event("order.payment.pending", wire))
        self.receive(self.make_event("order.failed", declined))
        self.process()
        self.assertEqual(self.transaction.state, "pending")

    def test_expired_order_without_reference_and_tags(self):
        wire = {**self.order, "completed": False, "payment": {}}
        self.receive(self.make_event("order.payment.pending", wire))
        expired = {**wire, "reference": None, "tags": {}, "reason": "EXPIRE"}
        event = self.receive(self.make_event("order.canceled", expired))
        self.process()
        self.assertEqual(self.transaction.state, "cancel")
        self.assertEqual(event.order_reference, self.order["id"])

    def test_transfer_arrives_after_it_was_given_up(self):
        wire = {**self.order, "completed": False, "payment": {}}
        self.receive(self.make_event("order.canceled", wire))
        self.process()
        self.assertEqual(self.transaction.state, "cancel")
        self.receive(self.completed())
        self.process([self.order])
        self.assertEqual(self.transaction.state, "done")
        self.assertEqual(self.invoice.payment_state, "paid")

    # === Failures === #

    @mute_logger(LOGGER)
    def test_order_that_the_api_does_not_know_is_tried_again(self):
        event = self.receive(self.completed())
        self.process()
        self.assertOutcome(event, "error", "FastSpring refused: Not found")
        self.assertEqual(event.attempts, 1)
        self.assertGreater(event.next_retry, fields.Datetime.now())
        self.assertEqual(self.process([self.order]), [], "not before its time")
        event.next_retry = fields.Datetime.now()
        self.process([self.order])
        self.assertEqual((event.state, event.attempts), ("done", 2))
        self.assertFalse(event.next_retry)
        self.assertEqual(self.invoice.payment_state, "paid")

    @mute_logger(LOGGER)
    def test_given_up_for_a_person(self):
        event = self.receive(self.completed())
        event.attempts = 11
        self.process()
        self.assertOutcome(event, "manual", "FastSpring refused: Not found")
        self.assertFalse(event.next_retry)

    @mute_logger(LOGGER)
    def test_one_that_fails_does_not_stop_the_others(self):
        """And leaves nothing behind: neither a paid transaction nor a payment."""
        other = self.make_transaction(self.make_invoice(5.0))
        order = self.make_order(other)
        broken, good = self.receive(self.completed(), self.completed(order))
        post_process = type(self.transaction)._post_process

        def fail(transaction):
            post_process(transaction)
            if transaction == self.transaction:
                raise RuntimeError("boom")

        self.patch(type(self.transaction), "_post_process", fail)
        self.process([self.order, order])
        self.assertOutcome(
            broken,
            "error",
            "Something unexpected went wrong (RuntimeError: boom). The server's log "
            "has the details.",
        )
        self.assertEqual(self.transaction.state, "draft")
        self.assertFalse(self.transaction.payment_id)
        self.assertEqual(self.invoice.amount_residual, 29.0)
        self.assertEqual((good.state, other.state), ("done", "done"))

    def test_unreadable_events_need_a_person(self):
        no_data = self.receive({"id": "EV1", "type": "order.completed"})
        bad_amount = self.receive(
            self.completed({**self.order, "total": "a lot"}, event_id="EV2")
        )
        self.process()
        self.assertOutcome(
            no_data, "manual", "It is not what FastSpring sends: the event has no data."
        )
        self.assertOutcome(
            bad_amount,
            "manual",
            "It is not what FastSpring sends: total is not an amount.",
        )

    # === Everything FastSpring sends === #

    def test_every_known_payload_is_kept_and_processed(self):
        paths = sorted(PAYLOADS.glob("recorded/*")) + sorted(
            PAYLOADS.glob("documented/*")
        )
        self.assertGreater(len(paths), 50)
        for path in paths:
            document = json.loads(path.read_bytes())
            kind = path.name.partition("__")[0]
            raws = document.get("events") or [
                {"id": path.stem[:255], "type": kind, "data": document}
            ]
            body = json.dumps({"events": raws}).encode()
            with self.subTest(path=path.name):
                ids = self.events._store(self.provider, parse_events(body))
                self.assertEqual(len(ids), len(raws))
        with self.assertNoLogs(LOGGER):
            self.process()
        unfinished = self.events.search([("state", "in", ("new", "error"))])
        self.assertFalse(unfinished.mapped("reason"))
        self.assertFalse(self.events.search([("state", "=", "done")]))
        self.assertFalse(self.events.search([("reason", "=", False)]))
        self.assertEqual(self.transaction.state, "draft")

    def test_what_names_no_order_of_ours(self):
        for kind, state, words in [
            ("return.created", "ignored", "does not know this refund"),
            ("chargeback.created", "manual", "bank took money back"),
            ("fulfillment.failed", "manual", "could not deliver"),
        ]:
            with self.subTest(kind=kind):
                event = self.receive(self.make_event(kind, {"id": "x"}))
                self.process()
                self.assertEqual(event.state, state)
                self.assertIn(words, event.reason)

    def test_unknown_type_is_kept(self):
        event = self.receive(self.make_event("parrot.escaped", {"id": "x"}))
        self.process()
        self.assertOutcome(event, "ignored", "Nothing depends on events of this type.")

    # === People === #

    def test_manager_replays(self):
        event = self.receive(self.completed())
        self.process([{**self.order, "total": 1.0, "subtotal": 1.0}])
        self.assertEqual(event.state, "manual")
        manager = self.make_user("bitpaket_billing.group_billing_manager")
        event.with_user(manager).action_replay()
        self.assertEqual(event.state, "new")
        self.process([self.order])
        self.assertEqual(event.state, "done")
        self.assertEqual(self.invoice.payment_state, "paid")
        event.with_user(manager).action_replay()
        self.process([self.order])
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_manager_settles(self):
        event = self.receive(self.make_event("fulfillment.failed", {"id": "x"}))
        self.process()
        manager = self.make_user("bitpaket_billing.group_billing_manager")
        event.with_user(manager).action_settle()
        self.assertEqual(event.state, "done")
        self.assertIn("could not deliver", event.reason)
        self.assertIn(f"\nDealt with by {manager.name}.", event.reason)

    def test_viewer_reads_and_decides_nothing(self):
        event = self.receive(self.completed())
        viewer = self.make_user("bitpaket_billing.group_viewer")
        as_viewer = event.with_user(viewer)
        self.assertEqual(as_viewer.type, "order.completed")
        (row,) = as_viewer.read(["provider_id", "transaction_id"])
        self.assertEqual(row["provider_id"], (self.provider.id, "FastSpring"))
        for action in ("action_replay", "action_settle"):
            with self.assertRaises(AccessError):
                getattr(as_viewer, action)()
        with self.assertRaises(AccessError):
            as_viewer.read(["payload"])
        with self.assertRaises(AccessError):
            as_viewer.write({"state": "done"})

    def test_nobody_sees_events_of_other_companies(self):
        event = self.receive(self.completed())
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="bitpaket_billing.group_billing_manager",
            company_id=self.env.ref("base.main_company").id,
            company_ids=self.env.ref("base.main_company").ids,
        )
        events = self.events.with_user(stranger).with_context(allowed_company_ids=None)
        self.assertFalse(events.search([]))
        with self.assertRaises(AccessError):
            event.with_user(stranger).with_context(allowed_company_ids=None).read(
                ["type"]
            )

    def test_customers_see_no_events(self):
        event = self.receive(self.completed())
        customer = new_test_user(self.env, "customer", groups="base.group_portal")
        with self.assertRaises(AccessError):
            event.with_user(customer).read(["type"])

    def make_user(self, group):
        return new_test_user(
            self.env,
            group.partition(".")[2],
            groups=group,
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
