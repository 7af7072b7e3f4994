from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating import Meter, Period, Price, Tier, calendar_month, rate_statement
from rating.trial import difference, differences, even_usage, laid_over
from rating.types import Line, StatementRequest

GIB = Decimal(1024**3)
NOVEMBER = calendar_month(date(2026, 11, 1))
JANUARY = calendar_month(date(2027, 1, 1))
REQUESTS = Meter("requests", "Requests", "requests", "requests")
STORAGE = Meter("storage", "Storage", "storage", "GiB-months", "byte_hours", GIB)


def billed(meter, quantity, month=NOVEMBER, **price):
    """Return the billed quantity and amount of even usage."""
    usage, transactions = even_usage(
        meter, Decimal(quantity), month, price.pop("events", 0)
    )
    values = {"model": "unit", "unit_price": Decimal(1), **price}
    rated = rate_statement(
        StatementRequest(
            period=month,
            currency_digits=2,
            meters=[meter],
            usage=usage,
            transactions=transactions,
            prices=[Price(meter.code, None, None, **values)],
        )
    )
    return sum(line.quantity for line in rated.lines), rated.total


@pytest.mark.parametrize("month", [NOVEMBER, JANUARY])
@pytest.mark.parametrize(
    ("aggregation", "values"),
    [
        ("sum", {}),
        ("count", {}),
        ("max", {}),
        ("latest", {}),
        ("byte_hours", {}),
        ("byte_hours", {"month_hours": 1}),
        ("byte_hours", {"full_month_hours": 672}),
        ("byte_hours", {"full_month_hours": 672, "month_hours": 1}),
        ("daily_peak_mean", {}),
        ("daily_peak_mean", {"month_hours": 1}),
        ("time_weighted", {}),
        ("time_weighted", {"full_month_hours": 672}),
    ],
)
def test_what_is_typed_is_what_is_billed(aggregation, values, month):
    meter = Meter("m", "M", "storage", "units", aggregation, GIB, **values)
    assert billed(meter, "500.25", month) == (Decimal("500.25"), Decimal("500.25"))


@given(st.integers(0, 10**15), st.integers(1, 28))
def test_usage_is_spread_in_whole_units(quantity, days):
    period = Period(date(2026, 11, 1), date(2026, 11, 1 + days))
    usage, _none = even_usage(REQUESTS, Decimal(quantity), period)
    used = [day.quantity for day in usage]
    assert sum(used) == quantity
    assert all(amount == amount.to_integral_value() for amount in used)
    assert max(used, default=0) - min(used, default=0) <= 1


def test_stored_all_of_a_long_month_is_more_than_720_hours():
    meter = replace(STORAGE, month_hours=720)
    assert billed(meter, 720, JANUARY)[0] == 744


def test_free_per_day_is_used_up_every_day():
    assert billed(REQUESTS, 3000, free_per_day=Decimal(90)) == (3000, 300)


def test_events_are_of_one_size():
    fee = {"unit_price": Decimal(10), "event_fee": Decimal(2)}
    assert billed(REQUESTS, 90, events=3, model="percentage", **fee)[1] == 15
    free = {**fee, "free_events": 1}
    assert billed(REQUESTS, 90, events=3, model="percentage", **free) == (90, 10)


def test_prices_of_another_month_hold_on_the_same_days():
    changed = date(2027, 1, 16)
    prices = [
        Price("requests", date(2026, 1, 1), changed, "unit"),
        Price("requests", changed, date(2027, 2, 1), "unit"),
        Price("requests", date(2027, 2, 1), None, "unit"),
        Price("requests", date(2025, 1, 1), date(2026, 1, 1), "unit"),
    ]
    assert [
        (price.start, price.end) for price in laid_over(prices, JANUARY, NOVEMBER)
    ] == [(None, date(2026, 11, 16)), (date(2026, 11, 16), None)]


def test_prices_of_the_same_month_stay():
    price = Price("storage", None, None, "volume", tiers=(Tier(None, Decimal(1)),))
    assert laid_over([price], NOVEMBER, NOVEMBER) == [price]


def test_difference():
    assert difference(Decimal(80), Decimal(90)).percent == Decimal("12.5")
    assert difference(Decimal(-80), Decimal(-90)).percent == Decimal("-12.5")
    assert difference(Decimal(3), Decimal(1)).percent == Decimal("-66.7")
    assert difference(Decimal(0), Decimal(1)).percent is None


def test_differences_by_meter():
    def line(meter, amount):
        day, zero = NOVEMBER.start, Decimal(0)
        return Line("usage", meter, day, day, zero, "", zero, zero, Decimal(amount))

    before = [line("a", 1), line("a", 3), line("b", 5)]
    after = [line("a", 6), line(None, 2)]
    found = differences(before, after)
    assert {code: one.amount for code, one in found.items()} == {
        "a": 2,
        "b": -5,
        None: 2,
    }
    assert found["a"].percent == 50
