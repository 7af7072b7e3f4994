"""Recorded and documented payloads parse to the numbers they hold."""

from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from fastspring import const, events
from fastspring.orders import Order
from fastspring.payouts import PayoutEntry
from fastspring.returns import Chargeback, Return
from fastspring.subscriptions import Subscription, SubscriptionCharge

PAYLOADS = Path(__file__).resolve().parents[2] / "data" / "fastspring_payloads"


def D(text):
    return None if text is None else Decimal(text)


ORDER_TYPES = {
    const.ORDER_APPROVAL_PENDING,
    const.ORDER_CANCELED,
    const.ORDER_COMPLETED,
    const.ORDER_FAILED,
    const.ORDER_PAYMENT_PENDING,
    "browser.order.completed",
}
PARSERS = {
    **dict.fromkeys(ORDER_TYPES, Order),
    **dict.fromkeys(const.SUBSCRIPTION_TYPES, Subscription),
    const.CHARGE_COMPLETED: SubscriptionCharge,
    const.CHARGE_FAILED: SubscriptionCharge,
    const.RETURN_CREATED: Return,
    const.CHARGEBACK_CREATED: Chargeback,
    const.PAYOUT_ENTRY_CREATED: PayoutEntry,
}
FILES = sorted(
    path.relative_to(PAYLOADS).with_suffix("").as_posix()
    for folder in ("recorded", "documented")
    for path in (PAYLOADS / folder).glob("*.json")
)
# name, id, reference, account, currency, total, subtotal, tax, discount, state, paid by
ORDERS = """
documented/order.completed__official-docs                aBCDE12fGH3iJkL4mNOpq  ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 60.0   60.0   0.0    0.0 test+done test_4242
documented/order.failed__official-docs                   aBCDE12fGH3iJkL4mNOpq  ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 60.0   60.0   0.0    0.0 test+PAYMENT -
documented/order.canceled__official-docs                 aBCDE12fGH3iJkL4mNOpq  ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 60.0   60.0   0.0    0.0 test+FORCE -
documented/order.payment.pending__official-docs          aBCDE12fGH3iJkL4mNOpq  ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 60.0   60.0   0.0    0.0 test+wireTransfer -
documented/order.approval.pending__official-docs         aBCDE12fGH3iJkL4mNOpq  ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 60.0   60.0   0.0    0.0 test+purchaseOrder -
documented/payoutEntry.created__official-docs-order      aBCDE12fGH3iJkL4mNOpq  ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 14.95  14.95  0      0   test+done test_4242
documented/subscription.charge.completed__official-docs  NRlOHP0TSM6MwxzPMoc-dg ABC123456-7891-01112         abCdE1FGH2Hij3KLMnOpqR USD 40.0   37.04  2.96   0.0 test+done test
recorded/order.completed__cashier-fastspring             R6hr8F6USNixHu9fmdyjAw FUR170801-8970-10118         ACCOUNT_ID_PLACEHOLDER USD 14.95  14.95  0.0    0.0 test+done visa_4242
recorded/order.completed__cyberwombat-unexpanded         9qflPQrkR76oKDLObXguyg SOF170912-7652-55291         NbNDzguWR5-Dv9Rlxg7xsw USD 100.0  100.0  0.0    0.0 test+done test_4242
recorded/order.completed__kiwitcms-wire-paid             xBUe_-klTjSxIBIvDMsAFw MRSENKO260412-2790-31105     35i8b9RoSrCuDkV_ewTQ-Q EUR 251.67 251.67 0.0    0.0 live+done wire
recorded/order.completed__poyaz-tags-unexpanded          BLXqoDqCQqKJUjs2QerHfA DESAINEGMBH220501-1274-82181 RPHaJMN4RAGRA0YUVCAxqQ USD 193.05 180    13.05  0   test+done test_4242
recorded/order.canceled__kiwitcms-expired                T-xxxxx                -                            xxx                    EUR 15.0   15.0   0.0    0.0 live+EXPIRE -
recorded/order.payment.pending__kiwitcms-wire            upyiLi0-QO27Pl6_yhckgQ MRSENKO260515-8490-56112     Af56zLaNTpKRpXYMG05jow EUR 901.0  757.14 143.86 0.0 live+wireTransfer -
recorded/payoutEntry.created__codefrog                   8xPG4V_cQD6NEJNHCXUzfw CODEFROGIO200203-7104-54211  owAaQjKPRXaG6ecKk1KWkQ EUR 28.0   23.33  4.67   0.0 test+done test_4242
recorded/batch.subscription.activated+order.completed__appsero-unexpanded PLACEHOLDER_ID WEDEVSS210909-2487-92215 - USD 100 100 0 0 test+done test_4242
recorded/subscription.charge.completed__cashier-fastspring AxajJf8vQDC_YzEk7QY-7g FUR171013-2389-33111B      ACCOUNT_ID_PLACEHOLDER USD 149.95 149.95 0.0    0.0 test+done test
api/GET_orders_id__poyaz                                 order+serial           DESAINEGMBH220510-3308-55135 4w0LKG1mSE6-HEnGCt5xkA USD 193.05 180    13.05  0   test+done test_4242
api/doc/GET_orders_order_id__response200-assembled       abcDEFgHiJklM1N-3OP9q  ABC1234567-8910-11121D       abcDEFgHiJklM1N-3OP9q  USD 10     10     0      0   test+done visa
"""  # noqa: E501
# name, id, state, active, account, product, quantity, currency, price, next charge, end
SUBSCRIPTIONS = """
recorded/subscription.activated__archrebel-yearly     r1LtQnrIS5KpDIoGQaeuHg      active      True  MpQe-PVBQnOguo9A_Pz8Dg falcon-plus-annual-subscription-individual-license 1 EUR 100    2020-04-01 -
recorded/subscription.activated__cashier-fastspring   ttyyWWxQRv-P0WXUYXphzg      active      True  ACCOUNT_ID_PLACEHOLDER falcon-monthly-subscriptions                       1 USD 14.95  2017-09-01 -
recorded/subscription.activated__kiwitcms-enterprise  _fmtng11QUyLno5-5aVB-w      active      True  vvvv                   kiwitcms-enterprise-subscription                   1 EUR 56     2022-03-02 -
recorded/subscription.canceled__archrebel-yearly      r1LtQnrIS5KpDIoGQaeuHg      canceled    True  MpQe-PVBQnOguo9A_Pz8Dg falcon-plus-annual-subscription-individual-license 1 EUR 100    2020-04-01 2020-03-31
recorded/subscription.canceled__cashier-fastspring    SUBSCRIPTION_ID_PLACEHOLDER canceled    True  ACCOUNT_ID_PLACEHOLDER falcon-monthly-variation                           1 USD 149.95 2018-01-11 2018-01-10
recorded/subscription.deactivated__archrebel-yearly   AFAkVOi0SSix63cXJAbIfg      deactivated False Th6JqSnZTdCSqqBxibhB7Q falcon-plus-annual-subscription-individual-license 1 EUR 100    -          -
recorded/subscription.deactivated__cashier-fastspring SUBSCRIPTION_ID_PLACEHOLDER deactivated False ACCOUNT_ID_PLACEHOLDER falcon-monthly-variation                           1 USD 149.95 -          -
documented/subscription.activated__official-docs      subSCR1pt10nAbc123-456XYZ   active      True  acctAbCdEfG123-XyZ456  example-subscription-annual                        1 USD 100    2026-07-01 2027-07-03
documented/subscription.updated__official-docs        To4TBBJfRSGlNLsJ2dL2sg      active      True  gB_slATyQBqSpAxA7-1YAg example-subscription-monthly                       2 USD 30     2020-06-10 -
documented/subscription.payment.overdue__official-docs AbCdEfGhIjKlMnOpQrStUvWx   active      True  xmSmC3AOR2Kch9YNDeLewA furious-falcon-annual-subscription                 2 USD 100    2025-07-11 -
api/GET_subscriptions_id__poyaz                       subscription+serial         active      True  RPHaJMN4RAGRA0YUVCAxqQ at-datacenter-proxies-100                          1 USD 180    2022-06-01 -
"""  # noqa: E501


def table(lines):
    for line in lines.strip().splitlines():
        name, *cells = [None if cell == "-" else cell for cell in line.split()]
        yield pytest.param(name, *cells, id=name)


@pytest.mark.parametrize(
    "name, id_, reference, account, currency,"
    "total, subtotal, tax, discount, state, paid",
    list(table(ORDERS)),
)
def test_order(
    data,
    name,
    id_,
    reference,
    account,
    currency,
    total,
    subtotal,
    tax,
    discount,
    state,
    paid,
):
    order = Order.from_payload(data(name))
    assert order.id == id_.replace("+", " ")
    assert order.reference == reference
    if account:
        assert order.account_id == account
    assert order.currency == currency
    assert order.total == D(total)
    assert order.subtotal == D(subtotal)
    assert order.tax == D(tax)
    assert order.discount == D(discount)
    assert order.total == order.subtotal + order.tax
    mode, outcome = state.split("+")
    assert order.live is (mode == "live")
    assert order.completed is (outcome == "done")
    assert order.reason == (None if outcome == "done" else outcome)
    assert order.payment.label == (paid or "").replace("_", " ")
    assert order.is_test_payment is (outcome == "done" and paid != "wire")


@pytest.mark.parametrize(
    "name, id_, state, active, account, product, quantity, currency, price, next_, end",
    list(table(SUBSCRIPTIONS)),
)
def test_subscription(
    data,
    name,
    id_,
    state,
    active,
    account,
    product,
    quantity,
    currency,
    price,
    next_,
    end,
):
    subscription = Subscription.from_payload(data(name))
    assert subscription.id == id_.replace("+", " ")
    assert subscription.state == state
    assert subscription.active is (active == "True")
    assert subscription.adhoc is False
    assert subscription.account_id == account
    assert subscription.product == product
    assert subscription.quantity == int(quantity)
    assert subscription.currency == currency
    assert subscription.price == D(price)
    assert subscription.next_charge_date == (next_ and date.fromisoformat(next_))
    assert subscription.deactivation_date == (end and date.fromisoformat(end))


@pytest.mark.parametrize("name", FILES)
def test_every_payload_reads(name, document):
    found = document(name)
    if "events" not in found:
        event_type = name.split("/")[1].split("__")[0]
        found = {"events": [{"id": "E1", "type": event_type, "data": found}]}
    for raw in found["events"]:
        event = events.parse_event(raw)
        assert event.error is None
        if parser := PARSERS.get(event.type):
            assert parser.from_payload(event.data)


def test_wire_order_waits_for_its_money(data):
    order = Order.from_payload(data("recorded/order.payment.pending__kiwitcms-wire"))
    assert order.payment_due_date == date(2026, 5, 28)
    assert order.store == "mrsenko"
    assert order.tags == {}
    assert order.payout_currency == "USD"
    assert order.total_in_payout_currency == D("1018.87")
    assert order.changed == datetime(2026, 5, 15, 8, 22, 55, 579000, timezone.utc)
    (item,) = order.items
    assert item.product == "kiwi-tcms-self-support-for-3-years"
    assert (item.quantity, item.subtotal) == (1, D("757.14"))
    assert order.email == "buyer@example.com"


def test_wire_order_is_paid(data):
    order = Order.from_payload(data("recorded/order.completed__kiwitcms-wire-paid"))
    assert order.payment.method_code == "bank_transfer"
    assert not order.is_test_payment


def test_tags_and_emptied_lists(data):
    order = Order.from_payload(data("recorded/order.completed__poyaz-tags-unexpanded"))
    assert order.tags == {"orderId": "00000000-0000-4000-8000-000000000001"}
    assert order.items == ()
    assert order.store == "venomsupply"


def test_personal_data_is_not_shown(data):
    shown = repr(
        Order.from_payload(data("recorded/order.completed__kiwitcms-wire-paid"))
    )
    assert "MRSENKO260412-2790-31105" in shown
    for private in ("@", "Buyer", "Example Company", "+1000", "203.0.113", "https://"):
        assert private not in shown


@pytest.mark.parametrize(
    "name, id_, reference, order_id, order_total,"
    "total, reason, product, quantity, kind",
    [
        (
            "recorded/return.created__cyberwombat-unexpanded",
            "qWIaFaLlRgu6NYs7MgHkGA",
            "SOF170918-8960-65188X",
            "FWdPzftgReSxl2CswuQQ4w",
            "300.0",
            "300.0",
            "Product Not As Expected",
            "sample-virtual-thing",
            2,
            None,
        ),
        (
            "documented/return.created__official-docs",
            "aBCDE12fGH3iJkL4mNOpqr",
            "ABC1234567-8910-11121D",
            "wvje2BeoQbyCRAbucnPrRw",
            "14.95",
            "14.95",
            "Duplicate Order",
            "furious-falcon",
            1,
            "Full Refund",
        ),
        (
            "documented/payoutEntry.created__official-docs-return",
            "aBCDE12fGH3iJkL4mNOpq",
            "ABC123456-7891-01112",
            "YxMPvrxHTfiRNCl3XSCGTA",
            "60.0",
            "10.0",
            "Discount / Coupon",
            "Cloud Storage",
            0,
            "Partial Refund",
        ),
    ],
)
def test_return(
    data,
    name,
    id_,
    reference,
    order_id,
    order_total,
    total,
    reason,
    product,
    quantity,
    kind,
):
    returned = Return.from_payload(data(name))
    assert (returned.id, returned.reference) == (id_, reference)
    assert (returned.order_id, returned.order_total) == (order_id, D(order_total))
    assert (returned.total, returned.subtotal, returned.tax) == (D(total), D(total), 0)
    assert (returned.currency, returned.live, returned.completed) == (
        "USD",
        False,
        True,
    )
    assert returned.total_in_payout_currency == D(total)
    assert returned.reason == reason
    (item,) = returned.items
    assert (item.product, item.quantity, item.refund_type) == (product, quantity, kind)
    assert item.subtotal == D(total)
    assert returned.payment.label == "test 4242"


def test_return_knows_the_tags_of_its_order(data):
    name = "documented/payoutEntry.created__official-docs-return"
    returned = Return.from_payload(data(name))
    assert returned.tags == {"tag-key": "Tag Value"}
    assert returned.order_reference == "ABC123456-7891-01114"


def test_chargeback(data):
    chargeback = Chargeback.from_payload(
        data("documented/chargeback.created__official-docs")
    )
    assert chargeback == Chargeback(
        case_id="dsp_6dtaqbtq3cee7fqg3522hjgeqi",
        order_id="F_sVWUGMSGKu3ATP3xe2Xg",
        amount=D("171.68"),
        currency="BRL",
        status="NEW",
        reason_code="4837",
        reason="FRAUDULENT",
        created=datetime(2025, 5, 9, 17, tzinfo=timezone.utc),
        payment_method="Mastercard",
    )


@pytest.mark.parametrize(
    "name, order_id, return_id, tax, fee, percent, payee, amount, total",
    [
        (
            "recorded/payoutEntry.created__machinefarm-subscription-unexpanded",
            *("BW7gpE25QRixk8DgQNxjNw", None, "0.0", "9.8", "6.53"),
            *("machinefarm", "140.20", "150.00"),
        ),
        (
            "recorded/payoutEntry.created__codefrog",
            *("8xPG4V_cQD6NEJNHCXUzfw", None, "5.0", "2.7194", "10.88"),
            *("codefrogio", "22.27", "29.99"),
        ),
        (
            "documented/payoutEntry.created__official-docs-order",
            *("aBCDE12fGH3iJkL4mNOpq", None, "0", "1.8321", "12.25"),
            *("yourexamplestore", "13.12", "14.95"),
        ),
        (
            "documented/payoutEntry.created__official-docs-return",
            *("YxMPvrxHTfiRNCl3XSCGTA", "aBCDE12fGH3iJkL4mNOpq", "0.0", "0.0", "0.0"),
            *("yourexamplestore", "-10.00", "-10.00"),
        ),
    ],
)
def test_payout_entry(
    data, name, order_id, return_id, tax, fee, percent, payee, amount, total
):
    entry = PayoutEntry.from_payload(data(name))
    assert entry.order_id == order_id
    assert (entry.return_ and entry.return_.id) == return_id
    assert (entry.tax, entry.fee, entry.fee_percent) == (D(tax), D(fee), D(percent))
    (payout,) = entry.payouts
    assert (payout.payee, payout.currency) == (payee, "USD")
    assert (payout.amount, payout.total) == (D(amount), D(total))
    assert round(payout.total - entry.tax - entry.fee, 2) == payout.amount
    assert entry.live is False


def test_payout_entry_lists_subscriptions_in_both_forms(data):
    unexpanded = data(
        "recorded/payoutEntry.created__machinefarm-subscription-unexpanded"
    )
    entry = PayoutEntry.from_payload(unexpanded)
    assert entry.subscription_ids == ("7aRKdtI_RTe2jul3l-pfNA",)
    entry = PayoutEntry.from_payload(data("recorded/payoutEntry.created__codefrog"))
    assert entry.subscription_ids == ("81QWuXvsTnGG5TvSQ0CM-A",)


def test_charge_completed_holds_the_rebill(data):
    name = "recorded/subscription.charge.completed__cashier-fastspring"
    charge = SubscriptionCharge.from_payload(data(name))
    assert charge.succeeded is True
    assert charge.order.reference == "FUR171013-2389-33111B"
    assert (charge.total, charge.currency) == (D("149.95"), "USD")
    assert charge.sequence == 2
    assert charge.subscription.id == "SUBSCRIPTION_ID_PLACEHOLDER"
    assert charge.order.items[0].subscription_id == "5H8bPckiQDSWx9Qx4yqiDw"
    assert charge.timestamp == datetime(2017, 10, 13, 21, 25, 2, 735000, timezone.utc)
    assert (charge.reason, charge.decline_kind) == (None, None)


def test_charge_failed(data):
    name = "documented/subscription.charge.failed__official-docs"
    charge = SubscriptionCharge.from_payload(data(name))
    assert charge.succeeded is False
    assert charge.status == "failed"
    assert (charge.reason, charge.decline_kind) == ("EXPIRED_CARD", const.HARD)
    assert (charge.total, charge.order) == (None, None)
    assert charge.subscription.id == "1abc2DE_FGhIjKLm3NoPQR"
    assert charge.subscription.price == D("14.95")
    assert charge.subscription.deactivation_date == date(2025, 6, 15)
    assert charge.account_id == "abCdE1FGH2Hij3KLMnOpqR"
