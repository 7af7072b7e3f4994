from dataclasses import replace
from decimal import Decimal

import pytest
from fastspring import const
from fastspring.expected import TEXTS, Expected
from fastspring.matching import match_order
from fastspring.orders import Order

EXPECTED = Expected(
    reference="INV/2026/0042-1",
    amount=Decimal("901.00"),
    currency="EUR",
    product="invoice-payment",
    live=True,
    store="mystore",
)
ORDER = {
    "id": "o1",
    "reference": "MYSTORE261122-1234-12345",
    "completed": True,
    "live": True,
    "currency": "EUR",
    "total": 901.0,
    "subtotal": 757.14,
    "tax": 143.86,
    "discount": 0.0,
    "invoiceUrl": "https://mystore.onfastspring.com/account/order/x/invoice",
    "payment": {"type": "creditcard", "creditcard": "visa", "cardEnding": "4242"},
    "tags": {"odoo_tx": "INV/2026/0042-1"},
    "items": [{"product": "invoice-payment", "quantity": 1, "subtotal": 757.14}],
}


def match(changes=None, expected=EXPECTED, **kwargs):
    data = {**ORDER, **(changes or {})}
    problems = match_order(Order.from_payload(data), expected, **kwargs)
    for problem in problems:
        assert problem.code in TEXTS
        assert problem.soft is False
        assert "%(" not in problem.text
    return problems


@pytest.mark.parametrize("rule", [const.RULE_NET, const.RULE_TOTAL])
def test_a_good_order(rule):
    assert match(expected=replace(EXPECTED, rule=rule)) == []


ITEM = ORDER["items"][0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"completed": False}, "not_completed"),
        ({"completed": None}, "not_completed"),
        ({"completed": "true"}, "not_completed"),
        ({"invoiceUrl": "https://other.onfastspring.com/account"}, "store"),
        ({"invoiceUrl": None}, None),
        ({"invoiceUrl": "https://shop.example.com/invoice"}, None),
        ({"invoiceUrl": "https://mystore.test.onfastspring.com/x"}, None),
        ({"live": False}, "live"),
        ({"live": None}, "live"),
        ({"payment": {"type": "test", "cardEnding": "4242"}}, "test_payment"),
        ({"tags": {"odoo_tx": "INV/2026/0099-1"}}, "reference"),
        ({"tags": {}}, "reference"),
        ({"tags": None}, "reference"),
        ({"tags": [{"key": "odoo_tx", "value": "INV/2026/0042-1"}]}, None),
        ({"currency": "USD"}, "currency"),
        ({"currency": "eur"}, "currency"),
        ({"currency": None}, "currency"),
        ({"items": [{**ITEM, "product": "other"}]}, "product"),
        ({"items": [ITEM, {"product": "other"}]}, "product"),
        ({"items": [ITEM, ITEM]}, "product"),
        ({"items": {}}, "product"),
        ({"items": [{**ITEM, "product": {"product": "invoice-payment"}}]}, None),
        ({"total": 900.99}, "amount"),
        ({"total": 901.01}, "amount"),
        ({"total": 9.01}, "amount"),
        ({"total": -901}, "amount"),
        ({"total": None}, "amount"),
        ({"total": None, "subtotal": None}, "amount"),
        ({"total": "901"}, None),
        ({"total": 757.14, "tax": 0, "taxExemptionData": "DE1"}, "amount_tax_exempt"),
        ({"total": 757.14, "tax": 0, "taxExemptionData": ""}, "amount"),
        ({"total": 850, "tax": 136, "taxExemptionData": "DE1"}, "amount"),
    ],
)
def test_one_thing_wrong(changes, code):
    assert [problem.code for problem in match(changes)] == ([code] if code else [])


def test_tax_on_top():
    on_top = {"total": 1072.19, "subtotal": 901, "tax": 171.19}
    assert match(on_top) == []
    (problem,) = match(on_top, replace(EXPECTED, rule=const.RULE_TOTAL))
    assert problem.values == {
        "expected": Decimal("901.00"),
        "got": Decimal("1072.19"),
        "currency": "EUR",
    }
    assert problem.text == "The amount is 1072.19 EUR instead of 901.00."


def test_the_net_price_alone_does_not_pay_a_total():
    exempt = {"total": 901, "subtotal": 901, "tax": 0}
    assert match(exempt, replace(EXPECTED, rule=const.RULE_TOTAL)) == []
    lower = {"total": 1000, "subtotal": 901, "tax": 99}
    (problem,) = match(lower, replace(EXPECTED, rule=const.RULE_TOTAL))
    assert problem.code == "amount"


def test_an_order_waiting_for_its_wire():
    pending = {"completed": False, "payment": {}, "reason": "wireTransfer"}
    assert match(pending, paid=False) == []
    assert [problem.code for problem in match(pending)] == ["not_completed"]


def test_test_orders_match_in_test_mode():
    test = {"live": False, "payment": {"type": "test"}}
    assert match(test, replace(EXPECTED, live=False)) == []
    assert [problem.code for problem in match(test)] == ["live", "test_payment"]
    assert match(test)[0].text == "The mode is test instead of live."


def test_no_store_expected():
    other = {"invoiceUrl": "https://other.onfastspring.com/account"}
    assert match(other, replace(EXPECTED, store=None)) == []


def test_a_yen_has_no_decimals():
    expected = replace(EXPECTED, currency="JPY", amount=Decimal(901))
    assert match({"currency": "JPY", "total": Decimal("901.00")}, expected) == []
    (problem,) = match({"currency": "JPY", "total": Decimal("901.4")}, expected)
    assert problem.code == "amount"


def test_an_order_of_which_nothing_is_known():
    order = Order.from_payload("o1")
    assert [problem.code for problem in match_order(order, EXPECTED)] == [
        *("not_completed", "live", "reference", "currency", "product", "amount")
    ]
    texts = [problem.text for problem in match_order(order, EXPECTED)]
    assert texts[2] == "The payment is for nothing instead of INV/2026/0042-1."


def test_the_recorded_order_pays_what_it_paid(data):
    order = Order.from_payload(data("recorded/order.payment.pending__kiwitcms-wire"))
    expected = replace(
        EXPECTED, product="kiwi-tcms-self-support-for-3-years", store="mrsenko"
    )
    (problem,) = match_order(order, expected, paid=False)
    assert problem.code == "reference"


@pytest.mark.parametrize(
    ("origin", "wanted", "code"),
    [("db-1", "db-1", None), ("db-2", "db-1", "origin"), (None, "db-1", None)],
)
def test_another_system_that_shares_the_store(origin, wanted, code):
    tags = {**ORDER["tags"], **({"odoo_db": origin} if origin else {})}
    problems = match({"tags": tags}, replace(EXPECTED, origin=wanted))
    assert [problem.code for problem in problems] == ([code] if code else [])


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (900, "The amount is 900.00 EUR instead of 901.00."),
        (900.999, "The amount is 900.999 EUR instead of 901.00."),
        (None, "The amount is nothing EUR instead of 901.00."),
    ],
)
def test_amounts_are_shown_as_money(total, text):
    (problem,) = match({"total": total})
    assert problem.text == text
