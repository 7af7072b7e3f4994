from decimal import Decimal

import pytest
from rating.percentage import percentage, percentage_per_event

D = Decimal


def test_nothing_is_charged_without_an_amount():
    assert percentage(D(2), D(1), 5, D(0)) == 0


def test_free_events_take_off_their_amount_and_their_fee():
    running = [D(50), D(150), D(400)]
    charge = percentage(D(10), D(1), 3, D(400), running, free_events=2)
    assert charge == 25 + 1


@pytest.mark.parametrize(("stop_at_first", "amount"), [(False, 0), (True, 20)])
def test_the_end_of_the_allowance_is_a_switch(stop_at_first, amount):
    charge = percentage_per_event(
        D(10),
        D(0),
        [D(100), D(200)],
        free_events=1,
        free_total=D(1000),
        stop_at_first=stop_at_first,
    )
    assert charge == amount


def test_an_allowance_met_exactly_leaves_a_billed_event_of_nothing():
    charge = percentage_per_event(
        D(10), D("0.30"), [D(100)], free_total=D(100), minimum=D("0.50")
    )
    assert charge == D("0.50")


def test_the_minimum_is_raised_before_the_maximum_cuts():
    charge = percentage_per_event(
        D(10), D(0), [D(1), D(1000)], minimum=D(3), maximum=D(2)
    )
    assert charge == 4
