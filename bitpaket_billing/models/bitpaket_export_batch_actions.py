"""What people do with exports."""

from odoo import models
from odoo.exceptions import UserError

#: Exports of up to so many entries are written while whoever asks for them waits.
DIRECT = 500


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    # === ACTION METHODS === #

    def action_check(self):
        """Look what would be exported, and what has to be mended before."""
        for batch in self._asked(("draft",)):
            if batch._count_waiting() > DIRECT:
                batch.write(
                    {"checking": True, "user_id": self.env.uid, "message": False}
                )
                batch._wake_cron()
            else:
                batch._look()

    def action_export(self):
        """Export what waits: now if it is little, else as soon as the scheduler can.

        :raise UserError: when there is nothing to export
        """
        for batch in self._asked(("draft", "failed")):
            if batch.state == "draft":
                batch._claim()
            batch.write({"user_id": self.env.uid, "state": "running", "message": False})
            if batch.entry_count > DIRECT:
                batch._wake_cron()
            else:
                batch._write_files()

    def action_confirm(self):
        """Say that the target has taken these entries over."""
        self._asked(("generated", "delivered")).state = "confirmed"

    def action_cancel(self):
        """Take an export back: its entries wait to be exported again."""
        batches = self._asked(("draft", "running", "failed", "generated", "delivered"))
        for batch in batches:
            if batch.state in ("running", "failed"):
                batch._undo_claim()
            batch._release()
            batch.write({"state": "cancelled", "checking": False})
            batch.activity_unlink(["bitpaket_billing.activity_export"])

    def action_supersede(self):
        """Ask why these entries are exported again."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Export again"),
            "res_model": "bitpaket.export.supersede",
            "view_mode": "form",
            "target": "new",
            "context": {"default_batch_id": self.id},
        }

    def _supersede(self, reason):
        """Prepare the export that takes the place of this one.

        :param str reason: why
        :return: the new export; the one that was prepared before, if there is one
        """
        self.ensure_one()
        batch = self._asked(("generated", "delivered", "confirmed"))
        prepared = self.superseded_by_ids.filtered(lambda one: one.state != "cancelled")
        if prepared:
            return prepared
        self.flush_model(["state"])
        new = batch.create(
            {
                "target_id": batch.target_id.id,
                "date_start": batch.date_start,
                "date_end": batch.date_end,
                "supersedes_id": batch.id,
                "reason": reason,
            }
        ).sudo(self.env.su)
        new.action_check()
        return new

    def action_open_items(self):
        """Open the exported entries."""
        return self._open_items(self.env._("Exported entries"))

    def action_open_changed(self):
        """Open the entries that are not what was exported any more."""
        return self._open_items(
            self.env._("Changed since export"), search_default_changed=1
        )

    def _open_items(self, name, **context):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "bitpaket_billing.bitpaket_export_item_action"
            ),
            "name": name,
            "domain": [("batch_id", "=", self.id)],
            "context": context,
        }

    def _asked(self, states):
        """Return these exports with full rights, once it is sure that one may ask.

        :param tuple states: the states in which this can be asked for
        :raise UserError: when one is in another state
        """
        self.check_access("write")
        labels = dict(self._fields["state"]._description_selection(self.env))
        for batch in self:
            if batch.state not in states:
                raise UserError(
                    self.env._(
                        "%(number)s is “%(state)s”: this cannot be done any more.",
                        number=batch.name,
                        state=labels[batch.state],
                    )
                )
        return self.sudo()

    def _wake_cron(self):
        self.env.ref("bitpaket_billing.ir_cron_export").sudo()._trigger()
