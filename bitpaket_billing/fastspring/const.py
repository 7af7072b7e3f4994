"""Names, codes and limits fixed by FastSpring or agreed on with it."""

TEXT_LIMIT = 255  # characters of any string sent to FastSpring
MAX_BODY = 10 * 1024 * 1024  # bytes of a webhook delivery; the largest seen is 20 KB
API_URL = "https://api.fastspring.com"
# Opens checkouts over the seller's own page, which it asks to load it from there.
LIBRARY_HOST = "https://sbl.onfastspring.com"
LIBRARY_PATH = "/sbl/1.0.7/fastspring-builder.min.js"
POPUP = "popup-"  # what the name of such a checkout begins with
MAX_EVENT_DAYS = 30  # FastSpring forgets older events

# === What a payment must cost === #

# The buyer pays exactly the amount, tax included or none.
RULE_TOTAL = "total"
# The amount is FastSpring's price; where it puts tax on top, the buyer pays that too.
RULE_NET = "net"

# === Tags we set on every order === #

TAG_REFERENCE = "odoo_tx"
TAG_INVOICES = "odoo_invoices"
TAG_ORIGIN = "odoo_db"

# === Sessions === #

V1 = "v1"
V2 = "v2"
TAX_INCLUDED = "TAXES_INCLUDED_IN_PRICE"
READY = "READY_FOR_CHECKOUT"
# States of a session that an order was made of.
ORDERED = {"COMPLETED", "PENDING_ORDER"}

# What the buyer can still correct at the checkout, and what cannot change the price.
SOFT_WARNINGS = {
    "INVALID_BUYER_IP",
    "INVALID_LOCALE",
    "INVALID_POSTAL_CODE",
    "INVALID_TAX_ID",
}

CURRENCY_DIGITS = {
    **dict.fromkeys(
        [
            *("AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK"),
            *("EUR", "GBP", "HKD", "HUF", "IDR", "INR", "MXN", "MYR", "NOK", "NZD"),
            *("PEN", "PHP", "PLN", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD"),
            *("USD", "ZAR"),
        ],
        2,
    ),
    **dict.fromkeys(["CLP", "JPY", "KRW", "VND"], 0),
}
SUPPORTED_CURRENCIES = sorted(CURRENCY_DIGITS)

LANGUAGES = {
    *("ar", "cs", "da", "de", "en", "es", "fi", "fr", "hr", "it", "iw", "ja", "ko"),
    *("nl", "no", "pl", "pt", "ru", "sk", "sv", "tr", "zh"),
}
LANGUAGE_ALIASES = {"he": "iw", "nb": "no", "nn": "no"}

# === Payment methods === #

TEST_PAYMENT = "test"
WIRE = "wireTransfer"  # why an order waits

# FastSpring's brand, bank or type, in lower case -> code of Odoo's payment method.
# An open set: FastSpring adds methods without telling their names.
PAYMENT_METHODS = {
    "ach": "ach_direct_debit",
    "alipay": "alipay",
    "amazon": "amazon_pay",
    "amex": "amex",
    "applepay": "card",
    "bank": "bank_transfer",
    "brazilwire": "bank_transfer",
    "carteblanche": "diners",
    "creditcard": "card",
    "dinersclub": "diners",
    "discover": "discover",
    "googlepay": "card",
    "ideal": "ideal",
    "jcb": "jcb",
    "kakaopay": "kakaopay",
    "klarna": "klarna",
    "mastercard": "mastercard",
    "mercadopago": "mercado_pago",
    "paypal": "paypal",
    "pix": "pix",
    "sepa": "sepa_direct_debit",
    "sofort": "sofort",
    "test": "card",
    "unionpay": "unionpay",
    "upi": "upi",
    "visa": "visa",
    "wechatpay": "wechat_pay",
    "wire": "bank_transfer",
}

# === Event types === #

ORDER_COMPLETED = "order.completed"
ORDER_FAILED = "order.failed"
ORDER_CANCELED = "order.canceled"
ORDER_PAYMENT_PENDING = "order.payment.pending"
ORDER_APPROVAL_PENDING = "order.approval.pending"
FULFILLMENT_FAILED = "fulfillment.failed"
RETURN_CREATED = "return.created"
CHARGEBACK_CREATED = "chargeback.created"
PAYOUT_ENTRY_CREATED = "payoutEntry.created"
ACCOUNT_CREATED = "account.created"
ACCOUNT_UPDATED = "account.updated"
CHARGE_COMPLETED = "subscription.charge.completed"
CHARGE_FAILED = "subscription.charge.failed"
SUBSCRIPTION_ACTIVATED = "subscription.activated"
SUBSCRIPTION_CANCELED = "subscription.canceled"
SUBSCRIPTION_DEACTIVATED = "subscription.deactivated"
SUBSCRIPTION_TYPES = {
    "subscription.activated",
    "subscription.canceled",
    "subscription.deactivated",
    "subscription.paused",
    "subscription.payment.overdue",
    "subscription.payment.reminder",
    "subscription.resumed",
    "subscription.trial.reminder",
    "subscription.uncanceled",
    "subscription.updated",
}

# === Refunds that were asked for here and are not confirmed yet === #

UNDERWAY = ("asked", "sending", "sent")

# === Why a charge was declined === #

SOFT = "soft"  # may succeed when tried again later
HARD = "hard"  # this payment method will never work
DATA = "data"  # the buyer must correct what was entered
TECHNICAL = "technical"  # nobody's money, something broke
RISK = "risk"  # refused as too risky

DECLINE_KINDS = {
    **dict.fromkeys(
        ["DECLINED_SOFT", "INCOMPLETE_PAYMENT", "INSUFFICIENT_FUNDS", "VOICE_AUTH"],
        SOFT,
    ),
    **dict.fromkeys(
        ["DECEASED", "DECLINED", "DISPUTED", "EXPIRED_CARD", "RESTRICTED"], HARD
    ),
    "UNSUPPORTED_COUNTRY": HARD,
    **dict.fromkeys(
        ["API_INVALID_IBAN", "CC_ADDRESS_VERIFICATION", "CC_CVV", "INVALID_TOKEN"],
        DATA,
    ),
    **dict.fromkeys(["ACH_INVALID_ACCOUNT_NUMBER", "ACH_INVALID_ROUTING_NUMBER"], DATA),
    **dict.fromkeys(
        ["API_BANK_ACCOUNT_LOGIN_ERROR", "API_GENERIC_ERROR", "API_REFUND_FAILED"],
        TECHNICAL,
    ),
    **dict.fromkeys(
        ["API_INVALID_REQUEST_DATA", "API_TRANSACTION_DECLINED", "CONNECTION"],
        TECHNICAL,
    ),
    **dict.fromkeys(["INTERNAL_ERROR", "TIMEOUT", "UNKNOWN"], TECHNICAL),
    **dict.fromkeys(["PROC_RISK", "RISK"], RISK),
}

# === Keys whose value must not reach a log === #

# `url` opens the buyer's account, `invoiceUrl` the buyer's invoice, without a password.
SENSITIVE_KEYS = {
    *("authorization", "Authorization", "hmacSecret", "password", "url"),
    *("invoiceUrl", "previousOrderInvoiceUrl", "webcheckoutUrl"),
    *("x-fs-signature", "X-FS-Signature"),
}
PII_KEYS = {
    *("first", "last", "firstName", "lastName", "company", "email", "phone"),
    *("phoneNumber", "address", "billToAddress", "billToContact", "contact"),
    *("customer", "recipient", "recipients", "shipToAddress", "shipToContact"),
    *("addressLine1", "addressLine2", "address line 1", "address line 2", "city"),
    *("postalCode", "postal code", "region custom", "regionCustom", "display"),
    *("ipAddress", "buyerIp", "taxId", "taxID", "taxExemptionData", "taxExemptId"),
    *("cardEnding", "lastFourDigits", "refundPerformer", "creator", "rejectedValue"),
}
