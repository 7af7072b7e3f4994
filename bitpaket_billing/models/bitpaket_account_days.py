"""What an account used and what it cost, day by day."""

from typing import NamedTuple

from odoo import models

from .. import rating
from ..tools import exact


class Days(NamedTuple):
    """A period of an account, day by day.

    :param rating.Period period: the billed days
    :param list costs: `rating.DayCost` records, whose amounts add up to `usage_total`
    :param list others: (text, amount) of what no single day caused, such as a minimum
        commitment or a coupon
    :param Decimal total: of the period, before tax
    :param statement: the `bitpaket.statement` that billed it, if it was billed
    """

    period: rating.Period
    costs: list
    others: list
    total: object
    statement: models.BaseModel

    @property
    def usage_total(self):
        """What the days cost together."""
        return self.total - sum(amount for _text, amount in self.others)


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _shown_period(self, day):
        """Return the period that a day is shown with.

        :rtype: rating.Period
        :return: the days of its plan that are billed together; without a plan the
            whole month, also where it is billed in part
        """
        self.ensure_one()
        period = self._period_of(day) if self.has_plan else None
        return period or self._full_period(day)

    def _days(self, month):
        """Return a period day by day: as it was billed, or as far as it has come.

        :param rating.Period month: see `_shown_period`
        :return: the days; None when no day of the period is billed
        :rtype: Days | None
        :raise rating.RatingError: when the cost cannot be told
        """
        self.ensure_one()
        period = self._billed_part(month)
        if not period:
            return None
        statement = (
            self.env["bitpaket.statement"]
            .sudo()
            .search(
                [
                    ("account_id", "=", self.id),
                    ("kind", "=", "period"),
                    ("period_start", ">=", month.start),
                    ("period_start", "<", month.end),
                    ("state", "in", ("rated", "invoiced", "sent")),
                ],
                limit=1,
            )
        )
        if statement:
            lines = statement.line_ids
        else:
            rated = self._rate_in_turn(period)
            if isinstance(rated, rating.RatingError):
                raise rated
            lines = statement._preview_lines(self, period, rated.lines)
        digits = self.currency_id.decimal_places
        usage = lines.filtered(
            lambda line: (
                line.meter_id
                and line.type in ("usage", "credit")
                and period.start <= line.date_start < period.end
            )
        )
        days = self.env["bitpaket.usage.store"]._daily_usage(
            self.ids, period.start, period.end
        )
        costs = rating.by_day(
            [
                rating.Charge(
                    line.meter_id.code,
                    line.date_start,
                    line.date_end,
                    exact(line.quantity),
                    round(exact(line.amount), digits),
                )
                for line in usage
            ],
            days.get(self.id, ()),
            digits,
        )
        others = [
            (line.name, round(exact(line.amount), digits)) for line in lines - usage
        ]
        total = sum(
            (cost.amount for cost in costs), sum(amount for _text, amount in others)
        )
        return Days(period, costs, others, total, statement)

    def _rate_in_turn(self, period):
        """Rate a period that has no invoice yet, after those that are invoiced before.

        What they use of late usage and of coupons is not left for it.

        :param rating.Period period: the billed days
        :rtype: rating.Statement | rating.RatingError
        """
        earlier = [one for one in self._open_periods() if one.end <= period.start]
        purse, rated = self._coupon_purse(), None
        for part in (*earlier, period):
            late = {} if rated else self._late_adjustments(part)
            rated = self._rate_usage(part, late, purse=purse)
        return rated[self.id]
