"""Orders: card, decline, wire, chargeback, payouts and refunds."""

import re
from decimal import Decimal

import pytest

from dev.fastspring_sim import Invalid, Refused


def test_a_card_payment(api, sim, shop):
    order = sim.pay(api.session(901)["id"])
    assert order["total"] == 901
    assert order["completed"] is True
    assert order["payment"] == {"type": "test", "cardEnding": "4242"}
    assert re.fullmatch(r"BITPAKET\d{6}-\d{4}-\d{5}", order["reference"])
    assert re.fullmatch(r"[\w-]{22}", order["id"])
    assert sim.sessions[0]["status"] == "COMPLETED"
    sim.deliver()
    assert shop.types == ["account.created", "order.completed", "payoutEntry.created"]
    (data,) = shop.of_type("order.completed")
    assert data["tags"] == {"odoo_tx": "INV/2026/0042-1"}
    assert data["items"][0]["product"] == "invoice-payment"


def test_a_live_card_payment_names_the_card(api, sim, shop):
    sim.configure(live=True)
    order = sim.pay(api.session()["id"])
    assert order["live"] is True
    assert order["payment"]["type"] == "creditcard"
    sim.deliver()
    assert all(event["live"] for event in shop.events)


def test_a_known_buyer_keeps_the_account(api, sim, shop):
    first = sim.pay(api.session()["id"])
    second = sim.pay(api.session()["id"])
    assert first["account"] == second["account"]
    sim.deliver()
    assert shop.types.count("account.created") == 1


def test_a_session_is_paid_once(api, sim):
    session = api.session()["id"]
    sim.pay(session)
    for again in (sim.pay, sim.wire, sim.decline):
        with pytest.raises(Refused, match="completed"):
            again(session)
    assert len(sim.orders) == 1


def test_a_declined_card_leaves_the_session_open(api, sim, shop):
    session = api.session()["id"]
    failed = sim.decline(session)
    assert failed["completed"] is False
    assert failed["payment"] == {}
    assert failed["reason"] == "PAYMENT"
    assert sim.sessions[0]["status"] == "OPEN"
    paid = sim.pay(session)
    assert paid["id"] != failed["id"]
    assert paid["tags"] == failed["tags"]
    sim.deliver()
    assert shop.types == [
        "account.created", "order.failed", "order.completed", "payoutEntry.created",
    ]  # fmt: skip


def test_a_wire_transfer_arrives(api, sim, shop):
    pending = sim.wire(api.session()["id"])
    assert pending["completed"] is False
    assert pending["reason"] == "wireTransfer"
    assert pending["payment"] == {}
    assert re.fullmatch(
        r"\w{3} \w{3} \d\d 00:00:00 UTC \d{4}", pending["paymentDueDate"]
    )
    assert sim.sessions[0]["status"] == "PENDING_ORDER"
    sim.advance(hours=72)
    order = sim.arrive(pending["id"])
    assert order["id"] == pending["id"]
    assert order["reference"] == pending["reference"]
    assert order["completed"] is True
    assert order["payment"] == {"type": "bank", "bank": "wire"}
    assert "reason" not in order and "paymentDueDate" not in order
    assert order["changed"] - pending["changed"] >= 72 * 3_600_000
    assert sim.sessions[0]["status"] == "COMPLETED"
    sim.deliver()
    assert shop.types == [
        "account.created", "order.payment.pending", "order.completed",
        "payoutEntry.created",
    ]  # fmt: skip
    with pytest.raises(Refused):
        sim.arrive(order["id"])


def test_a_wire_transfer_expires_or_is_canceled(api, sim, shop):
    expired = sim.expire(sim.wire(api.session()["id"])["id"])
    assert expired["reason"] == "EXPIRE"
    assert expired["reference"] is None
    assert "/order/null/invoice/" in expired["invoiceUrl"]
    canceled = sim.cancel_order(sim.wire(api.session()["id"])["id"])
    assert canceled["reason"] == "FORCE"
    assert canceled["reference"]
    sim.deliver()
    assert [one["reason"] for one in shop.of_type("order.canceled")] == [
        "EXPIRE", "FORCE",
    ]  # fmt: skip


def test_wire_is_offered_only_where_it_works(api, sim):
    with pytest.raises(Refused, match="not offered"):
        sim.wire(api.session(5, product="autopay")["id"])
    with pytest.raises(Refused, match="not offered"):
        sim.wire(api.session(5, "SEK")["id"])
    with pytest.raises(Refused, match="not offered"):
        sim.wire(api.session(5, hidePaymentMethods=["wire"])["id"])


@pytest.mark.parametrize(
    ("total", "tax", "fee", "percent", "payout"),
    [
        ("10.00", 0, 1.54, 15.4, "8.46"),
        ("150.00", 0, 9.8, 6.53, "140.20"),
        ("14.95", 0, 1.8321, 12.25, "13.12"),
        ("29.99", 20.00800, 2.7194, 10.88, "22.27"),
    ],
)
def test_the_payout_of_recorded_orders(
    api, sim, shop, total, tax, fee, percent, payout
):
    sim.configure(tax_rates={"US": tax})
    net = (Decimal(total) / (1 + Decimal(str(tax)) / 100)).quantize(Decimal("0.01"))
    sim.pay(api.session(float(net), "USD", country="US")["id"])
    sim.deliver()
    (entry,) = shop.of_type("payoutEntry.created")
    assert entry["subtractions"]["fastspring"]["amount"] == fee
    assert entry["subtractions"]["fastspring"]["percentage"] == percent
    assert entry["payouts"] == [
        {"payee": "bitpaket", "currency": "USD", "payout": payout,
         "subtotal": float(payout), "total": total},
    ]  # fmt: skip


def test_amounts_add_up_in_both_currencies(api, sim):
    sim.configure(tax_rates={"DE": 19}, tax_mode="gross")
    for cents in range(1, 400, 7):
        order = sim.pay(api.session(cents / 100)["id"])
        assert order["total"] == order["subtotal"] + order["tax"]
        assert order["totalInPayoutCurrency"] == (
            order["subtotalInPayoutCurrency"] + order["taxInPayoutCurrency"]
        )
        assert order["items"][0]["subtotal"] == order["subtotal"]
        assert float(order["total"]) == cents / 100


def test_refunds_in_parts(api, sim, shop):
    sim.configure(tax_rates={"DE": 19})
    order = sim.pay(api.session(100)["id"])
    body = {"order": order["id"], "reason": "DUPLICATE_ORDER", "note": "RINV/1",
            "refundType": "PARTIAL",
            "items": [{"product": "invoice-payment", "amount": 33.33}]}  # fmt: skip
    (first,) = api.post("/returns", {"returns": [body]})["returns"]
    assert (first["subtotal"], first["tax"], first["totalReturn"]) == (
        33.33, 6.33, 39.66,
    )  # fmt: skip
    assert first["reason"] == "Duplicate Order"
    assert first["refundPerformerType"] == "api"
    assert first["items"][0]["quantity"] == 0
    assert first["items"][0]["refundType"] == "Partial Refund"
    assert first["reference"].endswith("D")
    rest = sim.refund(order["reference"])
    assert rest["total"] == Decimal("119.00") - Decimal("39.66")
    assert rest["reference"].endswith("X")
    assert rest["performerType"] == "sellerApp"
    with pytest.raises(Invalid) as caught:
        sim.refund(order["id"])
    assert list(caught.value.error) == ["RETURN_ITEMS_NO_REMAINING_AMOUNT_ERROR"]
    sim.deliver()
    assert [one["totalReturn"] for one in shop.of_type("return.created")] == [
        39.66, 79.34,
    ]  # fmt: skip
    entries = [one for one in shop.of_type("payoutEntry.created") if "return" in one]
    assert [one["payouts"][0]["payout"] for one in entries] == ["-37.67", "-75.33"]
    assert [one["payouts"][0]["totalReturn"] for one in entries] == [
        "-44.82", "-89.65",
    ]  # fmt: skip
    assert all(one["subtractions"]["fastspring"]["amount"] == 0 for one in entries)
    returns = api.get(f"/orders/{order['id']}")["returns"]
    assert [one["amount"] for one in returns] == [39.66, 79.34]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"refundType": "HALF"}, "REFUND_TYPE_ERROR"),
        ({"items": None}, "RETURN_ITEMS_ARRAY_ERROR"),
        ({"items": []}, "RETURN_ITEMS_ARRAY_EMPTY_ERROR"),
        ({"items": {}}, "RETURN_ITEMS_NOT_AN_ARRAY_ERROR"),
        ({"items": ["x"]}, "RETURN_ITEMS_ELEMENTS_INVALID_FORMAT"),
        ({"items": [{"amount": 1}]}, "RETURN_ITEMS_PRODUCT_NOT_SPECIFIED_ERROR"),
        (
            {"items": [{"product": "", "amount": 1}]},
            "RETURN_ITEMS_PRODUCT_EMPTY_ERROR",
        ),
        (
            {"items": [{"product": "invoice-payment", "amount": 1}] * 2},
            "RETURN_ITEMS_PRODUCT_DUPLICATED_ERROR",
        ),
        (
            {"items": [{"product": "other", "amount": 1}]},
            "RETURN_ITEMS_PRODUCT_NOT_FOUND_ERROR",
        ),
        (
            {"items": [{"product": "invoice-payment"}]},
            "RETURN_ITEMS_AMOUNT_NOT_SPECIFIED_ERROR",
        ),
        (
            {"items": [{"product": "invoice-payment", "amount": 0}]},
            "RETURN_ITEMS_AMOUNT_ZERO_ERROR",
        ),
        (
            {"items": [{"product": "invoice-payment", "amount": 101}]},
            "RETURN_ITEMS_AMOUNT_GREATER_THAN_ORIGINAL_ITEM_ERROR",
        ),
        (
            {"items": [{"product": "invoice-payment", "amount": 0.5}]},
            "RETURN_ITEMS_AMOUNT_CURRENCY_SCALE_MISMATCH",
        ),
        ({"order": "nope"}, "order"),
    ],
)
def test_refusals_of_refunds(api, sim, change, key):
    order = sim.pay(api.session(100, "JPY")["id"])
    body = {"order": order["id"], "refundType": "PARTIAL"} | change
    answer = api.post("/returns", {"returns": [body]}, status=400)
    assert list(answer["returns"][0]["error"]) == [key]
    assert answer["returns"][0]["result"] == "error"
    assert sim.returns == []


def test_a_batch_of_refunds_is_per_item(api, sim):
    order = sim.pay(api.session(100)["id"])
    answer = api.post("/returns", {"returns": [{"order": "x"}, {"order": order["id"]}]})
    assert [one["result"] for one in answer["returns"]] == ["error", "success"]


def test_an_unpaid_order_cannot_be_refunded_or_charged_back(api, sim):
    pending = sim.wire(api.session()["id"])
    with pytest.raises(Invalid):
        sim.refund(pending["id"])
    with pytest.raises(Refused):
        sim.chargeback(pending["id"])


def test_a_chargeback(api, sim, shop):
    order = sim.pay(api.session(100)["id"])
    sim.chargeback(order["id"])
    sim.chargeback(order["id"], "12.50")
    sim.deliver()
    first, second = shop.of_type("chargeback.created")
    assert (first["chargebackAmount"], first["currency"]) == (100, "EUR")
    assert first["id"] == first["order"] == order["id"]
    assert second["chargebackAmount"] == 12.5
    assert first["processorCaseId"] != second["processorCaseId"]


def test_lists_of_orders(api, sim):
    paid = sim.pay(api.session()["id"])
    failed = sim.decline(api.session()["id"])
    assert api.get("/orders")["orders"] == [paid["id"], failed["id"]]
    assert api.get("/orders?status=failed")["orders"] == [failed["id"]]
    assert api.get("/orders?scope=live")["orders"] == []
    assert api.get("/orders?rebill=true")["orders"] == []
    assert api.get("/orders?begin=2000-01-01&end=2000-01-02")["total"] == 0
    page = api.get("/orders?limit=1&page=1")
    assert (page["orders"], page["nextPage"], page["total"]) == ([paid["id"]], 2, 2)
    assert api.get("/orders?limit=1&page=2")["nextPage"] is None
    sim.configure(orders_as_objects=True)
    assert api.get("/orders")["orders"][0]["reference"] == paid["reference"]
    both = api.get(f"/orders/{paid['id']},{failed['id']},zz")["orders"]
    assert [one["result"] for one in both] == ["success", "success", "error"]
