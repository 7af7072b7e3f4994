"""Finance imports a file of usage."""

import base64
import csv
import gzip
import io
import json
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.models import bitpaket_usage_import

from ..common import BillingMixin

COLUMNS = ("id", "source", "account", "meter", "time", "quantity")
LOGGER = "odoo.addons.bitpaket_billing.models.bitpaket_usage_import"
COUNTS = ("rows_total", "rows_done", "accepted", "duplicates", "rejected")


class ImportMixin(BillingMixin):
    """A finance user who imports files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")
        cls.user = cls.make_user("group_billing_user")
        cls.enterClassContext(patch.object(bitpaket_usage_import, "BATCH_SIZE", 10))

    @classmethod
    def make_user(cls, group, company=None):
        company = company or cls.company
        return cls.env["res.users"].create(
            {
                "name": group,
                "login": f"{group}@{company.id}",
                "password": "import import",
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(4, cls.env.ref(f"bitpaket_billing.{group}").id)],
            }
        )

    def row(self, number, **values):
        return {
            "id": f"e-{number}",
            "source": "file",
            "account": "acme",
            "meter": "requests_a",
            "time": "2026-10-05T10:00:00Z",
            "quantity": "1.5",
            **values,
        }

    def csv(self, rows):
        file = io.StringIO()
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().encode()

    def upload(self, data, user=None, **values):
        user = user or self.user
        imports = self.env["bitpaket.usage.import"].with_user(user)
        return imports.with_context(allowed_company_ids=user.company_ids.ids).create(
            {"file": base64.b64encode(data), "filename": "usage.csv", **values}
        )

    def work(self):
        """Let the scheduler do what waits."""
        with self.enter_registry_test_mode():
            self.env.ref(
                "bitpaket_billing.ir_cron_usage_import"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def run_import(self, data, **values):
        job = self.upload(data, **values)
        job.action_import()
        self.work()
        return job

    def assert_done(self, job, *counts):
        self.assertEqual((job.state, job.message), ("done", False))
        self.assertEqual(tuple(job[name] for name in COUNTS), counts)
        self.assertEqual(job.progress, 100)

    def used(self):
        usage = self.env["bitpaket.usage.store"]._daily_usage(
            self.account.ids, "2026-01-01", "2027-01-01"
        )
        return sum(one.quantity for one in usage.get(self.account.id, ()))


@tagged("standard", "post_install", "-at_install")
class TestUsageImport(ImportMixin, TransactionCase):
    def test_csv(self):
        job = self.run_import(self.csv(map(self.row, range(25))))
        self.assert_done(job, 25, 25, 25, 0, 0)
        self.assertEqual(self.used(), 37.5)
        self.assertEqual(job.user_id, self.user)
        self.assertGreater(job.rows_per_second, 0)

    def test_ndjson_packed(self):
        rows = "\n".join(json.dumps(self.row(number)) for number in range(25))
        job = self.run_import(gzip.compress(rows.encode()), filename="x.ndjson.gz")
        self.assert_done(job, 25, 25, 25, 0, 0)
        self.assertEqual(self.used(), 37.5)

    def test_same_file_again_changes_nothing(self):
        data = self.csv(map(self.row, range(25)))
        self.run_import(data)
        self.assert_done(self.run_import(data), 25, 25, 0, 25, 0)
        self.assertEqual(self.used(), 37.5)

    def test_file_kept_in_the_database(self):
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "db")
        job = self.run_import(self.csv(map(self.row, range(3))))
        self.assert_done(job, 3, 3, 3, 0, 0)

    def test_refused_rows_lose_no_others_and_are_listed(self):
        rows = [self.row(number) for number in range(30)]
        rows[3]["quantity"] = "many"
        rows[12]["time"] = ""
        data = self.csv(rows) + b"e-99,file,acme,requests_a,2026-10-05T10:00:00Z,1,5\n"
        job = self.run_import(data)
        self.assert_done(job, 31, 31, 28, 0, 3)
        self.assertEqual(
            job.refusal_ids.mapped(lambda one: (one.number, one.code)),
            [(5, "bad_quantity"), (14, "missing_field"), (32, "bad_row")],
        )
        self.assertIn("7 cells", job.refusal_ids[-1].message)
        self.assertEqual(self.used(), 42)

    def test_quarantined_rows_are_counted_and_listed(self):
        job = self.run_import(self.csv([self.row(0, account="nobody")]))
        self.assert_done(job, 1, 1, 0, 0, 0)
        self.assertEqual(job.quarantined, 1)
        self.assertEqual(job.refusal_ids.code, "unknown_account")
        self.assertTrue(job.refusal_ids.quarantined)

    def test_broken_file_is_told_at_once_in_words(self):
        for data, words in (
            (b"", "empty"),
            (b"id,source,account,time\n", "lacks: meter, quantity"),
            (b"PK\x03\x04\xff", "UTF-8"),
            (b"[{}]", "JSON"),
        ):
            job = self.upload(data or b" ")
            with self.assertRaisesRegex(UserError, words):
                job.action_import()
            self.assertEqual(job.state, "draft")

    def test_file_that_breaks_at_its_end_stores_nothing(self):
        good = self.csv(map(self.row, range(500)))  # more than is looked at at once
        for data, words in (
            (good + b'"open', "Row 501"),
            (good + b"\xff", "UTF-8"),
            (gzip.compress(good)[:-10], "cut off"),
        ):
            job = self.run_import(data)
            self.assertEqual(job.state, "failed")
            self.assertIn(words, job.message)
            self.assertEqual((job.rows_done, self.used()), (0, 0))

    def test_header_alone(self):
        self.assert_done(self.run_import(self.csv([])), 0, 0, 0, 0, 0)

    def failing_report(self, fails, error):
        """Return `_report` that fails in the calls of these numbers, from 1."""
        original = self.registry["bitpaket.usage.store"]._report
        calls = []

        def report(store, rows, **options):
            calls.append(rows)
            answer = original(store, rows, **options)
            if len(calls) in fails:
                raise error
            return answer

        return patch.object(self.registry["bitpaket.usage.store"], "_report", report)

    @mute_logger(LOGGER)
    def test_failure_half_way_can_be_continued(self):
        with self.failing_report({2}, RuntimeError("power cut")):
            job = self.run_import(self.csv(map(self.row, range(25))))
        self.assertEqual((job.state, job.rows_done, job.accepted), ("failed", 10, 10))
        self.assertIn("log", job.message)
        self.assertEqual(self.used(), 15)
        job.action_continue()
        self.work()
        self.assert_done(job, 25, 25, 25, 0, 0)
        self.assertEqual(self.used(), 37.5)

    def test_conflict_with_another_reporter_is_tried_again(self):
        error = psycopg2.errors.SerializationFailure()
        wait = patch("odoo.service.model.time.sleep")
        lookup = patch("odoo.service.model.errorcodes.lookup", return_value="conflict")
        with self.failing_report({1, 3}, error), wait, lookup:
            job = self.run_import(self.csv(map(self.row, range(25))))
        self.assert_done(job, 25, 25, 25, 0, 0)
        self.assertEqual(self.used(), 37.5)

    def test_scheduler_without_time_goes_on_later(self):
        job = self.upload(self.csv(map(self.row, range(25))))
        job.action_import()
        cron = self.registry["ir.cron"]
        for times, rows_done in (([0], 0), ([9, 0], 10)):
            left = patch.object(cron, "_commit_progress", side_effect=times)
            with self.enter_registry_test_mode(), left, self.registry.cursor() as cr:
                self.env(cr=cr)["bitpaket.usage.import"]._cron_import()
            self.env.invalidate_all()
            self.assertEqual((job.state, job.rows_done), ("running", rows_done))
        self.work()
        self.assert_done(job, 25, 25, 25, 0, 0)

    def test_one_bad_file_stops_no_other(self):
        bad = self.upload(self.csv(map(self.row, range(500))) + b"\xff")
        good = self.upload(self.csv(map(self.row, range(3))))
        (bad | good).action_import()
        self.work()
        self.assertEqual((bad.state, good.state), ("failed", "done"))

    def test_cancel_before_and_in_the_middle(self):
        job = self.upload(self.csv(map(self.row, range(25))))
        job.action_import()
        job.action_cancel()
        self.work()
        self.assertEqual((job.state, job.rows_done), ("canceled", 0))
        original = self.registry["bitpaket.usage.import"]._report

        def report(running, rows):
            answer = original(running, rows)
            job.action_cancel()
            job.flush_recordset()
            return answer

        job.action_continue()
        with patch.object(self.registry["bitpaket.usage.import"], "_report", report):
            self.work()
        self.assertEqual((job.state, job.rows_done), ("canceled", 10))
        job.action_continue()
        self.work()
        self.assert_done(job, 25, 25, 25, 0, 0)
        self.assertEqual(self.used(), 37.5)

    # --- who may

    def test_account_of_another_company_is_unknown(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self.make_user("group_billing_user", other)
        job = self.run_import(self.csv([self.row(0)]), user=user)
        self.assertEqual((job.state, job.accepted), ("done", 0))
        self.assertEqual(job.refusal_ids.code, "unknown_account")
        self.assertEqual(self.used(), 0)

    def test_import_is_bound_to_its_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.user.company_ids |= other
        job = self.upload(self.csv([self.row(0)]), company_id=other.id)
        job.action_import()
        self.work()
        self.assertEqual(job.refusal_ids.code, "unknown_account")
        with self.assertRaises(AccessError):
            self.upload(b"x", company_id=self.env.ref("base.main_company").id)

    def test_other_company_sees_no_import(self):
        self.run_import(self.csv([self.row(0, quantity="x")]))
        other = self.env["res.company"].create({"name": "Other"})
        user = self.make_user("group_billing_manager", other)
        for name in ("bitpaket.usage.import", "bitpaket.usage.import.refusal"):
            records = self.env[name].with_context(allowed_company_ids=False)
            self.assertTrue(records.with_user(self.user).search([]), name)
            self.assertFalse(records.with_user(user).search([]), name)

    def test_viewer_reads_and_does_nothing(self):
        viewer = self.make_user("group_viewer")
        job = self.upload(self.csv([self.row(0)]))
        self.assertEqual(job.with_user(viewer).filename, "usage.csv")
        with self.assertRaises(AccessError):
            self.upload(b"x", user=viewer)
        for action in ("action_import", "action_continue", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(job.with_user(viewer), action)()

    def test_nobody_writes_what_the_import_tells(self):
        job = self.run_import(self.csv([self.row(0)]))
        for values in ({"accepted": 7}, {"user_id": 1}, {"state": "draft"}):
            with self.assertRaises(AccessError):
                job.write(values)
            with self.assertRaises(AccessError):
                self.upload(b"x", **values)
        with self.assertRaises(AccessError):
            job.file = base64.b64encode(b"x")
        with self.assertRaises(UserError):
            job.unlink()
        self.upload(b"x").unlink()

    def test_user_who_lost_the_role_imports_nothing(self):
        job = self.upload(self.csv([self.row(0)]))
        job.action_import()
        self.user.group_ids = [(6, 0, self.env.ref("base.group_user").ids)]
        self.work()
        self.env.invalidate_all()
        self.assertEqual((job.sudo().state, self.used()), ("failed", 0))
        self.assertTrue(job.sudo().message)

    def test_backfill_is_for_managers(self):
        with self.assertRaises(AccessError):
            self.upload(b"x", backfill=True)
        manager = self.make_user("group_billing_manager")
        job = self.upload(self.csv([self.row(0)]), user=manager, backfill=True)
        with self.assertRaises(AccessError):
            job.with_user(self.user).action_import()
        asked = []

        def report(store, rows, **options):
            asked.append((store.env.user, store.env.su, len(rows), options))
            return {"accepted": 1, "duplicates": 0, "rejected": []}

        store = self.registry["bitpaket.usage.store"]
        with patch.object(store, "_report", report):
            job.action_import()
            self.work()
        self.assertEqual(asked, [(manager, False, 1, {"backfill": True})])


@tagged("standard", "post_install", "-at_install")
class TestRefusedRowsDownload(ImportMixin, HttpCase):
    def download(self, job, user):
        self.authenticate(user.login, "import import")
        return self.url_open(job.action_download_refused()["url"])

    def test_refused_rows_as_csv(self):
        rows = [self.row(0), self.row(1, quantity='a"b,c\nd'), self.row(2, meter="é")]
        job = self.run_import(self.csv(rows))
        answer = self.download(job, self.user)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("refused.csv", answer.headers["Content-Disposition"])
        table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        self.assertEqual(table[0], ["row", "code", "message"])
        self.assertEqual(
            [line[:2] for line in table[1:]],
            [["3", "bad_quantity"], ["4", "unknown_meter"]],
        )
        self.assertIn('a"b,c\nd', table[1][2])

    @mute_logger("odoo.http")
    def test_another_company_downloads_nothing(self):
        job = self.run_import(self.csv([self.row(0, quantity="x")]))
        other = self.env["res.company"].create({"name": "Other"})
        user = self.make_user("group_billing_manager", other)
        answer = self.download(job, user)
        self.assertNotEqual(answer.status_code, 200)
        self.assertNotIn(b"bad_quantity", answer.content)
