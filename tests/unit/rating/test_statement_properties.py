"""What holds for every statement."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from rating import (
    Commitment,
    Coupon,
    DailyUsage,
    Meter,
    Period,
    Price,
    StatementRequest,
    Tier,
    explain,
    rate_statement,
)
from rating.periods import add_months
from rating.rounding import exact, half_up

D = Decimal
METERS = (
    Meter("requests", "Requests", "requests", "request"),
    Meter("storage", "Storage", "storage", "GB-month", "byte_hours", D(10**9)),
    Meter("peak", "Storage", "storage", "GB-month", "daily_peak_mean", D(2**30), 720),
    Meter("transfer", "Transfer", "transfer", "GB", unit_size=D(10**9), rounding="up"),
)
ADDITIVE = ("requests", "storage", "transfer")
SCALE = {
    "requests": 1,
    "storage": 24 * 10**8,
    "peak": 10**8,
    "transfer": 10**7,
}

amounts = st.integers(0, 10**5).map(lambda n: D(n) / 1000)
bounds = st.integers(1, 5000).map(lambda n: D(n) / 10)


@st.composite
def tier_lists(draw):
    ends = sorted(draw(st.sets(bounds, max_size=3)))
    return tuple(Tier(end, draw(amounts), draw(amounts)) for end in [*ends, None])


@st.composite
def prices(draw, meter, models=("unit", "graduated", "volume", "package", "flat")):
    return Price(
        meter,
        None,
        None,
        draw(st.sampled_from(models)),
        unit_price=draw(amounts),
        per=draw(st.sampled_from([D(1), D(1000)])),
        free=draw(st.sampled_from([D(0), D(10), D("33.3")])),
        free_per_day=draw(st.sampled_from([D(0), D(0), D(2)])),
        tiers=draw(tier_lists()),
        package_size=draw(bounds),
        flat_amount=draw(amounts),
        flat_at_zero=draw(st.booleans()),
        free_ratio=draw(st.sampled_from([D(0), D(0), D(2)])),
        free_ratio_meter="storage",
    )


months = st.builds(
    lambda first: Period(first, add_months(first, 1)),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)


@st.composite
def requests(draw, low=0, **price_terms):
    period = draw(months)
    usage = []
    for meter in METERS:
        days = draw(
            st.dictionaries(
                st.integers(0, period.days - 1), st.integers(low, 9000), max_size=6
            )
        )
        usage += [
            DailyUsage(
                meter.code, period.start + timedelta(day), D(n * SCALE[meter.code])
            )
            for day, n in days.items()
        ]
    return StatementRequest(
        period,
        draw(st.sampled_from([0, 2, 3])),
        METERS,
        tuple(usage),
        tuple(draw(prices(meter.code, **price_terms)) for meter in METERS),
    )


@exact
def unrounded(statement, meter):
    """Return the exact amount of a meter's lines."""
    return sum(
        part.amount
        for line in statement.lines
        if line.meter == meter
        for part in explain(line)
    )


@exact
def quantity(statement, meter):
    return sum(line.quantity for line in statement.lines if line.meter == meter)


def cut(request, day):
    """Split every price of a request in two equal ones."""
    halves = []
    for price in request.prices:
        halves += [replace(price, end=day), replace(price, start=day)]
    return replace(request, prices=tuple(halves))


@given(
    requests(low=-500),
    st.lists(st.builds(Coupon, st.just("percent"), amounts), max_size=2),
    st.none() | st.builds(Commitment, amounts),
)
def test_the_total_is_the_sum_of_lines_rounded_once(request, coupons, commitment):
    request = replace(request, coupons=coupons, commitment=commitment)
    statement = rate_statement(request)
    assert statement.total == sum(line.amount for line in statement.lines)
    for line in statement.lines:
        assert line.amount == half_up(line.amount, request.currency_digits)
        exact_amount = exact(lambda parts: sum(part.amount for part in parts))
        assert line.amount == half_up(
            D(exact_amount(explain(line))), request.currency_digits
        )


@given(requests(low=-500), st.randoms(use_true_random=False))
def test_the_order_of_usage_and_prices_means_nothing(request, random):
    usage, listed = list(request.usage), list(request.prices)
    random.shuffle(usage)
    random.shuffle(listed)
    assert rate_statement(request) == rate_statement(
        replace(request, usage=usage, prices=listed)
    )


@given(requests(), st.data())
def test_splitting_usage_over_days_changes_no_bill_that_adds_up(request, data):
    request = replace(
        request, prices=[replace(price, free_per_day=D(0)) for price in request.prices]
    )
    usage = []
    for day in request.usage:
        if day.meter not in ADDITIVE:
            usage.append(day)
            continue
        later = data.draw(st.integers(0, request.period.days - 1))
        share = data.draw(st.integers(0, int(day.quantity)))
        other = request.period.start + timedelta(later)
        usage.append(replace(day, quantity=day.quantity - share))
        usage.append(DailyUsage(day.meter, other, D(share)))
    assert rate_statement(request) == rate_statement(replace(request, usage=usage))


@given(requests())
def test_usage_never_makes_a_negative_line(request):
    assert all(line.amount >= 0 for line in rate_statement(request).lines)


@given(requests(low=-500))
def test_a_meters_lines_add_up_to_its_usage(request):
    statement = rate_statement(request)
    for code in ("requests", "peak"):
        used = sum(day.quantity for day in request.usage if day.meter == code)
        if code == "peak":
            used = exact(lambda used: used / (30 * D(2**30)))(used)
        assert abs(quantity(statement, code) - used) < D("1e-25")


@given(requests(low=-500), st.integers(1, 27))
def test_a_change_to_the_same_price_changes_nothing(request, day):
    changed = cut(request, request.period.start + timedelta(day))
    before, after = rate_statement(request), rate_statement(changed)
    for meter in METERS:
        difference = unrounded(before, meter.code) - unrounded(after, meter.code)
        assert abs(difference) < D("1e-20"), meter.code
        assert abs(quantity(before, meter.code) - quantity(after, meter.code)) < D(
            "1e-25"
        )


@given(requests(models=("unit", "graduated", "package")), st.integers(0, 30))
def test_more_usage_never_costs_less(request, day):
    day = min(day, request.period.days - 1)
    more = DailyUsage("requests", request.period.start + timedelta(day), D(7))
    before = rate_statement(request)
    after = rate_statement(replace(request, usage=(*request.usage, more)))
    assert unrounded(after, "requests") >= unrounded(before, "requests")


@settings(max_examples=30)
@given(requests(), amounts, amounts)
def test_a_price_stays_between_its_minimum_and_maximum(request, one, other):
    low, high = sorted(
        half_up(limit, request.currency_digits) for limit in (one, other)
    )
    listed = [replace(price, minimum=low, maximum=high) for price in request.prices]
    for split in (None, 10):
        limited = replace(request, prices=listed)
        if split:
            limited = cut(limited, request.period.start + timedelta(split))
        statement = rate_statement(limited)
        for meter in METERS:
            total = sum(
                line.amount for line in statement.lines if line.meter == meter.code
            )
            assert low <= total <= high
