"""Coupons on changes of plans: off what is charged, not off what was paid before."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st
from rating import Fee, Period, StatementRequest, per_meter, rate_statement
from rating.coupons import Coupon

D = Decimal
MONTH = Period(date(2026, 11, 22), date(2026, 12, 12))
CENTS = st.integers(1, 10**8).map(lambda cents: D(cents) / 100)


def rate(rest, charge, *coupons):
    """Return the lines of a change from plan a to plan b."""
    fees = (
        Fee("1", -rest, MONTH.start, MONTH.end, plan="a", note="unused"),
        Fee("2", charge, MONTH.start, MONTH.end, plan="b"),
    )
    statement = rate_statement(
        StatementRequest(MONTH, 2, (), (), (), fees=fees, coupons=coupons, plan="b")
    )
    split = per_meter(statement.lines)
    assert {line.fee for line in split if line.kind == "coupon"} <= {"2"}
    return statement


@given(CENTS, CENTS, st.integers(1, 100), st.sampled_from([None, ("b",)]))
def test_the_unused_rest_is_left_alone(rest, charge, percent, plans):
    statement = rate(rest, charge, Coupon("percent", D(percent), plans=plans))
    off = (charge * percent / 100).quantize(D("0.01"), ROUND_HALF_UP)
    assert statement.total == charge - off - rest
    assert statement.coupons[0].discount == off


@given(CENTS, CENTS, CENTS)
def test_a_fixed_amount_takes_no_more_than_is_charged(rest, charge, value):
    statement = rate(rest, charge, Coupon("fixed", value))
    assert statement.total == charge - min(charge, value) - rest


@given(CENTS, CENTS)
def test_the_plan_that_was_left_is_not_discounted(rest, charge):
    statement = rate(rest, charge, Coupon("percent", D(50), plans=("a",)))
    assert statement.total == charge - rest
    assert not statement.coupons[0].applied
