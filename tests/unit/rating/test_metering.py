from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating import metering
from rating.errors import InvalidValue

D = Decimal


def at(day, hour=0):
    return datetime(2026, 6, day, hour, tzinfo=timezone.utc)


@pytest.mark.parametrize("function", ["count", "sum", "max", "latest", "unique"])
def test_no_events_are_zero(function):
    assert metering.aggregate(function, []) == 0


def test_only_count_counts_events_that_carry_nothing():
    values = [D(3), None, D(-5)]
    assert metering.aggregate("count", values) == 3
    assert metering.aggregate("sum", values) == -2
    assert metering.aggregate("max", [D(-3), None, D(-5)]) == -3
    assert metering.aggregate("latest", [D(7), D(2), None]) == 2


def test_unique_compares_text():
    assert metering.aggregate("unique", ["1", "1.0", "1"]) == 2


def test_an_unknown_aggregation_is_refused():
    with pytest.raises(InvalidValue):
        metering.aggregate("median", [D(1)])


def test_a_level_carried_in_lasts_until_it_changes():
    level = metering.time_weighted(at(1), at(11), D(10), [(at(6), D(-10))])
    assert level == 5


def test_changes_outside_the_period_count_from_its_start_or_not_at_all():
    deltas = [(at(1), D(4)), (at(30), D(100))]
    assert metering.time_weighted(at(5), at(15), D(0), deltas) == 4


def test_bytes_are_rounded_once():
    # 52.955 GB would be 53 by way of whole MB, but 52.4999 must not become 53
    size = D("52499900000")
    assert metering.whole_units(size, D(10**9), "half_up") == 52
    assert metering.whole_units(size, D(10**9), "up") == 53


def test_an_exact_multiple_of_a_third_starts_no_further_unit():
    units = metering.whole_units(D(3 * 10**9), D(10**9), "up", 240, 720)
    assert units == 1


def test_an_allowance_larger_than_the_usage_bills_nothing():
    assert metering.converted_units(D(10), D(10), "up", free=D(5)) == 0


quantities = st.integers(0, 10**12).map(lambda n: D(n) / 1000)


@given(st.lists(quantities, max_size=10), quantities, quantities)
def test_parts_share_one_allowance(parts, free, previous):
    billed = metering.beyond_shared(parts, free, previous)
    whole = metering.beyond_shared([sum(parts, D(0))], free, previous)
    assert all(part >= 0 for part in billed)
    assert sum(billed, D(0)) == whole[0]
