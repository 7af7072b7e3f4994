"""Orders and their relatives in every form they may come in."""

from decimal import Decimal

import pytest
from fastspring import const, values
from fastspring.errors import PayloadError
from fastspring.orders import Order, Payment
from fastspring.payouts import PayoutEntry
from fastspring.returns import Chargeback, Return
from fastspring.subscriptions import Subscription, SubscriptionCharge


def test_api_answer_holds_the_order_twice(document):
    answer = document("api/GET_orders_id__poyaz")
    order = Order.from_payload(answer)
    assert order == Order.from_payload({"orders": answer["orders"]})
    assert order.items[0].product == answer["items"][0]["product"]


def test_order_as_object_and_as_string():
    inner = {"id": "o1", "order": "o1", "total": 5, "account": {"id": "a1"}}
    assert Order.from_payload({"order": inner}) == Order.from_payload(inner)
    assert Order.from_payload({"order": "o1"}) == Order.from_payload("o1")
    assert Order.from_payload(inner).account_id == "a1"
    assert Order.from_payload({**inner, "account": "a1"}).account_id == "a1"


def test_a_bare_order_knows_nothing_but_its_id():
    order = Order.from_payload("o1")
    assert order.id == "o1"
    assert order.total is order.tax is order.currency is order.live is None
    assert order.completed is order.reference is order.store is order.email is None
    assert (order.tags, order.items, order.payment) == ({}, (), Payment())


@pytest.mark.parametrize("total", ["193.05", 193.05, Decimal("193.05")])
def test_amounts_as_number_and_string(total):
    order = Order.from_payload({"id": "o1", "total": total, "tax": ""})
    assert order.total == Decimal("193.05")
    assert order.tax is None


@pytest.mark.parametrize("key", ["total", "subtotal", "tax", "discount"])
@pytest.mark.parametrize("wrong", ["abc", True, [], {}, "1e99"])
def test_a_wrong_amount_is_refused_by_name(key, wrong):
    with pytest.raises(PayloadError, match=f"^{key} is not an amount"):
        Order.from_payload({"id": "o1", key: wrong})


@pytest.mark.parametrize("product", ["p", {"product": "p"}, {"id": "p", "display": {}}])
def test_product_as_path_and_object(product):
    data = {"id": "o1", "items": [{"product": product, "quantity": "1"}, None, "x"]}
    (item,) = Order.from_payload(data).items
    assert (item.product, item.quantity, item.subtotal) == ("p", 1, None)


def test_item_amounts():
    item = {"product": "p", "subtotal": "9.50", "discount": 0.5, "quantity": 0}
    (item,) = Order.from_payload({"id": "o1", "items": [item]}).items
    assert (item.subtotal, item.discount, item.quantity) == (
        Decimal("9.50"),
        Decimal("0.5"),
        0,
    )


@pytest.mark.parametrize("items", [{}, None, "", [], [[]], {"product": "p"}])
def test_no_items(items):
    assert Order.from_payload({"id": "o1", "items": items}).items == ()


def test_tag_falls_back_to_the_attribute_of_an_item():
    items = [{"product": "p"}, {"product": "q", "attributes": {"odoo_tx": "B"}}]
    order = Order.from_payload({"id": "o1", "items": items})
    assert order.tag("odoo_tx") == "B"
    assert order.tag("other") is None
    tagged = {"id": "o1", "items": items, "tags": [{"key": "odoo_tx", "value": "A"}]}
    assert Order.from_payload(tagged).tag("odoo_tx") == "A"


def test_returns_listed_by_the_api(document):
    name = "api/doc/GET_subscriptions_subscription_id_entries__response200-assembled"
    order = Order.from_payload(document(name)[0])
    assert order.returns == {"AbC1D2eFGH34ijklmnopQrs": Decimal("799.99")}
    assert order.items[0].attributes == {"color": "Black", "storage": "128GB"}


@pytest.mark.parametrize(
    ("payment", "label", "method"),
    [
        (
            {"type": "creditcard", "creditcard": "visa", "cardEnding": "4242"},
            None,
            "visa",
        ),
        ({"type": "creditcard", "cardEnding": "4242"}, "creditcard 4242", "card"),
        (
            {"type": "CREDITCARD", "creditcard": "MasterCard"},
            "MasterCard",
            "mastercard",
        ),
        ({"type": "bank", "bank": "wire"}, "wire", "bank_transfer"),
        (
            {"type": "bank", "creditcard": "visa", "bank": "sepa"},
            None,
            "sepa_direct_debit",
        ),
        ({"type": "bank", "bank": "ecard"}, "ecard", "bank_transfer"),
        ({"type": "upi", "variant": "upipaytm"}, "upipaytm", "upi"),
        ({"type": "paypal"}, "paypal", "paypal"),
        ({"type": "purchase-order"}, "purchase-order", None),
        ({"type": "moonpay"}, "moonpay", None),
        ({}, "", None),
        (None, "", None),
        ("visa", "", None),
    ],
)
def test_payment(payment, label, method):
    payment = Payment.from_payload(payment)
    if label is not None:
        assert payment.label == label
    assert payment.method_code == method


@pytest.mark.parametrize(
    ("ending", "kept"),
    [("4242", "4242"), (4242, "4242"), ("4111111111111234", "1234"), ("wire", None)],
)
def test_no_more_of_a_card_than_its_ending(ending, kept):
    payment = Payment.from_payload({"type": "creditcard", "cardEnding": ending})
    assert payment.card_ending == kept


@pytest.mark.parametrize("due", ["2026-05-28", "2026-05-28T00:00:00Z", 1779926400000])
def test_due_date_in_other_forms(due):
    order = Order.from_payload({"id": "o1", "paymentDueDate": due})
    assert order.payment_due_date.isoformat() == "2026-05-28"


@pytest.mark.parametrize(
    "parser", [Order, Return, Chargeback, PayoutEntry, Subscription, SubscriptionCharge]
)
@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": {}}, None, [], 5])
def test_nothing_is_refused(parser, data):
    with pytest.raises(PayloadError):
        parser.from_payload(data)


def test_unexpanded_return():
    data = {"return": "r1", "original": "o1", "totalReturn": "5.00", "account": "a1"}
    returned = Return.from_payload(data)
    assert (returned.order_id, returned.total) == ("o1", Decimal(5))
    assert Return.from_payload("r1").id == "r1"


def test_unexpanded_payout_of_a_return():
    data = {"return": "r1", "payouts": [{"payout": "-15.00", "totalReturn": "-15.00"}]}
    entry = PayoutEntry.from_payload(data)
    assert (entry.return_.id, entry.order, entry.order_id) == ("r1", None, None)
    assert entry.fee is entry.tax is None
    assert entry.payouts[0].amount == entry.payouts[0].total == Decimal(-15)


def test_payout_entry_by_order_id_alone():
    assert PayoutEntry.from_payload({"orderId": "o1"}).order_id == "o1"


def test_chargeback_without_case_is_known_by_its_id():
    assert Chargeback.from_payload({"id": "c1"}).case_id == "c1"


def test_subscription_api_answer_in_both_places(document):
    answer = document("api/GET_subscriptions_id__poyaz")
    subscription = Subscription.from_payload(answer)
    nested = {"subscriptions": answer["subscriptions"]}
    assert subscription == Subscription.from_payload(nested)
    assert subscription.tags == {"orderId": "00000000-0000-4000-8000-000000000001"}


def test_expanded_objects_may_call_their_id_by_their_own_name():
    data = {
        "subscription": {"subscription": "s1"},
        "account": {"account": "a1"},
        "product": {"product": "p"},
        "live": True,
        "declineReason": "DECLINED",
    }
    subscription = Subscription.from_payload(data)
    assert (subscription.id, subscription.account_id) == ("s1", "a1")
    assert (subscription.product, subscription.live) == ("p", True)
    assert subscription.decline_reason == "DECLINED"


@pytest.mark.parametrize(
    ("parser", "data", "name"),
    [
        (Subscription, {"id": "s1", "price": "x"}, "price"),
        (Subscription, {"id": "s1", "nextChargeTotal": "x"}, "next charge"),
        (SubscriptionCharge, {"order": "o1", "total": "x"}, "total"),
        (Return, {"return": "r1", "totalReturn": "x"}, "total of the return"),
        (Chargeback, {"id": "c1", "chargebackAmount": "x"}, "chargeback amount"),
        (
            PayoutEntry,
            {"order": "o1", "subtractions": {"fastspring": {"amount": "x"}}},
            "fee",
        ),
        (PayoutEntry, {"order": "o1", "subtractions": {"tax": {"amount": "x"}}}, "tax"),
        (PayoutEntry, {"order": "o1", "payouts": [{"payout": "x"}]}, "payout"),
    ],
)
def test_wrong_amounts_elsewhere(parser, data, name):
    with pytest.raises(PayloadError, match=f"^{name} is not an amount"):
        parser.from_payload(data)


def test_unexpanded_charge():
    data = {"status": "successful", "order": "o1", "subscription": "s1", "total": 5}
    charge = SubscriptionCharge.from_payload(data)
    assert (charge.order.id, charge.subscription.id) == ("o1", "s1")
    assert charge.succeeded is True
    assert SubscriptionCharge.from_payload({**data, "status": None}).succeeded is False
    del data["order"]
    assert SubscriptionCharge.from_payload(data).succeeded is False


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("INSUFFICIENT_FUNDS", const.SOFT),
        ("DECLINED_SOFT", const.SOFT),
        ("DECLINED", const.HARD),
        ("expired_card", const.HARD),
        ("CC_CVV", const.DATA),
        ("TIMEOUT", const.TECHNICAL),
        ("PROC_RISK", const.RISK),
        ("NEVER_HEARD_OF", const.SOFT),
    ],
)
def test_decline_kinds(reason, kind):
    data = {"subscription": "s1", "reason": reason}
    assert SubscriptionCharge.from_payload(data).decline_kind == kind


def test_keys_to_mask_cover_the_personal_data(data):
    """What the recordings show as masked by hand, a log must mask too."""
    private = ("Buyer", "buyer@example.com", "+10000000000", "203.0.113.10", "https://")

    def leaks(value, key=""):
        if isinstance(value, dict):
            return [leak for k, item in value.items() for leak in leaks(item, k)]
        if isinstance(value, list):
            return [leak for item in value for leak in leaks(item, key)]
        masked = key in const.PII_KEYS | const.SENSITIVE_KEYS
        return [key] if not masked and any(p in str(value) for p in private) else []

    order = data("recorded/order.payment.pending__kiwitcms-wire")
    order["items"][0].pop("imageUrl")  # a public picture of the product
    assert leaks(order) == []
    assert any(part in values.dumps(order) for part in private)
