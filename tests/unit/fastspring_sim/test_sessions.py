"""Checkout sessions: amounts, currency, tax, warnings and refusals."""

import pytest

V2 = "/v2/checkouts/bitpaket/web-invoices/sessions"


def test_a_session_costs_what_was_asked_when_no_tax_is_due(api, sim):
    session = api.session(901.25)
    assert session["status"] == "OPEN"
    assert session["checkoutStatus"] == ["READY_FOR_CHECKOUT"]
    assert session["currency"] == "EUR"
    assert session["live"] is False
    assert session["orderTags"] == {"odoo_tx": "INV/2026/0042-1"}
    assert session["cart"]["withTaxNetTotal"] == 901.25
    assert session["cart"]["taxTotal"] == 0
    assert session["warnings"] == []
    assert session["checkoutUrls"]["webcheckoutUrl"] == (
        f"{sim.storefront_url}/checkout/session/{session['id']}"
    )


@pytest.mark.parametrize(
    ("mode", "currency", "net", "tax", "total", "word"),
    [
        ("net", "EUR", 901, 171.19, 1072.19, "TAXES_ADDED_TO_PRICE"),
        ("gross", "EUR", 757.14, 143.86, 901, "TAXES_INCLUDED_IN_PRICE"),
        ("gross", "USD", 901, 171.19, 1072.19, "TAXES_ADDED_TO_PRICE"),
    ],
)
def test_tax(api, sim, mode, currency, net, tax, total, word):
    sim.configure(tax_mode=mode, tax_rates={"DE": 19})
    cart = api.session(901, currency)["cart"]
    assert cart["withoutTaxNetTotal"] == net
    assert cart["taxTotal"] == tax
    assert cart["withTaxNetTotal"] == total
    assert cart["taxIncluded"] == word
    assert cart["taxRate"] == 19


def test_tax_as_in_a_recorded_order(api, sim):
    sim.configure(tax_rates={"US": "7.25"})
    order = sim.pay(api.session(180, "USD", country="US")["id"])
    assert float(order["total"]) == 193.05
    assert float(order["tax"]) == 13.05
    assert order["subtotal"] == 180


@pytest.mark.parametrize(("mode", "total"), [("net", 901), ("gross", 757.14)])
def test_a_valid_tax_id_removes_the_tax(api, sim, mode, total):
    sim.configure(tax_mode=mode, tax_rates={"DE": 19})
    customer = {"billToContact": {"email": "a@b.example"}, "taxId": "DE123456789"}
    session = api.session(901, customer=customer)
    assert session["cart"]["taxTotal"] == 0
    assert session["cart"]["withTaxNetTotal"] == total
    assert session["cart"]["lineItems"][0]["price"]["taxExempt"] is True
    assert float(sim.pay(session["id"])["total"]) == total


def test_a_bad_tax_id_is_a_warning_and_changes_nothing(api, sim):
    sim.configure(tax_rates={"DE": 19})
    customer = {"billToContact": {"email": "a@b.example"}, "taxId": "nonsense"}
    session = api.session(100, customer=customer)
    assert [one["code"] for one in session["warnings"]] == ["INVALID_TAX_ID"]
    assert session["cart"]["withTaxNetTotal"] == 119


def test_the_buyers_country_can_decide_the_currency(api, sim):
    sim.configure(currency_by_country=True)
    session = api.session(113, "USD")
    assert session["currency"] == "EUR"
    assert session["cart"]["withTaxNetTotal"] == 100
    sim.configure(currencies=["USD"], default_currency="USD")
    assert api.session(113, "USD")["currency"] == "USD"


def test_currencies_without_decimals(api):
    session = api.session(1500, "JPY")
    assert session["cart"]["withTaxNetTotal"] == 1500
    assert session["cart"]["withTaxNetTotalDisplay"] == "¥1,500"


def test_amounts_are_shown_in_the_buyers_language(api):
    cart = api.session(1018.87, locale="de")["cart"]
    assert cart["withTaxNetTotalDisplay"] == "1.018,87\u00a0€"


def test_quantity_discounts(api, item):
    cart = {
        "lineItems": [
            item(
                "invoice-payment",
                {},
                quantity=3,
                customPrice={
                    "unitPrice": {"EUR": 100},
                    "discounts": [{"minQuantity": 2, "percentDiscount": 10}],
                },
            )
        ]
    }
    answer = api.session(cart=cart)["cart"]
    assert answer["listTotal"] == 300
    assert answer["discountTotal"] == 30
    assert answer["withTaxNetTotal"] == 270


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (
            {"customer": {"billToContact": {"email": "nope"}}},
            "INVALID_EMAIL_FORMAT", "customer.billToContact.email",
        ),
        (
            {"cart": {"lineItems": [{"productPath": "unknown"}]}},
            "PRODUCT_NOT_FOUND", "cart.lineItems[0].productPath",
        ),
        (
            {"cart": {"lineItems": [{"productPath": "autopay", "quantity": 0}]}},
            "INVALID_QUANTITY", "cart.lineItems[0].quantity",
        ),
        ({"customer": {"accountId": "x"}}, "ACCOUNT_NOT_FOUND", "customer.accountId"),
        ({"orderTags": {"a": 1}}, "INVALID_TAG", "orderTags.a"),
        ({"cart": []}, "INVALID_TYPE", "cart"),
    ],
)  # fmt: skip
def test_refusals_of_v2(api, change, code, field):
    answer = api.call("POST", V2, {"cart": {"lineItems": []}, **change})
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"status", "timestamp", "id", "message", "errors"}
    assert body["status"] == "400 BAD_REQUEST"
    assert [(one["errorCode"], one["field"]) for one in body["errors"]] == [
        (code, field)
    ]


def test_an_unknown_store_or_session_is_not_found(api):
    assert api.call("POST", V2.replace("bitpaket", "other"), {}).status_code == 404
    answer = api.call("GET", V2 + "/OSNOPE")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["errorCode"] == "SESSION_NOT_FOUND"


def test_a_session_without_products_is_not_ready(api):
    session = api.post(V2, {}, status=201)
    assert session["checkoutStatus"] == ["PRODUCTS_REQUIRED"]
    assert session["cart"]["withTaxNetTotal"] == 0


def test_items_can_be_added_changed_and_removed(api, item):
    session = api.post(V2, {"country": "DE"}, status=201)
    path = f"{V2}/{session['id']}"
    added = api.post(f"{path}/cart/items", item("invoice-payment", {"EUR": 10}))
    assert added["price"]["unitNetPrice"] == 10
    changed = api.put(
        f"{path}/cart/items/invoice-payment",
        {"customPrice": {"unitPrice": {"EUR": 8.4}}},
    )
    assert changed["price"]["unitNetPrice"] == 8.4
    assert api.get(path)["cart"]["withTaxNetTotal"] == 8.4
    again = api.call("POST", f"{path}/cart/items", item("invoice-payment", {"EUR": 10}))
    assert again.status_code == 400
    assert again.json()["errors"][0]["errorCode"] == "ITEM_EXISTS"
    removed = api.call("DELETE", f"{path}/cart/items/invoice-payment")
    assert (removed.status_code, removed.text) == (204, "")
    assert api.get(path)["checkoutStatus"] == ["PRODUCTS_REQUIRED"]


def test_a_put_replaces_what_it_names_and_keeps_the_rest(api, item):
    session = api.session()
    path = f"{V2}/{session['id']}"
    answer = api.put(path, {"cart": {"lineItems": [item("autopay", {"USD": 3})]}})
    assert answer["orderTags"] == session["orderTags"]
    assert answer["customer"] == session["customer"]
    assert [one["productPath"] for one in answer["cart"]["lineItems"]] == ["autopay"]
    assert answer["currency"] == "USD"
    customer = {"billToContact": {"email": "other@kunde.example"}}
    assert api.put(f"{path}/customer", customer) == customer


def test_the_country_comes_from_the_request_the_address_or_the_account(api, sim, item):
    customer = {"billToContact": {"email": "a@b.example"}}
    address = {**customer, "billToAddress": {"country": "AT"}}
    session = api.post(V2, {"customer": address}, status=201)
    assert session["country"] == "AT"
    known = sim.pay(api.session(country="FR")["id"])["account"]
    assert api.post(V2, {"customer": {"accountId": known}}, 201)["country"] == "FR"
    session = api.session(country="DE", customer={"accountId": known})
    assert session["country"] == "DE"
    path = f"{V2}/{session['id']}"
    api.put(f"{path}/cart/items/invoice-payment", item("invoice-payment", {"EUR": 5}))
    assert api.get(path)["country"] == "DE"
    assert api.post(V2, {}, 201)["country"] == "US"


def test_a_session_expires_and_cannot_be_changed_then(api, sim):
    session = api.session()
    sim.advance(hours=24)
    path = f"{V2}/{session['id']}"
    answer = api.get(path)
    assert answer["status"] == "EXPIRED"
    assert answer["checkoutStatus"] == ["CONCLUDED"]
    assert api.call("PUT", path, {"country": "AT"}).status_code == 400


def test_live_sessions_need_a_live_store(api, sim):
    session = api.session(live=True)
    assert session["live"] is False
    assert [one["code"] for one in session["warnings"]] == ["CHECKOUT_NOT_LIVE"]
    sim.configure(live=True)
    assert api.session(live=True)["live"] is True
    assert api.session(live=False)["live"] is False
    assert api.session()["live"] is True


def test_old_sessions(api, sim):
    body = {
        "contact": {"first": "Eva", "last": "M", "email": "Eva@Kunde.example",
                    "country": "DE", "language": "de"},
        "expiration": 7,
        "tags": {"odoo_tx": "INV/1"},
        "items": [{"product": "invoice-payment",
                   "pricing": {"price": {"EUR": 901.5}, "quantityBehavior": "lock"}}],
    }  # fmt: skip
    answer = api.post("/sessions", body)
    assert (answer["currency"], answer["subtotal"]) == ("EUR", 901.5)
    assert answer["order"] is None
    (account,) = sim.accounts
    assert answer["account"] == account["id"]
    lifetime = answer["expires"] - sim.world.clock.now()
    assert 7 * 24 * 3_600_000 - 60_000 < lifetime <= 7 * 24 * 3_600_000
    order = sim.pay(answer["id"])
    assert float(order["total"]) == 901.5
    assert order["tags"] == {"odoo_tx": "INV/1"}
    assert order["account"] == account["id"]
    assert api.post("/sessions", body)["account"] == account["id"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"items": [{"product": "nope"}]}, {"product": "Not found: nope"}),
        ({"items": [{"product": "autopay"}] * 2}, {"items": "Item exists"}),
        ({"items": []}, {"items": "At least one item is required"}),
        ({"contact": {}}, {"contact.email": "Not a valid email address"}),
        ({"account": "x"}, {"account": "Not found"}),
        ({"expiration": 8}, {"expiration": "Expecting 1 to 7 days"}),
    ],
)
def test_refusals_of_old_sessions(api, sim, change, error):
    body = {"contact": {"email": "a@b.example"}, "items": [{"product": "autopay"}]}
    answer = api.post("/sessions", body | change, status=400)
    assert answer["sessions"][0]["error"] == error
    assert sim.sessions == []
    assert sim.accounts == []
