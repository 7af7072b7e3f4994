"""The check list of a month's end: each line once right, and once not."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, new_test_user, tagged

from ..deferral_common import DeferralMixin
from ..month_end_common import MonthEndMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-05")
class TestMonthEnd(MonthEndMixin, DeferralMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.make_account(partner=cls.partner, date_start="2026-10-01")
        cls.report_month(cls.account)
        cls.billing_run = cls.env["bitpaket.billing.run"].create(
            {"period_start": "2026-10-01"}
        )
        cls.billing_run._start()
        cls.statement = cls.billing_run.statement_ids
        cls.statement._invoice_batch()
        cls.billing_run.state = "done"

    def check(self, name, month="2026-10-01"):
        return super().check(name, month)

    # === The month === #

    def test_all_is_fine(self):
        action = self.env["bitpaket.month.end"].action_start()
        month_end = self.env["bitpaket.month.end"].browse(action["res_id"])
        self.assertEqual(str(month_end.month), "2026-10-01")
        self.assertEqual(len(month_end.line_ids), 9)
        self.assertEqual(month_end.count_wrong, 0, month_end.line_ids.read())
        month_end.action_later()
        self.assertEqual(str(month_end.month), "2026-11-01")
        self.assertEqual(month_end.count_wrong, 1, "November is not closed")
        self.assertEqual(len(month_end.line_ids), 9)
        month_end.action_earlier()
        self.assertEqual(str(month_end.month), "2026-10-01")

    def test_close(self):
        self.assertFine(
            self.check("The month is closed"),
            "Billing run: Done; statements: 1, unfinished: 0",
            "Billing run: Done; unfinished: 0",
        )

    def test_close_is_not_done(self):
        self.billing_run.state = "running"
        self.assertOpens(
            self.check("The month is closed"),
            self.billing_run,
            "Billing run: Running; statements: 1, unfinished: 0",
        )

    def test_close_has_no_run(self):
        self.assertOpens(
            self.check("The month is closed", "2026-09-20"),
            self.billing_run.browse(),
            "Billing run: none; statements: 0, unfinished: 0",
        )

    def test_close_failed_and_held(self):
        other = self.make_account("beta", date_start="2026-10-01")
        self.report_month(other)
        self.billing_run._create_statements()
        failed = self.billing_run.statement_ids - self.statement
        failed.state = "error"
        unfinished = "Billing run: Done; statements: 2, unfinished: 1"
        self.assertOpens(self.check("The month is closed"), failed, unfinished)
        failed.write({"state": "closed", "held": True})
        self.assertOpens(self.check("The month is closed"), failed, unfinished)

    # === Statements === #

    def test_statements(self):
        self.assertFine(
            self.check("Statements"),
            "Statements: $ 29.00",
            "Invoices: $ 29.00; revenue per meter: $ 29.00",
        )

    def test_a_statement_is_not_its_invoice(self):
        self.statement.amount_total = 30
        self.assertOpens(
            self.check("Statements"), self.statement, "Statements: $ 30.00"
        )

    def test_an_invoice_is_not_posted(self):
        self.statement.move_id.button_draft()
        self.assertOpens(
            self.check("Statements"),
            self.statement,
            "Statements: $ 29.00",
            "Invoices: $ 0.00; revenue per meter: $ 0.00",
        )

    def test_revenue_is_of_another_meter(self):
        lines = self.statement.move_id.invoice_line_ids
        self.assertEqual(len(lines), 3)
        lines[0].bitpaket_meter_id, lines[1].bitpaket_meter_id = (
            lines[1].bitpaket_meter_id,
            lines[0].bitpaket_meter_id,
        )
        self.assertOpens(
            self.check("Statements"), self.statement, "Statements: $ 29.00"
        )

    # === Numbers === #

    def plain(self, date="2026-10-20"):
        return self.invoice(10, False, False, date=date)

    def test_numbers(self):
        for _number in range(3):
            self.plain()
        self.assertFine(self.check("Invoice numbers"), "Documents: 3", "Numbers: 3")

    def test_a_number_is_missing(self):
        _first, second, third = (self.plain() for _number in range(3))
        second.button_draft()
        self.env.flush_all()
        self.assertOpens(
            self.check("Invoice numbers"), second, "Documents: 2", "Numbers: 3"
        )
        second.with_context(force_delete=True).unlink()
        self.assertOpens(
            self.check("Invoice numbers"), third, "Documents: 2", "Numbers: 3"
        )

    def test_numbers_go_on_from_the_month_before(self):
        self.plain("2026-09-20")
        self.plain()
        self.assertFine(self.check("Invoice numbers"), "Documents: 1", "Numbers: 1")

    # === Payments and credits === #

    def test_applied(self):
        note = self.credit(self.plain(), "2026-10-21")
        self.assertEqual(note.payment_state, "paid")
        self.assertFine(
            self.check("Payments and credits"),
            "Not applied: 0, $ 0.00",
            "Not applied: 0",
        )

    def test_not_applied(self):
        note = self.credit_line(12.5, False, False, date="2026-10-31")
        self.credit_line(7, False, False, date="2026-11-01")
        self.assertOpens(
            self.check("Payments and credits"),
            note.line_ids.filtered("date_maturity"),
            "Not applied: 1, $ 12.50",
        )

    # === Deferred revenue === #

    def test_deferred(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.recognise()
        self.assertFine(
            self.check("Deferred"),
            "Account: $ 334.00",
            "Not earned yet: $ 334.00; not recognised in time: 0",
        )

    def test_deferred_is_not_recognised(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.assertOpens(self.check("Deferred"), self.deferrals(), "Account: $ 365.00")
        # November has not ended.
        self.recognise()
        self.assertTrue(self.check("Deferred", "2026-11-01").fine)

    def test_deferred_does_not_tie(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.recognise()
        account = self.company.bitpaket_deferred_account_id
        stray = self.env["account.move"].create(
            {
                "date": "2026-10-10",
                "line_ids": [
                    Command.create({"account_id": account.id, "credit": 50}),
                    Command.create({"account_id": self.income.id, "debit": 50}),
                ],
            }
        )
        stray.action_post()
        self.assertOpens(
            self.check("Deferred"),
            stray.line_ids.filtered(lambda one: one.account_id == account),
            "Account: $ 384.00",
            "Not earned yet: $ 334.00; not recognised in time: 0",
        )

    # === Who may === #

    def make_user(self, groups, company, login="someone"):
        return new_test_user(
            self.env,
            login=login,
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def test_an_accountant_checks(self):
        user = self.make_user("bitpaket_billing.group_accountant", self.company)
        month_ends = self.env["bitpaket.month.end"].with_user(user)
        month_end = month_ends.browse(month_ends.action_start()["res_id"])
        self.assertEqual(month_end.count_wrong, 0, month_end.line_ids.read())
        with self.assertRaises(AccessError):
            month_end.line_ids.write({"fine": False})

    def test_not_of_another_company(self):
        other = self.env["res.company"].create({"name": "Cumulus Inc."})
        mine = self.env["bitpaket.month.end"].create({"month": "2026-10-01"})
        mine.action_check()
        user = self.make_user("bitpaket_billing.group_accountant", other)
        theirs = mine.with_user(user).with_context(allowed_company_ids=other.ids)
        with self.assertRaises(AccessError):
            theirs.action_check()
        with self.assertRaises(AccessError):
            theirs.line_ids.browse(mine.line_ids.ids).mapped("found")
        with self.assertRaises(AccessError):
            theirs.create({"company_id": self.company.id})

    def test_not_without_the_group(self):
        user = self.make_user("base.group_user", self.company)
        with self.assertRaises(AccessError):
            self.env["bitpaket.month.end"].with_user(user).action_start()
