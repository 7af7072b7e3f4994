"""Objects as FastSpring prints them: the same key sets as recorded payloads.

Every function takes stored documents and returns plain values in which amounts are
Decimals. What can be expanded is expanded; `outbox.collapse` takes it back.
"""

from datetime import datetime, timezone
from decimal import Decimal

from .money import COMMA_LANGUAGES, ZERO, convert, display, half_up

SITE_ID = "SIMSTORE001"
PRORATED = ("ChangeAmount", "ProratedCharge", "CreditAmount", "TaxAmount", "Total")


# --- pieces ------------------------------------------------------------------


def instant(milliseconds):
    """Return a time zone aware datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def iso_day(milliseconds):
    """Return `2026-11-22`."""
    return instant(milliseconds).strftime("%Y-%m-%d")


def java_day(milliseconds):
    """Return `Thu May 28 00:00:00 UTC 2026`, midnight of that day."""
    return instant(milliseconds).strftime("%a %b %d 00:00:00 UTC %Y")


def dated(key, milliseconds, language="en", mail=False):
    """Return the five (with `mail` seven) forms in which a date is given."""
    if milliseconds is None:
        names = ("", "Value", "InSeconds", "Display", "DisplayISO8601")
        return {key + name: None for name in names}
    day = instant(milliseconds)
    if language[:2] in COMMA_LANGUAGES:
        shown = day.strftime("%d.%m.%y")
    else:
        shown = f"{day.month}/{day.day}/{day:%y}"
    forms = {
        key: milliseconds,
        key + "Value": milliseconds,
        key + "InSeconds": milliseconds // 1000,
        key + "Display": shown,
        key + "DisplayISO8601": f"{day:%Y-%m-%d}",
    }
    if mail:
        forms[key + "DisplayEmailEnhancements"] = f"{day:%b %d, %Y}"
        forms[key + "DisplayEmailEnhancementsWithTime"] = f"{day:%b %d, %Y %I:%M:%S %p}"
    return forms


class Tariff:
    """Writes amounts of one object in its currency and in the payout currency.

    :param dict document: with `currency`, `payoutCurrency` and `language`
    """

    def __init__(self, document):
        self.currency = document["currency"]
        self.payout = document["payoutCurrency"]
        self.language = document["language"]

    def paid_out(self, amount):
        """Return an amount in the payout currency."""
        return convert(amount, self.currency, self.payout)

    def four(self, key, amount, paid_out=None):
        """Return `key` with its three twins.

        :param Decimal paid_out: payout amount, when it is not a mere conversion
        """
        if paid_out is None:
            paid_out = self.paid_out(amount)
        return {
            key: amount,
            key + "Display": display(amount, self.currency, self.language),
            key + "InPayoutCurrency": paid_out,
            key + "InPayoutCurrencyDisplay": display(
                paid_out, self.payout, self.language
            ),
        }

    def totals(self, total, tax):
        """Return total, tax and subtotal, which add up in both currencies."""
        paid_total, paid_tax = self.paid_out(total), self.paid_out(tax)
        return {
            **self.four("total", total, paid_total),
            **self.four("tax", tax, paid_tax),
            **self.four("subtotal", total - tax, paid_total - paid_tax),
        }


# --- accounts ----------------------------------------------------------------


def contact(account):
    """Return the contact part of an account."""
    keys = ("first", "last", "email", "company", "phone")
    return {**{key: account[key] for key in keys}, "subscribed": True}


def account_event(account, storefront):
    """Return an account as webhooks show it: address keys have spaces."""
    address = account["address"]
    return {
        "id": account["id"],
        "account": account["id"],
        "contact": contact(account),
        "address": {
            "address line 1": address.get("addressLine1"),
            "address line 2": address.get("addressLine2"),
            "city": address.get("city"),
            "country": account["country"],
            "postal code": address.get("postalCode"),
            "region": address.get("region"),
            "region custom": None,
            "company": account["company"],
        },
        "language": account["language"],
        "country": account["country"],
        "lookup": _lookup(account),
        "url": f"{storefront}/account",
    }


def account_answer(account, storefront, orders, subscriptions):
    """Return an account as `GET /accounts/{id}` shows it."""
    address = account["address"]
    return {
        "id": account["id"],
        "account": account["id"],
        "action": "account.get",
        "contact": contact(account),
        "address": {
            "addressLine1": address.get("addressLine1"),
            "addressLine2": address.get("addressLine2"),
            "city": address.get("city"),
            "region": address.get("region"),
            "regionCustom": None,
            "postalCode": address.get("postalCode"),
            "company": account["company"],
        },
        "language": account["language"],
        "country": account["country"],
        "lookup": _lookup(account),
        "url": f"{storefront}/account",
        "payment": {"methods": account["methods"], "active": account["methods"]},
        "orders": [order["id"] for order in orders],
        "subscriptions": [one["id"] for one in subscriptions],
        "charges": [_charge(order) for order in orders if order["total"]],
        "subscribed": True,
        "result": "success",
        "taxExemptionData": account["taxId"],
    }


def _lookup(account):
    lookup = {"global": account["global"]}
    if account["custom"]:
        lookup["custom"] = account["custom"]
    return lookup


def _charge(order):
    tariff = Tariff(order)
    subscription = order["items"][0]["subscription"]
    return {
        "currency": order["currency"],
        "total": order["total"],
        "payoutCurrency": order["payoutCurrency"],
        "totalInPayoutCurrency": tariff.paid_out(order["total"]),
        "status": {"completed": "successful"}.get(order["status"], order["status"]),
        "order": order["id"],
        "orderReference": order["reference"],
        **({"subscription": subscription} if subscription else {}),
        **dated("timestamp", order["changed"]),
    }


# --- orders ------------------------------------------------------------------


def order(document, account, subscriptions, storefront):
    """Return an order, expanded.

    :param dict document: the stored order
    :param dict account: its stored account
    :param dict subscriptions: id to expanded subscription, for its items
    :param str storefront: the storefront's address
    """
    tariff = Tariff(document)
    owner = account_event(account, storefront)
    customer = {**contact(account), "subscribed": False}
    address = _address(account)
    reference = document["reference"]
    result = {
        "order": document["id"],
        "id": document["id"],
        "reference": reference,
        "buyerReference": None,
        "ipAddress": document["ip"],
        "completed": document["status"] == "completed",
        "orderLevelCouponApplied": False,
        **dated("changed", document["changed"], document["language"], mail=True),
        "language": document["language"],
        "live": document["live"],
        "currency": document["currency"],
        "payoutCurrency": document["payoutCurrency"],
        "quote": None,
        "invoiceUrl": invoice_url(document, storefront),
        "siteId": SITE_ID,
        "account": owner,
        **tariff.totals(document["total"], document["tax"]),
        **tariff.four("discount", document["discount"]),
        **tariff.four("discountWithTax", document["discount"]),
        "billDescriptor": "FS* " + document["store"] if document["payment"] else "N/A",
        "payment": document["payment"],
        "customer": customer,
        "address": address,
        "recipients": [
            {"recipient": {**customer, "account": owner, "address": address}}
        ],
        "notes": [],
        "items": [_item(line, tariff, subscriptions, document) for line in
                  document["items"]],
    }  # fmt: skip
    if document["taxId"]:
        result["taxExemptionData"] = document["taxId"]
    if document["tags"]:
        result["tags"] = document["tags"]
    if document["reason"]:
        result["reason"] = document["reason"]
    if document["status"] == "pending":
        result["paymentDueDate"] = java_day(document["due"])
    return result


def invoice_url(document, storefront):
    """Return the address of the invoice that FastSpring gives the buyer."""
    reference = document["reference"] or "null"
    return f"{storefront}/account/order/{reference}/invoice/{document['invoice']}"


def _item(line, tariff, subscriptions, document):
    item = {
        "product": line["product"],
        "quantity": line["quantity"],
        "display": line["display"],
        "sku": line["sku"],
        "imageUrl": None,
        "shortDisplay": line["display"],
        **tariff.four("subtotal", line["net"]),
        **tariff.four("discount", line["discount"]),
        "withholdings": {"taxWithholdings": False},
    }
    for name in PRORATED:
        item.update(tariff.four("proratedItem" + name, ZERO))
    if line["attributes"]:
        item["attributes"] = line["attributes"]
    if document["status"] == "completed":
        item["fulfillments"] = {}
    if line["subscription"]:
        item["subscription"] = subscriptions[line["subscription"]]
    return item


def _address(account):
    source = account["address"]
    region = source.get("region")
    address = {
        "addressLine1": source.get("addressLine1"),
        "addressLine2": source.get("addressLine2"),
        "city": source.get("city"),
        "regionCode": region,
        "regionDisplay": region,
        "region": region,
        "postalCode": source.get("postalCode"),
        "country": account["country"],
    }
    address = {key: value for key, value in address.items() if value}
    parts = [
        address[key]
        for key in (
            "addressLine1", "addressLine2", "city", "region", "postalCode", "country",
        )
        if key in address
    ]  # fmt: skip
    return {**address, "display": ", ".join(parts)}


# --- returns -----------------------------------------------------------------


def return_object(document, source, account, storefront):
    """Return a refund, expanded.

    :param dict document: the stored return
    :param dict source: the stored order that it refunds
    """
    tariff = Tariff(source)
    paid_total = tariff.paid_out(document["total"])
    paid_tax = tariff.paid_out(document["tax"])
    return {
        "return": document["id"],
        "quote": None,
        "reference": document["reference"],
        "completed": True,
        **dated("changed", document["created"], source["language"]),
        "live": source["live"],
        "account": account_event(account, storefront),
        "currency": source["currency"],
        "payoutCurrency": source["payoutCurrency"],
        **tariff.four("totalReturn", document["total"], paid_total),
        **tariff.four("tax", document["tax"], paid_tax),
        **tariff.four(
            "subtotal", document["total"] - document["tax"], paid_total - paid_tax
        ),
        "totalRefundInPayoutCurrency": paid_total,
        "payment": source["payment"],
        "reason": document["reason"],
        "note": document["note"],
        "type": "RETURN",
        "refundPerformerType": document["performerType"],
        "refundSourceComponent": "refund",
        "original": {
            "id": source["id"],
            "order": source["id"],
            "reference": source["reference"],
            "account": source["account"],
            "currency": source["currency"],
            "payoutCurrency": source["payoutCurrency"],
            **tariff.totals(source["total"], source["tax"]),
            "notes": [],
            **({"tags": source["tags"]} if source["tags"] else {}),
        },
        "customer": {**contact(account), "subscribed": False},
        "items": [_return_item(line, tariff, document) for line in document["items"]],
        "refundPerformer": document["performer"],
    }


def _return_item(line, tariff, document):
    full = document["type"] == "FULL"
    item = {
        "product": line["product"],
        "quantity": line["quantity"] if full else 0,
        "display": line["display"],
        "sku": line["sku"],
        "refundType": "Full Refund" if full else "Partial Refund",
        **tariff.four("subtotal", line["net"]),
        "withholdings": {"taxWithholdings": False},
    }
    if line["attributes"]:
        item["attributes"] = line["attributes"]
    return item


# --- subscriptions -----------------------------------------------------------


def subscription(document, account, product, storefront):
    """Return a subscription, expanded.

    :param dict document: the stored subscription
    :param dict product: its stored product
    """
    tariff = Tariff(document)
    language = document["language"]
    price = document["price"]
    total = price * document["quantity"]
    automatic = document["next"] is not None and document["active"]
    result = {
        "id": document["id"],
        "quote": None,
        "subscription": document["id"],
        "active": document["active"],
        "state": document["state"],
        "isSubscriptionEligibleForPauseByBuyer": False,
        "isPauseScheduled": document["pause"] is not None,
        **dated("changed", document["changed"], language, mail=True),
        "live": document["live"],
        "currency": document["currency"],
        "account": account_event(account, storefront),
        "product": product,
        "sku": product.get("sku"),
        "display": document["display"],
        "quantity": document["quantity"],
        "adhoc": document["adhoc"],
        "autoRenew": document["autoRenew"],
        **tariff.four("price", price),
        **tariff.four("discount", ZERO),
        **tariff.four("subtotal", total),
        **dated("next", document["next"], language),
        **dated("end", document["end"], language),
        **dated("canceledDate", document["canceled"], language),
        **dated("deactivationDate", document["deactivation"], language),
        "sequence": document["sequence"],
        "periods": None,
        "remainingPeriods": None,
        **dated("begin", document["begin"], language, mail=True),
        "intervalUnit": document["interval"],
        "intervalLength": document["intervalLength"],
        "nextChargeCurrency": document["currency"],
        "cancellationSetting": {
            "cancellation": "AFTER_LAST_NOTIFICATION",
            "intervalUnit": "week",
            "intervalLength": 1,
        },
        "fulfillments": {},
        "instructions": [_instruction(document, tariff, total)],
        "initialOrderId": document["initialOrderId"],
        "initialOrderReference": document["initialOrderReference"],
    }
    if automatic:
        result.update(dated("nextChargeDate", document["next"], language))
        result.update(tariff.four("nextChargePreTax", total))
        result.update(tariff.four("nextChargeTotal", total))
    if document["pause"]:
        result.update(dated("pauseDate", document["pause"], language))
        result.update(dated("resumeDate", document["resume"], language))
    if document["tags"]:
        result["tags"] = document["tags"]
    if document["attributes"]:
        result["attributes"] = document["attributes"]
    return result


def _instruction(document, tariff, total):
    language = document["language"]
    return {
        "product": document["product"],
        "type": "regular",
        "isNotTrial": True,
        **dated("periodStartDate", None),
        **dated("periodEndDate", document["end"], language),
        "intervalUnit": document["interval"],
        "intervalLength": document["intervalLength"],
        "discountPercent": 0,
        "discountPercentValue": 0,
        "discountPercentDisplay": "0%",
        **tariff.four("discountTotal", ZERO),
        **tariff.four("unitDiscount", ZERO),
        **tariff.four("price", document["price"]),
        **tariff.four("priceTotal", total),
        **tariff.four("unitPrice", document["price"]),
        **tariff.four("total", total),
    }


# --- money to the seller -----------------------------------------------------


def payout_for_order(document, expanded_order, account, subscriptions, storefront):
    """Return the data of payoutEntry.created for an order.

    Fee: 5.9 % of the total and 0.95 in the payout currency, four decimals; its
    `percentage` is of the untaxed amount.
    """
    tariff = Tariff(document)
    total = tariff.paid_out(document["total"])
    tax = tariff.paid_out(document["tax"])
    fee = half_up(total * Decimal("0.059") + Decimal("0.95"), 4)
    net = total - tax
    payout = half_up(net - fee, 2)
    return {
        "orderId": document["id"],
        "quote": None,
        "reference": document["reference"],
        "live": document["live"],
        "order": expanded_order,
        "account": account_event(account, storefront),
        "subscriptions": subscriptions,
        "subtractions": {
            "tax": {"currency": tariff.payout, "amount": tax, "percentage": 0},
            "fastspring": {
                "currency": tariff.payout,
                "amount": fee,
                "percentage": half_up(fee / net * 100, 2),
            },
            "withholdings": {"withholdings": False},
        },
        "payouts": [
            {
                "payee": document["store"],
                "currency": tariff.payout,
                "payout": f"{payout:.2f}",
                "subtotal": payout,
                "total": f"{total:.2f}",
            }
        ],
    }


def payout_for_return(document, expanded_return, source, account, storefront):
    """Return the data of payoutEntry.created for a refund: no fee comes back."""
    tariff = Tariff(source)
    total = tariff.paid_out(document["total"])
    tax = tariff.paid_out(document["tax"])
    return {
        "return": expanded_return,
        "account": account_event(account, storefront),
        "live": source["live"],
        "subscriptions": [],
        "subtractions": {
            "tax": {"amount": -tax, "percentage": 0},
            "fastspring": {"amount": ZERO, "percentage": ZERO},
            "withholdings": {"withholdings": False},
        },
        "subtotal": tax - total,
        "payouts": [
            {
                "payee": source["store"],
                "currency": tariff.payout,
                "payout": f"{tax - total:.2f}",
                "totalReturn": f"{-total:.2f}",
            }
        ],
    }
