"""Refunds."""

from decimal import Decimal

from . import accounts, orders, payloads
from .errors import failed
from .ids import new_id, new_reference
from .money import ZERO, decimal, digits, rounded
from .outbox import collapse

REASONS = {
    "COMPATIBILITY_ISSUE": "Compatibility Issue",
    "DISCOUNT": "Discount / Coupon",
    "DUPLICATE_ORDER": "Duplicate Order",
    "FRAUDULENT": "Fraudulent",
    "ORDER_ERROR": "Order Error",
    "PRODUCT_DIFFERENCE": "Product Not As Expected",
    "PRODUCT_NOT_RECEIVED": "Product Not Received",
    "TAX_REFUND": "Tax Refund",
    "OTHER": "Other",
    "NONE": "None",
}

#: What FastSpring answers; each key is prefixed with RETURN_ITEMS except the first.
TEXTS = {
    "REFUND_TYPE_ERROR": (
        "Invalid refundType provided. Valid values are full or partial."
    ),
    "RETURN_ITEMS_ARRAY_ERROR": (
        "Missing or invalid items field. Return items must be a non-empty array of"
        " objects."
    ),
    "RETURN_ITEMS_ARRAY_EMPTY_ERROR": (
        "The items array cannot be empty. Add at least one return item object."
    ),
    "RETURN_ITEMS_NOT_AN_ARRAY_ERROR": "The items field must be an array of objects.",
    "RETURN_ITEMS_ELEMENTS_INVALID_FORMAT": (
        "Invalid format in items element. Expecting { “product”: string, “amount”:"
        " integer }."
    ),
    "RETURN_ITEMS_PRODUCT_NOT_SPECIFIED_ERROR": (
        "Missing product path in return items. Each item must include a product path."
    ),
    "RETURN_ITEMS_PRODUCT_EMPTY_ERROR": (
        "The product path cannot be empty. Provide a valid product identifier."
    ),
    "RETURN_ITEMS_PRODUCT_DUPLICATED_ERROR": (
        "Duplicate product path in return items. Ensure each return item is unique."
    ),
    "RETURN_ITEMS_PRODUCT_NOT_FOUND_ERROR": (
        "Product path is not found in the original order. Use a valid product path."
    ),
    "RETURN_ITEMS_AMOUNT_NOT_SPECIFIED_ERROR": (
        "Missing amount in return items. Specify a positive integer amount."
    ),
    "RETURN_ITEMS_AMOUNT_ZERO_ERROR": "Invalid amount: must be greater than zero.",
    "RETURN_ITEMS_AMOUNT_CURRENCY_SCALE_MISMATCH": (
        "Invalid amount: decimals not allowed. Must match currency scale (%d decimal"
        " places)."
    ),
    "RETURN_ITEMS_AMOUNT_GREATER_THAN_ORIGINAL_ITEM_ERROR": (
        "Invalid amount: exceeds original line amount. Use an amount ≤ the original"
        " line amount."
    ),
}
SEE = " See the Returns API reference for details."
NOTHING_LEFT = {
    "RETURN_ITEMS_NO_REMAINING_AMOUNT_ERROR": (
        "No remaining amount to return for the item. All items have already been"
        " returned or refunded."
    )
}


class Invalid(Exception):
    """A refund request that FastSpring would refuse; carries its error object."""

    def __init__(self, error):
        super().__init__(str(error))
        self.error = error


def _invalid(key, *values):
    text = TEXTS[key] % values if values else TEXTS[key]
    return Invalid({key: text + SEE})


def refund(world, request, performer, performer_type):
    """Refund an order, or part of it.

    Amounts are compared with what is left of a line before tax; tax is given back
    in the same proportion.

    :param dict request: one entry of `POST /returns`
    :param str performer: who does it
    :param str performer_type: `api` or `sellerApp`
    :return: the stored return
    :raises Invalid: with FastSpring's error object
    """
    order = _order(world, request.get("order"))
    kind = request.get("refundType", "FULL")
    if not isinstance(kind, str) or kind.upper() not in ("FULL", "PARTIAL"):
        raise _invalid("REFUND_TYPE_ERROR")
    kind = kind.upper()
    amounts = _all(order) if kind == "FULL" else _amounts(order, request)
    lines = [_give_back(order, path, amount) for path, amount in amounts.items()]
    now = world.clock.now()
    suffix = "X" if kind == "FULL" else "D"
    document = {
        "id": new_id(),
        "order": order["id"],
        "reference": new_reference(world.settings.store, now, suffix),
        "type": kind,
        "created": now,
        "reason": REASONS.get(request.get("reason"), "Other"),
        "note": str(request.get("note") or ""),
        "total": sum((line["net"] + line["tax"] for line in lines), ZERO),
        "tax": sum((line["tax"] for line in lines), ZERO),
        "items": lines,
        "performer": performer,
        "performerType": performer_type,
    }
    orders.save(world, order)
    world.store.put("return", document["id"], document)
    _announce(world, document, order)
    return document


def by_staff(world, key, amount=None, reason="OTHER", note=""):
    """Refund an order the way FastSpring's own app does.

    :param amount: part of the first item, before tax; None refunds everything left
    :return: the stored return
    """
    request = {"order": key, "reason": reason, "note": note, "refundType": "FULL"}
    if amount is not None:
        path = _order(world, key)["items"][0]["product"]
        item = {"product": path, "amount": decimal(str(amount))}
        request.update(refundType="PARTIAL", items=[item])
    return refund(world, request, "staff@fastspring.example", "sellerApp")


def _order(world, key):
    """Return a completed order by its id or its reference."""
    if not isinstance(key, str):
        raise Invalid({"order": "Not found"})
    order = world.store.get("order", key)
    for match in world.store.find("order", "reference", key):
        order = match
    if order is None:
        raise Invalid({"order": "Not found"})
    if order["status"] != "completed":
        raise Invalid({"order": "The order is not completed"})
    return order


def _left(line):
    return line["net"] - line["returned"]


def _all(order):
    amounts = {line["product"]: _left(line) for line in order["items"] if _left(line)}
    if not amounts:
        raise Invalid(NOTHING_LEFT)
    return amounts


def _amounts(order, request):
    if "items" not in request or request["items"] is None:
        raise _invalid("RETURN_ITEMS_ARRAY_ERROR")
    items = request["items"]
    if not isinstance(items, list):
        raise _invalid("RETURN_ITEMS_NOT_AN_ARRAY_ERROR")
    if not items:
        raise _invalid("RETURN_ITEMS_ARRAY_EMPTY_ERROR")
    lines = {line["product"]: line for line in order["items"]}
    amounts = {}
    for item in items:
        path = _path(item, lines, amounts)
        amounts[path] = _amount(item, lines[path], order["currency"])
    return amounts


def _path(item, lines, amounts):
    if not isinstance(item, dict):
        raise _invalid("RETURN_ITEMS_ELEMENTS_INVALID_FORMAT")
    path = item.get("product")
    if path is None:
        raise _invalid("RETURN_ITEMS_PRODUCT_NOT_SPECIFIED_ERROR")
    if not isinstance(path, str):
        raise _invalid("RETURN_ITEMS_ELEMENTS_INVALID_FORMAT")
    if not path:
        raise _invalid("RETURN_ITEMS_PRODUCT_EMPTY_ERROR")
    if path in amounts:
        raise _invalid("RETURN_ITEMS_PRODUCT_DUPLICATED_ERROR")
    if path not in lines:
        raise _invalid("RETURN_ITEMS_PRODUCT_NOT_FOUND_ERROR")
    return path


def _amount(item, line, currency):
    if item.get("amount") is None:
        raise _invalid("RETURN_ITEMS_AMOUNT_NOT_SPECIFIED_ERROR")
    amount = None if isinstance(item["amount"], str) else decimal(item["amount"])
    if amount is None:
        raise _invalid("RETURN_ITEMS_ELEMENTS_INVALID_FORMAT")
    if amount <= 0:
        raise _invalid("RETURN_ITEMS_AMOUNT_ZERO_ERROR")
    if amount != rounded(amount, currency):
        raise _invalid("RETURN_ITEMS_AMOUNT_CURRENCY_SCALE_MISMATCH", digits(currency))
    if amount > line["net"]:
        raise _invalid("RETURN_ITEMS_AMOUNT_GREATER_THAN_ORIGINAL_ITEM_ERROR")
    if amount > _left(line):
        raise Invalid(NOTHING_LEFT)
    return amount


def _give_back(order, path, amount):
    """Take an amount off what is left of a line; return the line of the return.

    The tax of all parts together is exactly the tax that was paid.
    """
    line = next(one for one in order["items"] if one["product"] == path)
    before = _share(line, line["returned"], order["currency"])
    line["returned"] += amount
    tax = _share(line, line["returned"], order["currency"]) - before
    names = ("product", "quantity", "display", "sku", "attributes")
    return {**{name: line[name] for name in names}, "net": amount, "tax": tax}


def _share(line, amount, currency):
    if not line["net"]:
        return Decimal(0)
    return rounded(line["tax"] * amount / line["net"], currency)


def _announce(world, document, order):
    account = accounts.find(world, order["account"])
    shown = _render(world, document, order)
    world.emit("return.created", shown, order["live"])
    world.emit(
        "payoutEntry.created",
        payloads.payout_for_return(
            document, collapse(shown), order, account, world.storefront_url
        ),
        order["live"],
    )


def _render(world, document, order=None):
    order = order or world.store.get("order", document["order"])
    account = accounts.find(world, order["account"])
    return payloads.return_object(document, order, account, world.storefront_url)


# --- API -----------------------------------------------------------------------


def create_returns(world, call):
    """`POST /returns`."""
    entries = []
    for request in call.entries("returns"):
        try:
            document = refund(world, request, world.settings.username, "api")
        except Invalid as invalid:
            key = request.get("order")
            entries.append(failed("return.create", "return", key, invalid.error))
        else:
            entries.append(_success(world, document, "return.create"))
    return call.batch_status(entries), {"returns": entries}


def get_returns(world, call, keys):
    """`GET /returns/{id[,id]}`."""
    entries = []
    for key in keys.split(","):
        document = world.store.get("return", key)
        entries.append(
            _success(world, document, "return.get")
            if document
            else failed("return.get", "return", key, {"return": "Not found"})
        )
    return call.batch_status(entries), {"returns": entries}


def _success(world, document, action):
    shown = collapse(_render(world, document))
    return {**shown, "action": action, "result": "success"}
