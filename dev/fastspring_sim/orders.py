"""Orders: from the buyer's click to completion, failure or expiry."""

from decimal import Decimal

from . import accounts, cart, payloads, sessions, subscriptions
from .errors import failed
from .ids import new_id, new_invoice_id, new_reference
from .money import rounded
from .outbox import collapse
from .paging import in_scope, page_of, span

DAY = 24 * 3_600_000
CARD = {"type": "creditcard", "creditcard": "visa", "cardEnding": "4242"}
TEST_CARD = {"type": "test", "cardEnding": "4242"}
WIRE = {"type": "bank", "bank": "wire"}


class Refused(Exception):
    """A buyer's or operator's action that cannot be done; the text says why."""


# --- the life of an order ------------------------------------------------------


def place(world, key, method, contact=None):
    """Let the buyer act on a checkout session.

    :param str key: the session's id
    :param str method: `card`, `paypal`, `wire` or `decline` (a card that is refused)
    :param dict contact: what the buyer typed, where the session has no contact
    :return: the stored order
    :raises Refused: when the session cannot be paid
    """
    session = sessions.find(world, key)
    if session is None:
        raise Refused("This checkout does not exist.")
    if sessions.is_closed(session):
        raise Refused(f"This checkout is {session['status'].lower()}.")
    if not session["items"]:
        raise Refused("The cart is empty.")
    offered = {"decline": "CARD"}.get(method, method.upper())
    if offered not in sessions.methods(session):
        raise Refused("This payment method is not offered here.")
    order = _new(world, session, _buyer(world, session, contact or {}))
    if method == "decline":
        order.update(status="failed", reason="PAYMENT")
        _publish(world, "order.failed", order)
    elif method == "wire":
        order.update(status="pending", reason="wireTransfer")
        order["due"] = order["placed"] + world.settings.wire_due_days * DAY
        _publish(world, "order.payment.pending", order)
        session.update(status="PENDING_ORDER", order=order["id"])
    else:
        card = CARD if order["live"] else TEST_CARD
        order["payment"] = {"type": "paypal"} if method == "paypal" else card
        session.update(status="COMPLETED", order=order["id"])
        _complete(world, order)
    sessions.save(world, session)
    return order


def _buyer(world, session, typed):
    """Return the account that orders, created if its e-mail address is new."""
    customer = session["customer"]
    known = accounts.find(world, session["account"])
    given = customer.get("billToContact", {})
    contact = {
        "first": given.get("firstName"),
        "last": given.get("lastName"),
        "email": given.get("email"),
        "company": given.get("company"),
        "phone": given.get("phoneNumber"),
    }
    if known and not contact["email"]:
        return known
    contact.update({name: value for name, value in typed.items() if value})
    if not accounts.is_email(contact["email"]):
        raise Refused("Please enter your e-mail address.")
    if known:
        contact["email"] = known["email"]
    return accounts.attach(
        world, contact, customer.get("billToAddress", {}), session["locale"],
        session["country"], customer.get("taxId"), session["live"],
    )  # fmt: skip


def _new(world, session, account):
    lines = sessions.priced(world, session)
    currency = session["currency"]
    wrong = world.faults.take("wrong_currency")
    if wrong:
        currency = sessions.other_currency(currency, wrong)
    wrong = world.faults.take("wrong_amount")
    if wrong:
        lines[0] = dearer(lines[0], wrong, currency)
    tax_id = session["customer"].get("taxId")
    return _document(
        world,
        account,
        session=session["id"],
        live=session["live"],
        currency=currency,
        language=session["locale"],
        country=session["country"],
        ip=session["buyerIp"],
        tags=session["orderTags"],
        taxId=tax_id if any(line["exempt"] for line in lines) else None,
        lines=[
            {**line, "display": sessions.title(world, line, session["locale"])}
            for line in lines
        ],
    )


def dearer(line, fault, currency):
    """Return a priced line that costs more by the fault's amount."""
    more = rounded(Decimal(str(fault["amount"])), currency)
    return {**line, "net": line["net"] + more, "gross": line["gross"] + more}


def _document(world, account, *, lines, suffix="", **values):
    now = world.clock.now()
    settings = world.settings
    return {
        "id": new_id(),
        "reference": new_reference(settings.store, now, suffix),
        "invoice": new_invoice_id(),
        "store": settings.store,
        "account": account["id"],
        "payoutCurrency": settings.payout_currency,
        "status": "new",
        "reason": None,
        "payment": {},
        "placed": now,
        "changed": now,
        "due": None,
        "rebill": bool(suffix),
        "total": cart.total(lines, "gross"),
        "tax": cart.total(lines, "tax"),
        "discount": cart.total(lines, "discount"),
        "items": [{**_line(line), "returned": Decimal(0)} for line in lines],
        **values,
    }


def _line(line):
    names = (
        "product", "quantity", "display", "sku", "attributes", "interval",
        "intervalLength", "unit", "discount", "net", "tax", "rate", "included",
    )  # fmt: skip
    return {**{name: line[name] for name in names}, "subscription": None}


def _complete(world, order):
    """The money is in: start subscriptions, tell the shop, owe the seller."""
    order.update(status="completed", reason=None, changed=world.clock.now())
    account = accounts.find(world, order["account"])
    for line in order["items"]:
        if line["interval"]:
            accounts.add_payment_method(world, account)
            line["subscription"] = subscriptions.start(world, order, line, account)
    _publish(world, "order.completed", order)
    owe(world, order)


def owe(world, order):
    """Emit the payout entry of a completed order."""
    if not order["total"]:
        return
    account = accounts.find(world, order["account"])
    ids = [line["subscription"] for line in order["items"] if line["subscription"]]
    expanded = [subscriptions.expanded(world, one) for one in ids]
    world.emit(
        "payoutEntry.created",
        payloads.payout_for_order(
            order, collapse(render(world, order)), account, expanded,
            world.storefront_url,
        ),
        order["live"],
    )  # fmt: skip


def rebill(world, subscription, account, line, currency):
    """Create the completed order of a subscription's later charge.

    :param dict line: the priced line
    :return: the stored order
    """
    order = _document(
        world,
        account,
        suffix="B",
        lines=[line],
        session=None,
        live=subscription["live"],
        currency=currency,
        language=subscription["language"],
        country=account["country"],
        ip=None,
        tags=subscription["tags"],
        taxId=account["taxId"] if line["exempt"] else None,
    )
    order.update(status="completed", payment=CARD if order["live"] else TEST_CARD)
    order["items"][0]["subscription"] = subscription["id"]
    save(world, order)
    return order


def arrive(world, key):
    """The wire transfer of a pending order arrives.

    :return: the stored order
    """
    order = _require_pending(world, key)
    order["payment"] = WIRE
    _complete(world, order)
    _set_session(world, order, "COMPLETED")
    return order


def expire(world, key):
    """A pending order was never paid; its reference goes, as recorded ones show."""
    return _cancel(world, key, "EXPIRE")


def cancel(world, key):
    """The seller or the buyer cancels a pending order."""
    return _cancel(world, key, "FORCE")


def _cancel(world, key, reason):
    order = _require_pending(world, key)
    order.update(status="canceled", reason=reason, changed=world.clock.now())
    if reason == "EXPIRE":
        order["reference"] = None
    _publish(world, "order.canceled", order)
    _set_session(world, order, "CANCELLED")
    return order


def chargeback(world, key, amount=None):
    """The buyer's bank takes the money of a completed order back.

    :param Decimal amount: less than the whole total
    :return: the stored order
    """
    order = require(world, key)
    if order["status"] != "completed":
        raise Refused("Only a completed order can be charged back.")
    world.emit(
        "chargeback.created",
        {
            "id": order["id"],
            "reasonCode": "4837",
            "reasonDescription": "FRAUDULENT",
            "fraudType": "true",
            "creationDate": payloads.java_day(world.clock.now()),
            "chargebackAmount": order["total"] if amount is None else amount,
            "currency": order["currency"],
            "order": order["id"],
            "processorCaseId": "dsp_" + new_id().lower(),
            "status": "NEW",
            "paymentMethod": "CREDIT_CARD",
            "paymentMethodVariant": "Visa",
        },
        order["live"],
    )
    return order


def _set_session(world, order, status):
    session = world.store.get("session", order["session"])
    session["status"] = status
    sessions.save(world, session)


def require(world, key):
    """Return the order with that id, or refuse."""
    order = world.store.get("order", key)
    if order is None:
        raise Refused("This order does not exist.")
    return order


def _require_pending(world, key):
    order = require(world, key)
    if order["status"] != "pending":
        raise Refused("Only an order that waits for its money can do this.")
    return order


def save(world, order):
    """Store an order."""
    world.store.put("order", order["id"], order)


def _publish(world, kind, order):
    save(world, order)
    world.emit(kind, render(world, order), order["live"])


def render(world, order):
    """Return an order as FastSpring prints it, expanded."""
    ids = {line["subscription"] for line in order["items"]} - {None}
    return payloads.order(
        order,
        accounts.find(world, order["account"]),
        {key: collapse(subscriptions.expanded(world, key)) for key in ids},
        world.storefront_url,
    )


# --- API -----------------------------------------------------------------------


def _entry(world, key):
    order = world.store.get("order", key)
    if order is None:
        return failed("order.get", "order", key, {"order": "Not found"})
    return {**answer(world, order), "action": "order.get", "result": "success"}


def answer(world, order):
    """Return an order as the API shows it, with its returns."""
    shown = collapse(render(world, order))
    tariff = payloads.Tariff(order)
    refunds = world.store.find("return", "order", order["id"])
    if refunds:
        shown["returns"] = [
            {"return": one["id"], **tariff.four("amount", one["total"])}
            for one in refunds
        ]
    return shown


def get_orders(world, call, keys):
    """`GET /orders/{id[,id]}`; a single one is answered twice, as recorded."""
    entries = [_entry(world, key) for key in keys.split(",")]
    result = {"orders": entries}
    if len(entries) == 1 and entries[0]["result"] == "success":
        result = {**entries[0], **result}
    return call.batch_status(entries), result


def list_orders(world, call):
    """`GET /orders`, with the documented filters."""
    query = call.query
    begin, end = span(query, world.clock.now())
    products = set(filter(None, query.get("products", "").split(",")))
    found = []
    for order in world.store.all("order"):
        if not begin <= order["changed"] <= end or not in_scope(query, order["live"]):
            continue
        if query.get("status") and order["status"] != query["status"]:
            continue
        if products and not products & {line["product"] for line in order["items"]}:
            continue
        if query.get("rebill") == "true" and not order["rebill"]:
            continue
        if query.get("returns") == "true" and not world.store.find(
            "return", "order", order["id"]
        ):
            continue
        found.append(order)
    shown, page = page_of(found, query)
    if world.settings.orders_as_objects:
        orders = [answer(world, order) for order in shown]
    else:
        orders = [order["id"] for order in shown]
    return 200, {
        "action": "order.getall",
        "result": "success",
        **page,
        "orders": orders,
    }


def update_orders(world, call):
    """`POST /orders`: tags of orders and attributes of their items."""
    entries = [_update(world, one) for one in call.entries("orders")]
    return call.batch_status(entries), {"orders": entries}


def _update(world, values):
    key = values.get("order")
    order = world.store.get("order", key) if isinstance(key, str) else None
    if order is None:
        return failed("order.update", "order", key, {"order": "Not found"})
    error = _change(order, values.get("tags") or {}, values.get("items") or [])
    if error:
        return failed("order.update", "order", key, error)
    save(world, order)
    for line in order["items"]:
        if line["subscription"]:
            subscriptions.inherit(world, line["subscription"], order["tags"])
    return {"action": "order.update", "result": "success", "order": key}


def _change(order, tags, items):
    """Add tags and attributes to an order; return the error, if any."""
    if not isinstance(tags, dict):
        return {"tags": "Expecting an object"}
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        return {"items": "Expecting an array of objects"}
    lines = {line["product"]: line for line in order["items"]}
    for item in items:
        line = lines.get(str(item.get("product")))
        attributes = item.get("attributes") or {}
        if line is None or not isinstance(attributes, dict):
            text = "Product is not specified as a valid item in the order"
            return {"items.product-path": text}
        line["attributes"] = {**line["attributes"], **attributes}
    order["tags"] = {**order["tags"], **tags}
    return None
