"""Minimum spend, minimum invoices, and invoices at spending thresholds."""

from dataclasses import dataclass
from decimal import Decimal

from .proration import prorate
from .rounding import ZERO, exact


@dataclass(frozen=True, slots=True)
class Progress:
    """Interim invoices of a period.

    :param tuple invoices: Decimal amounts, in time order
    :param Decimal used: amount of all usage of the period
    """

    invoices: tuple
    used: Decimal

    @property
    @exact
    def billed(self):
        """Sum of the interim invoices, to be credited on the final one."""
        return sum(self.invoices, ZERO)


def prorated(amount, days, period_days, digits=2):
    """Prorate an amount if the period is cut, else leave it as it is.

    :param Decimal amount: for the full period
    :param int days: billed days; None: the full period
    :param int period_days: days of the full period; None: the full period
    :param int digits: decimals of the currency
    :return: Decimal; rounded half up only if prorated
    """
    if days is None:
        return amount
    return prorate(amount, days, period_days, digits)


@exact
def true_up(minimum, spent):
    """Return what lacks to a minimum spend.

    :param Decimal minimum: of the period, prorated already
    :param Decimal spent: plan fee and usage of the period, before coupons
    :return: Decimal, 0 or more
    """
    return max(minimum - spent, ZERO)


@exact
def minimum_invoice(total, minimum, effective, period_start, digits=2):
    """Return what lifts an invoice to a minimum charge.

    :param Decimal total: of the invoice, after coupons
    :param Decimal minimum: least invoice
    :param date effective: first period start it applies to; None: always
    :param date period_start: first day of the invoice's period
    :param int digits: decimals of the currency; an invoice below its smallest
        unit is not lifted
    :return: Decimal, 0 or more
    """
    if effective is not None and period_start < effective:
        return ZERO
    if not Decimal(1).scaleb(-digits) <= total < minimum:
        return ZERO
    return minimum - total


@exact
def progressive(steps, unit_price, thresholds):
    """Issue an interim invoice whenever usage crosses a spending threshold.

    :param steps: iterable of Decimal, quantities in time order
    :param Decimal unit_price: price of a unit
    :param thresholds: iterable of Decimal, money; each works once, and one step
        over several of them makes one invoice
    :return: Progress, unrounded
    """
    waiting = set(thresholds)
    used = billed = ZERO
    invoices = []
    for quantity in steps:
        before, used = used, used + quantity * unit_price
        crossed = {threshold for threshold in waiting if before < threshold <= used}
        if crossed:
            waiting -= crossed
            invoices.append(used - billed)
            billed = used
    return Progress(tuple(invoices), used)
