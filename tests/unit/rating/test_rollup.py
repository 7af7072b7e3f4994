"""From single events to what a meter used on a day."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating import DayRollup, add_up, level_usage
from rating.metering import time_weighted
from rating.rollup import unit_hours
from rating.rounding import exact

D = Decimal
DAY = date(2026, 10, 5)
NOON = datetime(2026, 10, 5, 12)
LATER = datetime(2026, 11, 20)


class Event(NamedTuple):
    quantity: Decimal
    time: datetime = NOON
    since: datetime | None = None


def test_unit_hours_end_at_the_digits_of_quantities():
    assert unit_hours(D(3), timedelta(hours=2)) == 6
    assert unit_hours(D(1), timedelta(minutes=20)) == D("0." + "3" * 30)
    assert unit_hours(D("1e27"), timedelta(days=10_000)) == D("2.4e32")
    assert unit_hours(D("1e-12"), timedelta(microseconds=1)) == D("2.77777778e-22")


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("sum", (D("6.5"), 0)),
        ("byte_hours", (D("6.5"), 0)),
        ("count", (2, 0)),
        ("time_weighted", (D("2.5") * 12 + 4 * 6, D("6.5"))),
    ],
)
def test_what_events_add(aggregation, expected):
    events = [Event(D("2.5")), Event(D(4), NOON + timedelta(hours=6))]
    assert add_up(aggregation, events) == expected


def test_what_the_rest_of_a_minimum_duration_adds():
    events = [
        Event(D(10), since=NOON - timedelta(days=1)),
        Event(D(10), since=NOON - timedelta(days=30)),
        Event(D(10), since=NOON - timedelta(days=99)),
        Event(D(10), since=NOON),
    ]
    assert add_up("retention", events, 30) == (10 * 24 * (29 + 30), 0)


def test_sums_of_the_greatest_quantities_are_exact():
    large, small = D("1e27"), D("1e-12")
    assert add_up("sum", [Event(large), Event(small), Event(-large)]) == (small, 0)
    total, _level = add_up("time_weighted", [Event(large), Event(small)])
    assert total - large * 12 == small * 12


def days_of(events):
    grouped = defaultdict(list)
    for event in events:
        grouped[event.time.date()].append(event)
    return {
        day: DayRollup(quantity, len(its), level)
        for day, its in grouped.items()
        for quantity, level in [add_up("time_weighted", its)]
    }


def usage(days, carried=0, *, end=date(2026, 10, 8), now=LATER, changes=True):
    found = level_usage("m", days, D(carried), DAY, end, now, changes=changes)
    return [(one.day.day, one.quantity, one.events) for one in found]


def test_a_level_goes_on_from_day_to_day():
    days = {date(2026, 10, 6): DayRollup(D(-12), 1, D(-1))}
    assert usage(days, 3) == [(5, 72, 0), (6, 60, 1), (7, 48, 0)]


def test_a_sample_holds_until_the_next_one():
    days = {date(2026, 10, 6): DayRollup(D(18 * 5), 2, D(5), D(6))}
    assert usage(days, 3, changes=False) == [(5, 72, 0), (6, 108, 2), (7, 120, 0)]


def test_a_day_whose_samples_are_gone_changes_nothing():
    days = {date(2026, 10, 6): DayRollup()}
    assert usage(days, 3, changes=False) == [(5, 72, 0), (6, 72, 0), (7, 72, 0)]


def test_days_with_nothing_are_left_out():
    days = {date(2026, 10, 6): DayRollup(D(-36), 1, D(-3))}
    assert usage(days, 3) == [(5, 72, 0), (6, 36, 1)]
    assert usage({}) == []


def test_the_future_does_not_count():
    days = {date(2026, 10, 6): DayRollup(D(18 * 5), 1, D(5))}
    assert usage(days, 1, now=datetime(2026, 10, 6, 8)) == [(5, 24, 0), (6, 18, 1)]
    assert usage(days, 1, now=datetime(2026, 10, 4, 8)) == []


changes = st.builds(
    Event,
    st.integers(-(10**9), 10**9).map(lambda number: D(number) / 1000),
    st.integers(0, 3 * 86_400 - 1).map(
        lambda seconds: datetime(2026, 10, 5) + timedelta(seconds=seconds)
    ),
)


@given(st.lists(changes, max_size=20), st.integers(0, 10**6))
@exact
def test_days_add_up_to_the_average_of_the_period(events, carried):
    start, end = datetime(2026, 10, 5), datetime(2026, 10, 8)
    average = time_weighted(
        start, end, D(carried), [(event.time, event.quantity) for event in events]
    )
    total = sum(quantity for _day, quantity, _events in usage(days_of(events), carried))
    assert abs(total - average * 72) < D("1e-24")
