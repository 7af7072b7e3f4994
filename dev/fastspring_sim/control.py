"""The control panel and its JSON twin: what no real FastSpring offers.

A form is answered with the panel, JSON with JSON.
"""

import json
from decimal import Decimal
from urllib.parse import quote

from werkzeug.routing import Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import accounts, faults, orders, returns, sessions, subscriptions
from .money import decimal
from .outbox import collapse, dumps
from .pages import page

PANEL = "/_sim/"
SHOWN = 30


def _json(body, status=200):
    return Response(dumps(body), status, content_type="application/json")


def _control(action):
    """Make a route of a function of (world, values, **arguments).

    Its result is the answer; ValueError, Refused and Invalid become a 400.
    """

    def route(world, request, **arguments):
        plain = not request.is_json and bool(request.form)
        try:
            values = request.form.to_dict() if plain else _values(request)
            with world.store.transaction():
                result = action(world, values, **arguments)
            problem = None
        except (ValueError, orders.Refused, returns.Invalid) as error:
            result, problem = {"error": str(error)}, str(error)
        world.outbox.wake()
        if plain:
            anchor = request.form.get("back", "")
            query = f"?problem={quote(problem)}" if problem else ""
            return redirect(f"{PANEL}{query}#{quote(anchor)}", 303)
        return _json(result, 400 if problem else 200)

    return route


def _values(request):
    data = request.get_data()
    values = json.loads(data, parse_float=Decimal) if data else {}
    if not isinstance(values, dict):
        raise ValueError("Expecting a JSON object.")
    return values


# --- showing -----------------------------------------------------------------------


def _state(world):
    """Return everything there is, secrets excepted, as JSON values."""
    settings = world.settings.as_dict()
    for name in ("password", "webhook_secret"):
        settings[name] = bool(settings[name])
    outbox = world.outbox
    return {
        "now": world.clock.now(),
        "settings": settings,
        "faults": world.faults.active(),
        "sessions": [sessions.find(world, one["id"]) for one in
                     world.store.all("session")],
        "orders": [orders.answer(world, one) for one in world.store.all("order")],
        "subscriptions": [
            {**collapse(subscriptions.expanded(world, one["id"])),
             "outcome": one["outcome"]}
            for one in world.store.all("subscription")
        ],
        "returns": world.store.all("return"),
        "accounts": world.store.all("account"),
        "events": [
            {**outbox.as_payload(row), "state": row["state"],
             "attempts": row["attempts"], "due": row["due"]}
            for row in outbox.rows()
        ],
        "deliveries": outbox.deliveries(),
    }  # fmt: skip


def state(world, request):
    """`GET /_sim/state`."""
    with world.store.transaction():
        return _json(_state(world))


def panel(world, request):
    """`GET /_sim/`: the page to drive it by hand."""
    with world.store.transaction():
        return page(
            "panel.html",
            world=world,
            settings=world.settings,
            now=world.clock.now(),
            problem=request.args.get("problem", ""),
            sessions=[
                {**session, "url": sessions.checkout_url(world, session)}
                for one in reversed(world.store.all("session")[-SHOWN:])
                if (session := sessions.find(world, one["id"]))["status"] == "OPEN"
            ],
            orders=[
                {**one, "email": accounts.find(world, one["account"])["email"],
                 "refunded": sum(
                     back["total"]
                     for back in world.store.find("return", "order", one["id"])
                 )}
                for one in reversed(world.store.all("order")[-SHOWN:])
            ],
            subscriptions=world.store.all("subscription")[::-1][:SHOWN],
            outcomes=(subscriptions.SUCCESS, *subscriptions.DECLINES),
            events=[
                {**row, "payload": json.dumps(
                    world.outbox.as_payload(row), indent=2, ensure_ascii=False,
                )}
                for row in map(dict, world.outbox.rows(limit=SHOWN, newest_first=True))
            ],
            deliveries=world.outbox.deliveries(SHOWN),
            faults=faults.KNOWN,
            active=world.faults.active(),
        )  # fmt: skip


# --- doing -------------------------------------------------------------------------


@_control
def configure(world, values):
    """`POST /_sim/config`: settings by name."""
    values.pop("back", None)
    world.configure(values)
    return world.settings.as_dict() | {"password": None, "webhook_secret": None}


@_control
def set_faults(world, values):
    """`POST /_sim/faults`: see `faults.KNOWN`; `{"clear": true}` first clears all."""
    values.pop("back", None)
    if values.pop("clear", None):
        world.faults.clear()
    switches = {"on": True, "once": 1, "off": False}
    world.faults.set({
        name: switches.get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
    })  # fmt: skip
    return world.faults.active()


@_control
def act_on_session(world, values, key, action):
    """`POST /_sim/sessions/{id}/pay|paypal|wire|decline|cancel|expire`."""
    if action == "cancel":
        return sessions.abandon(world, key)
    if action == "expire":
        return sessions.expire(world, key)
    method = {"pay": "card"}.get(action, action)
    contact = {name: values.get(name) for name in ("email", "first", "last")}
    return orders.answer(world, orders.place(world, key, method, contact))


@_control
def act_on_order(world, values, key, action):
    """`POST /_sim/orders/{id}/arrive|expire|cancel|chargeback|refund`."""
    amount = values.get("amount")
    if amount in (None, ""):
        amount = None
    elif decimal(amount) is None:
        raise ValueError("amount is not a number")
    if action == "refund":
        return returns.by_staff(
            world, key, amount, values.get("reason", "OTHER"), values.get("note", "")
        )
    if action == "chargeback":
        taken = None if amount is None else decimal(amount)
        return orders.answer(world, orders.chargeback(world, key, taken))
    act = {"arrive": orders.arrive, "expire": orders.expire, "cancel": orders.cancel}
    return orders.answer(world, act[action](world, key))


@_control
def act_on_subscription(world, values, key, action):
    """`POST /_sim/subscriptions/{id}/outcome|charge|deactivate`."""
    document = subscriptions.find(world, key)
    if document is None or not document["active"]:
        raise orders.Refused("This subscription is not active.")
    if action == "outcome":
        subscriptions.set_outcome(world, key, values.get("outcome"))
    elif action == "charge":
        subscriptions.charge(world, document)
    else:
        subscriptions.deactivate(world, document)
    return collapse(subscriptions.expanded(world, key))


@_control
def emit(world, values):
    """`POST /_sim/events`: any event, `{"type", "data", "live"}`."""
    kind, data = values.get("type"), values.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise ValueError("An event needs a type and data.")
    return {"id": world.emit(kind, data, bool(values.get("live", False)))}


@_control
def resend(world, values, key):
    """`POST /_sim/events/{id}/resend`: the same object under a new event id."""
    new = world.outbox.resend(key)
    if new is None:
        raise ValueError("There is no such event.")
    return {"id": new}


@_control
def hurry(world, values):
    """Let what waits for a later try be due now."""
    world.outbox.hurry()
    return {}


def deliver(world, request):
    """`POST /_sim/deliver`: send now; `{"waiting": true}` also later tries."""
    if request.form or (request.is_json and _values(request).get("waiting")):
        hurry(world, request)
    sent = world.outbox.flush()
    return redirect(PANEL + "#events", 303) if request.form else _json({"sent": sent})


@_control
def advance(world, values):
    """`POST /_sim/clock`: `{"hours", "seconds"}` forward."""
    hours, seconds = (float(values.get(name) or 0) for name in ("hours", "seconds"))
    world.clock.advance(hours * 3600 + seconds)
    return {"now": world.clock.now()}


def _post(path, endpoint):
    return Rule(PANEL + path, endpoint=endpoint, methods=["POST"])


ROUTES = [
    Rule(PANEL, endpoint=panel, methods=["GET"]),
    Rule(PANEL + "state", endpoint=state, methods=["GET"]),
    _post("config", configure),
    _post("faults", set_faults),
    _post(
        "sessions/<key>/<any(pay, paypal, wire, decline, cancel, expire):action>",
        act_on_session,
    ),
    _post(
        "orders/<key>/<any(arrive, expire, cancel, chargeback, refund):action>",
        act_on_order,
    ),
    _post(
        "subscriptions/<key>/<any(outcome, charge, deactivate):action>",
        act_on_subscription,
    ),
    _post("events", emit),
    _post("events/<key>/resend", resend),
    _post("deliver", deliver),
    _post("clock", advance),
]
