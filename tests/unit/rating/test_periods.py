from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating.errors import InvalidValue
from rating.periods import (
    Period,
    add_months,
    anchored_containing,
    anchored_period,
    anchored_periods,
    calendar_month,
    last_day,
    local_midnight,
)

OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))


def test_a_period_is_half_open():
    assert date(2026, 10, 1) in OCTOBER
    assert date(2026, 10, 31) in OCTOBER
    assert date(2026, 11, 1) not in OCTOBER
    assert last_day(OCTOBER) == date(2026, 10, 31)


def test_a_period_has_the_real_hours_of_its_days():
    assert (OCTOBER.days, OCTOBER.hours) == (31, 744)
    assert calendar_month(date(2028, 2, 10)).hours == 29 * 24


def test_a_period_without_a_day_is_refused():
    with pytest.raises(InvalidValue):
        Period(date(2026, 10, 1), date(2026, 10, 1))


def test_a_period_is_split_only_by_dates_inside_it():
    cuts = [date(2026, 10, 20), date(2026, 10, 5), date(2026, 10, 1), date(2027, 1, 1)]
    assert OCTOBER.split(cuts) == [
        Period(date(2026, 10, 1), date(2026, 10, 5)),
        Period(date(2026, 10, 5), date(2026, 10, 20)),
        Period(date(2026, 10, 20), date(2026, 11, 1)),
    ]


def test_the_31st_falls_back_and_returns():
    starts = [period.start for period in anchored_periods(date(2026, 12, 31), 4)]
    assert starts == [
        date(2026, 12, 31),
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2027, 3, 31),
    ]


def test_a_leap_day_anchors_a_year():
    years = anchored_periods(date(2024, 2, 29), 5, months=12)
    assert [year.start for year in years][1] == date(2025, 2, 28)
    assert years[4].start == date(2028, 2, 29)


def test_months_can_be_taken_back():
    assert add_months(date(2026, 1, 31), -2) == date(2025, 11, 30)


def test_a_day_before_the_chain_belongs_to_no_period():
    with pytest.raises(InvalidValue):
        anchored_containing(date(2026, 1, 31), date(2026, 1, 30))


@pytest.mark.parametrize(
    ("day", "zone", "utc"),
    [
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 28, 23)),
        (date(2026, 3, 30), "Europe/Berlin", datetime(2026, 3, 29, 22)),
        # clocks went from 24:00 to 01:00: the day starts at 01:00
        (date(2018, 11, 4), "America/Sao_Paulo", datetime(2018, 11, 4, 3)),
    ],
)
def test_a_local_day_starts_at_its_own_midnight(day, zone, utc):
    assert local_midnight(day, zone) == utc.replace(tzinfo=timezone.utc)


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_refused(zone):
    with pytest.raises(InvalidValue):
        local_midnight(date(2026, 1, 1), zone)


days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(days, st.integers(1, 30), st.sampled_from([1, 3, 12]))
def test_anchored_periods_tile_time(start, count, months):
    chain = anchored_periods(start, count, months)
    assert chain[0].start == start
    for period, following in zip(chain, chain[1:], strict=False):
        assert period.end == following.start


@given(days, st.integers(0, 5000), st.sampled_from([1, 12]))
def test_every_day_lies_in_the_anchored_period_that_is_found(start, later, months):
    day = start + timedelta(later)
    period = anchored_containing(start, day, months)
    assert day in period
    assert period in [anchored_period(start, n, months) for n in range(later // 28 + 1)]
