"""Rules that object stores add to the price of stored data."""

from dataclasses import dataclass
from decimal import Decimal

from .metering import beyond
from .rounding import ceil, exact, half_up


@dataclass(frozen=True, slots=True)
class MinimumDuration:
    """Charge for an object that is deleted early, in money.

    :param Decimal storage_cost: for the days it was stored
    :param Decimal early_delete_cost: for the days that were missing
    """

    storage_cost: Decimal
    early_delete_cost: Decimal

    @property
    def total(self):
        """Both charges together."""
        return self.storage_cost + self.early_delete_cost


@dataclass(frozen=True, slots=True)
class MinimumStorage:
    """Charge for stored data with a monthly minimum, in money.

    :param Decimal active: for what was stored
    :param Decimal total: for the minimum, when that is more
    """

    active: Decimal
    total: Decimal

    @property
    def minimum_charge(self):
        """What the minimum adds."""
        return self.total - self.active


@dataclass(frozen=True, slots=True)
class EgressUnits:
    """Egress with an allowance in proportion to stored data, in whole units.

    :param Decimal storage: billed storage
    :param Decimal included: egress inside the allowance
    :param Decimal overage: egress beyond it
    """

    storage: Decimal
    included: Decimal
    overage: Decimal


def missing_days(stored_days, minimum_days):
    """Count the days an object was deleted too early.

    :param int stored_days: days it was stored
    :param int minimum_days: least number of days
    :return: int, 0 or more
    """
    return max(minimum_days - stored_days, 0)


@exact
def minimum_duration(gb, price, stored_days, minimum_days, month_days, digits=2):
    """Charge an object that was deleted before its minimum duration.

    :param Decimal gb: its size
    :param Decimal price: of a GB-month
    :param int stored_days: days it was stored
    :param int minimum_days: least number of days
    :param int month_days: days of a month
    :param int digits: decimals of the currency; both costs are rounded half up
    :return: MinimumDuration
    """
    missing = missing_days(stored_days, minimum_days)
    return MinimumDuration(
        half_up(gb * price * stored_days / month_days, digits),
        half_up(gb * price * missing / month_days, digits),
    )


@exact
def retention_remainder(size, remaining_hours, month_hours, unit_size):
    """Count the units due for the rest of a minimum duration.

    :param Decimal size: bytes deleted
    :param int remaining_hours: hours of the minimum duration not yet stored
    :param int month_hours: hours of the month
    :param Decimal unit_size: bytes of a billed unit
    :return: Decimal unit-months, rounded up
    """
    return ceil(size * remaining_hours / (month_hours * unit_size))


@exact
def minimum_storage(stored_gb, minimum_gb, price_per_tb, tb_gb, digits=2):
    """Charge stored data, but at least a minimum.

    :param Decimal stored_gb: stored
    :param Decimal minimum_gb: least billed
    :param Decimal price_per_tb: of a TB-month
    :param Decimal tb_gb: GB of a TB
    :param int digits: decimals of the currency; both amounts are rounded half up
    :return: MinimumStorage
    """
    active = half_up(stored_gb * price_per_tb / tb_gb, digits)
    billed = max(stored_gb, minimum_gb)
    return MinimumStorage(active, half_up(billed * price_per_tb / tb_gb, digits))


@exact
def egress_by_ratio(stored, hours, month_hours, egress, ratio, unit_size):
    """Divide egress into an allowance of stored data times a ratio, and the rest.

    :param Decimal stored: bytes stored
    :param int hours: hours they were stored
    :param int month_hours: hours of the month
    :param Decimal egress: bytes sent
    :param Decimal ratio: free egress as a multiple of the average stored
    :param Decimal unit_size: bytes of a billed unit
    :return: EgressUnits, each rounded up once
    """
    byte_hours = stored * hours
    overage = ceil(
        beyond(egress * month_hours, byte_hours * ratio) / (month_hours * unit_size)
    )
    return EgressUnits(
        storage=ceil(byte_hours / (month_hours * unit_size)),
        included=ceil(egress / unit_size) - overage,
        overage=overage,
    )
