"""Plans: what each change means for periods, fees and invoices."""

from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Date
from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import GIB
from ..plan_common import PlanMixin


@tagged("standard", "post_install", "-at_install")
class TestPlans(PlanMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.basic = cls.make_plan("Basic", 30, 300)
        cls.pro = cls.make_plan("Pro", 60, 600)

    def test_start(self):
        """Starting a plan ends the running period; its first month is charged now."""
        change = self.change("2026-11-12", "choose", self.basic)
        self.assertEqual((change.kind, change.state), ("start", "done"))
        invoice = change.statement_ids.move_id
        self.assertEqual(
            (invoice.state, str(invoice.invoice_date), invoice.amount_untaxed),
            ("posted", "2026-11-12", 30),
        )
        self.assertIn("Plan Basic", invoice.invoice_line_ids.name)
        self.run_on("2026-11-12")
        self.run_on("2026-12-12")
        self.run_on("2027-01-12")
        self.assertEqual(
            self.statements(),
            [
                ("2026-10-01", "2026-11-01", "period", 0),
                ("2026-11-01", "2026-11-12", "period", 0),
                ("2026-11-12", "2026-12-12", "change", 30),
                ("2026-11-12", "2026-12-12", "period", 30),
                ("2026-12-12", "2027-01-12", "period", 30),
            ],
        )
        subscription = self.account.subscription_ids
        self.assertEqual(subscription.bitpaket_state, "active")
        self.assertEqual(subscription.currency_id, self.account.currency_id)
        self.assertEqual(str(subscription.date_start), "2026-11-12")
        self.assertEqual(str(subscription.recurring_next_date), "2027-02-12")

    def test_upgrade(self):
        """The unused rest is credited, the new plan charged, both by days."""
        self.change("2026-11-12", "choose", self.basic)
        change = self.change("2026-11-22", "choose", self.pro)
        self.assertEqual(change.kind, "upgrade")
        # 20 of 30 days.
        self.assertEqual(
            [amount for _text, amount in self.line_texts(change.statement_ids)],
            [-20, 40],
        )
        self.assertEqual(change.statement_ids.move_id.amount_total, 20)
        self.run_on("2026-12-12")
        self.assertEqual(
            self.statements()[2:],
            [
                ("2026-11-12", "2026-12-12", "change", 30),
                ("2026-11-12", "2026-11-22", "period", 0),
                ("2026-11-22", "2026-12-12", "change", 20),
                ("2026-11-22", "2026-12-12", "period", 60),
            ],
        )

    def test_downgrade_and_undo(self):
        """A lower plan begins when what is paid for ends, unless it is undone."""
        self.change("2026-11-12", "choose", self.pro)
        change = self.change("2026-11-20", "choose", self.basic)
        self.assertEqual(
            (change.kind, change.state, str(change.date)),
            ("downgrade", "pending", "2026-12-12"),
        )
        self.assertFalse(change.statement_ids)
        with freeze_time("2026-11-21"):
            self.assertEqual(self.account.plan_change_id, change)
            self.account._undo_plan_change()
            self.assertFalse(self.account.plan_change_id)
        self.assertEqual(change.state, "undone")
        self.run_on("2026-12-12")
        self.assertEqual(self.statements()[-1][3], 60)
        self.change("2026-12-20", "choose", self.basic)
        self.run_on("2027-01-12")
        self.assertEqual(
            self.statements()[-1], ("2026-12-12", "2027-01-12", "period", 30)
        )
        self.assertEqual(self.account.subscription_ids.template_id, self.basic)
        with freeze_time("2027-01-13"), self.assertRaisesRegex(UserError, "pending"):
            self.account._undo_plan_change()

    def test_switch(self):
        """To the year at once, with its own anniversary; back when it is over."""
        self.change("2026-11-12", "choose", self.basic)
        change = self.change("2026-11-22", "choose", self.basic, "year")
        self.assertEqual(change.kind, "switch")
        self.assertEqual(
            [amount for _text, amount in self.line_texts(change.statement_ids)],
            [-20, 300],
        )
        back = self.change("2026-12-25", "choose", self.basic, "month")
        self.assertEqual(str(back.date), "2027-11-22")
        for month in range(12, 15):
            year, number = divmod(month - 1, 12)
            self.run_on(f"{2026 + year}-{number + 1:02d}-22")
        self.assertEqual(
            [one[3] for one in self.statements() if one[2] == "period"], [0] * 6
        )
        self.run_on("2027-11-22")
        self.assertEqual(
            self.statements()[-1], ("2027-10-22", "2027-11-22", "period", 30)
        )

    def test_cancel(self):
        """Until the end of what is paid for; then usage by calendar months."""
        self.change("2026-11-12", "choose", self.basic)
        change = self.change("2026-11-20", "cancel")
        self.assertEqual((change.kind, str(change.date)), ("cancel", "2026-12-12"))
        self.run_on("2027-02-01")
        self.assertEqual(
            self.statements()[2:],
            [
                ("2026-11-12", "2026-12-12", "change", 30),
                ("2026-11-12", "2026-12-12", "period", 0),
                ("2026-12-12", "2027-01-01", "period", 0),
                ("2027-01-01", "2027-02-01", "period", 0),
            ],
        )
        self.assertEqual(self.account.subscription_ids.bitpaket_state, "ended")
        self.assertFalse(self.account.subscription_ids.in_progress)

    def test_cancel_now(self):
        """What is not used up is credited; no day is unbilled, none billed twice."""
        self.change("2026-11-12", "choose", self.basic)
        change = self.change("2026-11-22", "cancel_now")
        note = change.statement_ids.move_id
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 20))
        self.run_on("2026-12-01")
        self.assertEqual(
            [one[:3] for one in self.statements() if one[2] == "period"],
            [
                ("2026-10-01", "2026-11-01", "period"),
                ("2026-11-01", "2026-11-12", "period"),
                ("2026-11-12", "2026-11-22", "period"),
                ("2026-11-22", "2026-12-01", "period"),
            ],
        )

    def test_cancel_on_the_first_day(self):
        """The whole fee is credited, and the month goes on where it was cut."""
        self.change("2026-11-12", "choose", self.basic)
        self.run_on("2026-11-12")
        change = self.change("2026-11-12", "cancel_now")
        self.assertEqual(change._charged(), -30)
        self.run_on("2026-12-01")
        self.assertEqual(
            [one[:2] for one in self.statements() if one[2] == "period"],
            [
                ("2026-10-01", "2026-11-01"),
                ("2026-11-01", "2026-11-12"),
                ("2026-11-12", "2026-12-01"),
            ],
        )

    def test_pause_and_resume(self):
        """While it rests nothing is charged but usage; it resumes when told."""
        self.change("2026-11-12", "choose", self.basic)
        self.change("2026-11-20", "pause")
        self.run_on("2026-12-12")
        subscription = self.account.subscription_ids
        self.assertEqual(
            (subscription.bitpaket_state, subscription.is_paused), ("paused", True)
        )
        change = self.change("2026-12-20", "resume")
        self.assertEqual((change.kind, change._charged()), ("resume", 30))
        self.assertEqual(subscription.bitpaket_state, "active")
        self.run_on("2027-01-20")
        self.assertEqual(
            self.statements()[-3:],
            [
                ("2026-12-12", "2026-12-20", "period", 0),
                ("2026-12-20", "2027-01-20", "change", 30),
                ("2026-12-20", "2027-01-20", "period", 30),
            ],
        )

    def test_pause_until(self):
        """It resumes by itself, with its fee on the invoice of the days before."""
        self.change("2026-11-12", "choose", self.basic)
        self.change("2026-11-20", "pause", until=Date.to_date("2027-01-05"))
        self.run_on("2027-01-05")
        self.assertEqual(
            [one for one in self.statements() if one[2] == "period"][2:],
            [
                ("2026-11-12", "2026-12-12", "period", 0),
                ("2026-12-12", "2027-01-01", "period", 0),
                ("2027-01-01", "2027-01-05", "period", 30),
            ],
        )

    def test_trial(self):
        """Nothing is charged before it ends, and once per account there is one."""
        plan = self.make_plan("Try", 45, bitpaket_trial_days=14)
        change = self.change("2026-11-12", "choose", plan)
        self.assertFalse(change.statement_ids)
        with freeze_time("2026-11-13"):
            self.account.subscription_ids._bitpaket_follow()
        self.assertEqual(self.account.subscription_ids.bitpaket_state, "trial")
        self.run_on("2026-11-26")
        self.assertEqual(
            self.statements()[-1], ("2026-11-12", "2026-11-26", "period", 45)
        )
        self.assertEqual(self.account.subscription_ids.bitpaket_state, "active")
        self.change("2026-11-27", "cancel_now")
        again = self.change("2026-11-28", "choose", plan)
        self.assertEqual(again._charged(), 45)

    def test_cancelled_trial(self):
        """A trial that is cancelled costs nothing; undone, it goes on."""
        plan = self.make_plan("Try", 45, bitpaket_trial_days=14)
        self.change("2026-11-12", "choose", plan)
        change = self.change("2026-11-15", "cancel")
        self.assertEqual(str(change.date), "2026-11-26")
        with freeze_time("2026-11-16"):
            self.account._undo_plan_change()
        self.change("2026-11-17", "cancel")
        self.run_on("2026-12-01")
        self.assertEqual([one[3] for one in self.statements()], [0, 0, 0, 0])

    def test_minimum_term(self):
        """Within its term a plan cannot end; the customer is told until when."""
        plan = self.make_plan("Year", 20, bitpaket_minimum_months=6)
        self.change("2026-11-12", "choose", plan)
        with (
            freeze_time("2026-12-01"),
            self.assertRaisesRegex(UserError, "05/12/2027"),
        ):
            self.account._change_plan("cancel_now")
        change = self.change("2026-12-01", "cancel")
        self.assertEqual(str(change.date), "2027-05-12")

    def test_renewed_term(self):
        """A term that renews begins anew, unless it was cancelled before."""
        plan = self.make_plan(
            "Year", 20, bitpaket_minimum_months=3, bitpaket_renews=True
        )
        self.change("2026-11-12", "choose", plan)
        change = self.change("2027-02-12", "cancel")
        self.assertEqual(str(change.date), "2027-05-12")

    def test_month_ends(self):
        """The 31st stays the 31st, where the month has one."""
        self.change("2026-10-31", "choose", self.basic)
        self.run_on("2027-04-01")
        self.assertEqual(
            [one[:2] for one in self.statements() if one[2] == "period"],
            [
                ("2026-10-01", "2026-10-31"),
                ("2026-10-31", "2026-11-30"),
                ("2026-11-30", "2026-12-31"),
                ("2026-12-31", "2027-01-31"),
                ("2027-01-31", "2027-02-28"),
                ("2027-02-28", "2027-03-31"),
            ],
        )

    def test_overage(self):
        """What is used beyond the plan is billed afterwards, with the next fee."""
        plan = self.make_plan("Store", 10, allowances=[("transfer_out", 50, None)])
        self.change("2026-11-12", "choose", plan)
        # The price book has 100 GiB free itself.
        self.use("transfer_out", 250 * GIB, "2026-11-20")
        self.run_on("2026-12-12")
        statement = self.account.statement_ids[:1]
        self.assertEqual(statement.amount_total, 10 + 9)
        self.assertEqual(
            [(line.type, line.amount) for line in statement.line_ids if line.amount],
            [("usage", 9), ("fee", 10)],
        )
        self.assertEqual(statement.move_id.amount_untaxed, 19)

    def test_rest_of_allowance(self):
        """What is left is carried on, up to its cap, and not beyond the next period."""
        plan = self.make_plan("Store", 10, allowances=[("requests_a", 1000, 400)])
        self.change("2026-11-12", "choose", plan)
        self.use("requests_a", 700, "2026-11-20")
        self.run_on("2026-12-12")
        self.assertEqual(
            self.account.statement_ids[:1].allowance_ids.quantity_left, 300
        )
        self.use("requests_a", 501_300, "2026-12-20")
        self.run_on("2027-01-12")
        statement = self.account.statement_ids[:1]
        # 501,300 - 1,300 at 0.005 per 1,000.
        self.assertEqual(statement.amount_total, 10 + 2.5)
        self.assertEqual(statement.allowance_ids.quantity_left, 0)
        self.run_on("2027-02-12")
        self.assertEqual(
            self.account.statement_ids[:1].allowance_ids.quantity_left, 400
        )

    def test_cut_allowance(self):
        """A part of a period has a part of the allowance."""
        plan = self.make_plan("Store", 10, allowances=[("requests_a", 3_000, None)])
        self.change("2026-11-12", "choose", plan)
        self.use("requests_a", 2_001_000, "2026-11-15")
        self.change("2026-11-22", "choose", self.pro)
        self.run_on("2026-11-22")
        statement = self.account.statement_ids[:1]
        # 10 of 30 days: 1,000 are included.
        self.assertEqual(statement.amount_total, 10)

    def test_late_usage(self):
        """Late usage is billed by the plan of its period, whose fee is not repeated."""
        plan = self.make_plan("Store", 10, allowances=[("requests_a", 1000, None)])
        self.change("2026-11-12", "choose", plan)
        self.use("requests_a", 600, "2026-11-20")
        self.run_on("2026-12-12")
        self.use("requests_a", 1_000_400, "2026-11-21")
        self.run_on("2027-01-12")
        statement = self.account.statement_ids[:1]
        self.assertEqual(
            [(line.type, line.amount) for line in statement.line_ids if line.amount],
            [("fee", 10), ("adjustment", 5)],
        )

    def test_versions(self):
        """Subscribers keep their terms; others get those of the new version."""
        self.change("2026-11-12", "choose", self.basic)
        with self.assertRaisesRegex(UserError, "new version"):
            self.basic.bitpaket_price_ids[0].amount = 31
        with self.assertRaisesRegex(UserError, "new version"):
            self.basic.bitpaket_trial_days = 3
        self.basic.action_bitpaket_new_version()
        version = self.basic.bitpaket_replaced_by_id
        self.assertEqual((version.bitpaket_version, version.name), (2, "Basic"))
        version.bitpaket_price_ids.filtered(lambda p: p.interval == "month").amount = 33
        self.assertEqual(self.basic.bitpaket_price_ids[0].amount, 30)
        self.assertEqual(
            self.env["sale.subscription.template"]._bitpaket_offered(self.account),
            self.pro | version,
        )
        self.run_on("2026-12-12")
        self.assertEqual(self.statements()[-1][3], 30)
        with freeze_time("2026-12-15"):
            action = self.basic.action_bitpaket_move()
            move = self.env["bitpaket.plan.move"].browse(action["res_id"])
            self.assertEqual(
                [
                    (line.account_id, str(line.date), line.amount_before)
                    for line in move.line_ids
                ],
                [(self.account, "2027-01-12", 30)],
            )
            self.assertEqual(move.line_ids.amount_after, 33)
            move.action_confirm()
        self.run_on("2027-01-12")
        self.assertEqual(self.statements()[-1][3], 33)

    def test_what_is_not_possible(self):
        """Each refusal says in words what to do."""
        hidden = self.make_plan("Hidden", 1, bitpaket_visibility="invitation")
        for day, what, plan, words in (
            ("2026-11-12", "cancel", None, "has no plan"),
            ("2026-11-12", "resume", None, "not paused"),
            ("2026-11-12", "choose", hidden, "not offered"),
        ):
            with freeze_time(day), self.assertRaisesRegex(UserError, words):
                self.account._change_plan(what, plan)
        self.change("2026-11-12", "choose", self.basic)
        with freeze_time("2026-11-13"), self.assertRaisesRegex(UserError, "already"):
            self.account._change_plan("choose", self.basic)
        self.account.state = "suspended"
        with freeze_time("2026-11-13"), self.assertRaisesRegex(UserError, "suspended"):
            self.account._change_plan("choose", self.pro)

    def test_credit_of_a_fee(self):
        """A fee that was credited is not credited again by a change."""
        change = self.change("2026-11-12", "choose", self.basic)
        line = change.statement_ids.line_ids
        change.statement_ids._correct(
            {line: 15}, "Goodwill", date=Date.to_date("2026-11-13")
        )
        later = self.change("2026-11-22", "cancel_now")
        self.assertEqual(later._charged(), -10)

    def test_billed_again(self):
        """A statement that is billed again has its fee again, once."""
        self.change("2026-11-12", "choose", self.basic)
        self.use("transfer_out", 200 * GIB, "2026-11-20")
        self.run_on("2026-12-12")
        statement = self.account.statement_ids[:1]
        self.assertEqual(statement.amount_net, 30 + 9)
        credits = {line: line._left() for line in statement.line_ids if line.amount}
        with self.assertRaisesRegex(UserError, "at once"):
            statement._correct(credits, "Wrong", "next")
        statement._correct(credits, "Wrong", "now")
        self.assertEqual(statement.amount_net, 30 + 9)
        self.run_on("2027-01-12")
        self.assertEqual(self.account.statement_ids[:1].amount_total, 30)

    def test_another_change_instead(self):
        """A change that is pending is replaced by the next one."""
        self.change("2026-11-12", "choose", self.pro)
        first = self.change("2026-11-20", "choose", self.basic)
        second = self.change("2026-11-21", "cancel")
        self.assertEqual((first.state, second.state), ("undone", "pending"))
        self.run_on("2026-12-12")
        self.assertEqual(self.statements()[-1][3], 0)

    def test_changed_before_it_was_noted(self):
        """A change that has begun is no longer pending, noted by the job or not."""
        self.change("2026-11-12", "choose", self.pro)
        first = self.change("2026-11-20", "choose", self.basic)
        second = self.change("2026-12-20", "choose", self.pro)
        self.assertEqual((first.state, second.kind), ("done", "upgrade"))

    def test_start_with_the_account(self):
        """An account that is billed later begins its plan then, charged on that day."""
        later = self.make_account("later", book=self.book, date_start="2026-12-01")
        with freeze_time("2026-11-12"):
            quote = later._quote_plan("choose", self.basic)
            self.assertEqual(
                (quote["now"], quote["lines"], str(quote["next_date"])),
                (False, [], "2026-12-01"),
            )
            self.assertEqual(quote["next_amount"], 30)
        change = self.change("2026-11-12", "choose", self.basic, account=later)
        subscription = later.subscription_ids
        self.assertEqual(
            (change.kind, change.state, str(change.date)),
            ("start", "pending", "2026-12-01"),
        )
        self.assertEqual(subscription.bitpaket_state, "future")
        with (
            freeze_time("2026-11-13"),
            self.assertRaisesRegex(ValidationError, "undo that first"),
            self.env.cr.savepoint(),
        ):
            later.date_start = "2026-12-15"
        self.run_on("2026-11-30")
        self.assertFalse(change.statement_ids)
        self.run_on("2026-12-01")
        self.run_on("2026-12-01")
        self.assertEqual(change.state, "done")
        self.assertEqual(subscription.bitpaket_state, "active")
        invoice = change.statement_ids.move_id
        self.assertEqual(
            (str(invoice.invoice_date), invoice.amount_untaxed), ("2026-12-01", 30)
        )
        self.run_on("2027-01-01")
        self.assertEqual(
            self.statements(later),
            [
                ("2026-12-01", "2027-01-01", "change", 30),
                ("2026-12-01", "2027-01-01", "period", 30),
            ],
        )

    def test_another_plan_before_the_start(self):
        """Before its first day an account may change its mind, or have no plan."""
        later = self.make_account("later", book=self.book, date_start="2026-12-01")
        self.change("2026-11-12", "choose", self.basic, account=later)
        self.change("2026-11-13", "choose", self.pro, account=later)
        self.assertEqual(len(later.subscription_ids), 1)
        with freeze_time("2026-11-14"):
            later._undo_plan_change()
            self.assertFalse(later._phases())
            self.assertEqual(later.subscription_ids.bitpaket_state, "ended")
        self.run_on("2027-01-01")
        self.assertEqual(
            self.statements(later), [("2026-12-01", "2027-01-01", "period", 0)]
        )
        self.change("2027-01-05", "choose", self.basic, account=later)
        self.assertEqual(len(later.subscription_ids), 2)

    def test_undo_of_what_replaced_another(self):
        """Undone, nothing is pending; what was replaced does not come back."""
        plan = self.make_plan("Try", 45, bitpaket_trial_days=14)
        self.change("2026-11-12", "choose", plan)
        self.change("2026-11-13", "cancel")
        self.change("2026-11-14", "cancel")
        with freeze_time("2026-11-15"):
            self.account._undo_plan_change()
        self.run_on("2026-11-26")
        self.assertEqual(self.statements()[-1][3], 45)  # the trial ended
        self.change("2026-11-27", "choose", self.basic)
        self.change("2026-11-28", "cancel")
        with freeze_time("2026-11-29"):
            self.account._undo_plan_change()
        self.run_on("2026-12-26")
        self.assertEqual(self.statements()[-1][3], 45)

    def test_changed_on_the_first_day(self):
        """What begins on the day is charged before it is changed."""
        later = self.make_account("later", book=self.book, date_start="2026-12-01")
        self.change("2026-11-12", "choose", self.basic, account=later)
        with freeze_time("2026-12-01"):
            change = later._change_plan("cancel_now")
        self.assertEqual(
            later.plan_change_ids.sorted("id").statement_ids.mapped("amount_total"),
            [30, -30],
        )
        self.assertEqual(change.state, "done")
        self.run_on("2027-01-01")
        self.assertEqual(self.statements(later)[-1][3], 0)

    def test_one_that_fails_stops_no_other(self):
        """A change that cannot begin is tried again; others begin."""
        accounts = [
            self.make_account(name, book=self.book, date_start="2026-12-01")
            for name in ("bad", "good")
        ]
        changes = [
            self.change("2026-11-12", "choose", self.basic, account=account)
            for account in accounts
        ]
        statements = type(self.env["bitpaket.statement"])
        bill = statements._bill_change

        def fail(self, change, fees):
            if change.account_id.reference == "bad":
                raise UserError("No journal")
            return bill(self, change, fees)

        with (
            patch.object(statements, "_bill_change", fail),
            self.assertLogs("odoo.addons.bitpaket_billing", "ERROR"),
        ):
            self.run_on("2026-12-01")
        self.assertEqual([one.state for one in changes], ["pending", "done"])
        self.run_on("2026-12-01")
        self.assertEqual([one.statement_ids.amount_total for one in changes], [30, 30])

    def test_term_of_a_plan_to_come(self):
        """A plan that is only going to begin has no term yet, undone or not."""
        plan = self.make_plan("Low", 20, bitpaket_minimum_months=6)
        self.change("2026-11-12", "choose", self.pro)
        self.change("2026-11-20", "choose", plan)
        subscription = self.account.subscription_ids
        self.assertEqual(str(subscription.bitpaket_term_start), "2026-11-12")
        with freeze_time("2026-11-21"):
            self.account._undo_plan_change()
        self.change("2026-11-22", "choose", plan)
        self.run_on("2026-12-12")
        self.assertEqual(str(subscription.bitpaket_term_start), "2026-12-12")
        change = self.change("2027-01-05", "cancel")
        self.assertEqual(str(change.date), "2027-06-12")

    def test_what_goes_on_with_the_term(self):
        """Neither a year's price, nor a pause, begins the term anew."""
        plan = self.make_plan("Low", 20, 200, bitpaket_minimum_months=18)
        self.change("2026-11-12", "choose", plan)
        self.change("2026-11-22", "choose", plan, "year")
        self.assertEqual(
            str(self.account.subscription_ids.bitpaket_term_start), "2026-11-12"
        )
        with freeze_time("2026-11-23"):
            self.assertEqual(str(self.account._term_end()), "2028-05-12")
        self.change("2027-10-01", "pause", forced=True)
        self.run_on("2027-11-22")
        self.change("2027-12-01", "resume")
        self.assertEqual(
            str(self.account.subscription_ids.bitpaket_term_start), "2026-11-12"
        )
