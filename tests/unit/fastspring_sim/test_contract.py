"""The simulator says nothing that FastSpring's samples do not say.

Every key that the simulator emits must stand in a recorded or documented sample of
the same kind of object, with the same JSON type. Where the samples are silent, the
exception is listed here with its reason. And the keys that a shop relies on must be
there.
"""

import json
from pathlib import Path

import pytest

from dev.fastspring_sim.api import ROUTES

SAMPLES = Path(__file__).parents[2] / "data" / "fastspring_payloads"

#: Objects whose keys are data.
FREE = {
    "tags", "orderTags", "attributes", "fulfillments", "descriptions", "display",
    "quantityDiscounts",
}  # fmt: skip

#: End of a path: why no sample explains what the simulator emits there.
EXCEPTIONS = {
    "next": "no sample of a managed subscription exists; it has no next date",
    "nextValue": "as next",
    "nextInSeconds": "as next",
    "nextDisplay": "as next",
    "nextDisplayISO8601": "as next",
    "canceledDateDisplayISO8601": "the samples with this date are older than the form",
    "deactivationDateDisplayISO8601": "as canceledDateDisplayISO8601",
    "endDisplayISO8601": "as canceledDateDisplayISO8601",
    "periodEndDateDisplayISO8601": "as canceledDateDisplayISO8601",
    "pricing.price.EUR": "prices are by currency, and the samples' are dollars",
    "payout.return": "an id when objects are not expanded: no such sample exists",
    "recipient.phone": "null when unknown, as in the samples' customer",
    "return.customer.phone": "as recipient.phone",
    "nextPage": "null on the last page, as in the list of events",
    "account.address.postalCode": "text, where the assembled sample has 93101",
    "account.address.region": "null when unknown, as in webhooks",
    "account.address.regionCustom": "null when unknown, as in webhooks",
    "account.address.addressLine2": "null when unknown, as in webhooks",
    "products.*.sku": "null when unset",
    "products.*.action": "as in the answers for orders and subscriptions",
    "products.*.result": "as products.*.action",
    "pricing.renew": "in the samples of events with expanded products",
    "billToAddress.country": "echoed; the published requests contain it",
}
ENDINGS = tuple(f".{path}" for path in EXCEPTIONS)


class Shape:
    """What samples of one kind of object look like."""

    def __init__(self, *samples):
        self.types = set()
        self.keys = {}
        self.items = None
        for sample in samples:
            self.add(sample)

    def add(self, value):
        """Learn from one more sample."""
        self.types.add(kind_of(value))
        if isinstance(value, dict):
            for key, item in value.items():
                self.keys.setdefault(key, Shape()).add(item)
        elif isinstance(value, list):
            self.items = self.items or Shape()
            for item in value:
                self.items.add(item)

    def differences(self, value, path):
        """Return the paths of `value` that no sample explains."""
        if kind_of(value) not in self.types:
            return [f"{path} is {kind_of(value)}, samples: {sorted(self.types)}"]
        found = []
        if isinstance(value, dict):
            if path.rpartition(".")[2] in FREE:
                return []
            for key, item in value.items():
                if key in self.keys:
                    found += self.keys[key].differences(item, f"{path}.{key}")
                else:
                    found.append(f"{path}.{key} is in no sample")
        elif isinstance(value, list):
            for item in value:
                if self.items.types:
                    found += self.items.differences(item, f"{path}.*")
        return found


def kind_of(value):
    """Return the JSON type."""
    names = {bool: "boolean", int: "number", float: "number", str: "string"}
    names |= {dict: "object", list: "array", type(None): "null"}
    return names[type(value)]


def samples(*patterns):
    """Return the payloads of sample files; of envelopes, their events' data."""
    found = []
    for pattern in patterns:
        files = sorted(SAMPLES.glob(pattern))
        assert files, f"no sample {pattern}"
        for file in files:
            content = json.loads(file.read_text())
            if file.parent.name == "recorded" and "events" in content:
                wanted = pattern.partition("/")[2].partition("*")[0].strip("_")
                content = [
                    event["data"]
                    for event in content["events"]
                    if event["type"].startswith(wanted.partition("__")[0])
                ]
                found += content
            else:
                found.append(content)
    return found


def api_sample(name):
    """Return the content of one API sample."""
    return json.loads((SAMPLES / "api" / name).read_text())


@pytest.fixture(scope="module")
def orders_seen():
    """Every order in the samples, however it is wrapped."""
    found = samples("documented/order.*.json", "recorded/order.*.json")
    found += [api_sample("GET_orders_id__poyaz.json")]
    found += [api_sample("doc/GET_orders_order_id__response200-assembled.json")]
    found += [
        entry["order"]
        for entry in api_sample(
            "doc/GET_subscriptions_subscription_id_entries__response200-assembled.json"
        )
    ]
    found += [one["order"] for one in samples("*/subscription.charge.completed*.json")]
    found += [
        one["order"]
        for one in samples("*/payoutEntry.created*.json")
        if isinstance(one.get("order"), dict)
    ]
    for one in found:
        if isinstance(one["notes"], str):  # assembled from per-field examples
            one["notes"] = [one["notes"]]
        for key in ("items", "recipients"):  # emptied by whoever published it
            if one.get(key) == {}:
                del one[key]
    return found


@pytest.fixture(scope="module")
def subscriptions_seen():
    """Every subscription in the samples."""
    kinds = ("activated", "canceled", "deactivated", "updated", "uncanceled")
    found = samples(*(f"documented/subscription.{kind}__*.json" for kind in kinds))
    found += samples("recorded/subscription.activated*", "recorded/subscription.can*")
    found += samples("recorded/subscription.deactivated*")
    found += [one["subscription"] for one in samples("*/subscription.charge.*__*.json")]
    found += [api_sample("GET_subscriptions_id__poyaz.json")]
    found += [
        api_sample(f"doc/POST_subscriptions_subscription_id_{verb}__response200"
                   "-assembled.json")
        for verb in ("pause", "resume")
    ]  # fmt: skip
    return found


def accounts_seen(orders):
    """Return every account in the samples of webhooks."""
    found = [one["account"] for one in orders if isinstance(one["account"], dict)]
    return found + samples("documented/account.*")


def order_shape(orders, subscriptions):
    """Return the shape of orders; an item's subscription may be any sample's."""
    shape = Shape(*orders, "id")
    shape.keys["items"].items.keys["subscription"] = Shape(*subscriptions, "id")
    return shape


def check(name, shape, value):
    """Fail with every difference that is not a listed exception."""
    found = [
        text
        for text in shape.differences(value, name)
        if not f".{text.partition(' is ')[0]}".endswith(ENDINGS)
    ]
    assert not found, "\n".join(sorted(set(found)))


CUSTOMER = {
    "billToContact": {
        "email": "eva@kunde.example",
        "firstName": "Eva",
        "lastName": "Muster",
        "company": "Kunde GmbH",
        "phoneNumber": "+49 30 1",
    },
    "billToAddress": {
        "addressLine1": "Hauptstr. 1",
        "city": "Berlin",
        "postalCode": "10115",
        "region": "BE",
    },
}


def collect(api, sim, shop):
    """Live through everything that makes events; return data by event type."""
    sim.configure(tax_rates={"DE": 19})
    order = sim.pay(api.session(customer=CUSTOMER)["id"])
    sim.refund(order["id"], 100)
    sim.refund(order["id"])
    sim.chargeback(order["id"])
    sim.decline(api.session()["id"])
    sim.arrive(sim.wire(api.session()["id"])["id"])
    sim.expire(sim.wire(api.session()["id"])["id"])
    sim.cancel_order(sim.wire(api.session()["id"])["id"])
    exempt = {**CUSTOMER, "taxId": "DE123456789"}
    sim.pay(api.session(customer=exempt, locale="de")["id"])
    sim.pay(api.session(25, product="autopay")["id"])
    (managed,) = sim.subscriptions
    batch = {"subscriptions": [{"subscription": managed["id"]}]}
    api.post("/subscriptions/charge", batch)
    sim.set_outcome(managed["id"], "EXPIRED_CARD")
    api.post("/subscriptions/charge", batch)
    api.post(f"/accounts/{order['account']}", {"contact": {"first": "Eve"}})
    api.call("DELETE", f"/subscriptions/{managed['id']}?billingPeriod=0")
    sim.deliver()
    by_type = {}
    for event in shop.events:
        by_type.setdefault(event["type"], []).append(event["data"])
    return by_type


EVENT_TYPES = {
    "account.created", "account.updated", "chargeback.created", "order.canceled",
    "order.completed", "order.failed", "order.payment.pending",
    "payoutEntry.created", "return.created", "subscription.activated",
    "subscription.charge.completed", "subscription.charge.failed",
    "subscription.deactivated",
}  # fmt: skip


@pytest.mark.parametrize("expanded", [True, False], ids=["objects", "ids"])
def test_every_event_has_the_shape_of_the_samples(
    api, sim, shop, orders_seen, subscriptions_seen, expanded
):
    sim.configure(webhook_expansion=expanded)
    by_type = collect(api, sim, shop)
    assert set(by_type) == EVENT_TYPES

    order = order_shape(orders_seen, subscriptions_seen)
    subscription = Shape(*subscriptions_seen)
    account = Shape(*accounts_seen(orders_seen), "id")
    for kind in EVENT_TYPES:
        for data in by_type[kind]:
            if kind.startswith("order."):
                check("order", order, data)
                assert kind_of(data["account"]) == ("object" if expanded else "string")
            elif kind in ("subscription.activated", "subscription.deactivated"):
                check("subscription", subscription, data)
                assert kind_of(data["product"]) == ("object" if expanded else "string")
            elif kind.startswith("account."):
                check("account event", account, data)
    chargeback = Shape(*samples("documented/chargeback.created__*"))
    check("chargeback", chargeback, by_type["chargeback.created"][0])
    for data in by_type["return.created"]:
        shape = return_shape()
        shape.keys["account"] = account
        check("return", shape, data)
    for data in by_type["subscription.charge.completed"]:
        shape = Shape(*samples("*/subscription.charge.completed__*"))
        shape.keys["order"] = order
        shape.keys["subscription"] = Shape(*subscriptions_seen, "id")
        shape.keys["account"] = account
        check("charge", shape, data)
    for data in by_type["subscription.charge.failed"]:
        shape = Shape(*samples("documented/subscription.charge.failed__*"))
        shape.keys["subscription"] = Shape(*subscriptions_seen, "id")
        shape.keys["account"] = account
        check("charge failed", shape, data)
    for data in by_type["payoutEntry.created"]:
        shape = Shape(*samples("*/payoutEntry.created*"))
        shape.keys["account"] = account
        shape.keys["order"] = order
        shape.keys["return"] = return_shape()
        shape.keys["return"].add("id")
        shape.keys["subscriptions"].items = Shape(*subscriptions_seen, "id")
        check("payout", shape, data)


def return_shape():
    """Return the shape of refunds, with what a recorded one lacks."""
    api_ones = api_sample("doc/POST_returns__response200-assembled.json")["returns"]
    seen = samples("*/return.created__*", "documented/payoutEntry*-return.json")
    return Shape(*api_ones, *[one.get("return", one) if isinstance(
        one.get("return"), dict) else one for one in seen])  # fmt: skip


#: What a shop reads; without these no payment can be told from another.
RELIED_ON = {
    "order.completed": {
        "id", "order", "reference", "live", "currency", "total", "tax", "subtotal",
        "completed", "account", "payment", "tags", "items", "invoiceUrl", "changed",
        "totalInPayoutCurrency", "payoutCurrency",
    },
    "order.payment.pending": {"id", "reason", "paymentDueDate", "reference", "tags"},
    "order.canceled": {"id", "reason", "reference", "tags"},
    "order.failed": {"id", "reason", "tags", "completed"},
    "return.created": {
        "return", "original", "totalReturn", "currency", "items", "reason", "live",
    },
    "chargeback.created": {"processorCaseId", "order", "chargebackAmount", "currency"},
    "subscription.activated": {
        "id", "adhoc", "state", "active", "currency", "price", "tags", "account",
        "initialOrderId",
    },
    "subscription.charge.completed": {
        "order", "total", "currency", "subscription", "sequence", "status",
    },
    "subscription.charge.failed": {"reason", "subscription", "account"},
    "account.created": {"id", "account", "contact"},
}  # fmt: skip


def test_what_a_shop_relies_on_is_there(api, sim, shop):
    by_type = collect(api, sim, shop)
    for kind, keys in RELIED_ON.items():
        for data in by_type[kind]:
            assert keys <= set(data), kind
    orders = [one for one in by_type["payoutEntry.created"] if "orderId" in one]
    refunds = [one for one in by_type["payoutEntry.created"] if "return" in one]
    assert orders and refunds
    assert {"subtractions", "payouts", "reference"} <= set(orders[0])
    assert isinstance(orders[0]["payouts"][0]["payout"], str)


def test_the_envelope_is_that_of_a_recorded_delivery(api, sim, shop):
    sim.pay(api.session()["id"])
    sim.deliver()
    recorded = json.loads(
        (SAMPLES / "recorded/order.payment.pending__kiwitcms-wire.json").read_text()
    )
    envelope = json.loads(shop.requests[0][1])
    assert list(envelope) == ["events"]
    for event in envelope["events"]:
        assert list(event) == list(recorded["events"][0])
        assert len(event["id"]) == 30 and event["id"].startswith("EV")


def test_v2_sessions_answer_as_documented(api, sim):
    seen = api_sample("doc/GET_v2_checkouts_checkoutPath_sessions_sessionId"
                      "__response200-assembled.json")  # fmt: skip
    shape = Shape(seen)
    customer = {
        "billToContact": {"email": "eva@kunde.example", "firstName": "Eva"},
        "billToAddress": {"city": "Berlin", "country": "DE"},
        "taxId": "DE123456789",
    }
    session = api.session(
        customer=customer,
        cart={
            "couponCode": "NOPE",
            "lineItems": [
                {"productPath": "autopay", "quantity": 2,
                 "customPrice": {"unitPrice": {"EUR": 10}}},
            ],
        },
    )  # fmt: skip
    check("v2 session", shape, session)
    path = f"/v2/checkouts/bitpaket/web-invoices/sessions/{session['id']}"
    check("v2 session", shape, api.get(path))
    missing = set(seen) - set(session) - {"paymentMethods", "hidePaymentMethods"}
    assert not missing
    assert not set(seen["cart"]) - set(session["cart"])
    check(
        "methods",
        Shape(api_sample("doc/GET_v2_checkouts_checkoutPath_sessions_sessionId_payment"
                         "-methods__response200-assembled.json")),
        api.get(path + "/payment-methods"),
    )  # fmt: skip


def test_old_sessions_answer_as_documented(api):
    answer = api.post(
        "/sessions",
        {"contact": {"email": "a@b.example", "country": "DE"},
         "items": [{"product": "invoice-payment", "pricing": {"price": {"EUR": 9}}}]},
    )  # fmt: skip
    seen = api_sample("doc/POST_sessions__response200-assembled.json")
    assert list(answer) == list(seen)
    check("v1 session", Shape(seen), answer)


def test_orders_answer_as_documented(api, sim, orders_seen):
    order = sim.pay(api.session()["id"])
    sim.refund(order["id"], 5)
    answer = api.get(f"/orders/{order['id']}")
    shape = Shape(*orders_seen)
    nested = answer.pop("orders")
    assert nested == [answer]
    check("order", shape, answer)
    listed = api.get("/orders?days=1")
    seen = api_sample("doc/GET_orders__response200-assembled.json")
    assert list(listed) == list(seen)
    check("orders", Shape(seen), listed)
    check(
        "order update",
        Shape(api_sample("doc/POST_orders__response200-assembled.json")),
        api.post("/orders", {"orders": [{"order": order["id"], "tags": {"a": "b"}}]}),
    )


def test_returns_answer_as_documented(api, sim):
    order = sim.pay(api.session()["id"])
    request = api_sample("doc/POST_returns__request-partialRequestExample.json")
    request["returns"][0].update(
        order=order["reference"],
        items=[{"product": "invoice-payment", "amount": 15.75}],
    )
    answer = api.post("/returns", request)
    check("return", return_shape(), answer["returns"][0])
    key = answer["returns"][0]["return"]
    check("return", return_shape(), api.get(f"/returns/{key}")["returns"][0])


def test_accounts_answer_as_documented(api, sim):
    sim.pay(api.session(5, product="autopay", customer=CUSTOMER)["id"])
    (account,) = sim.accounts
    answer = api.get(f"/accounts/{account['id']}")
    seen = api_sample("doc/GET_accounts_account_id__response200-assembled.json")
    assert set(answer) == set(seen)
    check("account", Shape(seen), answer)
    listed = api.get("/accounts?email=eva@kunde.example")
    seen = api_sample("doc/GET_accounts__response200-assembled.json")
    assert list(listed) == list(seen)
    check("accounts", Shape(seen), listed)
    check(
        "authenticate",
        Shape(api_sample("doc/GET_accounts_account_id_authenticate__response200"
                         "-assembled.json")),
        api.get(f"/accounts/{account['id']}/authenticate"),
    )  # fmt: skip
    request = api_sample("doc/POST_accounts__request-assembled.json")
    check(
        "account created",
        Shape(api_sample("doc/POST_accounts__response200-assembled.json")),
        api.post("/accounts", request),
    )
    request["contact"]["email"] = "new@domain.example"
    check(
        "account updated",
        Shape(api_sample("doc/POST_accounts_account_id__response200-assembled.json")),
        api.post(f"/accounts/{account['id']}", request),
    )


def test_subscriptions_answer_as_documented(api, sim, orders_seen, subscriptions_seen):
    sim.pay(api.session(5, product="autopay")["id"])
    (managed,) = sim.subscriptions
    path = f"/subscriptions/{managed['id']}"
    shape = Shape(*subscriptions_seen)
    answer = api.get(path)
    assert answer.pop("subscriptions") == [answer]
    check("subscription", shape, answer)
    check(
        "subscription update",
        Shape(api_sample("doc/POST_subscriptions__response200-ChangeProductResponse"
                         ".json")),
        api.post("/subscriptions", {"subscriptions": [
            {"subscription": managed["id"], "pricing": {"price": {"EUR": 7}}}]}),
    )  # fmt: skip
    charge = api_sample("doc/POST_subscriptions_charge__request-assembled.json")
    charge["subscriptions"][0]["subscription"] = managed["id"]
    documented = api_sample("doc/POST_subscriptions_charge__response200-assembled.json")
    sim.configure(charge_answer_key="subscription")
    check("charged", Shape(documented), api.post("/subscriptions/charge", charge))
    sim.configure(charge_answer_key="subscriptions")
    answer = api.post("/subscriptions/charge", charge)
    check("charged", Shape({"subscriptions": documented["subscription"]}), answer)
    entries = api.get(f"{path}/entries")
    seen = api_sample("doc/GET_subscriptions_subscription_id_entries__response200"
                      "-assembled.json")  # fmt: skip
    shape_of_entries = Shape(seen)
    shape_of_entries.items.keys["order"] = Shape(*orders_seen)
    check("entries", shape_of_entries, entries)
    assert len(entries) == 3
    check(
        "subscription",
        shape,
        api.post(f"{path}/pause", {"pausePeriodCount": 2}),
    )
    check("subscription", shape, api.post(f"{path}/resume", {}))
    check(
        "subscriptions",
        Shape(api_sample("doc/GET_subscriptions__response200-assembled.json")),
        api.get("/subscriptions"),
    )
    check(
        "deleted",
        Shape(api_sample("doc/DELETE_subscriptions_subscription_id__response200"
                         "-assembled.json")),
        api.call("DELETE", path).json(),
    )  # fmt: skip


def test_events_answer_as_documented(api, sim):
    api.post("/accounts", api_sample("doc/POST_accounts__request-assembled.json"))
    sim.configure(webhook_expansion=True)
    answer = api.get("/events/unprocessed?days=2")
    seen = api_sample("doc/GET_events_unprocessed__response200-assembled.json")
    assert list(answer) == list(seen)
    assert list(answer["events"][0]) == list(seen["events"][0])
    assert list(answer["data"][0]) == list(seen["data"][0])
    marked = api.post(f"/events/{answer['events'][0]['id']}", {"processed": True})
    assert list(marked) == list(
        api_sample("doc/POST_events_event_id__response200-assembled.json")
    )


def test_products_answer_as_documented(api):
    request = api_sample("doc/POST_products__request-createProduct.json")
    answer = api.post("/products", request)
    seen = api_sample("doc/POST_products__response200-CreateProductsResponseExample"
                      ".json")  # fmt: skip
    assert list(answer["products"][0]) == list(seen["products"][0])
    again = api.post("/products", request)["products"][0]
    assert again["action"] == "product.update" and "updated.id" in again
    listed = api.get("/products")
    check(
        "products",
        Shape(api_sample("doc/GET_products__response200-assembled.json")),
        listed,
    )
    assert "new-laptop" in listed["products"]


#: Documented error samples, each with the call that provokes it.
ERRORS = [
    ("GET", "/orders/zz", None, "GET_orders_order_id__response400-assembled"),
    ("GET", "/subscriptions/zz", None,
     "GET_subscriptions_subscription_id__response400-assembled"),
    ("GET", "/subscriptions/zz/entries", None,
     "GET_subscriptions_subscription_id_entries__response400-assembled"),
    ("POST", "/subscriptions/zz/resume", {},
     "POST_subscriptions_subscription_id_resume__response400-assembled"),
    ("GET", "/accounts/zz", None, "GET_accounts_account_id__response400-assembled"),
    ("GET", "/accounts/zz/authenticate", None,
     "GET_accounts_account_id_authenticate__response400-assembled"),
    ("POST", "/events/zz", {"processed": True},
     "POST_events_event_id__response400-assembled"),
    ("POST", "/orders", {"orders": [{"order": "zz"}]},
     "POST_orders__response400-NotFoundExample"),
    ("DELETE", "/products/zz", None,
     "DELETE_products_product_path__response400-assembled"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path", "body", "name"), ERRORS)
def test_errors_are_the_documented_ones(api, verb, path, body, name):
    answer = api.call(verb, path, body)
    seen = api_sample(f"doc/{name}.json")
    assert answer.status_code == 400
    blank = json.loads(
        json.dumps(seen)
        .replace("abcDEFgHiJklM1N-3OP9qp3R", "zz")
        .replace("abcDEFgHiJklM1N-3OP9q", "zz")
        .replace("aBCDE12fGH3iJkL4mNOpqr", "zz")
        .replace("ABCDEFGHIJK1LMNOPQR2STUV3WXYZAB", "zz")
        .replace("basic-laptopp", "zz")
        .replace("[0]", "zz")
    )
    if "subscriptions" in blank and blank["result"] == "error":
        blank["subscriptions"][0]["result"] = "error"  # the sample contradicts itself
    assert answer.json() == blank


V2 = "_v2_checkouts_checkoutPath_sessions_sessionId"
#: Every other call whose answer is documented: what it is given, and the sample.
CALLS = [
    ("PUT", "{session}", {"country": "AT"}, f"PUT{V2}__response200-assembled"),
    ("PUT", "{session}/customer", CUSTOMER,
     f"PUT{V2}_customer__response200-assembled"),
    ("POST", "{session}/cart/items", {"productPath": "autopay", "quantity": 1},
     f"POST{V2}_cart_items__response200-assembled"),
    ("PUT", "{session}/cart/items/invoice-payment", {"quantity": 2},
     f"PUT{V2}_cart_items_productPath__response200-assembled"),
    ("GET", "/events/processed?days=2", None,
     "GET_events_processed__response200-assembled"),
    ("DELETE", "/products/autopay", None,
     "DELETE_products_product_path__response200-assembled"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path", "body", "name"), CALLS)
def test_the_other_calls_answer_as_documented(api, sim, verb, path, body, name):
    session = api.session()
    base = f"/v2/checkouts/bitpaket/web-invoices/sessions/{session['id']}"
    answer = api.call(verb, path.format(session=base), body)
    assert answer.status_code == 200, answer.text
    check("answer", Shape(api_sample(f"doc/{name}.json")), answer.json())


def test_a_product_answers_as_documented(api):
    seen = api_sample("doc/GET_products_product_path__response200-assembled.json")
    (product,) = seen["products"]
    # Whoever assembled the sample put the rest of the product into its first offer.
    seen["products"] = [{**product["offers"][0], **product}]
    check("products", Shape(seen), api.get("/products/autopay"))


#: Calls that this file makes, beside those in ERRORS and CALLS.
ANSWERED = {
    "/sessions", "/v2/checkouts/<store>/<checkout>/sessions",
    "/v2/checkouts/<store>/<checkout>/sessions/<key>",
    "/v2/checkouts/<store>/<checkout>/sessions/<key>/payment-methods",
    "/v2/checkouts/<store>/<checkout>/sessions/<key>/customer",
    "/v2/checkouts/<store>/<checkout>/sessions/<key>/cart/items",
    "/v2/checkouts/<store>/<checkout>/sessions/<key>/cart/items/<path>",
    "/accounts", "/accounts/<key>", "/accounts/<key>/authenticate",
    "/orders", "/orders/<keys>", "/returns", "/returns/<keys>",
    "/events/unprocessed", "/events/processed", "/events/<key>",
    "/subscriptions", "/subscriptions/charge", "/subscriptions/<keys>",
    "/subscriptions/<key>/entries", "/subscriptions/<key>/pause",
    "/subscriptions/<key>/resume", "/products", "/products/<paths>",
    "/products/<path>",
    "/webhooks/keys",  # no sample: the answer stands in the documents' text
}  # fmt: skip


def test_no_endpoint_was_forgotten():
    """Whoever adds one adds its sample above."""
    assert {rule.rule for rule in ROUTES} == ANSWERED


def test_the_secret_is_set_as_the_documents_say(api, shop):
    answer = api.post("/webhooks/keys", {"url": shop.url, "hmacSecret": "another"})
    assert answer == {"url": shop.url, "action": "webhooks.update", "result": "success"}
