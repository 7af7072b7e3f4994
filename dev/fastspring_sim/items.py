"""Line items of sessions, checked and brought into one form."""

from decimal import Decimal

from . import catalogue
from .errors import modern
from .money import decimal


class Problems(list):
    """Collects what is wrong with a v2 request, then refuses it."""

    def note(self, code, field, text, value):
        """Remember one problem."""
        self.append((code, field, text, value))

    def refuse(self):
        """Raise the 400 if there was any problem."""
        if self:
            raise modern(400, "BAD_REQUEST", *self)


def read(line, product, field, problems):
    """Return a v2 line item as it is stored.

    :param dict line: the request's
    :param dict product: the stored product
    :param str field: where the line stands in the request
    :param problems: where problems are noted; the item is of use only without any
    """

    def part(holder, name, kind):
        """Return a part of the request, or an empty one when it is of no use."""
        value = holder.get(name)
        if value is not None and not isinstance(value, kind):
            problems.note("INVALID_TYPE", f"{field}.{name}", "Invalid type", value)
        return value if isinstance(value, kind) else kind()

    quantity = line.get("quantity", 1)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        problems.note(
            "INVALID_QUANTITY", f"{field}.quantity", "Expecting 1 or more", quantity
        )
    custom = part(line, "customPrice", dict)
    prices = part(custom, "unitPrice", dict)
    if prices and not catalogue.is_price_map(prices):
        problems.note(
            "INVALID_PRICE", f"{field}.customPrice.unitPrice", "Invalid price", prices
        )
    discounts = part(custom, "discounts", list)
    if not all(_is_step(step) for step in discounts):
        problems.note(
            "INVALID_PRICE", f"{field}.customPrice.discounts", "Invalid discount",
            discounts,
        )  # fmt: skip
    frequency = part(
        part(line, "subscriptionOverrides", dict), "billingFrequency", dict
    )
    unit = frequency.get("intervalUnit")
    length = frequency.get("intervalLength")
    if unit not in (None, "DAY", "WEEK", "MONTH", "YEAR", "ON_DEMAND") or (
        length is not None and (not isinstance(length, int) or length < 1)
    ):
        problems.note(
            "INVALID_INTERVAL",
            f"{field}.subscriptionOverrides.billingFrequency",
            "Invalid interval",
            frequency,
        )
    item = {
        "product": product["product"],
        "quantity": quantity,
        "descriptions": part(line, "descriptions", dict),
        "attributes": part(line, "attributes", dict),
        "sku": product["sku"],
        "quantityBehavior": line.get("quantityBehavior", "ALLOW"),
    }
    for name in ("display", "instructions", "summary"):
        part(item["descriptions"], name, dict)
    if problems:
        return item
    pricing = product["pricing"]
    interval = str(unit).lower() if unit else pricing.get("interval")
    return {
        **item,
        "price": {code: Decimal(one) for code, one in prices.items()},
        "discounts": [_step(step) for step in discounts],
        "interval": "adhoc" if unit == "ON_DEMAND" else interval,
        "intervalLength": length or pricing.get("intervalLength", 1),
    }


def _is_step(step):
    if not isinstance(step, dict):
        return False
    amounts = step.get("amountDiscount")
    percent = step.get("percentDiscount")
    return (
        isinstance(step.get("minQuantity", 1), int)
        and (amounts is None or catalogue.is_price_map(amounts))
        and (percent is None or decimal(percent) is not None)
    )


def _step(step):
    amounts = step.get("amountDiscount") or {}
    return {
        "minQuantity": step.get("minQuantity", 1),
        "percent": decimal(step.get("percentDiscount")),
        "amount": {code: Decimal(one) for code, one in amounts.items()},
    }
