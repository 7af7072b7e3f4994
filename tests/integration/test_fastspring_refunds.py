"""Money that goes back, whoever starts it."""

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..fastspring_money import MoneyMixin

SENDER = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_return_send"
PROVIDER = "odoo.addons.bitpaket_billing.models.payment_provider"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringRefunds(MoneyMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.invoice = self.bill(100)

    def paid(self, **values):
        self.transaction, self.order = self.pay(self.invoice, **values)
        self.settle()
        self.assertEqual(self.invoice.payment_state, "paid")
        self.payment = self.transaction.payment_id

    def backs(self):
        return self.env["bitpaket.fastspring.return"].search([], order="id")

    def credit_note(self, amount=None):
        """Return a posted credit note of the invoice, as finance makes it."""
        note = self.invoice._reverse_moves([{"invoice_date": fields.Date.today()}])
        if amount is not None:
            note.invoice_line_ids.price_unit = amount
        note.action_post()
        return note

    def forget_time(self, backs):
        backs.next_try = fields.Datetime.now()
        self.env.flush_all()

    # === Started in Odoo === #

    def test_credit_note_is_paid_out(self):
        self.paid()
        note = self.credit_note()
        self.assertTrue(note.fastspring_can_refund)
        note.action_fastspring_refund()
        back = self.backs()
        child = back.refund_transaction_id
        self.assertEqual((back.state, child.state), ("asked", "pending"))
        self.assertEqual(self.simulator.returns, [], "not before the commit")
        self.send_refunds()
        (told,) = self.simulator.returns
        self.assertEqual((told["order"], told["total"]), (self.order["id"], 100))
        self.assertEqual(told["note"], child.reference)
        self.assertEqual((back.state, child.state), ("sent", "pending"))
        event = self.settle()["return.created"]
        self.assertDone(event)
        self.assertIn(note.name, event.reason)
        self.assertEqual((back.state, child.state), ("done", "done"))
        self.assertEqual(child.source_transaction_id, self.transaction)
        self.assertEqual(child.amount, -100)
        self.assertEqual(child.payment_id, back.payment_id)
        self.assertEqual(note.payment_state, "paid")
        self.assertEqual(note.amount_residual, 0)
        self.assertEqual(self.receivable(self.invoice), 0)
        self.assertEqual(self.balance(), -6.85)
        self.assertEqual(self.payment.refunds_count, 1)
        self.assertEqual(self.payment.amount_available_for_refund, 0)
        self.assertFalse(note.fastspring_can_refund)

    def test_credit_note_is_paid_out_once(self):
        self.paid()
        note = self.credit_note()
        note.action_fastspring_refund()
        with self.assertRaisesRegex(UserError, "on its way"):
            note.action_fastspring_refund()
        self.send_refunds()
        self.send_refunds()
        self.settle()
        self.send_refunds()
        self.assertEqual(len(self.simulator.returns), 1)

    def test_parts_add_up(self):
        self.paid()
        for amount in (30.0, 45.5, 24.5):
            note = self.credit_note(amount)
            note.action_fastspring_refund()
            self.send_refunds()
            self.assertDone(self.settle()["return.created"])
            self.assertEqual(note.payment_state, "paid")
        self.assertEqual(self.balance(), -6.85)
        with self.assertRaises(UserError):
            self.credit_note(1.0).action_fastspring_refund()

    def test_core_refund_dialog(self):
        """The button on the payment asks as well; its credit note is proposed."""
        self.paid()
        self.assertEqual(self.payment.amount_available_for_refund, 100)
        wizard = (
            self.env["payment.refund.wizard"]
            .with_context(active_id=self.payment.id)
            .create({"amount_to_refund": 40})
        )
        self.assertEqual(wizard.support_refund, "partial")
        wizard.action_refund()
        with self.assertRaises(ValidationError):
            self.backs()._ask(
                self.provider,
                self.order["id"],
                "x",
                self.payment,
                61,
                user=self.env.user,
            )
        self.send_refunds()
        event = self.settle()["return.created"]
        self.assertEqual(event.state, "manual")
        self.assertEqual(self.backs().state, "proposed")
        self.assertEqual(self.payment.amount_available_for_refund, 60)
        self.backs().action_credit()
        note = self.backs().credit_note_ids
        self.assertEqual((note.amount_total, note.payment_state), (40, "paid"))
        self.assertEqual(note.reversed_entry_id, self.invoice)
        self.assertEqual(note.bitpaket_account_id, self.account)
        self.assertDone(event)

    def test_refused(self):
        self.paid()
        note = self.credit_note()
        note.action_fastspring_refund()
        self.simulator.refund(self.order["id"])
        news = self.news()
        self.send_refunds()
        back = self.backs()
        self.assertEqual(back.state, "refused")
        self.assertIn("No remaining amount", back.reason)
        self.assertEqual(back.refund_transaction_id.state, "error")
        self.tell(news)
        # What staff gave back at FastSpring pays the open credit note.
        self.assertEqual(self.backs().mapped("state"), ["refused", "proposed"])
        self.backs()[1].action_credit()
        self.assertEqual(note.payment_state, "paid")
        self.assertEqual(self.receivable(self.invoice), 0)

    # === Answers that were lost === #

    @mute_logger(SENDER, PROVIDER)
    def test_lost_answer_is_looked_up_and_not_repeated(self):
        self.paid()
        note = self.credit_note()
        note.action_fastspring_refund()
        self.simulator.set_fault("lost_answer", path="/returns")
        self.send_refunds()
        back = self.backs()
        self.assertEqual(back.state, "sending")
        self.assertIn("answer was lost", back.reason)
        self.send_refunds()
        self.assertEqual(len(self.simulator.returns), 1, "nobody asks again")
        self.forget_time(back)
        self.send_refunds()
        self.assertEqual(len(self.simulator.returns), 1)
        self.assertEqual(back.state, "sent")
        self.assertEqual(back.return_id, self.simulator.returns[0]["id"])
        self.assertDone(self.settle()["return.created"])
        self.assertEqual(note.payment_state, "paid")

    @mute_logger(SENDER, PROVIDER)
    def test_lost_answer_and_the_event_comes_first(self):
        self.paid()
        note = self.credit_note()
        note.action_fastspring_refund()
        self.simulator.set_fault("lost_answer", path="/returns")
        self.send_refunds()
        self.assertDone(self.settle()["return.created"])
        self.assertEqual((self.backs().state, note.payment_state), ("done", "paid"))
        self.send_refunds()
        self.assertEqual(len(self.simulator.returns), 1)

    @mute_logger(SENDER, PROVIDER)
    def test_lost_request_is_asked_again_after_looking(self):
        self.paid()
        self.credit_note().action_fastspring_refund()
        self.simulator.set_fault("lost_request", path="/returns")
        self.send_refunds()
        self.assertEqual(self.simulator.returns, [])
        self.assertEqual(self.backs().state, "sending")
        self.simulator.clear_faults()
        self.forget_time(self.backs())
        self.send_refunds()
        self.assertEqual(len(self.simulator.returns), 1)
        self.assertDone(self.settle()["return.created"])

    @mute_logger(SENDER, PROVIDER)
    def test_busy_service_is_asked_later(self):
        self.paid()
        self.credit_note().action_fastspring_refund()
        for fault in ("rate_limit", "throttle_404", "server_error"):
            for path in ("/orders", "/returns"):
                with self.subTest(fault=fault, path=path):
                    self.simulator.set_fault(fault, path=path, times=1)
                    self.send_refunds()
                    back = self.backs()
                    self.assertIn(back.state, ("asked", "sending"))
                    self.assertEqual(self.simulator.returns, [])
                    self.forget_time(back)
        self.send_refunds()
        self.assertDone(self.settle()["return.created"])
        self.assertEqual(len(self.simulator.returns), 1)

    # === Started at FastSpring === #

    def test_refund_at_fastspring_is_proposed(self):
        self.paid()
        self.simulator.refund(self.order["id"], note="Sorry")
        event = self.settle()["return.created"]
        back = self.backs()
        self.assertEqual((event.state, back.state), ("manual", "proposed"))
        self.assertIn("Decide, under FastSpring refunds", event.reason)
        self.assertEqual(self.balance(), -6.85, "the money is gone")
        child = back.refund_transaction_id
        self.assertEqual((child.state, child.amount), ("done", -100))
        self.assertEqual(child.source_transaction_id, self.transaction)
        self.assertEqual(self.account.amount_owed, 0)
        back.action_credit()
        note = back.credit_note_ids
        self.assertEqual((note.state, note.payment_state), ("posted", "paid"))
        self.assertEqual(note.amount_total, 100)
        self.assertEqual(self.receivable(self.invoice), 0)
        self.assertDone(event)
        back.action_credit()
        self.assertEqual(back.credit_note_ids, note)

    def test_refund_that_is_still_owed(self):
        self.paid()
        self.simulator.refund(self.order["id"], 40)
        self.settle()
        self.backs().action_owe()
        self.assertEqual(self.invoice.amount_residual, 40)
        self.assertEqual(self.account.amount_owed, 40)
        self.assertEqual(self.receivable(self.invoice), 40)

    def test_automatic_credit_note(self):
        self.company.bitpaket_refund_automatic = True
        self.paid()
        for amount in (10, 15.5):
            self.simulator.refund(self.order["id"], amount)
            self.assertDone(self.settle()["return.created"])
        notes = self.backs().credit_note_ids
        self.assertEqual(notes.mapped("amount_total"), [10, 15.5])
        self.assertEqual(set(notes.mapped("payment_state")), {"paid"})
        self.assertEqual(self.account.amount_owed, 0)
        self.assertEqual(self.receivable(self.invoice), 0)

    def test_told_again_has_no_second_effect(self):
        self.company.bitpaket_refund_automatic = True
        self.paid()
        self.simulator.refund(self.order["id"], 40)
        news = self.news()
        self.tell(news)
        for name in ("A", "B"):
            again = self.tell([{**one, "id": f"{one['id']}{name}"} for one in news])
            self.assertEqual(set(again.mapped("state")), {"done"})
        self.assertEqual(len(self.backs()), 1)
        self.assertEqual(self.balance(), 53.15)

    def test_refund_before_its_order(self):
        self.company.bitpaket_refund_automatic = True
        self.transaction, self.order = self.pay(self.invoice)
        first = self.news()
        self.simulator.refund(self.order["id"])
        self.tell(self.news())
        self.assertEqual(self.backs().state, "waiting")
        self.assertEqual(self.balance(), 0)
        self.tell(first)
        self.assertEqual(self.backs().state, "done")
        self.assertEqual(self.balance(), -6.85)
        self.assertEqual(self.receivable(self.invoice), 0)
        event = self.backs().event_id
        self.assertDone(event)
        self.assertIn("were given back", event.reason)

    def test_several_invoices_of_one_payment(self):
        self.company.bitpaket_refund_automatic = True
        other = self.bill(60)
        transaction = self.checkout(
            self.invoice,
            amount=160.0,
            invoice_ids=[(6, 0, (self.invoice + other).ids)],
        )
        order = self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual((self.invoice + other).mapped("amount_residual"), [0, 0])
        self.simulator.refund(order["id"], 80)
        self.assertDone(self.settle()["return.created"])
        notes = self.backs().credit_note_ids
        self.assertEqual(sum(notes.mapped("amount_total")), 80)
        self.assertEqual(set(notes.mapped("payment_state")), {"paid"})
        self.assertEqual(notes.reversed_entry_id, self.invoice + other)

    # === Tax === #

    def test_tax_on_top_is_fastsprings(self):
        self.simulator.configure(tax_rates={"US": 19})
        self.paid()
        self.assertEqual(self.payment.amount, 100)
        self.assertEqual(self.order["total"], 119)
        note = self.credit_note(40.0)
        note.action_fastspring_refund()
        self.send_refunds()
        self.assertEqual(float(self.simulator.returns[0]["total"]), 47.6)
        self.assertDone(self.settle()["return.created"])
        back = self.backs()
        self.assertEqual((back.amount, back.total), (40, 47.6))
        self.assertEqual((back.payment_id.amount, note.payment_state), (40, "paid"))

    def test_tax_inside_our_price(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.partner.country_id = self.env.ref("base.de")
        self.simulator.configure(tax_mode="gross", tax_rates={"DE": 19})
        self.invoice = self.bill(119, currency_id=euro.id)
        self.paid()
        self.assertEqual((self.payment.amount, self.order["tax"]), (119, 19))
        note = self.credit_note(59.5)
        note.action_fastspring_refund()
        self.send_refunds()
        self.assertEqual(self.simulator.returns[0]["total"], 59.5)
        self.assertDone(self.settle()["return.created"])
        self.assertEqual(self.backs().payment_id.amount, 59.5)
        self.assertEqual(note.payment_state, "paid")

    def test_own_tax_is_credited_with_it(self):
        self.company.bitpaket_tax_mode = "own_tax"
        self.company.bitpaket_refund_automatic = True
        tax = self.env["account.tax"].search(
            [
                ("company_id", "=", self.company.id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
            ],
            limit=1,
        )
        tax.amount = 7.25
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "bitpaket_account_id": self.account.id,
                "invoice_line_ids": [
                    (0, 0, {"name": "a", "price_unit": 33.33, "tax_ids": tax.ids}),
                    (0, 0, {"name": "b", "price_unit": 66.67, "tax_ids": []}),
                ],
            }
        )
        invoice.action_post()
        self.invoice = invoice
        self.paid()
        self.simulator.refund(self.order["id"], 50)
        self.assertDone(self.settle()["return.created"])
        note = self.backs().credit_note_ids
        self.assertEqual((note.amount_total, note.payment_state), (50, "paid"))
        self.assertGreater(note.amount_tax, 0)

    # === Strangers === #

    def test_refund_of_another_product(self):
        data = {
            "return": "ret-1",
            "live": False,
            "currency": "USD",
            "totalReturn": 5.0,
            "subtotal": 5.0,
            "tax": 0.0,
            "original": {"id": "other-1", "total": 5.0},
        }
        (event,) = self.tell([self.make_event("return.created", data, "EVR1")])
        self.assertEqual(event.state, "ignored")
        self.assertFalse(self.backs())

    def test_only_managers_give_money_back(self):
        self.paid()
        note = self.credit_note()
        user = new_test_user(
            self.env,
            "user",
            groups="bitpaket_billing.group_billing_user",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        with self.assertRaises(AccessError):
            note.with_user(user).action_fastspring_refund()
        manager = new_test_user(
            self.env,
            "manager",
            groups="bitpaket_billing.group_billing_manager",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.assertTrue(note.with_user(manager).fastspring_can_refund)
        note.with_user(manager).action_fastspring_refund()
        self.send_refunds()
        self.settle()
        self.assertEqual(note.payment_state, "paid")
        self.assertEqual(self.backs().user_id, manager)
