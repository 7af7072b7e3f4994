"""What of a service that lasts is earned by which day."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rating.deferral import credited_shares, earned, first_release, outlasts
from rating.periods import Period, add_months, calendar_month

D = Decimal
YEAR = Period(date(2026, 10, 15), date(2027, 10, 15))


def months_of(period):
    """Return all month ends from before a period until it is over."""
    ends = [period.start.replace(day=1)]
    while ends[-1] < period.end:
        ends.append(add_months(ends[-1], 1))
    return ends


def by_month(amount, period, digits=2):
    sums = [earned(amount, period, end, digits) for end in months_of(period)]
    return [later - before for before, later in pairwise(sums)]


def test_a_year_from_the_middle_of_a_month():
    # 17 of 365 days in October, 14 in the October after
    months = by_month(D(1200), YEAR)
    assert len(months) == 13
    assert months[0] == D("55.89")
    assert months[1] == D("98.63")
    assert months[-1] == D("46.03")
    assert sum(months) == 1200


def test_a_leap_day_counts():
    period = Period(date(2028, 1, 1), date(2029, 1, 1))
    january, february = by_month(D(366), period)[:2]
    assert (january, february) == (31, 29)


def test_nothing_before_and_all_after():
    assert earned(D(10), YEAR, date(2026, 10, 15), 2) == 0
    assert earned(D(10), YEAR, date(2020, 1, 1), 2) == 0
    assert earned(D(10), YEAR, YEAR.end, 2) == 10
    assert earned(D(10), YEAR, date(2030, 1, 1), 2) == 10


def test_a_credit_mirrors_what_it_credits():
    assert by_month(D("-99.99"), YEAR) == [-one for one in by_month(D("99.99"), YEAR)]


def test_currencies_without_cents():
    assert sum(by_month(D(1000), YEAR, digits=0)) == 1000
    assert by_month(D(1000), YEAR, digits=0)[0] == 47


@pytest.mark.parametrize(
    ("end", "longer"),
    [("2026-11-14", False), ("2026-11-15", False), ("2026-11-16", True)],
)
def test_longer_than_a_month(end, longer):
    period = Period(date(2026, 10, 15), date.fromisoformat(end))
    assert outlasts(period, 1) is longer


def test_a_short_month_is_a_month():
    assert not outlasts(Period(date(2027, 1, 31), date(2027, 2, 28)), 1)
    assert outlasts(Period(date(2027, 1, 31), date(2027, 3, 1)), 1)
    assert outlasts(Period(date(2027, 1, 1), date(2027, 1, 2)), 0)


def test_nothing_is_recognised_before_it_is_booked():
    assert first_release(YEAR, date(2026, 9, 1)) == date(2026, 10, 1)
    assert first_release(YEAR, date(2027, 3, 20)) == date(2027, 3, 1)


periods = st.builds(
    lambda start, days: Period(start, start + timedelta(days=days)),
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(1, 1200),
)


@given(
    cents=st.integers(-(10**12), 10**12),
    period=periods,
    digits=st.sampled_from([0, 2, 3]),
)
@example(cents=1, period=YEAR, digits=2)
def test_months_are_the_amount_and_each_is_its_days(cents, period, digits):
    unit = D(1).scaleb(-digits)
    amount = cents * unit
    months = by_month(amount, period, digits)
    assert sum(months) == amount
    for end, part in zip(months_of(period)[1:], months, strict=True):
        month = calendar_month(end - timedelta(days=1))
        days = (min(end, period.end) - max(month.start, period.start)).days
        # Two roundings of half a unit at most, and never against the amount.
        assert abs(part - amount * days / period.days) <= unit
        assert part == 0 or (part > 0) == (amount > 0)
        assert part == part.quantize(unit)


@given(cents=st.integers(0, 10**9), period=periods, day=st.integers(0, 1300))
def test_earned_never_shrinks(cents, period, day):
    amount = D(cents) / 100
    until = period.start + timedelta(days=day)
    before = earned(amount, period, until, 2)
    assert 0 <= before <= earned(amount, period, until + timedelta(days=1), 2) <= amount


def test_a_credit_is_shared_by_what_was_billed():
    assert credited_shares(D(100), [D(100), D(50)], 2) == [D("66.67"), D("33.33")]
    assert credited_shares(D(100), [D(50), D(-50)], 2) == [0, 0]
    assert credited_shares(D(100), [], 2) == []
