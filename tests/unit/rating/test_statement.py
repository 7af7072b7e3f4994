from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from rating import (
    Adjustment,
    Commitment,
    Coupon,
    DailyUsage,
    Fee,
    Meter,
    MinimumInvoice,
    Period,
    Price,
    StatementRequest,
    Tier,
    Transaction,
    errors,
    explain,
    rate_statement,
)

D = Decimal
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
MIDDLE = date(2026, 10, 16)
GB = D(10**9)
REQUESTS = Meter("requests_a", "Class A requests", "requests", "request")
STORAGE = Meter("storage", "Storage", "storage", "GB-month", "byte_hours", GB)
TRANSFER = Meter("transfer_out", "Transfer out", "transfer", "GB", "sum", GB)
METERS = (REQUESTS, STORAGE, TRANSFER)
TIERS = (Tier(D(10), D(2), D(3)), Tier(None, D(1), D(5)))


def used(meter, quantities):
    """Return usage of a meter, {day of October: quantity in base units}."""
    return [
        DailyUsage(meter.code, date(2026, 10, day), D(quantity))
        for day, quantity in quantities.items()
    ]


def price(meter, model="unit", start=None, end=None, **terms):
    """Return a price; whole numbers and text among its terms become Decimal."""
    for name, value in terms.items():
        if name not in ("flat_at_zero", "free_accrues", "free_ratio_meter", "tiers"):
            terms[name] = D(value)
    return Price(meter.code, start, end, model, **terms)


def rate(usage=(), prices=(), meters=METERS, **more):
    request = StatementRequest(OCTOBER, 2, meters, usage, prices, **more)
    return rate_statement(request)


def shown(statement):
    return [(line.quantity, line.amount) for line in statement.lines]


def rated(quantities, *prices, meter=REQUESTS):
    """Rate one meter; the prices are for it."""
    return rate(used(meter, quantities), prices, [meter])


# Quantities


def test_a_price_is_for_a_number_of_units_and_does_not_round_to_it():
    statement = rated({1: 1500, 2: 1000}, price(REQUESTS, unit_price="0.05", per=1000))
    (line,) = statement.lines
    assert (line.quantity, line.unit_price, line.per) == (2500, D("0.05"), 1000)
    assert statement.total == D("0.13")


@pytest.mark.parametrize(
    ("month_hours", "gb_months"), [(None, D(720) / 744), (720, D(1))]
)
def test_byte_hours_are_divided_by_the_hours_of_the_month(month_hours, gb_months):
    meter = replace(STORAGE, month_hours=month_hours)
    statement = rated({1: 720 * 10**9}, price(meter, unit_price=1), meter=meter)
    assert abs(statement.lines[0].quantity - gb_months) < D("1e-20")


def test_a_shortened_period_divides_by_the_hours_of_the_whole_one():
    request = StatementRequest(
        Period(MIDDLE, OCTOBER.end),
        2,
        [STORAGE],
        used(STORAGE, {20: 744 * 10**9}),
        [price(STORAGE, unit_price=1)],
        full_period=OCTOBER,
    )
    assert rate_statement(request).total == 1


@pytest.mark.parametrize(
    ("aggregation", "month_hours", "quantity"),
    [
        ("daily_peak_mean", None, D(62) / 31),
        ("daily_peak_mean", 744, 2),
        ("daily_peak_mean", 1488, 1),
        ("time_weighted", None, 2),
        ("max", None, 42),
        ("latest", None, 20),
        ("count", None, 62),
    ],
)
def test_daily_quantities_combine_as_the_meter_says(aggregation, month_hours, quantity):
    meter = replace(REQUESTS, aggregation=aggregation, month_hours=month_hours)
    statement = rated({3: 42, 5: 20}, price(meter, unit_price=1), meter=meter)
    assert statement.lines[0].quantity == quantity


def test_units_are_rounded_before_the_allowance():
    meter = replace(TRANSFER, rounding="up")
    statement = rated(
        {1: 11 * 10**8, 2: 11 * 10**8}, price(meter, unit_price=1, free=1), meter=meter
    )
    assert shown(statement) == [(1, 0), (2, 2)]


def test_units_are_rounded_once_for_all_prices_of_a_period():
    meter = replace(TRANSFER, rounding="up")
    prices = [
        price(meter, unit_price=1, end=MIDDLE),
        price(meter, unit_price=1, start=MIDDLE),
    ]
    statement = rated({1: 11 * 10**8, 20: 5 * 10**8}, *prices, meter=meter)
    assert shown(statement) == [(2, 2)]


def test_what_is_stored_long_enough_is_billed_for_the_whole_month():
    meter = replace(STORAGE, full_month_hours=480)
    flat = {day: 24 * 3 * 10**9 for day in range(1, 32)}
    statement = rated(flat, price(meter, unit_price=1), meter=meter)
    assert shown(statement) == [(3, 3)]
    # 2 GB for 10 days are half of the 480 hours, 1 GB more on 2 of these a tenth.
    some = {day: 24 * 2 * 10**9 for day in range(1, 11)}
    some |= {day: 24 * 3 * 10**9 for day in (4, 5)}
    statement = rated(some, price(meter, unit_price=1), meter=meter)
    assert shown(statement) == [(D("1.1"), D("1.1"))]


def test_a_price_change_does_not_count_the_full_month_twice():
    meter = replace(STORAGE, full_month_hours=480)
    prices = [
        price(meter, unit_price=1, end=MIDDLE),
        price(meter, unit_price=2, start=MIDDLE),
    ]
    daily = {day: 24 * 10**9 for day in range(1, 32)}
    statement = rated(daily, *prices, meter=meter)
    assert shown(statement) == [(D("0.75"), D("0.75")), (D("0.25"), D("0.5"))]


def test_the_first_line_of_a_price_tells_what_was_metered():
    prices = [
        price(TRANSFER, "graduated", tiers=TIERS, end=MIDDLE),
        price(TRANSFER, "graduated", tiers=TIERS, start=MIDDLE),
    ]
    statement = rated({1: 11 * GB, 20: 2 * GB}, *prices, meter=TRANSFER)
    assert [line.metered for line in statement.lines] == [11 * GB, None, 2 * GB]


def test_lines_name_the_price_they_are_rated_by():
    prices = [
        Price("requests_a", None, MIDDLE, "unit", D(1), code="old"),
        Price("requests_a", MIDDLE, None, "unit", D(2), code="new"),
    ]
    statement = rated({1: 10, 20: 10}, *prices)
    assert [line.price for line in statement.lines] == ["old", "new"]


# Allowances


def test_an_allowance_is_a_line_of_its_own():
    statement = rated({1: 15}, price(REQUESTS, unit_price=2, free=10))
    free, billed = statement.lines
    assert (free.free, free.quantity, free.amount) == (True, 10, 0)
    assert (billed.free, billed.quantity, billed.amount) == (False, 5, 10)


def test_a_daily_allowance_does_not_roll_over():
    statement = rated({1: 2, 2: 9}, price(REQUESTS, unit_price=1, free_per_day=4))
    assert shown(statement) == [(6, 0), (5, 5)]


def test_a_daily_allowance_can_be_kept_until_the_end_of_the_period():
    kept = price(REQUESTS, unit_price=1, free_per_day=4, free_accrues=True)
    assert shown(rated({1: 2, 31: 130}, kept)) == [(124, 0), (8, 8)]
    late = replace(kept, start=date(2026, 10, 22))
    assert shown(rated({22: 2, 31: 50}, late)) == [(40, 0), (12, 12)]


def test_a_price_change_does_not_touch_a_kept_allowance():
    kept = price(REQUESTS, unit_price=1, free_per_day=4, free_accrues=True)
    middle = date(2026, 10, 16)
    halves = [replace(kept, end=middle), replace(kept, start=middle)]
    assert shown(rated({1: 100, 16: 30}, *halves)) == [(100, 0), (24, 0), (6, 6)]


def test_an_allowance_can_follow_stored_data():
    usage = used(STORAGE, {1: 7440 * 10**9}) + used(TRANSFER, {1: 35 * 10**9})
    prices = [
        price(STORAGE, unit_price=0),
        price(TRANSFER, unit_price=1, free_ratio=3, free_ratio_meter="storage"),
    ]
    assert shown(rate(usage, prices)) == [(10, 0), (30, 0), (5, 5)]


def test_an_allowance_never_eats_a_correction():
    statement = rated(
        {1: -5, 2: 3}, price(REQUESTS, unit_price=1, free=10, free_per_day=3)
    )
    assert shown(statement) == [(3, 0), (-5, -5)]


# Models


def test_graduated_shows_every_reached_tier():
    statement = rated({1: 12}, price(REQUESTS, "graduated", tiers=TIERS))
    assert [
        (line.tier_from, line.tier_to, line.quantity, line.flat, line.amount)
        for line in statement.lines
    ] == [(0, 10, 10, 3, 23), (10, None, 2, 5, 7)]


def test_volume_prices_everything_at_the_tier_it_reaches():
    statement = rated({1: 12}, price(REQUESTS, "volume", tiers=TIERS))
    assert shown(statement) == [(12, 17)]


def test_packages_are_started():
    statement = rated({1: 12}, price(REQUESTS, "package", unit_price=3, package_size=5))
    (line,) = statement.lines
    assert (line.quantity, line.charged_quantity, line.amount) == (12, 15, 9)


def test_a_flat_price_is_prorated_by_days():
    prices = [
        price(REQUESTS, "flat", flat_amount=31, end=MIDDLE),
        price(REQUESTS, "flat", flat_amount=62, start=MIDDLE),
    ]
    assert shown(rated({1: 7}, *prices)) == [(7, 15), (0, 32)]


@pytest.mark.parametrize(("flat_at_zero", "total"), [(True, 3), (False, 0)])
@pytest.mark.parametrize("cut", [None, MIDDLE])
@pytest.mark.parametrize(
    ("model", "terms"),
    [
        ("graduated", {"tiers": TIERS}),
        ("volume", {"tiers": TIERS}),
        ("flat", {"flat_amount": 3}),
    ],
)
def test_a_fee_at_zero_is_a_switch_and_due_once(flat_at_zero, total, cut, model, terms):
    prices = [price(REQUESTS, model, end=cut, flat_at_zero=flat_at_zero, **terms)]
    if cut:
        prices.append(replace(prices[0], start=cut, end=None))
    assert rated({}, *prices).total == total


def test_a_price_without_usage_or_fee_makes_no_line():
    assert rated({1: 0}, price(REQUESTS, unit_price=1)).lines == ()


@pytest.mark.parametrize(
    ("quantity", "limits", "lines"),
    [
        (5, {"minimum": 8}, [(5, 5), (0, 3)]),
        (50, {"minimum": 8, "maximum": 20}, [(50, 50), (0, -30)]),
        (9, {"minimum": 8, "maximum": 20}, [(9, 9)]),
        (0, {"minimum": 8}, [(0, 8)]),
    ],
)
def test_a_minimum_or_maximum_shows_as_its_own_line(quantity, limits, lines):
    statement = rated({1: quantity}, price(REQUESTS, unit_price=1, **limits))
    assert shown(statement) == lines


def test_a_limit_counts_what_the_earlier_price_billed():
    prices = [
        price(REQUESTS, unit_price=1, maximum=20, minimum=8, end=MIDDLE),
        price(REQUESTS, unit_price=2, maximum=20, minimum=8, start=MIDDLE),
    ]
    assert shown(rated({1: 12, 20: 7}, *prices)) == [(12, 12), (7, 14), (0, -6)]
    assert shown(rated({1: 2, 20: 1}, *prices)) == [(2, 2), (1, 2), (0, 4)]


# A change of price


def test_each_side_of_a_change_has_its_own_price_and_line():
    prices = [
        price(REQUESTS, unit_price=1, end=MIDDLE),
        price(REQUESTS, unit_price=2, start=MIDDLE),
    ]
    statement = rated({15: 3, 16: 4}, *prices)
    assert [
        (line.start, line.end, line.quantity, line.amount) for line in statement.lines
    ] == [(OCTOBER.start, MIDDLE, 3, 3), (MIDDLE, OCTOBER.end, 4, 8)]


def test_a_change_shares_the_allowance_and_the_position_in_the_tiers():
    prices = [
        price(REQUESTS, "graduated", free=4, tiers=TIERS, end=MIDDLE),
        price(REQUESTS, "graduated", free=4, tiers=TIERS, start=MIDDLE),
    ]
    statement = rated({1: 12, 20: 5}, *prices)
    # 4 free, 8 in the first tier; then 2 more there, and 3 in the second
    assert shown(statement) == [(4, 0), (8, 19), (2, 4), (3, 8)]


def test_a_change_does_not_open_a_package_twice():
    terms = {"unit_price": 3, "package_size": 10}
    prices = [
        price(REQUESTS, "package", end=MIDDLE, **terms),
        price(REQUESTS, "package", start=MIDDLE, **terms),
    ]
    assert shown(rated({1: 4, 20: 5}, *prices)) == [(4, 3), (5, 0)]


def test_a_change_selects_the_volume_tier_by_the_whole_period():
    prices = [
        price(REQUESTS, "volume", tiers=TIERS, end=MIDDLE),
        price(REQUESTS, "volume", tiers=TIERS, start=MIDDLE),
    ]
    assert shown(rated({1: 6, 20: 6}, *prices)) == [(6, 6), (6, 11)]


def test_a_change_rates_a_peak_at_the_price_of_its_day():
    meter = replace(REQUESTS, aggregation="max")
    prices = [
        price(meter, unit_price=1, end=MIDDLE),
        price(meter, unit_price=2, start=MIDDLE),
    ]
    assert shown(rated({1: 5, 20: 9}, *prices, meter=meter)) == [(9, 18)]


def test_parts_that_make_whole_gb_months_reach_no_tier_by_a_residue():
    tiers = (Tier(D(2), D(1)), Tier(None, D(1), D(100)))
    hours = {1: 492, 2: 13, 3: 746, 4: 198, 5: 39}
    assert sum(hours.values()) == 2 * OCTOBER.hours
    prices = [
        price(
            STORAGE,
            "graduated",
            tiers=tiers,
            start=date(2026, 10, day),
            end=date(2026, 10, day + 1),
        )
        for day in hours
    ]
    usage = {day: count * 10**9 for day, count in hours.items()}
    assert rated(usage, *prices, meter=STORAGE).total == 2


# What must not happen


def test_usage_without_a_price_names_the_first_day():
    with pytest.raises(errors.MissingPrice) as caught:
        rated({20: 1, 3: 1, 2: 0}, price(REQUESTS, unit_price=1, start=MIDDLE))
    assert (caught.value.meter, caught.value.date) == (
        "requests_a",
        date(2026, 10, 3),
    )
    assert isinstance(caught.value, errors.RatingError)


def test_usage_of_an_unknown_meter_is_refused():
    with pytest.raises(errors.UnknownMeter) as caught:
        rate(used(REQUESTS, {1: 1}), meters=[STORAGE])
    assert caught.value.meter == "requests_a"


@pytest.mark.parametrize("day", [date(2026, 9, 30), date(2026, 11, 1)])
def test_usage_outside_the_period_is_refused(day):
    with pytest.raises(errors.UsageOutsidePeriod) as caught:
        rate([DailyUsage("storage", day, D(1))])
    assert (caught.value.meter, caught.value.date) == ("storage", day)


def test_two_prices_on_one_day_are_refused():
    with pytest.raises(errors.OverlappingPrices) as caught:
        rated(
            {}, price(REQUESTS, end=MIDDLE), price(REQUESTS, start=date(2026, 10, 15))
        )
    assert caught.value.date == date(2026, 10, 15)


def test_usage_given_twice_adds_up_only_where_that_means_something():
    twice = used(REQUESTS, {1: 2}) + used(REQUESTS, {1: 3})
    prices = [price(REQUESTS, unit_price=1)]
    assert rate(twice, prices).total == 5
    with pytest.raises(errors.DuplicateUsage):
        rate(twice, prices, [replace(REQUESTS, aggregation="latest")])


@pytest.mark.parametrize(
    "terms",
    [
        {"model": "auction"},
        {"model": "graduated"},
        {"model": "graduated", "tiers": (Tier(D(5), D(1)), Tier(D(5), D(1)))},
        {"model": "volume", "tiers": (Tier(None, D(1)), Tier(D(5), D(1)))},
        {"model": "package"},
        {"model": "unit", "per": D(0)},
    ],
)
def test_a_price_without_meaning_is_refused(terms):
    with pytest.raises(errors.InvalidValue):
        Price("requests_a", None, None, **terms)


@pytest.mark.parametrize(
    "terms", [{"aggregation": "median"}, {"rounding": "even"}, {"unit_size": D(0)}]
)
def test_a_meter_without_meaning_is_refused(terms):
    with pytest.raises(errors.InvalidValue):
        replace(REQUESTS, **terms)


def test_a_meter_listed_twice_is_not_billed_twice():
    with pytest.raises(errors.InvalidValue):
        rate(meters=[REQUESTS, REQUESTS])


def test_errors_survive_a_process_boundary():
    import pickle

    error = pickle.loads(pickle.dumps(errors.MissingPrice("m", MIDDLE)))
    assert (error.meter, error.date) == ("m", MIDDLE)
    assert str(error) == "no price of 'm' is in force on 2026-10-16"


# Corrections


@pytest.mark.parametrize(
    ("model", "terms", "amount"),
    [
        ("unit", {"unit_price": 2, "free": 100}, -10),
        ("graduated", {"tiers": TIERS, "flat_at_zero": False}, -10),
        ("volume", {"tiers": TIERS, "flat_at_zero": False}, -10),
        ("package", {"unit_price": 3, "package_size": 5}, -3),
    ],
)
def test_a_net_correction_is_a_credit_at_the_first_price(model, terms, amount):
    statement = rated({1: 1, 2: -6}, price(REQUESTS, model, **terms))
    assert shown(statement) == [(-5, amount)]
    assert statement.total == amount


# Fees, commitment, adjustments, coupons, minimum invoice


FEE = Fee("pro", D("20.00"), OCTOBER.end, date(2026, 12, 1))


def test_a_fee_is_due_in_full_or_by_days():
    cut = replace(FEE, end=date(2026, 11, 11), period_days=30)
    whole, part = rate(fees=[FEE, cut]).lines
    assert (whole.kind, whole.code, whole.amount) == ("fee", "pro", 20)
    assert part.amount == D("6.67")
    assert explain(part)[0].quantity == 10


def test_the_true_up_counts_usage_and_fees_but_no_adjustments():
    statement = rate(
        used(REQUESTS, {1: 30}),
        [price(REQUESTS, unit_price=1)],
        fees=[FEE],
        commitment=Commitment(D(310), 10, 31),
        adjustments=[Adjustment("requests_a", *_september(), D(-7))],
    )
    assert [(line.kind, line.amount) for line in statement.lines] == [
        ("usage", 30),
        ("fee", 20),
        ("commitment", 50),
        ("adjustment", -7),
    ]
    assert statement.total == 93


def _september():
    return date(2026, 9, 1), OCTOBER.start


def test_a_reached_commitment_makes_no_line():
    assert len(rate(fees=[FEE], commitment=Commitment(D(20))).lines) == 1


def test_an_adjustment_keeps_its_dates_and_quantity():
    item = Adjustment("storage", *_september(), D("1.50"), D(3), "GB-month", "late")
    (line,) = rate(adjustments=[item]).lines
    assert (line.start, line.end) == _september()
    assert (line.meter, line.quantity, line.amount) == ("storage", 3, D("1.50"))


def test_coupons_come_after_the_commitment_and_show_their_shares():
    statement = rate(
        used(REQUESTS, {1: 10}) + used(STORAGE, {1: 744 * 10**10}),
        [price(REQUESTS, unit_price=1), price(STORAGE, unit_price=1)],
        commitment=Commitment(D(30)),
        coupons=[
            Coupon("percent", D(10), code="TEN"),
            Coupon("fixed", D(5), meters=("storage",), code="STORE"),
        ],
    )
    store, ten = statement.lines[3:]
    assert [(line.kind, line.code, line.amount) for line in (store, ten)] == [
        ("coupon", "STORE", -5),
        ("coupon", "TEN", D("-2.50")),
    ]
    assert store.shares == ((1, 5),)
    assert ten.shares == ((0, 1), (1, D("0.50")), (2, 1))
    assert statement.total == D("22.50")
    assert [result.coupon.code for result in statement.coupons] == ["TEN", "STORE"]


def test_a_fixed_coupon_of_another_currency_is_not_used_up():
    statement = rate(
        fees=[FEE], coupons=[Coupon("fixed", D(5), currency="USD")], currency="EUR"
    )
    assert statement.total == 20
    assert not statement.coupons[0].applied


def test_a_coupon_limited_to_a_plan_covers_its_usage_and_fees():
    other = replace(FEE, plan="basic")
    statement = rate(
        used(REQUESTS, {1: 10}),
        [price(REQUESTS, unit_price=1)],
        fees=[FEE, other],
        plan="pro",
        coupons=[Coupon("percent", D(50), plans=("pro",))],
    )
    assert statement.lines[-1].amount == -15


def test_a_coupon_finer_than_the_currency_is_cut():
    statement = rate_statement(
        StatementRequest(
            OCTOBER, 0, (), (), (), fees=[FEE], coupons=[Coupon("fixed", D("2.5"))]
        )
    )
    assert statement.total == 18


def test_the_minimum_invoice_comes_last_and_leaves_nothing_alone():
    least = MinimumInvoice(D(25))
    lifted = rate(fees=[FEE], coupons=[Coupon("fixed", D(5))], minimum_invoice=least)
    assert [(line.kind, line.amount) for line in lifted.lines[1:]] == [
        ("coupon", -5),
        ("minimum", 10),
    ]
    assert rate(minimum_invoice=least).total == 0


def test_lines_come_by_meter_then_date_then_tier():
    usage = used(TRANSFER, {1: 10**9}) + used(REQUESTS, {20: 12, 1: 9})
    prices = [
        price(TRANSFER, unit_price=1),
        price(REQUESTS, "graduated", tiers=TIERS, start=MIDDLE),
        price(REQUESTS, "graduated", tiers=TIERS, end=MIDDLE),
    ]
    places = [
        (line.meter, line.start.day, line.tier_from)
        for line in rate(usage, prices).lines
    ]
    assert places == [
        ("requests_a", 1, 0),
        ("requests_a", 16, 0),
        ("requests_a", 16, 10),
        ("transfer_out", 1, None),
    ]


def test_an_explanation_shows_units_and_fee():
    first, second = rated({1: 12}, price(REQUESTS, "graduated", tiers=TIERS)).lines
    assert [
        (part.quantity, part.unit_price, part.amount) for part in explain(first)
    ] == [
        (10, 2, 20),
        (1, 3, 3),
    ]
    assert [part.amount for part in explain(second)] == [2, 5]


def test_an_open_ended_stream_of_usage_is_read_once():
    days = (
        DailyUsage("requests_a", OCTOBER.start + timedelta(n), D(1)) for n in range(31)
    )
    assert rate(days, iter([price(REQUESTS, unit_price=1)])).total == 31


# Blocks

BLOCKS = (Tier(D(20), D(3), size=D(10)), Tier(None, D(5), size=D(100)))


def test_blocks_are_filled_tier_after_tier():
    statement = rated({1: 121}, price(REQUESTS, "block_all", tiers=BLOCKS))
    assert shown(statement) == [(20, 6), (101, 10)]
    assert [line.charged_quantity for line in statement.lines] == [20, 200]


def test_a_block_that_an_earlier_price_opened_is_not_charged_again():
    dearer = (Tier(D(20), D(30), size=D(10)), Tier(None, D(50), size=D(100)))
    statement = rated(
        {1: 15, 20: 10},
        price(REQUESTS, "block_all", tiers=BLOCKS, end=MIDDLE),
        price(REQUESTS, "block_all", tiers=dearer, start=MIDDLE),
    )
    assert shown(statement) == [(15, 6), (5, 0), (5, 50)]


@pytest.mark.parametrize(
    ("used", "amount"), [(0, 0), (1, 3), (20, 6), (21, 5), (101, 10)]
)
def test_the_top_tier_prices_all_blocks(used, amount):
    statement = rated({1: used}, price(REQUESTS, "block_top", tiers=BLOCKS))
    assert statement.total == amount


def test_tiers_of_blocks_hold_whole_blocks():
    for tiers in (
        (Tier(D(25), D(3), size=D(10)), Tier(None, D(5), size=D(100))),
        (Tier(None, D(5)),),
        (Tier(None, D(5), size=D(0)),),
    ):
        with pytest.raises(errors.InvalidValue):
            price(REQUESTS, "block_all", tiers=tiers)


# Percentages

MONEY = Meter("sales", "Sales", "requests", "USD", unit_size=D(100))


def sold(amounts, **terms):
    """Rate sales, {day of October: cents of each event}, by a percentage."""
    for name in ("unit_price", "event_fee", "event_minimum", "event_maximum"):
        if name in terms:
            terms[name] = D(terms[name])
    events = [
        Transaction("sales", date(2026, 10, day), D(cents))
        for day, some in amounts.items()
        for cents in some
    ]
    usage = [
        DailyUsage("sales", date(2026, 10, day), D(sum(some)), len(some))
        for day, some in amounts.items()
    ]
    one = Price("sales", None, None, "percentage", **terms)
    return rate(
        usage, [one], [MONEY], transactions=events if one.needs_transactions else ()
    )


def test_a_percentage_and_a_fee_per_event():
    statement = sold({1: [10000, 5000], 2: [850]}, unit_price="1.5", event_fee="0.25")
    share, fee = statement.lines
    assert (share.quantity, share.unit_price, share.per) == (D("158.5"), D("1.5"), 100)
    assert (share.amount, share.note) == (D("2.38"), "percentage")
    assert (fee.charged_quantity, fee.amount, fee.note) == (3, D("0.75"), "event_fee")


def test_free_events_and_a_free_amount_of_a_percentage():
    statement = sold(
        {1: [10000, 5000], 2: [20000]},
        unit_price="10",
        event_fee="1",
        free_events=1,
        free_amount=D(120),
        free_until_first=True,
    )
    assert shown(statement) == [(100, 0), (250, 25), (0, 2)]


def test_an_allowance_of_a_percentage_lasts_while_one_of_both_is_left():
    statement = sold(
        {1: [10000, 5000], 2: [20000]},
        unit_price="10",
        event_fee="1",
        free_events=1,
        free_amount=D(120),
    )
    # 100 and 20 are free; the rest of the second event and the third are not.
    assert shown(statement) == [(120, 0), (230, 23), (0, 2)]


def test_the_charge_of_an_event_has_a_minimum_and_a_maximum():
    statement = sold(
        {1: [1000, 10000, 100000]},
        unit_price="1",
        event_minimum="0.5",
        event_maximum="4",
    )
    (line,) = statement.lines
    assert (line.quantity, line.charged_quantity, line.amount) == (1110, 3, D("5.50"))
    assert line.note == "per_event"
    assert [part.amount for part in explain(line)] == [D("5.5")]


def test_every_part_of_an_amount_at_the_percentage_of_its_tier():
    tiers = (Tier(D(260), D("4.2"), D("1.85")), Tier(None, D("2.6"), D("0.95")))
    statement = rated(
        {1: 64000}, price(MONEY, "graduated_percentage", tiers=tiers), meter=MONEY
    )
    assert statement.total == D("23.60")
    assert [line.per for line in statement.lines] == [100, 100]
