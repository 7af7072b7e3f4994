"""Paying on the billing page, as a browser without scripts and as its scripts do it."""

import json
import logging
from unittest.mock import patch

import requests

from odoo.fields import Datetime
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.fastspring.orders import Order

from ..fastspring_common import simulated
from .test_portal_billing import BillingPage, Page

REQUESTS = "odoo.addons.bitpaket_billing.models.payment_provider"


class PayPage(BillingPage, HttpCase):
    """A customer with three unpaid invoices: 10, 20 and 30, the oldest first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = cls.enterClassContext(simulated(cls.provider))
        cls.old, cls.middle, cls.new = (
            cls.bill(amount, day)
            for amount, day in (
                (10, "2026-08-01"),
                (20, "2026-09-01"),
                (30, "2026-10-01"),
            )
        )
        cls.invoices = cls.old | cls.middle | cls.new
        cls.url = f"/my/billing/{cls.account.id}"

    @classmethod
    def bill(cls, amount, day, account=None, **values):
        """Return a posted invoice of the account, due on its day."""
        account = account or cls.account
        return cls.make_invoice(
            amount,
            account.partner_id,
            bitpaket_account_id=account.id,
            invoice_date=day,
            invoice_date_due=day,
            **values,
        )

    @classmethod
    def credit(cls, amount):
        """Return a posted credit note of the account."""
        return cls.bill(amount, "2026-10-15", move_type="out_refund")

    def setUp(self):
        super().setUp()
        self.simulator.configure(
            tax_mode="net", tax_rates={}, currency_by_country=False, currencies=[]
        )
        self.simulator.clear_faults()
        self.authenticate(self.user.login, self.user.login)

    # === What the customer does === #

    def open(self, path="/my/billing", user=None):
        """Return the page, in the same session as long as the user is the same."""
        if user:
            self.authenticate(user.login, user.login)
        return Page(self.url_open(path))

    def post(self, path="pay", page=None, **data):
        """Send a form of the billing page, as a browser without scripts does."""
        page = page or self.open()
        (token,) = set(page.root.xpath("//input[@name='csrf_token']/@value")[:1])
        return self.url_open(
            f"{self.url}/{path}",
            data={"csrf_token": token, **data},
            allow_redirects=False,
        )

    def post_for_words(self, *args, **data):
        """Send a form and return the words of the page that answers."""
        return Page(self.post(*args, **data)).text

    def call(self, path, url=None, **params):
        """Call a JSON route as the page's scripts do."""
        response = self.url_open(
            f"{url or self.url}/{path}",
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return response.json().get("result")

    def last_transaction(self):
        return self.env["payment.transaction"].search([], limit=1, order="id desc")

    def count_transactions(self):
        return self.env["payment.transaction"].search_count([])

    def settle(self, waiting=False):
        """Let the simulator send its webhooks, and process them."""
        self.env.cr.flush()
        with self.allow_requests(all_requests=True):
            self.simulator.deliver(waiting=waiting)
        self.env.invalidate_all()
        self.run_cron()

    def assertLeadsTo(self, response, transaction):
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers["Location"],
            f"{self.simulator.storefront_url}/checkout/session/"
            f"{transaction.fastspring_session_id}",
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def wire(self, **data):
        """Order one invoice by bank transfer; return its transaction and order."""
        self.post(**data)
        transaction = self.last_transaction()
        order = self.simulator.wire(transaction.fastspring_session_id)
        self.settle()
        return transaction, order


@tagged("standard", "post_install", "-at_install")
class TestPayAll(PayPage):
    def test_one_order_pays_all(self):
        page = self.open()
        self.assertIn(f"Pay all: {self.money(60)}", page.block("owed"))
        self.assertIn("3 invoices, one payment", page.block("owed"))
        response = self.post(page=page)
        transaction = self.last_transaction()
        self.assertLeadsTo(response, transaction)
        self.assertEqual(transaction.amount, 60)
        self.assertEqual(transaction.invoice_ids, self.invoices)
        self.assertEqual(transaction.reference, f"{self.old.name}+2")
        order = self.simulator.pay(transaction.fastspring_session_id)
        self.assertEqual(str(order["total"]), "60.00")
        self.assertEqual(
            order["items"][0]["display"],
            f"Invoices {self.old.name}, {self.middle.name}, {self.new.name}",
        )
        self.settle()
        self.assertEqual(self.invoices.mapped("payment_state"), ["paid"] * 3)
        self.assertEqual(len(self.invoices._get_reconciled_payments()), 1)
        page = self.open()
        self.assertIn("Everything is paid", page.block("owed"))
        self.assertEqual(page.forms("owed"), [])
        self.assertEqual(page.rows("payments")[0][4], self.money(60))

    def test_a_payment_came_meanwhile(self):
        page = self.open()
        self.pay_by_hand(self.old, 7)
        response = self.post(page=page)
        transaction = self.last_transaction()
        self.assertLeadsTo(response, transaction)
        self.assertEqual(transaction.amount, 53)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(self.invoices.mapped("payment_state"), ["paid"] * 3)

    def pay_by_hand(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()

    def test_less_than_all_is_spread_over_the_oldest(self):
        self.post()
        transaction = self.last_transaction()
        transaction.amount = 45
        transaction._set_done()
        transaction._post_process()
        self.assertEqual(self.invoices.mapped("amount_residual"), [0, 0, 15])

    def test_a_credit_note_is_not_charged_twice(self):
        note = self.credit(12)
        page = self.open()
        self.assertIn(f"Pay all: {self.money(48)}", page.block("owed"))
        self.assertIn(f"Your credit of {self.money(12)} is used first", page.text)
        self.post(page=page)
        transaction = self.last_transaction()
        self.assertEqual((transaction.amount, transaction.bitpaket_credit), (48, 12))
        self.assertEqual(
            note.amount_residual, 12, "nothing is set off before the money"
        )
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(self.invoices.mapped("payment_state"), ["paid"] * 3)
        self.assertEqual((note.payment_state, note.amount_residual), ("paid", 0))

    def test_an_unused_payment_is_a_credit_too(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.account.partner_id.id,
                "amount": 25,
                "journal_id": self.provider.journal_id.id,
            }
        )
        payment.action_post()
        self.post()
        transaction = self.last_transaction()
        self.assertEqual(transaction.amount, 35)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(self.invoices.mapped("payment_state"), ["paid"] * 3)

    def test_one_of_several_invoices_is_paid_whole(self):
        self.credit(12)
        self.post(invoice_id=self.new.id)
        transaction = self.last_transaction()
        self.assertEqual((transaction.amount, transaction.bitpaket_credit), (30, 0))
        self.assertEqual(transaction.invoice_ids, self.new)

    def test_a_credit_that_is_being_refunded_is_none(self):
        note = self.credit(12)
        self.make_transaction(note, amount=-12, operation="refund", state="pending")
        self.assertEqual(self.account.sudo()._get_due().amount, 60)

    def test_what_the_credit_covers_is_not_asked_for(self):
        self.credit(60)
        page = self.open()
        self.assertEqual(page.forms("owed") + page.forms("invoices"), [])
        before = self.count_transactions()
        response = self.post(page=self.with_token())
        self.assertIn("There is nothing to pay", Page(response).text)
        self.assertEqual(self.count_transactions(), before)

    def with_token(self):
        """Return some page with a token for forms."""
        return Page(self.url_open("/my/account"))

    def test_only_what_is_the_account_s_posted_and_of_one_currency(self):
        other = self.make_account("other-tenant", partner=self.account.partner_id)
        self.bill(100, "2026-10-01", other)
        self.bill(200, "2026-10-01").button_draft()
        euros = self.env.ref("base.EUR")
        euros.active = True
        self.bill(300, "2026-10-01", currency_id=euros.id)
        due = self.account.sudo()._get_due()
        self.assertEqual((due.amount, due.invoices), (60, self.invoices))

    def test_many_invoices_have_a_short_reference(self):
        for _number in range(20):
            self.bill(1, "2026-10-20")
        self.assertEqual(self.post().status_code, 303)
        self.assertEqual(self.last_transaction().reference, f"{self.old.name}+22")

    def test_two_tabs_at_once_get_a_payment_each(self):
        account = self.account.sudo()
        due = account._get_due()
        account._begin_payment(due, self.provider)
        transactions = type(self.env["payment.transaction"])
        taken = f"{self.old.name}+2"
        with (
            patch.object(transactions, "_compute_reference", return_value=taken),
            mute_logger("odoo.sql_db"),
        ):
            second = account._begin_payment(due, self.provider)
        self.assertRegex(second.reference, rf"^{taken.replace('+', '.')}-x\w+$")


@tagged("standard", "post_install", "-at_install")
class TestPayAgain(PayPage):
    def test_declined_in_the_checkout_and_paid_by_a_new_one(self):
        self.post(invoice_id=self.old.id)
        first = self.last_transaction()
        self.simulator.decline(first.fastspring_session_id)
        self.settle()
        self.assertEqual(first.state, "error")
        response = self.post(invoice_id=self.old.id)
        second = self.last_transaction()
        self.assertNotEqual(first, second)
        self.assertLeadsTo(response, second)
        self.simulator.pay(second.fastspring_session_id)
        self.settle()
        self.assertEqual(self.old.payment_state, "paid")

    def test_back_after_the_session_expired(self):
        self.post(invoice_id=self.old.id)
        first = self.last_transaction()
        self.simulator.advance(hours=7 * 24)
        response = self.post(invoice_id=self.old.id)
        second = self.last_transaction()
        self.assertNotEqual(first.fastspring_session_id, second.fastspring_session_id)
        self.assertLeadsTo(response, second)

    def test_wire_waits_is_asked_about_and_arrives(self):
        transaction, order = self.wire(invoice_id=self.old.id)
        self.assertEqual(transaction.payment_method_id.code, "bank_transfer")
        page = self.open()
        row = page.rows("payments")[0]
        self.assertIn("Waiting for your transfer until", row[3])
        self.assertFalse(page.has("just_paid"))
        self.assertIn("Payment on its way", page.text)
        self.assertIn(f"Pay all: {self.money(50)}", page.block("owed"))
        self.assertIn("Pay another way", page.block("invoices"))
        self.assertEqual(self.old.bitpaket_awaited, transaction._bitpaket_describe())
        before = self.count_transactions()
        response = self.post(page=page, invoice_id=self.old.id)
        asked = Page(response).text
        self.assertIn("A payment is on its way", asked)
        self.assertIn(f"A bank transfer of $ 10.00 for {self.old.name} is", asked)
        self.assertIn("please do not pay a second time", asked)
        self.assertEqual(self.count_transactions(), before)
        self.simulator.arrive(order["id"])
        self.settle()
        self.assertEqual(self.old.payment_state, "paid")
        self.assertFalse(self.old.bitpaket_awaited)

    def test_paid_by_card_instead_of_the_wire(self):
        self.wire(invoice_id=self.old.id)
        response = self.post(invoice_id=self.old.id, again="1")
        transaction = self.last_transaction()
        self.assertLeadsTo(response, transaction)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(self.old.payment_state, "paid")

    def test_a_stale_tab_asks_when_all_is_on_its_way(self):
        page = self.open()
        self.wire()
        response = self.post(page=page)
        self.assertIn("A payment is on its way", Page(response).text)
        due = self.account.sudo()._get_due(again=True)
        self.assertEqual((due.amount, due.invoices), (60, self.invoices))

    def test_wire_that_never_came(self):
        _transaction, order = self.wire(invoice_id=self.old.id)
        self.simulator.expire(order["id"])
        self.settle()
        page = self.open()
        self.assertEqual(page.rows("payments")[0][3], "Never arrived")
        self.assertIn(f"Pay all: {self.money(60)}", page.block("owed"))
        self.assertFalse(page.has("just_paid"))

    def test_paid_and_not_told_yet(self):
        """The other tab has paid, its webhook is late: FastSpring is asked."""
        page = self.open()
        self.post(invoice_id=self.old.id)
        transaction = self.last_transaction()
        self.simulator.pay(transaction.fastspring_session_id)
        response = self.post(page=page, invoice_id=self.old.id)
        self.assertIn("A payment is on its way", Page(response).text)
        self.assertEqual(self.last_transaction(), transaction)
        page = self.open()
        self.assertTrue(page.has("just_paid"))
        self.assertEqual(page.rows("payments")[0][3], "Being processed")
        self.settle()
        self.assertEqual(self.old.payment_state, "paid")

    @mute_logger(REQUESTS)
    def test_nobody_waits_for_an_answer_to_that(self):
        self.post(invoice_id=self.old.id)
        self.simulator.set_fault("server_error", 1, path="/sessions/")
        response = self.post(invoice_id=self.old.id)
        self.assertLeadsTo(response, self.last_transaction())

    @mute_logger(REQUESTS)
    def test_fastspring_is_down(self):
        self.simulator.set_fault("server_error", True, path="/v2/")
        page = Page(self.post())
        self.assertIn("The checkout did not open", page.text)
        self.assertIn("FastSpring could not be reached.", page.text)
        self.assertEqual(self.last_transaction().state, "error")

    def test_no_provider_any_more(self):
        page = self.open()
        self.provider.maximum_amount = 5
        self.assertIn(
            "Online payments are not available right now",
            self.post_for_words(page=page),
        )


@tagged("standard", "post_install", "-at_install")
class TestPopup(PayPage):
    def setUp(self):
        super().setUp()
        self.provider.fastspring_checkout = "popup-invoices"

    def test_what_the_page_needs(self):
        answer = self.call("checkout")
        transaction = self.last_transaction()
        self.assertEqual(
            answer,
            {
                "url": f"{self.simulator.storefront_url}/checkout/session/"
                f"{transaction.fastspring_session_id}",
                "session": transaction.fastspring_session_id,
                "popup": {
                    "script": self.simulator.library_url,
                    "storefront": self.simulator.popup_storefront(),
                },
            },
        )
        self.assertEqual(
            (transaction.amount, transaction.fastspring_progress), (60, "opened")
        )

    def test_closed_without_paying_changes_nothing(self):
        answer = self.call("checkout", invoice_id=self.old.id)
        self.assertTrue(
            self.call("checkout/outcome", session=answer["session"], outcome="left")
        )
        page = self.open()
        self.assertFalse(page.has("just_paid"))
        self.assertIn(f"Pay all: {self.money(60)}", page.block("owed"))
        self.assertFalse(self.call("state")["waiting"])
        self.assertIn("url", self.call("checkout", invoice_id=self.old.id))

    def test_finished_shows_the_message_until_it_is_booked(self):
        answer = self.call("checkout", invoice_id=self.old.id)
        self.simulator.pay(answer["session"])
        self.call("checkout/outcome", session=answer["session"], outcome="finished")
        page = self.open()
        self.assertIn("It can take about an hour", page.block("just_paid"))
        self.assertIn("contact billing", page.block("just_paid"))
        waiting = self.call("state")
        self.assertTrue(waiting["waiting"])
        self.assertEqual(page.root.xpath("//@data-mark"), [waiting["mark"]])
        self.assertIn("ask", self.call("checkout", invoice_id=self.old.id))
        self.settle()
        booked = self.call("state")
        self.assertEqual(
            (booked["waiting"], booked["received"]), (False, waiting["received"] + 1)
        )
        self.assertNotEqual(booked["mark"], waiting["mark"])
        self.assertFalse(self.open().has("just_paid"))

    def test_finished_after_a_decline_counts_as_much(self):
        """The decline is told before; the order that pays, maybe an hour later."""
        answer = self.call("checkout", invoice_id=self.old.id)
        self.simulator.decline(answer["session"])
        self.settle()
        self.assertEqual(self.last_transaction().state, "error")
        self.assertIn("url", self.call("checkout", invoice_id=self.new.id))
        self.simulator.pay(answer["session"])
        self.call("checkout/outcome", session=answer["session"], outcome="finished")
        page = self.open()
        self.assertIn("It can take about an hour", page.block("just_paid"))
        self.assertIn(f"Pay all: {self.money(50)}", page.block("owed"))
        states = [row[3] for row in page.rows("payments")]
        self.assertEqual(states, ["Being processed"])
        self.assertTrue(self.call("state")["waiting"])
        self.assertIn("ask", self.call("checkout", invoice_id=self.old.id))
        self.settle()
        self.assertEqual((self.old.amount_residual, self.new.amount_residual), (0, 30))
        self.assertFalse(self.call("state")["waiting"])

    def test_declined_and_paid_at_a_checkout_that_took_the_place_of_the_page(self):
        """It does not say how it ended: the page looks, and thanks for nothing."""
        self.post(invoice_id=self.old.id)
        session = self.last_transaction().fastspring_session_id
        self.simulator.decline(session)
        self.settle()
        self.simulator.pay(session)
        page = self.open()
        self.assertTrue(page.root.xpath("//*[@data-awaiting]"))
        self.assertFalse(page.has("just_paid"))
        self.assertIn("No payments yet.", page.text)
        before = self.call("state")
        self.assertTrue(before["waiting"])
        self.assertEqual(page.root.xpath("//@data-mark"), [before["mark"]])
        self.settle()
        after = self.call("state")
        self.assertEqual(
            (after["waiting"], after["received"]), (False, before["received"] + 1)
        )
        self.assertNotEqual(after["mark"], before["mark"])
        self.assertFalse(self.open().root.xpath("//*[@data-awaiting]"))

    def test_what_failed_to_open_is_not_awaited(self):
        self.simulator.set_fault("server_error", True, path="/sessions")
        self.post(invoice_id=self.old.id)
        self.simulator.clear_faults()
        self.assertEqual(self.last_transaction().state, "error")
        self.assertFalse(self.open().root.xpath("//*[@data-awaiting]"))

    def test_declined_then_paid_without_a_word_of_it_is_not_paid_twice(self):
        answer = self.call("checkout", invoice_id=self.old.id)
        self.simulator.decline(answer["session"])
        self.settle()
        self.simulator.pay(answer["session"])
        self.assertIn("ask", self.call("checkout", invoice_id=self.old.id))
        self.settle()
        self.assertEqual(self.old.payment_state, "paid")

    def test_what_was_finished_and_then_failed_is_not_expected(self):
        answer = self.call("checkout", invoice_id=self.old.id)
        order = self.simulator.wire(answer["session"])
        self.settle()
        self.call("checkout/outcome", session=answer["session"], outcome="finished")
        transaction = self.last_transaction()
        self.assertEqual(transaction.state, "pending")
        self.assertTrue(transaction._bitpaket_is_on_its_way())
        transaction.fastspring_progress = "finished"
        transaction._fastspring_set_declined(Order.from_payload(order))
        self.assertEqual(
            (transaction.state, transaction.fastspring_progress), ("error", "left")
        )
        self.assertFalse(transaction._bitpaket_is_on_its_way())

    def test_finished_is_only_a_hint(self):
        """A browser may say anything: it never pays, nor blocks for long."""
        answer = self.call("checkout", invoice_id=self.old.id)
        self.call("checkout/outcome", session=answer["session"], outcome="finished")
        transaction = self.last_transaction()
        self.assertEqual((transaction.state, self.old.amount_residual), ("draft", 10))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date"
            " - interval '4 hours' WHERE id = %s",
            [transaction.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.account.sudo()._get_due().amount, 60)

    def test_the_outcome_of_what_is_paid_stays(self):
        answer = self.call("checkout", invoice_id=self.old.id)
        self.simulator.pay(answer["session"])
        self.settle()
        self.call("checkout/outcome", session=answer["session"], outcome="left")
        self.assertEqual(self.last_transaction().fastspring_progress, "opened")

    def test_nonsense(self):
        answer = self.call("checkout")
        session = answer["session"]
        for outcome in ("paid", "", None, 7):
            self.assertFalse(
                self.call("checkout/outcome", session=session, outcome=outcome)
            )
        self.assertFalse(self.call("checkout/outcome", session=7, outcome="left"))
        self.assertIn("error", self.call("checkout", invoice_id=-1))


@tagged("standard", "post_install", "-at_install")
class TestFastSpringAccount(PayPage):
    LINK = "Your cards and receipts at FastSpring"

    def pay(self):
        """Pay the oldest invoice, as somebody whom FastSpring does not know yet."""
        self.account.partner_id.email = f"{self.id()}@acme.example.com"
        self.post(invoice_id=self.old.id)
        transaction = self.last_transaction()
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        return transaction

    def known(self):
        return self.env["bitpaket.fastspring.account"].search([]).mapped("reference")

    def test_learned_from_the_first_order_and_used_by_the_next(self):
        self.assertNotIn(self.LINK, self.open().text)
        transaction = self.pay()
        self.assertEqual(self.known(), [transaction.fastspring_account])
        account = self.env["bitpaket.fastspring.account"].search([])
        self.assertEqual(account.partner_id, self.account.partner_id)
        self.post(invoice_id=self.new.id)
        session = self.last_transaction().fastspring_session_id
        (used,) = [one for one in self.simulator.sessions if one["id"] == session]
        self.assertEqual(used["account"], transaction.fastspring_account)

    def test_the_account_is_told_after_the_order(self):
        self.simulator.set_fault("reorder")
        transaction = self.pay()
        self.assertEqual(self.known(), [transaction.fastspring_account])

    def test_an_account_that_was_there_before_is_nobody_s(self):
        """The buyer types an address; that does not make the account theirs."""
        transaction = self.make_transaction(self.old)
        event = self.make_event(
            "account.created",
            {"id": "account-1", "account": "account-1"},
            created=1700000000000,
        )
        self.receive(event)
        order = self.make_order(transaction)
        self.receive(self.make_event("order.completed", order))
        self.process([order])
        self.assertEqual(transaction.state, "done")
        self.assertEqual(transaction.fastspring_account, "account-1")
        self.assertEqual(self.known(), [])

    def test_two_customers_never_share_an_account(self):
        transaction = self.pay()
        other = self.make_account("rival")
        invoice = self.bill(5, "2026-10-01", other)
        theirs = self.make_transaction(invoice)
        now = int(Datetime.now().timestamp() * 1000)
        reference = transaction.fastspring_account
        self.receive(
            self.make_event("account.created", {"id": reference}, "EV-x", created=now)
        )
        order = self.make_order(theirs, account=reference)
        self.receive(self.make_event("order.completed", order))
        self.process([order])
        self.assertEqual(theirs.state, "done")
        account = self.env["bitpaket.fastspring.account"].search([])
        self.assertEqual(account.partner_id, self.account.partner_id)

    def test_opens_without_password_and_is_never_kept(self):
        self.pay()
        page = self.open()
        self.assertIn(self.LINK, page.text)
        with patch.object(logging.Logger, "handle") as handle:
            response = self.post("fastspring", page)
        location = response.headers["Location"]
        self.assertTrue(
            location.startswith(f"{self.simulator.storefront_url}/account/")
        )
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        token = location.rpartition("/")[2]
        for call in handle.call_args_list:
            self.assertNotIn(token, call.args[0].getMessage())
        opened = requests.get(location, timeout=10)
        self.assertEqual(opened.status_code, 200)

    @mute_logger(REQUESTS)
    def test_calm_words_when_it_cannot_be_opened(self):
        page = self.open()
        self.assertIn(
            "There is nothing at FastSpring yet",
            self.post_for_words("fastspring", page),
        )
        self.pay()
        self.simulator.set_fault("server_error", True, path="/accounts")
        self.assertIn(
            "FastSpring does not answer right now",
            self.post_for_words("fastspring", page),
        )
        self.simulator.clear_faults()
        self.env["bitpaket.fastspring.account"].search([]).reference = "gone"
        self.assertIn(
            "does not find your cards", self.post_for_words("fastspring", page)
        )

    def test_a_lost_account_does_not_keep_from_paying(self):
        self.env["bitpaket.fastspring.account"].create(
            {
                "provider_id": self.provider.id,
                "partner_id": self.account.partner_id.id,
                "reference": "gone",
            }
        )
        response = self.post()
        self.assertLeadsTo(response, self.last_transaction())


@tagged("standard", "post_install", "-at_install")
class TestStrangers(PayPage):
    """Every new route, as somebody who must not use it."""

    ROUTES = ["pay", "fastspring"]
    JSON = {
        "checkout": {},
        "checkout/outcome": {"session": "x", "outcome": "finished"},
        "state": {},
    }

    def test_another_customer(self):
        self.call("checkout", invoice_id=self.old.id)
        transaction = self.last_transaction()
        rival = self.make_account("rival", date_start=self.last_month)
        user = self.make_portal_user(rival)
        page = self.open(user=user)
        if not page.root.xpath("//input[@name='csrf_token']"):
            page = Page(self.url_open("/my/account"))
        before = self.count_transactions()
        for path in self.ROUTES:
            response = self.post(path, page)
            self.assertEqual(response.status_code, 303, path)
            self.assertTrue(response.headers["Location"].endswith("/my"), path)
        self.assertIn("error", self.call("checkout"))
        self.assertFalse(
            self.call(
                "checkout/outcome",
                session=transaction.fastspring_session_id,
                outcome="finished",
            )
        )
        self.assertEqual(
            self.call("state"), {"mark": "", "waiting": False, "received": 0}
        )
        # Nor through their own account.
        url = f"/my/billing/{rival.id}"
        self.assertIn("error", self.call("checkout", url, invoice_id=self.old.id))
        self.assertFalse(
            self.call(
                "checkout/outcome",
                url,
                session=transaction.fastspring_session_id,
                outcome="finished",
            )
        )
        self.assertEqual(self.count_transactions(), before)
        self.assertEqual(transaction.fastspring_progress, "sent")

    def test_nobody(self):
        self.authenticate(None, None)
        before = self.count_transactions()
        for path in self.ROUTES:
            response = self.url_open(
                f"{self.url}/{path}", data={"x": 1}, allow_redirects=False
            )
            self.assertNotIn(self.simulator.url, response.headers.get("Location", ""))
            self.assertIn(response.status_code, (303, 400, 403))
        for path, params in self.JSON.items():
            self.assertIsNone(self.call(path, **params), path)
        self.assertEqual(self.count_transactions(), before)

    def test_another_site(self):
        """Without the page's token nothing is begun."""
        before = self.count_transactions()
        for path in self.ROUTES:
            response = self.url_open(f"{self.url}/{path}", data={"x": 1})
            self.assertEqual(response.status_code, 400, path)
        self.assertEqual(self.count_transactions(), before)

    def test_get_begins_nothing(self):
        before = self.count_transactions()
        for path in self.ROUTES:
            response = self.url_open(f"{self.url}/{path}", allow_redirects=False)
            self.assertTrue(response.headers["Location"].endswith(self.url), path)
        self.assertEqual(self.count_transactions(), before)
