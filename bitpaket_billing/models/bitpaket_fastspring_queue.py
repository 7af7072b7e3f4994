import contextlib

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..fastspring.events import parse_event, subjects


class BitpaketFastspringEvent(models.Model):
    """Who processes which event when, among workers on several hosts."""

    _inherit = "bitpaket.fastspring.event"

    # Asked once per event and by every health check: the due ones, the oldest first.
    _due_index = models.Index("(id) WHERE state IN ('new', 'error')")

    @api.model
    def _wake_job(self):
        """Have the job run now; of many events that come at once, one wakes it.

        Should it have begun just now, it finds what it missed within its minute.
        """
        cron_sudo = self.env.ref("bitpaket_billing.ir_cron_fastspring_events").sudo()
        waking = SQL(
            "SELECT FROM ir_cron_trigger WHERE cron_id = %s AND call_at <= %s LIMIT 1",
            cron_sudo.id,
            fields.Datetime.now(),
        )
        if not self.env.execute_query(waking):
            cron_sudo._trigger()

    @api.model
    def _cron_process(self):
        """Process every event that is due, each in a transaction of its own."""
        cron = self.env["ir.cron"]
        if not cron._commit_progress(remaining=self._count_due()):
            return
        busy = []
        while event := self._next_due(busy):
            try:
                with event._holding_subjects() as held:
                    done = held and event._claim_due()
                    if done:
                        event._process_safely()
                        # Before the next worker may look at what this is about.
                        time_left = cron._commit_progress(1)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody changed the same rows meanwhile: look again.
                self.env.cr.rollback()
                self.env.invalidate_all()
                continue
            if not held:
                # The worker that has them goes on until nothing is due.
                busy.append(event.id)
            if done and not time_left:
                return

    @api.model
    def _due_condition(self):
        return SQL(
            "(state = 'new' OR (state = 'error' AND next_retry <= %s))",
            fields.Datetime.now(),
        )

    @api.model
    def _count_due(self):
        query = SQL(
            "SELECT COUNT(*) FROM bitpaket_fastspring_event WHERE %s",
            self._due_condition(),
        )
        return self.env.execute_query(query)[0][0]

    @api.model
    def _next_due(self, busy=()):
        """Return the oldest due event.

        :param busy: Ids of events that other workers see to.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM bitpaket_fastspring_event
                 WHERE %s AND id <> ALL(%s)
                 ORDER BY id LIMIT 1
                """,
                self._due_condition(),
                list(busy),
            )
        )
        return self.browse(row[0] for row in rows)

    def _claim_due(self):
        """Lock the event; return whether it is due still."""
        self.ensure_one()
        return bool(
            self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM bitpaket_fastspring_event WHERE id = %s AND %s
                       FOR NO KEY UPDATE
                    """,
                    self.id,
                    self._due_condition(),
                )
            )
        )

    @contextlib.contextmanager
    def _holding_subjects(self):
        """Keep other workers from the orders that the event is about.

        The locks are the connection's and not the transaction's, for a new transaction
        has to begin with them: only that one sees what the last worker did.

        :return: Whether nobody else had them.
        """
        self.ensure_one()
        about = subjects(parse_event(self.payload)) | {self.event_id}
        keys = [f"{self._name}/{self.provider_id.id}/{subject}" for subject in about]
        held = []
        try:
            for key in keys:
                if not self._lock("pg_try_advisory_lock", key):
                    break
                held.append(key)
            self.env.cr.rollback()
            self.env.invalidate_all()
            yield len(held) == len(keys)
        except BaseException:
            self.env.cr.rollback()
            raise
        finally:
            for key in held:
                self._lock("pg_advisory_unlock", key)

    @api.model
    def _lock(self, function, key):
        query = SQL("SELECT %s(hashtextextended(%s, 0))", SQL.identifier(function), key)
        return self.env.execute_query(query)[0][0]
