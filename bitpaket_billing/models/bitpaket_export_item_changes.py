"""Which exported entries are not what was exported any more."""

from odoo import api, models
from odoo.tools import SQL

from .. import bookkeeping


class BitpaketExportItem(models.Model):
    _inherit = "bitpaket.export.item"

    @api.model
    def _compare_all(self):
        """Compare the entries that were written since they were compared last."""
        self._compare(SQL("true"))

    @api.model
    def action_changed(self):
        """Compare, and open the entries that are not what was exported."""
        self.check_access("read")
        self.sudo()._compare_all()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.bitpaket_export_changed_action"
        )

    @api.model
    def _compare_moves(self, moves):
        """Compare these entries now."""
        self._compare(SQL("item.move_id IN %s", tuple(moves.ids)), moves=True)

    @api.model
    def _compare(self, condition, moves=False):
        """Note on exported entries whether they are what was exported.

        :param SQL condition: which of them
        :param bool moves: also of those that were not written since
        """
        self.env.flush_all()
        # A writer may have begun before an export and committed after it.
        since = (
            SQL("true")
            if moves
            else SQL(
                """
            (move.write_date > item.seen - interval '1 hour' OR EXISTS (
               SELECT FROM account_move_line line
                WHERE line.move_id = move.id
                  AND line.write_date > item.seen - interval '1 hour'
            ))
            """
            )
        )
        self.env.cr.execute(
            SQL(
                """
                SELECT item.target_id, ARRAY_AGG(item.move_id ORDER BY item.move_id)
                  FROM bitpaket_export_item item
                  JOIN account_move move ON move.id = item.move_id
                 WHERE NOT item.superseded AND item.fingerprint IS NOT NULL
                   AND %s AND %s
                 GROUP BY item.target_id
                """,
                condition,
                since,
            )
        )
        for target_id, move_ids in self.env.cr.fetchall():
            self._compare_at(
                self.env["bitpaket.export.target"].browse(target_id), move_ids
            )
        self.invalidate_model(["changed", "seen"])
        self.env["bitpaket.export.batch"].invalidate_model(["changed_count"])
        self.env["account.move"].invalidate_model(["bitpaket_export_changed"])

    @api.model
    def _compare_at(self, target, move_ids):
        now = [
            (entry.id, state == "posted" and bookkeeping.fingerprint(entry) or "")
            for state, entry in target._read_entries(move_ids)
        ]
        self.env.cr.execute(
            SQL(
                """
                UPDATE bitpaket_export_item item
                   SET changed = item.fingerprint != told.fingerprint,
                       seen = now() AT TIME ZONE 'UTC'
                  FROM unnest(%s::int[], %s::text[]) told(move_id, fingerprint)
                 WHERE item.target_id = %s AND item.move_id = told.move_id
                   AND NOT item.superseded
                """,
                [move_id for move_id, _print in now],
                [one for _id, one in now],
                target.id,
            )
        )
