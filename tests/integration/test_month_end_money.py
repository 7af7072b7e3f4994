"""The check list of a month's end, about the money at FastSpring."""

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..fastspring_money import MoneyMixin
from ..month_end_common import MonthEndMixin


@tagged("standard", "post_install", "-at_install")
class TestMonthEndMoney(MonthEndMixin, MoneyMixin, TransactionCase):
    def check(self, name):
        return super().check(name, fields.Date.today())

    def sell(self, amount=100.0):
        transaction, _order = self.pay(self.bill(amount))
        return transaction

    def payout(self):
        payout = self.env["bitpaket.fastspring.payout"].create({})
        payout.action_propose()
        return payout

    # === Clearing === #

    def test_clearing_is_what_is_owed(self):
        self.sell()
        self.settle()
        self.assertFine(
            self.check("The clearing"),
            "Clearing account: $ 93.15",
            "Not paid out yet: $ 93.15",
        )
        self.payout().action_book()
        self.assertFine(
            self.check("The clearing"),
            "Clearing account: $ 0.00",
            "Not paid out yet: $ 0.00",
        )

    def test_a_payment_without_a_payout_is_shown(self):
        transaction = self.sell()
        told = [one for one in self.news() if one["type"] != "payoutEntry.created"]
        self.tell(told)
        self.assertOpens(
            self.check("The clearing"),
            transaction.payment_id._bitpaket_clearing(),
            "Clearing account: $ 100.00",
            "Not paid out yet: $ 0.00",
        )

    def test_what_somebody_booked_is_shown(self):
        self.sell()
        self.settle()
        stray = self.env["account.move"].create(
            {
                "line_ids": [
                    Command.create({"account_id": self.clearing.id, "credit": 3}),
                    Command.create(
                        {
                            "account_id": self.company.transfer_account_id.id,
                            "debit": 3,
                        }
                    ),
                ],
            }
        )
        stray.action_post()
        self.assertOpens(
            self.check("The clearing"),
            stray.line_ids.filtered("credit"),
            "Clearing account: $ 90.15",
        )

    # === Payouts, decisions, events === #

    def test_payouts(self):
        self.sell()
        self.settle()
        payout = self.payout()
        line = self.check("Payouts")
        self.assertOpens(
            line, payout, "Entries to book: 0; payouts to book: 1, booked: 0"
        )
        payout.action_book()
        self.assertFine(
            self.check("Payouts"),
            "Entries to book: 0; payouts to book: 0, booked: 1",
            "Entries to book: 0; payouts to book: 0",
        )

    def test_an_entry_waits_for_its_payment(self):
        self.sell()
        late = [one for one in self.news() if one["type"] == "payoutEntry.created"]
        self.tell(late)
        entry = self.env["bitpaket.fastspring.payout.entry"].search([])
        self.assertEqual(entry.state, "waiting")
        self.assertOpens(
            self.check("Payouts"),
            entry,
            "Entries to book: 1; payouts to book: 0, booked: 0",
        )

    def test_decisions(self):
        transaction = self.sell()
        self.settle()
        self.assertFine(
            self.check("Refunds"),
            "Refunds: 0, chargebacks: 0, credits: 0",
            "To decide: 0",
        )
        self.simulator.refund(transaction.fastspring_order_id, 40)
        self.settle()
        back = self.env["bitpaket.fastspring.return"].search([])
        self.assertEqual(back.state, "proposed")
        self.assertOpens(
            self.check("Refunds"), back, "Refunds: 1, chargebacks: 0, credits: 0"
        )

    def test_events(self):
        self.sell()
        self.settle()
        self.assertFine(self.check("FastSpring's events"), "Not done: 0", "Not done: 0")
        event = self.events.search([("company_id", "=", self.company.id)], limit=1)
        event.state = "manual"
        self.assertOpens(self.check("FastSpring's events"), event, "Not done: 1")
