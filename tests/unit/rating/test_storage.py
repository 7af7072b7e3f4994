from decimal import Decimal

from rating import storage

D = Decimal


def test_an_object_kept_long_enough_owes_nothing_more():
    charge = storage.minimum_duration(D(100), D("0.3"), 30, 30, 30)
    assert (charge.storage_cost, charge.early_delete_cost) == (30, 0)
    assert charge.total == 30


def test_the_minimum_adds_nothing_once_it_is_reached():
    charge = storage.minimum_storage(D(2000), D(1000), D(6), D(1000))
    assert (charge.active, charge.minimum_charge, charge.total) == (12, 0, 12)


def test_the_allowance_follows_the_exact_average():
    # 100 GB for a third of the month: 33.33.. GB on average, 100 GB of egress free
    units = storage.egress_by_ratio(
        D(100 * 10**9), 240, 720, D(100 * 10**9), D(3), D(10**9)
    )
    assert (units.storage, units.included, units.overage) == (34, 100, 0)


def test_the_rest_of_a_retention_is_rounded_up_once():
    assert storage.retention_remainder(D(10**9), 720, 720, D(10**9)) == 1
    assert storage.retention_remainder(D(10**9 + 1), 720, 720, D(10**9)) == 2
