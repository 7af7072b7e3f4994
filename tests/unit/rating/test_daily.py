"""The cost of a day is its share of the period's lines."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.bitpaket_billing.rating import Charge, DailyUsage, DayCost, by_day

START, END = date(2026, 10, 1), date(2026, 11, 1)


def day(number):
    return date(2026, 10, number)


def charge(amount, quantity="0", meter="requests", start=START, end=END):
    return Charge(meter, start, end, Decimal(quantity), Decimal(amount))


def used(number, quantity, meter="requests"):
    return DailyUsage(meter, day(number), Decimal(quantity))


def test_days_bear_what_they_used():
    days = by_day([charge("1.00", "4")], [used(2, 3000), used(9, 1000)], 2)
    assert days == [
        DayCost("requests", day(2), Decimal(3), Decimal("0.75")),
        DayCost("requests", day(9), Decimal(1), Decimal("0.25")),
    ]


def test_tiers_of_a_meter_are_shared_out_together():
    free, paid = charge("0", "10"), charge("0.10", "20")
    days = by_day([free, paid], [used(number, 1) for number in (1, 2, 3)], 2)
    assert [one.amount for one in days] == [
        Decimal("0.04"),
        Decimal("0.03"),
        Decimal("0.03"),
    ]
    assert {one.quantity for one in days} == {Decimal(10)}


def test_each_price_has_its_days():
    charges = [charge("1", end=day(16)), charge("9", start=day(16))]
    days = by_day(charges, [used(15, 7), used(16, 7)], 2)
    assert [(one.day, one.amount) for one in days] == [(day(15), 1), (day(16), 9)]


def test_a_fixed_price_is_borne_by_every_day():
    days = by_day([charge("31.00")], [], 2)
    assert len(days) == 31
    assert {one.amount for one in days} == {Decimal("1.00")}


def test_days_corrected_below_zero_do_not_turn_costs_round():
    days = by_day([charge("3.10")], [used(1, 5), used(2, -4)], 2)
    assert len(days) == 31
    assert {one.amount for one in days} == {Decimal("0.10")}


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.integers(-10_000, 10_000),
            st.integers(0, 10**12),
        ),
        max_size=5,
    ),
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.integers(0, 10**15)),
        max_size=60,
    ),
    st.integers(0, 3),
)
def test_days_add_up(charges, usage, digits):
    charges = [
        charge(Decimal(cents).scaleb(-digits), quantity, meter)
        for meter, cents, quantity in charges
    ]
    usage = [
        DailyUsage(meter, START + timedelta(days=number), Decimal(quantity))
        for meter, number, quantity in usage
    ]
    days = by_day(charges, usage, digits)
    for meter in "ab":
        mine = [one for one in days if one.meter == meter]
        assert sum(one.amount for one in mine) == sum(
            one.amount for one in charges if one.meter == meter
        )
        total = sum(one.quantity for one in charges if one.meter == meter)
        assert abs(sum(one.quantity for one in mine) - total) < Decimal("1e-9")
        assert len({one.day for one in mine}) == len(mine)
