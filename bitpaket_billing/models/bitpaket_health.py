"""Whether the billing is well: facts for health checks, metrics and alerts.

Counts and ages only, never who or how much; every figure is read from the database
when it is asked for, so that all workers and hosts tell the same. Each query looks at
what is unfinished, through an index, and is as quick after years as on the first day.
"""

from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

#: A cause of being unwell, by the age in seconds from which on it is one.
LIMITS = {
    "job_overdue": 2 * 3600,
    "close_backlog": 6 * 3600,
    "usage_not_rolled_up": 15 * 60,
    "fastspring_lag": 3600,
    "fastspring_no_answer": 6 * 3600,
}
#: The jobs that must run.
JOBS = {
    "close": "bitpaket_billing.ir_cron_close_periods",
    "roll_up": "bitpaket_billing.ir_cron_roll_up_usage",
    "fastspring": "bitpaket_billing.ir_cron_fastspring_events",
    "fastspring_fetch": "bitpaket_billing.ir_cron_fastspring_fetch",
    "send": "account.ir_cron_account_move_send",
    "mail": "mail.ir_cron_mail_scheduler_action",
}
UNFINISHED = ("open", "closed", "error")
UNSENT = ("waiting", "queued", "failed", "interrupted", "missing")
EVENTS = ("new", "error", "manual")
#: Rows are counted up to here.
MANY = 100_000


class BitpaketHealth(models.AbstractModel):
    _name = "bitpaket.health"
    _description = "Health of the Billing"

    @api.model
    def _facts(self):
        """Return the figures that tell how the billing is.

        :rtype: dict
        """
        env = self.sudo().env
        statements, oldest_due = self._count(
            SQL(
                """
                SELECT statement.state, COUNT(*),
                       MIN(statement.create_date) FILTER (
                            WHERE statement.state = 'closed'
                              AND statement.held IS NOT TRUE
                              AND run.state IN ('running', 'done'))
                  FROM bitpaket_statement statement
                  LEFT JOIN bitpaket_billing_run run ON run.id = statement.run_id
                 WHERE statement.state IN %s
                 GROUP BY statement.state
                """,
                UNFINISHED,
            ),
            UNFINISHED,
        )
        events, oldest_event = self._count(
            SQL(
                "SELECT state, COUNT(*),"
                "       MIN(received) FILTER (WHERE state IN ('new', 'error'))"
                "  FROM bitpaket_fastspring_event WHERE state IN %s GROUP BY state",
                EVENTS,
            ),
            EVENTS,
        )
        unsent, _none = self._count(
            SQL(
                "SELECT bitpaket_send_state, COUNT(*), NULL::timestamp"
                "  FROM account_move WHERE bitpaket_send_state <> 'sent' GROUP BY 1"
            ),
            UNSENT,
        )
        ((reopened, until, pending, reported),) = env.execute_query(
            SQL(
                """
                SELECT (SELECT COUNT(*) FROM bitpaket_statement WHERE reopened),
                       (SELECT period_end FROM bitpaket_statement
                         WHERE state IN ('rated', 'invoiced', 'sent')
                         ORDER BY period_end DESC LIMIT 1),
                       (SELECT COUNT(*) FROM
                          (SELECT FROM bitpaket_usage_pending LIMIT %s) pending),
                       (SELECT reported FROM bitpaket_usage_pending
                         ORDER BY id LIMIT 1)
                """,
                MANY,
            )
        )
        jobs = self._jobs()
        fastspring = self._fastspring()
        return {
            "closed_until": until and fields.Date.to_string(until),
            "close_ran_at": _text(jobs["close"]["ran_at"]),
            "statements": statements,
            "statements_reopened": reopened,
            "close_backlog_seconds": _age(oldest_due),
            "usage_pending": pending,
            "usage_pending_seconds": _age(reported),
            "fastspring_events": events,
            "fastspring_lag_seconds": _age(oldest_event),
            **fastspring,
            "invoices_unsent": unsent,
            "jobs_overdue_seconds": {
                name: job["overdue"] for name, job in jobs.items()
            },
        }

    @api.model
    def _count(self, query, states):
        """Return a count per state, and the oldest time among them."""
        counts, times = Counter(dict.fromkeys(states, 0)), []
        for state, count, oldest in self.sudo().env.execute_query(query):
            counts[state] = count
            times.append(oldest)
        return dict(counts), min(filter(None, times), default=None)

    @api.model
    def _jobs(self):
        """Return when each job ran, and by how many seconds it is overdue.

        :return: by name; a job that was switched off is overdue since it last ran
        :rtype: dict[str, dict]
        """
        result = {}
        for name, xmlid in JOBS.items():
            job = self.sudo().env.ref(xmlid, raise_if_not_found=False)
            if not job:
                continue
            due = job.nextcall if job.active else job.lastcall
            result[name] = {"ran_at": job.lastcall, "overdue": max(_age(due), 0)}
        return result

    @api.model
    def _fastspring(self):
        """Return how far behind FastSpring we are; of several stores, the worst.

        :return: Seconds since the last webhook, None when there was none; how long the
                 oldest event had waited at FastSpring when it was last asked; since
                 when it cannot be asked; how many events no webhook brought in a day.
        :rtype: dict
        """
        rows = self.sudo().env.execute_query(
            SQL(
                """
                SELECT (SELECT received FROM bitpaket_fastspring_event
                         WHERE provider_id = provider.id AND fetched IS NOT TRUE
                         ORDER BY received DESC LIMIT 1),
                       fastspring_fetched - fastspring_unprocessed_since,
                       fastspring_no_answer_since,
                       (SELECT COUNT(*) FROM bitpaket_fastspring_event
                         WHERE provider_id = provider.id AND fetched
                           AND received > now() AT TIME ZONE 'UTC' - INTERVAL '1 day')
                  FROM payment_provider provider
                 WHERE code = 'fastspring' AND state <> 'disabled'
                """
            )
        )
        hooks, waited, no_answers, missed = (
            zip(*rows, strict=True) if rows else [()] * 4
        )
        ages = [_age(moment) for moment in hooks if moment]
        return {
            "fastspring_webhook_seconds": max(ages, default=None),
            "fastspring_unprocessed_seconds": max(
                (int(time.total_seconds()) for time in waited if time), default=0
            ),
            "fastspring_no_answer_seconds": max(map(_age, no_answers), default=0),
            "fastspring_missed": sum(missed),
        }

    @api.model
    def _problems(self, facts):
        """Return why the billing is not well.

        :param dict facts: of `_facts`
        :return: names of `LIMITS`
        :rtype: list[str]
        """
        ages = {
            "job_overdue": max(facts["jobs_overdue_seconds"].values(), default=0),
            "close_backlog": facts["close_backlog_seconds"],
            "usage_not_rolled_up": facts["usage_pending_seconds"],
            "fastspring_lag": facts["fastspring_lag_seconds"],
            "fastspring_no_answer": facts["fastspring_no_answer_seconds"],
        }
        return [name for name, limit in LIMITS.items() if ages[name] > limit]

    @api.model
    def _warnings(self, facts):
        """Return what a person should look at, while the billing is well.

        :param dict facts: of `_facts`
        :rtype: list[str]
        """
        found = {
            "failed_statements": facts["statements"]["error"],
            "invoices_not_sent": facts["invoices_unsent"]["failed"]
            + facts["invoices_unsent"]["interrupted"],
            "fastspring_needs_a_person": facts["fastspring_events"]["manual"],
            "fastspring_webhooks_missed": facts["fastspring_missed"],
        }
        return [name for name, count in found.items() if count]


def _age(moment):
    """Return how many seconds ago a time is, 0 for none."""
    if not moment:
        return 0
    return int((fields.Datetime.now() - moment).total_seconds())


def _text(moment):
    return moment and f"{moment.isoformat(timespec='seconds')}Z" or None
