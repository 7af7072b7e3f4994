"""What the v2 API answers about sessions."""

from . import accounts, cart, sessions
from .money import ZERO, display, rounded
from .payloads import instant


def render(world, session):
    """Return a session."""
    lines = sessions.priced(world, session)
    return {
        "id": session["id"],
        "created": _moment(session["created"]),
        "expires": _moment(session["expires"]),
        "status": session["status"],
        "locale": session["locale"],
        "country": session["country"],
        "currency": session["currency"],
        "live": session["live"],
        "customer": render_customer(world, session),
        "orderTags": session["orderTags"],
        "cart": _cart(session, lines),
        "checkoutUrls": {"webcheckoutUrl": sessions.checkout_url(world, session)},
        "warnings": session["warnings"],
        "checkoutStatus": [_checkout_status(session)],
    }


def _moment(milliseconds):
    stamp = instant(milliseconds).isoformat(timespec="milliseconds")
    return stamp.replace("+00:00", "Z")


def _checkout_status(session):
    if sessions.is_closed(session):
        return "CONCLUDED"
    return "READY_FOR_CHECKOUT" if session["items"] else "PRODUCTS_REQUIRED"


def render_customer(world, session):
    """Return a session's customer, with the card that is on file."""
    customer = dict(session["customer"])
    account = accounts.find(world, session["account"])
    if account and account["methods"]:
        customer["savedPaymentMethod"] = {
            "paymentMethodType": "CARD",
            "display": "VISA - 4242",
        }
    return customer


def _cart(session, lines):
    included = any(line["included"] for line in lines)
    net, tax = cart.total(lines, "net"), cart.total(lines, "tax")
    discount = cart.total(lines, "discount")
    asked = net + tax if included else net
    answer = {
        "couponHasApplied": False,
        "lineItems": [render_line(session, line) for line in lines],
    }
    if session["couponCode"]:
        answer["couponCode"] = session["couponCode"]
    for key, amount in (
        ("netTotal", asked),
        ("listTotal", asked + discount),
        ("withTaxNetTotal", net + tax),
        ("withTaxListTotal", net + tax + discount),
        ("withoutTaxNetTotal", net),
        ("withoutTaxListTotal", net + discount),
        ("discountTotal", discount),
        ("couponDiscountTotal", ZERO),
        ("productDiscountTotal", discount),
        ("taxTotal", tax),
    ):
        answer.update(_shown(key, amount, session))
    answer["taxIncluded"] = _tax_word(included)
    answer["taxRate"] = max((line["rate"] for line in lines), default=ZERO)
    return answer


def render_line(session, line):
    """Return a priced line of a cart."""
    amounts = {
        "unitNetPrice": line["unit"],
        "unitListPrice": line["list"],
        "unitDiscount": line["off"],
        "extendedTotalDiscount": line["discount"],
        "extendedNetTotal": line["unit"] * line["quantity"],
        "extendedListTotal": line["list"] * line["quantity"],
        "unitTaxAmount": rounded(line["tax"] / line["quantity"], session["currency"]),
        "extendedTaxTotal": line["tax"],
    }
    price = {}
    for key, amount in amounts.items():
        price.update(_shown(key, amount, session))
    price["taxIncluded"] = _tax_word(line["included"])
    price["taxPercent"] = line["rate"]
    price["taxExempt"] = line["exempt"]
    answer = {
        "productPath": line["product"],
        "quantity": line["quantity"],
        "quantityBehavior": line["quantityBehavior"],
        "quantityDefault": 1,
        "virtualProduct": False,
        "price": price,
        "productType": "SUBSCRIPTION_PLAN" if line["interval"] else "ONE_TIME",
        "removable": line["quantityBehavior"] == "ALLOW",
        "bundle": False,
        "descriptions": line["descriptions"],
        "productFormat": "DIGITAL",
        "attributes": line["attributes"],
    }
    if line["interval"]:
        unit = line["interval"].upper()
        answer["subscription"] = {
            "billingFrequency": {
                "intervalUnit": "ON_DEMAND" if unit == "ADHOC" else unit,
                "intervalLength": line["intervalLength"],
            }
        }
    return answer


def _shown(key, amount, session):
    text = display(amount, session["currency"], session["locale"])
    return {key: amount, key + "Display": text}


def _tax_word(included):
    return "TAXES_INCLUDED_IN_PRICE" if included else "TAXES_ADDED_TO_PRICE"


def render_methods(session):
    """Return the payment methods that the checkout offers."""
    known = {
        "CARD": ("PaymentMethodType.CreditCard", ["VISA", "MASTER_CARD", "AMEX"]),
        "PAYPAL": ("PaymentMethodType.PayPal", []),
        "WIRE": ("PaymentMethodType.WireTransfer", []),
    }
    recurring = any(item["interval"] for item in session["items"])
    return [
        {
            "id": name,
            "description": known[name][0],
            "requiredFieldElements": ["POSTAL_CODE"] if name == "CARD" else [],
            "showFieldElements": ["POSTAL_CODE"] if name == "CARD" else [],
            "supportedProductTypes": "SUBSCRIPTION_PLAN" if recurring else "ONE_TIME",
            "variants": known[name][1],
        }
        for name in sessions.methods(session)
    ]
