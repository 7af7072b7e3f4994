"""What FastSpring keeps, what it transfers, and that nothing is left over."""

import random

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from ..fastspring_money import MoneyMixin


@tagged("standard", "post_install", "-at_install")
class TestFastSpringPayouts(MoneyMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.company.bitpaket_refund_automatic = True
        self.bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        self.assertNotEqual(self.bank, self.provider.journal_id)

    def entries(self):
        return self.env["bitpaket.fastspring.payout.entry"].search([], order="id")

    def sell(self, amount=100.0, **values):
        invoice = self.bill(amount, **values)
        transaction, order = self.pay(invoice)
        return invoice, transaction, order

    def bank_line(self, amount, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "amount": amount,
                "payment_ref": "BRIGHT MARKET LLC",
                "date": fields.Date.today(),
                **values,
            }
        )

    def payout(self, **values):
        payout = self.env["bitpaket.fastspring.payout"].create(values)
        payout.action_propose()
        return payout

    def fees(self):
        return self.balance(self.company.bitpaket_fastspring_fee_account_id)

    # === One order === #

    def test_order_fee_payout_bank_leaves_nothing(self):
        self.sell()
        self.assertDone(self.settle()["payoutEntry.created"])
        entry = self.entries()
        self.assertEqual(
            (entry.state, entry.fee, entry.amount), ("booked", 6.85, 93.15)
        )
        self.assertEqual((self.balance(), self.fees()), (93.15, 6.85))
        line = self.bank_line(93.15)
        payout = self.payout()
        self.assertEqual(payout.entry_ids, entry)
        self.assertEqual(payout.statement_line_id, line)
        self.assertEqual((payout.amount_entries, payout.difference), (93.15, 0))
        payout.action_book()
        self.assertEqual(payout.state, "done")
        self.assertEqual(self.balance(), 0)
        self.assertEqual(self.balance(self.company.transfer_account_id), 0)
        self.assertEqual(self.balance(self.bank.default_account_id), 93.15)
        self.assertTrue(line.is_reconciled)
        self.assertFalse(payout.missing_payment_ids)

    def test_entry_before_its_order(self):
        self.sell()
        news = self.news()
        late = [one for one in news if one["type"] == "payoutEntry.created"]
        first = self.tell(late)
        self.assertEqual(self.entries().state, "waiting")
        self.assertEqual(self.balance(), 0)
        payout = self.env["bitpaket.fastspring.payout"].create({})
        self.assertEqual(payout.open_entry_ids, self.entries())
        self.tell([one for one in news if one not in late])
        self.assertEqual(self.entries().state, "booked")
        self.assertEqual(self.balance(), 93.15)
        self.assertDone(first)
        self.assertIn("keeps", first.reason)

    def test_told_again_is_booked_once(self):
        self.sell()
        news = self.news()
        self.tell(news)
        again = self.tell([{**one, "id": f"{one['id']}X"} for one in news])
        self.assertLessEqual(set(again.mapped("state")), {"done", "ignored"})
        self.assertEqual((self.balance(), self.fees()), (93.15, 6.85))
        self.assertEqual(len(self.entries()), 1)

    def test_expanded(self):
        self.simulator.configure(webhook_expansion=True)
        self.sell()
        self.settle()
        self.assertEqual((self.balance(), self.fees()), (93.15, 6.85))

    def test_fee_account_is_made_once_and_can_be_chosen(self):
        self.sell()
        self.settle()
        account = self.company.bitpaket_fastspring_fee_account_id
        self.assertEqual(
            (account.name, account.account_type), ("FastSpring fees", "expense")
        )
        other = account.copy({"name": "Payment costs"})
        self.company.bitpaket_fastspring_fee_account_id = other
        self.sell()
        self.settle()
        self.assertEqual((self.balance(account), self.balance(other)), (6.85, 6.85))

    # === Refunds, chargebacks, tax === #

    def test_refund_and_chargeback_in_one_payout(self):
        _invoice, _transaction, order = self.sell(100)
        _invoice, _transaction, second = self.sell(50)
        self.settle()
        self.simulator.refund(order["id"], 40)
        self.simulator.chargeback(second["id"])
        self.settle()
        kinds = dict(self.entries().mapped(lambda one: (one.kind, one.amount)))
        self.assertEqual((kinds["return"], kinds["chargeback"]), (-40, -50))
        self.assertEqual(set(self.entries().mapped("state")), {"booked"})
        expected = 100 - 6.85 + 50 - 3.90 - 40 - 50
        self.assertAlmostEqual(self.balance(), expected)
        line = self.bank_line(49.25)
        payout = self.payout()
        self.assertEqual(payout.amount_orders, 150)
        self.assertEqual(payout.amount_refunds, -40)
        self.assertEqual(payout.amount_chargebacks, -50)
        self.assertAlmostEqual(payout.amount_kept, -10.75)
        payout.action_book()
        self.assertEqual((payout.state, payout.statement_line_id), ("done", line))
        self.assertEqual(self.balance(), 0)
        self.assertEqual(self.fees(), 10.75)

    def test_tax_on_top_is_not_ours(self):
        self.simulator.configure(tax_rates={"US": 19})
        _invoice, transaction, order = self.sell()
        self.settle()
        self.assertEqual(transaction.payment_id.amount, 100)
        entry = self.entries()
        self.assertEqual((entry.total, entry.tax), (119, 19))
        self.assertEqual(self.balance(), entry.amount)
        self.simulator.refund(order["id"])
        self.settle()
        self.assertEqual(self.balance(), round(entry.amount - 100, 2))
        self.assertFalse(self.company.bitpaket_fastspring_tax_account_id)

    def test_tax_inside_is_kept_by_fastspring(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.partner.country_id = self.env.ref("base.de")
        self.simulator.configure(
            tax_mode="gross", tax_rates={"DE": 19}, payout_currency="EUR"
        )
        invoice, _transaction, order = self.sell(119, currency_id=euro.id)
        self.settle()
        self.assertEqual(invoice.payment_state, "paid")
        entry = self.entries()
        self.assertEqual((entry.state, entry.tax), ("booked", 19))
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.clearing.id),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertEqual(euro.round(sum(lines.mapped("amount_currency"))), entry.amount)
        self.simulator.refund(order["id"])
        self.settle()
        lines = lines.search(
            [
                ("account_id", "=", self.clearing.id),
                ("parent_state", "=", "posted"),
            ]
        )
        back = self.entries()[1]
        self.assertEqual((back.state, back.amount, back.tax), ("booked", -100, -19))
        self.assertEqual(
            euro.round(sum(lines.mapped("amount_currency"))),
            euro.round(entry.amount - 100),
        )
        tax_account = self.company.bitpaket_fastspring_tax_account_id
        self.assertEqual(self.balance(tax_account), 0)

    # === Currencies === #

    def test_foreign_payout_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "inverse_company_rate": 1.2,
            }
        )
        self.simulator.configure(payout_currency="EUR")
        _invoice, _transaction, order = self.sell()
        self.sell(50)
        self.settle()
        self.simulator.refund(order["id"], 40)
        self.simulator.chargeback(order["id"], "20")
        self.settle()
        entries = self.entries()
        self.assertEqual(set(entries.mapped("state")), {"booked"})
        self.assertEqual(entries.currency_id, euro)
        received = euro.round(sum(entries.mapped("amount")))
        line = self.bank_line(
            self.company.currency_id.round(received * 1.25),
            foreign_currency_id=euro.id,
            amount_currency=received,
        )
        payout = self.payout(currency_id=euro.id)
        self.assertEqual(payout.amount, received)
        payout.statement_line_id = line
        payout.action_book()
        self.assertEqual(payout.state, "done")
        self.assertEqual(self.balance(), 0)
        self.assertEqual(self.balance(self.company.transfer_account_id), 0)
        clearing = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.clearing.id),
                ("parent_state", "=", "posted"),
            ]
        )
        for currency in (euro, self.company.currency_id):
            own = clearing.filtered(lambda one, c=currency: one.currency_id == c)
            self.assertEqual(currency.round(sum(own.mapped("amount_currency"))), 0)

    def test_foreign_order_paid_out_in_its_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in (("2020-01-01", 1.1), (fields.Date.today(), 1.17)):
            self.env["res.currency.rate"].create(
                {
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                    "name": day,
                    "inverse_company_rate": rate,
                }
            )
        self.simulator.configure(payout_currency="EUR")
        self.sell(100, currency_id=euro.id)
        self.settle()
        line = self.bank_line(
            107.31, foreign_currency_id=euro.id, amount_currency=93.01
        )
        payout = self.payout(currency_id=euro.id, amount=93.01)
        self.assertNotEqual(payout.difference, 0)
        payout.amount = payout.amount_entries
        line.amount_currency = payout.amount
        payout.statement_line_id = line
        payout.action_book()
        self.assertEqual(self.balance(), 0)
        self.assertEqual(self.balance(self.company.transfer_account_id), 0)

    # === What does not match === #

    def test_difference_needs_an_account(self):
        self.sell()
        self.settle()
        line = self.bank_line(78.15)
        action = line.action_fastspring_payout()
        payout = self.env["bitpaket.fastspring.payout"].browse(action["res_id"])
        self.assertEqual((payout.amount, payout.difference), (78.15, -15))
        self.assertEqual(payout.statement_line_id, line)
        with self.assertRaisesRegex(UserError, "Choose an account for the difference"):
            payout.action_book()
        with Form(payout) as form:
            form.difference_account_id = self.company.bitpaket_fastspring_fee_account_id
        payout.action_book()
        self.assertEqual(payout.state, "done")
        self.assertEqual((self.balance(), self.fees()), (0, 21.85))
        self.assertEqual(line.action_fastspring_payout()["res_id"], payout.id)

    def test_orders_without_entry_are_listed(self):
        _invoice, transaction, _order = self.sell()
        news = self.news()
        self.tell([one for one in news if one["type"] != "payoutEntry.created"])
        payout = self.env["bitpaket.fastspring.payout"].create({})
        self.assertEqual(payout.missing_payment_ids, transaction.payment_id)
        with self.assertRaisesRegex(UserError, "Propose the entries first"):
            payout.action_book()
        self.tell([one for one in news if one["type"] == "payoutEntry.created"])
        payout.invalidate_recordset()
        self.assertFalse(payout.missing_payment_ids)

    def test_other_products_of_the_store_are_listed_and_not_booked(self):
        data = {
            "orderId": "other-1",
            "reference": "BITPAKET261123-1",
            "live": False,
            "order": {"id": "other-1", "total": 150.0, "reference": "X", "tags": {}},
            "subtractions": {
                "tax": {"currency": "USD", "amount": 0.0},
                "fastspring": {"currency": "USD", "amount": 9.8},
            },
            "payouts": [
                {
                    "payee": "bitpaket",
                    "currency": "USD",
                    "payout": "140.20",
                    "total": "150.00",
                }
            ],
        }
        (event,) = self.tell([self.make_event("payoutEntry.created", data, "EVP1")])
        self.assertEqual(event.state, "ignored")
        self.assertEqual(self.entries().state, "foreign")
        self.assertEqual(self.balance(), 0)
        self.sell()
        self.settle()
        self.bank_line(233.35)
        payout = self.payout(amount=233.35)
        payout.entry_ids |= self.entries().filtered(lambda one: one.state == "foreign")
        self.assertEqual(payout.difference, 0)
        with self.assertRaises(UserError):
            payout.action_book()
        other = self.company.bitpaket_fastspring_fee_account_id.copy({"name": "Shop"})
        payout.difference_account_id = other
        payout.action_book()
        self.assertEqual((self.balance(), self.balance(other)), (0, -140.2))

    def test_entry_that_does_not_add_up_needs_a_person(self):
        self.sell()
        news = self.news()
        for one in news:
            if one["type"] == "payoutEntry.created":
                one["data"]["payouts"][0]["payout"] = "90.00"
        events = self.tell(news)
        (event,) = events.filtered(lambda one: one.type == "payoutEntry.created")
        self.assertEqual(event.state, "manual")
        self.assertIn("do not add up", event.reason)
        self.assertEqual(self.balance(), 100)

    def test_bank_line_of_another_amount(self):
        self.sell()
        self.settle()
        payout = self.payout()
        payout.action_book()
        self.assertEqual((payout.state, self.balance()), ("booked", 0))
        self.assertEqual(self.balance(self.company.transfer_account_id), 93.15)
        payout.statement_line_id = self.bank_line(93)
        with self.assertRaisesRegex(UserError, "The bank line is"):
            payout.action_book()

    def test_bank_line_comes_later_and_booking_is_taken_back(self):
        self.sell()
        self.settle()
        payout = self.payout()
        payout.action_book()
        payout.statement_line_id = self.bank_line(93.15)
        payout.action_book()
        self.assertEqual(payout.state, "done")
        with self.assertRaises(UserError):
            payout.unlink()
        payout.action_reset()
        self.assertEqual((payout.state, self.balance()), ("draft", 93.15))
        self.assertFalse(payout.statement_line_id.is_reconciled)
        payout.action_book()
        self.assertEqual((payout.state, self.balance()), ("done", 0))

    # === Whatever the order === #

    def test_any_order_of_events_ends_in_the_same_books(self):
        """Orders, refunds, chargebacks and payouts, shuffled and told twice."""
        sold = [self.sell(amount) for amount in (100.0, 50.0, 80.0)]
        ids = [order["id"] for _invoice, _transaction, order in sold]
        self.simulator.refund(ids[0], 30)
        self.simulator.refund(ids[0], 20)
        self.simulator.chargeback(ids[0], "25")
        self.simulator.chargeback(ids[1])
        self.simulator.refund(ids[2])
        news = self.news()
        news += [{**one, "id": f"{one['id']}X"} for one in news[::2]]
        results = set()
        chance = random.Random(20261125)
        for _round in range(6):
            chance.shuffle(news)
            savepoint = self.env.cr.savepoint()
            half = len(news) // 2
            self.tell(news[:half])
            self.tell(news[half:])
            self.assertFalse(
                self.events.search(
                    [("state", "in", ("new", "error", "manual"))]
                ).mapped("reason")
            )
            invoices = [invoice for invoice, _transaction, _order in sold]
            results.add(
                (
                    self.balance(),
                    self.fees(),
                    self.receivable(invoices[0]),
                    self.account.amount_owed,
                    *(invoice.amount_residual for invoice in invoices),
                )
            )
            self.assertEqual(len(self.entries()), 8)
            self.assertEqual(set(self.entries().mapped("state")), {"booked"})
            savepoint.rollback()
            savepoint.close()
            self.env.invalidate_all()
        fees = 6.85 + 3.90 + 5.67
        left = 230 - 50 - 25 - 50 - 80
        self.assertEqual(
            results, {(round(left - fees, 2), round(fees, 2), 75, 75, 25, 50, 0)}
        )

    # === People === #

    def test_only_managers_book(self):
        self.sell()
        self.settle()
        company = {"company_id": self.company.id, "company_ids": self.company.ids}
        viewer = new_test_user(
            self.env, "viewer", groups="bitpaket_billing.group_viewer", **company
        )
        manager = new_test_user(
            self.env,
            "manager",
            groups="bitpaket_billing.group_billing_manager",
            **company,
        )
        payouts = self.env["bitpaket.fastspring.payout"]
        with self.assertRaises(AccessError):
            payouts.with_user(viewer).create({})
        payout = payouts.with_user(manager).create({})
        payout.action_propose()
        self.assertEqual(payout.amount, 93.15)
        with self.assertRaises(AccessError):
            payout.with_user(viewer).action_book()
        with self.assertRaises(AccessError):
            self.entries().with_user(manager).write({"amount": 1})
        with self.assertRaises(UserError):
            payout.write({"state": "done"})
        payout.statement_line_id = self.bank_line(93.15)
        payout.action_book()
        self.assertEqual(payout.state, "done")
        with self.assertRaises(UserError):
            payout.write({"amount": 1})
        self.assertTrue(payout.with_user(viewer).read(["amount", "difference"]))
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="bitpaket_billing.group_billing_manager",
            company_id=self.env.ref("base.main_company").id,
        )
        for record in (payout, self.entries()):
            with self.assertRaises(AccessError):
                record.with_user(stranger).with_context(allowed_company_ids=None).read(
                    ["amount"]
                )
