from decimal import ROUND_DOWN, Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating.errors import InvalidValue
from rating.rounding import ceil, exact, floor, half_up, round_units, spread

THIRD = exact(lambda: Decimal(1) / 3)()


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        ("2.675", 2, "2.68"),
        ("-2.675", 2, "-2.68"),
        ("0.5", 0, "1"),
        ("2.4999", 0, "2"),
        ("17.9649999999999988631316", 2, "17.96"),
        ("1250", -2, "1300"),
    ],
)
def test_half_up_sends_ties_away_from_zero(value, digits, rounded):
    assert half_up(Decimal(value), digits) == Decimal(rounded)


def test_half_up_never_returns_a_negative_zero():
    assert str(half_up(Decimal("-0.001"), 2)) == "0.00"


def test_half_up_sees_a_tie_behind_a_residue():
    assert half_up(Decimal("0.004" + "9" * 40), 2) == Decimal("0.01")
    assert half_up(Decimal("0.004" + "9" * 15), 2) == Decimal("0.00")


def test_rounding_shows_plain_numbers():
    assert str(ceil(Decimal("8746.251"), -2)) == "8800"


def test_ceil_ignores_a_residue_but_not_a_fraction():
    assert ceil(Decimal("3." + "0" * 40 + "1")) == 3
    assert ceil(Decimal("3.000001")) == 4
    assert ceil(Decimal("-1.5")) == -1


def test_floor_ignores_a_residue_but_not_a_fraction():
    assert floor(exact(lambda: 3 * THIRD)()) == 1
    assert floor(Decimal("2.999999")) == 2
    assert floor(Decimal("-1.5")) == -2


@pytest.mark.parametrize(
    ("mode", "rounded"),
    [("none", "1.25"), ("up", "1.3"), ("half_up", "1.3"), ("down", "1.2")],
)
def test_units_are_rounded_as_the_mode_says(mode, rounded):
    assert round_units(Decimal("1.25"), mode, 1) == Decimal(rounded)


def test_an_unknown_mode_is_refused():
    with pytest.raises(InvalidValue) as caught:
        round_units(Decimal(1), "bankers")
    assert (caught.value.name, caught.value.value) == ("rounding", "bankers")


def test_the_context_of_the_host_changes_nothing_and_stays_as_it_was():
    with localcontext() as host:
        host.prec, host.rounding = 6, ROUND_DOWN
        shares = spread(Decimal("0.10"), [Decimal(1)] * 3, 2)
        assert half_up(Decimal("1234567.895"), 2) == Decimal("1234567.90")
        assert getcontext().prec == 6
    assert shares == [Decimal("0.04"), Decimal("0.03"), Decimal("0.03")]


def test_the_cent_goes_to_the_largest_remainder():
    # 0.1428.., 0.2857.., 0.5714..: one cent is left over
    parts = spread(Decimal("1.00"), [Decimal(1), Decimal(2), Decimal(4)], 2)
    assert parts == [Decimal("0.14"), Decimal("0.29"), Decimal("0.57")]


def test_nothing_to_spread_over_is_refused():
    with pytest.raises(InvalidValue):
        spread(Decimal(1), [Decimal(0)], 2)
    assert spread(Decimal(0), [Decimal(0)], 2) == [0]


def test_a_total_finer_than_its_digits_is_refused():
    with pytest.raises(InvalidValue):
        spread(Decimal("0.005"), [Decimal(1)], 2)


cents = st.integers(0, 10**9).map(lambda n: Decimal(n) / 100)


@given(cents, st.lists(cents, min_size=1, max_size=8).filter(any))
def test_a_spread_adds_up_and_stays_within_a_cent_of_the_proportion(total, weights):
    parts = spread(total, weights, 2)
    assert sum(parts) == total
    exact_parts = spread(total, weights)
    for part, proportion in zip(parts, exact_parts, strict=True):
        assert part == half_up(part, 2)
        assert abs(part - proportion) < Decimal("0.0100001")
