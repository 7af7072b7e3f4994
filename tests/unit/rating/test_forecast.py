"""What a period will come to, from the days that are known."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.bitpaket_billing.rating import (
    DailyUsage,
    Meter,
    Outlook,
    Period,
    Price,
    Range,
    StatementRequest,
    Tier,
    first_day_of_history,
    forecast_usage,
    rate_statement,
    used_quantity,
)

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
METHODS = {"requests": "flow", "storage": "level", "peak": "peak"}


def used(meter, day, quantity, events=1):
    return DailyUsage(meter, day, Decimal(quantity), events)


def days(start, count):
    return [start + timedelta(number) for number in range(count)]


def same(meter, quantity, start, count):
    return [used(meter, day, quantity) for day in days(start, count)]


def look(usage, now, history=(), methods=METHODS, period=NOVEMBER):
    return forecast_usage(period, usage, history, methods, now)


def total(usage, meter):
    return sum((one.quantity for one in usage if one.meter == meter), Decimal(0))


def ends(forecast, meter):
    return tuple(
        total(usage, meter)
        for usage in (forecast.low, forecast.expected, forecast.high)
    )


@pytest.mark.parametrize("meter", METHODS)
def test_what_is_the_same_every_day_goes_on(meter):
    usage = same(meter, 100, date(2026, 11, 1), 10)
    forecast = look(usage, datetime(2026, 11, 11))
    assert ends(forecast, meter) == (3000, 3000, 3000)


def test_the_running_day_counts_as_far_as_it_has_come():
    usage = same("requests", 100, date(2026, 11, 1), 10)
    # At 18:00 a quarter of the day is left, whatever came before.
    for today in (0, 75, 5000):
        forecast = look(
            [*usage, used("requests", date(2026, 11, 11), today)],
            datetime(2026, 11, 11, 18),
        )
        assert ends(forecast, "requests")[1] == 1000 + today + 25 + 19 * 100


def test_a_level_grows_by_the_rest_of_the_day():
    usage = same("storage", 2400, date(2026, 11, 1), 10)
    usage.append(used("storage", date(2026, 11, 11), 600))  # six hours
    forecast = look(usage, datetime(2026, 11, 11, 6))
    assert ends(forecast, "storage") == (72_000, 72_000, 72_000)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (0, 1800),  # nothing was reported since midnight: 18 hours are to come
        (600, 2400),
        (2400, 2400),  # all of the day was reported ahead
        (9000, 9000),
    ],
)
def test_a_day_that_was_reported_ahead_is_not_counted_twice(known, expected):
    usage = same("storage", 2400, date(2026, 11, 1), 10)
    usage.append(used("storage", date(2026, 11, 11), known))
    forecast = look(usage, datetime(2026, 11, 11, 6))
    assert ends(forecast, "storage")[1] == 24_000 + expected + 19 * 2400


def test_a_peak_is_not_added_to():
    usage = same("peak", 50, date(2026, 11, 1), 10)
    for today, expected in ((20, 50), (80, 80)):
        forecast = look(
            [*usage, used("peak", date(2026, 11, 11), today)],
            datetime(2026, 11, 11, 12),
        )
        eleventh = [
            one.quantity for one in forecast.expected if one.day == date(2026, 11, 11)
        ]
        assert eleventh == [expected]


def test_a_level_stays_as_it_was_last_and_the_range_knows_how_it_moves():
    usage = [
        used("storage", day, 100 + 10 * number)
        for number, day in enumerate(days(date(2026, 11, 1), 10))
    ]
    low, expected, high = ends(look(usage, datetime(2026, 11, 11)), "storage")
    sofar = total(usage, "storage")
    assert expected == sofar + 20 * 190
    assert low == expected
    # It grew by 10 every day: 10 + 20 + ... + 200 more, if it goes on.
    assert high == expected + 10 * 210


def test_days_that_scatter_make_a_range():
    usage = [
        used("requests", day, 80 + 40 * (number % 2))
        for number, day in enumerate(days(date(2026, 11, 1), 11))
    ]
    low, expected, high = ends(look(usage, datetime(2026, 11, 12)), "requests")
    assert low < expected < high
    assert expected - low == high - expected
    # ten full days with a mean of 100 scatter by 21.08 each; 19 are to come
    assert round(high - expected) == 200


def test_weekdays_are_told_apart_from_three_weeks_on():
    def busy(day):
        return 10 if day.weekday() >= 5 else 100

    usage = [used("requests", day, busy(day)) for day in days(date(2026, 11, 1), 22)]
    now = datetime(2026, 11, 23)  # a Monday
    low, expected, high = ends(look(usage, now), "requests")
    assert expected == sum(busy(day) for day in days(date(2026, 11, 1), 30))
    assert low == expected == high
    low, expected, high = ends(look(usage[1:], now), "requests")
    assert low < high


def test_the_first_day_does_not_count():
    usage = [
        used("requests", date(2026, 11, 5), 9_999_999),
        *same("requests", 10, date(2026, 11, 6), 3),
    ]
    forecast = look(usage, datetime(2026, 11, 9))
    assert ends(forecast, "requests")[1] == 9_999_999 + 30 + 22 * 10


def test_nothing_is_said_before_two_full_days_are_known():
    usage = same("requests", 10, date(2026, 11, 5), 3)
    assert look([], datetime(2026, 11, 9)) is None
    assert look(usage[:2], datetime(2026, 11, 7)) is None
    assert look(usage, datetime(2026, 11, 8)) is not None


def test_history_counts_on_the_first_day():
    history = same("requests", 10, date(2026, 10, 1), 31)
    forecast = look([], datetime(2026, 11, 1), history)
    assert ends(forecast, "requests") == (300, 300, 300)
    assert all(one.day in NOVEMBER for one in forecast.expected)


def test_a_yesterday_that_nobody_reported_yet_is_to_come():
    usage = same("requests", 10, date(2026, 11, 1), 9)
    forecast = look(usage, datetime(2026, 11, 11))
    assert ends(forecast, "requests")[1] == 300
    # Two days of silence are silence.
    forecast = look(usage, datetime(2026, 11, 12))
    assert ends(forecast, "requests")[1] < 300


def test_a_level_without_events_yesterday_is_not_counted_twice():
    usage = [
        used("storage", day, 2400, events=int(number == 0))
        for number, day in enumerate(days(date(2026, 11, 1), 10))
    ]
    forecast = look(usage, datetime(2026, 11, 11))
    assert ends(forecast, "storage") == (72_000, 72_000, 72_000)


def test_other_meters_stay_at_what_they_reached():
    usage = [
        *same("requests", 10, date(2026, 11, 1), 5),
        *same("seats", 7, date(2026, 11, 1), 5),
    ]
    forecast = look(usage, datetime(2026, 11, 6))
    assert ends(forecast, "seats") == (35, 35, 35)


def test_the_history_that_is_asked_for():
    assert first_day_of_history(NOVEMBER, datetime(2026, 11, 10)) == date(2026, 10, 12)
    assert first_day_of_history(NOVEMBER, datetime(2026, 12, 31)) == NOVEMBER.start


QUANTITIES = st.decimals(0, 10**15, places=2)
USAGE = st.lists(
    st.builds(
        DailyUsage,
        st.sampled_from(["requests", "storage"]),
        st.dates(date(2026, 10, 3), date(2026, 11, 30)),
        QUANTITIES,
        st.integers(0, 9),
    ),
    max_size=60,
)
MOMENTS = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 5))


def parted(usage, now):
    """Return what is known of the period, and of before, at a moment."""
    known = [one for one in usage if one.day <= now.date()]
    return (
        [one for one in known if one.day in NOVEMBER],
        [one for one in known if one.day < NOVEMBER.start],
    )


@given(USAGE, MOMENTS)
def test_what_is_known_is_kept_and_the_range_is_in_order(usage, now):
    period, history = parted(usage, now)
    forecast = look(period, now, history)
    assume(forecast)
    by_day = [
        {(one.meter, one.day): one.quantity for one in usages}
        for usages in (forecast.low, forecast.expected, forecast.high)
    ]
    assert by_day[0].keys() == by_day[1].keys() == by_day[2].keys()
    for key, low in by_day[0].items():
        known = sum(one.quantity for one in period if (one.meter, one.day) == key)
        assert known <= low <= by_day[1][key] <= by_day[2][key]
        assert key[1] in NOVEMBER
        if key[1] < now.date() - timedelta(days=1):
            assert low == by_day[2][key] == known


@given(USAGE, st.datetimes(datetime(2026, 12, 1), datetime(2027, 1, 5)))
def test_at_its_end_a_period_is_what_is_known(usage, now):
    period, history = parted(usage, now)
    forecast = look(period, now, history)
    for usages in (forecast.low, forecast.expected, forecast.high):
        for meter in ("requests", "storage"):
            assert total(usages, meter) == total(period, meter)


@given(st.lists(QUANTITIES, min_size=4, max_size=28), QUANTITIES, st.integers(0, 86399))
def test_the_running_day_changes_nothing_but_itself(values, today, second):
    now = datetime(2026, 11, 1) + timedelta(days=len(values), seconds=second)
    usage = [
        used("requests", day, quantity)
        for day, quantity in zip(days(date(2026, 11, 1), 28), values, strict=False)
    ]
    with_today = [*usage, used("requests", now.date(), today)]
    before = ends(look(usage, now), "requests")
    after = ends(look(with_today, now), "requests")
    for plain, higher in zip(before, after, strict=True):
        assert round(higher - plain, 9) == today


def rate(usage, **values):
    meter = Meter("requests", "Requests", "requests", "requests")
    price = Price("requests", None, None, **values)
    return rate_statement(StatementRequest(NOVEMBER, 2, [meter], usage, [price]))


def outlook(forecast, **values):
    return Outlook(
        *(
            rate(usages, **values)
            for usages in (forecast.low, forecast.expected, forecast.high)
        )
    )


def test_allowances_count():
    forecast = look(same("requests", 100, date(2026, 11, 1), 5), datetime(2026, 11, 6))
    found = outlook(forecast, model="unit", unit_price=Decimal(1), free=Decimal(2900))
    assert found.total == Range(Decimal(100), Decimal(100), Decimal(100))
    assert found.quantity("requests").expected == 3000


def test_much_may_cost_less_than_little():
    tiers = (
        Tier(Decimal(2999), Decimal(1)),
        Tier(None, Decimal("0.5")),
    )
    usage = [
        used("requests", day, 80 + 40 * (number % 2))
        for number, day in enumerate(days(date(2026, 11, 1), 11))
    ]
    found = outlook(look(usage, datetime(2026, 11, 12)), model="volume", tiers=tiers)
    assert found.low.total > found.high.total
    assert found.total.low <= found.total.expected <= found.total.high
    assert found.total.high == max(found.low.total, found.expected.total)


@given(USAGE, MOMENTS)
def test_money_and_quantity_are_never_below_what_was_used(usage, now):
    period, history = parted([one for one in usage if one.meter == "requests"], now)
    forecast = look(period, now, history, {"requests": "flow"})
    assume(forecast)
    found = outlook(forecast, model="unit", unit_price=Decimal("0.003"))
    now_rated = rate(period, model="unit", unit_price=Decimal("0.003"))
    assert found.total.low >= now_rated.total
    assert found.quantity("requests").low >= used_quantity(now_rated.lines, "requests")
    if now.date() >= NOVEMBER.end:
        assert found.total == Range(*[now_rated.total] * 3)
