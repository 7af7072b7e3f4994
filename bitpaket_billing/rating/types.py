"""What a statement is made from, and what it is made of.

Quantities come in base units (requests, bytes, byte-hours) and are billed in the
unit of their meter. Money has the currency's digits once it is on a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .coupons import Coupon, CouponResult
from .errors import InvalidValue
from .periods import Period
from .pricing import Tier
from .rounding import ONE, ROUNDINGS, ZERO

ADDITIVE = ("sum", "count", "byte_hours")
DAILY_MEANS = ("daily_peak_mean", "time_weighted")
AGGREGATIONS = (*ADDITIVE, *DAILY_MEANS, "max", "latest")
BLOCKS = ("block_all", "block_top")
TIERED = ("graduated", "volume", "graduated_percentage", *BLOCKS)
MODELS = ("unit", "package", "flat", "percentage", *TIERED)


def _check(name, value, is_valid):
    if not is_valid:
        raise InvalidValue(name, value)


@dataclass(frozen=True, slots=True)
class Meter:
    """What is counted.

    :param str code: identifies the meter
    :param str name: label for people
    :param str kind: requests, storage or transfer
    :param str unit: label of the billed unit, such as GB-month
    :param str aggregation: how daily quantities become the period's quantity:
        sum or count (added up), byte_hours (added up and divided by the hours of
        the month), daily_peak_mean or time_weighted (daily peaks or daily mean
        levels, divided by the days of the month; a day without usage counts as
        0), max (greatest day) or latest (last day with usage)
    :param Decimal unit_size: base units of a billed unit: bytes of a GB
    :param int month_hours: hours of a month, such as 720; None: the real hours of
        the period
    :param int full_month_hours: hours after which stored data is billed for the
        whole month, shorter times in proportion; instead of the month's hours, and
        to the day's mean level. None: no such rule
    :param str rounding: of the period's quantity before it is priced: none, up,
        half_up or down
    :param int rounding_digits: decimals kept by this rounding
    :raise InvalidValue: an unknown choice, or a size that is not positive
    """

    code: str
    name: str
    kind: str
    unit: str
    aggregation: str = "sum"
    unit_size: Decimal = ONE
    month_hours: int | None = None
    full_month_hours: int | None = None
    rounding: str = "none"
    rounding_digits: int = 0

    def __post_init__(self):
        _check("aggregation", self.aggregation, self.aggregation in AGGREGATIONS)
        _check("rounding", self.rounding, self.rounding in ROUNDINGS)
        _check("unit_size", self.unit_size, self.unit_size > 0)


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """One UTC day's rollup of a meter.

    :param str meter: code of the meter
    :param date day: the day
    :param Decimal quantity: in base units
    :param int events: how many events it is made of
    """

    meter: str
    day: date
    quantity: Decimal
    events: int = 0


@dataclass(frozen=True, slots=True)
class Transaction:
    """One event of a meter that counts money, for prices with terms per event.

    :param str meter: code of the meter
    :param date day: when, in UTC
    :param Decimal amount: in base units
    """

    meter: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """A dated price of a meter.

    Allowances are taken off first: tiers and packages see what is left. All
    prices of a meter in one period share its allowance and its position in the
    tiers.

    :param str meter: code of the meter
    :param date start: first day in force; None: always was
    :param date end: first day no longer in force; None: for ever
    :param str model: unit (every unit at one price), graduated (every unit at the
        price of its tier), volume (all units at the price of the tier that the
        total reaches), package (started packages), block_all (started blocks, tier
        after tier), block_top (all in started blocks of the tier that the total
        reaches), flat (a fixed amount), percentage (of an amount, with a fee per
        event) or graduated_percentage (every part of an amount at its tier's
        percentage)
    :param Decimal unit_price: of ``per`` units; of a package; percent of an amount
    :param Decimal per: billed units of a unit price, tiers' prices included; it
        does not round to whole packages
    :param Decimal free: billed units that are free in a period
    :param Decimal free_per_day: billed units that are free every UTC day
    :param bool free_accrues: whether what a day leaves of them is kept until the end
        of the period, instead of being lost. The days are those with a price
    :param tuple tiers: of tiered prices, bounds in billed units
    :param Decimal package_size: billed units of a package; started ones count
    :param Decimal flat_amount: of a flat price for a whole period; a price in
        force for a part of it is prorated by days
    :param bool flat_at_zero: whether the first tier's fee, or the flat amount, is
        due without usage
    :param Decimal minimum: least amount of the period; None: no minimum
    :param Decimal maximum: greatest amount of the period; None: no maximum
    :param Decimal free_ratio: more free units: this ratio times the period's
        quantity of another meter (free egress as a multiple of stored data)
    :param str free_ratio_meter: code of that meter
    :param Decimal event_fee: of a percentage: fee of every event that is not free
    :param Decimal event_minimum: of a percentage: least charge of such an event
    :param Decimal event_maximum: of a percentage: greatest charge of an event
    :param int free_events: of a percentage: first events of the period that are free
    :param Decimal free_amount: of a percentage: first amount of the period that is
        free
    :param bool free_until_first: whether both allowances end when the first one is
        used up, instead of the last one
    :param str code: the caller's reference, passed on to the lines
    :raise InvalidValue: an unknown model, or a model without what it needs
    """

    meter: str
    start: date | None
    end: date | None
    model: str
    unit_price: Decimal = ZERO
    per: Decimal = ONE
    free: Decimal = ZERO
    free_per_day: Decimal = ZERO
    free_accrues: bool = False
    tiers: tuple[Tier, ...] = ()
    package_size: Decimal | None = None
    flat_amount: Decimal = ZERO
    flat_at_zero: bool = True
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    free_ratio: Decimal = ZERO
    free_ratio_meter: str | None = None
    event_fee: Decimal = ZERO
    event_minimum: Decimal | None = None
    event_maximum: Decimal | None = None
    free_events: int = 0
    free_amount: Decimal = ZERO
    free_until_first: bool = False
    code: str = ""

    def __post_init__(self):
        _check("model", self.model, self.model in MODELS)
        _check("per", self.per, self.per > 0)
        if self.model in TIERED:
            _check("tiers", self.tiers, _are_ascending(self.tiers))
        if self.model == "package":
            size = self.package_size
            _check("package_size", size, size is not None and size > 0)
        if self.model in BLOCKS:
            _check("tiers", self.tiers, _are_whole_blocks(self.tiers))

    @property
    def needs_transactions(self):
        """Whether the charge depends on every single event of the period."""
        return self.model == "percentage" and bool(
            self.free_events
            or self.free_amount
            or self.event_minimum is not None
            or self.event_maximum is not None
        )


def _are_ascending(tiers):
    """Tell whether tiers have rising bounds, of which only the last may be open."""
    bounds = [tier.up_to for tier in tiers]
    if bounds and bounds[-1] is None:
        bounds.pop()
    bounds = [ZERO, *bounds]
    return bool(tiers) and None not in bounds and bounds == sorted(set(bounds))


def _are_whole_blocks(tiers):
    """Tell whether every tier that ends holds whole blocks."""
    lower = ZERO
    for tier in tiers:
        if tier.size is None or tier.size <= 0:
            return False
        if tier.up_to is not None and (tier.up_to - lower) % tier.size:
            return False
        lower = tier.up_to
    return True


@dataclass(frozen=True, slots=True)
class Fee:
    """A fixed amount, such as a plan's price or the credit for an unused rest.

    :param str code: the caller's reference
    :param Decimal amount: for ``period_days`` days, or for the whole fee
    :param date start: first day it pays for
    :param date end: day after the last it pays for
    :param int period_days: days of a full period, to prorate by; None: it is due
        in full
    :param str plan: plan it belongs to; None: the request's
    :param str note: passed on to the line; `unused`: the rest of a fee that was paid
        for, which coupons leave alone
    """

    code: str
    amount: Decimal
    start: date
    end: date
    period_days: int | None = None
    plan: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Commitment:
    """A minimum spend on usage and fees of a period, before coupons.

    :param Decimal minimum: for a full period
    :param int days: billed days; None: the full period
    :param int period_days: days of a full period; None: not prorated
    """

    minimum: Decimal
    days: int | None = None
    period_days: int | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A difference of an earlier period, such as usage that came late.

    It does not count towards this period's commitment.

    :param str meter: code of the meter; None: of no meter
    :param date start: first day of the adjusted period
    :param date end: day after its last
    :param Decimal amount: difference; negative: a credit
    :param Decimal quantity: difference in billed units
    :param str unit: label of the billed unit
    :param str code: the caller's reference
    :param str price: the caller's reference of the price it is rated by
    :param str note: passed on to the line
    """

    meter: str | None
    start: date
    end: date
    amount: Decimal
    quantity: Decimal = ZERO
    unit: str = ""
    code: str = ""
    price: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class MinimumInvoice:
    """A least total of a statement, after coupons.

    :param Decimal minimum: least total; one of zero is left alone
    :param date effective: first period start it applies to; None: always
    """

    minimum: Decimal
    effective: date | None = None


@dataclass(frozen=True, slots=True)
class StatementRequest:
    """All that is known about one account and one period.

    The order of usage and prices means nothing. Meters, fees and adjustments
    come out in their order; coupons are in the order of their redemption.

    :param Period period: UTC days that are billed
    :param int currency_digits: decimals of the currency
    :param meters: all meters that may occur
    :param usage: DailyUsage; at most one per meter and day, unless it adds up
    :param prices: Price of any meters
    :param fees: Fee
    :param Commitment commitment: minimum spend
    :param coupons: Coupon
    :param adjustments: Adjustment
    :param str currency: code, to tell which fixed coupons apply
    :param str plan: the account's plan, for coupons limited to plans
    :param Period full_period: the whole period that a shorter one is cut from;
        its hours and days divide storage and flat prices. None: the period
    :param MinimumInvoice minimum_invoice: least total
    :param transactions: Transaction, in time order, of all meters whose price has
        terms per event
    """

    period: Period
    currency_digits: int
    meters: Sequence[Meter]
    usage: Iterable[DailyUsage]
    prices: Iterable[Price]
    fees: Sequence[Fee] = ()
    commitment: Commitment | None = None
    coupons: Sequence[Coupon] = ()
    adjustments: Sequence[Adjustment] = ()
    currency: str | None = None
    plan: str | None = None
    full_period: Period | None = None
    minimum_invoice: MinimumInvoice | None = None
    transactions: Iterable[Transaction] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement.

    ``amount`` is (charged_quantity x unit_price / per + flat), rounded half up,
    once.

    :param str kind: usage, fee, commitment, adjustment, coupon or minimum
    :param str meter: code of the meter, or None
    :param date start: first day
    :param date end: day after the last
    :param Decimal quantity: billed units; the lines of a meter add up to its
        usage, free units included
    :param str unit: label of the billed unit
    :param Decimal unit_price: of ``per`` units
    :param Decimal per: units of a unit price
    :param Decimal amount: money, rounded to the currency's digits
    :param Decimal tier_from: lower bound of the tier, exclusive; None: no tiers
    :param Decimal tier_to: upper bound of the tier, inclusive; None: unlimited
    :param bool free: whether the line shows an allowance; its amount is 0
    :param Decimal flat: fee of the tier that is part of the amount
    :param Decimal charged_quantity: what the unit price is multiplied with, when it
        is not the quantity: units of started packages or blocks, days of a flat
        price, the number of events
    :param Decimal metered: what was metered for it in base units, before it was
        converted and rounded; only on the first line of a price and period. Of a
        commitment or minimum: the amount that it was compared with
    :param str price: the caller's reference of the price; "": not by a price
    :param str code: reference of the fee, coupon or adjustment
    :param str plan: plan, for coupons limited to plans
    :param str note: of a usage line, how it came about when not by tier or unit:
        package, block, flat, percentage, event_fee, per_event, minimum or maximum;
        of other lines, the caller's note
    :param str fee: code of the fee that the line is, or that a coupon discounts
    :param tuple shares: of a coupon line: (position of a line, its share of the
        discount), positive, adding up to the discount
    """

    kind: str
    meter: str | None
    start: date
    end: date
    quantity: Decimal
    unit: str
    unit_price: Decimal
    per: Decimal
    amount: Decimal
    tier_from: Decimal | None = None
    tier_to: Decimal | None = None
    free: bool = False
    flat: Decimal = ZERO
    charged_quantity: Decimal | None = None
    metered: Decimal | None = None
    price: str = ""
    code: str = ""
    plan: str | None = None
    note: str = ""
    fee: str = ""
    shares: tuple[tuple[int, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One step of the arithmetic of a line: quantity x unit_price / per."""

    quantity: Decimal
    unit_price: Decimal
    per: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """The rated lines of one account and one period.

    :param tuple lines: Line, in a fixed order
    :param Decimal total: sum of the lines' amounts, before tax
    :param tuple coupons: CouponResult for each coupon, in the order given
    """

    lines: tuple[Line, ...]
    total: Decimal
    coupons: tuple[CouponResult, ...] = ()
