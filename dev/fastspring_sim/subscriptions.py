"""Subscriptions; above all the managed ones that only the seller charges."""

import calendar
from datetime import timedelta
from decimal import Decimal

from . import accounts, cart, catalogue, orders, payloads
from .errors import ApiError, failed, message
from .ids import new_id
from .money import decimal, rounded
from .outbox import collapse
from .paging import in_scope, page_of

CHARGE_LIMIT = 50
SUCCESS = "success"

#: Why FastSpring says a charge was declined.
DECLINES = (
    "DECLINED_SOFT", "INCOMPLETE_PAYMENT", "INSUFFICIENT_FUNDS", "VOICE_AUTH",
    "DECEASED", "DECLINED", "DISPUTED", "EXPIRED_CARD", "RESTRICTED",
    "UNSUPPORTED_COUNTRY", "API_INVALID_IBAN", "CC_ADDRESS_VERIFICATION", "CC_CVV",
    "INVALID_TOKEN", "ACH_INVALID_ACCOUNT_NUMBER", "ACH_INVALID_ROUTING_NUMBER",
    "API_BANK_ACCOUNT_LOGIN_ERROR", "API_GENERIC_ERROR", "API_INVALID_REQUEST_DATA",
    "API_REFUND_FAILED", "API_TRANSACTION_DECLINED", "CONNECTION", "INTERNAL_ERROR",
    "TIMEOUT", "UNKNOWN", "PROC_RISK", "RISK",
)  # fmt: skip


# --- life ----------------------------------------------------------------------


def start(world, order, line, account):
    """Create the subscription that an order line buys; return its id."""
    now = world.clock.now()
    managed = line["interval"] == "adhoc"
    document = {
        "id": new_id(),
        "account": account["id"],
        "product": line["product"],
        "display": line["display"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        "price": line["unit"],
        "currency": order["currency"],
        "payoutCurrency": order["payoutCurrency"],
        "language": order["language"],
        "country": order["country"],
        "live": order["live"],
        "adhoc": managed,
        "autoRenew": True,
        "active": True,
        "state": "active",
        "changed": now,
        "begin": now,
        "next": None if managed else _later(now, line["interval"],
                                            line["intervalLength"]),
        "end": None,
        "canceled": None,
        "deactivation": None,
        "pause": None,
        "resume": None,
        "sequence": 1,
        "interval": line["interval"],
        "intervalLength": line["intervalLength"],
        "tags": order["tags"],
        "attributes": line["attributes"],
        "initialOrderId": order["id"],
        "initialOrderReference": order["reference"],
        "outcome": SUCCESS,
        "entries": [{"id": new_id(), "order": order["id"], "begin": now}],
    }  # fmt: skip
    _publish(world, document, "subscription.activated")
    return document["id"]


def _later(milliseconds, interval, length):
    """Return the midnight one billing period later."""
    day = payloads.instant(milliseconds).replace(hour=0, minute=0, second=0)
    if interval in ("day", "week"):
        day += timedelta(days=length * (7 if interval == "week" else 1))
    else:
        months = day.year * 12 + day.month - 1
        year, month = divmod(months + length * (12 if interval == "year" else 1), 12)
        last = calendar.monthrange(year, month + 1)[1]
        day = day.replace(year=year, month=month + 1, day=min(day.day, last))
    return int(day.timestamp()) * 1000


def inherit(world, key, tags):
    """Give an active subscription its order's tags."""
    document = find(world, key)
    if document["active"]:
        document["tags"] = {**document["tags"], **tags}
        _save(world, document)


def charge(world, document):
    """Bill a subscription once, at its present price.

    The outcome is the event: `subscription.charge.completed` with a new order, or
    `subscription.charge.failed`.
    """
    account = accounts.find(world, document["account"])
    if document["outcome"] != SUCCESS:
        shown = collapse(expanded(world, document["id"]))
        world.emit(
            "subscription.charge.failed",
            {
                "reason": document["outcome"],
                "account": payloads.account_event(account, world.storefront_url),
                "subscription": {**shown, "declineReason": None},
            },
            document["live"],
        )
        return
    order = orders.rebill(
        world, document, account, _line(world, document, account), document["currency"]
    )
    now = world.clock.now()
    document["sequence"] += 1
    document["entries"].append({"id": new_id(), "order": order["id"], "begin": now})
    if document["next"]:
        document["next"] = _later(
            document["next"], document["interval"], document["intervalLength"]
        )
    _save(world, document)
    world.emit(
        "subscription.charge.completed",
        {
            "order": collapse(orders.render(world, order)),
            "currency": order["currency"],
            "quote": None,
            "total": order["total"],
            "status": "successful",
            **payloads.dated("timestamp", now, document["language"]),
            "sequence": document["sequence"],
            "periods": None,
            "account": payloads.account_event(account, world.storefront_url),
            "subscription": collapse(expanded(world, document["id"])),
        },
        document["live"],
    )
    orders.owe(world, order)


def _line(world, document, account):
    item = {
        "product": document["product"],
        "quantity": document["quantity"],
        "price": {document["currency"]: document["price"]},
        "discounts": [],
        "display": document["display"],
        "sku": document["sku"],
        "attributes": document["attributes"],
        "interval": document["interval"],
        "intervalLength": document["intervalLength"],
    }
    (line,) = cart.price_lines(
        world, [item], document["currency"], document["country"], account["taxId"]
    )
    wrong = world.faults.take("wrong_amount")
    if wrong:
        line = orders.dearer(line, wrong, document["currency"])
    return line


def set_outcome(world, key, outcome):
    """Decide how the next charges of a subscription end.

    :param str outcome: `success` or one of DECLINES
    :raises Refused: for anything else
    """
    document = find(world, key)
    if document is None or outcome not in (SUCCESS, *DECLINES):
        raise orders.Refused("Unknown subscription or outcome.")
    document["outcome"] = outcome
    _save(world, document)
    return document


def forget_card(world, document):
    """The buyer removes the stored card: every further charge fails."""
    account = accounts.find(world, document["account"])
    account["methods"] = 0
    world.store.put("account", account["id"], account)
    set_outcome(world, document["id"], "INVALID_TOKEN")


def deactivate(world, document):
    """End a subscription now."""
    now = world.clock.now()
    document.update(
        active=False, state="deactivated", canceled=now, deactivation=now, end=now
    )
    _publish(world, document, "subscription.deactivated")


def find(world, key):
    """Return the stored subscription, or None."""
    return world.store.get("subscription", key) if isinstance(key, str) else None


def expanded(world, key):
    """Return a subscription as FastSpring prints it, expanded."""
    document = find(world, key)
    product = catalogue.find(world, document["product"])
    return payloads.subscription(
        document,
        accounts.find(world, document["account"]),
        product or {"product": document["product"]},
        world.storefront_url,
    )


def _save(world, document):
    document["changed"] = world.clock.now()
    world.store.put("subscription", document["id"], document)


def _publish(world, document, kind):
    _save(world, document)
    world.emit(kind, expanded(world, document["id"]), document["live"])


# --- API -----------------------------------------------------------------------


def list_subscriptions(world, call):
    """`GET /subscriptions`: ids, with the documented filters."""
    query = call.query
    status = query.get("status")
    products = set(filter(None, query.get("products", "").split(",")))
    found = [
        one["id"]
        for one in world.store.all("subscription")
        if in_scope(query, one["live"])
        and (not status or one["state"] == status)
        and (not products or one["product"] in products)
    ]
    ids, page = page_of(found, query)
    return 200, {
        "action": "subscription.getall",
        "result": "success",
        "nextPage": page["nextPage"],
        "subscriptions": ids,
    }


def get_subscriptions(world, call, keys):
    """`GET /subscriptions/{id[,id]}`; a single one is answered twice."""
    entries = [_entry(world, key) for key in keys.split(",")]
    result = {"subscriptions": entries}
    if len(entries) == 1:
        result = {**entries[0], **result}
    return call.batch_status(entries), result


def _entry(world, key):
    if find(world, key) is None:
        error = {"subscription": "Subscription not found"}
        return failed("subscription.get", "subscription", key, error)
    return {
        **collapse(expanded(world, key)),
        "action": "subscription.get",
        "result": "success",
    }


def update_subscriptions(world, call):
    """`POST /subscriptions`."""
    entries = []
    for values in call.entries("subscriptions"):
        key = values.get("subscription")
        error = _update(world, find(world, key), values)
        entries.append(_result("subscription.update", key, error))
    return call.batch_status(entries), {"subscriptions": entries}


def _result(action, key, error):
    if error:
        return failed(action, "subscription", key, error)
    return {"subscription": key, "action": action, "result": "success"}


def _update(world, document, values):
    """Change one subscription; return the error, if any."""
    if document is None:
        return {"subscription": "Subscription not found"}
    if "deactivation" in values and values["deactivation"] is None:
        if document["state"] != "canceled":
            return {"deactivation": "The subscription is not canceled."}
        document.update(state="active", canceled=None, deactivation=None, end=None)
        _publish(world, document, "subscription.uncanceled")
        return None
    if not document["active"]:
        return {"subscription": "The subscription is not active."}
    error = _reprice(document, values.get("pricing") or {})
    if error:
        return error
    tax_id = values.get("taxExemptId") or ""
    if not isinstance(tax_id, str):
        return {"taxExemptId": "Expecting text."}
    quantity = values.get("quantity", document["quantity"])
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        return {"quantity": "Expecting 1 or more."}
    product = catalogue.find(world, values.get("product", document["product"]))
    if product is None:
        return {"product": "Not found"}
    if product["product"] != document["product"]:
        document["display"] = product["display"].get("en", product["product"])
    document.update(quantity=quantity, product=product["product"])
    if isinstance(values.get("next"), int):
        document["next"] = values["next"]
    if "manualRenew" in values:
        document["autoRenew"] = not values["manualRenew"]
    if "taxExemptId" in values:
        account = accounts.find(world, document["account"])
        account["taxId"] = tax_id or None
        world.store.put("account", account["id"], account)
    _publish(world, document, "subscription.updated")
    return None


def _reprice(document, pricing):
    """Set the price of what follows; return the error, if any."""
    if not isinstance(pricing, dict):
        return {"pricing": "Expecting an object."}
    price = pricing.get("price")
    if isinstance(price, dict):
        if document["currency"] not in price:
            return {"pricing.price": f"No price in {document['currency']}."}
        price = price[document["currency"]]
    if price is None:
        return None
    if decimal(price) is None or decimal(price) < 0:
        return {"pricing.price": "Not a valid amount."}
    document["price"] = rounded(Decimal(price), document["currency"])
    return None


def charge_subscriptions(world, call):
    """`POST /subscriptions/charge`: bill managed subscriptions now."""
    given = call.entries("subscriptions")
    if len(given) > CHARGE_LIMIT:
        raise message(400, f"at most {CHARGE_LIMIT} subscriptions per request")
    entries = []
    for values in given:
        key = values.get("subscription")
        document = find(world, key)
        error = _charge_problem(document)
        if not error:
            charge(world, document)
        entries.append(_result("subscription.charge", key, error))
    status = call.batch_status(entries)
    name = world.settings.charge_answer_key if status == 200 else "subscriptions"
    return status, {name: entries}


def _charge_problem(document):
    if document is None:
        return {"subscription": "Subscription not found"}
    if not document["adhoc"]:
        text = "Renew can only be performed for 'Adhoc' subscriptions."
        return {"subscription": text}
    if not document["active"] or document["state"] == "paused":
        return {"subscription": f"The subscription is {document['state']}."}
    return None


def delete_subscriptions(world, call, keys):
    """`DELETE /subscriptions/{id[,id]}`.

    With `billingPeriod=0`, and always for managed ones, it ends now.
    """
    entries = []
    for key in keys.split(","):
        document = find(world, key)
        if document is None:
            error = {"subscription": "Subscription not found"}
        elif document["state"] in ("canceled", "deactivated"):
            error = {"subscription": "The subscription is already canceled."}
            if keys == key:
                raise ApiError(
                    500, failed("subscription.cancel", "subscription", key, error)
                )
        else:
            error = None
            _end(world, document, call.query.get("billingPeriod") == "0")
        entries.append(_result("subscription.cancel", key, error))
    return call.batch_status(entries), {"subscriptions": entries}


def _end(world, document, now):
    if now or document["adhoc"]:
        deactivate(world, document)
        return
    document.update(
        state="canceled",
        canceled=world.clock.now(),
        deactivation=document["next"],
        end=document["next"],
    )
    _publish(world, document, "subscription.canceled")


def pause_subscription(world, call, key):
    """`POST /subscriptions/{id}/pause`.

    A managed subscription has no billing date to wait for: it pauses at once.
    """
    document = _require_pausable(world, key, "subscriptions.pause")
    count = call.body.get("pausePeriodCount")
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise _pause_error("subscriptions.pause", "Number of periods is required.")
    begin = document["next"] or world.clock.now()
    interval = "month" if document["adhoc"] else document["interval"]
    document["pause"] = begin
    document["resume"] = _later(begin, interval, count * document["intervalLength"])
    if document["adhoc"]:
        document["state"] = "paused"
    _publish(world, document, "subscription.paused")
    return 200, _paused_answer(world, key, "subscriptions.pause.get")


def resume_subscription(world, call, key):
    """`POST /subscriptions/{id}/resume`; one that FastSpring bills is charged."""
    document = _require_pausable(world, key, "subscriptions.resume")
    if document["pause"] is None:
        raise _pause_error("subscriptions.resume", "The subscription is not paused.")
    due = not document["adhoc"] and document["pause"] <= world.clock.now()
    document.update(pause=None, resume=None, state="active")
    _publish(world, document, "subscription.resumed")
    if due:
        charge(world, document)
    return 200, _paused_answer(world, key, "subscriptions.resume.get")


def _require_pausable(world, key, action):
    document = find(world, key)
    if document is None or not document["active"]:
        raise _pause_error(action, "Unable to find subscription.")
    return document


def _pause_error(action, text):
    return ApiError(400, {"action": action, "result": "error", "error": {action: text}})


def _paused_answer(world, key, action):
    return {**collapse(expanded(world, key)), "action": action, "result": "success"}


def get_entries(world, call, key):
    """`GET /subscriptions/{id}/entries`: every billing with its order."""
    document = find(world, key)
    if document is None:
        raise message(400, "not found")
    result = []
    for entry in document["entries"]:
        day = payloads.iso_day(entry["begin"])
        order = world.store.get("order", entry["order"])
        result.append(
            {
                "id": entry["id"],
                "beginEntryDate": day,
                "beginPeriodDate": day,
                "endPeriodDate": day,
                "order": orders.answer(world, order),
            }
        )
    return 200, result
