"""Exports: which entries go, that each goes once, and what proves it."""

import hashlib
import io
import zipfile

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.models.bitpaket_export_batch_check import LISTED

from ..export_common import ExportMixin


@tagged("standard", "post_install", "-at_install")
class TestExportBatch(ExportMixin, TransactionCase):
    def test_export(self):
        first = self.make_entry("2026-10-02", 12.5)
        second = self.make_entry("2026-10-31", 100)
        self.make_entry("2026-11-01")
        self.make_entry("2026-10-15", post=False)
        batch = self.make_batch()
        batch.action_check()
        self.assertEqual((batch.state, batch.entry_count), ("draft", 2))
        self.assertEqual((batch.debit, batch.credit), (112.5, 112.5))
        self.assertFalse(batch.error_count)
        self.assertFalse(batch.item_ids)
        batch.action_export()
        self.assertEqual(batch.state, "generated")
        self.assertEqual(self.names(batch), [first.name, second.name])
        self.assertEqual(batch.item_ids.move_id, first | second)
        self.assertEqual((batch.entry_count, batch.line_count), (2, 4))
        self.assertEqual(batch.user_id, self.env.user)
        file = batch.file_ids
        self.assertEqual(
            file.sha256, hashlib.sha256(file.attachment_id.raw).hexdigest()
        )
        self.assertEqual(file.size, len(file.attachment_id.raw))
        self.assertFalse(file.attachment_id.public)

    def test_control_totals_are_the_ledgers(self):
        self.make_entry("2026-10-02", 12.5)
        self.make_entry("2026-10-31", 0.1)
        batch = self.export()
        lines = self.env["account.move.line"]._read_group(
            [("move_id", "in", batch.item_ids.move_id.ids)],
            ["account_id"],
            ["debit:sum", "credit:sum", "__count"],
        )
        self.assertEqual(
            {
                (total.code, total.debit, total.credit, total.line_count)
                for total in batch.total_ids
            },
            {(account.code, *sums) for account, *sums in lines},
        )
        self.assertEqual(len(batch.total_ids), 2)

    def test_late_posting_is_caught_up(self):
        on_time = self.make_entry("2026-10-02")
        october = self.export()
        late = self.make_entry("2026-10-20")
        november = self.make_entry("2026-11-20")
        batch = self.make_batch("2026-11")
        batch.action_check()
        self.assertEqual((batch.entry_count, batch.late_count), (2, 1))
        batch.action_export()
        self.assertEqual(self.names(october), [on_time.name])
        self.assertEqual(self.names(batch), [late.name, november.name])
        self.assertEqual(batch.late_count, 1)
        self.assertEqual(batch.item_ids.filtered("late").move_id, late)

    def test_nothing_twice(self):
        self.make_entry()
        self.export()
        with self.assertRaisesRegex(UserError, "nothing to export"):
            self.export()
        other = self.make_target(name="Our own program")
        self.assertEqual(self.export(target=other).entry_count, 1)

    def test_the_database_refuses_a_second_item(self):
        self.make_entry()
        item = self.export().item_ids
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
        ):
            self.env.cr.execute(
                """
                INSERT INTO bitpaket_export_item
                       (batch_id, target_id, company_id, move_id, superseded)
                SELECT batch_id, target_id, company_id, move_id, false
                  FROM bitpaket_export_item WHERE id = %s
                """,
                [item.id],
            )

    def test_what_goes_there(self):
        entry = self.make_entry()
        invoice = self.make_invoice()
        for content, moves in (
            ("all", entry | invoice),
            ("invoices", invoice),
            ("entries", entry),
        ):
            target = self.make_target(content=content)
            self.assertEqual(self.export(target=target).item_ids.move_id, moves)
        journals = [Command.set(self.journal.ids)]
        target = self.make_target(journal_ids=journals)
        self.assertEqual(self.export(target=target).item_ids.move_id, entry)
        target = self.make_target(date_start="2026-10-16")
        self.assertEqual(target.waiting_count, 0)

    def test_default_journals(self):
        target = self.env["bitpaket.export.target"].create(
            {"name": "Sales", "format": "plain"}
        )
        self.assertIn("sale", target.journal_ids.mapped("type"))
        self.assertIn(self.company.currency_exchange_journal_id, target.journal_ids)
        self.assertNotIn("purchase", target.journal_ids.mapped("type"))

    def test_same_bytes_again(self):
        """Downloads later, after the entry and the target were changed."""
        move = self.make_entry()
        batch = self.export()
        content = batch.file_ids.attachment_id.raw
        move.button_draft()
        move.line_ids.name = "Pencils"
        move.action_post()
        self.target.name = "Another adviser"
        self.assertEqual(batch.file_ids.attachment_id.raw, content)
        with zipfile.ZipFile(io.BytesIO(batch._zip())) as archive:
            self.assertEqual(archive.read("entries.txt"), content)
        self.assertEqual(batch._zip(), batch._zip())

    def test_time_in_files_is_the_exports(self):
        self.make_entry()
        batch = self.export()
        first = batch.file_ids.attachment_id.raw.decode().splitlines()[0]
        self.assertEqual(first, f"{batch.name} {batch.generated_at}")

    def test_what_was_exported_stays(self):
        self.make_entry()
        batch = self.export()
        with self.assertRaisesRegex(UserError, "Supersede it"):
            batch.date_end = "2026-12-01"
        with self.assertRaisesRegex(UserError, "stays"):
            batch.unlink()
        with self.assertRaisesRegex(UserError, "cannot be done any more"):
            batch.action_export()
        self.make_batch().unlink()

    def test_states(self):
        self.make_entry()
        batch = self.export()
        action = batch.action_download()
        self.assertEqual(action["url"], f"/bitpaket_billing/export/{batch.id}")
        self.assertEqual(batch.state, "delivered")
        batch.action_confirm()
        self.assertEqual(batch.state, "confirmed")
        with self.assertRaisesRegex(UserError, "Confirmed"):
            batch.action_cancel()

    def test_cancel(self):
        """What was cancelled is exported again with the next one."""
        move = self.make_entry()
        batch = self.export()
        batch.action_cancel()
        self.assertEqual(batch.state, "cancelled")
        self.assertTrue(batch.item_ids.superseded)
        self.assertEqual(self.target.waiting_count, 1)
        self.assertEqual(self.export("2026-11").item_ids.move_id, move)

    def test_period_must_be_one(self):
        with (
            self.assertRaises(psycopg2.errors.CheckViolation),
            mute_logger("odoo.sql_db"),
        ):
            self.batches.create(
                {
                    "target_id": self.target.id,
                    "date_start": "2026-10-01",
                    "date_end": "2026-10-01",
                }
            )

    # === PROBLEMS === #

    def test_errors_keep_it_back(self):
        bad = self.make_entry(ref="bad")
        self.make_entry(ref="odd", amount=3)
        batch = self.make_batch()
        batch.action_check()
        self.assertEqual((batch.error_count, batch.warning_count), (1, 1))
        error = batch.problem_ids.filtered(lambda one: one.severity == "error")
        self.assertEqual(error.text, f"The reference of {bad.name} is bad.")
        self.assertEqual(error.action_mend()["res_id"], bad.id)
        batch.action_export()
        self.assertEqual(batch.state, "draft")
        self.assertFalse(batch.file_ids)
        self.assertFalse(batch.item_ids)
        self.assertEqual(batch.error_count, 1)
        bad.ref = "good"
        batch.action_export()
        self.assertEqual((batch.state, batch.error_count), ("generated", 0))
        self.assertEqual((batch.warning_count, batch.entry_count), (1, 2))

    def test_missing_codes(self):
        self.target.map_all_accounts = True
        self.make_entry()
        batch = self.make_batch()
        batch.action_check()
        self.assertEqual(batch.error_count, 2)
        expense = self.account("expense")
        problem = batch.problem_ids.filtered(lambda one: one.account_id == expense)
        self.assertEqual(
            problem.text,
            f"Account {expense.code} {expense.name} has no code at The adviser.",
        )
        action = problem.action_mend()
        self.env[action["res_model"]].with_context(**action["context"]).create(
            {"code": " 4930 "}
        )
        self.target.account_map_ids = [
            Command.create(
                {"account_id": self.account("liability_payable").id, "code": "70000"}
            )
        ]
        batch.action_check()
        self.assertFalse(batch.error_count)
        batch.action_export()
        self.assertEqual({row[3] for row in self.rows(batch)}, {"4930", "70000"})
        self.assertEqual(set(batch.total_ids.mapped("code_there")), {"4930", "70000"})

    def test_missing_tax_code(self):
        self.target.map_all_taxes = True
        tax = self.env["account.tax"].create(
            {"name": "Nineteen", "amount": 19, "company_id": self.company.id}
        )
        self.make_invoice(taxes=tax)
        batch = self.make_batch()
        batch.action_check()
        self.assertEqual(batch.problem_ids.tax_id, tax)
        self.assertEqual(batch.problem_ids.action_mend()["target"], "new")
        self.target.tax_map_ids = [Command.create({"tax_id": tax.id, "code": "U19"})]
        batch.action_export()
        self.assertEqual(batch.state, "generated")

    def test_problems_are_not_thousands(self):
        for number in range(LISTED + 5):
            self.make_entry(ref="bad", amount=number + 1)
        batch = self.make_batch()
        batch.action_check()
        self.assertEqual(batch.error_count, LISTED + 1)
        self.assertIn("And 5 more of this kind.", batch.problem_ids.mapped("text"))

    def test_drafts_are_told(self):
        self.make_entry()
        self.make_entry(post=False)
        batch = self.make_batch()
        batch.action_check()
        self.assertIn("1 entries of the period are drafts", batch.problem_ids.text)

    # === AGAIN === #

    def supersede(self, batch, reason="Wrong account"):
        wizard = self.env["bitpaket.export.supersede"].create(
            {"batch_id": batch.id, "reason": reason}
        )
        return self.batches.browse(wizard.action_supersede()["res_id"])

    def test_supersede(self):
        move = self.make_entry()
        batch = self.export()
        batch.action_confirm()
        late = self.make_entry("2026-10-20")
        again = self.supersede(batch)
        self.assertEqual(again.name, f"{batch.name}-R1")
        self.assertEqual((again.entry_count, again.state), (1, "draft"))
        self.assertEqual(batch.state, "confirmed")
        again.action_export()
        self.assertEqual((batch.state, again.state), ("superseded", "generated"))
        self.assertEqual(again.item_ids.move_id, move)
        self.assertTrue(batch.item_ids.superseded)
        self.assertEqual(again.file_ids.name, "entries_R1.txt")
        self.assertIn("Wrong account", batch.message_ids[0].body)
        self.assertEqual(self.export("2026-11").item_ids.move_id, late)
        self.assertEqual(self.supersede(again).name, f"{batch.name}-R2")

    def test_supersede_once(self):
        self.make_entry()
        batch = self.export()
        first = self.supersede(batch)
        self.assertEqual(self.supersede(batch), first)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            first.sudo().copy({"supersedes_id": batch.id})
        first.action_cancel()
        self.assertEqual(self.supersede(batch).name, f"{batch.name}-R2")

    def test_superseding_with_errors_changes_nothing(self):
        move = self.make_entry()
        batch = self.export()
        again = self.supersede(batch)
        move.ref = "bad"
        again.action_export()
        self.assertEqual((batch.state, again.state), ("generated", "draft"))
        self.assertEqual(batch.item_ids.mapped("superseded"), [False])
        self.assertFalse(again.item_ids)
        move.ref = "good"
        again.action_export()
        self.assertEqual((batch.state, again.state), ("superseded", "generated"))

    def test_supersede_leaves_out_what_is_gone(self):
        kept, gone = self.make_entry(), self.make_entry()
        batch = self.export()
        gone.button_draft()
        again = self.supersede(batch)
        again.action_export()
        self.assertEqual(again.item_ids.move_id, kept)
        gone.action_post()
        self.assertEqual(self.export("2026-11").item_ids.move_id, gone)

    def test_file_names(self):
        self.target.file_pattern = "{target}_{start}_{file}"
        self.make_entry()
        batch = self.export()
        self.assertEqual(batch.file_ids.name, "The adviser_2026-10-01_entries.txt")
        for pattern in (
            "{batch}",
            "{file.__class__}",
            "{file!r}",
            "../{file}",
            "{",
            "{file:>9999999}",
        ):
            with self.assertRaises(ValidationError):
                self.target.file_pattern = pattern


@tagged("standard", "post_install", "-at_install")
class TestExportChanges(ExportMixin, TransactionCase):
    def test_changed_since_export(self):
        move = self.make_entry()
        other = self.make_entry()
        batch = self.export()
        self.assertFalse(move.bitpaket_export_changed)
        self.assertEqual(move.bitpaket_export_count, 1)
        move.button_draft()
        self.assertTrue(move.bitpaket_export_changed)
        self.assertEqual(batch.changed_count, 1)
        move.action_post()
        self.assertFalse(move.bitpaket_export_changed)
        move.button_draft()
        move.line_ids[0].name = "Pencils"
        move.action_post()
        self.assertTrue(move.bitpaket_export_changed)
        self.assertFalse(other.bitpaket_export_changed)
        self.assertEqual(batch.item_ids.filtered("changed").move_id, move)

    def test_changed_while_posted(self):
        move = self.make_entry()
        batch = self.export()
        line = move.line_ids.filtered("debit")
        line.account_id = self.account("expense_direct_cost")
        self.items.action_changed()
        self.assertEqual(batch.changed_count, 1)
        november = self.make_entry("2026-11-02")
        next_batch = self.make_batch("2026-11")
        next_batch.action_check()
        self.assertIn("1 entries changed", next_batch.problem_ids.text)
        next_batch.action_export()
        self.assertEqual(next_batch.item_ids.move_id, november)

    def test_reconciling_changes_nothing(self):
        move = self.make_entry()
        payable = self.account("liability_payable")
        lines = [
            {"account_id": payable.id, "balance": 100, "partner_id": self.customer.id},
            {"account_id": self.account("expense").id, "balance": -100},
        ]
        back = self.make_entry(line_ids=[Command.create(line) for line in lines])
        batch = self.export()
        (move | back).line_ids.filtered(
            lambda line: line.account_id == payable
        ).reconcile()
        self.items.action_changed()
        self.assertEqual(batch.changed_count, 0)

    def test_locked(self):
        self.target.lock_exported = True
        accountant = self.make_user("accountant")
        move = self.make_entry()
        batch = self.export()
        move.with_user(accountant)._check_draftable()
        batch.action_confirm()
        with self.assertRaisesRegex(UserError, f"{batch.name}. Reverse it instead"):
            move.with_user(accountant).button_draft()
        self.assertEqual(move.state, "posted")
        manager = self.make_user("billing_manager")
        move.with_user(manager).button_draft()
        self.assertEqual(move.state, "draft")

    def test_exported_entries_are_not_deleted(self):
        move = self.make_entry()
        batch = self.export()
        move.button_draft()
        with self.assertRaisesRegex(UserError, "was exported"):
            move.with_context(force_delete=True).unlink()
        batch.action_cancel()
        move.with_context(force_delete=True).unlink()
        self.assertTrue(batch.item_ids.move_name)

    def test_propose_to_lock_the_period(self):
        self.make_entry()
        batch = self.export()
        self.env.user.group_ids += self.env.ref("account.group_account_manager")
        self.assertFalse(batch.can_propose_lock)
        batch.action_confirm()
        batch.invalidate_recordset()
        self.assertTrue(batch.can_propose_lock)
        with self.assertRaises(AccessError):
            batch.with_user(self.make_user("accountant")).action_lock_period()
        batch.action_lock_period()
        self.assertEqual(str(self.company.fiscalyear_lock_date), "2026-10-31")
        self.assertFalse(self.company.hard_lock_date)
        batch.invalidate_recordset()
        self.assertFalse(batch.can_propose_lock)


@tagged("standard", "post_install", "-at_install")
class TestExportNumbers(ExportMixin, TransactionCase):
    def test_numbers_are_kept(self):
        self.target.number_partners = True
        self.make_entry()
        self.make_invoice(partner=self.env["res.partner"].create({"name": "Buyer"}))
        self.export()
        numbers = {
            one.partner_id.name: one.number for one in self.target.partner_map_ids
        }
        self.assertEqual(numbers, {"Acme": "70000", "Buyer": "10000"})
        self.make_invoice(partner=self.env["res.partner"].create({"name": "Second"}))
        self.make_entry()
        self.export("2026-11")
        numbers = {
            one.partner_id.name: one.number for one in self.target.partner_map_ids
        }
        self.assertEqual(
            numbers, {"Acme": "70000", "Buyer": "10000", "Second": "10001"}
        )

    def test_no_numbers_left(self):
        self.target.write(
            {
                "number_partners": True,
                "first_customer_number": 10,
                "first_supplier_number": 11,
            }
        )
        for name in ("First", "Second"):
            self.make_invoice(partner=self.env["res.partner"].create({"name": name}))
        with self.assertRaisesRegex(UserError, "from 10 to 10 are given"):
            self.make_batch().action_check()

    def test_number_of_two(self):
        self.make_entry()
        values = {"target_id": self.target.id, "number": "10000"}
        numbers = self.env["bitpaket.export.partner"]
        numbers.create({**values, "partner_id": self.customer.id})
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
        ):
            numbers.create({**values, "partner_id": self.company.partner_id.id})
