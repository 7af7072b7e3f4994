"""What an account may do with its plan, and what each of it means for its phases."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .. import rating
from ..tools import exact
from .bitpaket_plan_phase import MONTHS


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    # --- what is asked for

    def _prepare_choose(self, now, plan, interval, until=None, forced=False):
        """Find out what choosing a plan means: start, upgrade, downgrade or switch."""
        price = self._check_choice(plan, interval, forced)
        # Of an account that is not billed yet: its first day.
        today = max(fields.Date.today(), self.date_start)
        paid = now.plan_id and not now.is_trial
        if now.is_paused and self._running_subscription().template_id == plan:
            return self._prepare_resume(now, interval=interval)
        if now.plan_id == plan and now.interval == interval:
            raise UserError(
                self.env._("“%s” is on this plan already.", self.name)
                if not self.plan_change_id
                else self.env._(
                    "“%(account)s” is on this plan already. To keep it, undo the "
                    "pending change: %(change)s",
                    account=self.name,
                    change=self.plan_change_id._summary(),
                )
            )
        if not now.plan_id:
            return "start", today, self._first_phases(plan, price, today)
        if not paid:
            end = self._trial_end()
            return "switch", today, self._trial_phases(plan, price, today, end)
        kind = self._compare_plans(now, plan, price)
        if kind == "downgrade" or (kind == "switch" and interval == "month"):
            day = self._plan_end(now, forced)
            to_year = (now.interval, interval) == ("month", "year")
            anchor = day if to_year else now.anchor
            return kind, day, [self._phase_values(plan, price, day, anchor)]
        anchor = now.anchor if now.interval == interval else today
        phase = self._phase_values(plan, price, today, anchor, apart=True)
        return kind, today, [phase]

    def _compare_plans(self, now, plan, price):
        """Return whether a choice is an upgrade, a downgrade, or a mere switch.

        Dearer by the month is an upgrade; the same plan paid otherwise is a switch.
        """
        if plan == now.plan_id:
            return "switch"
        before = rating.monthly(exact(now.amount), MONTHS[now.interval])
        after = rating.monthly(exact(price.amount), MONTHS[price.interval])
        return "upgrade" if after > before else "downgrade"

    def _prepare_cancel(self, now, plan=None, interval=None, until=None, forced=False):
        """End the plan when what was paid for ends, and not within its term."""
        self._check_has_plan(now)
        if now.is_paused:
            raise UserError(
                self.env._("The plan is paused: nothing is charged until it resumes.")
            )
        day = self._trial_end() if now.is_trial else self._plan_end(now, forced)
        return "cancel", day, [self._payg_values(day)]

    def _prepare_cancel_now(
        self, now, plan=None, interval=None, until=None, forced=False
    ):
        """End the plan today; the unused rest is credited."""
        self._check_has_plan(now)
        today = fields.Date.today()
        end = self._term_end()
        if end and not forced and not now.is_trial:
            raise UserError(
                self.env._(
                    "The minimum term runs until %s: the plan can be cancelled for "
                    "that day.",
                    format_date(self.env, end),
                )
            )
        return "cancel", today, [self._payg_values(today)]

    def _prepare_pause(self, now, plan=None, interval=None, until=None, forced=False):
        """Rest the plan when what was paid for ends; usage is pay-as-you-go then."""
        self._check_has_plan(now)
        if now.is_paused or now.is_trial:
            raise UserError(
                self.env._("A plan that is paused, or on trial, cannot be paused.")
            )
        day = self._plan_end(now, forced)
        phases = [self._payg_values(day, is_paused=True)]
        if until:
            if until <= day:
                raise UserError(
                    self.env._(
                        "The pause begins on %s: let it end later.",
                        format_date(self.env, day),
                    )
                )
            phases.append(self._same_plan(now, until, until))
        return "pause", day, phases

    def _prepare_resume(self, now, plan=None, interval=None, until=None, forced=False):
        """Go on with a paused plan from today on."""
        if not now.is_paused:
            raise UserError(self.env._("The plan is not paused."))
        last = self.env["bitpaket.plan.phase"].search(
            [
                ("account_id", "=", self.id),
                ("plan_id", "!=", False),
                ("date_start", "<", now.date_start),
            ],
            order="date_start desc",
            limit=1,
        )
        today = fields.Date.today()
        return "resume", today, [self._same_plan(last, today, today, apart=True)]

    def _prepare_version(self, now, plan, interval=None, until=None, forced=False):
        """Move to another version of the plan, when what was paid for ends."""
        self._check_has_plan(now)
        if now.is_trial or now.is_paused or self.plan_change_id:
            raise UserError(
                self.env._(
                    "“%s” is on trial, paused, or about to change its plan: move it "
                    "later.",
                    self.name,
                )
            )
        price = plan._bitpaket_price(self.currency_id, now.interval)
        if not price or plan._bitpaket_family() != now.plan_id._bitpaket_family():
            raise UserError(
                self.env._(
                    "“%(plan)s” is no other version of the plan of “%(account)s”, or "
                    "has no such price.",
                    plan=plan.display_name,
                    account=self.name,
                )
            )
        day = self._plan_end(now, forced)
        return "version", day, [self._phase_values(plan, price, day, now.anchor)]

    # --- what is allowed

    def _check_choice(self, plan, interval, forced):
        """Return the price of a plan that this account may choose.

        :raise UserError: when it may not
        """
        if not plan or not plan.bitpaket_is_plan:
            raise UserError(self.env._("Choose a plan."))
        offered = plan._bitpaket_offered(self)
        own = self._running_subscription().template_id
        if plan not in offered | own and not (
            forced and plan.bitpaket_company_id == self.company_id
        ):
            raise UserError(
                self.env._("The plan “%s” is not offered to this account.", plan.name)
            )
        price = plan._bitpaket_price(self.currency_id, interval)
        if not price:
            raise UserError(
                self.env._(
                    "The plan “%(plan)s” has no price in %(currency)s for this "
                    "interval.",
                    plan=plan.name,
                    currency=self.currency_id.name,
                )
            )
        return price

    def _check_has_plan(self, now):
        if not (now.plan_id or now.is_paused):
            raise UserError(self.env._("“%s” has no plan.", self.name))

    def _term_start(self):
        """Return when the term of the plan began, if it is on one and pays for it.

        Neither another interval, nor a version, nor a pause begins a new one.

        :rtype: date | None
        """
        today = max(fields.Date.today(), self.date_start)
        begun = self._phases().filtered(lambda phase: phase.date_start <= today)
        start, family = None, None
        for phase in begun.sorted("date_start", reverse=True):
            if phase.is_paused:
                continue
            plan = phase.plan_id._bitpaket_family()
            if not plan or phase.is_trial or family not in (None, plan):
                break
            start, family = phase.date_start, plan
            if phase.change_id.kind == "start":
                break
        return start

    def _term_end(self):
        """Return when the minimum term of the plan ends, if one is running.

        :rtype: date | None
        """
        subscription = self._running_subscription()
        plan = subscription.template_id
        start = self._term_start()
        if not (plan and start):
            return None
        return rating.term_end(
            start,
            plan.bitpaket_minimum_months,
            fields.Date.today(),
            plan.bitpaket_renews,
        )

    def _plan_end(self, now, forced=False):
        """Return when a plan can end: with what is paid for, and not within its term.

        :rtype: date
        """
        day = self._timeline_alone(now).fee_end(fields.Date.today())
        term = None if forced else self._term_end()
        while term and day < term:
            day = self._timeline_alone(now).fee_end(day)
        return day

    def _timeline_alone(self, now):
        """Return the timeline as if nothing were pending."""
        return rating.Timeline(self.date_start, None, [now._to_rating()])

    def _trial_end(self):
        """Return when the running trial ends: when the next phase begins."""
        today = fields.Date.today()
        later = self._phases().filtered(lambda phase: phase.date_start > today)
        return min(later.mapped("date_start"))

    # --- phases

    def _first_phases(self, plan, price, day):
        """Return the phases of a plan that is new: a trial first, if there is one."""
        if not plan.bitpaket_trial_days or self._had_trial():
            return [self._phase_values(plan, price, day, day, apart=True)]
        end = fields.Date.add(day, days=plan.bitpaket_trial_days)
        return self._trial_phases(plan, price, day, end)

    def _trial_phases(self, plan, price, day, end):
        trial = self._phase_values(plan, price, day, day)
        return [
            {**trial, "amount": 0, "is_trial": True},
            self._phase_values(plan, price, end, end),
        ]

    def _phase_values(self, plan, price, day, anchor, apart=False):
        return {
            "date_start": day,
            "anchor": anchor,
            "plan_id": plan.id,
            "interval": price.interval,
            "amount": price.amount,
            "apart": apart,
        }

    def _same_plan(self, phase, day, anchor, apart=False):
        """Return a phase on the same terms as another one."""
        return {
            "date_start": day,
            "anchor": anchor,
            "plan_id": phase.plan_id.id,
            "interval": phase.interval,
            "amount": phase.amount,
            "apart": apart,
        }

    def _payg_values(self, day, is_paused=False):
        return {
            "date_start": day,
            "anchor": fields.Date.start_of(day, "month"),
            "is_paused": is_paused,
        }
