"""The kinds of conformance cases: an adapter each, from a case to the rating core.

An adapter reads the numbers of a case and names the results; it adds up, it never
rates. tests/conformance/cases/README.md says what every kind means.
"""

import sys
from decimal import Decimal

from .conformance_given import (
    REQUIRED,
    CaseError,
    as_boolean,
    as_date,
    as_decimal,
    as_instant,
    as_integer,
    as_month,
    as_text,
    one_of,
    pair,
)
from .paths import ROOT

# Importing `bitpaket_billing` itself would import Odoo.
sys.path.append(str(ROOT / "bitpaket_billing"))

from rating import (
    commitment,
    coupons,
    invoice,
    late,
    metering,
    percentage,
    periods,
    pricing,
    proration,
    rounding,
    storage,
    versions,
)
from rating.coupons import Coupon, Discountable
from rating.pricing import Block, Tier

ZERO = Decimal(0)
ROUNDING = one_of({"ceil": "up", "round": "half_up", "floor": "down"})


def _tiers(given, price="unit"):
    return [
        Tier(tier("up_to", default=None), tier(price), tier("flat"))
        for tier in given.objects("tiers")
    ]


def _limits(given):
    return {
        "minimum": given("minimum", default=None),
        "maximum": given("maximum", default=None),
    }


# --- Metering ------------------------------------------------------------------


def aggregate_basic(given):
    names = ("count", "sum", "max", "unique", "latest")
    function = given("fn", one_of({name: name for name in names}))
    field = given("field", as_text, "" if function == "count" else REQUIRED)
    reader = as_text if function in ("unique", "count") else as_decimal
    values = []
    for event in given.objects("events"):
        event.context(*event.data)
        is_counted = function == "count" or field not in event.data
        values.append(None if is_counted else event(field, reader, None))
    value = metering.aggregate(function, values)
    unit = given("unit", default=None)
    amount = {} if unit is None else {"amount": value * unit}
    return {"value": value, **amount}


def aggregate_rounding(given):
    value = rounding.round_units(
        given("value"), given("fn", ROUNDING), given("precision", as_integer)
    )
    return {"value": value}


def aggregate_time_weighted(given):
    value = metering.time_weighted(
        given("period_from", as_instant),
        given("period_to", as_instant),
        given("initial"),
        given.list("deltas", pair(as_instant, as_decimal)),
    )
    return {"value": value}


def aggregate_byte_hours(given):
    segments = []
    for segment in given.objects("segments"):
        days = segment("days", as_integer, None)
        hours = segment("hours", as_integer) if days is None else days * 24
        segments.append((segment("bytes"), hours))
    quantity = metering.byte_hours(segments)
    months = metering.gb_months(
        quantity, given("gb"), given("hours_in_month", as_integer)
    )
    return {"byte_hours": quantity, "gb_month": months}


def aggregate_daily_peak(given):
    peaks = given.list("daily_peaks")
    return {"gb_month": metering.daily_peak_mean(peaks, given("divisor", as_integer))}


def round_up_unit(given):
    return {"units": metering.started_units(given("quantity"), given("unit_size"))}


def units_billable(given):
    hours = given("hours", as_integer, None)
    month_hours = given("hours_in_month", as_integer, None)
    if (hours is None) != (month_hours is None):
        raise CaseError("given.hours and given.hours_in_month belong together")
    times = {} if hours is None else {"hours": hours, "month_hours": month_hours}
    units = metering.whole_units(
        given("bytes"), given("unit_bytes"), given("fn", ROUNDING), **times
    )
    return {"units": units}


def usage_free(given):
    billed = metering.beyond_shared(
        given.list("parts"), given("free"), given("previous_quantity")
    )
    return {"billed": billed}


def usage_free_daily(given):
    billed = metering.beyond_daily(given.list("daily"), given("free_per_day"))
    return {"billed": billed, "total": sum(billed, ZERO)}


# --- Rating --------------------------------------------------------------------


def rate_unit(given):
    amount = pricing.per_unit(
        given("quantity"),
        given("unit"),
        given("free_units", default=ZERO),
        given("previous_quantity", default=ZERO),
        **_limits(given),
    )
    digits = given("round_digits", as_integer, None)
    return {"amount": amount if digits is None else rounding.half_up(amount, digits)}


def rate_graduated(given):
    quantity, tiers = given("quantity"), _tiers(given)
    flat_at_zero = given("flat_at_zero", as_boolean, True)
    previous = given("previous_quantity", default=None)
    limits = _limits(given)
    amount = pricing.graduated(
        quantity, tiers, previous or ZERO, flat_at_zero, **limits
    )
    if previous is None and not any(limit is not None for limit in limits.values()):
        shares = pricing.graduated_reached(quantity, tiers, flat_at_zero)
    else:
        shares = pricing.graduated_added(quantity, tiers, previous or ZERO)
    return {"amount": amount, "lines": [share.amount for share in shares]}


def rate_volume(given):
    amount = pricing.volume(
        given("quantity"),
        _tiers(given),
        given("tier_quantity", default=None),
        given("flat_at_zero", as_boolean, True),
        **_limits(given),
    )
    return {"amount": amount}


def rate_package(given):
    amount = pricing.package(
        given("quantity"),
        given("package_price"),
        given("package_size"),
        given("free_units"),
        given("previous_quantity", default=ZERO),
        **_limits(given),
    )
    return {"amount": amount}


def rate_minmax(given):
    before = given("rated_before", default=None)
    if before is None:
        before = given("billed_before")
    amount = pricing.spend_limits(
        given("rated_line"),
        before,
        given("discount_percent", default=ZERO),
        last=given("last_line", as_boolean),
        **_limits(given),
    )
    return {"amount": amount}


def rate_percentage(given):
    amount = percentage.percentage(
        given("rate_percent"),
        given("fixed_per_event"),
        given("events_count", as_integer),
        given("total"),
        given.list("running_total"),
        given("free_events", as_integer),
        given("free_total"),
    )
    return {"amount": amount}


def rate_percentage_per_event(given):
    amount = percentage.percentage_per_event(
        given("rate_percent"),
        given("fixed_per_event"),
        given.list("events"),
        given("free_events", as_integer),
        given("free_total"),
        given("min_per_event", default=None),
        given("max_per_event", default=None),
        given("stop_free_when", one_of({"first_exhausted": True}), False),
    )
    return {"amount": amount}


def rate_graduated_percentage(given):
    amount = percentage.graduated_percentage(
        given("quantity"), _tiers(given, "rate_percent")
    )
    return {"amount": amount}


def rate_prorated_graduated(given):
    full, shares = given.list("deltas_full"), given.list("deltas_prorated")
    if len(full) != len(shares):
        raise CaseError("given.deltas_full and given.deltas_prorated differ in length")
    changes = zip(full, shares, strict=True)
    return {"amount": pricing.prorated_graduated(changes, _tiers(given))}


def rate_block_tiers(given):
    models = {"ALL": pricing.blocks_all, "TOP": pricing.blocks_top}
    rate = given("mode", one_of(models))
    usage, units = given.object("usage"), given.object("units")
    amount = ZERO
    for name in units.data:
        blocks = [
            Block(step("block"), step("price"), step("max_blocks", default=None))
            for step in units.objects(name)
        ]
        amount += rate(usage(name), blocks)
    return {"amount": amount - given("already_billed", default=ZERO)}


def rate_capacity(given):
    tiers = [
        Tier(tier("up_to", default=None), ZERO, tier("price"))
        for tier in given.objects("tiers")
    ]
    return {"amount": pricing.capacity(given("peak"), tiers)}


def rate_dynamic(given):
    return {"amount": pricing.dynamic(given.list("event_amounts"), given("multiplier"))}


def rate_converted(given):
    billed = metering.converted_units(
        given("quantity"),
        given("divide_by"),
        given("fn", ROUNDING),
        given("usage_discount", default=ZERO),
    )
    unit = given("unit", default=None)
    if unit is None:
        amount = pricing.graduated(billed, _tiers(given))
    else:
        amount = pricing.per_unit(billed, unit)
    return {"billed_quantity": billed, "amount": amount}


# --- Coupons, commitments, minimums ----------------------------------------------


def _apply_coupons(given, given_lines):
    currency = given("currency", as_text)
    lines = [
        Discountable(
            line("id", as_text),
            line("amount"),
            line("metric", as_text, None),
            line("plan", as_text, None),
        )
        for line in given_lines
    ]
    frequencies = ("once", "recurring", "forever")
    redeemed = [
        Coupon(
            type=coupon("type", one_of({"fixed": "fixed", "percent": "percent"})),
            value=coupon("value"),
            frequency=coupon("frequency", one_of({name: name for name in frequencies})),
            currency=coupon("currency", as_text, None),
            periods_left=coupon("periods_left", as_integer, None),
            already_used=coupon("already_used", default=ZERO),
            carry=coupon("carry", as_boolean, True),
            meters=coupon.list("metrics", as_text, None),
            plans=coupon.list("plans", as_text, None),
            lines=coupon.list("lines", as_text, None),
        )
        for coupon in given.objects("coupons", [])
    ]
    return coupons.apply_coupons(lines, redeemed, currency)


def _per_line(discounts):
    ids = [line.id for line in discounts.lines]
    return dict(zip(ids, discounts.shares, strict=True))


def coupon_apply(given):
    discounts = _apply_coupons(given, given.objects("lines"))
    results = discounts.results
    return {
        "discount": discounts.discount,
        "subtotal": discounts.subtotal,
        "per_line": _per_line(discounts),
        "exhausted": [result.exhausted for result in results],
        "remaining": [result.remaining for result in results],
        "periods_left": [result.periods_left for result in results],
        "applied_count": sum(result.applied for result in results),
    }


def commitment_minimum(given):
    given.context("plan_fee_prorated_same")
    days = given("days", as_integer, None)
    period_days = given("period_days", as_integer, None)
    if (days is None) != (period_days is None):
        raise CaseError("given.days and given.period_days belong together")
    minimum = commitment.prorated(given("minimum"), days, period_days)
    fee = commitment.prorated(given("plan_fee", default=ZERO), days, period_days)
    usage = sum(given.list("usage_lines", default=[]), ZERO)
    missing = commitment.true_up(minimum, fee + usage)
    percent = given("tax_percent", default=None)
    credit_note = given("credit_note", default=ZERO)
    if percent is None:
        return {"true_up": missing}
    taxed = invoice.add_tax(usage + missing, percent)
    return {
        "true_up": missing,
        "fees": taxed.net,
        "tax": taxed.tax,
        "total": taxed.total - credit_note,
    }


def minimum_invoice(given):
    adjustment = commitment.minimum_invoice(
        given("total"),
        given("minimum"),
        given("effective", as_date, None),
        given("period_start", as_date),
    )
    return {"adjustment": adjustment}


def progressive_threshold(given):
    progress = commitment.progressive(
        given.list("usage_steps"), given("unit"), given.list("thresholds")
    )
    days, period_days = given("plan_days", pair(as_integer, as_integer))
    fees = proration.prorate(given("plan_fee"), days, period_days) + progress.used
    return {
        "interim_invoices": list(progress.invoices),
        "final_fees": fees,
        "credit": progress.billed,
        "final_total": fees - progress.billed,
    }


# --- Bills and storage rules -----------------------------------------------------


def bill_lines(given):
    digits = given("round_each", as_integer)
    total = ZERO
    for line in given.objects("lines"):
        amount = line("amount", default=None)
        if amount is None:
            amount = invoice.line_amount(line("quantity"), line("unit"), digits)
        total += amount
    return {"total": total}


def bill_s3(given):
    given.context("min_days")
    usage = given.object("usage").each()
    lines = {}
    for name, price in given.object("prices").each_object().items():
        amount = price("fixed", default=None)
        if amount is None:
            amount = pricing.per_pack(
                usage.get(name, ZERO),
                price("unit"),
                price("per", default=Decimal(1)),
                price("free", default=ZERO),
                price("round", one_of({"ceil1": "units", "ceil": "packs"}), None),
            )
            amount = rounding.half_up(amount, 2)
        lines[name] = amount
    return {"lines": lines, "total": sum(lines.values(), ZERO)}


def bill_minimum_storage(given):
    charge = storage.minimum_storage(
        given("stored_gb"), given("minimum_gb"), given("price_per_tb"), given("tb_gb")
    )
    return {
        "active": charge.active,
        "minimum_charge": charge.minimum_charge,
        "total": charge.total,
    }


def storage_min_duration(given):
    stored = given("stored_days", as_integer)
    least = given("minimum_days", as_integer)
    result = {
        "active_days": stored,
        "deleted_storage_days": storage.missing_days(stored, least),
    }
    gb = given("gb", default=None)
    if gb is None:
        return result
    charge = storage.minimum_duration(
        gb, given("price_gb_month"), stored, least, given("month_days", as_integer)
    )
    return {
        **result,
        "storage_cost": charge.storage_cost,
        "early_delete_cost": charge.early_delete_cost,
        "total": charge.total,
    }


def storage_retention_remainder(given):
    units = storage.retention_remainder(
        given("bytes"),
        given("remaining_hours", as_integer),
        given("hours_in_month", as_integer),
        given("unit_bytes"),
    )
    return {"units": units, "amount": invoice.line_amount(units, given("unit_price"))}


def egress_ratio(given):
    given.context("storage_unit_price", "egress_unit_price")
    units = storage.egress_by_ratio(
        given("storage_bytes"),
        given("hours", as_integer),
        given("hours_in_month", as_integer),
        given("egress_bytes"),
        given("ratio"),
        given("unit_bytes"),
    )
    return {
        "storage_units": units.storage,
        "included_units": units.included,
        "overage_units": units.overage,
    }


def invoice_total(given):
    given("tax_rounding", one_of({"invoice_total_of_precise": True}))
    lines = given.objects("lines")
    discounts = _apply_coupons(given, lines)
    per_line = _per_line(discounts)
    rates = [line("tax_percent", default=ZERO) for line in lines]
    taxed = [
        (line.amount - share, rate)
        for line, share, rate in zip(
            discounts.lines, discounts.shares, rates, strict=True
        )
    ]
    tax = invoice.invoice_tax(taxed)
    wallet = given("wallet", default=ZERO)
    gross = discounts.subtotal + tax
    paid = invoice.settle(gross, given("credit_notes", default=ZERO), wallet)
    return {
        "discount": discounts.discount,
        "subtotal": discounts.subtotal,
        "tax": tax,
        "per_line_discount": per_line,
        "per_line_tax": {
            line.id: invoice.add_tax(net, rate).tax
            for line, (net, rate) in zip(discounts.lines, taxed, strict=True)
        },
        "total_before_wallet": gross,
        "credit_note_used": paid.credit_note_used,
        "wallet_used": paid.wallet_used,
        "wallet_left": wallet - paid.wallet_used,
        "total": paid.total,
    }


# --- Proration and periods -------------------------------------------------------


def proration_days(given):
    amount = proration.prorate(
        given("amount"), given("days", as_integer), given("period_days", as_integer)
    )
    return {"amount": amount}


def plan_change_mid(given):
    change = proration.change_plan(
        given("old_price"), given("new_price"), given("remaining_fraction")
    )
    return {"credit": change.credit, "charge": change.charge, "net": change.net}


def period_anniversary(given):
    chain = periods.anchored_periods(
        given("start", as_date),
        given("count", as_integer),
        given("interval", one_of({"month": 1})),
    )
    return {
        "periods": [
            [period.start.isoformat(), periods.last_day(period).isoformat()]
            for period in chain
        ]
    }


def period_anniversary_containing(given):
    period = periods.anchored_containing(
        given("start", as_date),
        given("on", as_date),
        given("interval", one_of({"month": 1})),
    )
    return {"from": period.start.isoformat()}


def period_calendar_tz(given):
    moment = periods.local_midnight(given("date", as_date), given("timezone", as_text))
    return {"from_utc": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


# --- Money, tax, credit, wallet --------------------------------------------------


def money_round(given):
    return {"value": rounding.half_up(given("value"), given("digits", as_integer))}


def tax_simple(given):
    taxed = invoice.add_tax(given("net"), given("tax_percent"))
    return {"tax": taxed.tax, "total": taxed.total}


def credit_note_unused(given):
    credit = invoice.credit_for_unused(
        given("amount"),
        given("unused_days", as_integer),
        given("period_days", as_integer),
        given("tax_percent"),
    )
    return {"net": credit.net, "tax": credit.tax, "total": credit.total}


def wallet_cap(given):
    given.context("currency", "tax_percent", "precise_line_amounts")
    paid = invoice.settle(given("invoice_total"), wallet=given("wallet"))
    return {"wallet_used": paid.wallet_used, "total": paid.total}


def account_balance(given):
    owed = invoice.balance(
        given.list("charges"), given.list("credits"), given.list("payments")
    )
    return {"balance": owed}


# --- Ingestion, late usage, price versions ---------------------------------------


def ingest_idempotency(given):
    keep = given(
        "store",
        one_of(
            {
                "key=(id,subscription); keep first": "first",
                "key=(id,ts,subscription,code); keep last": "last",
            }
        ),
    )
    events = [
        (
            event("id", as_text),
            event("ts", as_instant),
            event("code", as_text),
            event("value"),
        )
        for event in given.objects("events")
    ]
    key_length = 1 if keep == "first" else 3
    stored, rejected = late.store_events(events, lambda event: event[:key_length], keep)
    return {"sum": sum((event[-1] for event in stored), ZERO), "rejected": rejected}


def late_usage(given):
    quantities = {}
    for key in ("stored", "current"):
        for month, quantity in given.object(key).each(as_decimal, as_month).items():
            quantities[month] = quantities.get(month, ZERO) + quantity
    result = late.bill_late_usage(
        given("run_date", as_date),
        quantities,
        [(item("date", as_date), item("qty")) for item in given.objects("late")],
        given.object("already_billed").each(as_decimal, as_month),
        given("block"),
        given("price"),
        given("read_previous_periods", as_integer),
    )
    return {
        "billed": {f"{month:%Y-%m}": amount for month, amount in result.billed.items()},
        "ignored": [f"{month:%Y-%m}" for month in result.ignored],
    }


def price_version(given):
    dated = [
        versions.Version(
            version("from", as_date),
            version("price"),
            version("existing_from", as_date, None),
        )
        for version in given.objects("versions")
    ]
    version = versions.version_in_force(
        dated, given("subscribed", as_date), given("charge_on", as_date)
    )
    return {"price": version.value}


def price_split(given):
    segments = []
    for segment in given.objects("segments"):
        segment.context("from", "to")
        segments.append((segment("quantity"), segment("unit")))
    amounts = versions.split_amounts(segments)
    return {"lines": amounts, "amount": sum(amounts, ZERO)}


_ADAPTERS = {
    "aggregate.basic": aggregate_basic,
    "aggregate.rounding": aggregate_rounding,
    "aggregate.time_weighted": aggregate_time_weighted,
    "aggregate.byte_hours": aggregate_byte_hours,
    "aggregate.daily_peak": aggregate_daily_peak,
    "round.up_unit": round_up_unit,
    "units.billable": units_billable,
    "usage.free": usage_free,
    "usage.free_daily": usage_free_daily,
    "rate.unit": rate_unit,
    "rate.graduated": rate_graduated,
    "rate.volume": rate_volume,
    "rate.package": rate_package,
    "rate.minmax": rate_minmax,
    "rate.percentage": rate_percentage,
    "rate.percentage_per_event": rate_percentage_per_event,
    "rate.graduated_percentage": rate_graduated_percentage,
    "rate.prorated_graduated": rate_prorated_graduated,
    "rate.block_tiers": rate_block_tiers,
    "rate.capacity": rate_capacity,
    "rate.dynamic": rate_dynamic,
    "rate.converted": rate_converted,
    "coupon.apply": coupon_apply,
    "commitment.minimum": commitment_minimum,
    "minimum.invoice": minimum_invoice,
    "progressive.threshold": progressive_threshold,
    "bill.lines": bill_lines,
    "bill.s3": bill_s3,
    "bill.minimum_storage": bill_minimum_storage,
    "storage.min_duration": storage_min_duration,
    "storage.retention_remainder": storage_retention_remainder,
    "egress.ratio": egress_ratio,
    "invoice.total": invoice_total,
    "proration.days": proration_days,
    "plan_change.mid": plan_change_mid,
    "period.anniversary": period_anniversary,
    "period.anniversary_containing": period_anniversary_containing,
    "period.calendar_tz": period_calendar_tz,
    "money.round": money_round,
    "tax.simple": tax_simple,
    "credit_note.unused": credit_note_unused,
    "wallet.cap": wallet_cap,
    "account.balance": account_balance,
    "ingest.idempotency": ingest_idempotency,
    "late.usage": late_usage,
    "price.version": price_version,
    "price.split": price_split,
}
# Sums made here are as exact as the core's own.
KINDS = {kind: rounding.exact(adapter) for kind, adapter in _ADAPTERS.items()}
