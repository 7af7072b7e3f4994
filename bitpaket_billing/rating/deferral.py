"""Revenue of a service that lasts: what of it is earned by which day.

Earned is counted by the day and rounded as a whole, from the first day on; what a month
earns is the difference of two such sums. So the months together are the amount to the
cent, and a month that is caught up late gets what it would have got in time.
"""

from .periods import Period, add_months
from .rounding import ZERO, exact, half_up, spread


@exact
def earned(amount, period, until, digits):
    """Return what of an amount is earned before a day.

    :param Decimal amount: for the whole service; negative for a credit
    :param Period period: of the service
    :param date until: first day that does not count any more
    :param int digits: decimals of the currency
    :return: Decimal, rounded half up; the amount itself once the service is over
    """
    if until <= period.start:
        return ZERO
    if until >= period.end:
        return amount
    return half_up(amount * Period(period.start, until).days / period.days, digits)


def outlasts(period, months):
    """Tell whether a service lasts longer than so many months.

    :param Period period: of the service
    :param int months: counted from its first day; a month of plan lasts one
    :rtype: bool
    """
    return period.end > add_months(period.start, months)


def first_release(period, booked):
    """Return the month with which revenue is recognised for the first time.

    Nothing is recognised before it is booked: what was earned by then comes with the
    month in which it is.

    :param Period period: of the service
    :param date booked: accounting date of the invoice
    :return: date, the first of that month
    """
    return max(period.start, booked).replace(day=1)


def credited_shares(amount, weights, digits):
    """Split a credit that names no line over the lines that it may be for.

    :param Decimal amount: what is credited
    :param weights: what each line was billed
    :param int digits: decimals of the currency
    :return: list of Decimal, in proportion; their sum is the amount, and all are zero
        when the lines come to nothing
    """
    if not sum(weights, ZERO):
        return [ZERO] * len(weights)
    return spread(amount, weights, digits)
