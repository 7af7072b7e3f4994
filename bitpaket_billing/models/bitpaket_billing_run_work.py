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
BATCH_SIZE = 100
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
        :param int batch_size: statements per commit
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
        :param int batch_size: statements, or accounts of a preview, per commit
        """
        cron = self.env["ir.cron"]
        begun = False
        lost = 0
        while True:
            try:
                handled = self._work_next(batch_size) if begun else begin() or 0
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
        """Open a run for every month that is due, and start or preview it.

        Missed months are caught up, each in its own run.

        :param str source: who asks; the scheduler minds each company's settings
        :param date until: first day that is not closed; never after the running month
        """
        automatic = source == "cron"
        accounts = self.env["bitpaket.account"].with_context(active_test=False)
        for (company,) in accounts._read_group([], ["company_id"]):
            if automatic and not company.bitpaket_close_automatically:
                continue
            ready = company._bitpaket_closable_until(at_its_hour=automatic)
            months = self._due_months(company, min(until or ready, ready))
            if months:
                self._open(company, months, source)
        self.env["bitpaket.statement"]._prepare_companies()

    @api.model
    def _open(self, company, months, source):
        runs = self.search(
            [("company_id", "=", company.id), ("period_start", "in", months)]
        )
        runs |= self.create(
            [
                {"company_id": company.id, "period_start": month, "source": source}
                for month in sorted(set(months) - set(runs.mapped("period_start")))
            ]
        )
        for run in runs.sorted("period_start"):
            if run.state == "cancelled":
                continue
            if run.started or not company.bitpaket_close_approval:
                run._start()
            elif not run._preview_is_final():
                run._prepare_preview()

    @api.model
    def _due_months(self, company, until):
        """Return the first days of the months in which accounts have no statement yet.

        :rtype: list[date]
        """
        query = SQL(
            "SELECT DISTINCT month FROM (%s) due ORDER BY month",
            self._due_accounts(company, until),
        )
        return [row[0] for row in self.env.execute_query(query)]

    @api.model
    def _due_accounts(self, company, until):
        """Return the query of accounts and months that have no statement yet.

        :return: account_id, partner_id, currency_id, month, period_start, period_end
        """
        return SQL(
            """
            SELECT account.id AS account_id, account.partner_id, account.currency_id,
                   month::date AS month, part.period_start,
                   LEAST((month + interval '1 month')::date, account.date_end)
                   AS period_end
              FROM bitpaket_account account
              LEFT JOIN LATERAL (
                    SELECT period_end AS end FROM bitpaket_statement
                     WHERE account_id = account.id
                     ORDER BY period_start DESC LIMIT 1
                   ) billed ON true
              CROSS JOIN LATERAL generate_series(
                    date_trunc('month', COALESCE(billed.end, account.date_start)),
                    %(until)s::date - interval '1 month', interval '1 month'
                   ) month
              CROSS JOIN LATERAL (
                    SELECT GREATEST(month::date, account.date_start) AS period_start
                   ) part
             WHERE account.company_id = %(company)s
               AND (account.date_end IS NULL OR account.date_end > month::date)
               AND NOT EXISTS (
                    SELECT FROM bitpaket_statement
                     WHERE account_id = account.id
                       AND period_start = part.period_start
                   )
            """,
            company=company.id,
            until=until,
        )

    def _create_statements(self):
        """Create the statements of the run's accounts that have none yet.

        What was decided on the preview holds. An account that was not on it is held:
        nobody has approved its invoice.
        """
        self.ensure_one()
        self.env["bitpaket.billing.preview"].flush_model(["held", "reason"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO bitpaket_statement
                       (run_id, account_id, partner_id, company_id, currency_id,
                        period_start, period_end, state, attempts, amount_total,
                        held, reason, reason_user_id,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(run)s, due.account_id, due.partner_id, %(company)s,
                       due.currency_id, due.period_start, due.period_end,
                       'closed', 0, 0,
                       COALESCE(preview.held, %(approved)s),
                       CASE WHEN %(approved)s AND preview.id IS NULL
                            THEN %(unseen)s ELSE preview.reason END,
                       preview.reason_user_id,
                       %(uid)s, now() AT TIME ZONE 'UTC',
                       %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (%(due)s) due
                  LEFT JOIN bitpaket_billing_preview preview
                    ON preview.run_id = %(run)s
                   AND preview.account_id = due.account_id
                 WHERE due.month = %(month)s
                ON CONFLICT (account_id, period_start) DO NOTHING
                """,
                run=self.id,
                company=self.company_id.id,
                month=self.period_start,
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
