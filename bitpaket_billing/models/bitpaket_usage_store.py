import itertools
import logging
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from io import StringIO

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from .. import intake, rating

_logger = logging.getLogger(__name__)

#: More digits than the sum of a batch of the largest accepted quantities has.
EXACT_DIGITS = 60
EVENT_COLUMNS = ("source", "external_id", "account_id", "meter_id", "time", "quantity")


class BitpaketUsageStore(models.AbstractModel):
    """The narrow interface behind which raw usage lives.

    Everything that reads or writes raw events goes through these methods, so that an
    operator who outgrows PostgreSQL can keep the events elsewhere.
    """

    _name = "bitpaket.usage.store"
    _description = "Usage Store"

    # --- reporting

    @api.model
    def _report(self, rows):
        """Check reported rows and store the good ones, as the user who reports them.

        :param list rows: parsed JSON values, see `intake.read_body`
        :return: how many rows were new, how many were known, and the refused ones
        :rtype: dict
        """
        good, indexes, duplicates, rejected = intake.check_rows(
            rows, self._catalogue(intake.references(rows))
        )
        store = self.sudo()
        same, other = store._append(list(good.values())) if good else ((), ())
        rejected += [intake.conflict(indexes[key], key) for key in other]
        accepted = len(good) - len(same) - len(other)
        _logger.info(
            "Usage of %s rows: %s accepted, %s duplicates, %s rejected.",
            len(rows),
            accepted,
            duplicates + len(same),
            len(rejected),
        )
        return {
            "accepted": accepted,
            "duplicates": duplicates + len(same),
            "rejected": [row._asdict() for row in sorted(rejected)],
        }

    @api.model
    def _catalogue(self, references):
        """Load what the rows are checked against: what this reporter may name."""
        accounts = self.env["bitpaket.account"].with_context(active_test=False)
        meters = self.env["bitpaket.meter"]
        return intake.Catalogue(
            accounts={
                account["reference"]: (
                    account["id"],
                    account["date_start"],
                    account["date_end"] or None,
                )
                for account in accounts.search_read(
                    [("reference", "in", references)],
                    ["reference", "date_start", "date_end"],
                )
            },
            meters={
                meter["code"]: (meter["id"], meter["allow_negative"])
                for meter in meters.search_read([], ["code", "allow_negative"])
            },
            now=datetime.now(timezone.utc),
        )

    # --- the narrow interface

    @api.model
    def _append(self, rows):
        """Store reported usage, each event at most once.

        :param list rows: `intake.UsageRow`, with no key twice
        :return: the keys that were stored before: with the same content, and with
            another
        :rtype: tuple(set, set)
        """
        rows = sorted(rows, key=lambda row: row.key)  # the same order for everyone
        try:
            with self.env.cr.savepoint(flush=False):
                self._copy_events(rows)
        except psycopg2.errors.UniqueViolation:
            fresh = self._insert_new_events(rows)
            same, other = self._compare_with_stored(
                [row for row in rows if row.key not in fresh]
            )
            rows = [row for row in rows if row.key in fresh]
        else:
            same, other = set(), set()
        self._append_pending(rows)
        return same, other

    @api.model
    def _roll_up(self, limit=50_000):
        """Fold pending usage into the daily rows; its cost follows new usage only.

        :param int limit: rows to fold in this call
        :return: how many were folded
        :rtype: int
        """
        self.env.cr.execute(
            """
            WITH moved AS (
                DELETE FROM bitpaket_usage_pending
                 WHERE id IN (SELECT id FROM bitpaket_usage_pending
                               ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
                RETURNING account_id, meter_id, day, quantity
            ), folded AS (
                INSERT INTO bitpaket_usage_daily AS daily
                       (account_id, meter_id, day, quantity, updated)
                SELECT account_id, meter_id, day, SUM(quantity),
                       now() AT TIME ZONE 'UTC'
                  FROM moved
                 GROUP BY account_id, meter_id, day
                 ORDER BY account_id, meter_id, day
                ON CONFLICT (account_id, meter_id, day) DO UPDATE
                   SET quantity = daily.quantity + EXCLUDED.quantity,
                       updated = EXCLUDED.updated
            )
            SELECT COUNT(*) FROM moved
            """,
            [limit],
        )
        self.env["bitpaket.usage.daily"].invalidate_model()
        return self.env.cr.fetchone()[0]

    @api.model
    def _daily_usage(self, account_ids, start, end):
        """Return the usage of accounts per meter and day, to the last event.

        :param list account_ids: ids of billing accounts
        :param date start: first day
        :param date end: day after the last one
        :return: daily usage in base units, by account id
        :rtype: dict[int, list[rating.DailyUsage]]
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT usage.account_id, meter.code, usage.day,
                       SUM(usage.quantity)::text
                  FROM (
                        SELECT account_id, meter_id, day, quantity
                          FROM bitpaket_usage_daily
                         WHERE account_id = ANY(%(accounts)s)
                           AND day >= %(start)s AND day < %(end)s
                         UNION ALL
                        SELECT account_id, meter_id, day, quantity
                          FROM bitpaket_usage_pending
                         WHERE account_id = ANY(%(accounts)s)
                           AND day >= %(start)s AND day < %(end)s
                       ) usage
                  JOIN bitpaket_meter meter ON meter.id = usage.meter_id
                 GROUP BY usage.account_id, meter.code, usage.day
                """,
                accounts=list(account_ids),
                start=start,
                end=end,
            )
        )
        result = defaultdict(list)
        for account_id, code, day, quantity in self.env.cr.fetchall():
            result[account_id].append(
                rating.DailyUsage(meter=code, day=day, quantity=Decimal(quantity))
            )
        return result

    @api.model
    def _touched_statements(self, account_ids, before):
        """Return billed statements whose usage changed after they were billed.

        May return some whose usage did not change after all; never misses one.

        :param list account_ids: ids of billing accounts
        :param date before: only statements of periods before this day
        """
        self.env.cr.execute(
            SQL(
                """
                WITH latest AS (
                    SELECT account_id, MAX(usage_seen_at) AS seen
                      FROM bitpaket_statement
                     WHERE account_id = ANY(%(accounts)s) AND period_end = %(before)s
                     GROUP BY account_id
                ), touched AS (
                    SELECT daily.account_id, daily.day, daily.updated
                      FROM bitpaket_usage_daily daily
                      LEFT JOIN latest USING (account_id)
                     WHERE daily.account_id = ANY(%(accounts)s)
                       AND daily.day < %(before)s
                       AND daily.updated > COALESCE(latest.seen, '-infinity')
                     UNION ALL
                    SELECT account_id, day, 'infinity'
                      FROM bitpaket_usage_pending
                     WHERE account_id = ANY(%(accounts)s) AND day < %(before)s
                )
                SELECT DISTINCT statement.id
                  FROM touched
                  JOIN bitpaket_statement statement
                    ON statement.account_id = touched.account_id
                   AND touched.day >= statement.period_start
                   AND touched.day < statement.period_end
                   AND touched.updated > statement.usage_seen_at
                 WHERE statement.state IN ('rated', 'invoiced', 'sent')
                 ORDER BY statement.id
                """,
                accounts=list(account_ids),
                before=before,
            )
        )
        return self.env["bitpaket.statement"].browse(
            row[0] for row in self.env.cr.fetchall()
        )

    # --- how events are stored

    @api.model
    def _copy_events(self, rows):
        lines = [
            "\t".join(
                (
                    row.source.replace("\\", "\\\\"),
                    row.id.replace("\\", "\\\\"),
                    str(row.account_id),
                    str(row.meter_id),
                    row.time_text,
                    row.quantity_text,
                )
            )
            for row in rows
        ]
        self.env.cr.copy_from(
            StringIO("\n".join(lines)), "bitpaket_usage_event", columns=EVENT_COLUMNS
        )

    @api.model
    def _insert_new_events(self, rows):
        """Insert the rows that are not stored yet; return their keys."""
        fresh = self.env.cr.execute_values(
            """
            INSERT INTO bitpaket_usage_event
                   (source, external_id, account_id, meter_id, time, quantity)
            VALUES %s
            ON CONFLICT (source, external_id) DO NOTHING
            RETURNING source, external_id
            """,
            [
                (
                    row.source,
                    row.id,
                    row.account_id,
                    row.meter_id,
                    row.time_text,
                    row.quantity,
                )
                for row in rows
            ],
            template="(%s, %s, %s, %s, %s::timestamp, %s)",
            page_size=10_000,
            fetch=True,
        )
        return {tuple(key) for key in fresh}

    @api.model
    def _compare_with_stored(self, rows):
        """Split known rows into repetitions and contradictions of what is stored."""
        equal = self.env.cr.execute_values(
            """
            SELECT event.source, event.external_id
              FROM (VALUES %s)
                   AS sent (source, external_id, account_id, meter_id, time, quantity)
              JOIN bitpaket_usage_event event
             USING (source, external_id, account_id, meter_id, time, quantity)
            """,
            [
                (
                    row.source,
                    row.id,
                    row.account_id,
                    row.meter_id,
                    row.time_text,
                    row.quantity,
                )
                for row in rows
            ],
            template="(%s, %s, %s, %s, %s::timestamp, %s)",
            page_size=10_000,
            fetch=True,
        )
        same = {tuple(key) for key in equal}
        return same, {row.key for row in rows} - same

    @api.model
    def _append_pending(self, rows):
        sums = defaultdict(Decimal)
        with localcontext() as context:
            context.prec = EXACT_DIGITS
            for row in rows:
                sums[row.account_id, row.meter_id, row.day] += row.quantity
        if sums:
            self.env.cr.execute_values(
                """
                INSERT INTO bitpaket_usage_pending (account_id, meter_id, day, quantity)
                VALUES %s
                """,
                [(*key, quantity) for key, quantity in sorted(sums.items())],
                page_size=10_000,
            )

    @api.model
    def _cron_roll_up(self):
        """Fold pending usage, in committed steps."""
        cron = self.env["ir.cron"]
        for _step in itertools.count():
            folded = self._roll_up()
            if not folded or not cron._commit_progress(folded):
                break
