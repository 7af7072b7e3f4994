from datetime import date
from decimal import Decimal

from rating import late
from rating.periods import Period
from rating.types import Line

D = Decimal
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))


def line(meter, amount, quantity=0, kind="usage"):
    return Line(
        kind,
        meter,
        SEPTEMBER.start,
        SEPTEMBER.end,
        D(quantity),
        "GB",
        D(1),
        D(1),
        D(amount),
    )


def test_a_repeated_event_is_refused_or_replaces():
    events = [("a", 1), ("b", 2), ("a", 3)]
    first = late.store_events(events, key=lambda event: event[0])
    last = late.store_events(events, key=lambda event: event[0], keep="last")
    assert first == ([("a", 1), ("b", 2)], 1)
    assert last == ([("a", 3), ("b", 2)], 0)


def bill(late_usage, billed=None, quantities=None):
    return late.bill_late_usage(
        run_date=date(2026, 1, 1),
        quantities=quantities or {},
        late=late_usage,
        billed=billed or {},
        block=D(10),
        price=D(2),
        read_previous=1,
    )


def test_late_usage_is_billed_as_a_difference_of_its_month():
    december, november = date(2025, 12, 1), date(2025, 11, 1)
    result = bill(
        [(date(2025, 11, 30), D(5))],
        billed={november: D(2)},
        quantities={december: D(11), november: D(8)},
    )
    assert result.billed == {november: D(2), december: D(4)}


def test_late_usage_that_takes_back_is_a_credit():
    november = date(2025, 11, 1)
    result = bill(
        [(date(2025, 11, 3), D(-15))],
        billed={november: D(4)},
        quantities={november: D(15)},
    )
    assert result.billed == {november: D(-4)}


def test_usage_too_old_is_listed_and_usage_of_the_running_month_waits():
    result = bill([(date(2025, 10, 31), D(5)), (date(2026, 1, 1), D(5))])
    assert result.billed == {}
    assert result.ignored == [date(2025, 10, 1)]


def test_an_adjustment_is_the_difference_by_meter():
    rated = [line("transfer", "2.00", 20), line("storage", "8.00", 80)]
    billed = {"storage": (D("6.00"), D(55))}
    found = late.adjustments(rated, billed, SEPTEMBER, "S1")
    assert [(item.meter, item.amount, item.quantity) for item in found] == [
        ("storage", D("2.00"), 25),
        ("transfer", D("2.00"), 20),
    ]
    assert (found[0].start, found[0].end) == (SEPTEMBER.start, SEPTEMBER.end)
    assert (found[0].unit, found[0].code) == ("GB", "S1")


def test_usage_that_is_gone_is_a_credit_and_raises_the_true_up():
    rated = [line(None, "4.00", 0, "commitment")]
    billed = {"storage": (D("5.00"), D(50)), None: (D("3.00"), D(0))}
    found = late.adjustments(rated, billed, SEPTEMBER)
    assert [(item.meter, item.amount) for item in found] == [
        (None, D("1.00")),
        ("storage", D("-5.00")),
    ]


def test_what_costs_the_same_adjusts_nothing():
    rated = [
        line("storage", "0.00", 8),
        line("storage", "5.00", 50),
        line(None, "-1.00", 0, "coupon"),
        line(None, "9.00", 0, "fee"),
    ]
    billed = {"storage": (D("5.00"), D(50))}
    assert late.adjustments(rated, billed, SEPTEMBER) == []
