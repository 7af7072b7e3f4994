"""Plans: which days an account is on which plan, and what fee is due when.

An account's days are cut into phases: from a day on it is on a plan, at a price, with
periods counted from an anchor; or it pays as it goes, by calendar months. A phase ends
where the next one begins, so no day is in two of them, and none in no phase.

Fees are due in advance, with the statement of the period that ends when they begin;
only what begins at once, such as an upgrade, is charged apart.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .errors import InvalidValue
from .periods import Period, add_months, anchored_containing, calendar_month
from .rounding import ZERO, exact, half_up
from .types import Fee


@dataclass(frozen=True, slots=True)
class Phase:
    """Days of an account on one plan, until the next phase begins.

    :param date start: first day
    :param date anchor: day that its periods are counted from, on or before the start
    :param str plan: the caller's reference of the plan; None: pay-as-you-go
    :param Decimal fee: for `months` months
    :param int months: what the fee is for: 1, or 12 for a year
    :param bool apart: whether its first fee is charged apart, and not with the
        statement of the period before
    :param str code: the caller's reference of the phase
    """

    start: date
    anchor: date
    plan: str | None = None
    fee: Decimal = ZERO
    months: int = 1
    apart: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class PaidFee:
    """A fee that was charged, and of which a rest may be credited.

    :param date start: first day it pays for
    :param date end: day after the last it pays for
    :param Decimal amount: charged, less what was credited and discounted of it
    """

    start: date
    end: date
    amount: Decimal


class Timeline:
    """The phases of one account.

    :param date start: first day that is billed
    :param date end: first day that is not billed any more; None: no end
    :param phases: iterable of Phase; days before the first are pay-as-you-go
    """

    def __init__(self, start, end=None, phases=()):
        self.start = start
        self.end = end
        self.phases = sorted(phases, key=lambda phase: phase.start)
        if not self.phases or self.phases[0].start > start:
            self.phases.insert(0, Phase(start, start.replace(day=1)))

    def phase(self, day):
        """Return the phase that a day is in; the first one for days before it."""
        return self._around(day)[0]

    def _around(self, day):
        """Return the phase that a day is in, and when it ends, if it ends."""
        position = 0
        for position, phase in enumerate(self.phases):
            if phase.start > day:
                position = max(position - 1, 0)
                break
        following = self.phases[position + 1 : position + 2]
        ends = [phase.start for phase in following]
        if self.end is not None:
            ends.append(self.end)
        return self.phases[position], min(ends, default=None)

    def full_period(self, day):
        """Return the uncut period that a day is in: of its plan, or its month.

        :rtype: Period
        """
        phase = self.phase(day)
        if day < phase.anchor:
            return calendar_month(day)
        return anchored_containing(phase.anchor, day)

    def period(self, day):
        """Return the billed part of the period that a day is in.

        :rtype: Period
        :raise InvalidValue: the day is not billed
        """
        if day < self.start or (self.end is not None and day >= self.end):
            raise InvalidValue("day", day)
        phase, until = self._around(day)
        full = self.full_period(day)
        end = full.end if until is None else min(full.end, until)
        return Period(max(full.start, phase.start, self.start), end)

    def periods(self, until):
        """Return the periods that have ended by a day, without gap or overlap.

        :param date until: no period ends after it
        :rtype: list[Period]
        """
        result = []
        day = self.start
        while self.end is None or day < self.end:
            period = self.period(day)
            if period.end > until:
                break
            result.append(period)
            day = period.end
        return result

    def fees(self, period):
        """Return the fees that are due with the statement of a period.

        :param Period period: a billed period
        :return: at most one Fee, of the days after the period
        :rtype: tuple[Fee, ...]
        """
        day = period.end
        if self.end is not None and day >= self.end:
            return ()
        phase, _until = self._around(day)
        if phase.apart and day == phase.start:
            return ()
        return self.fees_from(day)

    def fees_from(self, day):
        """Return the fee that is due when a day begins.

        A fee begins with its plan's month or year, and with a phase; one that cannot
        last that long is prorated by days.

        :param date day: the day
        :rtype: tuple[Fee, ...]
        """
        phase, until = self._around(day)
        if phase.plan is None or not phase.fee:
            return ()
        full = anchored_containing(phase.anchor, day, phase.months)
        if day != max(full.start, phase.start):
            return ()
        end = full.end if until is None else min(full.end, until)
        whole = Period(day, end) == full
        return (
            Fee(
                phase.code,
                phase.fee,
                day,
                end,
                None if whole else full.days,
                phase.plan,
            ),
        )

    def fee_end(self, day):
        """Return when the fee ends that pays for a day: with its month or its year.

        :rtype: date
        """
        phase, until = self._around(day)
        end = anchored_containing(phase.anchor, day, phase.months).end
        return end if until is None else min(end, until)


@exact
def unused_rest(paid, day, digits):
    """Return what of a fee is not used up when its plan ends.

    :param PaidFee paid: the fee
    :param date day: first day without the plan
    :param int digits: decimals of the currency
    :return: Decimal, prorated by days and rounded half up
    """
    start = max(paid.start, day)
    if start >= paid.end:
        return ZERO
    days = (paid.end - paid.start).days
    return half_up(paid.amount * (paid.end - start).days / days, digits)


def term_end(start, months, day, renews=True):
    """Return when a plan with a minimum term can end, seen from a day.

    :param date start: when the term began
    :param int months: length of the term; 0: there is none
    :param date day: the day
    :param bool renews: whether another term follows each
    :return: the first possible end after the day; None: no term is running
    :rtype: date | None
    """
    if not months:
        return None
    first = add_months(start, months)
    if day < first or not renews:
        return first if day < first else None
    return anchored_containing(start, day, months).end


@exact
def prorated_allowance(quantity, part, full):
    """Return how much of an allowance a cut period has.

    :param Decimal quantity: of a full period, in billed units
    :param Period part: the billed days
    :param Period full: the period that they are cut from
    :return: Decimal, unrounded
    """
    return quantity if part == full else quantity * part.days / full.days


@exact
def allowance_left(included, carried, used, cap):
    """Return what of an allowance the next period finds.

    :param Decimal included: of this period
    :param Decimal carried: from the period before
    :param Decimal used: in this period
    :param Decimal cap: greatest rest that is carried on; None: nothing is
    :return: Decimal, 0 or more
    """
    if cap is None:
        return ZERO
    return min(max(included + carried - used, ZERO), cap)


@exact
def used(statement, meter):
    """Return what of a meter a rated statement counts, free units included.

    :param Statement statement: the statement
    :param str meter: code of the meter
    :return: Decimal, in billed units
    """
    return sum(
        (
            line.quantity
            for line in statement.lines
            if line.kind == "usage" and line.meter == meter
        ),
        ZERO,
    )


@exact
def monthly(fee, months):
    """Return what a fee comes to per month, unrounded: for comparisons and MRR."""
    return fee / months
