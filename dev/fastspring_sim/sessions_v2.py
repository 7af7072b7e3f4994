"""The current Sessions API: `/v2/checkouts/{store}/{checkout}/sessions`."""

import re

from . import accounts, catalogue, items, sessions
from . import session_answers as answers
from .errors import modern
from .ids import new_session_id

CHECKOUT = re.compile(r"(popup|embedded|web)-[a-z0-9-]+")
COUNTRY = re.compile(r"[A-Z]{2}")


def create_session(world, call, store, checkout):
    """`POST /v2/checkouts/{store}/{checkout}/sessions`."""
    _require_checkout(world, store, checkout)
    now = world.clock.now()
    session = {
        "id": new_session_id(),
        "version": 2,
        "checkout": checkout,
        "created": now,
        "expires": now + int(world.settings.session_hours * sessions.HOUR),
        "status": "OPEN",
        "locale": "en",
        "country": "US",
        "currency": world.settings.default_currency,
        "live": world.settings.live,
        "buyerIp": "127.0.0.1",
        "customer": {},
        "orderTags": {},
        "couponCode": None,
        "items": [],
        "raw": [],
        "paymentMethodsOrder": [],
        "hidePaymentMethods": [],
        "warnings": [],
        "order": None,
        "account": None,
    }
    _apply(world, session, call.body)
    sessions.save(world, session)
    return 201, answers.render(world, session)


def get_session(world, call, store, checkout, key):
    """`GET .../sessions/{id}`; unlike the others it lists payment methods."""
    session = _require(world, store, checkout, key)
    answer = answers.render(world, session)
    answer["paymentMethods"] = answers.render_methods(session)
    answer["hidePaymentMethods"] = session["hidePaymentMethods"]
    return 200, answer


def update_session(world, call, store, checkout, key):
    """`PUT .../sessions/{id}`: what is given replaces what was there."""
    session = _require_open(world, store, checkout, key)
    _apply(world, session, call.body)
    sessions.save(world, session)
    answer = answers.render(world, session)
    answer["paymentMethods"] = answers.render_methods(session)
    answer["hidePaymentMethods"] = session["hidePaymentMethods"]
    return 200, answer


def get_payment_methods(world, call, store, checkout, key):
    """`GET .../sessions/{id}/payment-methods`."""
    session = _require(world, store, checkout, key)
    return 200, {"paymentMethods": answers.render_methods(session)}


def update_customer(world, call, store, checkout, key):
    """`PUT .../sessions/{id}/customer`."""
    session = _require_open(world, store, checkout, key)
    _apply(world, session, {"customer": call.body})
    sessions.save(world, session)
    return 200, answers.render_customer(world, session)


def add_item(world, call, store, checkout, key):
    """`POST .../sessions/{id}/cart/items`."""
    session = _require_open(world, store, checkout, key)
    raw = [*session["raw"], call.body]
    _apply(world, session, {"cart": {"lineItems": raw}})
    sessions.save(world, session)
    return 200, answers.render_line(session, sessions.priced(world, session)[-1])


def update_item(world, call, store, checkout, key, path):
    """`PUT .../cart/items/{productPath}`."""
    session = _require_open(world, store, checkout, key)
    index = _index(session, path)
    raw = [*session["raw"]]
    raw[index] = {**raw[index], **call.body, "productPath": path}
    _apply(world, session, {"cart": {"lineItems": raw}})
    sessions.save(world, session)
    return 200, answers.render_line(session, sessions.priced(world, session)[index])


def remove_item(world, call, store, checkout, key, path):
    """`DELETE .../cart/items/{productPath}`."""
    session = _require_open(world, store, checkout, key)
    index = _index(session, path)
    raw = [item for at, item in enumerate(session["raw"]) if at != index]
    _apply(world, session, {"cart": {"lineItems": raw}})
    sessions.save(world, session)
    return 204, None


def _index(session, path):
    for at, item in enumerate(session["items"]):
        if item["product"] == path:
            return at
    raise modern(
        400,
        "BAD_REQUEST",
        ("PRODUCT_NOT_IN_CART", "productPath", "Product is not in the cart", path),
    )


def _require_checkout(world, store, checkout):
    if store != world.settings.store or not CHECKOUT.fullmatch(checkout):
        raise modern(
            404,
            "NOT_FOUND",
            (
                "CHECKOUT_NOT_FOUND",
                "checkoutPath",
                "Checkout not found",
                f"{store}/{checkout}",
            ),
        )


def _require(world, store, checkout, key):
    _require_checkout(world, store, checkout)
    session = sessions.find(world, key)
    if session is None or session["version"] != 2 or session["checkout"] != checkout:
        raise modern(
            404,
            "NOT_FOUND",
            ("SESSION_NOT_FOUND", "sessionId", "Session not found", key),
        )
    return session


def _require_open(world, store, checkout, key):
    session = _require(world, store, checkout, key)
    if sessions.is_closed(session):
        raise modern(
            400,
            "BAD_REQUEST",
            ("SESSION_NOT_OPEN", "sessionId", "Session is not open", session["status"]),
        )
    return session


def _apply(world, session, body):
    """Check a request and take it over; refuse all of it if any part is wrong."""
    problems = items.Problems()
    warnings = []
    for name in ("customer", "orderTags", "cart"):
        if not isinstance(body.get(name, {}), dict):
            problems.note("INVALID_TYPE", name, "Expecting an object", body[name])
    for name in ("paymentMethodsOrder", "hidePaymentMethods"):
        names = body.get(name, [])
        if not isinstance(names, list) or not all(
            isinstance(one, str) for one in names
        ):
            problems.note("INVALID_TYPE", name, "Expecting a list of names", names)
    problems.refuse()
    _take_customer(world, session, body, problems, warnings)
    _take_place(world, session, body, problems, warnings)
    _take_tags(session, body, problems)
    if "cart" in body:
        _take_cart(world, session, body["cart"], problems, warnings)
    problems.refuse()
    for name in ("paymentMethodsOrder", "hidePaymentMethods"):
        session[name] = body.get(name, session[name])
    sessions.settle_currency(world, session)
    session["warnings"] = warnings


def _take_customer(world, session, body, problems, warnings):
    if "customer" not in body:
        return
    customer = body["customer"]
    for name in ("billToContact", "billToAddress", "shipToContact", "shipToAddress"):
        if not isinstance(customer.get(name, {}), dict):
            problems.note(
                "INVALID_TYPE", f"customer.{name}", "Expecting an object",
                customer[name],
            )  # fmt: skip
    problems.refuse()
    for name in ("billToContact", "shipToContact"):
        email = customer.get(name, {}).get("email")
        if email is not None and not accounts.is_email(email):
            problems.note(
                "INVALID_EMAIL_FORMAT", f"customer.{name}.email",
                "Invalid email format", email,
            )  # fmt: skip
    key = customer.get("accountId")
    if key is not None and accounts.find(world, key) is None:
        problems.note(
            "ACCOUNT_NOT_FOUND", "customer.accountId", "Account not found", key
        )
    session["account"] = key
    session["customer"] = customer
    tax_id = customer.get("taxId") or ""
    if not isinstance(tax_id, str):
        problems.note("INVALID_TYPE", "customer.taxId", "Expecting text", tax_id)
    elif tax_id and not accounts.TAX_ID.fullmatch(tax_id):
        warnings.append(
            _warning("INVALID_TAX_ID", "taxId", "The tax id is not valid and was not"
                     " applied.")
        )  # fmt: skip


def _take_place(world, session, body, problems, warnings):
    locale = body.get("locale", session["locale"])
    if not isinstance(locale, str) or not 2 <= len(locale) <= 5:
        problems.note("INVALID_LOCALE", "locale", "Invalid locale", locale)
    session["locale"] = locale
    session["buyerIp"] = str(body.get("buyerIp", session["buyerIp"]))[:39]
    if "live" in body:
        session["live"] = world.settings.live and bool(body["live"])
        if body["live"] and not world.settings.live:
            warnings.append(
                _warning("CHECKOUT_NOT_LIVE", "live", "The checkout is in test mode.")
            )
    country = body.get("country") or session["country"]
    if "customer" in body and not body.get("country"):
        account = accounts.find(world, session["account"])
        billed = session["customer"].get("billToAddress", {}).get("country")
        country = billed or (account or session)["country"]
    if not COUNTRY.fullmatch(str(country)):
        warnings.append(
            _warning("INVALID_COUNTRY", "country", "The country is not known.")
        )
        country = "US"
    session["country"] = country


def _take_tags(session, body, problems):
    tags = body.get("orderTags", session["orderTags"])
    for key, value in tags.items():
        if not isinstance(value, str) or len(value) > 255:
            problems.note(
                "INVALID_TAG", f"orderTags.{key}", "Tags are texts up to 255", value
            )
    session["orderTags"] = tags


def _take_cart(world, session, body, problems, warnings):
    raw = body.get("lineItems", session["raw"])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        problems.note("INVALID_TYPE", "cart.lineItems", "Expecting a list", raw)
        problems.refuse()
    lines = []
    for at, line in enumerate(raw):
        field = f"cart.lineItems[{at}]"
        path = line.get("productPath")
        product = catalogue.find(world, path)
        if not product:
            problems.note(
                "PRODUCT_NOT_FOUND", f"{field}.productPath", "Product not found", path
            )
            continue
        if any(item["product"] == path for item in lines):
            problems.note("ITEM_EXISTS", f"{field}.productPath", "Item exists", path)
        lines.append(items.read(line, product, field, problems))
    session["raw"] = raw
    session["items"] = lines
    session["couponCode"] = body.get("couponCode", session["couponCode"])
    if session["couponCode"]:
        warnings.append(
            _warning(
                "INVALID_PROMO_CODE", "promoCode",
                "The promo code you entered is invalid and was not applied."
                " Please check the code.",
            )
        )  # fmt: skip


def _warning(code, field, text):
    return {"code": code, "field": field, "message": text}
