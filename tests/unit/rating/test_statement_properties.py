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
    Transaction,
    explain,
    rate_statement,
)
from rating.periods import add_months
from rating.rounding import exact, half_up
from rating.types import BLOCKS, MODELS

D = Decimal
METERS = (
    Meter("requests", "Requests", "requests", "request"),
    Meter("storage", "Storage", "storage", "GB-month", "byte_hours", D(10**9)),
    Meter("peak", "Storage", "storage", "GB-month", "daily_peak_mean", D(2**30), 720),
    Meter("transfer", "Transfer", "transfer", "GB", unit_size=D(10**9), rounding="up"),
)
#: Models of which more never costs less.
RISING = ("unit", "graduated", "package", "block_all", "percentage")
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
def block_lists(draw):
    ends, tiers = D(0), []
    sizes = draw(st.lists(st.integers(1, 300), min_size=1, max_size=3))
    for size in sizes[:-1]:
        ends += size * draw(st.integers(1, 5))
        tiers.append(Tier(ends, draw(amounts), size=D(size)))
    return (*tiers, Tier(None, draw(amounts), size=D(sizes[-1])))


@st.composite
def prices(draw, meter, models=MODELS):
    model = draw(st.sampled_from(models))
    return Price(
        meter,
        None,
        None,
        model,
        unit_price=draw(amounts),
        event_fee=draw(st.sampled_from([D(0), D("0.25")])),
        per=draw(st.sampled_from([D(1), D(1000)])),
        free=draw(st.sampled_from([D(0), D(10), D("33.3")])),
        free_per_day=draw(st.sampled_from([D(0), D(0), D(2)])),
        free_accrues=draw(st.booleans()),
        tiers=draw(block_lists() if model in BLOCKS else tier_lists()),
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
                meter.code, period.start + timedelta(day), D(n * SCALE[meter.code]), 3
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


@given(requests(models=RISING), st.integers(0, 30))
def test_more_usage_never_costs_less(request, day):
    day = min(day, request.period.days - 1)
    more = DailyUsage("requests", request.period.start + timedelta(day), D(7))
    before = rate_statement(request)
    after = rate_statement(replace(request, usage=(*request.usage, more)))
    assert unrounded(after, "requests") >= unrounded(before, "requests")


@given(tier_lists(), st.integers(0, 9000), st.integers(1, 500))
def test_a_graduated_price_has_no_jumps_but_its_fees(tiers, used, more):
    """What is added costs at least the lowest and at most the highest unit price."""
    tiers = tuple(replace(tier, flat=D(0)) for tier in tiers)
    period = Period(date(2026, 10, 1), date(2026, 11, 1))

    def cost(quantity):
        statement = rate_statement(
            StatementRequest(
                period,
                2,
                METERS,
                [DailyUsage("requests", period.start, D(quantity))],
                [Price("requests", None, None, "graduated", tiers=tiers)],
            )
        )
        return unrounded(statement, "requests")

    listed = [tier.unit_price for tier in tiers]
    added = cost(used + more) - cost(used)
    assert min(listed) * more <= added <= max(listed) * more


@given(
    st.lists(st.tuples(st.integers(1, 31), st.integers(0, 10**6)), max_size=8),
    amounts,
    amounts,
    st.integers(0, 5),
    amounts,
    st.none() | amounts,
    st.booleans(),
    st.integers(2, 30),
)
def test_a_percentage_with_terms_per_event_adds_up(
    sold, rate, fee, free_events, free_amount, least, until_first, day
):
    """The lines add up to the amounts, and a change to the same price changes none."""
    sold = sorted(sold)
    terms = {
        "unit_price": rate,
        "event_fee": fee,
        "free_events": free_events,
        "free_amount": free_amount,
        "event_minimum": least,
        "event_maximum": None if least is None else least + 5,
        "free_until_first": until_first,
    }
    one = Price("requests", None, None, "percentage", **terms)
    request = StatementRequest(
        Period(date(2026, 10, 1), date(2026, 11, 1)),
        2,
        METERS,
        [
            DailyUsage("requests", date(2026, 10, at), D(amount), 1)
            for at, amount in sold
        ],
        [one],
        transactions=[
            Transaction("requests", date(2026, 10, at), D(amount))
            for at, amount in sold
        ],
    )
    statement = rate_statement(request)
    assert quantity(statement, "requests") == sum(amount for _at, amount in sold)
    split = rate_statement(cut(request, date(2026, 10, day)))
    assert quantity(split, "requests") == quantity(statement, "requests")
    difference = unrounded(split, "requests") - unrounded(statement, "requests")
    assert abs(difference) < D("1e-20")


@given(requests(low=-500))
def test_nothing_but_decimals_comes_out(request):
    for line in rate_statement(request).lines:
        for value in (
            line.quantity,
            line.unit_price,
            line.per,
            line.amount,
            line.flat,
            *(value for value in (line.charged_quantity, line.metered) if value),
        ):
            assert type(value) is D


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
