"""The engine of billing runs: Odoo's scheduled jobs, which share the work by row locks.

Driven by state alone: a step may run twice, in several workers and on several hosts at
once, or die at any point; what is left is done by whoever looks next.
"""

import logging
import time

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

#: Statements per commit: whoever else posts in the journal waits no longer than that.
BATCH_SIZE = 200
#: So many times in a row no other worker is quicker: something is wrong.
MAX_LOST = 50
#: Another worker was quicker with one of these rows: look again.
QUICKER = (
    psycopg2.extensions.TransactionRollbackError,
    psycopg2.errors.UniqueViolation,
)


class BitpaketBillingRun(models.Model):
    _inherit = "bitpaket.billing.run"

    @api.model
    def _cron_work(self):
        """Open the runs that are due, and work on all that are open."""
        self._work(self._open_due)

    @api.model
    def _close(self, until=None, batch_size=BATCH_SIZE):
        """Close every period that has ended by `until`, as an operator's command.

        :param date until: first day that is not closed; default: the running month
        :param int batch_size: statements per commit, at most
        """
        while True:
            self._work(lambda: self._open_due("command", until), batch_size)
            if not self._count_left():
                return
            time.sleep(0.2)  # the rest is in other workers' hands

    @api.model
    def _work(self, begin, batch_size=BATCH_SIZE):
        """Do what there is to do, in committed batches, until nothing is left.

        :param callable begin: the first step, which opens the runs
        :param int batch_size: statements, or accounts of a preview, per commit, at
            most: the last ones are shared out among the workers in smaller batches
        """
        cron = self.env["ir.cron"]
        begun = False
        left = lost = 0
        while True:
            try:
                size = max(min(batch_size, left // 4), batch_size // 4, 1)
                handled = self._work_next(size) if begun else begin() or 0
                idle = begun and not handled
                left = self._count_left()
                self._finish()
                # What is left when nothing could be taken is in other workers' hands.
                time_left = cron._commit_progress(
                    handled, remaining=0 if idle else left
                )
            except QUICKER:
                self.env.cr.rollback()
                lost += 1
                if lost > MAX_LOST:
                    raise
                continue
            lost = 0
            if idle or not left or not time_left:
                return
            begun = True

    @api.model
    def _work_next(self, limit):
        """Take and do the next batch; return how many rows it had."""
        return self.env["bitpaket.statement"]._invoice_next(limit) or self.env[
            "bitpaket.billing.preview"
        ]._rate_next(limit)

    @api.model
    def _count_left(self):
        return (
            self.env["bitpaket.statement"]._count_due()
            + self.env["bitpaket.billing.preview"]._count_due()
        )

    # === OPENING === #

    @api.model
    def _open_due(self, source="cron", until=None):
        """Open a run for every month, and day of plans, that is due, and start it.

        Or preview it, where a run needs approval. What was missed is caught up, each
        in its own run.

        :param str source: who asks; the scheduler minds each company's settings
        :param date until: first day that is not closed; never after the running month
        """
        automatic = source == "cron"
        accounts = self.env["bitpaket.account"].with_context(active_test=False)
        for (company,) in accounts._read_group([], ["company_id"]):
            if automatic and not company.bitpaket_close_automatically:
                continue
            ready = company._bitpaket_closable_until(at_its_hour=automatic)
            due = self._due_runs(company, min(until or ready, ready))
            if due:
                self._open(company, due, source)
        self.env["bitpaket.statement"]._prepare_companies()

    @api.model
    def _open(self, company, due, source):
        runs = self.search(
            [
                ("company_id", "=", company.id),
                ("period_start", "in", [start for _scope, start in due]),
            ]
        ).filtered(lambda run: (run.scope, run.period_start) in due)
        known = {(run.scope, run.period_start) for run in runs}
        runs |= self.create(
            [
                {
                    "company_id": company.id,
                    "scope": scope,
                    "period_start": start,
                    "source": source,
                }
                for scope, start in due
                if (scope, start) not in known
            ]
        )
        for run in runs.sorted("period_end"):
            if run.state == "cancelled":
                continue
            if run.started or not company.bitpaket_close_approval:
                run._start()
            elif not run._preview_is_final():
                run._prepare_preview()

    @api.model
    def _due_runs(self, company, until):
        """Return the months, and days of plans, with accounts not billed yet.

        :return: scope and first day of each run
        :rtype: list[tuple]
        """
        query = SQL(
            "SELECT DISTINCT scope, run_start FROM (%s) due ORDER BY run_start, scope",
            self._due_accounts(company, until),
        )
        return self.env.execute_query(query)

    @api.model
    def _due_accounts(self, company, until):
        """Return the query of accounts and periods that have no statement yet.

        Days that an account pays as it goes are billed by calendar months, with all
        other accounts; those of a plan, and what a plan cuts short, on the day after.
        The same as `rating.Timeline` tells of one account.

        :return: account_id, partner_id, currency_id, scope and run_start of the run,
            period_start, period_end, is_next
        """
        self.env["bitpaket.plan.phase"].flush_model()
        return SQL(
            """
            SELECT account.id AS account_id, account.partner_id, account.currency_id,
                   run.scope, run.run_start, part.period_start, part.period_end,
                   part.period_start = COALESCE(billed.until, account.date_start)
                   AS is_next
              FROM bitpaket_account account
              LEFT JOIN LATERAL (
                    SELECT period_end AS until FROM bitpaket_statement
                     WHERE account_id = account.id AND kind = 'period'
                     ORDER BY period_start DESC LIMIT 1
                   ) billed ON true
              CROSS JOIN LATERAL (
                    SELECT NULL AS plan_id, account.date_start AS begins,
                           date_trunc('month', account.date_start)::date AS anchor,
                           (SELECT MIN(date_start) FROM bitpaket_plan_phase
                             WHERE account_id = account.id AND active) AS ends
                     UNION ALL
                    SELECT plan_id, date_start, anchor,
                           LEAD(date_start) OVER (ORDER BY date_start)
                      FROM bitpaket_plan_phase
                     WHERE account_id = account.id AND active
                   ) phase
              CROSS JOIN LATERAL generate_series(
                    GREATEST(0, %(first)s),
                    %(last)s
                   ) number
              CROSS JOIN LATERAL (
                    SELECT (anchor + make_interval(months => number))::date AS begins,
                           (anchor + make_interval(months => number + 1))::date AS ends
                   ) uncut
              CROSS JOIN LATERAL (
                    SELECT GREATEST(uncut.begins, phase.begins, billed.until)
                           AS period_start,
                           LEAST(uncut.ends, phase.ends, account.date_end)
                           AS period_end,
                           plan_id IS NULL
                           AND COALESCE(phase.ends >= uncut.ends, true) AS by_month
                   ) part
              CROSS JOIN LATERAL (
                    SELECT CASE WHEN by_month THEN 'month' ELSE 'day' END AS scope,
                           CASE WHEN by_month THEN uncut.begins ELSE period_end - 1
                           END AS run_start,
                           CASE WHEN by_month THEN uncut.ends ELSE period_end
                           END AS due
                   ) run
             WHERE account.company_id = %(company)s
               AND part.period_start < part.period_end
               AND run.due <= %(until)s
               AND NOT EXISTS (
                    SELECT FROM bitpaket_statement
                     WHERE account_id = account.id AND kind = 'period'
                       AND period_start = part.period_start
                   )
            """,
            company=company.id,
            until=until,
            first=SQL(
                "%s - 1", _months_between("GREATEST(billed.until, phase.begins)")
            ),
            last=_months_between("LEAST(phase.ends, %s::date)", until),
        )

    def _create_statements(self):
        """Create the statements of the run's accounts that have none yet.

        What was decided on the preview holds. An account that was not on it is held:
        nobody has approved its invoice. One period of an account follows the other:
        while an earlier one has no statement, a later one gets none.
        """
        self.ensure_one()
        self.env["bitpaket.billing.preview"].flush_model(["held", "reason"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO bitpaket_statement
                       (run_id, account_id, partner_id, company_id, currency_id,
                        period_start, period_end, state, attempts, amount_total,
                        held, reason, reason_user_id, kind,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(run)s, due.account_id, due.partner_id, %(company)s,
                       due.currency_id, due.period_start, due.period_end,
                       'closed', 0, 0,
                       COALESCE(preview.held, %(approved)s),
                       CASE WHEN %(approved)s AND preview.id IS NULL
                            THEN %(unseen)s ELSE preview.reason END,
                       preview.reason_user_id, 'period',
                       %(uid)s, now() AT TIME ZONE 'UTC',
                       %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (%(due)s) due
                  LEFT JOIN bitpaket_billing_preview preview
                    ON preview.run_id = %(run)s
                   AND preview.account_id = due.account_id
                 WHERE due.scope = %(scope)s AND due.run_start = %(start)s
                   AND due.is_next
                ON CONFLICT (account_id, period_start) WHERE kind = 'period' DO NOTHING
                """,
                run=self.id,
                company=self.company_id.id,
                scope=self.scope,
                start=self.period_start,
                approved=bool(
                    self.approver_id or self.company_id.bitpaket_close_approval
                ),
                unseen=self.env._("It was not in the preview that was approved."),
                due=self._due_accounts(self.company_id, self.period_end),
                uid=self.env.uid,
            )
        )
        self.env["bitpaket.statement"].invalidate_model()

    def _preview_is_final(self):
        """Return whether the preview was made after the period, or is being made."""
        return self.previewed and self.previewed >= fields.Datetime.to_datetime(
            self.period_end
        )

    # === FINISHING === #

    @api.model
    def _finish(self):
        """End what has nothing left to do: runs, and the previews of others."""
        running = self.search([("state", "=", "running")])
        busy = self.env["bitpaket.statement"]._read_group(
            [
                ("run_id", "in", running.ids),
                ("state", "=", "closed"),
                ("held", "=", False),
            ],
            ["run_id"],
        )
        for run in running - self._among(busy):
            run.write(
                {"state": "done", "finished": run.finished or fields.Datetime.now()}
            )
            _logger.info("Billing run %s of %s is done.", run.id, run.company_id.name)
        previewed = self.search([("state", "=", "preview"), ("previewed", "!=", False)])
        busy = self.env["bitpaket.billing.preview"]._read_group(
            [("run_id", "in", previewed.ids), ("state", "=", "todo")], ["run_id"]
        )
        for run in previewed - self._among(busy):
            run.state = "waiting"
            if run.company_id.bitpaket_close_approval and run.is_over:
                run._remind(
                    "approve", self.env._("The preview is ready to be approved.")
                )
        # Not all that were ever done: this is asked after every batch.
        mend = self.env.ref("bitpaket_billing.activity_mend")
        self.search(
            [
                ("state", "=", "done"),
                "|",
                ("statement_ids.state", "=", "error"),
                ("activity_ids.activity_type_id", "=", mend.id),
            ]
        )._remind_of_failures()

    def _remind_of_failures(self):
        """Keep one activity on each run as long as an account of it fails."""
        failed = self.env["bitpaket.statement"]._read_group(
            [("run_id", "in", self.ids), ("state", "=", "error")],
            ["run_id"],
            ["__count"],
        )
        for run, count in failed:
            run._remind("mend", self.env._("Accounts that need mending: %s", count))
        (self - self._among(failed)).activity_feedback(
            ["bitpaket_billing.activity_mend"]
        )

    def _among(self, groups):
        """Return the runs that groups of rows are of."""
        return self.browse(group[0].id for group in groups)


def _months_between(day, *arguments):
    """Return SQL that counts the months from an anchor's month to a day's."""
    return SQL(
        "((EXTRACT(YEAR FROM %(day)s) - EXTRACT(YEAR FROM anchor)) * 12"
        " + EXTRACT(MONTH FROM %(day)s) - EXTRACT(MONTH FROM anchor))::int",
        day=SQL(day, *arguments),
    )
