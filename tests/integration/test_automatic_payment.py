"""Automatic payment: agreed once, charged once per invoice, whatever goes wrong."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from dev.fastspring_sim import subscriptions

from ..automatic_common import AutomaticMixin

PROVIDER = "odoo.addons.bitpaket_billing.models.payment_provider"
WORK = "odoo.addons.bitpaket_billing.models.bitpaket_automatic_payment_work"
TOKEN = "odoo.addons.bitpaket_billing.models.payment_token"
EVENTS = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_event"


@tagged("standard", "post_install", "-at_install")
class TestOptIn(AutomaticMixin, HttpCase):
    def test_agreeing_stores_the_subscription_and_no_card(self):
        token = self.opt_in()
        (subscription,) = self.simulator.subscriptions[-1:]
        self.assertTrue(token)
        self.assertEqual(token.provider_ref, subscription["id"])
        self.assertTrue(subscription["adhoc"])
        self.assertEqual(token.payment_details, "test 4242")
        self.assertEqual(token.display_name, "test 4242")
        self.assertEqual(token.bitpaket_currency_id, self.account.currency_id)
        opt_in = token.bitpaket_opt_in_id
        self.assertEqual((opt_in.state, opt_in.operation), ("done", "validation"))
        self.assertFalse(opt_in.payment_id)
        self.assertEqual(subscription["tags"]["odoo_tx"], opt_in.reference)

    def test_older_sessions_api(self):
        self.provider.fastspring_sessions_api = "v1"
        self.assertTrue(self.opt_in())

    def test_methods_that_pay_once_are_not_offered(self):
        transaction = self.begin_opt_in()
        (session,) = self.simulator.sessions[-1:]
        self.assertEqual(session["id"], transaction.fastspring_session_id)
        self.assertIn("WIRE", session["hidePaymentMethods"])

    def test_a_subscription_is_enough_where_its_order_is_not_told(self):
        transaction = self.begin_opt_in()
        self.simulator.pay(transaction.fastspring_session_id)
        (activated,) = [
            event
            for event in self.simulator.events
            if event["type"] == "subscription.activated"
        ]
        event = self.receive(activated)
        self.run_cron()
        self.assertEqual(event.state, "done")
        self.assertTrue(self.account.automatic_token_id)
        self.settle()
        self.assertEqual(len(self.account.automatic_token_ids), 1)

    def test_free_order_needs_a_stored_method(self):
        for stored in (1, 0):
            with self.subTest(stored=stored):
                account = self.make_account(f"free-{stored}")
                transaction = self.begin_opt_in(account)
                order = self.simulator.pay(transaction.fastspring_session_id)
                world = self.simulator.world
                with world.store.transaction():
                    found = world.store.get("order", order["id"])
                    found["payment"] = {"type": "free"}
                    world.store.put("order", order["id"], found)
                    buyer = world.store.get("account", found["account"])
                    buyer["methods"] = stored
                    world.store.put("account", buyer["id"], buyer)
                self.settle()
                self.assertEqual(bool(account.automatic_token_id), bool(stored))
                self.assertFalse(account.automatic_token_id.payment_details)
        self.assertEqual(transaction.state, "error")
        self.assertIn("cannot be charged automatically", transaction.state_message)
        self.run_job(self.end_job)
        self.assertEqual(self.simulator.subscriptions[-1]["state"], "deactivated")

    def test_a_wire_cannot_be_charged_later(self):
        transaction = self.begin_opt_in()
        order = self.simulator.pay(transaction.fastspring_session_id)
        world = self.simulator.world
        with world.store.transaction():
            found = world.store.get("order", order["id"])
            found["payment"] = {"type": "bank", "bank": "wire"}
            world.store.put("order", order["id"], found)
        self.settle()
        self.assertEqual(transaction.state, "error")
        self.assertFalse(self.account.automatic_token_id)

    def test_a_new_method_takes_over(self):
        first = self.opt_in()
        invoice = self.bill()
        self.payments._plan()
        second = self.opt_in()
        self.assertNotEqual(first, second)
        self.assertFalse(first.active)
        self.assertEqual(self.payment_of(invoice).token_id, second)
        self.assertEqual(self.payment_of(invoice).state, "planned")
        self.run_job(self.end_job)
        states = {one["id"]: one["state"] for one in self.simulator.subscriptions}
        self.assertEqual(states[first.provider_ref], "deactivated")
        self.assertEqual(states[second.provider_ref], "active")
        self.charge(invoice)
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")

    def test_without_a_product_it_is_not_offered(self):
        self.provider.fastspring_automatic_product = False
        with self.assertRaisesRegex(UserError, "not offered"):
            self.begin_opt_in()

    def test_a_closed_account_cannot_agree(self):
        self.account.state = "closed"
        with self.assertRaisesRegex(UserError, "closed"):
            self.begin_opt_in()

    def test_another_database_s_subscription_is_left_alone(self):
        transaction = self.begin_opt_in()
        self.simulator.pay(transaction.fastspring_session_id)
        (activated,) = [
            event
            for event in self.simulator.events
            if event["type"] == "subscription.activated"
        ]
        activated["data"]["tags"]["odoo_db"] = "another"
        event = self.receive(activated)
        self.run_cron()
        self.assertEqual((event.state, transaction.state), ("ignored", "draft"))

    def test_unknown_product_is_told(self):
        self.provider.fastspring_automatic_product = "no-such-product"
        with self.assertRaisesRegex(UserError, "could not be started"):
            self.begin_opt_in()
        with self.assertRaisesRegex(UserError, "FastSpring refused"):
            self.provider.action_fastspring_test_automatic()

    def test_the_provider_form_tests_it(self):
        result = self.provider.action_fastspring_test_automatic()
        self.assertEqual(result["params"]["type"], "success")
        with Form(self.provider) as form:
            form.fastspring_retry_days = "1, 2"
        for wrong in ("3, 2", "x", "0", "99", "3 3"):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.provider.fastspring_retry_days = wrong

    def test_the_payment_form_does_not_offer_it(self):
        token = self.opt_in()
        available = token._get_available_tokens(
            self.provider.ids, self.partner.id, is_validation=False
        )
        self.assertFalse(available)
        with self.assertRaisesRegex(UserError, "Only the customer"):
            token.active = False
            token.active = True

    def test_currency_and_customer_stay(self):
        self.opt_in()
        with self.assertRaisesRegex(ValidationError, "pays automatically"):
            self.account.partner_id = self.env["res.partner"].create({"name": "B"})


@tagged("standard", "post_install", "-at_install")
class TestCharge(AutomaticMixin, HttpCase):
    def setUp(self):
        super().setUp()
        self.token = self.opt_in()
        self.subscription = self.token.provider_ref

    def assertCharged(self, *amounts):
        self.assertEqual(self.charges, list(amounts))

    def outcome(self, outcome):
        self.simulator.set_outcome(self.subscription, outcome)

    # === Paid === #

    def test_new_invoice_is_charged_and_paid(self):
        invoice = self.bill(137.42)
        payment = self.charge(invoice)
        self.assertEqual(payment.state, "accepted")
        self.assertFalse(invoice._has_to_be_paid())
        self.assertCharged(137.42)
        self.settle()
        self.assertEqual((payment.state, payment.tries), ("done", 1))
        self.assertEqual(invoice.payment_state, "paid")
        booked = invoice._get_reconciled_payments()
        self.assertEqual((booked.amount, booked.journal_id.code), (137.42, "FASTS"))
        transaction = payment.transaction_id
        self.assertEqual(
            (transaction.state, transaction.token_id), ("done", self.token)
        )
        rebill = self.simulator.orders[-1]
        self.assertEqual(transaction.fastspring_order_id, rebill["id"])
        self.assertEqual(transaction.provider_reference, rebill["reference"])
        for _again in range(3):
            self.run_job()
            self.later(days=30)
        self.assertCharged(137.42)

    def test_only_invoices_made_afterwards(self):
        self.env.cr.execute(
            "UPDATE payment_token SET bitpaket_since = now() + interval '1 hour'"
        )
        self.env.invalidate_all()
        invoice = self.bill()
        self.assertFalse(self.charge(invoice))
        self.assertCharged()

    def test_invoices_of_others_are_left_alone(self):
        other = self.make_account("other", partner=self.partner)
        invoices = self.bill(account=other) | self.make_invoice(5.0)
        self.run_job()
        self.assertFalse(self.payments.search([("move_id", "in", invoices.ids)]))

    def test_several_invoices_one_after_the_other(self):
        invoices = [self.bill(10.0), self.bill(20.0), self.bill(30.0)]
        for _month in range(4):
            self.run_job()
            undecided = self.payments.search_count(
                [("token_id", "=", self.token.id), ("state", "=", "accepted")]
            )
            self.assertLessEqual(undecided, 1)
            self.settle()
        self.assertEqual({one.payment_state for one in invoices}, {"paid"})
        self.assertCharged(10.0, 20.0, 30.0)

    def test_what_is_open_is_charged(self):
        invoice = self.bill(29.0)
        self.payments._plan()
        transaction = self.make_transaction(invoice, amount=9.0)
        transaction._set_done()
        transaction._post_process()
        self.charge(invoice)
        self.assertCharged(20.0)
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")

    def test_paid_by_hand_meanwhile(self):
        invoice = self.bill()
        self.payments._plan()
        transaction = self.make_transaction(invoice)
        transaction._set_done()
        transaction._post_process()
        payment = self.charge(invoice)
        self.assertEqual(payment.state, "canceled")
        self.assertIn("nothing left to pay", payment.reason)
        self.assertCharged()

    def test_a_pending_wire_holds_it_back(self):
        invoice = self.bill()
        self.payments._plan()
        transaction = self.make_transaction(invoice)
        transaction._set_pending()
        payment = self.charge(invoice)
        self.assertEqual(payment.state, "planned")
        self.assertIn("under way", payment.reason)
        self.assertCharged()
        transaction._set_canceled()
        self.later(hours=1)
        self.charge(invoice)
        self.assertCharged(29.0)

    def test_a_disabled_provider_charges_nothing(self):
        invoice = self.bill()
        # As a copy of the database is neutralized.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'disabled' WHERE id = %s",
            [self.provider.id],
        )
        self.env.invalidate_all()
        payment = self.charge(invoice)
        self.assertEqual(payment.state, "planned")
        self.assertIn("is disabled", payment.reason)
        self.assertCharged()

    def test_an_open_checkout_holds_it_back(self):
        invoice = self.bill()
        self.payments._plan()
        transaction = self.make_transaction(invoice)
        transaction._get_processing_values()
        self.assertEqual(self.charge(invoice).state, "planned")
        self.assertCharged()

    def test_another_currency_is_not_charged(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        payment = self.charge(self.bill(currency_id=euro.id))
        self.assertEqual(payment.state, "canceled")
        self.assertIn("is in EUR", payment.reason)
        self.assertCharged()

    def test_tax_on_top_pays_too(self):
        self.simulator.configure(tax_mode="net", tax_rates={"US": 10})
        invoice = self.bill(100.0)
        self.charge(invoice)
        self.settle()
        self.simulator.configure(tax_rates={})
        self.assertEqual(invoice.payment_state, "paid")
        self.assertCharged(110.0)

    def test_event_twice_and_resent_pays_once(self):
        invoice = self.bill()
        self.simulator.set_fault("duplicate")
        self.charge(invoice)
        self.settle()
        (event,) = [
            one["id"]
            for one in self.simulator.events
            if one["type"] == "subscription.charge.completed"
        ][-1:]
        self.simulator.resend(event)
        self.settle()
        self.assertEqual(len(invoice._get_reconciled_payments()), 1)
        last = self.events.search([("type", "=", "subscription.charge.completed")])[:1]
        self.assertEqual(
            (last.state, last.reason), ("done", "This order had paid it already.")
        )

    def test_wrong_amount_needs_a_person_and_stops_the_method(self):
        invoice = self.bill()
        self.simulator.set_fault("wrong_amount", times=1)
        payment = self.charge(invoice)
        self.settle()
        self.assertEqual(payment.state, "manual")
        self.assertIn("30.00 came instead of", payment.reason)
        kept = self.env["bitpaket.fastspring.credit"].search([])
        self.assertEqual((kept.kind, kept.amount, kept.state), ("over", 30.0, "open"))
        self.assertEqual(kept.payment_id.state, "paid")
        self.assertEqual(invoice.amount_residual, 29.0)
        self.assertEqual(invoice.amount_residual, 29.0)
        self.assertEqual(len(self.account.activity_ids), 1)
        following = self.bill(5.0)
        self.assertEqual(self.charge(following).state, "planned")
        self.assertCharged(30.0)
        payment.action_leave()
        self.assertEqual(payment.state, "canceled")

    # === Declined === #

    def test_soft_decline_is_tried_again_by_schedule(self):
        self.outcome("INSUFFICIENT_FUNDS")
        invoice = self.bill()
        payment = self.charge(invoice)
        self.settle()
        self.assertEqual((payment.state, payment.tries), ("planned", 1))
        self.assertIn("There was not enough money.", payment.reason)
        self.assertEqual((payment.next_date - payment.first_sent).days, 3)
        self.assertEqual(payment.transaction_id.state, "error")
        self.assertTrue(invoice._has_to_be_paid())
        self.run_job()
        self.assertEqual(payment.tries, 1)
        self.later(days=3)
        self.run_job()
        self.settle()
        self.assertEqual((payment.state, payment.tries), ("planned", 2))
        self.assertEqual((payment.next_date - payment.first_sent).days, 5)
        self.outcome("success")
        self.later(days=2)
        self.run_job()
        self.settle()
        self.assertEqual((payment.state, payment.tries), ("done", 3))
        self.assertEqual(invoice.payment_state, "paid")
        self.assertCharged(29.0)

    def test_after_the_last_try_the_customer_pays_by_hand(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.partner.lang = "de_DE"
        self.outcome("DECLINED_SOFT")
        invoices = [self.bill(10.0), self.bill(20.0)]
        for _day in range(12):
            self.run_job()
            self.settle()
            self.later(days=1)
        payments = [self.payment_of(one) for one in invoices]
        self.assertEqual({one.state for one in payments}, {"failed"})
        self.assertEqual({one.tries for one in payments}, {4})
        self.assertIn("the customer pays by hand", payments[0].reason)
        self.assertTrue(self.account.automatic_token_id)
        self.assertTrue(all(one._has_to_be_paid() for one in invoices))
        self.assertEqual(len(self.account.activity_ids), 1)
        mails = self.env["mail.mail"].search(
            [("recipient_ids", "in", self.partner.ids), ("state", "=", "outgoing")]
        )
        self.assertEqual(len(mails), 2)
        self.assertIn(invoices[0].name, "".join(mails.mapped("subject")))
        self.assertCharged()

    def test_hard_decline_is_not_tried_again(self):
        self.outcome("EXPIRED_CARD")
        payment = self.charge(self.bill())
        self.settle()
        self.assertEqual((payment.state, payment.tries), ("failed", 1))
        self.assertIn("The card has expired.", payment.reason)
        self.outcome("success")
        payment.action_charge_again()
        self.run_job()
        self.settle()
        self.assertEqual(payment.state, "done")
        self.assertCharged(29.0)

    def test_late_success_wins_over_a_decline(self):
        self.outcome("DECLINED_SOFT")
        invoice = self.bill()
        payment = self.charge(invoice)
        self.settle()
        self.assertEqual(payment.state, "planned")
        # FastSpring tries by itself, and tells nobody.
        self.outcome("success")
        self.simulator.set_fault("drop")
        world = self.simulator.world
        with world.store.transaction():
            subscriptions.charge(world, subscriptions.find(world, self.subscription))
        self.later(days=3)
        self.run_job()
        self.assertEqual(payment.state, "done")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertCharged(29.0)

    def test_decline_of_an_earlier_charge_changes_nothing(self):
        self.outcome("DECLINED_SOFT")
        first = self.charge(self.bill(10.0))
        self.settle()
        (event,) = [
            one
            for one in self.simulator.events
            if one["type"] == "subscription.charge.failed"
        ][-1:]
        self.outcome("success")
        second = self.charge(self.bill(20.0))
        self.assertEqual(second.state, "accepted")
        event = self.receive(
            {**event, "id": "EV-old", "created": event["created"] - 3_600_000}
        )
        self.run_cron()
        self.assertEqual((event.state, second.state), ("ignored", "accepted"))
        self.settle()
        self.assertEqual(second.state, "done")
        self.assertEqual(first.state, "planned")

    # === Lost === #

    @mute_logger(PROVIDER, WORK)
    def test_lost_answer_is_charged_once(self):
        self.simulator.set_fault("lost_answer", path="/subscriptions/charge", times=1)
        invoice = self.bill()
        payment = self.charge(invoice)
        self.assertEqual(payment.state, "sent")
        self.assertIn("answer was lost", payment.reason)
        self.run_job()
        self.assertCharged(29.0)
        # The event is lost as well: FastSpring's list of orders tells.
        self.later(minutes=30)
        self.run_job()
        self.assertEqual(payment.state, "done")
        self.assertEqual(invoice.payment_state, "paid")
        self.settle()
        self.later(days=30)
        self.run_job()
        self.assertCharged(29.0)
        self.assertEqual(len(invoice._get_reconciled_payments()), 1)

    @mute_logger(PROVIDER, WORK)
    def test_lost_answer_is_resolved_by_the_event(self):
        self.simulator.set_fault("lost_answer", path="/subscriptions/charge", times=1)
        invoice = self.bill()
        payment = self.charge(invoice)
        self.settle()
        self.assertEqual((payment.state, invoice.payment_state), ("done", "paid"))
        self.assertCharged(29.0)

    @mute_logger(PROVIDER, WORK)
    def test_empty_500_after_the_charge_is_lost_too(self):
        self.simulator.set_fault("server_error", path="/subscriptions/charge", times=1)
        payment = self.charge(self.bill())
        self.assertEqual(payment.state, "sent")

    @mute_logger(PROVIDER, WORK)
    def test_lost_request_is_tried_again_only_after_the_wait(self):
        self.simulator.set_fault("lost_request", path="/subscriptions/charge", times=1)
        invoice = self.bill()
        payment = self.charge(invoice)
        self.assertEqual(payment.state, "sent")
        for _look in range(3):
            self.later(hours=5)
            self.run_job()
            self.assertEqual((payment.state, payment.tries), ("sent", 1))
            self.assertCharged()
        self.later(hours=10)
        self.run_job()
        self.assertEqual((payment.state, payment.tries), ("accepted", 2))
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertCharged(29.0)

    @mute_logger(PROVIDER, WORK)
    def test_lost_decline_is_found_among_the_unprocessed_events(self):
        self.simulator.set_fault("lost_answer", path="/subscriptions/charge", times=1)
        self.simulator.set_fault("drop")
        self.outcome("EXPIRED_CARD")
        payment = self.charge(self.bill())
        self.later(hours=25)
        self.run_job()
        self.assertEqual(payment.state, "sent")
        self.run_cron()
        self.assertEqual(payment.state, "failed")
        self.assertCharged()

    def test_accepted_and_never_heard_of_needs_a_person(self):
        payment = self.charge(self.bill())
        world = self.simulator.world
        with world.store.transaction():
            found = world.store.get("subscription", self.subscription)
            found["entries"].pop()
            world.store.put("subscription", self.subscription, found)
        self.later(hours=25)
        events = type(self.env["bitpaket.fastspring.event"])
        self.patch(events, "_store", lambda *_args: [])
        self.run_job()
        self.assertEqual(payment.state, "manual")
        self.assertIn("told neither", payment.reason)

    @mute_logger(PROVIDER, WORK)
    def test_fastspring_down_before_the_charge(self):
        for fault in ("server_error", "rate_limit", "throttle_404"):
            with self.subTest(fault=fault):
                self.simulator.set_fault(fault, path="/subscriptions")
                invoice = self.bill()
                payment = self.charge(invoice)
                self.assertEqual((payment.state, payment.tries), ("planned", 0))
                self.assertFalse(invoice.transaction_ids)
                self.assertTrue(self.account.automatic_token_id)
                self.simulator.clear_faults()
                self.later(hours=1)
                self.run_job()
                self.settle()
                self.assertEqual(payment.state, "done")

    @mute_logger(PROVIDER, WORK)
    def test_price_call_fails(self):
        self.simulator.set_fault("lost_answer", path="/subscriptions", times=3)
        payment = self.charge(self.bill())
        self.assertEqual((payment.state, payment.tries), ("planned", 0))
        self.simulator.clear_faults()
        self.later(hours=1)
        self.run_job()
        self.assertCharged(29.0)

    def test_died_while_preparing(self):
        invoice = self.bill()
        self.payments._plan()
        payment = self.payment_of(invoice)
        payment._prepare()
        self.run_job()
        self.assertEqual(payment.state, "preparing")
        self.later(hours=1)
        self.run_job()
        self.assertEqual((payment.state, payment.tries), ("accepted", 1))
        self.assertCharged(29.0)

    def test_a_paused_subscription(self):
        world = self.simulator.world
        with world.store.transaction():
            found = subscriptions.find(world, self.subscription)
            found["state"] = "paused"
            world.store.put("subscription", self.subscription, found)
        payment = self.charge(self.bill())
        self.assertEqual((payment.state, payment.tries), ("planned", 1))
        self.assertIn("The subscription is paused", payment.reason)

    # === Ended === #

    def test_opt_out_ends_it_here_and_there(self):
        invoice = self.bill()
        self.payments._plan()
        self.account._end_automatic_payment("customer")
        self.assertFalse(self.account.automatic_token_id)
        self.assertEqual(self.payment_of(invoice).state, "canceled")
        self.run_job()
        self.run_job(self.end_job)
        self.assertCharged()
        self.assertEqual(self.state_there(), "deactivated")
        self.assertFalse(self.token.fastspring_to_end)
        self.assertEqual(self.account.automatic_ended_by, "customer")
        self.settle()
        self.assertEqual(self.account.automatic_ended_by, "customer")
        self.assertTrue(invoice._has_to_be_paid())

    def state_there(self):
        return {one["id"]: one["state"] for one in self.simulator.subscriptions}[
            self.subscription
        ]

    @mute_logger(PROVIDER, TOKEN)
    def test_opt_out_while_fastspring_is_down(self):
        self.simulator.set_fault("server_error", path="/subscriptions")
        self.account._end_automatic_payment("customer")
        self.run_job(self.end_job)
        self.assertEqual(self.state_there(), "active")
        self.assertTrue(self.token.fastspring_to_end)
        self.assertFalse(self.account.automatic_token_id)
        self.simulator.clear_faults()
        self.run_job(self.end_job)
        self.assertEqual(self.state_there(), "active")
        self.later(hours=1)
        self.run_job(self.end_job)
        self.assertEqual(self.state_there(), "deactivated")
        self.assertFalse(self.token.fastspring_to_end)

    @mute_logger(PROVIDER, TOKEN)
    def test_opt_out_of_what_ended_there_already(self):
        self.deactivate()
        self.account._end_automatic_payment("customer")
        self.run_job(self.end_job)
        self.assertFalse(self.token.fastspring_to_end)

    def deactivate(self):
        world = self.simulator.world
        with world.store.transaction():
            subscriptions.deactivate(
                world, subscriptions.find(world, self.subscription)
            )

    def test_ended_at_fastspring(self):
        invoice = self.bill()
        self.payments._plan()
        self.deactivate()
        self.settle()
        self.assertFalse(self.account.automatic_token_id)
        self.assertEqual(self.account.automatic_ended_by, "fastspring")
        self.assertFalse(self.token.fastspring_to_end)
        self.assertEqual(self.payment_of(invoice).state, "canceled")

    def test_ended_at_fastspring_unheard(self):
        self.simulator.set_fault("drop")
        self.deactivate()
        payment = self.charge(self.bill())
        self.assertEqual(payment.state, "canceled")
        self.assertEqual(self.account.automatic_ended_by, "fastspring")

    def test_charge_that_succeeds_after_the_end(self):
        invoice = self.bill()
        payment = self.charge(invoice)
        self.account._end_automatic_payment("customer")
        self.assertEqual(payment.state, "accepted")
        self.settle()
        self.assertEqual((payment.state, invoice.payment_state), ("done", "paid"))

    # === Who may === #

    def test_finance_ends_it_on_the_account(self):
        clerk = new_test_user(
            self.env,
            "clerk",
            groups="bitpaket_billing.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        account = self.account.with_user(clerk)
        with Form(account) as form:
            self.assertEqual(form.automatic_token_id.display_name, "test 4242")
        account.action_end_automatic_payment()
        self.assertEqual(self.account.automatic_ended_by, "finance")
        payment = self.charge(self.bill())
        self.assertFalse(payment)

    def test_only_managers_decide_about_charges(self):
        self.outcome("EXPIRED_CARD")
        payment = self.charge(self.bill())
        self.settle()
        viewer = new_test_user(
            self.env,
            "viewer",
            groups="bitpaket_billing.group_viewer",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        seen = payment.with_user(viewer)
        self.assertEqual(seen.search([("id", "=", payment.id)]), payment)
        for action in ("action_charge_again", "action_leave", "action_look"):
            with self.assertRaises(AccessError):
                getattr(seen, action)()
        company = self.env.ref("base.main_company")
        other = new_test_user(
            self.env,
            "elsewhere",
            groups="bitpaket_billing.group_billing_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        elsewhere = payment.with_user(other).with_context(
            allowed_company_ids=company.ids
        )
        self.assertFalse(elsewhere.search([("id", "=", payment.id)]))
