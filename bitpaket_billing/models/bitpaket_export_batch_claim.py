"""Which entries an export takes, and gives back: each at most once, by constraint."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    # === WHAT WAITS === #

    def _waiting_domain(self):
        """Return which entries this export takes, as long as it has taken none.

        :rtype: Domain
        """
        self.ensure_one()
        if not self.supersedes_id:
            return self.target_id._waiting_domain(self.date_end)
        items = self.env["bitpaket.export.item"]._search(
            [("batch_id", "=", self.supersedes_id.id), ("superseded", "=", False)]
        )
        posted = Domain("state", "=", "posted")
        return posted & Domain("id", "in", items.subselect("move_id"))

    def _count_waiting(self):
        return self.env["account.move"].sudo().search_count(self._waiting_domain())

    def _moves_query(self):
        """Return the query of the ids of the entries that it has, or would take.

        :rtype: SQL
        """
        if self.state == "draft":
            return (
                self.env["account.move"].sudo()._search(self._waiting_domain()).select()
            )
        return SQL(
            "SELECT move_id FROM bitpaket_export_item"
            " WHERE batch_id = %s AND NOT superseded AND move_id IS NOT NULL",
            self.id,
        )

    def _move_ids(self):
        """Return the ids of these entries in the order of the files.

        :rtype: list[int]
        """
        self.env.cr.execute(
            SQL(
                "SELECT id FROM account_move WHERE id IN (%s) ORDER BY date, name, id",
                self._moves_query(),
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    # === TAKING AND GIVING BACK === #

    def _claim(self):
        """Take the entries that wait, so that no other export takes them.

        Of two exports that do this at once, one is told to look again.

        :raise UserError: when there are none
        """
        self.ensure_one()
        self.target_id._lock()
        query = self._moves_query()
        if self.supersedes_id:
            ids = self._move_ids()
            self._set_superseded(self.supersedes_id, True)
            query = SQL("SELECT unnest(%s::int[])", ids)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO bitpaket_export_item
                       (batch_id, target_id, company_id, move_id, move_name, date,
                        late, changed, superseded)
                SELECT %(batch)s, %(target)s, %(company)s, id, name, date,
                       date < %(start)s, false, false
                  FROM account_move
                 WHERE id IN (%(query)s)
                ON CONFLICT (target_id, move_id) WHERE NOT superseded DO NOTHING
                """,
                batch=self.id,
                target=self.target_id.id,
                company=self.company_id.id,
                start=self.date_start,
                query=query,
            )
        )
        if not self.env.cr.rowcount:
            raise UserError(
                self.env._("There is nothing to export: no posted entry waits.")
            )
        self.write(
            {
                "state": "running",
                "checking": False,
                "generated_at": fields.Datetime.now(),
                "done_count": 0,
            }
        )
        self._count_items()
        self._forget_items()

    def _count_items(self):
        groups = self.env["bitpaket.export.item"]._read_group(
            [("batch_id", "=", self.id), ("superseded", "=", False)],
            ["late"],
            ["__count"],
        )
        counts = {late: count for late, count in groups}
        self.entry_count = sum(counts.values())
        self.late_count = counts.get(True, 0)

    def _release(self):
        """Give the entries back, to be exported again."""
        self._set_superseded(self, True)

    def _undo_claim(self):
        """Be a draft again that has taken nothing."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM bitpaket_export_item WHERE batch_id = %s"
                " RETURNING move_id",
                self.id,
            )
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        if self.supersedes_id:
            self._set_superseded(self.supersedes_id, False, ids)
        self.write({"state": "draft", "generated_at": False, "done_count": 0})
        self._forget_items()

    def _set_superseded(self, batch, superseded, move_ids=None):
        some = SQL() if move_ids is None else SQL("AND move_id = ANY(%s)", move_ids)
        self.env.cr.execute(
            SQL(
                "UPDATE bitpaket_export_item SET superseded = %s"
                " WHERE batch_id = %s AND superseded != %s %s",
                superseded,
                batch.id,
                superseded,
                some,
            )
        )
        self._forget_items()

    def _forget_items(self):
        """Read again what was changed by SQL."""
        self.env["bitpaket.export.item"].invalidate_model()
        self.invalidate_model(["item_ids", "changed_count"])
