"""What an account's running period comes to so far, and what it will come to."""

from typing import NamedTuple

from odoo import fields, models

from .. import rating
from .bitpaket_account_rating import Terms

#: More ended periods without invoice exist only when the month close stands still.
MAX_UNFINISHED = 3
#: How what a meter counts goes on; the others stay at what they have reached.
METHODS = {
    "sum": rating.FLOW,
    "count": rating.FLOW,
    "retention": rating.FLOW,
    "byte_hours": rating.LEVEL,
    "time_weighted": rating.LEVEL,
    "gauge": rating.LEVEL,
    "daily_peak_mean": rating.PEAK,
}


class Open(NamedTuple):
    """What was not invoiced yet.

    :param list results: by period, `rating.Statement` or `rating.RatingError`; None
        where nothing is billed
    :param Terms terms: what the last one was rated by
    :param rating.Outlook outlook: what the last one will come to; None: it cannot be
        rated, or too little is known
    """

    results: list
    terms: Terms
    outlook: rating.Outlook | None


class Running(NamedTuple):
    """The running period of an account.

    :param rating.Period period: its billed days
    :param rated: `rating.Statement` of what was used so far, or the
        `rating.RatingError` that prevents it
    :param rating.Outlook outlook: what it will come to; None: too little is known
    """

    period: rating.Period
    rated: object
    outlook: rating.Outlook | None


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _open_periods(self, latest=None):
        """Return the running period, after ended ones that were not invoiced yet.

        :param latest: the newest statements of this account, the newest first, if they
            are known
        :rtype: list[rating.Period]
        """
        self.ensure_one()
        running = self._running_period()
        if latest is None:
            latest = self.env["bitpaket.statement"].search(
                [("account_id", "=", self.id), ("kind", "=", "period")],
                order="period_end desc",
                limit=MAX_UNFINISHED + 1,
            )
        latest = latest.filtered(lambda statement: statement.kind == "period")
        waiting = latest.filtered(
            lambda statement: statement.state in ("open", "closed", "error")
        )
        periods = [
            rating.Period(statement.period_start, statement.period_end)
            for statement in reversed(waiting)
        ]
        start = latest[:1].period_end or self.date_start
        periods += self._periods(start, running.start)
        return [*periods[-MAX_UNFINISHED:], running]

    def _rate_open(self, periods, purse):
        """Rate what was not invoiced yet, period by period, and forecast the last one.

        Usage that arrived late counts once, in the first period; what one period uses
        of a coupon the next ones lack.

        :param list periods: of `_open_periods`
        :param rating.Purse purse: coupons of the account; what is used is taken out
        :rtype: Open
        """
        self.ensure_one()
        running = periods[-1]
        now = fields.Datetime.now()
        start = min(periods[0].start, rating.first_day_of_history(running, now))
        # All days are read at once, as this is asked for by everyone who looks.
        store = self.env["bitpaket.usage.store"]
        days = store._daily_usage(self.ids, start, running.end).get(self.id, ())
        # What is new among different values depends on the days that are asked for.
        counted_anew = self._meters_counting("unique") & {one.meter for one in days}
        late = self._late_adjustments(periods[0])
        results, kept = [], {}
        for period in periods:
            terms = self._current_terms(period)
            usage = {self.id: [one for one in days if one.day in period]}
            rated = self._rate_usage(
                period,
                late,
                terms,
                purse,
                usage=None if counted_anew else usage,
                kept=kept,
            )
            results.append(rated.get(self.id))
            late = {}
        outlook = None
        if isinstance(results[-1], rating.Statement):
            history = [one for one in days if one.day < running.start]
            outlook = self._forecast(*kept[self.id], history, now)
        return Open(results, terms[self.id], outlook)

    def _rate_running(self):
        """Rate the running period so far, and forecast it.

        :return: None when this account is not billed in it
        :rtype: Running | None
        """
        self.ensure_one()
        periods = self._open_periods()
        part = self._billed_part(periods[-1])
        if not part:
            return None
        found = self._rate_open(periods, self._coupon_purse())
        return Running(part, found.results[-1], found.outlook)

    def _forecast(self, part, minimums, known, history, now):
        """Forecast what a period comes to at its end.

        :param rating.Period part: its billed days
        :param dict minimums: as it was rated by
        :param dict known: as it was rated by, see `_rate`
        :param list history: usage of the days before it
        :param datetime now: in UTC
        :return: None when too little is known, or the rest cannot be rated
        :rtype: rating.Outlook | None
        """
        self.ensure_one()
        usage = rating.forecast_usage(
            part, known["usage"], history, self._forecast_methods(known["prices"]), now
        )
        if not usage:
            return None
        rated = [
            self._rate(part, minimums, **{**known, "usage": some})
            for some in (usage.low, usage.expected, usage.high)
        ]
        if any(isinstance(one, rating.RatingError) for one in rated):
            return None
        return rating.Outlook(*rated)

    def _meters_counting(self, aggregation):
        """Return the codes of the meters of an aggregation.

        :rtype: set[str]
        """
        meters = self.env["bitpaket.meter"]._catalogue()
        return {meter.code for meter in meters if meter.aggregation == aggregation}

    def _forecast_methods(self, prices):
        """Return how usage goes on, by meter.

        What is charged per event stays as it is, as events are not forecast.

        :param list prices: `rating.Price` records that the account is rated by
        :rtype: dict[str, str]
        """
        by_event = {price.meter for price in prices if price.model == "percentage"}
        return {
            meter.code: METHODS[meter.aggregation]
            for meter in self.env["bitpaket.meter"]._catalogue()
            if meter.aggregation in METHODS and meter.code not in by_event
        }
