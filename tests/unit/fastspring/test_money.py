"""What of an order, a refund, a payout is ours, to the cent."""

import json
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from fastspring import const, credits
from fastspring.errors import PayloadError
from fastspring.expected import Expected
from fastspring.matching import match_order
from fastspring.orders import Order
from fastspring.payouts import PayoutEntry, share
from fastspring.returns import our_part, share_of

PAYLOADS = Path(__file__).parents[2] / "data" / "fastspring_payloads"
ASKED = Expected("TX1", D("100.00"), "EUR", "invoice-payment", live=False)
GROSS = replace(ASKED, rule=const.RULE_TOTAL)


def make_order(total, tax="0", **values):
    return Order.from_payload(
        {
            "id": "o1",
            "completed": True,
            "live": False,
            "currency": "EUR",
            "total": D(total),
            "tax": D(tax),
            "subtotal": D(total) - D(tax),
            "tags": {"odoo_tx": "TX1"},
            "items": [{"product": "invoice-payment"}],
            **values,
        }
    )


@pytest.mark.parametrize(
    ("asked", "order", "paid", "kind", "part"),
    [
        (ASKED, make_order("100"), False, None, "100"),
        (ASKED, make_order("119", "19"), False, None, "100"),
        (ASKED, make_order("100", "15.97"), False, None, "100"),
        (ASKED, make_order("100"), True, credits.SECOND, "100"),
        (ASKED, make_order("119", "19"), True, credits.SECOND, "100"),
        (ASKED, make_order("120"), False, credits.OVER, "120"),
        (ASKED, make_order("142.8", "22.8"), False, credits.OVER, "120.0"),
        (ASKED, make_order("99.99"), False, credits.UNDER, "99.99"),
        (ASKED, make_order("100", currency="USD"), False, credits.CURRENCY, "100"),
        (ASKED, make_order("100", currency="USD"), True, credits.CURRENCY, "100"),
        (ASKED, make_order("0"), False, None, "0"),
        (ASKED, make_order("120", live=True), False, None, "120"),
        (ASKED, make_order("120", completed=False), False, None, "120"),
        (ASKED, make_order("120", tags={}), False, None, "120"),
        (GROSS, make_order("119", "19"), False, credits.OVER, "119"),
        (
            ASKED,
            make_order("84.03", taxExemptionData="DE1"),
            False,
            credits.EXEMPT,
            "84.03",
        ),
    ],
)
def test_kind_of_money(asked, order, paid, kind, part):
    problems = match_order(order, asked)
    assert credits.kind_of(order, asked, problems, paid=paid) == kind
    assert credits.our_part(order, asked) == D(part)


@pytest.mark.parametrize(
    ("paid", "order_total", "part"),
    [("100", "119", "10"), ("119", "119", "11.9"), ("100", "0", "10")],
)
def test_part_of_a_refund(paid, order_total, part):
    ours = our_part(
        D(paid), total=D("11.9"), subtotal=D("10"), order_total=D(order_total)
    )
    assert ours == D(part)


@pytest.mark.parametrize(
    ("part", "paid", "whole", "currency", "expected"),
    [
        ("40", "100", "100", "EUR", "40.00"),
        ("59.5", "119", "100", "EUR", "50.00"),
        ("33.33", "100", "84.03", "EUR", "28.01"),
        ("119", "119", "100", "EUR", "100"),
        ("33", "100", "1000", "JPY", "330"),
    ],
)
def test_share_of_an_order(part, paid, whole, currency, expected):
    assert share_of(D(part), D(paid), D(whole), currency) == D(expected)


def entry(path):
    document = json.loads((PAYLOADS / path).read_text(), parse_float=D)
    data = document["events"][0]["data"] if "events" in document else document
    return PayoutEntry.from_payload(data)


@pytest.mark.parametrize(
    ("path", "total", "tax", "fee", "amount"),
    [
        (
            "recorded/payoutEntry.created__codefrog.json",
            *("29.99", "5.00", "2.72", "22.27"),
        ),
        (
            "recorded/payoutEntry.created__machinefarm-subscription-unexpanded.json",
            *("150.00", "0", "9.80", "140.20"),
        ),
        (
            "documented/payoutEntry.created__official-docs-order.json",
            *("14.95", "0", "1.83", "13.12"),
        ),
        (
            "documented/payoutEntry.created__official-docs-return.json",
            *("-10.00", "0", "0", "-10.00"),
        ),
    ],
)
def test_share_of_known_entries(path, total, tax, fee, amount):
    ours = share(entry(path))
    assert (ours.total, ours.tax, ours.fee, ours.amount) == tuple(
        map(D, (total, tax, fee, amount))
    )


def test_share_is_refused_unless_it_adds_up():
    good = entry("documented/payoutEntry.created__official-docs-order.json")
    (row,) = good.payouts
    for changes, words in [
        ({"payouts": ()}, "0 payees"),
        ({"payouts": (row, row)}, "2 payees"),
        ({"payouts": (replace(row, currency="XXX"),)}, "currency"),
        ({"payouts": (replace(row, amount=None),)}, "missing"),
        ({"payouts": (replace(row, amount=D("13.10")),)}, "add up"),
        ({"tax": D("1")}, "add up"),
        ({"fee": D("1")}, "add up"),
    ]:
        with pytest.raises(PayloadError, match=words):
            share(replace(good, **changes))
    with pytest.raises(PayloadError, match="somebody else"):
        share(good, "another")
    assert share(good, row.payee)
