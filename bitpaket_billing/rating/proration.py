"""Prices of a part of a period."""

from dataclasses import dataclass
from decimal import Decimal

from .rounding import exact, half_up


@dataclass(frozen=True, slots=True)
class PlanChange:
    """Money of a plan change inside a period paid in advance.

    :param Decimal credit: unused rest of the old plan
    :param Decimal charge: rest of the period at the new plan
    """

    credit: Decimal
    charge: Decimal

    @property
    @exact
    def net(self):
        """What the customer pays; negative on a downgrade."""
        return self.charge - self.credit


@exact
def prorate(amount, days, period_days, digits=2):
    """Price a part of a period.

    :param Decimal amount: price of the full period
    :param int days: billed days, both ends counted; may exceed the period's
    :param int period_days: days of the full period
    :param int digits: decimals of the currency
    :return: Decimal, rounded half up, once
    """
    return half_up(amount * days / period_days, digits)


@exact
def change_plan(old_price, new_price, remaining):
    """Price a plan change inside a period paid in advance.

    :param Decimal old_price: of the full period
    :param Decimal new_price: of the full period
    :param Decimal remaining: share of the period still to come, 0 to 1
    :return: PlanChange, unrounded
    """
    return PlanChange(old_price * remaining, new_price * remaining)
