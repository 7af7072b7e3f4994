"""What customers are told of plans: what each costs, and what a change would."""

from odoo import fields, models

from .. import rating
from .bitpaket_account_plan import TakenBack
from .bitpaket_account_rating import NO_COUPONS


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    # === CHANGES, AS THEY WERE TOLD === #

    def _change_plan_as_told(self, what, told=None, **choice):
        """Change the plan if that costs what the customer was told, else only tell.

        :param str what: as of `_change_plan`, or `undo`
        :param str told: `told` of what the customer has agreed to; None: only tell
        :param choice: as of `_change_plan`
        :return: as of `_describe_change`; also `told`, a text of all sums and dates,
            and `change`, the `bitpaket.plan.change` record: empty when nothing was
            changed
        :rtype: dict
        :raise UserError: when the change is not possible, in words
        """
        self.ensure_one()
        nothing = self.env["bitpaket.plan.change"]
        quote = {}
        try:
            with self.env.cr.savepoint():
                change = self._make_plan_change(what, **choice)
                quote = self._describe_change(change)
                quote["told"] = self._told(quote)
                if quote["told"] != told:
                    raise TakenBack
        except TakenBack:
            self.env.invalidate_all()
            return {**quote, "change": nothing}
        return {**quote, "change": change}

    def _make_plan_change(self, what, **choice):
        if what != "undo":
            return self._change_plan(what, **choice)
        self._check_plan_change()
        change = self.plan_change_id
        self._undo_plan_change()
        return change

    def _told(self, quote):
        """Return the sums and dates of a quote as one text, to compare.

        :rtype: str
        """
        sums = [quote["untaxed"], quote["tax"], quote["total"], quote["next_amount"]]
        digits = self.currency_id.decimal_places
        return " ".join(
            [
                quote["kind"],
                str(quote["date"]),
                str(quote["next_date"]),
                *(f"{amount or 0:.{digits}f}" for amount in sums),
            ]
        )

    # === WHAT IS LEFT, AND WHAT COMES === #

    def _allowances_left(self, terms, rated):
        """Return what the plan includes in a period, and what is left of it.

        :param Terms terms: of the period
        :param rating.Statement rated: what was used in it so far
        :return: `meter` (a `bitpaket.meter` record), `quantity` and `left`, in billed
            units, per allowance
        :rtype: list[dict]
        """
        self.ensure_one()
        meters = self.env["bitpaket.meter"]
        return [
            {
                "meter": meters.browse(one.meter_id),
                "quantity": one.quantity,
                "left": max(one.quantity - rating.used(rated, code), 0),
            }
            for code, one in terms.allowances.items()
        ]

    def _had_trial(self):
        """Return whether this account has been on trial, which it can be once."""
        self.ensure_one()
        phases = self.sudo().with_context(active_test=False).plan_phase_ids
        return any(phases.mapped("is_trial"))

    # === COMPARISON === #

    def _compared_period(self):
        """Return the period whose usage tells what plans would have cost.

        :return: the last month that is over; of an account with a plan the last whole
            period of its own; the running one, as long as there is none
        :rtype: rating.Period
        """
        self.ensure_one()
        if not self.has_plan:
            return self._last_finished_month()
        today = fields.Date.today()
        ended = self._periods(fields.Date.subtract(today, months=13), today)
        whole = [one for one in ended if one == self._full_period(one.start)]
        return (whole or ended or [self._shown_period(today)])[-1]

    def _cost_on_plan(self, period, plan=None, interval="month"):
        """Return what the usage of a period would have cost on a plan.

        :param rating.Period period: the period
        :param plan: the plan; none: pay-as-you-go
        :param str interval: month or year; of a year's price one month counts
        :return: before tax and coupons; None when it cannot be told
        :rtype: float | None
        """
        self.ensure_one()
        account = self.sudo()
        terms = account._current_terms(period, account.price_book_id)[self.id]
        if plan:
            part = account._billed_part(period)
            planned = account._terms_on_plan(plan, interval, part)
            least = account._current_terms(period, planned.book)[self.id].minimums
            terms = planned._replace(minimums=least)
        rated = account._rate_usage(period, {}, {self.id: terms}, NO_COUPONS)
        statement = rated.get(self.id)
        told = isinstance(statement, rating.Statement)
        return float(statement.total) if told else None

    def _billed_for(self, period):
        """Return what was billed for a period, before tax; None: it was not billed.

        :rtype: float | None
        """
        self.ensure_one()
        part = self._billed_part(period) or period
        statement = self.sudo().statement_ids.search(
            [
                ("account_id", "=", self.id),
                ("kind", "=", "period"),
                ("period_start", "=", part.start),
                ("period_end", "=", part.end),
                ("state", "in", ("invoiced", "sent")),
            ]
        )
        return statement.amount_total if statement else None

    def _has_used(self, period):
        """Return whether anything was used in a period."""
        self.ensure_one()
        usage = self.env["bitpaket.usage.store"]._daily_usage(
            self.ids, period.start, period.end
        )
        return bool(usage.get(self.id))
