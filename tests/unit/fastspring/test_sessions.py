import json
from dataclasses import replace
from decimal import Decimal

import pytest
from fastspring import values
from fastspring.expected import Expected
from fastspring.sessions import (
    Buyer,
    build_v1,
    build_v2,
    checkout_url,
    language_of,
    popup_library,
    price_for_total,
    status_path,
    storefront,
)

EXPECTED = Expected(
    reference="INV/2026/0042-1",
    amount=Decimal("901.00"),
    currency="EUR",
    product="invoice-payment",
    live=False,
    store="mystore",
)
BUYER = Buyer(
    account_id="acc-Known1",
    email="ap@kunde.example",
    first_name="Eva",
    last_name="Muster",
    company="Kunde GmbH",
    address_line_1="Hauptstr. 1",
    city="Berlin",
    postal_code="10115",
    country="DE",
    tax_id="DE123456789",
)


def test_v2_request():
    request = build_v2(
        EXPECTED,
        BUYER,
        "mystore/web-invoices",
        title="Rechnungen INV/2026/0042, INV/2026/0043",
        references=["INV/2026/0042", "INV/2026/0043"],
        locale="de_DE",
        hidden_methods=["PURCHASE_ORDER", "QUOTE"],
    )
    assert request.path == "/v2/checkouts/mystore/web-invoices/sessions"
    assert request.json == {
        "locale": "de",
        "country": "DE",
        "live": False,
        "customer": {
            "accountId": "acc-Known1",
            "billToContact": {
                "email": "ap@kunde.example",
                "firstName": "Eva",
                "lastName": "Muster",
                "company": "Kunde GmbH",
            },
            "billToAddress": {
                "addressLine1": "Hauptstr. 1",
                "city": "Berlin",
                "postalCode": "10115",
                "country": "DE",
            },
            "taxId": "DE123456789",
        },
        "orderTags": {
            "odoo_tx": "INV/2026/0042-1",
            "odoo_invoices": "INV/2026/0042, INV/2026/0043",
        },
        "cart": {
            "lineItems": [
                {
                    "productPath": "invoice-payment",
                    "quantity": 1,
                    "quantityBehavior": "LOCK",
                    "descriptions": {
                        "display": {
                            "en": "Rechnungen INV/2026/0042, INV/2026/0043",
                            "de": "Rechnungen INV/2026/0042, INV/2026/0043",
                        }
                    },
                    "customPrice": {"unitPrice": {"EUR": Decimal("901.00")}},
                    "attributes": {"odoo_tx": "INV/2026/0042-1"},
                }
            ]
        },
        "hidePaymentMethods": ["PURCHASE_ORDER", "QUOTE"],
    }
    assert "kunde" not in repr(request) + repr(BUYER)


def test_v2_request_uses_documented_fields_only(document):
    documented = document(
        "api/doc/POST_v2_checkouts_checkoutPath_sessions__request-AllFields"
    )
    # Named by the reference, absent from its example.
    documented["customer"]["billToAddress"]["region"] = "CA"
    item = documented["cart"]["lineItems"][0]
    item.update(quantityBehavior="", attributes={"odoo_tx": ""})
    documented["orderTags"] = {"odoo_tx": "", "odoo_invoices": ""}
    documented["cart"]["lineItems"][0]["customPrice"]["unitPrice"]["EUR"] = 1
    everything = Buyer(**{field: "x" for field in Buyer.__dataclass_fields__})
    request = build_v2(EXPECTED, everything, "s/c", title="T", references=["R"])

    def undocumented(ours, theirs, path=""):
        for key, value in ours.items():
            if key not in theirs:
                yield f"{path}.{key}"
            elif isinstance(value, dict):
                yield from undocumented(value, theirs[key], f"{path}.{key}")
            elif isinstance(value, list) and isinstance(value[0], dict):
                yield from undocumented(value[0], theirs[key][0], f"{path}.{key}")

    assert list(undocumented(request.json, documented)) == []


def test_v1_request():
    buyer = Buyer(
        email="ap@kunde.example",
        first_name="Eva",
        last_name="Muster",
        company="Kunde GmbH",
        phone="+49301234567",
        country="DE",
    )
    request = build_v1(EXPECTED, buyer, references=["INV/1"], locale="de_AT", days=7)
    assert request.path == "/sessions"
    assert request.json == {
        "contact": {
            "first": "Eva",
            "last": "Muster",
            "email": "ap@kunde.example",
            "company": "Kunde GmbH",
            "phone": "+49301234567",
            "country": "DE",
            "language": "de",
        },
        "expiration": 7,
        "tags": {"odoo_tx": "INV/2026/0042-1", "odoo_invoices": "INV/1"},
        "items": [
            {
                "product": "invoice-payment",
                "quantity": 1,
                "attributes": {"odoo_tx": "INV/2026/0042-1"},
                "pricing": {
                    "price": {"EUR": Decimal("901.00")},
                    "quantityBehavior": "lock",
                },
            }
        ],
    }


def test_an_unnamed_buyer_speaks_english():
    assert build_v2(EXPECTED, Buyer(), "s/c", title="T").json["locale"] == "en"
    assert build_v1(EXPECTED, Buyer()).json["contact"] == {"language": "en"}


def test_v1_request_of_a_known_account():
    request = build_v1(EXPECTED, BUYER).json
    assert request["account"] == "acc-Known1"
    assert "contact" not in request


@pytest.mark.parametrize(("days", "sent"), [(0, 1), (1, 1), (7, 7), (30, 7)])
def test_v1_lifetime(days, sent):
    assert build_v1(EXPECTED, BUYER, days=days).json["expiration"] == sent


def test_on_demand():
    (item,) = build_v2(EXPECTED, BUYER, "s/c", title="T", on_demand=True).json["cart"][
        "lineItems"
    ]
    assert item["subscriptionOverrides"] == {
        "billingFrequency": {"intervalUnit": "ON_DEMAND"}
    }
    (item,) = build_v1(EXPECTED, BUYER, on_demand=True).json["items"]
    assert item["pricing"]["interval"] == "adhoc"


def test_another_unit_price():
    price = Decimal("757.14")
    (item,) = build_v2(EXPECTED, BUYER, "s/c", title="T", unit_price=price).json[
        "cart"
    ]["lineItems"]
    assert item["customPrice"]["unitPrice"] == {"EUR": price}
    (item,) = build_v1(EXPECTED, BUYER, unit_price=price).json["items"]
    assert item["pricing"]["price"] == {"EUR": price}


def test_texts_are_cut():
    buyer = Buyer(company="é" * 300, country="DE")
    references = [f"INV/2026/{number:04}" for number in range(100)]
    request = build_v2(EXPECTED, buyer, "s/c", title="t" * 300, references=references)
    display = request.json["cart"]["lineItems"][0]["descriptions"]["display"]
    for text in (
        display["en"],
        request.json["customer"]["billToContact"]["company"],
        request.json["orderTags"]["odoo_invoices"],
    ):
        assert len(text) == 255
        assert text.endswith("…")
    assert request.json["orderTags"]["odoo_tx"] == "INV/2026/0042-1"


def test_checkout_path_keeps_its_slash():
    request = build_v2(EXPECTED, BUYER, "/my store/web?x/", title="T")
    assert request.path == "/v2/checkouts/my%20store/web%3Fx/sessions"


def test_amount_on_the_wire():
    request = build_v2(EXPECTED, BUYER, "s/c", title="T")
    assert '"unitPrice": {"EUR": 901}' in json.dumps(values.wire(request.json))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": "x" * 256}, "reference"),
        ({"currency": "XAU"}, "XAU"),
        ({"currency": "eur"}, "eur"),
        ({"amount": Decimal(0)}, "not positive"),
        ({"amount": Decimal(-1)}, "not positive"),
        ({"amount": Decimal("0.001")}, "decimals"),
        ({"amount": Decimal("0.5"), "currency": "JPY"}, "decimals"),
        ({"amount": 901.0}, "not a Decimal"),
        ({"amount": Decimal("NaN")}, "not a Decimal"),
        ({"amount": Decimal("Infinity")}, "not a Decimal"),
        ({"rule": "guess"}, "guess"),
    ],
)
def test_what_cannot_be_asked_for(changes, message):
    with pytest.raises(ValueError, match=message):
        Expected(**{**EXPECTED.__dict__, **changes})


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        *(("de_DE", "de"), ("pt-BR", "pt"), ("nb_NO", "no"), ("he_IL", "iw")),
        *(("zh_TW", "zh"), ("sr@latin", "en"), ("DE", "de"), ("", "en"), (None, "en")),
    ],
)
def test_language(locale, language):
    assert language_of(locale) == language


def test_storefront():
    assert storefront("mystore", True) == "mystore.onfastspring.com"
    assert storefront("mystore", False, "popup-invoices") == (
        "mystore.test.onfastspring.com/popup-invoices"
    )


def test_checkout_url():
    given = "https://mystore.onfastspring.com/checkout/session/OS1"
    response = {"id": "OS1", "checkoutUrls": {"webcheckoutUrl": given}}
    assert checkout_url(response, store="mystore", live=False) == given
    response = {"id": "s1/x"}
    assert checkout_url(response, store="mystore", live=True) == (
        "https://mystore.onfastspring.com/session/s1%2Fx"
    )
    assert checkout_url(response, store="mystore", live=False, checkout="web-a") == (
        "https://mystore.test.onfastspring.com/web-a/session/s1%2Fx"
    )
    response["checkoutUrls"] = {"webcheckoutUrl": "javascript:alert(1)"}
    assert checkout_url(response, store="mystore", live=True).startswith(
        "https://mystore.onfastspring.com/session/"
    )


@pytest.mark.parametrize(
    ("total", "price"),
    [
        ("1072.19", "757.14"),  # 19 % on top
        ("901.00", "901.00"),  # already right
        (757.14, "1072.19"),  # an exempt buyer of a price that holds 19 %
        (None, None),
        (0, None),
    ],
)
def test_price_for_total(total, price):
    response = {"cart": {"withTaxNetTotal": total}}
    assert price_for_total(response, EXPECTED) == (price and Decimal(price))


def test_price_for_total_without_decimals():
    expected = Expected("T1", Decimal(1000), "JPY", "p", True)
    response = {"cart": {"withTaxNetTotal": 1100}}
    assert str(price_for_total(response, expected)) == "909"


def test_checkout_url_of_a_stand_in():
    home = "http://127.0.0.1:8070/mystore"
    given = f"{home}/checkout/session/OS1"
    response = {"id": "OS1", "checkoutUrls": {"webcheckoutUrl": given}}
    arguments = {"store": "mystore", "live": False, "home": home}
    assert checkout_url(response, **arguments) == given
    response["checkoutUrls"] = {"webcheckoutUrl": "https://mystore.onfastspring.com/x"}
    assert checkout_url(response, **arguments) == f"{home}/session/OS1"
    assert checkout_url(response, checkout="web-a", **arguments) == (
        f"{home}/web-a/session/OS1"
    )


def test_origin_stands_in_tags_and_attributes():
    expected = replace(EXPECTED, origin="db-1")
    request = build_v2(expected, BUYER, "s/c", title="T").json
    assert request["orderTags"]["odoo_db"] == "db-1"
    assert request["cart"]["lineItems"][0]["attributes"] == {
        "odoo_tx": "INV/2026/0042-1",
        "odoo_db": "db-1",
    }


# === Popup === #


@pytest.mark.parametrize(
    ("live", "home", "script", "front"),
    [
        (
            True,
            "",
            "https://sbl.onfastspring.com/sbl/1.0.7/fastspring-builder.min.js",
            "mystore.onfastspring.com/popup-invoices",
        ),
        (
            False,
            "",
            "https://sbl.onfastspring.com/sbl/1.0.7/fastspring-builder.min.js",
            "mystore.test.onfastspring.com/popup-invoices",
        ),
        (
            False,
            "http://127.0.0.1:8070/mystore",
            "http://127.0.0.1:8070/sbl/1.0.7/fastspring-builder.min.js",
            "127.0.0.1:8070/mystore/popup-invoices",
        ),
    ],
)
def test_popup_library(live, home, script, front):
    assert popup_library("mystore", live, "popup-invoices", home) == {
        "script": script,
        "storefront": front,
    }


@pytest.mark.parametrize("checkout", ["web-invoices", "web-popup-x", "embedded-x"])
def test_no_popup(checkout):
    assert popup_library("mystore", True, checkout) is None


def test_where_a_session_is_asked_for():
    assert status_path("mystore/popup-invoices", "OS/1?x") == (
        "/v2/checkouts/mystore/popup-invoices/sessions/OS%2F1%3Fx"
    )
