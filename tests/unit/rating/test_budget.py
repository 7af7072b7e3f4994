"""Which thresholds of a budget are passed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.bitpaket_billing.rating import (
    RatingError,
    check_thresholds,
    passed,
    percent_used,
)

MONEY = st.decimals("0.01", 10**9, places=2)


def test_a_threshold_is_reached_exactly():
    assert passed(Decimal("49.99"), Decimal(100), [50, 80]) == []
    assert passed(Decimal("50.00"), Decimal(100), [50, 80]) == [50]
    assert passed(Decimal(250), Decimal(100), [50, 100, 200, 300]) == [50, 100, 200]
    assert passed(Decimal(-5), Decimal(100), [1]) == []


@pytest.mark.parametrize(
    ("value", "percent"), [("0", 0), ("99.99", 99), ("100", 100), ("250.5", 250)]
)
def test_percent(value, percent):
    assert percent_used(Decimal(value), Decimal(100)) == percent


@given(MONEY, MONEY)
def test_the_percentage_agrees_with_the_thresholds(value, limit):
    thresholds = range(1, 1001)
    reached = passed(value, limit, thresholds)
    assert reached == list(range(1, min(percent_used(value, limit), 1000) + 1))


def test_thresholds_are_sorted_and_kept_once():
    assert check_thresholds([100, 50, 50, 80]) == [50, 80, 100]


@pytest.mark.parametrize("numbers", [[], [0], [-1], [1001], range(1, 12)])
def test_thresholds_without_meaning(numbers):
    with pytest.raises(RatingError):
        check_thresholds(numbers)
