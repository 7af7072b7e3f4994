"""Whatever is done in whatever order: each live entry goes to each target once."""

import random
from collections import Counter
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.bitpaket_billing import bookkeeping
from odoo.addons.bitpaket_billing.models import bitpaket_export_batch_actions as actions

from ..export_common import PLAIN, ExportMixin, write_plain

MONTHS = ("2026-09", "2026-10", "2026-11")
WRITTEN = ("generated", "delivered", "confirmed")


class PowerCut(Exception):
    """The process died here."""


def cut_write(books, entries):
    """Write the beginning, and die."""
    for number, piece in enumerate(write_plain(books, entries)):
        if number == 2:
            raise PowerCut
        yield piece


@tagged("standard", "post_install", "-at_install")
class TestExportProperty(ExportMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.targets = self.target | self.make_target(name="Our own program")
        self.moves = self.env["account.move"]

    def check(self, seed):
        self.dice = random.Random(seed)
        self.play(40)
        self.set_right()
        self.assert_each_once()

    def test_sequence_1(self):
        self.check(1)

    def test_sequence_2(self):
        self.check(2)

    def test_sequence_3(self):
        self.check(3)

    # === STEPS === #

    def play(self, steps):
        names = [name for name in dir(self) if name.startswith("step_")]
        for _step in range(steps):
            getattr(self, self.dice.choice(names))()
            self.assert_never_twice()

    def any_batch(self, *states):
        domain = [("state", "in", states), ("target_id", "in", self.targets.ids)]
        batches = self.batches.search(domain, order="id")
        return self.dice.choice(batches) if batches else batches

    def any_move(self, state):
        moves = self.moves.exists().filtered(lambda move: move.state == state)
        return self.dice.choice(moves) if moves else moves

    def step_post(self):
        day = f"{self.dice.choice(MONTHS)}-{self.dice.randint(1, 28):02}"
        self.moves |= self.make_entry(day, self.dice.randint(1, 10_000) / 100)

    step_post_more = step_post_again = step_post

    def step_reverse(self):
        if move := self.any_move("posted"):
            back = move._reverse_moves([{"date": move.date}])
            back.action_post()
            self.moves |= back

    def step_change(self):
        if move := self.any_move("posted"):
            move.button_draft()
            move.line_ids.name = f"Pens {self.dice.randint(1, 3)}"

    def step_post_changed(self):
        self.any_move("draft").action_post()

    def step_delete(self):
        if move := self.any_move("draft"):
            try:
                with self.env.cr.savepoint():
                    move.with_context(force_delete=True).unlink()
            except UserError:
                self.assertTrue(move.bitpaket_export_count)

    def step_export(self):
        target = self.dice.choice(self.targets)
        try:
            with self.env.cr.savepoint():
                self.export(self.dice.choice(MONTHS), target)
        except UserError as error:
            self.assertIn("nothing to export", str(error))

    step_export_again = step_export

    def step_take_and_leave(self):
        """Take the entries, and die before anything is written."""
        with patch.object(actions, "DIRECT", -1):
            self.step_export()

    def step_work(self):
        self.run_cron()

    def step_die(self):
        """Die while files are written, by whoever writes them."""
        cut = bookkeeping.Format("plain", "Plain", cut_write, PLAIN.check)
        with patch.dict(bookkeeping.FORMATS, {"plain": cut}):
            running = self.any_batch("running")
            try:
                with self.env.cr.savepoint():
                    if running:
                        running._write_files()
                    else:
                        self.step_export()
            except PowerCut:
                self.env.invalidate_all()

    def step_cancel(self):
        states = ("running", "generated", "delivered")
        self.any_batch(*states).action_cancel()

    def step_confirm(self):
        self.any_batch("generated", "delivered").action_confirm()

    def step_supersede(self):
        if batch := self.any_batch(*WRITTEN):
            again = batch._supersede("Again")
            if self.dice.random() < 0.7:
                self.finish(again)

    step_supersede_more = step_supersede

    def finish(self, batch):
        try:
            with self.env.cr.savepoint():
                batch.action_export()
        except UserError:
            self.assertFalse(batch._count_waiting())

    # === WHAT IS ALWAYS SO === #

    def in_force(self, target):
        return self.batches.search(
            [("target_id", "=", target.id), ("state", "in", WRITTEN)]
        )

    def assert_never_twice(self):
        for target in self.targets:
            taken = self.items.search(
                [("target_id", "=", target.id), ("superseded", "=", False)]
            )
            counts = Counter(taken.filtered("move_id").mapped("move_id.id"))
            self.assertLessEqual(set(counts.values()), {1})
            files = [
                name for batch in self.in_force(target) for name in self.names(batch)
            ]
            self.assertLessEqual(set(Counter(files).values()), {1})

    def set_right(self):
        """Do what people do at the end of the month."""
        self.moves.exists().filtered(lambda move: move.state == "draft").action_post()
        self.run_cron()
        for target in self.targets:
            for batch in self.in_force(target):
                if batch.changed_count:
                    self.finish(batch._supersede("Changed"))
            if target.waiting_count:
                self.export("2026-11", target)

    def assert_each_once(self):
        posted = self.moves.exists()
        for target in self.targets:
            batches = self.in_force(target)
            files = [name for batch in batches for name in self.names(batch)]
            self.assertEqual(Counter(files), Counter(posted.mapped("name")))
            self.assertFalse(sum(batches.mapped("changed_count")))
            rows = [row for batch in batches for row in self.rows(batch)]
            lines = self.env["account.move.line"]._read_group(
                [("move_id", "in", posted.ids)],
                ["account_id"],
                ["debit:sum", "credit:sum"],
            )
            for account, debit, credit in lines:
                some = [row for row in rows if row[3] == account.code]
                self.assertAlmostEqual(sum(float(row[4]) for row in some), debit, 2)
                self.assertAlmostEqual(sum(float(row[5]) for row in some), credit, 2)
            self.assertAlmostEqual(
                sum(batches.mapped("debit")), sum(one[1] for one in lines), 2
            )
