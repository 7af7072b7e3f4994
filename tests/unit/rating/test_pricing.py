from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating import pricing
from rating.errors import BeyondLastTier
from rating.pricing import Block, Tier

D = Decimal
TIERS = (Tier(D(10), D(2), D(3)), Tier(D(20), D(1), D(5)), Tier(None, D("0.5")))


def test_the_bound_belongs_to_the_lower_tier():
    assert pricing.graduated(D(10), TIERS) == 23
    assert pricing.graduated(D("10.5"), TIERS) == 23 + D("0.5") + 5
    assert pricing.volume(D(10), TIERS) == 23
    assert pricing.volume(D("10.5"), TIERS) == D("15.5")


@pytest.mark.parametrize(("flat_at_zero", "amount"), [(True, 3), (False, 0)])
def test_the_first_fee_at_zero_is_a_switch(flat_at_zero, amount):
    for model in (pricing.graduated, pricing.volume):
        assert model(D(0), TIERS, flat_at_zero=flat_at_zero) == amount


def test_a_fee_is_due_once_over_several_lines():
    lines = [
        pricing.graduated(D(6), TIERS, previous=D(0)),
        pricing.graduated(D(6), TIERS, previous=D(6)),
        pricing.graduated(D(6), TIERS, previous=D(12)),
    ]
    assert lines == [15, 15, 6]
    assert sum(lines) == pricing.graduated(D(18), TIERS)


def test_a_correction_gives_back_the_fee_of_the_tier_it_leaves():
    shares = pricing.graduated_added(D(-6), TIERS, D(12))
    assert [(share.units, share.flat) for share in shares] == [(-4, 0), (-2, -5)]
    assert sum(share.amount for share in shares) == pricing.graduated(
        D(-6), TIERS, previous=D(12)
    )


def test_a_quantity_beyond_the_last_tier_is_refused():
    tiers = TIERS[:2]
    assert pricing.graduated(D(20), tiers) == 23 + 15
    for model in (pricing.graduated, pricing.volume, pricing.capacity):
        with pytest.raises(BeyondLastTier) as caught:
            model(D(21), tiers)
        assert (caught.value.quantity, caught.value.up_to) == (21, 20)


def test_a_maximum_comes_before_a_minimum():
    assert pricing.capped(D(80), D(120), maximum=D(100)) == 20
    assert pricing.capped(D(20), D(30), minimum=D(100)) == 80
    assert pricing.capped(D(120), D(130), maximum=D(100)) == 0


def test_no_minimum_before_the_last_line():
    limits = {"before": D(10), "minimum": D(50)}
    assert pricing.spend_limits(D(5), last=False, **limits) == 5
    assert pricing.spend_limits(D(5), last=True, **limits) == 40


def test_an_opened_package_is_not_charged_again():
    assert pricing.package(D(4), D(7), D(10), previous=D(3)) == 0
    assert pricing.package(D(8), D(7), D(10), previous=D(3)) == 7


def test_packs_round_units_before_the_allowance_and_packs_after_it():
    assert pricing.per_pack(D("10.2"), D(1), free=D(10), whole="units") == 1
    assert pricing.per_pack(D(1001), D(1), D(1000), whole="packs") == 2
    assert pricing.per_pack(D(1500), D(1), D(1000)) == D("1.5")


def test_blocks_beyond_a_limited_last_step_cost_nothing_or_the_last_price():
    blocks = [Block(D(10), D(3), D(2))]
    assert pricing.blocks_all(D(100), blocks) == 6
    assert pricing.blocks_top(D(100), blocks) == 30


def test_units_that_come_and_go_never_cost_less_than_nothing():
    amount = pricing.prorated_graduated([(D(5), D(2)), (D(-100), D("-33.33"))], TIERS)
    assert amount == 0


quantities = st.integers(0, 10**9).map(lambda n: D(n) / 1000)
prices = st.integers(0, 10**6).map(lambda n: D(n) / 10**6)


@st.composite
def tier_lists(draw, flats=prices):
    bounds = sorted(draw(st.sets(quantities.filter(bool), max_size=4)))
    return [Tier(bound, draw(prices), draw(flats)) for bound in [*bounds, None]]


@given(tier_lists(), quantities, quantities)
def test_graduated_is_monotonic(tiers, one, other):
    low, high = sorted([one, other])
    assert pricing.graduated(low, tiers) <= pricing.graduated(high, tiers)


@given(tier_lists(flats=st.just(D(0))), quantities, st.integers(1, 1000))
def test_graduated_without_fees_is_continuous(tiers, quantity, step):
    step = D(step) / 10**6
    dearest = max(tier.unit_price for tier in tiers)
    rise = pricing.graduated(quantity + step, tiers) - pricing.graduated(
        quantity, tiers
    )
    assert 0 <= rise <= step * dearest


@given(tier_lists(), st.lists(quantities, min_size=1, max_size=6))
def test_graduated_lines_add_up_to_the_whole(tiers, parts):
    previous = total = D(0)
    for part in parts:
        total += pricing.graduated(part, tiers, previous)
        if not previous:
            # a first line of 0 pays the first fee, and the next one would again
            total -= 0 if part else tiers[0].flat
        previous += part
    if not previous:
        total += tiers[0].flat
    assert total == pricing.graduated(previous, tiers)


@given(tier_lists(), quantities)
def test_the_tiers_add_up_to_the_quantity_and_the_amount(tiers, quantity):
    shares = pricing.graduated_reached(quantity, tiers)
    assert sum(share.units for share in shares) == quantity
    assert sum(share.amount for share in shares) == pricing.graduated(quantity, tiers)
