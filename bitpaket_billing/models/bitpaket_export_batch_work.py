"""The scheduler's part of exports: what is large, and what comes by itself.

Driven by state alone: it may die at any point, and the next call goes on. The entries
of an export were taken before, so whatever happens none goes to a target twice.
"""

import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .bitpaket_export_batch_write import Superseded

_logger = logging.getLogger(__name__)

#: Somebody else changed one of these rows meanwhile: look again.
MEANWHILE = (
    psycopg2.extensions.TransactionRollbackError,
    psycopg2.errors.UniqueViolation,
)
#: So many times in a row somebody is quicker: something is wrong.
MAX_LOST = 20


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    @api.model
    def _cron_export(self):
        """Make the exports that are due, write those that wait, and deliver them."""
        time_left = self._repeat(self._open_scheduled)
        while time_left and self.search_count(self._work_domain(), limit=1):
            time_left = self._repeat(self._do_next)
        if time_left:
            self._repeat(self.env["bitpaket.export.item"]._compare_all)

    @api.model
    def _repeat(self, step):
        """Do a step and commit it; do it again when somebody else was quicker.

        :return: seconds that are left for more
        :rtype: float
        """
        for attempt in range(MAX_LOST):
            try:
                step()
                return self.env["ir.cron"]._commit_progress(
                    1, remaining=self.search_count(self._work_domain())
                )
            except MEANWHILE:
                self.env.cr.rollback()
                if attempt + 1 == MAX_LOST:
                    raise

    @api.model
    def _work_domain(self):
        """Return which exports the scheduler has something to do for.

        :rtype: Domain
        """
        now = fields.Datetime.now()
        looked_at = Domain("state", "=", "draft") & Domain("checking", "=", True)
        delivered = (
            Domain("state", "=", "generated")
            & Domain("target_id.delivery", "!=", "download")
            & (Domain("next_delivery", "=", False) | Domain("next_delivery", "<=", now))
        )
        return Domain("state", "=", "running") | looked_at | delivered

    @api.model
    def _do_next(self):
        """Look at, write or deliver the next export that waits for it."""
        batch = self.search(self._work_domain(), order="id", limit=1)
        try:
            if batch.state == "running":
                batch._write_files(batch._note_progress)
            elif batch.state == "draft":
                batch._look()
            else:
                batch._spoken()._deliver()
        except Superseded:
            self.env.cr.rollback()
        except (psycopg2.OperationalError, psycopg2.errors.UniqueViolation):
            raise
        except UserError as error:
            batch._fail(str(error))
        except Exception:
            _logger.exception("Export %s failed.", batch.name)
            batch._fail(
                batch._spoken().env._(
                    "Something went wrong here; the server's log tells what. No entry "
                    "is exported twice when you try again."
                )
            )
        if batch.state == "draft" and batch.error_count:
            batch._remind(
                batch._spoken().env._("Something has to be mended before the export.")
            )

    def _note_progress(self, done):
        """Show how far it is, and notice when somebody takes the export back."""
        self.env.cr.execute(
            "UPDATE bitpaket_export_batch SET done_count = %s"
            " WHERE id = %s AND state = 'running'",
            [done, self.id],
        )
        if not self.env.cr.rowcount:
            raise Superseded
        remaining = self.search_count(self._work_domain())
        self.env["ir.cron"]._commit_progress(remaining=remaining)

    def _fail(self, message):
        """Give up until a person tries again; the entries stay with this export.

        A delivery is tried again later; the files stay as they are.
        """
        self.env.cr.rollback()
        self.write({"checking": False, "message": message})
        if self.state == "running":
            self.state = "failed"
        elif self.state == "generated":
            self._put_off_delivery()
        self._remind(message)

    def _remind(self, note):
        """Ask who exports to look, once, however often it fails."""
        xmlid = "bitpaket_billing.activity_export"
        asked = self.activity_search([xmlid])
        if asked:
            asked.note = note
            return
        self.activity_schedule(
            xmlid,
            note=note,
            user_id=self._responsible().id,
        )

    def _responsible(self):
        person = self.user_id.filtered("active")
        return person or self.company_id._bitpaket_responsible()

    # === BY THEMSELVES === #

    @api.model
    def _open_scheduled(self):
        """Make the exports of the month that ended, once for each target.

        What has to be mended first is a draft, and one activity.
        """
        targets = self.env["bitpaket.export.target"].search(
            [("schedule", "=", "monthly")]
        )
        today = fields.Date.today()
        end = fields.Date.start_of(today, "month")
        for target in targets:
            if today.day < target.schedule_day or not target._waiting(end):
                continue
            made = self.search_count(
                [("target_id", "=", target.id), ("date_end", "=", end)]
                + [("scheduled", "=", True), ("state", "!=", "cancelled")]
            )
            if made:
                continue
            batch = self.create(
                {
                    "target_id": target.id,
                    "date_start": fields.Date.subtract(end, months=1),
                    "date_end": end,
                    "scheduled": True,
                }
            )
            batch._claim()
