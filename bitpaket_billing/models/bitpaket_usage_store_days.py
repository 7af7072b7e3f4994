import itertools
from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from .. import rating


class BitpaketUsageStore(models.AbstractModel):
    """How the days of the usage store are read, and computed from events."""

    _inherit = "bitpaket.usage.store"

    # --- the narrow interface

    @api.model
    def _roll_up(self, limit=50_000):
        """Fold pending usage into the daily rows.

        Its cost follows new usage only: what adds up is added, and of the other meters
        the days that changed are computed anew.

        :param int limit: rows to fold in this call
        :return: how many were folded
        :rtype: int
        """
        self.env.cr.execute(
            SQL(
                """
                WITH moved AS (
                    DELETE FROM bitpaket_usage_pending
                     WHERE id IN (SELECT id FROM bitpaket_usage_pending
                                   ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
                    RETURNING account_id, meter_id, day, quantity, events, level
                ), changed AS (
                    %(changed)s
                ), added AS (
                    INSERT INTO bitpaket_usage_daily AS daily
                           (account_id, meter_id, day, quantity, events, level,
                            hours_before, updated)
                    SELECT account_id, meter_id, day, SUM(quantity), SUM(events),
                           SUM(level), 0, now() AT TIME ZONE 'UTC'
                      FROM moved
                      JOIN bitpaket_meter meter ON meter.id = meter_id
                     WHERE meter.aggregation <> ALL(%(recomputed)s)
                     GROUP BY account_id, meter_id, day
                     ORDER BY account_id, meter_id, day
                    ON CONFLICT (account_id, meter_id, day) DO UPDATE
                       SET quantity = daily.quantity + EXCLUDED.quantity,
                           events = daily.events + EXCLUDED.events,
                           level = daily.level + EXCLUDED.level,
                           updated = EXCLUDED.updated
                ), computed AS (
                    INSERT INTO bitpaket_usage_daily
                           (account_id, meter_id, day, quantity, events, level,
                            hours_before, updated)
                    SELECT account_id, meter_id, day, quantity, events, level,
                           hours_before, now() AT TIME ZONE 'UTC'
                      FROM (%(days)s) computed
                     ORDER BY account_id, meter_id, day
                    ON CONFLICT (account_id, meter_id, day) DO UPDATE
                       SET quantity = EXCLUDED.quantity,
                           events = EXCLUDED.events,
                           level = EXCLUDED.level,
                           hours_before = EXCLUDED.hours_before,
                           updated = EXCLUDED.updated
                ), occurring AS (
                    SELECT DISTINCT account_id, meter_id, day, value
                      FROM (%(events)s) event
                     WHERE value IS NOT NULL
                ), forgotten AS (
                    DELETE FROM bitpaket_usage_value known
                     USING changed
                     WHERE (known.account_id, known.meter_id, known.day)
                           = (changed.account_id, changed.meter_id, changed.day)
                       AND NOT EXISTS (
                            SELECT FROM occurring
                             WHERE occurring.account_id = known.account_id
                               AND occurring.meter_id = known.meter_id
                               AND occurring.day = known.day
                               AND occurring.value = known.value)
                ), remembered AS (
                    INSERT INTO bitpaket_usage_value (account_id, meter_id, day, value)
                    TABLE occurring
                    ON CONFLICT (account_id, meter_id, day, value) DO NOTHING
                )
                SELECT COUNT(*) FROM moved
                """,
                limit=limit,
                recomputed=list(rating.RECOMPUTED),
                changed=self._changed(SQL("moved"), *rating.RECOMPUTED),
                days=self._computed_days(),
                events=self._changed_events(),
            )
        )
        folded = self.env.cr.fetchone()[0]
        self.env["bitpaket.usage.daily"].invalidate_model()
        return folded

    @api.model
    def _daily_usage(self, account_ids, start, end):
        """Return the usage of accounts per meter and day, to the last event.

        :param list account_ids: ids of billing accounts
        :param date start: first day
        :param date end: day after the last one
        :return: daily usage in base units, by account id
        :rtype: dict[int, list[rating.DailyUsage]]
        """
        start, end = fields.Date.to_date(start), fields.Date.to_date(end)
        account_ids = list(account_ids)
        carried = self._levels_before(account_ids, start)
        days, waiting = self._read_days(account_ids, start, end)
        meter_ids = {key[1] for key in (*days, *carried)}
        meters = {
            meter.id: (meter.code, meter.aggregation)
            for meter in self.env["bitpaket.meter"].sudo().browse(meter_ids)
        }
        if any(meters[key[1]][1] in rating.RECOMPUTED for key in waiting):
            days |= self._compute_days(account_ids, start, end)
        first_seen = {}
        if any(aggregation == "unique" for _code, aggregation in meters.values()):
            first_seen = self._count_first_seen(account_ids, start, end)
        result = defaultdict(list)
        levels = {key: {} for key in carried}
        for key, rollup in days.items():
            account_id, meter_id, day = key
            code, aggregation = meters[meter_id]
            if aggregation in rating.CARRIED:
                levels.setdefault((account_id, meter_id), {})[day] = rollup
                continue
            quantity = rollup.quantity
            if aggregation == "unique":
                quantity = Decimal(first_seen.get(key, 0))
            if quantity or rollup.events:
                result[account_id].append(
                    rating.DailyUsage(code, day, quantity, rollup.events)
                )
        for (account_id, meter_id), rollups in levels.items():
            account = self.env["bitpaket.account"].sudo().browse(account_id)
            code, aggregation = meters[meter_id]
            result[account_id] += rating.level_usage(
                code,
                rollups,
                carried.get((account_id, meter_id), Decimal(0)),
                max(start, account.date_start),
                min(end, account.date_end or end),
                fields.Datetime.now(),
                changes=aggregation == "time_weighted",
            )
        return result

    @api.model
    def _touched_statements(self, account_ids, before):
        """Return billed statements whose usage changed after they were billed.

        A change of a level touches the statements of all later periods, too. May
        return some whose usage did not change after all; never misses one.

        The days are found before the statements: there are hardly any, which the
        planner does not know, and it would look for them once per statement.

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
                       AND kind = 'period'
                     GROUP BY account_id
                ), touched AS MATERIALIZED (
                    SELECT daily.account_id, meter_id, daily.day, daily.updated
                      FROM bitpaket_usage_daily daily
                      LEFT JOIN latest USING (account_id)
                     WHERE daily.account_id = ANY(%(accounts)s)
                       AND daily.day < %(before)s
                       AND daily.updated > COALESCE(latest.seen, '-infinity')
                     UNION ALL
                    SELECT account_id, meter_id, day, 'infinity'
                      FROM bitpaket_usage_pending
                     WHERE account_id = ANY(%(accounts)s) AND day < %(before)s
                )
                SELECT DISTINCT statement.id
                  FROM touched
                  JOIN bitpaket_meter meter ON meter.id = touched.meter_id
                  JOIN bitpaket_statement statement
                    ON statement.account_id = touched.account_id
                   AND (touched.day >= statement.period_start
                        OR meter.aggregation = ANY(%(levels)s))
                   AND touched.day < statement.period_end
                   AND touched.updated > statement.usage_seen_at
                   AND statement.kind = 'period'
                 WHERE statement.state IN ('rated', 'invoiced', 'sent')
                   AND statement.period_start < %(before)s
                 ORDER BY statement.id
                """,
                accounts=list(account_ids),
                before=before,
                levels=list(rating.CARRIED),
            )
        )
        return self.env["bitpaket.statement"].browse(
            row[0] for row in self.env.cr.fetchall()
        )

    @api.model
    def _cron_roll_up(self):
        """Fold pending usage, in committed steps."""
        cron = self.env["ir.cron"]
        for _step in itertools.count():
            folded = self._roll_up()
            if not folded or not cron._commit_progress(folded):
                break

    # --- how days are read

    @api.model
    def _read_days(self, account_ids, start, end):
        """Read what adds up, and which days have usage that waits.

        :return: `rating.DayRollup` by (account id, meter id, day), and the keys of
            those with pending usage
        :rtype: tuple(dict, set)
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT account_id, meter_id, day, false, quantity::text, events,
                       level::text, hours_before::text
                  FROM bitpaket_usage_daily
                 WHERE account_id = ANY(%(accounts)s)
                   AND day >= %(start)s AND day < %(end)s
                 UNION ALL
                SELECT account_id, meter_id, day, true, SUM(quantity)::text,
                       SUM(events), SUM(level)::text, '0'
                  FROM bitpaket_usage_pending
                 WHERE account_id = ANY(%(accounts)s)
                   AND day >= %(start)s AND day < %(end)s
                 GROUP BY account_id, meter_id, day
                """,
                accounts=account_ids,
                start=start,
                end=end,
            )
        )
        days, waiting = {}, set()
        for account_id, meter_id, day, waits, *rollup in self.env.cr.fetchall():
            key = account_id, meter_id, day
            rollup = self._to_rollup(*rollup)
            if waits:
                waiting.add(key)
            days[key] = rating.together(days[key], rollup) if key in days else rollup
        return days, waiting

    @api.model
    def _to_rollup(self, quantity, events, level, hours_before):
        return rating.DayRollup(
            Decimal(quantity), events, Decimal(level), Decimal(hours_before)
        )

    @api.model
    def _compute_days(self, account_ids, start, end):
        """Compute days anew whose usage waits, of meters that do not add up.

        :return: `rating.DayRollup` by (account id, meter id, day)
        :rtype: dict
        """
        self.env.cr.execute(
            SQL(
                """
                WITH changed AS (%s)
                SELECT account_id, meter_id, day, quantity::text, events, level::text,
                       hours_before::text
                  FROM (%s) computed
                """,
                self._changed(
                    self._waiting(account_ids, start, end), *rating.RECOMPUTED
                ),
                self._computed_days(),
            )
        )
        return {
            (account_id, meter_id, day): self._to_rollup(*rollup)
            for account_id, meter_id, day, *rollup in self.env.cr.fetchall()
        }

    @api.model
    def _count_first_seen(self, account_ids, start, end):
        """Count on which day of a range each different value occurs first.

        :return: how many, by (account id, meter id, day)
        :rtype: dict
        """
        self.env.cr.execute(
            SQL(
                """
                WITH changed AS (%(changed)s)
                SELECT account_id, meter_id, day, COUNT(*)
                  FROM (
                        SELECT account_id, meter_id, value, MIN(day) AS day
                          FROM (
                                SELECT account_id, meter_id, day, value
                                  FROM bitpaket_usage_value
                                 WHERE account_id = ANY(%(accounts)s)
                                   AND day >= %(start)s AND day < %(end)s
                                   AND (account_id, meter_id, day)
                                       NOT IN (TABLE changed)
                                 UNION ALL
                                SELECT account_id, meter_id, day, value
                                  FROM (%(events)s) event
                               ) occurring
                         GROUP BY account_id, meter_id, value
                       ) first_seen
                 GROUP BY account_id, meter_id, day
                """,
                accounts=account_ids,
                start=start,
                end=end,
                changed=self._changed(self._waiting(account_ids, start, end), "unique"),
                events=self._changed_events(),
            )
        )
        return {tuple(key): count for *key, count in self.env.cr.fetchall()}

    @api.model
    def _levels_before(self, account_ids, day):
        """Return the levels that are carried into a day.

        :return: Decimal by (account id, meter id)
        :rtype: dict
        """
        meters = self.env["bitpaket.meter"]._catalogue()
        changes, samples = (
            [meter.id for meter in meters if meter.aggregation == aggregation]
            for aggregation in ("time_weighted", "gauge")
        )
        if not changes + samples:
            return {}
        self.env.cr.execute(
            SQL(
                """
                WITH changed AS (%(changed)s)
                SELECT account_id, meter_id, SUM(level)::text
                  FROM (
                        SELECT account_id, meter_id, level
                          FROM bitpaket_usage_daily
                         WHERE account_id = ANY(%(accounts)s)
                           AND meter_id = ANY(%(changes)s) AND day < %(day)s
                         UNION ALL
                        SELECT account_id, meter_id, level
                          FROM bitpaket_usage_pending
                         WHERE account_id = ANY(%(accounts)s)
                           AND meter_id = ANY(%(changes)s) AND day < %(day)s
                       ) change
                 GROUP BY account_id, meter_id
                 UNION ALL
                (SELECT DISTINCT ON (account_id, meter_id)
                        account_id, meter_id, level::text
                   FROM (
                         SELECT account_id, meter_id, day, events, level
                           FROM bitpaket_usage_daily
                          WHERE account_id = ANY(%(accounts)s)
                            AND meter_id = ANY(%(samples)s) AND day < %(day)s
                            AND (account_id, meter_id, day) NOT IN (TABLE changed)
                          UNION ALL
                         SELECT account_id, meter_id, day, events, level
                           FROM (%(days)s) computed
                        ) sample
                  WHERE events > 0
                  ORDER BY account_id, meter_id, sample.day DESC)
                """,
                accounts=account_ids,
                day=day,
                changes=changes,
                samples=samples,
                changed=self._changed(
                    self._waiting(account_ids, "-infinity", day), "gauge"
                ),
                days=self._computed_days(),
            )
        )
        return {
            (account_id, meter_id): Decimal(level)
            for account_id, meter_id, level in self.env.cr.fetchall()
        }

    @api.model
    def _waiting(self, account_ids, start, end):
        """Return the pending usage of a range of days, as a table of SQL."""
        return SQL(
            """
            (SELECT account_id, meter_id, day
               FROM bitpaket_usage_pending
              WHERE account_id = ANY(%s) AND day >= %s AND day < %s)
            """,
            account_ids,
            start,
            end,
        )

    @api.model
    def _changed(self, pending, *aggregations):
        """Return the days to compute anew, as a query of SQL.

        Never those whose events are no longer kept: what they were stays.

        :param SQL pending: a table of accounts, meters and days with pending usage
        """
        return SQL(
            """
            SELECT DISTINCT pending.account_id, pending.meter_id, pending.day
              FROM %s pending
              JOIN bitpaket_meter meter ON meter.id = pending.meter_id
              JOIN bitpaket_account account ON account.id = pending.account_id
              JOIN res_company company ON company.id = account.company_id
             WHERE meter.aggregation = ANY(%s)
               AND pending.day >= COALESCE(company.bitpaket_purged_before, '-infinity')
            """,
            pending,
            list(aggregations),
        )

    @api.model
    def _changed_events(self):
        """Return the events of the days in `changed`, as a query of SQL."""
        return SQL(
            """
            SELECT changed.account_id, changed.meter_id, changed.day, event.value
              FROM changed
              JOIN bitpaket_usage_event event
                ON event.account_id = changed.account_id
               AND event.meter_id = changed.meter_id
               AND event.time >= changed.day AND event.time < changed.day + 1
            """
        )

    @api.model
    def _computed_days(self):
        """Return what the events of the days in `changed` make, as a query of SQL.

        Of events at the same time the one with the greatest source and id is the last.
        """
        return SQL(
            """
            SELECT changed.account_id, changed.meter_id, changed.day, its.events,
                   COALESCE(its.latest, 0) AS level,
                   COALESCE(
                       CASE meter.aggregation
                            WHEN 'unique' THEN its.different
                            WHEN 'latest' THEN its.latest
                            WHEN 'gauge' THEN %(unit_hours)s
                            ELSE its.greatest
                        END, 0) AS quantity,
                   %(hours_before)s AS hours_before
              FROM changed
              JOIN bitpaket_meter meter ON meter.id = changed.meter_id
             CROSS JOIN LATERAL (
                    SELECT COUNT(*) AS events,
                           COUNT(DISTINCT value) AS different,
                           MAX(quantity) AS greatest,
                           MAX(quantity) FILTER (WHERE following IS NULL) AS latest,
                           MIN(time) AS first,
                           SUM(quantity * %(lasting)s) AS unit_seconds
                      FROM (
                            SELECT time, quantity, value,
                                   LEAD(time) OVER (
                                        ORDER BY time, source COLLATE "C",
                                                 external_id COLLATE "C"
                                   ) AS following
                              FROM bitpaket_usage_event
                             WHERE account_id = changed.account_id
                               AND meter_id = changed.meter_id
                               AND time >= changed.day AND time < changed.day + 1
                           ) moment
                   ) its
            """,
            lasting=self._seconds(SQL("COALESCE(following, changed.day + 1) - time")),
            unit_hours=self._to_hours(SQL("its.unit_seconds")),
            hours_before=self._to_hours(
                self._seconds(SQL("COALESCE(its.first, changed.day + 1) - changed.day"))
            ),
        )

    @api.model
    def _seconds(self, span):
        return SQL("EXTRACT(epoch FROM %s)::numeric", span)

    @api.model
    def _to_hours(self, seconds):
        """Divide by 3600, to the digits that quantities have in the rating core."""
        return SQL("trim_scale(ROUND(ROUND(%s, 30) / 3600, 30))", seconds)
