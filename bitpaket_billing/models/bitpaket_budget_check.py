"""Checking budgets: what has been reached since, told once.

A check happens in one transaction: it locks the budgets, rates the account, keeps what
was reached and puts the e-mails into Odoo's queue. A worker that dies leaves nothing of
it, and two at once never check the same budget.
"""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from .. import rating

_logger = logging.getLogger(__name__)

#: Budgets that are claimed at a time.
BATCH = 50
#: Levels grow and forecasts move also when nothing is reported.
OLDEST_CHECK = timedelta(hours=6)
#: Another transaction was faster.
RACES = (psycopg2.errors.SerializationFailure, psycopg2.errors.UniqueViolation)


class BitpaketBudget(models.Model):
    _inherit = "bitpaket.budget"

    # === THE JOB === #

    @api.model
    def _cron_check(self):
        """Check the budgets whose accounts have new usage, batch by batch."""
        cron = self.env["ir.cron"]
        # Fields keep whole seconds. What was checked since is not checked again.
        before = self.env.cr.now().replace(microsecond=0)
        if not cron._commit_progress(remaining=self._count_due(before)):
            return
        while True:
            try:
                budgets = self._claim_due(before, BATCH)
                if not budgets:
                    return
                for some in budgets.grouped("account_id").values():
                    some._check_safely()
                self.env.flush_all()
            except RACES:
                self.env.cr.rollback()
                continue
            if not cron._commit_progress(
                len(budgets), remaining=self._count_due(before)
            ):
                return

    @api.model
    def _due_condition(self, before):
        """Return which budgets to check.

        The time of a check is that of the start of its transaction. Usage that came
        later is in a row that is not folded yet, or was changed later.

        :param datetime before: only those that were last checked before
        :rtype: SQL
        """
        return SQL(
            """
            budget.active AND (budget.checked_at < %(before)s) IS NOT FALSE AND (
                budget.checked_at IS NULL
                OR budget.checked_at < %(oldest)s
                OR budget.period_end <= %(today)s
                OR EXISTS (SELECT FROM bitpaket_usage_daily daily
                            WHERE daily.account_id = budget.account_id
                              AND daily.updated > budget.checked_at)
                OR EXISTS (SELECT FROM bitpaket_usage_pending pending
                            WHERE pending.account_id = budget.account_id)
            )
            """,
            before=before,
            oldest=fields.Datetime.now() - OLDEST_CHECK,
            today=fields.Date.today(),
        )

    @api.model
    def _count_due(self, before):
        query = SQL(
            "SELECT COUNT(*) FROM bitpaket_budget budget WHERE %s",
            self._due_condition(before),
        )
        return self.env.execute_query(query)[0][0]

    @api.model
    def _claim_due(self, before, limit):
        """Lock and return budgets to check; other workers get others."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT budget.id FROM bitpaket_budget budget
                 WHERE %s
                 ORDER BY budget.account_id, budget.id
                 LIMIT %s FOR NO KEY UPDATE OF budget SKIP LOCKED
                """,
                self._due_condition(before),
                limit,
            )
        )
        return self.browse(row[0] for row in rows)

    def _check_safely(self):
        """Check budgets of one account; one that breaks does not hold up the others."""
        try:
            with self.env.cr.savepoint():
                self._check()
        except RACES:
            raise
        except Exception:
            _logger.exception("The budgets %s could not be checked.", self.ids)
            self._note_check()

    # === A CHECK === #

    def _check(self):
        """Keep and tell what budgets of one account have reached since."""
        account = self.account_id
        self.env["bitpaket.budget"].flush_model()
        self._end_caps_of_earlier_periods()
        # Who takes a cap away is not kept waiting, whether usage can be rated or not.
        budgets = self.filtered("active")
        (self - budgets.filtered("hard_cap"))._lift_caps("removed")
        running = account._rate_running() if budgets else None
        budgets._note_check()
        if not running or isinstance(running.rated, rating.RatingError):
            return
        seen = self.env["bitpaket.usage.store"]._newest_usage(account.id)
        for budget in budgets:
            value, expected = budget._measure(running)
            budget.write(
                {
                    "value": float(value),
                    "forecast": float(expected or 0),
                    "period_start": running.period.start,
                    "period_end": running.period.end,
                }
            )
            budget._tell(running.period, value, expected, seen)

    def _note_check(self):
        self.write({"checked_at": self.env.cr.now()})

    def _end_caps_of_earlier_periods(self):
        today = fields.Date.today()
        ended = self.alert_ids.filtered(
            lambda alert: (
                alert.basis == "cap"
                and not alert.lifted_at
                and alert.period_end <= today
            )
        )
        ended._lift("period")

    def _lift_caps(self, reason):
        self.alert_ids._active_caps()._lift(reason)

    def _tell(self, period, value, expected, seen):
        """Keep what was reached, and tell the most important of it.

        :param rating.Period period: the running one
        :param Decimal value: what was used
        :param Decimal expected: what will be used; None: not known
        :param datetime seen: when the newest usage happened
        """
        self.ensure_one()
        limit = self._limit()
        known = self.alert_ids.filtered(
            lambda alert: not alert.lifted_at and alert.period_start == period.start
        )
        told = {(alert.basis, alert.threshold) for alert in known}
        thresholds = rating.check_thresholds(self._threshold_list())
        used = rating.passed(value, limit, thresholds)
        reached = [("used", one, value) for one in used]
        if self.on_forecast and expected is not None:
            ahead = rating.passed(expected, limit, thresholds)
            reached += [("forecast", one, expected) for one in ahead if one not in used]
        if self._keep_cap(value >= limit, known):
            reached.append(("cap", 100, value))
        alerts = self.env["bitpaket.budget.alert"]
        alerts.flush_model()  # what was lifted makes room
        new = alerts.create(
            [
                {
                    "budget_id": self.id,
                    "basis": basis,
                    "threshold": threshold,
                    "period_start": period.start,
                    "period_end": period.end,
                    "limit": float(limit),
                    "value": float(amount),
                    "usage_until": seen,
                }
                for basis, threshold, amount in reached
                if (basis, threshold) not in told
            ]
        )
        self._tell_most_important(new)

    def _keep_cap(self, is_reached, known):
        """Lift a cap that holds no longer; return whether it is to hold.

        :param bool is_reached: whether the limit is
        :param known: alerts of the period that hold
        :rtype: bool
        """
        caps = known.filtered(lambda alert: alert.basis == "cap")
        if not is_reached:
            for cap in caps:
                raised = self.currency_id.compare_amounts(self.amount, cap.limit) > 0
                cap._lift("limit" if raised else "corrected")
        return self.hard_cap and is_reached

    def _tell_most_important(self, alerts):
        """Send one e-mail about alerts that came at the same time."""
        order = ("forecast", "used", "cap")
        most = alerts.sorted(lambda one: (order.index(one.basis), one.threshold))[-1:]
        for alert in most:
            alert._mail()
        if most.basis == "cap":
            most._note()
