"""Which days of an account are billed together, and by which plan."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from .. import rating


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    plan_phase_ids = fields.One2many(
        "bitpaket.plan.phase", "account_id", string="Phases", readonly=True
    )
    has_plan = fields.Boolean(
        copy=False,
        readonly=True,
        help="Whether it ever had a plan: nobody looks for the phases of others.",
    )

    @api.constrains("date_end")
    def _check_plan_has_ended(self):
        for account in self.filtered(lambda one: one.date_end and one.has_plan):
            phase = account._phase_on(account.date_end)
            if phase.plan_id:
                raise ValidationError(
                    self.env._(
                        "“%(account)s” is on the plan “%(plan)s” on %(day)s. Cancel "
                        "the plan first, now or for that day.",
                        account=account.name,
                        plan=phase.plan_id.name,
                        day=format_date(self.env, account.date_end),
                    )
                )

    def _phases(self):
        """Return the phases of these accounts: what holds, and what is to come.

        :rtype: recordset of `bitpaket.plan.phase`
        """
        accounts = self.sudo().filtered("has_plan")
        field = self._fields["plan_phase_ids"]
        known = field._get_cache(accounts.env)
        unknown = accounts.filtered(lambda account: account.id not in known)
        if unknown:
            # One query, where the field itself takes two.
            phases = self.env["bitpaket.plan.phase"].sudo()
            found = phases.with_context(active_test=False).search_fetch(
                [("account_id", "in", unknown.ids)]
            )
            by_account = found.grouped("account_id")
            held = [by_account.get(account, phases)._ids for account in unknown]
            field._insert_cache(unknown, held)
        return accounts.plan_phase_ids

    def _timeline(self):
        """Return the phases of this account as the rating core knows them.

        :rtype: rating.Timeline
        """
        self.ensure_one()
        return rating.Timeline(
            self.date_start,
            self.date_end or None,
            [phase._to_rating() for phase in self._phases()],
        )

    def _phase_on(self, day):
        """Return the phase that a day is in; none: pay-as-you-go.

        :rtype: recordset of `bitpaket.plan.phase`
        """
        self.ensure_one()
        begun = self._phases().filtered(lambda phase: phase.date_start <= day)
        return begun.sorted("date_start")[-1:]

    def _full_period(self, day, until=None):
        """Return the uncut period that a day is in: of its plan, or its month.

        :param date until: end of the days in question; when the plan's period ends
            before it, they are no period of the account's, and the month is returned
        :rtype: rating.Period
        """
        self.ensure_one()
        month = rating.calendar_month(day)
        if not self.has_plan:
            return month
        period = self._timeline().full_period(day)
        return month if until and until > period.end else period

    def _period_of(self, day):
        """Return the period that a day is billed in.

        :rtype: rating.Period | None
        :return: None when the day is not billed
        """
        self.ensure_one()
        if not self.has_plan:
            part = self._billed_part(rating.calendar_month(day))
            return part if part and day in part else None
        try:
            return self._timeline().period(day)
        except rating.InvalidValue:
            return None

    def _running_period(self):
        """Return the period that today belongs to, billed or not.

        :rtype: rating.Period
        """
        return self._shown_period(fields.Date.today())

    def _period_end(self, day):
        """Return the first day after the period that a day is in.

        :rtype: date
        """
        period = self._period_of(day) or self._full_period(day)
        return period.end

    def _periods(self, start, until):
        """Return the billed periods between two days.

        :param date start: the first period contains it, or begins later
        :param date until: no period ends after it
        :rtype: list[rating.Period]
        """
        self.ensure_one()
        result = []
        day = max(start, self.date_start)
        while (period := self._period_of(day)) and period.end <= until:
            result.append(period)
            day = period.end
        return result
