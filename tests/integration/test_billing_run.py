"""Billing runs: who starts them and when, preview, review, holds, approval."""

import importlib.util
import io
import json

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date, Datetime
from odoo.http import Request
from odoo.modules import get_module_path
from odoo.tests import HttpCase, TransactionCase, freeze_time, tagged

from ..common import GIB, BillingMixin


class RunMixin(BillingMixin):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        # What other companies of the database have is none of these tests' business.
        accounts = cls.env["bitpaket.account"].with_context(active_test=False)
        accounts.search([("company_id", "!=", cls.company.id)]).unlink()
        cls.book = cls.make_price_book()
        cls.runs = cls.env["bitpaket.billing.run"]

    @classmethod
    def make_manager(cls, login):
        return cls.env["res.users"].create(
            {
                "name": login.title(),
                "login": login,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [
                    Command.link(
                        cls.env.ref("bitpaket_billing.group_billing_manager").id
                    )
                ],
            }
        )

    def work(self):
        """Do what the scheduler's jobs would do."""
        with self.enter_registry_test_mode():
            self.env.ref(
                "bitpaket_billing.ir_cron_close_periods"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def found_runs(self):
        return self.runs.search([("company_id", "=", self.company.id)])

    def periods(self):
        return [str(run.period_start)[:7] for run in self.found_runs().sorted("id")]


@tagged("standard", "post_install", "-at_install")
class TestClock(RunMixin, TransactionCase):
    """When a month is closed, and that it is closed once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-10-01")

    def invoice_dates(self):
        return [
            str(move.invoice_date) for move in self.account.invoice_ids.sorted("id")
        ]

    def test_five_past_midnight_of_the_first(self):
        self.report_month(self.account)
        with freeze_time("2026-11-01 00:04:59"):
            self.work()
            self.assertFalse(self.found_runs())
        with freeze_time("2026-11-01 00:05:00"):
            self.work()
        run = self.found_runs()
        self.assertEqual((run.state, run.source), ("done", "cron"))
        self.assertEqual(self.invoice_dates(), ["2026-11-01"])

    def test_hour_of_the_company(self):
        self.company.bitpaket_close_time = 14.5
        with freeze_time("2026-11-01 14:29:00"):
            self.work()
            self.assertFalse(self.found_runs())
        with freeze_time("2026-11-01 14:30:00"):
            self.work()
            self.assertTrue(self.found_runs())

    def test_time_zones_mean_nothing(self):
        self.report_month(self.account)
        for zone in ("Etc/GMT+12", "Etc/GMT-14"):  # UTC-12 and UTC+14
            self.company.partner_id.tz = zone
            self.env.user.tz = self.env.ref("base.user_root").tz = zone
            with freeze_time("2026-10-31 23:59:59"):
                self.work()
                self.assertFalse(self.found_runs(), zone)
        for zone in ("Etc/GMT+12", "Etc/GMT-14"):
            self.company.partner_id.tz = zone
            self.env.user.tz = self.env.ref("base.user_root").tz = zone
            with freeze_time("2026-11-01 00:05:00"):
                self.work()
            self.assertEqual(self.periods(), ["2026-10"], zone)
            self.assertEqual(self.invoice_dates(), ["2026-11-01"], zone)

    def test_three_days_late(self):
        self.report_month(self.account)
        with freeze_time("2026-11-04 08:00:00"):
            self.work()
        self.assertEqual(self.periods(), ["2026-10"])
        self.assertEqual(self.invoice_dates(), ["2026-11-01"])

    def test_two_months_late_each_month_in_its_own_run(self):
        for month in ("2026-10", "2026-11", "2026-12"):
            self.report_month(self.account, month)
        with freeze_time("2027-01-02 08:00:00"):
            self.work()
        self.assertEqual(self.periods(), ["2026-10", "2026-11", "2026-12"])
        self.assertEqual(
            self.invoice_dates(), ["2026-11-01", "2026-12-01", "2027-01-01"]
        )
        self.assertEqual(self.account.invoice_ids.mapped("amount_untaxed"), [29.0] * 3)

    @freeze_time("2028-03-01 00:05:00")
    def test_leap_day_is_in_february(self):
        account = self.make_account("leap", book=self.book, date_start="2028-02-29")
        self.report(account, "requests_a", "2028-02-29", 1_000_000)
        self.account.date_end = "2026-10-02"
        self.work()
        run = self.runs.search([("period_start", "=", "2028-02-01")])
        self.assertEqual(run.period_end, Date.to_date("2028-03-01"))
        (statement,) = run.statement_ids
        self.assertEqual(str(statement.period_start), "2028-02-29")
        self.assertEqual(statement.move_id.amount_untaxed, 5.0)

    @freeze_time("2026-11-01 00:05:00")
    def test_twice_in_one_second(self):
        self.report_month(self.account)
        self.work()
        self.work()
        self.assertEqual(len(self.found_runs()), 1)
        self.assertEqual(len(self.account.statement_ids), 1)
        self.assertEqual(len(self.account.invoice_ids), 1)

    @freeze_time("2026-11-01 00:05:00")
    def test_one_run_per_company_and_period(self):
        self.work()
        with self.assertRaisesRegex(Exception, "bitpaket_billing_run_period_uniq"):
            with self.env.cr.savepoint():
                self.runs.create({"period_start": "2026-10-01"})

    @freeze_time("2026-11-01 00:05:00")
    def test_not_automatic(self):
        self.company.bitpaket_close_automatically = False
        self.work()
        self.assertFalse(self.found_runs())

    @freeze_time("2026-11-10")
    def test_account_that_comes_late_is_invoiced_by_the_run_of_its_month(self):
        self.work()
        late = self.make_account("late", book=self.book, date_start="2026-10-15")
        self.report(late, "requests_a", "2026-10-20", 1_000_000)
        self.work()
        run = self.found_runs()
        self.assertEqual(len(run), 1)
        self.assertEqual(run.state, "done")
        self.assertEqual(late.statement_ids.run_id, run)
        self.assertEqual(late.invoice_ids.amount_untaxed, 5.0)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-12-01 09:00:00")
class TestPreviewAndApproval(RunMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frida, cls.alan = cls.make_manager("frida"), cls.make_manager("alan")
        cls.company.bitpaket_responsible_id = cls.alan
        cls.usual, cls.moved, cls.fresh, cls.idle = (
            cls.make_account(name, book=cls.book, date_start=start)
            for name, start in (
                ("usual", "2026-10-01"),
                ("moved", "2026-10-01"),
                ("fresh", "2026-11-05"),
                ("idle", "2026-10-01"),
            )
        )
        for account in (cls.usual, cls.moved):
            cls.report_month(account, "2026-10")
        cls.close(cls.usual | cls.moved | cls.idle, "2026-11-01")
        october = cls.runs.search([("period_start", "=", "2026-10-01")])
        october.write({"state": "done", "finished": Datetime.now()})
        cls.company.bitpaket_close_approval = True
        cls.report_month(cls.usual, "2026-11")
        cls.report(cls.moved, "requests_a", "2026-11-07", 700_000_000)
        cls.report(cls.fresh, "storage", "2026-11-08", 300 * GIB * 720)
        cls.report(cls.idle, "transfer_out", "2026-11-08", 3 * GIB)
        address = {"street": "1 Main Street", "city": "Boston"}
        (cls.usual | cls.moved | cls.idle).partner_id.write(address)
        cls.fresh.partner_id.email = False

    def run_of_november(self):
        return self.runs.search([("period_start", "=", "2026-11-01")])

    def prepare(self):
        self.work()
        run = self.run_of_november()
        return run, {row.account_id: row for row in run.preview_ids}

    def test_scheduler_prepares_and_asks_once(self):
        self.work()
        self.work()
        run = self.run_of_november()
        self.assertEqual(run.state, "waiting")
        self.assertFalse(run.statement_ids)
        self.assertFalse(self.fresh.invoice_ids)
        self.assertEqual(run.activity_ids.user_id, self.alan)
        self.assertEqual(len(run.activity_ids), 1)
        run.with_user(self.alan).action_approve()
        self.assertFalse(run.activity_ids)
        self.assertEqual(run.approver_id, self.alan)
        self.work()
        self.assertEqual(run.state, "done")

    def test_preview_writes_nothing_and_yields_the_same_numbers(self):
        statements = self.env["bitpaket.statement"].search_count([])
        moves = self.env["account.move"].search_count([])
        run, rows = self.prepare()
        self.assertEqual(self.env["bitpaket.statement"].search_count([]), statements)
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        previewed = {account: row.amount_total for account, row in rows.items()}
        per_meter = {
            (row.account_id, line.meter_id): line.amount
            for row in run.preview_ids
            for line in row.line_ids
            if line.amount
        }
        totals = [
            (total.meter_id, total.amount, total.amount_last) for total in run.total_ids
        ]
        words = (run.totals, run.totals_last, run.totals_change)
        run.with_user(self.alan).action_approve()
        self.work()
        self.assertEqual(
            {one.account_id: one.move_id.amount_untaxed for one in run.statement_ids},
            previewed,
        )
        self.assertEqual(previewed[self.usual], 29.0)
        self.assertEqual(
            {
                (statement.account_id, meter): sum(lines.mapped("amount"))
                for statement in run.statement_ids
                for meter, lines in statement.line_ids.grouped("meter_id").items()
                if sum(lines.mapped("amount"))
            },
            per_meter,
        )
        run.invalidate_recordset()
        self.env["bitpaket.billing.total"].invalidate_model()
        after = [
            (total.meter_id, total.amount, total.amount_last) for total in run.total_ids
        ]
        self.assertEqual(after, totals)
        self.assertEqual((run.totals, run.totals_last, run.totals_change), words)
        self.assertEqual(run.totals_last, "$\N{NO-BREAK SPACE}58.00")

    def test_review_list_and_its_reasons(self):
        run, rows = self.prepare()
        self.assertFalse(rows[self.usual].findings)
        self.assertEqual(
            rows[self.moved].reasons,
            "The total moved far from its average of $\N{NO-BREAK SPACE}29.00.",
        )
        self.assertEqual(
            rows[self.fresh].reasons,
            "The first invoice of this account.\n"
            "The customer has no e-mail address.\n"
            "The customer's address is incomplete.",
        )
        self.assertEqual(
            rows[self.idle].reasons, "There was usage, and nothing to pay."
        )
        self.assertEqual(run.review_ids.account_id, self.fresh | self.idle | self.moved)
        self.assertEqual(run.count_review, 3)

    def test_usage_in_quarantine_is_on_the_review_list(self):
        reporter = self.make_reporter(self.company)
        row = {
            "id": "1",
            "source": "test",
            "account": self.usual.reference,
            "meter": "nothing_yet",
            "time": "2026-11-08T00:00:00Z",
            "quantity": 5,
        }
        answer = self.env["bitpaket.usage.store"].with_user(reporter)._report([row])
        self.assertEqual(len(answer["quarantined"]), 1)
        _run, rows = self.prepare()
        self.assertIn("quarantine", rows[self.usual].reasons)
        self.assertFalse(rows[self.moved].reasons.count("quarantine"))

    def test_negative_total_is_on_the_review_list(self):
        self.meter("requests_a").allow_negative = True
        self.report(self.usual, "requests_a", "2026-10-08", -9_000_000)
        _run, rows = self.prepare()
        self.assertLess(rows[self.usual].amount_total, 0)
        self.assertIn("a credit note", rows[self.usual].reasons)

    def test_what_cannot_be_invoiced_is_on_the_review_list(self):
        book = self.make_price_book("Late", start="2026-11-20")
        gap = self.make_account("gap", book=book, date_start="2026-11-01")
        self.report(gap, "requests_a", "2026-11-07", 1)
        self.usual.partner_id.active = False
        _run, rows = self.prepare()
        self.assertIn("“Late” has no price for", rows[gap].reasons)
        self.assertIn("The customer “Usual” is archived", rows[self.usual].reasons)
        self.assertEqual(rows[self.usual].amount_total, 29.0)
        self.assertEqual((rows[gap] | rows[self.usual]).mapped("state"), ["error"] * 2)

    def test_held_account_waits_and_is_released(self):
        run, rows = self.prepare()
        wizard = self.env["bitpaket.billing.reason"].with_user(self.frida)
        action = rows[self.moved].with_user(self.frida).action_hold()
        made = wizard.with_context(**action["context"]).create({"reason": "Call first"})
        made.action_decide()
        run.with_user(self.alan).action_approve()
        self.work()
        held = self.moved.statement_ids.filtered("held")
        self.assertEqual((held.state, held.reason), ("closed", "Call first"))
        self.assertEqual(held.reason_user_id, self.frida)
        self.assertEqual((run.state, run.count_held, run.count_done), ("done", 1, 3))
        held.with_user(self.frida).action_release()
        self.assertEqual(run.state, "running")
        self.work()
        self.assertEqual(held.state, "invoiced")
        self.assertEqual((run.state, run.count_held, run.count_done), ("done", 0, 4))

    def test_account_that_was_not_on_the_approved_preview_is_held(self):
        run, _rows = self.prepare()
        late = self.make_account("late", book=self.book, date_start="2026-11-20")
        run.with_user(self.alan).action_approve()
        later = self.make_account("later", book=self.book, date_start="2026-11-20")
        self.work()
        for account in (late, later):
            self.assertTrue(account.statement_ids.held)
            self.assertEqual(
                account.statement_ids.reason,
                "It was not in the preview that was approved.",
            )

    def test_four_eyes(self):
        self.company.bitpaket_close_four_eyes = True
        run = self.runs.with_user(self.frida).create({"period_start": "2026-11-01"})
        run.action_preview()
        self.work()
        with self.assertRaisesRegex(UserError, "Somebody else must approve"):
            run.action_approve()
        run.with_user(self.alan).action_approve()
        self.assertEqual(run.state, "running")

    def test_approval_cannot_be_passed_by(self):
        run = self.runs.with_user(self.frida).create({"period_start": "2026-11-01"})
        with self.assertRaisesRegex(UserError, "needs approval"):
            run.action_start()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.runs.with_env(self.env(cr=cr))._close(Date.to_date("2026-12-01"))
        self.env.invalidate_all()
        self.assertFalse(run.statement_ids)
        self.assertEqual(run.state, "waiting")

    def test_month_that_runs_has_a_preview_only(self):
        run = self.runs.with_user(self.frida).create({"period_start": "2026-12-01"})
        run.action_preview()
        self.work()
        self.assertEqual(run.state, "waiting")
        self.assertEqual(len(run.preview_ids), 4)
        with self.assertRaisesRegex(UserError, "has not ended yet"):
            run.action_approve()

    def test_stop_and_resume(self):
        run, _rows = self.prepare()
        run.with_user(self.alan).action_approve()
        run.with_user(self.alan).action_cancel()
        self.work()
        self.assertEqual((run.state, run.count_todo), ("cancelled", 4))
        with self.assertRaisesRegex(UserError, "is in the state “Stopped”"):
            run.with_user(self.alan).action_cancel()
        run.with_user(self.alan).action_resume()
        self.work()
        self.assertEqual((run.state, run.count_todo, run.count_done), ("done", 0, 4))

    def test_automatic_company_is_closed_although_somebody_previews(self):
        self.company.bitpaket_close_approval = False
        run = self.runs.with_user(self.frida).create({"period_start": "2026-11-01"})
        run.action_preview()
        self.work()
        self.assertEqual(run.state, "done")
        self.assertEqual(run.count_done, 4)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-01 01:00:00")
class TestDecisions(RunMixin, TransactionCase):
    """Failures, retries, skips, and who may decide."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frida = cls.make_manager("frida")
        cls.good = cls.make_account("good", book=cls.book, date_start="2026-10-01")
        cls.bad = cls.make_account("bad", book=cls.book, date_start="2026-10-01")
        for account in (cls.good, cls.bad):
            cls.report_month(account)
        cls.bad.partner_id.active = False
        cls.viewer = cls.make_user("viewer", "group_viewer")
        cls.user = cls.make_user("user", "group_billing_user")

    @classmethod
    def make_user(cls, login, group):
        user = cls.make_manager(login)
        group = cls.env.ref(f"bitpaket_billing.{group}")
        user.group_ids = [Command.set(group.ids)]
        return user

    def setUp(self):
        super().setUp()
        self.work()
        self.run_ = self.found_runs()
        self.failed = self.bad.statement_ids

    def test_failure_is_in_words_and_asked_for_once(self):
        self.assertEqual(self.good.statement_ids.state, "invoiced")
        self.assertEqual(self.failed.state, "error")
        self.assertEqual(
            self.failed.message,
            "The customer “Bad” is archived. Restore the contact, or choose another "
            "customer on the account.",
        )
        self.assertEqual(self.failed.attempts, 1)
        self.assertEqual(str(self.failed.next_retry), "2026-11-01 03:00:00")
        self.assertEqual((self.run_.state, self.run_.count_failed), ("done", 1))
        self.assertEqual(len(self.run_.activity_ids), 1)
        with freeze_time("2026-11-01 03:00:00"):
            self.work()
        self.assertEqual(self.failed.attempts, 2)
        self.assertEqual(str(self.failed.next_retry), "2026-11-01 07:00:00")
        self.assertEqual(len(self.run_.activity_ids), 1)

    def test_retry_after_mending(self):
        self.bad.partner_id.active = True
        self.work()
        self.assertEqual(self.failed.state, "error", "not before its time")
        self.run_.with_user(self.user).action_retry_all()
        self.work()
        self.assertEqual(self.failed.state, "invoiced")
        self.assertEqual(self.failed.move_id.amount_untaxed, 29.0)
        self.assertFalse(self.run_.activity_ids)

    def test_skip_is_final_and_reversible(self):
        self.failed.with_user(self.frida)._skip("Test tenant")
        self.work()
        self.assertEqual(self.failed.state, "skipped")
        self.assertEqual(
            self.failed.message, "Skipped, so there is no invoice: Test tenant"
        )
        self.assertEqual((self.run_.state, self.run_.count_skipped), ("done", 1))
        self.assertFalse(self.run_.activity_ids)
        self.bad.partner_id.active = True
        with freeze_time("2026-12-01 01:00:00"):
            self.work()
            self.assertEqual(self.failed.state, "skipped")
            self.assertFalse(self.bad.invoice_ids)
            self.failed.with_user(self.frida).action_unskip()
            self.work()
        self.assertEqual(self.failed.state, "invoiced")
        self.assertEqual(self.failed.move_id.amount_untaxed, 29.0)

    def test_who_may_do_what(self):
        for user in (self.viewer, self.user):
            for method in ("action_preview", "action_approve", "action_cancel"):
                with self.assertRaises(AccessError):
                    getattr(self.run_.with_user(user), method)()
            with self.assertRaises(AccessError):
                self.failed.with_user(user)._skip("x")
            with self.assertRaises(AccessError):
                self.runs.with_user(user).create({"period_start": "2026-09-01"})
        for action in ("action_retry", "action_release"):
            with self.assertRaises(AccessError):
                getattr(self.failed.with_user(self.viewer), action)()
            getattr(self.failed.with_user(self.user), action)()
        with self.assertRaises(AccessError):
            self.run_.with_user(self.frida).write({"state": "cancelled"})
        self.assertEqual(self.run_.with_user(self.viewer).count_failed, 1)

    def test_run_with_statements_stays_on_the_record(self):
        with self.assertRaisesRegex(UserError, "stays on the record"):
            self.run_.with_user(self.frida).unlink()

    def test_stock_path_is_counted_with_its_reasons(self):
        self.env["ir.default"].set(
            "account.move",
            "invoice_cash_rounding_id",
            self.env["account.cash.rounding"]
            .create({"name": "x", "rounding": 0.05, "strategy": "add_invoice_line"})
            .id,
        )
        self.bad.partner_id.active = True
        self.run_.action_retry_all()
        self.work()
        self.assertEqual(self.run_.count_stock, 1)
        self.assertEqual(self.run_.stock_reasons, "1 × Invoices are rounded to coins.")


@tagged("standard", "post_install", "-at_install")
class TestExport(RunMixin, HttpCase):
    def test_preview_as_a_sheet(self):
        account = self.make_account("acme", book=self.book, date_start="2026-10-01")
        self.report_month(account)
        self.make_manager("frida").password = "frida"
        run = self.runs.create({"period_start": "2026-10-01"})
        run._prepare_preview()
        self.env["bitpaket.billing.preview"]._rate_next(10)
        self.authenticate("frida", "frida")
        fields = (("account_id", "many2one"), ("amount_total", "monetary"))
        answer = self.url_open(
            "/web/export/xlsx",
            {
                "csrf_token": Request.csrf_token(self),
                "data": json.dumps(
                    {
                        "model": "bitpaket.billing.preview",
                        "fields": [
                            {"name": name, "label": name, "type": type_}
                            for name, type_ in fields
                        ],
                        "ids": run.preview_ids.ids,
                        "domain": [],
                        "import_compat": False,
                        "groupby": [],
                        "context": {"allowed_company_ids": self.company.ids},
                    }
                ),
            },
        )
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        self.assertEqual(rows, [("Acme", 29.0)])


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-12-01 09:00:00")
class TestMigration(RunMixin, TransactionCase):
    def test_old_statements_come_on_runs_that_are_done(self):
        account = self.make_account("acme", book=self.book, date_start="2026-09-15")
        self.close(account, "2026-12-01")
        self.env.flush_all()
        statements = account.statement_ids
        statements.run_id = False
        self.env.flush_all()
        self.found_runs().unlink()
        self.migrate()
        self.assertEqual(self.periods(), ["2026-09", "2026-10", "2026-11"])
        self.assertEqual(set(self.found_runs().mapped("state")), {"done"})
        for statement in statements:
            run = statement.run_id
            self.assertLessEqual(run.period_start, statement.period_start)
            self.assertEqual(run.period_end, statement.period_end)
        job = self.env.ref("bitpaket_billing.ir_cron_close_periods")
        self.assertIn(job, self.runs._jobs())

    def migrate(self):
        path = (
            f"{get_module_path('bitpaket_billing')}/migrations/19.0.1.1.0/post-run.py"
        )
        spec = importlib.util.spec_from_file_location("post_run", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
