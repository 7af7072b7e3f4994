"""Whatever arrives, nothing but our own errors leaves."""

import json
from decimal import Decimal

from fastspring import const, values
from fastspring.answers import Response, read
from fastspring.errors import FastSpringError, PayloadError
from fastspring.events import acknowledgement, parse_events
from fastspring.expected import Expected
from fastspring.matching import match_order
from fastspring.orders import Order
from fastspring.payouts import PayoutEntry
from fastspring.returns import Chargeback, Return
from fastspring.session_checks import check_session
from fastspring.signature import sign, verify
from fastspring.subscriptions import Subscription, SubscriptionCharge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

settings.register_profile(
    "fastspring", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fastspring")

EXPECTED = Expected("T1", Decimal(5), "EUR", "p", True, "s")
# Keys the parsers look for, so that the fuzz gets behind the first check.
KEYS = st.sampled_from(
    """id type live created data events error result errors message code order orders
    reference account currency total subtotal tax discount completed changed tags key
    value items product quantity attributes subscription payment creditcard bank
    cardEnding reason paymentDueDate returns return amount original totalReturn
    subtractions fastspring percentage payouts payout subscriptions state price sequence
    nextChargeDate deactivationDate status timestamp chargebackAmount processorCaseId
    creationDate cart lineItems productPath price taxExempt withTaxNetTotal orderTags
    checkoutStatus warnings taxIncluded invoiceUrl customer email taxExemptionData
    payoutCurrency totalInPayoutCurrency orderId""".split()
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.decimals()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["Thu May 28 00:00:00 UTC 2026", "2026-05-28", "5.00", "https://[", "test"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=40,
)
OBJECTS = st.dictionaries(KEYS, JSON, min_size=1, max_size=12)


def encoded(document):
    return json.dumps(document, default=str).encode()


@given(st.binary())
def test_arbitrary_bytes(body):
    try:
        parse_events(body)
    except PayloadError:
        pass


@given(JSON)
def test_arbitrary_json(document):
    try:
        parse_events(encoded(document))
    except PayloadError:
        pass


@given(st.lists(JSON | OBJECTS, max_size=5))
def test_arbitrary_events_are_all_given_back(raws):
    body = encoded({"events": raws})
    try:
        values.loads(body)
    except PayloadError:
        return
    found = parse_events(body)
    assert len(found) == len(raws)
    for event in found:
        assert event.error or (event.id and event.type)
        json.dumps(event.raw, default=str)
    ids = [event.id for event in found]
    stored = [event.id for event in found if not event.error]
    status, text = acknowledgement(ids, stored)
    assert status in (200, 202, 503)
    if status == 202:
        assert set(text.split("\n")) == set(stored)
    text.encode("ascii")


@given(OBJECTS | JSON)
def test_arbitrary_objects(data):
    for parser in (
        *(Order, Return, Chargeback, PayoutEntry, Subscription, SubscriptionCharge),
    ):
        try:
            parsed = parser.from_payload(data)
        except PayloadError:
            continue
        repr(parsed)
        if parser is Order:
            for problem in match_order(parsed, EXPECTED):
                assert problem.text
            assert parsed.payment.label is not None
            parsed.payment.method_code  # noqa: B018


@given(OBJECTS | JSON, st.sampled_from([const.V1, const.V2]))
def test_arbitrary_sessions(response, version):
    problems = check_session(response, EXPECTED, version)
    assert problems
    for problem in problems:
        assert problem.text


@given(JSON | OBJECTS | st.binary(), st.integers(100, 599))
def test_arbitrary_answers(document, status):
    body = document if isinstance(document, bytes) else encoded(document)
    try:
        assert isinstance(read(Response(status, {}, body)), (dict, list))
    except FastSpringError as error:
        assert str(error)


@given(st.binary(), st.text(), st.text() | st.none())
def test_arbitrary_headers_do_not_verify(body, header, secret):
    genuine = bool(secret and secret.strip()) and _signed(body, secret) == header
    assert verify(body, header, secret) is genuine


@given(st.binary(), st.text(min_size=1).filter(str.strip))
def test_only_the_signed_body_verifies(body, secret):
    header = _signed(body, secret)
    if header is not None:
        assert verify(body, header, secret)
        assert not verify(body + b"\x00", header, secret)
        assert not verify(body, header, secret + "x")


def _signed(body, secret):
    try:
        return sign(body, secret)
    except UnicodeError:
        return None


@given(st.decimals(-(10**11), 10**11, places=4))
def test_amounts_survive_the_wire_and_both_notations(amount):
    number = values.loads(json.dumps(values.wire(amount)).encode())
    assert values.money(number) == values.money(str(amount)) == amount
