"""Managed subscriptions: the stored payment method and its charges."""

import pytest


@pytest.fixture
def managed(api, sim):
    """Return the id of a managed subscription bought for 25.00 EUR."""
    sim.pay(api.session(25, product="autopay")["id"])
    return sim.subscriptions[0]["id"]


def batch(*keys, **values):
    """Return the body of a batch call."""
    return {"subscriptions": [{"subscription": key, **values} for key in keys]}


def test_buying_the_mandate(api, sim, shop):
    order = sim.pay(api.session(25, product="autopay")["id"])
    sim.deliver()
    assert shop.types == [
        "account.created", "subscription.activated", "order.completed",
        "payoutEntry.created",
    ]  # fmt: skip
    (started,) = shop.of_type("subscription.activated")
    assert started["adhoc"] is True
    assert started["initialOrderId"] == order["id"]
    assert started["tags"] == order["tags"]
    assert started["next"] is None
    assert order["items"][0]["subscription"] == started["id"]
    account = api.get(f"/accounts/{order['account']}")
    assert account["payment"] == {"methods": 1, "active": 1}
    assert account["subscriptions"] == [started["id"]]
    customer = {"accountId": order["account"]}
    session = api.session(customer=customer)
    assert session["customer"]["savedPaymentMethod"]["display"] == "VISA - 4242"


def test_on_demand_can_be_asked_for_in_the_session(api, sim, item):
    override = {"billingFrequency": {"intervalUnit": "ON_DEMAND"}}
    line = item("invoice-payment", {"EUR": 0}, subscriptionOverrides=override)
    session = api.session(cart={"lineItems": [line]})
    assert session["cart"]["lineItems"][0]["productType"] == "SUBSCRIPTION_PLAN"
    order = sim.pay(session["id"])
    assert order["total"] == 0
    assert sim.subscriptions[0]["adhoc"] is True
    assert [one["type"] for one in sim.events][-1] == "order.completed"


def test_a_charge_bills_the_present_price(api, sim, shop, managed):
    update = batch(managed, pricing={"price": {"EUR": 137.42}})
    assert api.post("/subscriptions", update)["subscriptions"] == [
        {"subscription": managed, "action": "subscription.update", "result": "success"}
    ]
    answer = api.post("/subscriptions/charge", batch(managed))
    assert answer == {"subscriptions": [
        {"subscription": managed, "action": "subscription.charge", "result": "success"}
    ]}  # fmt: skip
    sim.configure(webhook_expansion=True)
    sim.deliver()
    (charge,) = shop.of_type("subscription.charge.completed")
    assert charge["total"] == charge["order"]["total"] == 137.42
    assert charge["order"]["reference"].endswith("B")
    assert charge["sequence"] == 2
    assert charge["subscription"]["id"] == managed
    assert charge["order"]["tags"] == {"odoo_tx": "INV/2026/0042-1"}
    assert shop.types.count("order.completed") == 1
    assert shop.types[-1] == "payoutEntry.created"
    entries = api.get(f"/subscriptions/{managed}/entries")
    assert [one["order"]["total"] for one in entries] == [25, 137.42]
    rebills = api.get("/orders?rebill=true")["orders"]
    assert rebills == [charge["order"]["id"]]
    account = api.get(f"/accounts/{charge['order']['account']}")
    assert [one["total"] for one in account["charges"]] == [25, 137.42]


def test_a_declined_charge(api, sim, shop, managed):
    sim.set_outcome(managed, "INSUFFICIENT_FUNDS")
    answer = api.post("/subscriptions/charge", batch(managed))
    assert answer["subscriptions"][0]["result"] == "success"
    sim.deliver()
    (failure,) = shop.of_type("subscription.charge.failed")
    assert failure["reason"] == "INSUFFICIENT_FUNDS"
    assert failure["subscription"] == managed
    assert len(sim.orders) == 1
    sim.set_outcome(managed, "success")
    api.post("/subscriptions/charge", batch(managed))
    assert len(sim.orders) == 2


def test_only_managed_subscriptions_can_be_charged(api, sim, item, managed):
    override = {"billingFrequency": {"intervalUnit": "MONTH", "intervalLength": 1}}
    line = item("invoice-payment", {"EUR": 9}, subscriptionOverrides=override)
    sim.pay(api.session(cart={"lineItems": [line]})["id"])
    monthly = sim.subscriptions[1]
    assert monthly["adhoc"] is False
    assert monthly["nextChargeTotal"] == 9
    answer = api.post("/subscriptions/charge", batch(monthly["id"]), status=400)
    assert answer["subscriptions"][0]["error"] == {
        "subscription": "Renew can only be performed for 'Adhoc' subscriptions."
    }
    mixed = api.post("/subscriptions/charge", batch(monthly["id"], managed, "zz"))
    assert [one["result"] for one in mixed["subscriptions"]] == [
        "error", "success", "error",
    ]  # fmt: skip


def test_fifty_charges_at_most(api, managed):
    answer = api.call("POST", "/subscriptions/charge", batch(*[managed] * 51))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pricing": {"price": {"USD": 5}}}, "pricing.price"),
        ({"pricing": {"price": {"EUR": -5}}}, "pricing.price"),
        ({"quantity": 0}, "quantity"),
        ({"product": "nope"}, "product"),
        ({"deactivation": None}, "deactivation"),
    ],
)
def test_refusals_of_updates(api, sim, managed, change, field):
    answer = api.post("/subscriptions", batch(managed, **change), status=400)
    assert list(answer["subscriptions"][0]["error"]) == [field]
    assert sim.subscriptions[0]["price"] == 25


def test_a_managed_subscription_ends_at_once(api, sim, shop, managed):
    answer = api.call("DELETE", f"/subscriptions/{managed}")
    assert answer.status_code == 200
    assert sim.subscriptions[0]["state"] == "deactivated"
    again = api.call("DELETE", f"/subscriptions/{managed}")
    assert again.status_code == 500
    assert again.json()["error"] == {
        "subscription": "The subscription is already canceled."
    }
    api.post("/subscriptions/charge", batch(managed), status=400)
    sim.deliver()
    assert shop.types[-1] == "subscription.deactivated"


def test_a_monthly_one_ends_with_its_period_and_can_be_kept(api, sim, shop, item):
    override = {"billingFrequency": {"intervalUnit": "MONTH", "intervalLength": 1}}
    line = item("invoice-payment", {"EUR": 9}, subscriptionOverrides=override)
    sim.pay(api.session(cart={"lineItems": [line]})["id"])
    (one,) = sim.subscriptions
    api.call("DELETE", f"/subscriptions/{one['id']}")
    canceled = sim.subscriptions[0]
    assert (canceled["state"], canceled["active"]) == ("canceled", True)
    assert canceled["deactivationDate"] == one["next"]
    api.post("/subscriptions", batch(one["id"], deactivation=None))
    assert sim.subscriptions[0]["state"] == "active"
    sim.deliver()
    assert shop.types[-2:] == ["subscription.canceled", "subscription.uncanceled"]


def test_pause_and_resume(api, sim, managed):
    path = f"/subscriptions/{managed}"
    assert api.post(f"{path}/pause", {}, status=400) == {
        "action": "subscriptions.pause",
        "result": "error",
        "error": {"subscriptions.pause": "Number of periods is required."},
    }
    paused = api.post(f"{path}/pause", {"pausePeriodCount": 2})
    assert (paused["state"], paused["isPauseScheduled"]) == ("paused", True)
    api.post("/subscriptions/charge", batch(managed), status=400)
    assert api.post(f"{path}/resume", {})["state"] == "active"
    api.post("/subscriptions/charge", batch(managed))


def test_tags_of_the_first_order_reach_the_subscription(api, sim, managed):
    (order,) = sim.orders
    update = {"orders": [{"order": order["id"], "tags": {"run": "2026-10"}}]}
    api.post("/orders", update)
    assert sim.subscriptions[0]["tags"]["run"] == "2026-10"
    api.post("/subscriptions/charge", batch(managed))
    assert sim.orders[1]["tags"] == {"odoo_tx": "INV/2026/0042-1", "run": "2026-10"}
