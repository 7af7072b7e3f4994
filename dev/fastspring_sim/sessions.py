"""Checkout sessions: what the current API (v2) and the older one (v1) share."""

from . import cart, catalogue

WIRE_CURRENCIES = {"AUD", "CAD", "CHF", "EUR", "GBP", "JPY", "USD"}
HOUR = 3_600_000


def find(world, key):
    """Return a session with its present status, or None."""
    session = world.store.get("session", key)
    if (
        session
        and session["status"] == "OPEN"
        and world.clock.now() >= session["expires"]
    ):
        session["status"] = "EXPIRED"
    return session


def save(world, session):
    """Store a session."""
    world.store.put("session", session["id"], session)


def priced(world, session):
    """Return the cart's lines with their amounts."""
    return cart.price_lines(
        world,
        session["items"],
        session["currency"],
        session["country"],
        session["customer"].get("taxId"),
    )


def settle_currency(world, session):
    """Decide the session's currency from its country and first price."""
    prices = session["items"][0]["price"] if session["items"] else {}
    session["currency"] = cart.choose_currency(
        world.settings, session["country"], prices
    )
    fault = world.faults.take("session_currency")
    if fault:
        session["currency"] = other_currency(session["currency"], fault)


def other_currency(currency, fault):
    """Return the currency that a fault puts in place of another."""
    return fault["currency"] or ("USD" if currency != "USD" else "EUR")


def methods(session):
    """Return the ids of the payment methods that the checkout offers."""
    offered = ["CARD", "PAYPAL"]
    recurring = any(item["interval"] for item in session["items"])
    if session["currency"] in WIRE_CURRENCIES and not recurring:
        offered.append("WIRE")
    hidden = {name.upper() for name in session["hidePaymentMethods"]}
    return [name for name in offered if name not in hidden]


def title(world, item, language):
    """Return what the buyer reads for a line."""
    given = item["descriptions"].get("display") or {}
    known = (catalogue.find(world, item["product"]) or {}).get("display", {})
    return given.get(language) or given.get("en") or known.get("en") or item["product"]


def is_closed(session):
    """Return whether a session cannot be changed or paid any more."""
    return session["status"] != "OPEN"


def abandon(world, key):
    """The buyer presses Cancel: nothing is charged and nobody is told.

    :return: the session, or None
    """
    session = find(world, key)
    if session and not is_closed(session):
        session["status"] = "CANCELLED"
        save(world, session)
    return session


def expire(world, key):
    """Let an open session run out now.

    :return: the session, or None
    """
    session = find(world, key)
    if session and not is_closed(session):
        session["expires"] = world.clock.now()
        save(world, session)
    return find(world, key)


def checkout_url(world, session):
    """Return the hosted page of a session."""
    key = session["id"]
    if session["version"] == 1:
        return f"{world.storefront_url}/session/{key}"
    return f"{world.storefront_url}/checkout/session/{key}"
