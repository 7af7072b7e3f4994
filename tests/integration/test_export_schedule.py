"""Exports by themselves: large ones, scheduled ones, by e-mail and to a folder."""

import contextlib
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import config, mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.bitpaket_billing.models import bitpaket_export_batch_actions as actions

from ..export_common import ExportMixin

CHUNK = "odoo.addons.bitpaket_billing.models.{}.CHUNK"


@tagged("standard", "post_install", "-at_install")
class TestExportSchedule(ExportMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.manager = self.make_user("billing_manager")
        self.company.bitpaket_responsible_id = self.manager

    # === LARGE ONES === #

    def test_large_export_is_written_by_the_scheduler(self):
        moves = [self.make_entry(amount=number) for number in range(1, 8)]
        batch = self.make_batch()
        with (
            patch.object(actions, "DIRECT", 3),
            patch(CHUNK.format("bitpaket_export_target_books"), 2),
            patch(CHUNK.format("bitpaket_export_batch_write"), 2),
        ):
            batch.action_check()
            self.assertTrue(batch.checking)
            self.run_cron()
            self.assertEqual((batch.checking, batch.entry_count), (False, 7))
            batch.action_export()
            self.assertEqual((batch.state, len(batch.item_ids)), ("running", 7))
            self.assertFalse(batch.file_ids)
            self.run_cron()
        self.assertEqual(batch.state, "generated")
        self.assertEqual(batch.progress, 100)
        self.assertEqual(self.names(batch), [move.name for move in moves])
        self.assertTrue(all(batch.item_ids.mapped("fingerprint")))
        self.assertEqual(batch.user_id, self.env.user)

    def test_large_export_with_errors(self):
        self.make_entry(ref="bad")
        self.make_entry(ref="bad")
        batch = self.make_batch()
        with patch.object(actions, "DIRECT", 1):
            batch.action_export()
            self.run_cron()
        self.assertEqual((batch.state, batch.error_count), ("draft", 2))
        self.assertFalse(batch.item_ids)
        self.assertEqual(len(batch.activity_ids), 1)
        self.assertIn("has to be mended", batch.activity_ids.note)

    def test_taken_back_while_it_is_written(self):
        self.make_entry()
        self.make_entry()
        batch = self.make_batch()
        with patch.object(actions, "DIRECT", 1):
            batch.action_export()
        batch.action_cancel()
        self.assertFalse(batch.item_ids)
        self.run_cron()
        self.assertEqual(batch.state, "cancelled")
        self.assertFalse(batch.file_ids)
        self.assertEqual(self.target.waiting_count, 2)

    def test_reset_to_draft_while_it_waits(self):
        kept, gone = self.make_entry(), self.make_entry()
        batch = self.make_batch()
        with patch.object(actions, "DIRECT", 1):
            batch.action_export()
        gone.button_draft()
        self.run_cron()
        self.assertEqual(self.names(batch), [kept.name])
        self.assertEqual((batch.entry_count, batch.item_ids.move_id), (1, kept))
        gone.action_post()
        self.assertEqual(self.target.waiting_count, 1)

    def test_failure(self):
        """One activity however often it fails; then it goes on with its entries."""
        move = self.make_entry()
        self.make_entry()
        batch = self.make_batch()
        with (
            patch.object(actions, "DIRECT", 1),
            patch.object(type(self.batches), "_keep_files", side_effect=OSError),
            mute_logger("odoo.addons.bitpaket_billing"),
            mute_logger(
                "odoo.addons.bitpaket_billing.models.bitpaket_export_batch_work"
            ),
        ):
            batch.action_export()
            self.run_cron()
            self.assertEqual(batch.state, "failed")
            self.assertIn("Something went wrong", batch.message)
            batch.action_export()
            self.run_cron()
        self.assertEqual(len(batch.activity_ids), 1)
        self.assertEqual(len(batch.item_ids), 2)
        batch.action_export()
        self.assertEqual((batch.state, batch.message), ("generated", False))
        self.assertFalse(batch.activity_ids)
        self.assertIn(move.name, self.names(batch))

    def test_files_that_do_not_come_to_the_ledger(self):
        self.make_entry()
        batch = self.make_batch()
        read = type(self.target)._read_entries

        def read_half(target, ids):
            for state, entry in read(target, ids):
                yield "draft" if entry.id == ids[0] else state, entry

        self.make_entry(amount=3)
        with (
            patch.object(type(self.target), "_read_entries", read_half),
            patch.object(type(self.batches), "_keep_prints", lambda *args: None),
            self.assertRaisesRegex(UserError, r"\$.3.00 and the ledger to \$.103.00"),
        ):
            batch.action_export()

    # === SCHEDULED === #

    def test_scheduled(self):
        self.target.write({"schedule": "monthly", "schedule_day": 5})
        move = self.make_entry("2026-10-15")
        self.make_entry("2026-11-02")
        with freeze_time("2026-11-04 12:00"):
            self.run_cron()
        self.assertFalse(self.target.batch_ids)
        with freeze_time("2026-11-05 00:10"):
            self.run_cron()
            self.run_cron()
        batch = self.target.batch_ids
        self.assertEqual(len(batch), 1)
        self.assertEqual((batch.state, batch.item_ids.move_id), ("generated", move))
        self.assertEqual(str(batch.date_start), "2026-10-01")
        self.assertTrue(batch.scheduled)
        self.make_entry("2026-10-20")
        with freeze_time("2026-11-20 12:00"):
            self.run_cron()
        self.assertEqual(len(self.target.batch_ids), 1)
        with freeze_time("2026-12-05 12:00"):
            self.run_cron()
        second = self.target.batch_ids.sorted("id")[1]
        self.assertEqual((second.entry_count, second.late_count), (2, 1))

    def test_scheduled_with_errors(self):
        self.target.schedule = "monthly"
        self.make_entry(ref="bad")
        with freeze_time("2026-11-05 12:00"):
            self.run_cron()
            self.run_cron()
        batch = self.target.batch_ids
        self.assertEqual((batch.state, batch.error_count), ("draft", 1))
        self.assertEqual(batch.activity_ids.user_id, self.manager)
        self.assertEqual(len(batch.activity_ids), 1)

    def test_nothing_to_schedule(self):
        self.target.schedule = "monthly"
        with freeze_time("2026-11-05 12:00"):
            self.run_cron()
        self.assertFalse(self.target.batch_ids)

    # === DELIVERY === #

    def test_mail(self):
        with self.assertRaises(ValidationError):
            self.target.delivery = "mail"
        with self.assertRaises(ValidationError):
            self.target.write({"delivery": "mail", "mail_to": "nobody, b@example.com"})
        self.target.write(
            {"delivery": "mail", "mail_to": "a@example.com, b@example.com"}
        )
        self.make_entry()
        batch = self.export()
        self.assertEqual(batch.state, "generated")
        self.run_cron()
        self.run_cron()
        self.assertEqual(batch.state, "delivered")
        mail = self.env["mail.mail"].search([("res_id", "=", batch.id)])
        mail = mail.filtered(lambda one: one.model == batch._name)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.email_to, "a@example.com, b@example.com")
        self.assertIn("October 2026", mail.subject)
        self.assertIn("100.00", mail.body_html)
        self.assertEqual(mail.attachment_ids, batch.file_ids.attachment_id)

    def test_mail_that_is_refused(self):
        """What the mail server refuses is told once, and sent again in an hour."""
        batch = self.export_that_is_refused()
        self.assertEqual(batch.state, "generated")
        self.assertIn("The e-mail was not sent", batch.message)
        self.assertIn("no such mailbox", batch.message)
        self.assertEqual(batch.activity_ids.user_id, self.manager)
        self.assertEqual(len(batch.activity_ids), 1)
        refused = batch.mail_id
        with self.mail_server() as sent:
            self.run_cron()
            self.run_mail_queue()
            self.assertFalse(sent, "sent before the hour was over")
            batch.next_delivery = False
            self.run_cron()
            refused.send()  # cancelled: it does not go out as well
            self.run_mail_queue()
        self.assertEqual([message["To"] for message in sent], ["a@example.com"])
        self.assertEqual((batch.state, batch.message), ("delivered", False))
        self.assertFalse(batch.activity_ids)

    def test_mail_that_a_person_sends_again(self):
        batch = self.export_that_is_refused()
        with self.mail_server() as sent:
            batch.mail_id.mark_outgoing()
            self.run_mail_queue()
            batch.next_delivery = False
            self.run_cron()
            self.run_mail_queue()
        self.assertEqual(len(sent), 1)
        self.assertEqual((batch.state, batch.message), ("delivered", False))

    def export_that_is_refused(self):
        self.target.write({"delivery": "mail", "mail_to": "a@example.com"})
        self.make_entry()
        batch = self.export()
        self.run_cron()
        with self.mail_server(refuses=True):
            self.run_mail_queue()
        return batch

    @contextlib.contextmanager
    def mail_server(self, refuses=False):
        """Stand in for the mail server; return what it takes."""
        taken = []

        def send(_server, message, *_args, **_kwargs):
            if message["To"] == "a@example.com":
                if refuses:
                    raise MailDeliveryException("550 no such mailbox")
                taken.append(message)
            return message["Message-Id"]

        server = type(self.env["ir.mail_server"])
        with (
            patch.object(server, "_disable_send", lambda *_args: False),
            patch.object(server, "_connect__", lambda *_args, **_kwargs: None),
            patch.object(server, "send_email", send),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            yield taken

    def run_mail_queue(self):
        with self.enter_registry_test_mode():
            self.env["mail.mail"].process_email_queue()
        self.env.invalidate_all()

    def test_folder(self):
        with tempfile.TemporaryDirectory() as root, self.folder_option(root):
            self.target.write({"delivery": "folder", "folder": "books/acme"})
            self.make_entry()
            batch = self.export()
            self.run_cron()
            self.assertEqual(batch.state, "delivered")
            file = Path(root, "books/acme/entries.txt")
            content = batch.file_ids.attachment_id.raw
            self.assertEqual(file.read_bytes(), content)
            self.assertEqual([one.name for one in file.parent.iterdir()], [file.name])
            batch._put_files()  # after a crash before the commit
            self.make_entry("2026-10-20")
            second = self.export()
            self.run_cron()
            self.run_cron()
            self.assertEqual(file.read_bytes(), content)
            self.assertEqual(second.state, "generated")
            self.assertIn("another file called entries.txt", second.message)
            self.assertEqual(len(second.activity_ids), 1)
            file.unlink()
            second.next_delivery = False
            self.run_cron()
            self.assertEqual((second.state, second.message), ("delivered", False))
            self.assertFalse(second.activity_ids)

    def test_folder_stays_where_it_may(self):
        with self.assertRaisesRegex(ValidationError, "bitpaket_export_folder"):
            self.target.write({"delivery": "folder"})
        with tempfile.TemporaryDirectory() as root, self.folder_option(root):
            Path(root, "out").symlink_to("/tmp")
            for folder in ("..", "/etc", "a/../../b", "out", "out/x"):
                with self.assertRaisesRegex(ValidationError, "must be below"):
                    self.target.write({"delivery": "folder", "folder": folder})

    def folder_option(self, root):
        return patch.dict(config.options, {"bitpaket_export_folder": root})

    def test_delivery_that_breaks(self):
        """What goes wrong on the way leaves the files, and comes again."""
        self.target.write({"delivery": "mail", "mail_to": "a@example.com"})
        self.make_entry()
        batch = self.export()
        content = batch.file_ids.attachment_id.raw
        module = "odoo.addons.bitpaket_billing.models.bitpaket_export_batch_work"
        with (
            patch.object(type(self.batches), "_mail", side_effect=ValueError),
            mute_logger(module),
        ):
            self.run_cron()
        self.assertEqual(batch.state, "generated")
        self.assertIn("Something went wrong", batch.message)
        self.assertEqual(len(batch.activity_ids), 1)
        self.assertEqual(batch.file_ids.attachment_id.raw, content)
        batch.next_delivery = False
        self.run_cron()
        self.assertEqual((batch.state, batch.message), ("delivered", False))
