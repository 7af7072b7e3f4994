from datetime import date
from decimal import Decimal

import pytest
from rating.errors import InvalidValue
from rating.versions import Version, version_in_force

OLD = Version(date(2024, 1, 1), Decimal(10))
NEW = Version(date(2025, 1, 1), Decimal(12), existing_start=date(2025, 7, 1))


@pytest.mark.parametrize(
    ("subscribed", "on", "price"),
    [
        (date(2024, 6, 1), date(2025, 6, 30), 10),
        (date(2024, 6, 1), date(2025, 7, 1), 12),
        (date(2025, 1, 1), date(2025, 1, 1), 12),
        (date(2023, 1, 1), date(2024, 1, 1), 10),
    ],
)
def test_existing_subscribers_keep_their_price_until_told(subscribed, on, price):
    assert version_in_force([OLD, NEW], subscribed, on).value == price


def test_a_version_without_a_date_for_them_never_reaches_existing_subscribers():
    version = Version(date(2025, 1, 1), Decimal(12))
    chosen = version_in_force([OLD, version], date(2024, 6, 1), date(2030, 1, 1))
    assert chosen is OLD


def test_no_version_yet_is_an_error():
    with pytest.raises(InvalidValue):
        version_in_force([OLD], date(2023, 1, 1), date(2023, 12, 31))
