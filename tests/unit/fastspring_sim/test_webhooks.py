"""Webhooks and the events API: signature, batches, acknowledgement, retries."""

import base64
import hashlib
import hmac
import json

import pytest

from dev.fastspring_sim.outbox import RETRY_HOURS, sign


def test_the_published_test_vector():
    body = (
        b'{"events":[{"id":"EVW0000000000000000000000000001","processed":false,'
        b'"created":1795305600000,"type":"order.completed","live":false,'
        b'"data":{"order":"abcDEFgHiJklM1N-3OP9qw","total":193.05}}]}'
    )
    assert sign("sim-secret", body) == "Z7eNYWbkxX32Z9RdgJA+cbCeb9ctVlfzx787SGPXuDU="


def test_a_delivery_is_signed_over_its_exact_bytes(api, sim, shop):
    contact = {"email": "a@b.example", "firstName": "Zoë", "lastName": "Muñoz"}
    sim.pay(api.session(customer={"billToContact": contact})["id"])
    sim.deliver()
    headers, body = shop.requests[0]
    key = b"s3cret of the shop"
    wanted = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    assert headers["X-FS-Signature"] == wanted
    assert headers["User-Agent"] == "FS"
    assert headers["Content-Type"] == "application/json; charset=UTF-8"


def test_without_a_secret_there_is_no_signature(api, sim, shop):
    sim.configure(webhook_secret="")
    sim.pay(api.session()["id"])
    sim.deliver()
    assert "X-FS-Signature" not in shop.requests[0][0]


def test_the_secret_can_be_rotated(api, sim, shop):
    answer = api.post("/webhooks/keys", {"url": shop.url, "hmacSecret": "new"})
    assert answer == {
        "url": shop.url, "action": "webhooks.update", "result": "success",
    }  # fmt: skip
    sim.emit("test.event", {})
    sim.deliver()
    headers, body = shop.requests[0]
    assert headers["X-FS-Signature"] == sign("new", body)
    api.post("/webhooks/keys", {"url": "http://other/", "hmacSecret": "x"}, status=400)


def test_200_processes_the_whole_batch(api, sim, shop):
    sim.pay(api.session()["id"])
    assert api.get("/events/unprocessed?days=1")["total"] == 3
    assert sim.deliver() == 1
    assert len(shop.batches[0]) == 3
    assert api.get("/events/unprocessed?days=1")["total"] == 0
    assert api.get("/events/processed?days=1")["total"] == 3
    assert {event["state"] for event in sim.events} == {"delivered"}
    assert sim.deliver() == 0


def test_202_processes_only_the_named_events(api, sim, shop):
    shop.answers = [lambda events: (202, f"{events[0]['id']}\n{events[2]['id']}\n")]
    sim.pay(api.session()["id"])
    sim.deliver()
    left = api.get("/events/unprocessed?days=1")["events"]
    assert [event["type"] for event in left] == ["order.completed"]
    sim.deliver(waiting=True)
    assert [event["type"] for event in shop.batches[1]] == ["order.completed"]
    assert shop.batches[1][0]["id"] == shop.batches[0][1]["id"]


def test_202_with_an_empty_body_processes_nothing(api, sim, shop):
    shop.answers = [(202, "")]
    sim.pay(api.session()["id"])
    sim.deliver()
    assert api.get("/events/unprocessed?days=1")["total"] == 3


@pytest.mark.parametrize("status", [201, 204, 302, 400, 403, 500, 503])
def test_any_other_answer_is_a_failure(api, sim, shop, status):
    shop.answers = [status]
    sim.pay(api.session()["id"])
    sim.deliver()
    assert api.get("/events/unprocessed?days=1")["total"] == 3
    assert sim.deliveries[0]["status"] == status
    assert sim.deliveries[0]["outcome"] == "refused"


def test_the_retry_schedule(api, sim, shop):
    shop.answers = [500] * 20
    sim.emit("test.event", {"n": 1})
    sim.deliver()
    for hours in RETRY_HOURS:
        before = len(shop.requests)
        sim.advance(hours=hours - 0.01)
        assert sim.deliver() == 0, f"before {hours} h"
        sim.advance(hours=0.02)
        assert sim.deliver() == 1
        assert len(shop.requests) == before + 1
    assert len(shop.requests) == 13
    (event,) = sim.events
    assert (event["state"], event["attempts"]) == ("failed", 13)
    sim.advance(hours=100)
    assert sim.deliver() == 0
    assert api.get("/events/unprocessed?days=30")["total"] == 1
    assert len({event["id"] for event in shop.events}) == 1


def test_retries_can_be_quick(sim, shop):
    sim.configure(retry_seconds=2)
    shop.answers = [500]
    sim.emit("test.event", {})
    sim.deliver()
    sim.advance(seconds=3)
    assert sim.deliver() == 1
    assert sim.events[0]["state"] == "delivered"


def test_a_resend_has_a_new_id_and_the_same_object(api, sim, shop):
    sim.pay(api.session()["id"])
    sim.deliver()
    old = sim.events[1]
    new = sim.resend(old["id"])
    sim.deliver()
    again = shop.batches[1][0]
    assert again["id"] == new != old["id"]
    assert again["data"] == old["data"]
    assert again["type"] == old["type"] == "order.completed"


def test_the_background_thread_delivers_without_being_asked(make_sim, client_of, shop):
    sim = make_sim(auto_deliver=True)
    sim.pay(client_of(sim).session()["id"])
    shop.wait_for(1)
    sim.deliver()
    assert {event["state"] for event in sim.events} == {"delivered"}


def test_a_dead_shop_does_not_stop_the_buyer(make_sim, client_of):
    sim = make_sim(webhook_url="http://127.0.0.1:9/", auto_deliver=True)
    order = sim.pay(client_of(sim).session()["id"])
    sim.deliver()
    assert order["completed"] is True
    assert sim.deliveries[-1]["outcome"] == "ConnectionError"
    assert sim.events[1]["state"] == "waiting"


def test_batches_have_a_size(sim, shop):
    sim.configure(batch_size=2)
    for number in range(5):
        sim.emit("test.event", {"n": number})
    sim.deliver()
    assert [len(batch) for batch in shop.batches] == [2, 2, 1]
    assert [event["data"]["n"] for event in shop.events] == [0, 1, 2, 3, 4]


def test_a_webhook_may_want_live_or_test_events_only(sim, shop):
    sim.configure(webhook_scope="live")
    sim.emit("test.event", {"n": 1}, live=False)
    sim.emit("test.event", {"n": 2}, live=True)
    sim.deliver()
    assert [event["data"]["n"] for event in shop.events] == [2]
    assert sim.events[0]["state"] == "unsent"


def test_marking_an_event_stops_its_retries(api, sim, shop):
    shop.answers = [500]
    sim.emit("test.event", {})
    sim.deliver()
    (event,) = api.get("/events/unprocessed?days=1")["events"]
    marked = api.post(f"/events/{event['id']}", {"processed": True})
    assert marked["processed"] is True
    assert api.get("/events/unprocessed?days=1")["total"] == 0
    assert sim.deliver(waiting=True) == 0
    api.post(f"/events/{event['id']}", {"processed": False})
    assert api.get("/events/unprocessed?days=1")["total"] == 1


def test_pages_of_events(api, sim):
    for number in range(30):
        sim.emit("test.event", {"n": number})
    seen, page = [], 1
    while page:
        answer = api.get(f"/events/unprocessed?days=1&page={page}")
        assert answer["more"] is (answer["nextPage"] is not None)
        assert [{**one, "event": one["id"]} for one in answer["data"]] == (
            answer["events"]
        )
        seen += [event["data"]["n"] for event in answer["events"]]
        page = answer["nextPage"]
    assert seen == list(range(30))
    assert len(api.get("/events/unprocessed?days=1")["events"]) == 25


def test_events_older_than_30_days_are_gone(api, sim):
    sim.emit("test.event", {})
    sim.advance(hours=24 * 20)
    assert api.get("/events/unprocessed?days=14")["total"] == 0
    assert api.get("/events/unprocessed?days=30")["total"] == 1
    sim.advance(hours=24 * 11)
    assert api.get("/events/unprocessed?days=30")["total"] == 0
    assert api.call("GET", "/events/unprocessed?days=31").status_code == 400
    assert api.call("GET", "/events/unprocessed").status_code == 400


def test_state_survives_a_restart(tmp_path, make_sim, client_of, shop):
    path = str(tmp_path / "state.sqlite")
    first = make_sim(state=path)
    api = client_of(first)
    session, open_one = api.session()["id"], api.session()["id"]
    order = first.pay(session)
    first.set_fault("duplicate")
    first.stop()
    second = make_sim(state=path)
    assert second.orders[0]["id"] == order["id"]
    assert second.orders[0]["total"] == order["total"]
    assert second.world.faults.active() == {"duplicate": {}}
    second.deliver()
    assert shop.types.count("order.completed") == 2
    second.pay(open_one)
    assert len(second.orders) == 2
    assert json.loads(shop.requests[0][1]) == json.loads(shop.requests[1][1])
