from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating.errors import InvalidValue
from rating.versions import Version, overridden, schedule, version_in_force

OLD = Version(date(2024, 1, 1), Decimal(10))
NEW = Version(date(2025, 1, 1), Decimal(12), existing_start=date(2025, 7, 1))
EPOCH, MAX = date(2024, 1, 1), date.max


@pytest.mark.parametrize(
    ("subscribed", "on", "price"),
    [
        (date(2024, 6, 1), date(2025, 6, 30), 10),
        (date(2024, 6, 1), date(2025, 7, 1), 12),
        (date(2025, 1, 1), date(2025, 1, 1), 12),
        (date(2023, 1, 1), date(2024, 1, 1), 10),
    ],
)
def test_existing_subscribers_keep_their_price_until_told(subscribed, on, price):
    assert version_in_force([OLD, NEW], subscribed, on).value == price


def test_a_version_without_a_date_for_them_never_reaches_existing_subscribers():
    version = Version(date(2025, 1, 1), Decimal(12))
    chosen = version_in_force([OLD, version], date(2024, 6, 1), date(2030, 1, 1))
    assert chosen is OLD


def test_no_version_yet_is_an_error():
    with pytest.raises(InvalidValue):
        version_in_force([OLD], date(2023, 1, 1), date(2023, 12, 31))


def test_a_schedule_tells_who_gets_which_version_when():
    assert schedule([OLD, NEW], date(2024, 6, 1)) == [
        (10, date(2024, 1, 1), date(2025, 7, 1)),
        (12, date(2025, 7, 1), None),
    ]
    assert schedule([OLD, NEW], date(2025, 2, 1)) == [
        (10, date(2024, 1, 1), date(2025, 1, 1)),
        (12, date(2025, 1, 1), None),
    ]
    assert schedule([], date(2025, 2, 1)) == []


versions = st.lists(
    st.tuples(st.integers(0, 400), st.none() | st.integers(0, 200)),
    max_size=5,
    unique_by=lambda dates: dates[0],
).map(
    lambda dates: [
        Version(
            EPOCH + timedelta(start),
            Decimal(number),
            None if delay is None else EPOCH + timedelta(start + delay),
        )
        for number, (start, delay) in enumerate(sorted(dates, key=lambda d: d[0]))
    ]
)
days = st.integers(0, 700).map(lambda day: EPOCH + timedelta(day))


@given(versions, days, days)
def test_a_schedule_agrees_with_the_version_of_every_day(listed, subscribed, on):
    held = [
        value
        for value, start, end in schedule(listed, subscribed)
        if start <= on and (end is None or on < end)
    ]
    try:
        assert held == [version_in_force(listed, subscribed, on).value]
    except InvalidValue:
        assert held == []


terms = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 60), st.booleans()), max_size=3
)


@given(versions, terms, days)
def test_special_terms_hold_in_their_time_only(listed, lengths, on):
    special, start = [], EPOCH
    for number, (gap, length, forever) in enumerate(lengths):
        start += timedelta(gap)
        end = None if forever else start + timedelta(length)
        special.append((Decimal(-1 - number), start, end))
        if forever:
            break
        start = end

    def on_that_day(parts):
        return [value for value, first, end in parts if first <= on < (end or MAX)]

    regular = schedule(listed, EPOCH)
    assert on_that_day(overridden(regular, special)) == (
        on_that_day(special) or on_that_day(regular)
    )


def test_special_terms_that_overlap_are_an_error():
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    for end in (None, date(2026, 2, 2)):
        with pytest.raises(InvalidValue):
            overridden([], [(1, first, end), (2, second, None)])
