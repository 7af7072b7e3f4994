"""The usage lines of a statement.

Usage is grouped once. Each price in force rates its part of the period, but all
parts of a meter share the period's quantity: what is converted and rounded is the
running total, and a part is billed what it adds to that.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from .errors import (
    DuplicateUsage,
    InvalidValue,
    MissingPrice,
    OverlappingPrices,
    UnknownMeter,
    UsageOutsidePeriod,
)
from .metering import beyond
from .pricing import capped, graduated_added, tier_of
from .rounding import ONE, ZERO, ceil, half_up, round_units, settle_quantity
from .types import ADDITIVE, DAILY_MEANS, Line, Price


@dataclass(slots=True)
class _Part:
    """A price, the days it is in force, and what is used in them.

    ``before`` and ``after`` are the running totals of billed units beyond all
    allowances; ``free`` are the units that the allowances took off.
    """

    price: Price
    start: date
    end: date
    free: Decimal = ZERO
    before: Decimal = ZERO
    after: Decimal = ZERO

    @property
    def billed(self):
        return self.after - self.before


def rate_usage(request):
    """Rate the usage of a period.

    :param StatementRequest request: meters, usage and prices
    :return: list of Line, by meter in the request's order, date and tier
    :raise RatingError: usage that no meter, price or tier covers, or that lies
        outside the period
    """
    full = request.full_period or request.period
    days_by_meter = _group_usage(request)
    prices_by_meter = defaultdict(list)
    for price in request.prices:
        prices_by_meter[price.meter].append(price)
    quantities = _Quantities(request.meters, days_by_meter, full)
    lines = []
    for meter in request.meters:
        parts = _parts(meter.code, prices_by_meter[meter.code], request.period)
        counted = _counted(meter, days_by_meter[meter.code])
        _check_priced(meter.code, counted, parts, request.period)
        _fill(parts, meter, counted, quantities)
        lines += _meter_lines(parts, meter, full.days, request)
    return lines


def _group_usage(request):
    """Collect usage as {meter: {day: quantity in base units}}."""
    start, end = request.period.start, request.period.end
    grouped = {meter.code: {} for meter in request.meters}
    if len(grouped) != len(request.meters):
        raise InvalidValue("meters", sorted(meter.code for meter in request.meters))
    additive = {m.code for m in request.meters if m.aggregation in ADDITIVE}
    for usage in request.usage:
        code, day = usage.meter, usage.day
        days = grouped.get(code)
        if days is None:
            raise UnknownMeter(code)
        if not start <= day < end:
            raise UsageOutsidePeriod(code, day)
        if day not in days:
            days[day] = usage.quantity
        elif code in additive:
            days[day] += usage.quantity
        else:
            raise DuplicateUsage(code, day)
    return grouped


def _counted(meter, days):
    """Return the daily quantities that add up to the period's quantity."""
    aggregation = meter.aggregation
    if aggregation in ADDITIVE or aggregation in DAILY_MEANS or not days:
        return days
    if aggregation == "latest":
        day = max(days)
    else:
        day = max(days, key=lambda day: (days[day], -day.toordinal()))
    return {day: days[day]}


class _Quantities:
    """Convert the quantities of a period from base units to billed units."""

    def __init__(self, meters, days_by_meter, full):
        self.meters = {meter.code: meter for meter in meters}
        self.days_by_meter = days_by_meter
        self.full = full

    def factors(self, meter):
        """Return (multiplier, divisor) from base units to billed units."""
        hours = meter.month_hours or self.full.hours
        if meter.aggregation == "byte_hours":
            return 1, meter.unit_size * hours
        if meter.aggregation in DAILY_MEANS:
            return 24, meter.unit_size * hours
        return 1, meter.unit_size

    def free_of_ratio(self, price, meter):
        """Return the allowance that another meter's quantity gives."""
        if not price.free_ratio:
            return ZERO
        source = self.meters.get(price.free_ratio_meter)
        if source is None:
            raise UnknownMeter(price.free_ratio_meter)
        counted = _counted(source, self.days_by_meter[source.code])
        multiplier, divisor = self.factors(source)
        level = sum(counted.values(), ZERO) * multiplier * source.unit_size
        free = level * price.free_ratio / (divisor * meter.unit_size)
        return max(settle_quantity(free), ZERO)


def _parts(code, prices, period):
    """Cut the period into parts with one price each, in order of date."""
    parts = []
    for price in prices:
        start = max(price.start or period.start, period.start)
        end = min(price.end or period.end, period.end)
        if start < end:
            parts.append(_Part(price, start, end))
    parts.sort(key=lambda part: part.start)
    for part, following in zip(parts, parts[1:], strict=False):
        if following.start < part.end:
            raise OverlappingPrices(code, following.start)
    return parts


def _check_priced(code, counted, parts, period):
    """Refuse usage on days without a price."""
    if sum((part.end - part.start).days for part in parts) == period.days:
        return
    for day in sorted(counted):
        if counted[day] and not any(part.start <= day < part.end for part in parts):
            raise MissingPrice(code, day)


def _fill(parts, meter, counted, quantities):
    """Tell every part what it is billed, and what of it was free."""
    multiplier, divisor = quantities.factors(meter)
    base = used = after = ZERO
    for part in parts:
        price = part.price
        days = _days_of(part, parts, counted)
        daily_free = ZERO
        if price.free_per_day:
            # A day of net corrections keeps its credit: it used no allowance.
            most = price.free_per_day * divisor / multiplier
            daily_free = sum((min(max(day, ZERO), most) for day in days), ZERO)
        base += sum(days, ZERO) - daily_free
        total = round_units(
            settle_quantity(base * multiplier / divisor),
            meter.rounding,
            meter.rounding_digits,
        )
        free = price.free + quantities.free_of_ratio(price, meter)
        billed = _beyond_free(total, free) - _beyond_free(used, free)
        part.free = settle_quantity(daily_free * multiplier / divisor)
        part.free += total - used - billed
        part.before, part.after = after, after + billed
        used, after = total, part.after


def _days_of(part, parts, counted):
    if len(parts) == 1:
        return counted.values()
    return [q for day, q in counted.items() if part.start <= day < part.end]


def _beyond_free(quantity, free):
    """Return what an allowance leaves; a net correction stays what it is."""
    return beyond(quantity, free) if quantity > 0 else quantity


def _meter_lines(parts, meter, full_days, request):
    """Return the lines of one meter."""
    lines = []
    billed = ZERO
    for part in parts:
        price = part.price
        whole = _Whole(parts[-1].after, part is parts[-1], full_days)
        line = partial(_line, part, meter, request)
        drafts = [line(part.free, free=True)]
        drafts += _MODELS[price.model](part, line, whole)
        part_lines = [draft for draft in drafts if _says_something(draft)]
        amount = sum((draft.amount for draft in part_lines), ZERO)
        limited = capped(
            billed,
            billed + amount,
            price.minimum if whole.is_last else None,
            price.maximum,
        )
        if limited != amount:
            note = "minimum" if limited > amount else "maximum"
            part_lines.append(line(ZERO, flat=limited - amount, note=note))
        billed += sum((draft.amount for draft in part_lines), ZERO)
        lines += part_lines
    return lines


def _line(
    part, meter, request, quantity, unit_price=ZERO, per=None, charged=None, **details
):
    """Return a line; its amount is rounded here and nowhere else."""
    per = part.price.per if per is None else per
    multiplied = quantity if charged is None else charged
    amount = multiplied * unit_price / per + details.get("flat", ZERO)
    return Line(
        "usage",
        meter.code,
        part.start,
        part.end,
        quantity,
        meter.unit,
        unit_price,
        per,
        half_up(amount, request.currency_digits),
        charged_quantity=charged,
        plan=request.plan,
        **details,
    )


def _says_something(line):
    """Tell whether there is usage or money, be it less than a cent, on a line."""
    return line.quantity or line.flat or (line.charged_quantity and line.unit_price)


@dataclass(slots=True)
class _Whole:
    """What a part must know of the whole period.

    :param Decimal total: billed units of the period
    :param bool is_last: whether the part is the period's last
    :param int days: days of the full period
    """

    total: Decimal
    is_last: bool
    days: int

    def owes_flat(self, price):
        """Tell whether a fee that does not depend on tiers is due at the end."""
        return self.is_last and (self.total > 0 or price.flat_at_zero)


def _unit(part, line, whole):
    return [line(part.billed, part.price.unit_price)]


def _graduated(part, line, whole):
    price = part.price
    lines = [
        line(
            share.units,
            share.tier.unit_price,
            flat=share.flat,
            tier_from=share.lower,
            tier_to=share.tier.up_to,
        )
        for share in graduated_added(part.billed, price.tiers, part.before)
    ]
    if whole.total <= 0 and whole.owes_flat(price):
        first = price.tiers[0]
        lines.append(line(ZERO, flat=first.flat, tier_from=ZERO, tier_to=first.up_to))
    return lines


def _volume(part, line, whole):
    tier, lower = tier_of(whole.total, part.price.tiers)
    flat = tier.flat if whole.owes_flat(part.price) else ZERO
    return [
        line(
            part.billed,
            tier.unit_price,
            flat=flat,
            tier_from=lower,
            tier_to=tier.up_to,
        )
    ]


def _package(part, line, whole):
    price = part.price
    size = price.package_size
    count = ceil(part.after / size) - ceil(part.before / size)
    return [
        line(
            part.billed,
            price.unit_price,
            per=size,
            charged=count * size,
            note="package",
        )
    ]


def _flat(part, line, whole):
    price = part.price
    is_due = whole.total > 0 or price.flat_at_zero
    days = (part.end - part.start).days if is_due else 0
    return [
        line(
            part.billed,
            price.flat_amount,
            per=ONE * whole.days,
            charged=ONE * days,
            note="flat",
        )
    ]


_MODELS = {
    "unit": _unit,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "flat": _flat,
}
