"""Money that came and is not what was asked for."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from ..fastspring_money import MoneyMixin


@tagged("standard", "post_install", "-at_install")
class TestFastSpringCredits(MoneyMixin, TransactionCase):
    def find(self, transaction):
        return self.env["bitpaket.fastspring.credit"].search(
            [("transaction_id", "=", transaction.id)]
        )

    def pay_more(self, invoice, more):
        self.simulator.set_fault("wrong_amount", amount=str(more))
        return self.pay(invoice)

    def test_too_much_is_kept_whole_until_somebody_decides(self):
        invoice = self.bill(100)
        transaction, order = self.pay_more(invoice, 20)
        event = self.settle()["order.completed"]
        credit = self.find(transaction)
        self.assertEqual((credit.kind, credit.state), ("over", "open"))
        self.assertEqual((credit.amount, credit.asked_amount), (120, 100))
        self.assertEqual(credit.order_id, order["id"])
        self.assertEqual(credit.event_id, event)
        self.assertEqual(credit.payment_id.journal_id, self.provider.journal_id)
        self.assertEqual(self.balance(), 120 - 8.03)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(event.state, "manual")
        self.assertIn("120.00 came instead of", event.reason)
        self.assertIn(f"to {invoice.name}", event.reason)
        self.assertEqual(self.account.amount_owed, -20)

        credit.action_propose()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual((credit.state, credit.amount_left), ("kept", 20))
        self.assertEqual(event.state, "done")
        self.assertIn(f"to {invoice.name}.", event.reason)
        self.assertEqual(self.account.amount_owed, -20)

    def test_the_rest_pays_the_next_invoice(self):
        transaction, _order = self.pay_more(self.bill(100), 20)
        self.settle()
        credit = self.find(transaction)
        credit.action_propose()
        later = self.bill(50)
        self.assertEqual(self.account.amount_owed, 30)
        with Form(credit) as form:
            form.invoice_id = later
        self.assertIn("30.00 of it stay open", credit.proposal_text)
        credit.action_apply()
        self.assertEqual((credit.state, credit.amount_left), ("done", 0))
        self.assertEqual(later.amount_residual, 30)
        self.assertEqual(self.account.amount_owed, 30)

    def test_too_little_pays_a_part_by_a_click(self):
        invoice = self.bill(100)
        transaction, _order = self.pay_more(invoice, -30)
        event = self.settle()["order.completed"]
        credit = self.find(transaction)
        self.assertEqual((credit.kind, credit.amount), ("under", 70))
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(self.account.amount_owed, 30)
        credit.action_propose()
        self.assertEqual(invoice.amount_residual, 30)
        self.assertEqual((credit.state, event.state), ("done", "done"))
        self.assertTrue(invoice._has_to_be_paid())

    def test_paid_twice_in_two_tabs_is_given_back(self):
        invoice = self.bill(100)
        first, second = self.checkout(invoice), self.checkout(invoice)
        for transaction in (first, second):
            self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        credit = self.find(first) or self.find(second)
        self.assertEqual((credit.kind, credit.proposal), ("second", "refund"))
        self.assertEqual(self.balance(), 200 - 2 * 6.85)
        self.assertEqual(self.account.amount_owed, -100)
        credit.action_propose()
        self.assertEqual(credit.state, "refunding")
        self.assertEqual(credit.event_id.state, "done")
        with self.assertRaises(UserError):
            credit.action_refund()
        self.send_refunds()
        (told,) = self.simulator.returns
        self.assertEqual(told["order"], credit.order_id)
        self.settle()
        self.assertEqual((credit.state, credit.amount_left), ("done", 0))
        self.assertEqual(self.balance(), 100 - 2 * 6.85)
        self.assertEqual(self.receivable(invoice), 0)
        self.assertEqual(self.account.amount_owed, 0)
        self.assertFalse(
            self.env["account.move"].search([("reversed_entry_id", "=", invoice.id)])
        )

    def test_another_currency_is_kept_as_it_came(self):
        invoice = self.bill(100)
        self.simulator.set_fault("wrong_currency", currency="EUR")
        transaction, _order = self.pay(invoice)
        event = self.settle()["order.completed"]
        credit = self.find(transaction)
        self.assertEqual(credit.kind, "currency")
        self.assertEqual(credit.payment_id.currency_id.name, "EUR")
        self.assertEqual(credit.payment_id.amount, 100)
        self.assertEqual((credit.proposal, event.state), ("refund", "manual"))
        self.assertEqual(self.account.amount_owed, 100)
        credit.invoice_id = invoice
        with self.assertRaises(UserError):
            credit.action_apply()
        credit.action_keep()
        self.assertEqual((credit.state, event.state), ("kept", "done"))

    def test_tax_exempt_buyer_of_a_gross_store_is_no_fraud(self):
        self.company.bitpaket_tax_mode = "own_tax"
        self.partner.vat = False
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.simulator.configure(tax_mode="gross", tax_rates={"DE": 19})
        self.partner.country_id = self.env.ref("base.de")
        invoice = self.bill(119, currency_id=euro.id)
        transaction = self.checkout(invoice)
        # The buyer enters a tax id at the checkout.
        order = self.make_order(
            transaction, total=100.0, subtotal=100.0, taxExemptionData="DE811569869"
        )
        self.receive(self.make_event("order.completed", order))
        self.process([order])
        credit = self.find(transaction)
        self.assertEqual((credit.kind, credit.amount), ("exempt", 100))
        self.assertIn("write off the other", credit.proposal_text)
        credit.action_propose()
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(credit.state, "done")
        tax_account = self.company.bitpaket_fastspring_tax_account_id
        lines = self.env["account.move.line"].search(
            [("account_id", "=", tax_account.id)]
        )
        self.assertEqual(lines.amount_currency, 19)

    def test_told_again_is_kept_once(self):
        invoice = self.bill(100)
        transaction, _order = self.pay_more(invoice, 20)
        news = self.news()
        self.tell(news)
        again = [{**one, "id": f"{one['id']}X"} for one in news]
        events = self.tell(again)
        self.assertEqual(len(self.find(transaction)), 1)
        self.assertEqual(self.balance(), 120 - 8.03)
        self.assertIn("manual", events.mapped("state"))
        self.find(transaction).action_propose()
        events.filtered(lambda one: one.type == "order.completed").action_replay()
        self.run_cron()
        self.assertLessEqual(set(events.mapped("state")), {"done", "ignored"})
        self.assertEqual(self.balance(), 120 - 8.03)

    def test_event_and_api_must_tell_the_same_money(self):
        invoice = self.bill(100)
        transaction, _order = self.pay(invoice)
        (told,) = [one for one in self.news() if one["type"] == "order.completed"]
        told["data"].update(total=1000.0, subtotal=1000.0)
        (event,) = self.tell([told])
        self.assertEqual(event.state, "manual")
        self.assertIn("FastSpring itself says otherwise", event.reason)
        self.assertFalse(self.find(transaction))
        self.assertEqual(self.balance(), 0)

    def test_what_is_left_of_a_payment_is_seen(self):
        """Somebody paid a part meanwhile in another way."""
        invoice = self.bill(100)
        transaction = self.checkout(invoice)
        other = self.make_transaction(invoice, amount=30.0)
        orders = [self.make_order(other)]
        self.receive(self.make_event("order.completed", orders[0]))
        self.process(orders)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")
        credit = self.find(transaction)
        self.assertEqual(credit.payment_id, transaction.payment_id)
        self.assertEqual((credit.kind, credit.amount_left), ("over", 30))
        self.assertEqual(self.account.amount_owed, -30)

    def test_only_managers_decide(self):
        transaction, _order = self.pay_more(self.bill(100), 20)
        self.settle()
        credit = self.find(transaction)
        company = {"company_id": self.company.id, "company_ids": self.company.ids}
        viewer = new_test_user(
            self.env, "viewer", groups="bitpaket_billing.group_viewer", **company
        )
        self.assertEqual(credit.with_user(viewer).amount, 120)
        for action in ("action_apply", "action_keep", "action_refund"):
            with self.assertRaises(AccessError):
                getattr(credit.with_user(viewer), action)()
        manager = new_test_user(
            self.env,
            "manager",
            groups="bitpaket_billing.group_billing_manager",
            **company,
        )
        with self.assertRaises(AccessError):
            credit.with_user(manager).write({"amount": 1.0})
        credit.with_user(manager).action_apply()
        self.assertEqual(credit.state, "kept")
        self.assertIn("manager", credit.reason)
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="bitpaket_billing.group_billing_manager",
            company_id=self.env.ref("base.main_company").id,
        )
        with self.assertRaises(AccessError):
            credit.with_user(stranger).with_context(allowed_company_ids=None).read()
