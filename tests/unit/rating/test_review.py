"""What deserves a look before it is invoiced."""

from decimal import Decimal as D

import pytest
from rating import average, change, review

FACTOR = D(3)


@pytest.mark.parametrize(
    ("total", "usual", "has_usage", "found"),
    [
        ("29.00", "29.00", True, []),
        ("87.00", "29.00", True, []),
        ("87.01", "29.00", True, ["moved"]),
        ("9.67", "29.00", True, []),
        ("9.66", "29.00", True, ["moved"]),
        ("29.00", None, True, ["first"]),
        ("0", "0", True, ["zero"]),
        ("0", "0", False, []),
        ("0", "29.00", False, ["moved"]),
        ("1.00", "0", True, ["moved"]),
        ("-1.00", "29.00", True, ["negative", "moved"]),
    ],
)
def test_findings(total, usual, has_usage, found):
    usual = None if usual is None else D(usual)
    assert review(D(total), usual, FACTOR, has_usage) == found


def test_average_is_rounded_once():
    assert average([D("1.00"), D("1.00"), D("1.01")]) == D("1.00")
    assert average([D("0.01"), D("0.02")]) == D("0.02")
    assert average([]) is None


def test_change_in_percent():
    assert change(D("110"), D("100")) == D("10.0")
    assert change(D("50"), D("-100")) == D("150.0")
    assert change(D("50"), D("0")) is None
