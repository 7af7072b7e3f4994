import logging
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from io import StringIO

import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .. import intake, rating

_logger = logging.getLogger(__name__)

EVENT_COLUMNS = (
    "source",
    "external_id",
    "revision",
    "account_id",
    "meter_id",
    "time",
    "quantity",
)
#: Columns that only few meters need.
MORE_COLUMNS = ("value", "since")
PAGE = 10_000


def _copied(text):
    """Return a text as PostgreSQL's COPY reads it; control characters never come."""
    return "\\N" if text is None else text.replace("\\", "\\\\")


class BitpaketUsageStore(models.AbstractModel):
    """The narrow interface behind which raw usage lives.

    Everything that reads or writes raw events goes through a few methods, so that an
    operator who outgrows PostgreSQL can keep the events elsewhere: `_append` and
    `_transactions`, and of the days that events make, `_roll_up`, `_daily_usage` and
    `_touched_statements`.
    """

    _name = "bitpaket.usage.store"
    _description = "Usage Store"

    # --- reporting

    @api.model
    def _report(self, rows, backfill=False):
        """Check reported rows and store the good ones, as the user who reports them.

        :param list rows: parsed JSON values, see `intake.read_body`
        :param bool backfill: accept usage that is older than the company's limit
        :return: how many rows were new, how many were known, the refused ones, and
            those that wait for their account or meter
        :rtype: dict
        :raise AccessError: a backfill by someone who is no billing manager
        """
        manager = "bitpaket_billing.group_billing_manager"
        if backfill and not self.env.user.has_group(manager):
            raise AccessError(self.env._("Only billing managers import a backfill."))
        catalogue = self._catalogue(intake.references(rows), backfill)
        accepted, checked = self._take(rows, catalogue)
        quarantine = self.env["bitpaket.usage.quarantine"].sudo()
        waiting = quarantine._keep(checked, rows)
        answer = {
            "accepted": accepted,
            "duplicates": checked.duplicates,
            "rejected": [row._asdict() for row in sorted(checked.rejected)],
            "quarantined": [row._asdict() for row in sorted(waiting)],
        }
        _logger.info(
            "Usage of %s rows: %s accepted, %s duplicates, %s rejected, %s waiting.",
            len(rows),
            accepted,
            checked.duplicates,
            len(checked.rejected),
            len(waiting),
        )
        return answer

    @api.model
    def _take(self, rows, catalogue):
        """Check rows and store the good ones.

        :return: how many were new or newer than what was stored, and what became of
            the others
        :rtype: tuple(int, intake.Checked)
        """
        checked = intake.check_rows(rows, catalogue)
        good = checked.good
        same, refused = self.sudo()._append(list(good.rows.values()))
        checked.duplicates += len(same)
        checked.rejected += [
            intake.refusal(code, good.indexes[key], key)
            for key, code in refused.items()
        ]
        return len(good.rows) - len(same) - len(refused), checked

    @api.model
    def _catalogue(self, references, backfill=False):
        """Load what the rows are checked against: what this reporter may name.

        :param list references: of accounts
        :param bool backfill: whether the age of usage does not matter
        :rtype: intake.Catalogue
        """
        accounts = self.env["bitpaket.account"].with_context(active_test=False)
        companies = self.env.companies.sudo()
        oldest = {
            company.id: company._bitpaket_oldest_usage(backfill)
            for company in companies
        }
        return intake.Catalogue(
            accounts={
                account.reference: intake.Account(
                    account.id,
                    account.date_start,
                    account.date_end or None,
                    oldest[account.company_id.id],
                )
                for account in accounts.search_fetch(
                    [
                        ("reference", "in", references),
                        ("company_id", "in", companies.ids),
                    ],
                    ["reference", "date_start", "date_end", "company_id"],
                )
            },
            meters={
                meter.code: intake.Meter(
                    meter.id, meter.aggregation, meter.allow_negative
                )
                for meter in self.env["bitpaket.meter"].search_fetch(
                    [], ["code", "aggregation", "allow_negative"]
                )
            },
            now=datetime.now(timezone.utc),
            oldest=oldest[self.env.company.id],
        )

    # --- the events

    @api.model
    def _append(self, rows):
        """Store reported usage, each event once, in its newest revision.

        A newer revision replaces only an event of the own companies.

        :param list rows: `intake.UsageRow`, with no key twice
        :return: the keys that were stored before, in the same or a newer revision; and
            by key the code of why a row contradicts what is stored
        :rtype: tuple(set, dict)
        """
        if not rows:
            return set(), {}
        rows = sorted(rows, key=lambda row: row.key)  # the same order for everyone
        try:
            with self.env.cr.savepoint(flush=False):
                self._copy_events(rows)
        except psycopg2.errors.UniqueViolation:
            fresh = self._insert_new_events(rows)
            known = [row for row in rows if row.key not in fresh]
            verdicts = self._compare_with_stored(known) if known else {}
            newer = [row for row in known if verdicts[row.key] == "newer"]
            self._append_pending([row for row in rows if row.key in fresh] + newer)
            self._append_pending(self._replace_events(newer), taken_away=True)
            same = {key for key, verdict in verdicts.items() if verdict == "same"}
            return same, {
                key: verdict
                for key, verdict in verdicts.items()
                if verdict not in ("same", "newer")
            }
        self._append_pending(rows)
        return set(), {}

    @api.model
    def _transactions(self, account_ids, start, end, meter_ids):
        """Return every single event of meters, for prices with terms per event.

        :param list account_ids: ids of billing accounts
        :param date start: first day
        :param date end: day after the last one
        :param list meter_ids: ids of meters
        :return: in order of time, by account id
        :rtype: dict[int, list[rating.Transaction]]
        """
        meters = self.env["bitpaket.meter"].sudo().browse(meter_ids)
        codes = {meter.id: meter.code for meter in meters}
        self.env.cr.execute(
            """
            SELECT account_id, meter_id, time::date, quantity::text
              FROM bitpaket_usage_event
             WHERE account_id = ANY(%s) AND meter_id = ANY(%s)
               AND time >= %s AND time < %s
             ORDER BY time, source COLLATE "C", external_id COLLATE "C"
            """,
            [list(account_ids), list(codes), start, end],
        )
        result = defaultdict(list)
        for account_id, meter_id, day, quantity in self.env.cr.fetchall():
            result[account_id].append(
                rating.Transaction(codes[meter_id], day, Decimal(quantity))
            )
        return result

    # --- how long events are kept

    @api.autovacuum
    def _gc_events(self, limit=50_000):
        """Remove single events that are older than they must be kept.

        Their days stay. Those of a period that is not billed yet wait, and so do days
        whose usage is not rolled up.

        :return: how many were removed, and whether there may be more
        :rtype: tuple(int, bool)
        """
        removed = 0
        companies = self.env["res.company"].sudo()
        for company in companies.search([("bitpaket_usage_retention_months", ">", 0)]):
            before = company._bitpaket_purge_before()
            purged = company.bitpaket_purged_before
            company.bitpaket_purged_before = max(before, purged or before)
            removed += self._remove_events(company, before, limit - removed)
        return removed, removed >= limit

    @api.model
    def _remove_events(self, company, before, limit):
        """Remove events of billed and rolled up days; return how many."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM bitpaket_usage_event
                 WHERE id IN (
                        SELECT event.id
                          FROM bitpaket_account account
                          JOIN bitpaket_usage_event event
                            ON event.account_id = account.id
                         CROSS JOIN LATERAL (
                                SELECT MAX(period_end) AS until,
                                       MIN(period_start) FILTER (
                                            WHERE state NOT IN ('rated', 'invoiced',
                                                                'sent')) AS unbilled
                                  FROM bitpaket_statement
                                 WHERE account_id = account.id AND kind = 'period'
                               ) billed
                         WHERE account.company_id = %(company)s
                           AND event.time < %(before)s
                           AND event.time < COALESCE(billed.unbilled, billed.until)
                           AND NOT EXISTS (
                                SELECT FROM bitpaket_usage_pending pending
                                 WHERE pending.account_id = event.account_id
                                   AND pending.meter_id = event.meter_id
                                   AND pending.day = event.time::date)
                         LIMIT %(limit)s)
                """,
                company=company.id,
                before=before,
                limit=limit,
            )
        )
        self.env["bitpaket.usage.event"].invalidate_model()
        return self.env.cr.rowcount

    # --- how events are stored

    @api.model
    def _copy_events(self, rows):
        columns = EVENT_COLUMNS
        lines = [
            "\t".join(
                (
                    _copied(row.source),
                    _copied(row.id),
                    str(row.revision),
                    str(row.account_id),
                    str(row.meter_id),
                    row.time_text,
                    row.quantity_text,
                )
            )
            for row in rows
        ]
        if any(row.value or row.since_text for row in rows):
            columns += MORE_COLUMNS
            lines = [
                "\t".join(
                    (
                        line,
                        _copied(row.value),
                        _copied(row.since_text),
                    )
                )
                for line, row in zip(lines, rows, strict=True)
            ]
        self.env.cr.copy_from(
            StringIO("\n".join(lines)), "bitpaket_usage_event", columns=columns
        )

    @api.model
    def _sent(self, rows):
        """Return rows as a table of SQL."""
        return SQL(
            """
            unnest(%s::varchar[], %s::varchar[], %s::int[], %s::int[], %s::int[],
                   %s::timestamp[], %s::numeric[], %s::varchar[], %s::timestamp[])
                AS sent (source, external_id, revision, account_id, meter_id, time,
                         quantity, value, since)
            """,
            [row.source for row in rows],
            [row.id for row in rows],
            [row.revision for row in rows],
            [row.account_id for row in rows],
            [row.meter_id for row in rows],
            [row.time_text for row in rows],
            [row.quantity for row in rows],
            [row.value for row in rows],
            [row.since_text for row in rows],
        )

    @api.model
    def _insert_new_events(self, rows):
        """Insert the rows whose event is not stored yet; return their keys."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO bitpaket_usage_event
                       (source, external_id, revision, account_id, meter_id, time,
                        quantity, value, since)
                SELECT * FROM %s
                ON CONFLICT (source, external_id) DO NOTHING
                RETURNING source, external_id
                """,
                self._sent(rows),
            )
        )
        return set(self.env.cr.fetchall())

    @api.model
    def _compare_with_stored(self, rows):
        """Tell what rows of known events are, compared with what is stored.

        :return: by key: same (or older), newer, conflict, or too_old to be corrected
        :rtype: dict
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT event.source, event.external_id,
                       CASE WHEN account.company_id <> ALL(%(companies)s)
                            THEN 'conflict'
                            WHEN sent.revision < event.revision
                            THEN 'same'
                            WHEN sent.revision > event.revision
                            THEN CASE WHEN event.time < company.bitpaket_purged_before
                                      THEN 'too_old' ELSE 'newer' END
                            WHEN (sent.account_id, sent.meter_id, sent.time,
                                  sent.quantity, sent.value, sent.since)
                                 IS NOT DISTINCT FROM
                                 (event.account_id, event.meter_id, event.time,
                                  event.quantity, event.value, event.since)
                            THEN 'same'
                            ELSE 'conflict' END
                  FROM %(sent)s
                  JOIN bitpaket_usage_event event USING (source, external_id)
                  JOIN bitpaket_account account ON account.id = event.account_id
                  JOIN res_company company ON company.id = account.company_id
                """,
                companies=self.env.companies.ids,
                sent=self._sent(rows),
            )
        )
        return {
            (source, external_id): verdict
            for source, external_id, verdict in self.env.cr.fetchall()
        }

    @api.model
    def _replace_events(self, rows):
        """Correct stored events, and keep on record what they said before.

        Whoever corrects the same event at the same time has to try again.

        :param list rows: newer revisions of stored events
        :return: what was replaced, as `intake.UsageRow`
        :rtype: list
        """
        if not rows:
            return []
        self.env.cr.execute(
            SQL(
                """
                WITH sent AS (
                    SELECT * FROM %s
                ), stored AS (
                    SELECT event.*
                      FROM bitpaket_usage_event event
                      JOIN sent USING (source, external_id)
                     ORDER BY event.source, event.external_id
                       FOR NO KEY UPDATE OF event
                ), kept AS (
                    INSERT INTO bitpaket_usage_replaced
                           (event_id, revision, account_id, meter_id, time, quantity,
                            value, since, replaced)
                    SELECT id, revision, account_id, meter_id, time, quantity, value,
                           since, now() AT TIME ZONE 'UTC'
                      FROM stored
                )
                UPDATE bitpaket_usage_event event
                   SET revision = sent.revision, account_id = sent.account_id,
                       meter_id = sent.meter_id, time = sent.time,
                       quantity = sent.quantity, value = sent.value, since = sent.since
                  FROM stored
                  JOIN sent USING (source, external_id)
                 WHERE event.id = stored.id
                RETURNING stored.source, stored.external_id, stored.revision,
                          stored.account_id, stored.meter_id, stored.time,
                          stored.quantity::text, stored.value, stored.since
                """,
                self._sent(rows),
            )
        )
        self.env["bitpaket.usage.event"].invalidate_model()
        return [
            intake.UsageRow(
                (source, external_id),
                revision,
                account_id,
                meter_id,
                str(time),
                time.date(),
                Decimal(quantity),
                value,
                since and str(since),
            )
            for (
                source,
                external_id,
                revision,
                account_id,
                meter_id,
                time,
                quantity,
                value,
                since,
            ) in self.env.cr.fetchall()
        ]

    @api.model
    def _append_pending(self, rows, taken_away=False):
        """Note what events add to their days, or what replaced ones take away."""
        days = defaultdict(list)
        for row in rows:
            days[row.account_id, row.meter_id, row.day].append(row)
        meters = self.env["bitpaket.meter"].sudo()
        meters = meters.browse({meter_id for _account, meter_id, _day in days})
        meters = {meter.id: meter for meter in meters}
        sign = -1 if taken_away else 1
        pending = []
        with localcontext(rating.WIDE):
            for key in sorted(days):
                meter = meters[key[1]]
                if meter.aggregation in rating.RECOMPUTED:
                    pending.append((*key, 0, 0, 0))
                    continue
                quantity, level = rating.add_up(
                    meter.aggregation, days[key], meter.minimum_days
                )
                events = len(days[key])
                pending.append((*key, sign * quantity, sign * events, sign * level))
        if pending:
            self.env.cr.execute_values(
                """
                INSERT INTO bitpaket_usage_pending
                       (account_id, meter_id, day, quantity, events, level)
                VALUES %s
                """,
                pending,
                page_size=PAGE,
            )
