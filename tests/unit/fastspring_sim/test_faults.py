"""Each fault switch does what it says, and only that."""

import json
import threading

import pytest
import requests

from dev.fastspring_sim.outbox import sign


def batch(key):
    """Return the body of a charge."""
    return {"subscriptions": [{"subscription": key}]}


def test_delay(api, sim):
    sim.set_fault("delay", seconds=60)
    sim.emit("test.event", {})
    assert sim.deliver() == 0
    sim.advance(seconds=61)
    assert sim.deliver() == 1


def test_duplicate(sim, shop):
    sim.set_fault("duplicate", 1)
    sim.emit("test.event", {"n": 1})
    sim.deliver()
    assert shop.requests[0][1] == shop.requests[1][1]
    sim.emit("test.event", {"n": 2})
    sim.deliver()
    assert len(shop.requests) == 3


def test_reorder(api, sim, shop):
    sim.set_fault("reorder")
    sim.pay(api.session(5, product="autopay")["id"])
    sim.deliver()
    assert shop.types == [
        "payoutEntry.created", "order.completed", "subscription.activated",
        "account.created",
    ]  # fmt: skip
    assert [len(batch) for batch in shop.batches] == [1, 1, 1, 1]


def test_drop(api, sim, shop):
    sim.set_fault("drop")
    sim.pay(api.session()["id"])
    sim.deliver()
    sim.clear_faults()
    assert sim.deliver(waiting=True) == 0
    assert shop.requests == []
    assert api.get("/events/unprocessed?days=1")["total"] == 3


def test_bad_signature_and_unsigned(sim, shop):
    sim.set_fault("bad_signature", 1)
    sim.emit("test.event", {})
    sim.deliver()
    headers, body = shop.requests[0]
    assert headers["X-FS-Signature"] != sign("s3cret of the shop", body)
    sim.set_fault("unsigned", 1)
    sim.emit("test.event", {})
    sim.deliver()
    assert "X-FS-Signature" not in shop.requests[1][0]
    sim.emit("test.event", {})
    sim.deliver()
    headers, body = shop.requests[2]
    assert headers["X-FS-Signature"] == sign("s3cret of the shop", body)


def test_wrong_event_amount(api, sim, shop):
    sim.set_fault("wrong_event_amount", amount="-0.50")
    order = sim.pay(api.session(100)["id"])
    sim.deliver()
    (data,) = shop.of_type("order.completed")
    assert data["total"] == 99.5
    assert api.get(f"/orders/{order['id']}")["total"] == 100


def test_wrong_amount(api, sim):
    sim.set_fault("wrong_amount", 1)
    order = sim.pay(api.session(100)["id"])
    assert order["total"] == 101 == order["subtotal"]
    assert sim.pay(api.session(100)["id"])["total"] == 100


def test_wrong_currency(api, sim):
    sim.set_fault("wrong_currency", currency="GBP")
    order = sim.pay(api.session(100)["id"])
    assert (order["currency"], order["total"]) == ("GBP", 100)


def test_session_currency(api, sim):
    sim.set_fault("session_currency", 1)
    session = api.session(100)
    assert session["currency"] == "USD"
    assert session["cart"]["withTaxNetTotal"] == 113
    assert sim.pay(session["id"])["currency"] == "USD"
    assert api.session(100)["currency"] == "EUR"


def test_rate_limit(api, sim):
    sim.set_fault("rate_limit", times=1, retry_after=7)
    answer = api.call("GET", "/orders")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"
    assert set(answer.json()) == {"code", "message"}
    assert api.call("GET", "/orders").status_code == 200


def test_throttle_404_and_server_error(api, sim):
    order = sim.pay(api.session()["id"])
    sim.set_fault("throttle_404", path="/orders/", times=1)
    assert api.call("GET", "/orders").status_code == 200
    assert api.call("GET", f"/orders/{order['id']}").status_code == 404
    sim.set_fault("server_error", 1)
    answer = api.call("GET", f"/orders/{order['id']}")
    assert (answer.status_code, answer.content) == (500, b"")
    assert api.call("GET", f"/orders/{order['id']}").status_code == 200


def test_a_lost_answer_has_charged(api, sim):
    sim.pay(api.session(25, product="autopay")["id"])
    key = sim.subscriptions[0]["id"]
    sim.set_fault("lost_answer", times=1, path="/subscriptions/charge")
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "/subscriptions/charge", batch(key))
    assert len(sim.orders) == 2
    assert len(api.get(f"/subscriptions/{key}/entries")) == 2


def test_a_lost_request_has_not_charged(api, sim):
    sim.pay(api.session(25, product="autopay")["id"])
    key = sim.subscriptions[0]["id"]
    sim.set_fault("lost_request", times=1, path="/subscriptions/charge")
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "/subscriptions/charge", batch(key))
    assert len(sim.orders) == 1


def test_a_slow_lost_answer_is_a_timeout(api, sim):
    order = sim.pay(api.session()["id"])
    sim.set_fault("lost_answer", times=1, seconds=0.4)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            sim.url + "/returns",
            json={"returns": [{"order": order["id"]}]},
            auth=("sim", "sim"),
            timeout=0.1,
        )
    assert len(sim.returns) == 1


def test_faults_hit_neither_buyers_nor_the_control_panel(api, sim):
    url = api.session()["checkoutUrls"]["webcheckoutUrl"]
    sim.set_fault("server_error")
    assert requests.get(url).status_code == 200
    assert requests.get(sim.url + "/_sim/state").status_code == 200


@pytest.mark.parametrize(
    "values",
    [{"nonsense": True}, {"delay": {"hours": 1}}, {"delay": "often"}],
)
def test_unknown_faults_are_refused(sim, values):
    answer = requests.post(sim.url + "/_sim/faults", json=values)
    assert answer.status_code == 400
    assert sim.world.faults.active() == {}


def test_many_buyers_at_once(api, sim, shop):
    sessions = [api.session(number + 1)["id"] for number in range(24)]
    contested = sessions[0]
    results = []

    def buy(session):
        answer = requests.post(f"{sim.url}/_sim/sessions/{session}/pay", json={})
        results.append(answer.status_code)

    threads = [
        threading.Thread(target=buy, args=(session,))
        for session in [*sessions, *[contested] * 8]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [200] * 24 + [400] * 8
    assert sorted(order["total"] for order in sim.orders) == list(range(1, 25))
    sim.deliver()
    assert shop.types.count("order.completed") == 24
    assert len(json.loads(shop.requests[0][1])["events"]) <= 25
