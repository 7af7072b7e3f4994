from decimal import Decimal

import pytest
from rating import to_pay


def amounts(*numbers):
    return [Decimal(number) for number in numbers]


@pytest.mark.parametrize(
    ("chosen", "payable", "credit", "expected"),
    [
        ([], [], "0", ("0", "0")),
        (["10", "20"], ["10", "20"], "0", ("30", "0")),
        (["10", "20"], ["10", "20"], "12.34", ("17.66", "12.34")),
        (["30"], ["30", "30"], "10", ("30", "0")),
        (["30"], ["30", "30"], "40", ("20", "10")),
        (["30"], ["30"], "30", ("0", "30")),
        (["30"], ["30"], "99", ("0", "30")),
        ([], ["30"], "10", ("0", "0")),
    ],
)
def test_to_pay(chosen, payable, credit, expected):
    found = to_pay(amounts(*chosen), amounts(*payable), Decimal(credit))
    assert found == tuple(amounts(*expected))


def test_one_after_the_other_is_never_more_than_what_is_owed():
    open_amounts, credit, paid = amounts("10", "20", "30"), Decimal("25"), 0
    while open_amounts:
        asked, covered = to_pay(open_amounts[:1], open_amounts, credit)
        paid, credit = paid + asked, credit - covered
        open_amounts = open_amounts[1:]
    assert (paid, credit) == (35, 0)
