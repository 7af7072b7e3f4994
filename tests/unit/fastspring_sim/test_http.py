"""Access, bad input, pages and the control panel."""

import base64
import http.client
import re

import pytest
import requests

V2 = "/v2/checkouts/bitpaket/web-invoices/sessions"


@pytest.mark.parametrize("path", ["/orders", V2 + "/OS1"])
def test_credentials_and_user_agent_are_required(sim, path):
    url = sim.url + path
    assert requests.get(url).status_code == 401
    assert requests.get(url, auth=("sim", "wrong")).status_code == 401
    token = base64.b64encode(b"sim:sim").decode()
    line = http.client.HTTPConnection(sim.url.partition("://")[2])
    line.request("GET", path, headers={"Authorization": f"Basic {token}"})
    assert line.getresponse().status == 401
    line.close()
    assert requests.get(url, auth=("sim", "sim")).status_code in (200, 404)


def test_unknown_paths_and_methods(api):
    answer = api.call("GET", "/nothing/here")
    assert (answer.status_code, answer.json()) == (
        404, {"message": "not found", "params": []},
    )  # fmt: skip
    assert api.call("DELETE", "/orders").status_code == 405


@pytest.mark.parametrize("body", ["{", "[]", "1", '"x"', "\xff", '{"a": NaN}'])
@pytest.mark.parametrize("path", ["/sessions", V2, "/returns", "/orders"])
def test_unreadable_bodies(sim, path, body):
    answer = requests.post(
        sim.url + path, data=body.encode("latin-1"), auth=("sim", "sim")
    )
    assert answer.status_code == 400
    assert answer.json() == {"message": "unreadable", "params": []}


ODD = [None, 0, -1, 1.5, True, "x", "", [], [None], [1], {}, {"a": 1}, {"EUR": "x"}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_values_are_refused_or_ignored_never_crash(api, sim, capfd, value):
    sim.pay(api.session(5, product="autopay")["id"])
    key, order = sim.subscriptions[0]["id"], sim.orders[0]["id"]
    calls = []
    for name in ("locale", "country", "customer", "orderTags", "cart", "live",
                 "hidePaymentMethods", "buyerIp"):  # fmt: skip
        calls.append((V2, {name: value}))
    for name in ("billToContact", "billToAddress", "accountId", "taxId"):
        cart = {"lineItems": [{"productPath": "autopay"}]}
        calls.append((V2, {"customer": {name: value}, "cart": cart}))
    for name in (
        "productPath", "quantity", "customPrice", "descriptions", "attributes",
        "subscriptionOverrides", "quantityBehavior",
    ):  # fmt: skip
        line = {"productPath": "autopay", name: value}
        calls.append((V2, {"cart": {"lineItems": [line]}}))
        line = {"product": "autopay", "pricing": {name: value, "price": value}}
        contact = {"email": "a@b.example"}
        calls.append(("/sessions", {"contact": contact, "items": [line]}))
    for name in ("unitPrice", "discounts"):
        line = {"productPath": "autopay", "customPrice": {name: value}}
        calls.append((V2, {"cart": {"lineItems": [line]}}))
    for name in ("contact", "items", "tags", "account", "expiration", "coupon"):
        body = {"contact": {"email": "a@b.example"}, "items": [{"product": "autopay"}]}
        calls.append(("/sessions", body | {name: value}))
    for name in ("order", "tags", "items"):
        calls.append(("/orders", {"orders": [{"order": order, name: value}]}))
    for name in ("order", "items", "refundType", "reason", "note"):
        body = {"order": order, "refundType": "PARTIAL", name: value}
        calls.append(("/returns", {"returns": [body]}))
    for name in ("subscription", "pricing", "quantity", "product", "next",
                 "taxExemptId", "manualRenew"):  # fmt: skip
        body = {"subscriptions": [{"subscription": key, name: value}]}
        calls += [("/subscriptions", body), ("/subscriptions/charge", body)]
    for name in ("contact", "language", "country", "lookup", "address"):
        body = {"contact": {"first": "A", "last": "B", "email": "c@d.example"}}
        calls += [("/accounts", body | {name: value})]
        calls += [(f"/accounts/{sim.accounts[0]['id']}", {name: value})]
    for name in ("product", "display", "pricing", "sku"):
        calls.append(("/products", {"products": [{"product": "p", name: value}]}))
    calls.append((f"/subscriptions/{key}/pause", {"pausePeriodCount": value}))
    crashed = [
        (path, body)
        for path, body in calls
        if api.call("POST", path, body).status_code >= 500
    ]
    assert crashed == []
    assert sim.orders and api.get("/orders")["result"] == "success"
    for session in sim.sessions:
        url = f"{sim.storefront_url}/checkout/session/{session['id']}"
        assert requests.get(url).status_code == 200, session
    assert requests.get(sim.url + "/_sim/").status_code == 200
    assert "Traceback" not in capfd.readouterr().err


def test_the_log_has_no_personal_data(tmp_path, capfd, make_sim, client_of):
    sim = make_sim(quiet=False)
    client_of(sim).get("/accounts?email=eva@kunde.example")
    line = capfd.readouterr().err.strip()
    assert re.fullmatch(r"GET /accounts 200 \d+ms", line)


# --- the buyer's pages ------------------------------------------------------------


def press(url, action, **fields):
    """Press a button of the checkout page; return the page that follows."""
    return requests.post(url, data={"action": action, **fields})


def field(page, name):
    """Return the text of the first element with that data-field."""
    return re.search(rf'data-field="{name}">([^<]*)<', page.text).group(1)


def test_the_checkout_page_says_what_is_bought(api, sim, item):
    sim.configure(tax_rates={"DE": 19})
    text = {"display": {"en": "Invoice <INV/1>", "de": "Rechnung <INV/1>"}}
    cart = {"lineItems": [item("invoice-payment", {"EUR": 100}, descriptions=text)]}
    url = api.session(cart=cart, locale="de")["checkoutUrls"]["webcheckoutUrl"]
    page = requests.get(url)
    assert field(page, "title") == "Rechnung &lt;INV/1&gt;"
    assert field(page, "total") == "119,00\u00a0€"
    assert field(page, "tax") == "19,00\u00a0€"
    for action in ("pay", "paypal", "wire", "decline", "cancel"):
        assert f'id="fs-{action}" name="action" value="{action}"' in page.text


def test_paying_on_the_page(api, sim):
    sim.configure(home_url="http://shop.example/my")
    url = api.session(901)["checkoutUrls"]["webcheckoutUrl"]
    page = press(url, "pay")
    (order,) = sim.orders
    assert 'data-page="done" data-status="completed"' in page.text
    assert field(page, "reference") == order["reference"]
    assert field(page, "total") == "€901.00"
    assert 'href="http://shop.example/my">Return to BitPaket' in page.text
    assert f'href="{order["invoiceUrl"]}"' in page.text
    invoice = requests.get(order["invoiceUrl"])
    assert field(invoice, "total") == "€901.00"
    assert field(invoice, "status") == "Paid"
    again = press(url, "pay")
    assert 'data-notice="again"' in again.text
    assert len(sim.orders) == 1


def test_declining_on_the_page(api, sim):
    url = api.session()["checkoutUrls"]["webcheckoutUrl"]
    page = press(url, "decline")
    assert 'data-page="checkout"' in page.text
    assert 'data-notice="declined"' in page.text
    assert 'data-status="completed"' in press(url, "paypal").text
    assert sim.orders[1]["payment"] == {"type": "paypal"}


def test_wire_on_the_page(api, sim):
    url = api.session()["checkoutUrls"]["webcheckoutUrl"]
    page = press(url, "wire")
    assert 'data-status="pending"' in page.text
    (order,) = sim.orders
    assert field(requests.get(order["invoiceUrl"]), "status").startswith("To be paid")
    sim.arrive(order["id"])
    assert 'data-status="completed"' in requests.get(url).text


def test_canceling_and_expired_pages(api, sim):
    url = api.session()["checkoutUrls"]["webcheckoutUrl"]
    assert 'data-page="canceled"' in press(url, "cancel").text
    assert 'data-page="canceled"' in press(url, "pay").text
    late = api.session()["checkoutUrls"]["webcheckoutUrl"]
    sim.advance(hours=25)
    assert "has expired" in requests.get(late).text
    assert "has expired" in press(late, "pay").text
    assert requests.get(sim.storefront_url + "/session/x").status_code == 404
    assert sim.orders == []


def test_a_buyer_without_e_mail_is_asked(api, sim):
    url = api.session(customer={})["checkoutUrls"]["webcheckoutUrl"]
    assert 'name="email"' in requests.get(url).text
    assert "e-mail" in press(url, "pay").text
    page = press(url, "pay", email="New@Buyer.example", first="New")
    assert "new@buyer.example" in page.text
    assert sim.accounts[0]["first"] == "New"


def test_the_popup_reports_its_order(api, sim):
    session = api.session()["id"]
    url = f"http://{sim.popup_storefront()}/session/{session}"
    assert 'class="popup"' in requests.get(url).text
    page = press(url, "pay")
    (order,) = sim.orders
    assert f'{{id: "{order["id"]}", reference: "{order["reference"]}"}}' in page.text
    script = requests.get(sim.library_url)
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "popupClosed" in script.text


def test_the_account_page_needs_its_link(api, sim):
    order = sim.pay(api.session(5, product="autopay")["id"])
    answer = api.get(f"/accounts/{order['account']}/authenticate")
    url = answer["accounts"][0]["url"]
    page = requests.get(url)
    assert order["reference"] in page.text
    key = sim.subscriptions[0]["id"]
    requests.post(url, data={"subscription": key, "action": "remove-card"})
    api.post("/subscriptions/charge", {"subscriptions": [{"subscription": key}]})
    assert sim.events[-1]["data"]["reason"] == "INVALID_TOKEN"
    requests.post(url, data={"subscription": key, "action": "cancel"})
    assert sim.subscriptions[0]["state"] == "deactivated"
    assert requests.get(url + "x").status_code == 403
    sim.advance(hours=25)
    assert requests.get(url).status_code == 403


# --- the control panel ------------------------------------------------------------


def control(sim, path, **values):
    """Call the JSON control API."""
    return requests.post(f"{sim.url}/_sim/{path}", json=values)


def test_driving_it_by_json(api, sim, shop):
    session = api.session()["id"]
    order = control(sim, f"sessions/{session}/wire").json()
    arrived = control(sim, f"orders/{order['id']}/arrive").json()
    assert arrived["completed"] is True
    refund = control(sim, f"orders/{order['id']}/refund", amount="10.50").json()
    assert sim.returns[0]["id"] == refund["id"]
    assert control(sim, f"orders/{order['id']}/arrive").status_code == 400
    assert control(sim, "orders/zz/chargeback").status_code == 400
    assert control(sim, "config", nonsense=1).status_code == 400
    assert control(sim, "config", batch_size=1).json()["batch_size"] == 1
    assert control(sim, "deliver").json()["sent"] == len(shop.requests) == 6
    event = sim.events[0]["id"]
    assert control(sim, f"events/{event}/resend").status_code == 200
    assert control(sim, "events", type="x.y", data={"a": 1}).status_code == 200
    before = sim.world.clock.now()
    assert control(sim, "clock", hours=2).json()["now"] >= before + 7_200_000
    control(sim, "faults", delay=True, duplicate=3)
    assert control(sim, "faults", clear=True, drop=1).json() == {"drop": {"times": 1}}


def test_the_state_has_everything_but_the_secrets(api, sim):
    sim.pay(api.session(5, product="autopay")["id"])
    state = requests.get(sim.url + "/_sim/state").json()
    assert len(state["orders"]) == len(state["subscriptions"]) == 1
    assert state["orders"][0]["total"] == 5
    assert "s3cret" not in str(state)
    assert state["settings"]["webhook_secret"] is True


def test_the_panel_and_its_forms(api, sim):
    sim.wire(api.session()["id"])
    paid = sim.pay(api.session(5, product="autopay")["id"])
    api.session()
    page = requests.get(sim.url + "/_sim/")
    assert page.status_code == 200
    for action in ("arrive", "expire", "cancel"):
        assert f'/_sim/orders/{sim.orders[0]["id"]}/{action}"' in page.text
    answer = requests.post(
        f"{sim.url}/_sim/orders/{paid['id']}/refund",
        data={"back": "orders", "amount": ""},
    )
    assert answer.url == f"{sim.url}/_sim/#orders"
    assert sim.returns[0]["type"] == "FULL"
    answer = requests.post(
        f"{sim.url}/_sim/orders/{paid['id']}/refund",
        data={"back": "orders", "amount": "1"},
    )
    assert "No remaining amount" in answer.text
    requests.post(f"{sim.url}/_sim/faults", data={"back": "x", "drop": "on"})
    assert sim.world.faults.active() == {"drop": {}}
    requests.post(
        f"{sim.url}/_sim/config",
        data={"back": "x", "tax_rates": "DE 19, AT 20", "retry_seconds": "",
              "webhook_expansion": "true", "currencies": "EUR, USD"},
    )  # fmt: skip
    settings = sim.world.settings
    assert settings.tax_rates == {"DE": "19", "AT": "20"}
    assert settings.currencies == ["EUR", "USD"]
    assert (settings.retry_seconds, settings.webhook_expansion) == (None, True)
