import copy
from dataclasses import replace
from decimal import Decimal

import pytest
from fastspring import const
from fastspring.expected import TEXTS, Expected
from fastspring.session_checks import check_session

EXPECTED = Expected(
    reference="INV/2026/0042-1",
    amount=Decimal("901.00"),
    currency="EUR",
    product="invoice-payment",
    live=False,
)
SESSION = {
    "id": "OS1SIM00000000000001",
    "status": "OPEN",
    "currency": "EUR",
    "live": False,
    "orderTags": {"odoo_tx": "INV/2026/0042-1"},
    "cart": {
        "lineItems": [
            {
                "productPath": "invoice-payment",
                "quantity": 1,
                "price": {"unitNetPrice": 901.0, "taxExempt": False},
            }
        ],
        "withTaxNetTotal": 901.0,
        "withoutTaxNetTotal": 757.14,
        "taxTotal": 143.86,
        "taxIncluded": "TAXES_INCLUDED_IN_PRICE",
    },
    "warnings": [],
    "checkoutStatus": ["READY_FOR_CHECKOUT"],
}
SESSION_V1 = {
    "id": "s1mSess10n_AbCdEfGhIjKl",
    "currency": "EUR",
    "expires": 1795946400000,
    "order": None,
    "subtotal": 901.0,
    "items": [{"product": "invoice-payment", "quantity": 1}],
}


def changed(session, path, value):
    session = copy.deepcopy(session)
    *parents, last = path.split(".")
    target = session
    for parent in parents:
        target = target[int(parent) if parent.isdigit() else parent]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return session


def codes(problems):
    for problem in problems:
        assert problem.code in TEXTS
        assert "%(" not in problem.text
    return [problem.code for problem in problems]


@pytest.mark.parametrize("rule", [const.RULE_NET, const.RULE_TOTAL])
def test_a_good_session(rule):
    assert check_session(SESSION, replace(EXPECTED, rule=rule)) == []


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("id", None, "unreadable"),
        ("id", "", "unreadable"),
        ("status", "EXPIRED", "status"),
        ("status", "COMPLETED", "status"),
        ("status", None, "status"),
        ("checkoutStatus", ["PRODUCTS_REQUIRED"], "not_ready"),
        ("checkoutStatus", [], "not_ready"),
        ("checkoutStatus", None, "not_ready"),
        ("checkoutStatus", 5, "not_ready"),
        ("cart.lineItems", [], "product"),
        ("cart.lineItems", None, "product"),
        ("cart.lineItems", {}, "product"),
        ("cart.lineItems.0.productPath", "gold-tier", "product"),
        ("cart.lineItems", SESSION["cart"]["lineItems"] * 2, "product"),
        ("cart.lineItems.0.quantity", 2, "quantity"),
        ("cart.lineItems.0.quantity", None, "quantity"),
        ("orderTags", {"odoo_tx": "INV/2026/0099-1"}, "reference"),
        ("orderTags", {}, "reference"),
        ("orderTags", None, "reference"),
        ("live", True, "live"),
        ("live", None, "live"),
        ("live", "false", "live"),
        ("currency", "USD", "currency"),
        ("currency", None, "currency"),
        ("cart.withTaxNetTotal", 901.01, "amount"),
        ("cart.withTaxNetTotal", None, "amount"),
        ("cart.withTaxNetTotal", "a lot", "unreadable"),
        ("cart.withTaxNetTotal", "901.00", None),
        ("warnings", [{"code": "INVALID_COUNTRY"}], "warning"),
        ("warnings", [{"code": "MOON_IS_FULL"}], "warning"),
        ("warnings", [{}], "warning"),
    ],
)
def test_one_thing_wrong(path, value, found):
    problems = check_session(changed(SESSION, path, value), EXPECTED)
    assert codes(problems) == ([found] if found else [])
    assert not any(problem.soft for problem in problems)


def test_everything_wrong_is_all_told():
    problems = check_session({"id": "OS1", "cart": []}, EXPECTED)
    assert codes(problems) == [
        *("status", "not_ready", "product", "reference", "live", "currency", "amount")
    ]


@pytest.mark.parametrize("response", [None, [], "OS1", {}, {"id": {}}])
@pytest.mark.parametrize("version", [const.V1, const.V2])
def test_no_session(response, version):
    assert codes(check_session(response, EXPECTED, version)) == ["unreadable"]


def test_tax_on_top():
    session = changed(SESSION, "cart.taxIncluded", "TAXES_ADDED_TO_PRICE")
    session["cart"].update(withTaxNetTotal=1072.19, withoutTaxNetTotal=901.0)
    assert check_session(session, EXPECTED) == []
    (problem,) = check_session(session, replace(EXPECTED, rule=const.RULE_TOTAL))
    assert problem.code == "amount"
    assert problem.values == {
        "expected": Decimal("901.00"),
        "got": Decimal("1072.19"),
        "currency": "EUR",
    }
    assert problem.text == "The amount is 1072.19 EUR instead of 901.00."


def test_without_a_word_on_tax_the_net_price_must_agree():
    session = changed(SESSION, "cart.taxIncluded", None)
    assert codes(check_session(session, EXPECTED)) == ["amount"]
    session["cart"]["withoutTaxNetTotal"] = 901
    assert check_session(session, EXPECTED) == []


def test_tax_exempt_buyer_is_a_case_of_its_own():
    session = changed(SESSION, "cart.lineItems.0.price.taxExempt", True)
    assert check_session(session, EXPECTED) == []
    session["cart"]["withTaxNetTotal"] = 757.14
    assert codes(check_session(session, EXPECTED)) == ["amount_tax_exempt"]


@pytest.mark.parametrize(
    "code", ["INVALID_TAX_ID", "INVALID_POSTAL_CODE", "INVALID_LOCALE"]
)
def test_soft_warnings(code):
    warning = {"code": code, "field": "x", "message": "Look again."}
    (problem,) = check_session(changed(SESSION, "warnings", [warning]), EXPECTED)
    assert (problem.code, problem.soft) == ("warning", True)
    assert problem.values == {"warning": code, "message": "Look again."}
    assert problem.text == f"FastSpring warns: Look again. ({code})"


def test_a_checkout_that_is_not_live_matters_for_live_money_only():
    session = changed(SESSION, "warnings", [{"code": "CHECKOUT_NOT_LIVE"}])
    (problem,) = check_session(session, EXPECTED)
    assert problem.soft is True
    session["live"] = True
    (problem,) = check_session(session, replace(EXPECTED, live=True))
    assert problem.soft is False


def test_documented_session_is_refused(document):
    """The example holds another product, currency and state than asked for."""
    response = document(
        "api/doc/POST_v2_checkouts_checkoutPath_sessions__response201-assembled"
    )
    problems = check_session(response, EXPECTED)
    assert codes(problems) == [
        *("not_ready", "product", "quantity", "reference", "live", "currency"),
        *("amount", "warning"),
    ]


def test_good_v1_session():
    assert check_session(SESSION_V1, EXPECTED, const.V1) == []


def test_v1_cannot_tell_the_tax():
    expected = replace(EXPECTED, rule=const.RULE_TOTAL)
    (problem,) = check_session(SESSION_V1, expected, const.V1)
    assert (problem.code, problem.soft) == ("tax_unknown", True)


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("id", None, "unreadable"),
        ("currency", "USD", "currency"),
        ("currency", None, "currency"),
        ("subtotal", 900, "amount"),
        ("subtotal", None, "amount"),
        ("subtotal", [], "unreadable"),
        ("items", [], "product"),
        ("items", None, "product"),
        ("items.0.product", "gold-tier", "product"),
        ("items.0.product", {"product": "invoice-payment"}, None),
        ("items.0.quantity", 3, "quantity"),
    ],
)
def test_one_thing_wrong_v1(path, value, found):
    problems = check_session(changed(SESSION_V1, path, value), EXPECTED, const.V1)
    assert codes(problems) == ([found] if found else [])
