from datetime import date
from decimal import Decimal

import pytest
from rating import commitment

D = Decimal


def test_a_minimum_is_rounded_only_when_it_is_prorated():
    assert commitment.prorated(D("100.005"), None, None) == D("100.005")
    assert commitment.prorated(D(100), 1, 3) == D("33.33")


def test_what_is_spent_beyond_the_minimum_is_not_given_back():
    assert commitment.true_up(D(10), D(12)) == 0


@pytest.mark.parametrize(
    ("total", "lifted_by"),
    [("0", "0"), ("0.009", "0"), ("0.01", "4.99"), ("4.99", "0.01"), ("5", "0")],
)
def test_only_a_bill_of_at_least_a_cent_is_lifted(total, lifted_by):
    day = date(2026, 10, 1)
    assert commitment.minimum_invoice(D(total), D(5), None, day) == D(lifted_by)


def test_a_minimum_waits_for_its_date():
    effective = date(2026, 10, 1)
    for day, lifted_by in ((date(2026, 9, 30), 0), (date(2026, 10, 1), 4)):
        assert commitment.minimum_invoice(D(1), D(5), effective, day) == lifted_by


def test_a_threshold_works_once_even_if_usage_is_taken_back():
    progress = commitment.progressive([D(10), D(-5), D(5), D(10)], D(1), [D(8), D(20)])
    assert progress.invoices == (10, 10)
    assert (progress.used, progress.billed) == (20, 20)
