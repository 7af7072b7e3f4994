"""The older Sessions API: `POST /sessions`."""

from . import accounts, catalogue, items, sessions
from .errors import listed
from .ids import new_id
from .money import ZERO


def create_session(world, call):
    """`POST /sessions`."""
    body = call.body
    error = {}
    account = _account(world, body, error)
    bought = _items(world, body, error)
    tags = body.get("tags") or {}
    days = body.get("expiration")
    if days is not None and (not isinstance(days, int) or not 1 <= days <= 7):
        error["expiration"] = "Expecting 1 to 7 days"
    if not isinstance(tags, dict):
        error["tags"] = "Expecting an object"
    if error:
        raise listed("sessions", "session.create", "session", None, error)
    now = world.clock.now()
    hours = days * 24 if days else world.settings.session_hours
    language, country = account["language"], account["country"]
    session = {
        "id": new_id(),
        "version": 1,
        "checkout": "",
        "created": now,
        "expires": now + int(hours * sessions.HOUR),
        "status": "OPEN",
        "locale": language,
        "country": country,
        "live": world.settings.live,
        "buyerIp": "127.0.0.1",
        "customer": {"taxId": account["taxId"]},
        "orderTags": {key: str(value) for key, value in tags.items()},
        "couponCode": body.get("coupon"),
        "items": bought,
        "hidePaymentMethods": [],
        "warnings": [],
        "order": None,
        "account": account["id"],
    }
    sessions.settle_currency(world, session)
    sessions.save(world, session)
    lines = sessions.priced(world, session)
    subtotal = sum((line["unit"] * line["quantity"] for line in lines), ZERO)
    return 200, {
        "id": session["id"],
        "currency": session["currency"],
        "expires": session["expires"],
        "order": None,
        "account": account["id"],
        "subtotal": subtotal,
        "items": [
            {"product": line["product"], "quantity": line["quantity"]} for line in lines
        ],
    }


def _account(world, body, error):
    if "account" in body:
        account = accounts.find(world, body["account"])
        if account is None:
            error["account"] = "Not found"
        return account
    contact = body.get("contact")
    if not isinstance(contact, dict) or not accounts.is_email(contact.get("email")):
        error["contact.email"] = "Not a valid email address"
        return None
    if error:
        return None
    return accounts.attach(
        world, contact, {}, contact.get("language"), contact.get("country"),
        live=world.settings.live,
    )  # fmt: skip


def _items(world, body, error):
    given = body.get("items")
    if not isinstance(given, list) or not given:
        error["items"] = "At least one item is required"
        return []
    problems = items.Problems()
    found = []
    for at, line in enumerate(given):
        path = line.get("product") if isinstance(line, dict) else None
        product = catalogue.find(world, path)
        if not product:
            error["product"] = f"Not found: {path}"
            continue
        if any(item["product"] == path for item in found):
            error["items"] = "Item exists"
        found.append(items.read(_modern(line), product, f"items[{at}]", problems))
    for _code, field, text, _value in problems:
        error[field] = text
    return found


def _modern(line):
    """Translate a v1 item into a v2 line item."""
    pricing = line.get("pricing")
    pricing = pricing if isinstance(pricing, dict) else {}
    interval = pricing.get("interval")
    unit = {None: None, "adhoc": "ON_DEMAND"}.get(
        interval if isinstance(interval, str) else None, str(interval).upper()
    )
    return {
        "quantity": line.get("quantity", 1),
        "attributes": line.get("attributes"),
        "customPrice": {"unitPrice": pricing.get("price")},
        "quantityBehavior": str(pricing.get("quantityBehavior", "allow")).upper(),
        "subscriptionOverrides": {
            "billingFrequency": {
                "intervalUnit": unit,
                "intervalLength": pricing.get("intervalLength"),
            }
        },
    }
