"""A customer's bank takes the money back."""

from odoo.tests import TransactionCase, new_test_user, tagged

from ..fastspring_money import MoneyMixin


@tagged("standard", "post_install", "-at_install")
class TestFastSpringChargebacks(MoneyMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.invoice = self.bill(100)

    def paid(self):
        self.transaction, self.order = self.pay(self.invoice)
        self.settle()
        self.assertEqual(self.invoice.payment_state, "paid")

    def cases(self):
        return self.env["bitpaket.fastspring.chargeback"].search([], order="id")

    def test_debt_is_open_again(self):
        self.paid()
        self.simulator.chargeback(self.order["id"])
        event = self.settle()["chargeback.created"]
        self.assertDone(event)
        case = self.cases()
        self.assertEqual((case.state, case.amount), ("done", 100))
        self.assertEqual(case.invoice_ids, self.invoice)
        self.assertEqual(self.invoice.amount_residual, 100)
        self.assertEqual(self.invoice.payment_state, "not_paid")
        self.assertTrue(self.invoice._has_to_be_paid())
        self.assertEqual(self.account.amount_owed, 100)
        self.assertEqual(self.receivable(self.invoice), 100)
        self.assertEqual(self.balance(), -6.85)
        self.assertTrue(case.payment_id.bitpaket_chargeback)
        self.assertTrue(case.payment_id.is_reconciled)
        self.assertEqual(self.account.state, "active")

    def test_people_are_told(self):
        manager = new_test_user(
            self.env,
            "manager",
            groups="bitpaket_billing.group_billing_manager",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        self.company.bitpaket_responsible_id = manager
        self.paid()
        self.simulator.chargeback(self.order["id"])
        self.settle()
        (activity,) = self.account.activity_ids
        self.assertEqual(activity.user_id, manager)
        self.assertIn(self.invoice.name, activity.note)
        self.assertIn("FRAUDULENT", activity.note)
        self.assertIn("took", " ".join(self.invoice.message_ids.mapped("body")))

    def test_account_is_suspended_if_so_decided(self):
        self.company.bitpaket_suspend_on_chargeback = True
        self.paid()
        self.simulator.chargeback(self.order["id"])
        self.settle()
        self.assertEqual(self.account.state, "suspended")
        self.assertIn("was suspended", self.account.activity_ids.note)

    def test_closed_account_stays_closed(self):
        self.company.bitpaket_suspend_on_chargeback = True
        self.paid()
        self.account.state = "closed"
        self.simulator.chargeback(self.order["id"])
        self.settle()
        self.assertEqual(self.account.state, "closed")

    def test_told_again_has_no_second_effect(self):
        self.paid()
        self.simulator.chargeback(self.order["id"])
        news = self.news()
        self.tell(news)
        again = self.tell([{**one, "id": f"{one['id']}X"} for one in news])
        self.assertDone(again)
        self.assertEqual(len(self.cases()), 1)
        self.assertEqual(self.balance(), -6.85)
        self.assertEqual(len(self.account.activity_ids), 1)

    def test_chargeback_before_its_order(self):
        self.transaction, self.order = self.pay(self.invoice)
        first = self.news()
        self.simulator.chargeback(self.order["id"])
        self.tell(self.news())
        self.assertEqual(self.cases().state, "waiting")
        self.tell(first)
        self.assertEqual(self.cases().state, "done")
        self.assertEqual(self.invoice.amount_residual, 100)
        self.assertEqual(self.balance(), -6.85)

    def test_part_with_tax(self):
        self.simulator.configure(tax_rates={"US": 19})
        self.paid()
        self.simulator.chargeback(self.order["id"], "59.50")
        self.settle()
        self.assertEqual(self.cases().amount, 50)
        self.assertEqual(self.invoice.amount_residual, 50)

    def test_several_invoices(self):
        other = self.bill(60, invoice_date_due="2099-01-01")
        transaction = self.checkout(
            self.invoice,
            amount=160.0,
            invoice_ids=[(6, 0, (self.invoice + other).ids)],
        )
        order = self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        self.simulator.chargeback(order["id"], "80")
        self.settle()
        owed = (self.invoice + other).mapped("amount_residual")
        self.assertEqual(owed, [20, 60], "the newest is owed first")
        self.assertEqual(self.account.amount_owed, 80)

    def test_nothing_is_given_back_that_the_bank_took(self):
        self.paid()
        note = self.invoice._reverse_moves()
        note.action_post()
        note.action_fastspring_refund()
        self.simulator.chargeback(self.order["id"])
        self.settle()
        back = self.env["bitpaket.fastspring.return"].search([])
        self.assertEqual(back.state, "refused")
        self.assertIn("bank took", back.reason)
        self.send_refunds()
        self.assertEqual(self.simulator.returns, [])
        self.assertEqual(self.invoice.amount_residual, 100)

    def test_more_than_came_needs_a_person(self):
        self.company.bitpaket_refund_automatic = True
        self.paid()
        self.simulator.refund(self.order["id"], 60)
        self.settle()
        self.simulator.chargeback(self.order["id"])
        event = self.settle()["chargeback.created"]
        self.assertEqual((event.state, self.cases().state), ("manual", "manual"))
        self.assertIn("only", event.reason)
        self.assertEqual(self.balance(), 33.15)
        self.assertTrue(self.account.activity_ids)
        self.cases().action_settle()
        self.assertDone(event)

    def test_of_another_product(self):
        data = {
            "id": "other-1",
            "order": "other-1",
            "chargebackAmount": 5.0,
            "currency": "USD",
            "processorCaseId": "dsp_x",
        }
        (event,) = self.tell([self.make_event("chargeback.created", data, "EVC1")])
        self.assertEqual(event.state, "manual")
        self.assertFalse(self.cases())
