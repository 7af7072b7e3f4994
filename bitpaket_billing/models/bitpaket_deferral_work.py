"""Deferred revenue is recognised, month by month."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import rating
from ..tools import do_all_that_can, exact

_logger = logging.getLogger(__name__)

#: How many deferrals one journal entry recognises at most.
BATCH_SIZE = 500


class BitpaketDeferral(models.Model):
    _inherit = "bitpaket.deferral"

    @api.model
    def _cron_recognise(self, batch_size=BATCH_SIZE):
        """Recognise the revenue of all months that are over, the oldest first."""
        self = self._machine()
        failed = set()
        while batch := self._claim_due(failed, batch_size):
            do_all_that_can(
                batch,
                lambda deferrals: deferrals._recognise(),
                lambda deferral, error: failed.add(deferral._register_failure(error)),
            )
            left = self._count_due(failed)
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                return

    @api.model
    def _due_condition(self, without):
        self.flush_model(["state", "next_month"])
        return SQL(
            "state = 'running' AND next_month < %s AND NOT id = ANY(%s)",
            fields.Date.today().replace(day=1),
            list(without),
        )

    @api.model
    def _count_due(self, without=()):
        query = SQL(
            "SELECT COUNT(*) FROM bitpaket_deferral WHERE %s",
            self._due_condition(without),
        )
        return self.env.execute_query(query)[0][0]

    @api.model
    def _claim_due(self, without, limit):
        """Lock and return deferrals of the oldest month; other workers get others."""
        due = self._due_condition(without)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM bitpaket_deferral
                 WHERE %s
                   AND next_month = (SELECT MIN(next_month) FROM bitpaket_deferral
                                      WHERE %s)
                 ORDER BY company_id, journal_id, id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                due,
                due,
                limit,
            )
        )
        return self.browse(row[0] for row in rows)

    def _recognise(self):
        """Recognise the next month of each: one entry per month, company and journal.

        It is dated on the month's last day.
        """
        movements = []
        for month, deferrals in self.grouped("next_month").items():
            end = rating.calendar_month(month).end
            group = (end - timedelta(days=1), self.env["account.move"])
            movements += [
                (
                    group,
                    deferral.with_company(deferral.company_id),
                    {"kind": "release", "month": month, **deferral._earned_by(end)},
                )
                for deferral in deferrals
            ]
            over = deferrals.filtered(lambda one, end=end: one.date_end <= end)
            over.write({"state": "done", "next_month": False, "problem": False})
            (deferrals - over).write({"next_month": end, "problem": False})
        self.env["bitpaket.deferral.entry"]._book(movements)

    def _earned_by(self, until):
        """Return what moves from deferred to earned, to be right before a day."""
        period = self._period()
        return {
            name: float(
                exact(self[name])
                - rating.earned(
                    exact(self[name]), period, until, currency.decimal_places
                )
                - exact(self[f"{name}_left"])
            )
            for name, currency in (
                ("amount", self.currency_id),
                ("balance", self.company_currency_id),
            )
        }

    def _register_failure(self, error):
        """Keep in words why a month was not recognised; return the id."""
        if isinstance(error, UserError):
            self.problem = str(error)
            _logger.warning("Deferred revenue %s: %s", self.name, error)
        else:
            self.problem = self.env._(
                "Something unexpected went wrong (%s). The server's log has the "
                "details.",
                f"{type(error).__name__}: {error}",
            )
            _logger.error("Deferred revenue %s", self.name, exc_info=error)
        return self.id
