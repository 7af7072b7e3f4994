"""The REST API: routes, authentication, faults and errors."""

import base64
import hmac
import json
import socket
import time
from decimal import Decimal

from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from . import (
    accounts,
    catalogue,
    events,
    orders,
    returns,
    sessions_v1,
    sessions_v2,
    subscriptions,
)
from .errors import ApiError, coded, message, modern
from .outbox import dumps

V2 = "/v2/checkouts/<store>/<checkout>/sessions"
ONE = V2 + "/<key>"


def _rules(path, **handlers):
    return [Rule(path, methods=[verb], endpoint=one) for verb, one in handlers.items()]


ROUTES = [
    *_rules("/sessions", POST=sessions_v1.create_session),
    *_rules(V2, POST=sessions_v2.create_session),
    *_rules(ONE, GET=sessions_v2.get_session, PUT=sessions_v2.update_session),
    *_rules(ONE + "/payment-methods", GET=sessions_v2.get_payment_methods),
    *_rules(ONE + "/customer", PUT=sessions_v2.update_customer),
    *_rules(ONE + "/cart/items", POST=sessions_v2.add_item),
    *_rules(
        ONE + "/cart/items/<path>",
        PUT=sessions_v2.update_item,
        DELETE=sessions_v2.remove_item,
    ),
    *_rules("/accounts", GET=accounts.list_accounts, POST=accounts.create_account),
    *_rules("/accounts/<key>", GET=accounts.get_account, POST=accounts.update_account),
    *_rules("/accounts/<key>/authenticate", GET=accounts.authenticate),
    *_rules("/orders", GET=orders.list_orders, POST=orders.update_orders),
    *_rules("/orders/<keys>", GET=orders.get_orders),
    *_rules("/returns", POST=returns.create_returns),
    *_rules("/returns/<keys>", GET=returns.get_returns),
    *_rules("/events/unprocessed", GET=events.list_unprocessed),
    *_rules("/events/processed", GET=events.list_processed),
    *_rules("/events/<key>", POST=events.mark_event),
    *_rules("/webhooks/keys", POST=events.set_secret),
    *_rules(
        "/subscriptions",
        GET=subscriptions.list_subscriptions,
        POST=subscriptions.update_subscriptions,
    ),
    *_rules("/subscriptions/charge", POST=subscriptions.charge_subscriptions),
    *_rules(
        "/subscriptions/<keys>",
        GET=subscriptions.get_subscriptions,
        DELETE=subscriptions.delete_subscriptions,
    ),
    *_rules("/subscriptions/<key>/entries", GET=subscriptions.get_entries),
    *_rules("/subscriptions/<key>/pause", POST=subscriptions.pause_subscription),
    *_rules("/subscriptions/<key>/resume", POST=subscriptions.resume_subscription),
    *_rules("/products", GET=catalogue.list_products, POST=catalogue.write_products),
    *_rules("/products/<paths>", GET=catalogue.get_products),
    *_rules("/products/<path>", DELETE=catalogue.delete_product),
]


class Call:
    """What a handler sees of a request.

    :param request: Werkzeug's request
    """

    def __init__(self, request):
        self.query = request.args
        self.body = _body(request)

    def part(self, name):
        """Return the object of that name in the body, or an empty one."""
        value = self.body.get(name)
        return value if isinstance(value, dict) else {}

    def entries(self, name):
        """Return the list of objects of a batch request.

        :raises ApiError: when there is none
        """
        entries = self.body.get(name)
        if not isinstance(entries, list) or not entries:
            raise message(400, f"{name} is required")
        if not all(isinstance(entry, dict) for entry in entries):
            raise _unreadable()
        return entries

    def batch_status(self, entries):
        """Return 400 when every entry of a batch failed, else 200."""
        return 200 if any(entry["result"] == "success" for entry in entries) else 400


def _body(request):
    data = request.get_data()
    if not data or request.method in ("GET", "DELETE"):
        return {}
    try:
        body = json.loads(data, parse_float=Decimal, parse_constant=_no_constant)
    except ValueError:
        raise _unreadable() from None
    if not isinstance(body, dict):
        raise _unreadable()
    return body


def _no_constant(name):
    raise ValueError(name)


def _unreadable():
    return message(400, "unreadable")


def respond(world, request, handler, arguments):
    """Answer one API request.

    :param handler: function of (world, call, **arguments) that returns the status
        and the JSON value
    :return: a Response, or None when the connection is to break without one
    """
    path = request.path
    try:
        _check_access(world, request)
        _check_faults(world, path)
        if _breaks(world, "lost_request", path):
            return None
        with world.store.transaction():
            status, body = handler(world, Call(request), **arguments)
    except ApiError as error:
        return _response(error.status, error.body, error.headers)
    world.outbox.wake()
    if request.method != "GET" and _breaks(world, "lost_answer", path):
        return None
    return _response(status, body)


def not_found():
    """Return the answer to a path that does not exist."""
    error = message(404, "not found")
    return _response(error.status, error.body)


def not_allowed(methods):
    """Return the answer to a method that a path does not know."""
    error = message(405, "method not allowed", {"Allow": ", ".join(sorted(methods))})
    return _response(error.status, error.body, error.headers)


def hang_up(request):
    """Break the connection, so that the client never sees an answer."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response()


def _response(status, body, headers=None):
    text = "" if body is None else dumps(body)
    return Response(text, status, headers, content_type="application/json")


def _check_access(world, request):
    headers = {"WWW-Authenticate": 'Basic realm="FastSpring"'}
    if not request.headers.get("User-Agent"):
        raise _unauthorized(request, "A User-Agent header is required.", headers)
    settings = world.settings
    wanted = f"{settings.username}:{settings.password}".encode()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(token, validate=True)
    except ValueError:
        given = b""
    if scheme.lower() != "basic" or not hmac.compare_digest(given, wanted):
        raise _unauthorized(request, "Invalid credentials.", headers)


def _unauthorized(request, text, headers):
    if request.path.startswith("/v2/"):
        error = modern(401, "UNAUTHORIZED", ("UNAUTHORIZED", "", text, ""))
        error.headers = headers
        return error
    return coded(401, "UNAUTHORIZED", text, headers)


def _check_faults(world, path):
    fault = world.faults.take("rate_limit", path)
    if fault:
        wait = {"Retry-After": str(fault["retry_after"])}
        raise coded(429, "TOO_MANY_REQUESTS", "Too many requests.", wait)
    if world.faults.strikes("throttle_404", path):
        raise message(404, "not found")
    if world.faults.strikes("server_error", path):
        raise ApiError(500, None)


def _breaks(world, name, path):
    fault = world.faults.take(name, path)
    if fault is None:
        return False
    time.sleep(float(fault["seconds"]))
    return True
