"""Checkout sessions: the request that asks a buyer for an amount, and where to go."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import quote, urlsplit

from . import const, values


@dataclass(frozen=True, repr=False)
class Buyer:
    """Who pays. All is optional, but without a country FastSpring assumes the US.

    :param str account_id: The buyer's account at FastSpring, if known.
    :param str country: The ISO code; it decides the currency.
    """

    account_id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    phone: str | None = None
    address_line_1: str | None = None
    address_line_2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    tax_id: str | None = None


@dataclass(frozen=True)
class SessionRequest:
    """A call that creates a session; amounts in `json` are still Decimals."""

    path: str
    json: dict = field(repr=False)


def build_v2(
    expected,
    buyer,
    checkout_path,
    *,
    title,
    references=(),
    locale="en",
    hidden_methods=(),
    unit_price=None,
    on_demand=False,
):
    """Build a request for the current sessions API.

    :param Expected expected: What to ask for.
    :param Buyer buyer: Who pays.
    :param str checkout_path: Store and checkout, such as `mystore/web-invoices`.
    :param str title: What the buyer reads as the product's name, in their language.
    :param references: The numbers of the invoices, for people who look at the order.
    :param str locale: The buyer's language as Odoo or a browser writes it.
    :param hidden_methods: FastSpring's payment methods not to offer, such as `WIRE`.
    :param Decimal unit_price: Another price than the amount, from
                               :func:`price_for_total`.
    :param bool on_demand: Whether the buyer also agrees to later charges.
    :rtype: SessionRequest
    """
    language = language_of(locale)
    price = unit_price or expected.amount
    item = {
        "productPath": expected.product,
        "quantity": 1,
        "quantityBehavior": "LOCK",
        "descriptions": {"display": {"en": _cut(title), language: _cut(title)}},
        "customPrice": {"unitPrice": {expected.currency: price}},
        "attributes": _origin_tags(expected),
    }
    if on_demand:
        item["subscriptionOverrides"] = {
            "billingFrequency": {"intervalUnit": "ON_DEMAND"}
        }
    customer = {
        "accountId": buyer.account_id,
        "billToContact": {
            "email": buyer.email,
            "firstName": buyer.first_name,
            "lastName": buyer.last_name,
            "company": buyer.company,
            "phoneNumber": buyer.phone,
        },
        "billToAddress": {
            "addressLine1": buyer.address_line_1,
            "addressLine2": buyer.address_line_2,
            "city": buyer.city,
            "region": buyer.region,
            "postalCode": buyer.postal_code,
            "country": buyer.country,
        },
        "taxId": buyer.tax_id,
    }
    request = {
        "locale": language,
        "country": buyer.country,
        "live": expected.live,
        "customer": customer,
        "orderTags": order_tags(expected, references),
        "cart": {"lineItems": [item]},
        "hidePaymentMethods": list(hidden_methods),
    }
    path = quote(checkout_path.strip("/"))
    return SessionRequest(f"/v2/checkouts/{path}/sessions", _filled(request))


def status_path(checkout_path, session_id):
    """Return where the current API tells what became of a session.

    :rtype: str
    """
    path = quote(checkout_path.strip("/"))
    return f"/v2/checkouts/{path}/sessions/{quote(session_id, safe='')}"


def build_v1(
    expected,
    buyer,
    *,
    references=(),
    locale="en",
    days=1,
    unit_price=None,
    on_demand=False,
):
    """Build a request for the older sessions API.

    It knows no mode, tax id, address, title and payment methods: test and live differ
    by the address the buyer is sent to.

    :param Expected expected: What to ask for.
    :param Buyer buyer: Who pays; a known account stands for all other data.
    :param references: The numbers of the invoices, for people who look at the order.
    :param str locale: The buyer's language as Odoo or a browser writes it.
    :param int days: How long the session lives, 1 to 7.
    :param Decimal unit_price: Another price than the amount, from
                               :func:`price_for_total`.
    :param bool on_demand: Whether the buyer also agrees to later charges.
    :rtype: SessionRequest
    """
    pricing = {
        "price": {expected.currency: unit_price or expected.amount},
        "quantityBehavior": "lock",
    }
    if on_demand:
        pricing["interval"] = "adhoc"
    request = {
        "account": buyer.account_id,
        "contact": None
        if buyer.account_id
        else {
            "first": buyer.first_name,
            "last": buyer.last_name,
            "email": buyer.email,
            "company": buyer.company,
            "phone": buyer.phone,
            "country": buyer.country,
            "language": language_of(locale),
        },
        "expiration": min(max(days, 1), 7),
        "tags": order_tags(expected, references),
        "items": [
            {
                "product": expected.product,
                "quantity": 1,
                "attributes": _origin_tags(expected),
                "pricing": pricing,
            }
        ],
    }
    return SessionRequest("/sessions", _filled(request))


def order_tags(expected, references=()):
    """Return the tags that come back on the order.

    :rtype: dict[str, str]
    """
    tags = {const.TAG_INVOICES: _cut(", ".join(references))}
    return _filled({**_origin_tags(expected), **tags})


def _origin_tags(expected):
    return {
        const.TAG_REFERENCE: expected.reference,
        const.TAG_ORIGIN: expected.origin,
    }


def price_for_total(response, expected):
    """Work out the unit price at which the buyer's total becomes the amount asked.

    For `RULE_TOTAL` where FastSpring adds tax, or takes it out for an exempt buyer: ask
    for a new session at this price and check it again. Rounding may leave a cent.

    :param dict response: The answer of the current API to a request at the amount.
    :param Expected expected: What was asked for.
    :return: The price rounded half up to the currency's digits, None if it is not told.
    :rtype: Decimal | None
    """
    cart = values.mapping(response.get("cart"))
    total = values.money(cart.get("withTaxNetTotal"), "withTaxNetTotal")
    if total is None or total <= 0:
        return None
    digit = Decimal(1).scaleb(-const.CURRENCY_DIGITS[expected.currency])
    return (expected.amount * expected.amount / total).quantize(digit, ROUND_HALF_UP)


def storefront(store, live, checkout=""):
    """Return the storefront's address, also what the popup's script asks for.

    :param str store: FastSpring's name of the store.
    :param bool live: False for the test host.
    :param str checkout: The checkout, such as `popup-invoices`; empty for the default.
    :return: Such as `mystore.test.onfastspring.com/popup-invoices`.
    :rtype: str
    """
    host = f"{store}{'' if live else '.test'}.onfastspring.com"
    return f"{host}/{checkout}" if checkout else host


def popup_library(store, live, checkout, home=""):
    """Return what the buyer's page needs to open a checkout over itself.

    :param str store: FastSpring's name of the store.
    :param bool live: Whether real money is meant.
    :param str checkout: The checkout, such as `popup-invoices`.
    :param str home: The address of a storefront that stands in for FastSpring's.
    :return: The `script` to load, and its `storefront`; None for a checkout that is no
             popup.
    :rtype: dict[str, str] | None
    """
    if not checkout.startswith(const.POPUP):
        return None
    if not home:
        return {
            "script": f"{const.LIBRARY_HOST}{const.LIBRARY_PATH}",
            "storefront": storefront(store, live, checkout),
        }
    parts = urlsplit(home)
    return {
        "script": f"{parts.scheme}://{parts.netloc}{const.LIBRARY_PATH}",
        "storefront": f"{parts.netloc}{parts.path}/{checkout}",
    }


def checkout_url(response, *, store, live, checkout="", home=""):
    """Return where to send the buyer's browser.

    :param dict response: The answer to a session request of either API.
    :param str store: FastSpring's name of the store.
    :param bool live: Whether real money is meant.
    :param str checkout: The checkout, if it is not the store's default.
    :param str home: The address of a storefront that stands in for FastSpring's.
    :return: The address FastSpring gave, else the documented one of the older API.
    :rtype: str
    """
    given = values.mapping(response.get("checkoutUrls")).get("webcheckoutUrl")
    trusted = f"{home}/" if home else "https://"
    if isinstance(given, str) and given.startswith(trusted):
        return given
    session_id = quote(response["id"], safe="")
    if home:
        path = f"{checkout}/session" if checkout else "session"
        return f"{home}/{path}/{session_id}"
    return f"https://{storefront(store, live, checkout)}/session/{session_id}"


def language_of(locale):
    """Return FastSpring's code of a language, English for one it does not speak.

    :param str locale: Such as `de_DE`, `pt-BR` or `sr@latin`; may be empty.
    :rtype: str
    """
    language = (locale or "").replace("@", "_").replace("-", "_").split("_")[0].lower()
    language = const.LANGUAGE_ALIASES.get(language, language)
    return language if language in const.LANGUAGES else "en"


def _cut(string):
    if len(string) <= const.TEXT_LIMIT:
        return string
    return string[: const.TEXT_LIMIT - 1] + "…"


def _filled(request):
    """Leave out what is empty and shorten what is too long."""
    if isinstance(request, dict):
        filled = {key: _filled(item) for key, item in request.items()}
        return {k: item for k, item in filled.items() if item not in (None, "", {}, [])}
    if isinstance(request, list):
        return [_filled(item) for item in request]
    return _cut(request) if isinstance(request, str) else request
