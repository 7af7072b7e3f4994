import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path

import pytest
from fastspring.answers import Response
from fastspring.client import FastSpringClient
from fastspring.errors import (
    AnswerLost,
    ApiError,
    AuthError,
    FastSpringError,
    NoAnswer,
    NotFound,
    PayloadError,
    RateLimited,
    Unreadable,
)
from fastspring.sessions import SessionRequest

DOC = Path(__file__).resolve().parents[2] / "data" / "fastspring_payloads/api/doc"


class Transport:
    """Answer from a list, and remember what was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []

    def __call__(self, method, path, *, params=None, json=None, idempotent=True):
        self.calls.append((method, path, params, json, idempotent))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(document, status=200, **headers):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Response(status, headers, body)


def client(*answers):
    transport = Transport(*answers)
    return FastSpringClient(transport), transport.calls


def example(name):
    return (DOC / f"{name}.json").read_bytes()


CHARGED = {"subscription": "s1", "action": "subscription.charge", "result": "success"}
RETURNED = {
    "return": "r1",
    "action": "return.create",
    "result": "success",
    "totalReturn": 5,
    "original": {"id": "o1"},
}
# name: (call, a good answer, the request it makes)
CALLS = {
    "create_session": (
        lambda c: c.create_session(SessionRequest("/sessions", {"a": Decimal("1.5")})),
        {"id": "s1"},
        ("POST", "/sessions", None, {"a": 1.5}, True),
    ),
    "get_order": (
        lambda c: c.get_order("o/1"),
        {"id": "o/1"},
        ("GET", "/orders/o%2F1", None, None, True),
    ),
    "create_return": (
        lambda c: c.create_return("o1", note="n" * 300),
        {"returns": [RETURNED]},
        (
            "POST",
            "/returns",
            None,
            {
                "returns": [
                    {
                        "order": "o1",
                        "reason": "OTHER",
                        "note": "n" * 255,
                        "notification": "ORIGINAL",
                        "refundType": "FULL",
                    }
                ]
            },
            False,
        ),
    ),
    "list_unprocessed_events": (
        lambda c: c.list_unprocessed_events(days=99),
        {"events": []},
        ("GET", "/events/unprocessed", {"days": 30, "page": 1}, None, True),
    ),
    "mark_event_processed": (
        lambda c: c.mark_event_processed("E1"),
        {"id": "E1", "processed": True},
        ("POST", "/events/E1", None, {"processed": True}, True),
    ),
    "get_subscription": (
        lambda c: c.get_subscription("s1"),
        {"id": "s1"},
        ("GET", "/subscriptions/s1", None, None, True),
    ),
    "update_subscription": (
        lambda c: c.update_subscription(
            "s1", {"pricing": {"price": {"EUR": Decimal("137.42")}}}
        ),
        {"subscriptions": [{"subscription": "s1", "result": "success"}]},
        (
            "POST",
            "/subscriptions",
            None,
            {
                "subscriptions": [
                    {"subscription": "s1", "pricing": {"price": {"EUR": 137.42}}}
                ]
            },
            True,
        ),
    ),
    "charge_subscription": (
        lambda c: c.charge_subscription("s1"),
        {"subscriptions": [CHARGED]},
        (
            "POST",
            "/subscriptions/charge",
            None,
            {"subscriptions": [{"subscription": "s1"}]},
            False,
        ),
    ),
    "list_subscription_orders": (
        lambda c: c.list_subscription_orders("s1"),
        [],
        ("GET", "/subscriptions/s1/entries", None, None, True),
    ),
    "cancel_subscription": (
        lambda c: c.cancel_subscription("s1"),
        {"subscriptions": [{"subscription": "s1", "result": "success"}]},
        ("DELETE", "/subscriptions/s1", {"billingPeriod": 0}, None, True),
    ),
    "get_account": (
        lambda c: c.get_account("a1"),
        {"id": "a1"},
        ("GET", "/accounts/a1", None, None, True),
    ),
    "authenticate": (
        lambda c: c.authenticate("a1"),
        {"accounts": [{"result": "success", "url": "https://x/account/1"}]},
        ("GET", "/accounts/a1/authenticate", None, None, True),
    ),
}
MOVES_MONEY = {"create_return", "charge_subscription"}
every_call = pytest.mark.parametrize("name", CALLS)


@every_call
def test_request(name):
    call, good, request = CALLS[name]
    api, calls = client(ok(good))
    call(api)
    assert calls == [request]
    json.dumps(calls)  # whatever the transport encodes with


# === Results === #


def test_get_order_as_recorded(body):
    api, _ = client(ok(body("api/GET_orders_id__poyaz")))
    order = api.get_order("order serial")
    assert (order.total, order.currency) == (Decimal("193.05"), "USD")


def test_get_order_by_reference():
    api, _ = client(ok({"id": "o1", "reference": "R1"}))
    assert api.get_order("R1").id == "o1"


def test_another_order_is_not_taken_for_ours():
    api, _ = client(ok({"id": "o2", "reference": "R2"}))
    with pytest.raises(NoAnswer, match="another order"):
        api.get_order("o1")


def test_get_subscription_as_recorded(body):
    api, _ = client(ok(body("api/GET_subscriptions_id__poyaz")))
    assert api.get_subscription("subscription serial").price == 180
    api, _ = client(ok({"id": "s2"}))
    with pytest.raises(NoAnswer, match="another subscription"):
        api.get_subscription("s1")


def test_partial_return():
    api, calls = client(ok(example("POST_returns__response200-assembled")))
    amounts = {"p": Decimal("15.75"), "q": Decimal(3)}
    returned = api.create_return(
        "o1", amounts=amounts, reason="DUPLICATE_ORDER", notify=False
    )
    assert (returned.id, returned.total) == ("aBCDE12fGH3iJkL4mNOpqr", 5)
    assert returned.order_id == "AbC1D2eFGH34ijklmnopQrs"
    (item,) = calls[0][3]["returns"]
    assert item == {
        "order": "o1",
        "reason": "DUPLICATE_ORDER",
        "note": "",
        "notification": "NONE",
        "refundType": "PARTIAL",
        "items": [{"product": "p", "amount": 15.75}, {"product": "q", "amount": 3}],
    }


def test_an_empty_partial_return_is_not_a_full_one():
    api, calls = client(ok({"returns": [RETURNED]}))
    api.create_return("o1", amounts={})
    assert calls[0][3]["returns"][0]["refundType"] == "PARTIAL"


@pytest.mark.parametrize("key", ["subscription", "subscriptions"])
def test_charge_answers_under_two_names(key):
    api, _ = client(ok({key: [CHARGED]}))
    assert api.charge_subscription("s1") is None


def test_charge_as_documented():
    api, _ = client(ok(example("POST_subscriptions_charge__response200-assembled")))
    assert api.charge_subscription("subscription-id") is None


def test_orders_of_a_subscription():
    name = "GET_subscriptions_subscription_id_entries__response200-assembled"
    api, _ = client(ok(example(name)))
    (order,) = api.list_subscription_orders("s1")
    assert (order.reference, order.total) == ("NKO250115-3434-73110B", D("799.99"))
    api, _ = client(ok([{"id": "e1", "order": None}, {"id": "e2", "order": "o2"}]))
    assert [order.id for order in api.list_subscription_orders("s1")] == ["o2"]


def D(text):
    return Decimal(text)


def test_account_and_its_page():
    api, _ = client(
        ok(example("GET_accounts_account_id__response200-assembled")),
        ok(example("GET_accounts_account_id_authenticate__response200-assembled")),
        ok({"accounts": [{"result": "success", "url": "https://x/account/1"}]}),
        ok({"accounts": [{"result": "success"}]}),
        ok({"accounts": [{"result": "success", "url": "javascript:alert(1)"}]}),
    )
    assert api.get_account("a1")["charges"][0]["total"] == 100
    assert api.authenticate("a1").startswith(
        "https://company.onfastspring.com/account/"
    )
    assert api.authenticate("a1", "subscriptions") == (
        "https://x/account/1#/subscriptions"
    )
    for _ in range(2):
        with pytest.raises(NoAnswer, match="no address"):
            api.authenticate("a1")


def test_account_page_of_a_stand_in():
    home = "http://127.0.0.1:8070/mystore"
    answer = {"result": "success", "url": f"{home}/account/1"}
    api, _ = client(ok({"accounts": [answer]}), ok({"accounts": [answer]}))
    assert api.authenticate("a1", home=home) == f"{home}/account/1"
    with pytest.raises(NoAnswer, match="no address"):
        api.authenticate("a1", home="http://127.0.0.1:80")


@pytest.mark.parametrize(
    ("answer", "status"), [({"status": "COMPLETED"}, "COMPLETED"), ({}, None)]
)
def test_status_of_a_session(answer, status):
    api, calls = client(ok(answer))
    assert api.get_session_status("/v2/checkouts/s/c/sessions/1") == status
    assert calls == [("GET", "/v2/checkouts/s/c/sessions/1", None, None, True)]


# === Paging === #


def page(*ids, **more):
    events = [{"id": i, "type": "order.completed", "data": {}} for i in ids]
    return ok({"events": events, **more})


def pages_asked(calls):
    return [params["page"] for _method, _path, params, _json, _idempotent in calls]


def test_documented_events():
    api, calls = client(ok(example("GET_events_unprocessed__response200-assembled")))
    (event,) = api.list_unprocessed_events()
    assert (event.id, event.type) == (
        "ABCDEFGHIJK1LMNOPQR2STUV3WXYZAB",
        "account.updated",
    )
    assert event.error is None
    assert pages_asked(calls) == [1]


@pytest.mark.parametrize("second", [2, "2"])
def test_paging_by_number(second):
    api, calls = client(
        page("E1", "E2", nextPage=second, more=True),
        page("E3", "E2", nextPage=None, more=False),
    )
    assert [e.id for e in api.list_unprocessed_events(14)] == ["E1", "E2", "E3"]
    assert pages_asked(calls) == [1, 2]


def test_paging_by_more():
    api, calls = client(page("E1", more=True), page("E2", more=True), page("E3"))
    assert [e.id for e in api.list_unprocessed_events()] == ["E1", "E2", "E3"]
    assert pages_asked(calls) == [1, 2, 3]


@pytest.mark.parametrize(
    "last",
    [
        page("E1", more=True, nextPage=3),
        page(more=True, nextPage=3),
        page("E2", nextPage=2),
        page("E2", nextPage=1, more=True),
        page("E2", nextPage="x"),
    ],
)
def test_paging_ends(last):
    api, calls = client(page("E1", nextPage=2), last)
    assert api.list_unprocessed_events()[0].id == "E1"
    assert pages_asked(calls) == [1, 2]


def test_endless_paging_is_cut():
    answers = [page(f"E{n}", more=True) for n in range(300)]
    api, calls = client(*answers)
    assert len(api.list_unprocessed_events()) == len(calls) == 200


def test_events_as_bare_ids_and_broken_ones():
    good = {"id": "E1", "type": "order.completed", "data": {}}
    api, _ = client(ok({"events": ["E2", good, {"type": "x"}, 5]}))
    second, first = api.list_unprocessed_events()
    assert (second.id, second.error) == (
        "E2",
        "the event has no type, the event has no data",
    )
    assert (first.id, first.error) == ("E1", None)


def test_events_listed_as_an_empty_object():
    api, _ = client(ok({"events": {}}))
    assert api.list_unprocessed_events() == []


# === Refusals: nothing was done === #


def refused(answer, name="charge_subscription"):
    api, calls = client(answer)
    with pytest.raises(FastSpringError) as caught:
        CALLS[name][0](api)
    assert len(calls) == 1
    return caught.value


RETURNS = sorted(
    path.stem for path in DOC.glob("POST_returns__response400-*Error.json")
)


@pytest.mark.parametrize("name", RETURNS)
def test_documented_return_errors(name):
    error = refused(ok(example(name), 400), "create_return")
    (code,) = json.loads(example(name))["returns"][0]["error"]
    assert type(error) is ApiError
    assert (error.code, error.field, error.status) == (code, code, 400)
    assert error.text


def test_documented_return_errors_are_there():
    assert len(RETURNS) == 14


@pytest.mark.parametrize(
    ("name", "status", "kind", "code", "field", "text"),
    [
        (
            "POST_returns__response400-400BadRequest",
            *(400, ApiError, "REFUSED", "product", "Product path is not found"),
        ),
        (
            "GET_orders_order_id__response400-assembled",
            *(400, NotFound, "NOT_FOUND", "order", "Not found"),
        ),
        (
            "GET_accounts_account_id__response400-assembled",
            *(400, NotFound, "NOT_FOUND", "account", "account id not found"),
        ),
        (
            "GET_subscriptions_subscription_id__response400-assembled",
            *(400, NotFound, "NOT_FOUND", "subscription", "Subscription not found"),
        ),
        (
            "GET_subscriptions_subscription_id_entries__response400-assembled",
            *(400, NotFound, "NOT_FOUND", None, "not found"),
        ),
        (
            "POST_events_event_id__response400-assembled",
            *(400, NotFound, "NOT_FOUND", "order", "Not found"),
        ),
        (
            "POST_subscriptions_charge__response400-assembled",
            *(400, ApiError, "REFUSED", "subscription", "Renew can only be performed"),
        ),
        (
            "DELETE_subscriptions_subscription_id__response500-assembled",
            *(500, ApiError, "REFUSED", "subscription", "The subscription is already"),
        ),
        (
            "POST_coupons__response200-invalidDiscountType",
            *(200, ApiError, "REFUSED", None, "Invalid discount type amount"),
        ),
        (
            "POST_coupons__response400-unsupportedField",
            *(400, Unreadable, "UNREADABLE", None, "unreadable"),
        ),
        (
            "POST_v2_checkouts_checkoutPath_sessions__response400-assembled",
            *(400, ApiError, "INVALID_EMAIL_FORMAT", "customer.billToContact.email"),
            "Invalid email format",
        ),
        (
            "GET_invoices_invoiceId__response404-assembled",
            *(404, NotFound, "NOT_FOUND", None, "Resource does not exist."),
        ),
        (
            "GET_invoices_invoiceId__response500-assembled",
            *(400, ApiError, "VALIDATION_ERROR", None, "Invalid request parameters"),
        ),
        (
            "POST_v2_checkouts_checkoutPath_sessions__response401-assembled",
            *(401, AuthError, "AUTHENTICATION", None, "Invalid email format"),
        ),
    ],
)
def test_documented_errors(name, status, kind, code, field, text):
    error = refused(ok(example(name), status))
    assert type(error) is kind
    assert (error.code, error.field, error.status) == (code, field, status)
    assert error.text.startswith(text)
    assert "my.invalid.Email" not in str(error)


def test_success_next_to_an_error_is_an_error(body):
    name = "api/DELETE_subscriptions_id_already_canceled__poyaz"
    error = refused(ok(body(name), 200), "cancel_subscription")
    assert (type(error), error.code) == (ApiError, "REFUSED")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_charge_refused_in_words_is_not_lost(status):
    item = {**CHARGED, "result": "error", "error": {"subscription": "No."}}
    error = refused(ok({"subscriptions": [item]}, status))
    assert (type(error), error.text) == (ApiError, "No.")
    del item["error"]
    assert type(refused(ok({"subscriptions": [item]}, status))) is ApiError


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (ok(b"", 401), AuthError, "AUTHENTICATION"),
        (ok(b"<html>", 403), AuthError, "AUTHENTICATION"),
        (ok(b"", 400), ApiError, "HTTP_400"),
        (ok(b"<html>", 404), NotFound, "HTTP_404"),
        (ok({}, 404), NotFound, "NOT_FOUND"),
        (ok(b"", 302, location="https://x"), ApiError, "HTTP_302"),
        (ok(["x"], 400), ApiError, "HTTP_400"),
    ],
)
@every_call
def test_refused_without_a_word(name, answer, kind, code):
    error = refused(answer, name)
    assert (type(error), error.code) == (kind, code)


@every_call
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30),
        ({"retry-after": " 5 "}, 5),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
    ],
)
def test_rate_limited(name, headers, seconds):
    error = refused(ok({"code": "x", "message": "slow down"}, 429, **headers), name)
    assert (type(error), error.retry_after) == (RateLimited, seconds)


def test_rate_limited_until_a_date():
    when = datetime.now(timezone.utc) + timedelta(seconds=90)
    headers = {"Retry-After": format_datetime(when, usegmt=True)}
    assert 80 <= refused(ok(b"", 429, **headers)).retry_after <= 90


# === No answer: nobody knows === #

SILENCES = [
    TimeoutError("read timed out"),
    ConnectionResetError(),
    OSError("ssl"),
    NoAnswer("the adapter gave up"),
    ok(b"", 500),
    ok(b"", 502),
    ok(b"<html>Bad gateway</html>", 503),
    ok({"code": "INTERNAL", "message": "oops"}, 500),
    ok({"status": "500", "message": "oops", "errors": [{"errorCode": "X"}]}, 500),
    ok(b"", 408),
    ok(b"", 200),
    ok(b"not json", 200),
    ok(b"\xff", 200),
    ok(b"5", 200),
    ok(b"null", 200),
    ok(b"[" * 100_000, 200),
]


@every_call
@pytest.mark.parametrize("answer", SILENCES, ids=repr)
def test_no_answer(name, answer):
    error = refused(answer, name)
    assert type(error) is (AnswerLost if name in MOVES_MONEY else NoAnswer)
    method, path = CALLS[name][2][:2]
    assert str(error).startswith(f"{method} {path}: ")


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"subscriptions": []},
        {"subscriptions": [{}]},
        {"subscriptions": [{"subscription": "s1"}]},
        {"subscriptions": [{**CHARGED, "result": "pending"}]},
        {"subscriptions": [CHARGED, CHARGED]},
        {"subscriptions": "s1"},
    ],
)
def test_a_charge_not_confirmed_is_lost(document):
    assert type(refused(ok(document))) is AnswerLost


@pytest.mark.parametrize(
    "document",
    [
        {"returns": [{**RETURNED, "return": None}]},
        {"returns": [{**RETURNED, "totalReturn": "x"}]},
        {"returns": [{k: v for k, v in RETURNED.items() if k != "result"}]},
        {},
    ],
)
def test_a_return_not_confirmed_is_lost(document):
    assert type(refused(ok(document), "create_return")) is AnswerLost


@pytest.mark.parametrize(
    "name", ["create_session", "list_unprocessed_events", "get_account"]
)
def test_a_list_where_an_object_was_asked_for_is_no_answer(name):
    assert type(refused(ok([]), name)) is NoAnswer


@pytest.mark.parametrize("name", ["get_order", "get_subscription"])
def test_an_object_without_id_is_no_answer(name):
    error = refused(ok({"total": 5}), name)
    assert type(error) is NoAnswer
    assert isinstance(error.__cause__, PayloadError)


def test_what_cannot_be_sent_is_not_sent():
    api, calls = client()
    with pytest.raises(ValueError, match="does not fit"):
        api.create_return("o1", amounts={"p": D("12345678901234567.89")})
    assert calls == []


def test_a_bug_in_the_transport_is_not_hidden():
    api, _ = client(KeyError("bug"))
    with pytest.raises(KeyError):
        api.charge_subscription("s1")
