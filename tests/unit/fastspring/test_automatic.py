"""Which methods are stored, when a decline is tried again, whose order a charge is."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from fastspring import automatic, const
from fastspring.expected import Expected
from fastspring.orders import Order, Payment

FIRST = datetime(2026, 11, 1, 12)
DAYS = (3, 5, 7)


@pytest.mark.parametrize(
    ("text", "days"),
    [("3, 5, 7", DAYS), ("3 5 7", DAYS), ("1", (1,)), ("", ()), (None, ())],
)
def test_days_are_read(text, days):
    assert automatic.parse_days(text) == days


@pytest.mark.parametrize("text", ["5, 3", "3, 3", "0", "-1", "1.5", "61", "three", "٣"])
def test_other_days_are_refused(text):
    with pytest.raises(ValueError):
        automatic.parse_days(text)


@pytest.mark.parametrize(
    ("tries", "after"), [(1, 3), (2, 5), (3, 7), (4, None), (9, None)]
)
def test_soft_declines_are_tried_again_by_schedule(tries, after):
    expected = after and FIRST + timedelta(days=after)
    assert automatic.next_try(FIRST, DAYS, tries, "INSUFFICIENT_FUNDS") == expected


@pytest.mark.parametrize("reason", const.DECLINE_KINDS)
def test_only_what_may_still_pay_is_tried_again(reason):
    again = const.DECLINE_KINDS[reason] in (const.SOFT, const.TECHNICAL)
    assert bool(automatic.next_try(FIRST, DAYS, 1, reason)) == again
    assert automatic.decline_text(reason).endswith(".")


@pytest.mark.parametrize("reason", [None, "", "NEW_CODE"])
def test_unknown_reasons_are_soft(reason):
    assert automatic.decline_kind(reason) == const.SOFT


def test_never_tried_again():
    assert automatic.next_try(FIRST, (), 1, "DECLINED_SOFT") is None


@pytest.mark.parametrize(
    ("payment", "recurs"),
    [
        ({"type": "creditcard", "creditcard": "visa", "cardEnding": "4242"}, True),
        ({"type": "test", "cardEnding": "4242"}, True),
        ({"type": "paypal"}, True),
        ({"type": "bank", "bank": "sepa"}, True),
        ({"type": "bank", "bank": "wire"}, False),
        ({"type": "bank", "bank": "ideal"}, False),
        ({"type": "alipay"}, False),
        ({"type": "purchase-order"}, False),
        ({"type": "free"}, None),
        ({}, None),
    ],
)
def test_methods_that_can_be_charged_later(payment, recurs):
    assert automatic.can_recur(Payment.from_payload(payment)) is recurs


@pytest.mark.parametrize(
    ("account", "count"),
    [
        ({"payment": {"methods": 2, "active": 1}}, 2),
        ({"payment": {"methods": Decimal("1")}}, 1),
        ({"payment": {"methods": True}}, 0),
        ({"payment": None}, 0),
        ({}, 0),
    ],
)
def test_stored_methods(account, count):
    assert automatic.count_stored_methods(account) == count


def make_order(**changes):
    return Order.from_payload(
        {
            "id": "order-1",
            "completed": True,
            "live": False,
            "currency": "EUR",
            "total": Decimal("11.90"),
            "subtotal": Decimal("10.00"),
            "tags": {"odoo_tx": "AUTO-1"},
            "items": [{"product": "autopay", "subscription": "sub-1"}],
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"tags": {}}, []),
        ({"items": [{"product": "autopay"}]}, []),
        ({"tags": {"odoo_tx": "AUTO-2"}}, ["reference"]),
        (
            {"items": [{"product": "autopay", "subscription": {"id": "sub-2"}}]},
            ["subscription"],
        ),
        ({"total": Decimal(12), "subtotal": Decimal(12)}, ["amount"]),
        ({"currency": "USD"}, ["currency"]),
        ({"live": True}, ["live"]),
        ({"completed": False}, ["not_completed"]),
        ({"items": [{"product": "other", "subscription": "sub-1"}]}, ["product"]),
    ],
)
def test_orders_of_charges_are_compared(changes, codes):
    expected = Expected("AUTO-1", Decimal(10), "EUR", "autopay", live=False)
    problems = automatic.match_charge(make_order(**changes), expected, "sub-1")
    assert [problem.code for problem in problems] == codes
    assert all(problem.text for problem in problems)


def test_only_an_agreement_may_cost_nothing():
    common = ("AUTO-1", Decimal(0), "EUR", "autopay")
    assert Expected(*common, live=False, on_demand=True).amount == 0
    with pytest.raises(ValueError):
        Expected(*common, live=False)
    with pytest.raises(ValueError):
        Expected("AUTO-1", Decimal(-1), "EUR", "autopay", live=False, on_demand=True)
