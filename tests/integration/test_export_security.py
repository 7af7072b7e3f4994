"""Who may take the books out, and of which company."""

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from ..export_common import ExportMixin


@tagged("standard", "post_install", "-at_install")
class TestExportSecurity(ExportMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_entry()
        cls.batch = cls.export()

    def assertDenied(self, what, *arguments):
        with self.assertRaises(AccessError):
            what(*arguments)
            self.env.flush_all()

    def test_accountant(self):
        accountant = self.make_user("accountant")
        self.make_entry()
        batches = self.batches.with_user(accountant)
        batch = batches.create(
            {
                "target_id": self.target.id,
                "date_start": "2026-10-01",
                "date_end": "2026-11-01",
            }
        )
        batch.action_check()
        batch.action_export()
        self.assertEqual((batch.state, batch.user_id), ("generated", accountant))
        batch.action_download()
        self.assertTrue(batch.file_ids.sha256)
        again = batch._supersede("Again")
        again.action_export()
        self.assertEqual((batch.state, again.state), ("superseded", "generated"))
        self.assertDenied(self.target.with_user(accountant).write, {"name": "Mine"})
        codes = self.env["bitpaket.export.account"].with_user(accountant)
        account = self.account("expense")
        codes.create(
            {"target_id": self.target.id, "account_id": account.id, "code": "1"}
        )

    def test_nobody_writes_what_became_of_it(self):
        accountant = self.make_user("accountant")
        batch = self.batch.with_user(accountant)
        for values in ({"state": "draft"}, {"debit": 1}, {"supersedes_id": batch.id}):
            self.assertDenied(batch.write, values)
        self.assertDenied(
            batch.create, {"target_id": self.target.id, "state": "confirmed"}
        )
        for record in (batch.item_ids, batch.file_ids, batch.total_ids):
            self.assertDenied(record.unlink)
            self.assertDenied(record.write, {record._rec_name or "name": "X"})

    def test_viewer(self):
        for group in ("viewer", "billing_user"):
            viewer = self.make_user(group)
            batch = self.batch.with_user(viewer)
            self.assertEqual(batch.debit, 100)
            self.assertTrue(batch.item_ids.move_name)
            self.assertDenied(lambda batch=batch: batch.file_ids)
            self.assertDenied(batch.action_download)
            self.assertDenied(batch.action_cancel)
            self.assertDenied(batch.action_confirm)
            attachment = self.batch.file_ids.attachment_id.with_user(viewer)
            self.assertDenied(lambda attachment=attachment: attachment.raw)

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        for group in ("accountant", "billing_manager"):
            stranger = self.make_user(group, company)
            for record in (
                self.target,
                self.batch,
                self.batch.item_ids,
                self.batch.total_ids,
                self.batch.file_ids,
            ):
                other = record.with_user(stranger).with_context(
                    allowed_company_ids=company.ids
                )
                self.assertFalse(other.search([]))
                self.assertDenied(other.check_access, "read")
            batches = other.env["bitpaket.export.batch"]
            self.assertDenied(batches.browse(self.batch.id).action_export)
            self.assertDenied(batches.create, {"target_id": self.target.id})

    def test_others(self):
        for login, groups in (
            ("portal-export", "base.group_portal"),
            ("internal-export", "base.group_user"),
        ):
            user = new_test_user(self.env, login, groups=groups)
            for model in ("target", "batch", "item", "file", "total", "problem"):
                records = self.env[f"bitpaket.export.{model}"].with_user(user)
                self.assertDenied(records.search, [])


@tagged("standard", "post_install", "-at_install")
class TestExportDownload(ExportMixin, HttpCase):
    def test_download(self):
        self.make_entry()
        batch = self.export()
        file = batch.file_ids
        urls = [
            f"/bitpaket_billing/export/{batch.id}",
            f"/bitpaket_billing/export/file/{file.id}",
        ]
        for url in urls:
            self.assertIn("/web/login", self.url_open(url).url)
        accountant, viewer = self.make_user("accountant"), self.make_user("viewer")
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user("accountant", company)
        for user in accountant | viewer | stranger:
            user.password = user.login
        self.authenticate(accountant.login, accountant.login)
        for url in urls:
            answer = self.url_open(url)
            self.assertEqual(answer.content, file.attachment_id.raw)
            self.assertIn("entries.txt", answer.headers["Content-Disposition"])
        for user in viewer | stranger:
            self.authenticate(user.login, user.login)
            for url in [*urls, f"/web/content/{file.attachment_id.id}"]:
                self.assertEqual(self.url_open(url).status_code, 404)
