"""The usage lines of a statement.

Usage is grouped once. Each price in force rates its part of the period, but all
parts of a meter share the period's quantity: what is converted and rounded is the
running total, and a part is billed what it adds to that.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
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
from .metering import beyond, capped_hours
from .percentage import charge_events
from .pricing import capped, graduated_added, stretch, tier_of
from .rounding import HUNDRED, ONE, ZERO, ceil, half_up, round_units, settle_quantity
from .types import ADDITIVE, DAILY_MEANS, Line, Meter, Price


@dataclass(slots=True)
class _Part:
    """A price, the days it is in force, and what is used in them.

    ``before`` and ``after`` are the running totals of billed units beyond all
    allowances; ``free`` are the units that the allowances took off; ``metered`` is
    what was used in base units.
    """

    price: Price
    start: date
    end: date
    metered: Decimal = ZERO
    free: Decimal = ZERO
    before: Decimal = ZERO
    after: Decimal = ZERO

    @property
    def billed(self):
        return self.after - self.before

    def __contains__(self, day):
        return self.start <= day < self.end


def rate_usage(request):
    """Rate the usage of a period.

    :param StatementRequest request: meters, usage and prices
    :return: list of Line, by meter in the request's order, date and tier
    :raise RatingError: usage that no meter, price or tier covers, or that lies
        outside the period
    """
    full = request.full_period or request.period
    days_by_meter, counts_by_meter = _group_usage(request)
    transactions_by_meter = _group_transactions(request)
    prices_by_meter = defaultdict(list)
    for price in request.prices:
        prices_by_meter[price.meter].append(price)
    quantities = Quantities(request.meters, days_by_meter, full)
    lines = []
    for meter in request.meters:
        parts = _parts(meter.code, prices_by_meter[meter.code], request.period)
        counted = _counted(meter, days_by_meter[meter.code])
        _check_priced(meter.code, counted, parts, request.period)
        _fill(parts, meter, counted, quantities)
        events = _Events(counts_by_meter[meter.code], transactions_by_meter[meter.code])
        lines += _meter_lines(parts, meter, full.days, events, request)
    return lines


@dataclass(slots=True)
class _Events:
    """The events of a meter, which only prices with terms per event ask for.

    :param dict counts: how many there are, by day
    :param list transactions: Transaction, in time order
    """

    counts: dict
    transactions: list

    def count(self, part):
        """Return how many events a part has."""
        return sum(count for day, count in self.counts.items() if day in part)

    def until(self, part):
        """Return the transactions of the period up to the end of a part."""
        return [event for event in self.transactions if event.day < part.end]


def _group_transactions(request):
    grouped = defaultdict(list)
    for event in request.transactions:
        grouped[event.meter].append(event)
    return grouped


def _group_usage(request):
    """Collect usage by meter and day: quantities in base units, counts of events."""
    counts = defaultdict(lambda: defaultdict(int))
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
        if usage.events:
            counts[code][day] += usage.events
    return grouped, counts


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


class Quantities:
    """Convert the quantities of a period from base units to billed units."""

    def __init__(self, meters, days_by_meter, full):
        self.meters = {meter.code: meter for meter in meters}
        self.days_by_meter = days_by_meter
        self.full = full

    def factors(self, meter):
        """Return (multiplier, divisor) from base units to billed units."""
        hours = meter.full_month_hours or meter.month_hours or self.full.hours
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
        level = _metered(source, counted) * multiplier * source.unit_size
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
        if counted[day] and not any(day in part for part in parts):
            raise MissingPrice(code, day)


def _metered(meter, days):
    """Add up daily quantities, as far as they count.

    :param dict days: day to quantity, in base units
    """
    if meter.full_month_hours:
        return capped_hours(days.values(), meter.full_month_hours)
    return sum(days.values(), ZERO)


def _fill(parts, meter, counted, quantities):
    """Tell every part what it is billed, and what of it was free."""
    multiplier, divisor = quantities.factors(meter)
    counting = {}
    metered = used = after = ZERO
    for part in parts:
        price = part.price
        days = counted if len(parts) == 1 else _days_of(part, counted)
        daily_free = ZERO
        if price.free_per_day and not price.free_accrues:
            # A day of net corrections keeps its credit: it used no allowance.
            most = price.free_per_day * divisor / multiplier
            free_days = {day: min(max(used, ZERO), most) for day, used in days.items()}
            daily_free = sum(free_days.values(), ZERO)
            days = {day: used - free_days[day] for day, used in days.items()}
        counting |= days
        before, metered = metered, _metered(meter, counting)
        part.metered = metered - before + daily_free
        total = round_units(
            settle_quantity(metered * multiplier / divisor),
            meter.rounding,
            meter.rounding_digits,
        )
        free = price.free + quantities.free_of_ratio(price, meter)
        if price.free_accrues:
            free += price.free_per_day * (parts[-1].end - parts[0].start).days
        billed = _beyond_free(total, free) - _beyond_free(used, free)
        part.free = settle_quantity(daily_free * multiplier / divisor)
        part.free += total - used - billed
        part.before, part.after = after, after + billed
        used, after = total, part.after


def _days_of(part, counted):
    return {day: used for day, used in counted.items() if day in part}


def _beyond_free(quantity, free):
    """Return what an allowance leaves; a net correction stays what it is."""
    return beyond(quantity, free) if quantity > 0 else quantity


def _meter_lines(parts, meter, full_days, events, request):
    """Return the lines of one meter."""
    lines = []
    billed = ZERO
    for part in parts:
        price = part.price
        whole = _Whole(parts[-1].after, part is parts[-1], full_days, meter, events)
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
        if part_lines:
            part_lines[0] = replace(part_lines[0], metered=part.metered)
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
        price=part.price.code,
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
    :param Meter meter: what was metered
    :param _Events events: the period's events
    """

    total: Decimal
    is_last: bool
    days: int
    meter: Meter
    events: _Events

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


def _graduated_percentage(part, line, whole):
    return _graduated(part, partial(line, per=HUNDRED, note="percentage"), whole)


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


def _block_all(part, line, whole):
    lines = []
    for tier, lower, units in _added(part):
        before, after = (
            ceil(_inside(tier, lower, total) / tier.size)
            for total in (part.before, part.after)
        )
        lines.append(_block(line, tier, lower, units, after - before))
    return lines


def _inside(tier, lower, total):
    """Return how far a total reaches into a tier; the first one has no bottom."""
    top = total if tier.up_to is None else min(total, tier.up_to)
    return max(top - lower, ZERO) if lower else top


def _added(part):
    """Return what a part adds to, or takes from, every tier."""
    start, end = sorted((part.before, part.after))
    sign = -1 if part.billed < 0 else 1
    return [
        (tier, lower, sign * units)
        for tier, lower, units in stretch(part.price.tiers, start, end)
        if units
    ]


def _block_top(part, line, whole):
    tier, lower = tier_of(whole.total, part.price.tiers)
    count = ceil(part.after / tier.size) - ceil(part.before / tier.size)
    return [_block(line, tier, lower, part.billed, count)]


def _block(line, tier, lower, units, count):
    return line(
        units,
        tier.unit_price,
        per=tier.size,
        charged=count * tier.size,
        note="block",
        tier_from=lower,
        tier_to=tier.up_to,
    )


def _percentage(part, line, whole):
    price = part.price
    share = partial(line, per=HUNDRED, note="percentage")
    fee = partial(line, ZERO, price.event_fee, note="event_fee")
    if not price.needs_transactions:
        count = ONE * whole.events.count(part) if price.event_fee else ZERO
        return [share(part.billed, price.unit_price), fee(charged=count)]
    size = whole.meter.unit_size
    events = whole.events.until(part)
    charges = [
        charge
        for event, charge in zip(
            events,
            charge_events(
                price.unit_price,
                price.event_fee,
                [event.amount / size for event in events],
                price.free_events,
                price.free_amount,
                price.event_minimum,
                price.event_maximum,
                price.free_until_first,
            ),
            strict=True,
        )
        if event.day in part
    ]
    billed = sum((charge.billed for charge in charges), ZERO)
    count = ONE * sum(not charge.free for charge in charges)
    lines = [line(part.billed - billed, free=True)]
    if price.event_minimum is None and price.event_maximum is None:
        return [*lines, share(billed, price.unit_price), fee(charged=count)]
    amount = sum((charge.amount for charge in charges), ZERO)
    return [*lines, line(billed, charged=count, flat=amount, note="per_event")]


_MODELS = {
    "unit": _unit,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "block_all": _block_all,
    "block_top": _block_top,
    "flat": _flat,
    "percentage": _percentage,
    "graduated_percentage": _graduated_percentage,
}
