from decimal import Decimal

from rating.proration import change_plan, prorate

D = Decimal


def test_multiplies_before_it_divides():
    # 3 x 0.005 / 3 is half a cent exactly
    assert prorate(D("0.005"), 3, 3) == D("0.01")


def test_days_may_exceed_the_period():
    assert prorate(D(30), 31, 30) == 31


def test_a_downgrade_pays_back():
    change = change_plan(D(40), D(10), D("0.5"))
    assert (change.credit, change.charge, change.net) == (20, 5, -15)
