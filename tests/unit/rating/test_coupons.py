from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating.coupons import Coupon, Discountable, apply_coupons
from rating.errors import InvalidValue

D = Decimal


def lines(*amounts, **properties):
    return [
        Discountable(str(n), D(amount), **properties)
        for n, amount in enumerate(amounts)
    ]


def test_limited_coupons_come_first_whatever_the_order_of_redemption():
    general = Coupon("percent", D(50), code="general")
    metered = Coupon("fixed", D(10), meters=("storage",), code="metered")
    discounts = apply_coupons(lines(30, meter="storage"), [general, metered])
    assert discounts.order == (1, 0)
    assert [result.discount for result in discounts.results] == [10, 10]


def test_a_line_without_the_property_meets_no_limit():
    coupon = Coupon("fixed", D(10), plans=("P",))
    assert apply_coupons(lines(30), [coupon]).discount == 0


def test_a_line_must_meet_all_limits():
    coupon = Coupon("fixed", D(10), plans=("P",), meters=("storage",))
    found = apply_coupons(
        [
            Discountable("a", D(5), "storage", "P"),
            Discountable("b", D(5), "storage", "Q"),
            Discountable("c", D(5), "transfer", "P"),
        ],
        [coupon],
    )
    assert found.shares == [5, 0, 0]


@pytest.mark.parametrize(
    ("carry", "remaining", "exhausted"), [(True, 5, False), (False, 0, True)]
)
def test_carrying_the_rest_is_a_switch(carry, remaining, exhausted):
    coupon = Coupon("fixed", D(15), carry=carry)
    (result,) = apply_coupons(lines(10), [coupon]).results
    assert (result.discount, result.remaining) == (10, remaining)
    assert result.exhausted is exhausted


def test_a_coupon_is_used_up_in_parts():
    coupon = Coupon("fixed", D(15), already_used=D(10))
    (result,) = apply_coupons(lines(10), [coupon]).results
    assert (result.discount, result.remaining, result.exhausted) == (5, 0, True)


def test_a_fixed_coupon_of_another_currency_is_skipped_and_a_percentage_is_not():
    fixed = Coupon("fixed", D(5), currency="NOK")
    percent = Coupon("percent", D(10), currency="NOK")
    found = apply_coupons(lines(10), [fixed, percent], "EUR")
    assert [result.discount for result in found.results] == [0, 1]
    assert [result.applied for result in found.results] == [False, True]
    assert found.results[0].remaining == 5


@pytest.mark.parametrize(
    ("left", "discount", "then"), [(2, 1, 1), (1, 1, 0), (0, 0, 0)]
)
def test_a_recurring_coupon_ends(left, discount, then):
    coupon = Coupon("percent", D(10), "recurring", periods_left=left)
    (result,) = apply_coupons(lines(10), [coupon]).results
    assert (result.discount, result.periods_left) == (discount, then)
    assert result.exhausted is (left == 1)


@pytest.mark.parametrize("frequency", ["once", "recurring", "forever"])
def test_a_coupon_with_nothing_to_discount_is_not_used_up(frequency):
    coupon = Coupon("percent", D(10), frequency, periods_left=3)
    (result,) = apply_coupons(lines(0), [coupon]).results
    assert not result.applied
    assert not result.exhausted
    assert result.periods_left == 3


def test_a_credit_is_never_discounted():
    (result,) = apply_coupons(lines(-10), [Coupon("percent", D(50))]).results
    assert result.discount == 0


def test_a_residue_is_no_base():
    # thirds of the first discount leave some 1e-60 behind
    redeemed = [Coupon("fixed", D(1)), Coupon("fixed", D(2)), Coupon("percent", D(10))]
    found = apply_coupons(lines(1, 2), redeemed)
    assert found.subtotal == 0
    assert [result.applied for result in found.results] == [True, True, False]


def test_a_tie_behind_a_residue_is_rounded_up():
    # 2.50 is left of 9.50 in thirds and ninths; 1 % of it is 0.025
    found = apply_coupons(
        lines("3.17", "3.17", "3.16"), [Coupon("fixed", D(7)), Coupon("percent", D(1))]
    )
    assert found.results[1].discount == D("0.03")


@pytest.mark.parametrize("wrong", [("gift", "once"), ("fixed", "weekly")])
def test_an_unknown_coupon_is_refused(wrong):
    with pytest.raises(InvalidValue):
        Coupon(wrong[0], D(1), wrong[1])


money = st.integers(0, 10**6).map(lambda n: D(n) / 100)
coupons = st.builds(
    Coupon,
    type=st.sampled_from(["fixed", "percent"]),
    value=money,
    frequency=st.sampled_from(["once", "recurring", "forever"]),
    periods_left=st.integers(0, 3),
    already_used=money,
    carry=st.booleans(),
    meters=st.sampled_from([None, ("a",), ("a", "b")]),
    plans=st.sampled_from([None, ("P",)]),
)
bills = st.lists(
    st.builds(
        Discountable,
        id=st.uuids(),
        amount=money,
        meter=st.sampled_from([None, "a", "b"]),
        plan=st.sampled_from([None, "P", "Q"]),
    ),
    max_size=6,
)


@given(bills, st.lists(coupons, max_size=4), st.sampled_from([None, 2]))
def test_coupons_add_up_and_never_take_more_than_there_is(bill, redeemed, share_digits):
    found = apply_coupons(bill, redeemed, share_digits=share_digits)
    tolerance = 0 if share_digits else D("1e-20")
    assert found.subtotal >= 0
    for line, share in zip(bill, found.shares, strict=True):
        assert -tolerance <= share <= line.amount + tolerance
    for result in found.results:
        assert result.discount >= 0
        assert abs(sum(result.shares, D(0)) - result.discount) <= tolerance
        assert result.remaining >= 0
    whole = sum(line.amount for line in bill)
    assert abs(whole - found.subtotal - found.discount) <= tolerance


def test_more_than_all_of_what_thirds_left_takes_all_and_no_more():
    found = apply_coupons(
        lines("3512.32", "0.35", "1.29"),
        [Coupon("fixed", D("0.01")), Coupon("percent", D("100.01"))],
    )
    assert found.subtotal == 0
