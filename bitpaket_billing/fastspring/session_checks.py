"""Decide whether a new session may be shown to the buyer."""

from . import const, values
from .errors import PayloadError
from .expected import Problem, mode


def check_session(response, expected, version=const.V2):
    """Compare a new session with what we asked for.

    FastSpring answers "created" to sessions that cannot be paid, or not as asked: the
    currency follows the buyer's country, tax follows the store's settings.

    :param dict response: The answer to the session request.
    :param Expected expected: What was asked for.
    :param str version: The API that was used, `const.V1` or `const.V2`.
    :return: Every disagreement; do not send the buyer there unless all are soft.
    :rtype: list[Problem]
    """
    if not isinstance(response, dict) or not values.text(response.get("id")):
        return [Problem("unreadable")]
    check = _check_v1 if version == const.V1 else _check_v2
    try:
        return list(check(response, expected))
    except PayloadError:
        return [Problem("unreadable")]


def _check_v2(response, expected):
    cart = values.mapping(response.get("cart"))
    yield from _differs("status", response.get("status"), "OPEN")
    states = response.get("checkoutStatus")
    if not isinstance(states, (list, str)) or const.READY not in states:
        yield Problem("not_ready", {"expected": [const.READY], "got": states})
    yield from _check_products(cart.get("lineItems"), "productPath", expected)
    tags = values.pairs(response.get("orderTags"))
    yield from _differs("reference", tags.get(const.TAG_REFERENCE), expected.reference)
    live = values.flag(response.get("live"))
    yield from _differs("live", mode(live), mode(expected.live))
    yield from _differs("currency", response.get("currency"), expected.currency)
    yield from _check_amount(cart, expected)
    for warning in values.rows(response.get("warnings")):
        code = values.text(warning.get("code"))
        message = values.text(warning.get("message"))
        # We asked for a test session, so that the checkout is not live is no surprise.
        offline = code == "CHECKOUT_NOT_LIVE" and not expected.live
        soft = code in const.SOFT_WARNINGS or offline
        yield Problem("warning", {"warning": code, "message": message}, soft)


def _check_v1(response, expected):
    yield from _check_products(response.get("items"), "product", expected)
    yield from _differs("currency", response.get("currency"), expected.currency)
    got = values.money(response.get("subtotal"), "subtotal")
    amount = {"expected": expected.amount, "got": got, "currency": expected.currency}
    if got != expected.amount:
        yield Problem("amount", amount)
    elif expected.rule == const.RULE_TOTAL:
        yield Problem("tax_unknown", amount, soft=True)


def _check_products(items, key, expected):
    items = values.rows(items)
    products = [values.identifier(item.get(key), "product") for item in items]
    if products != [expected.product]:
        yield Problem("product", {"expected": [expected.product], "got": products})
    for item in items:
        if values.integer(item.get("quantity")) != 1:
            yield Problem("quantity", {"expected": 1, "got": item.get("quantity")})


def _check_amount(cart, expected):
    """Compare the price where FastSpring adds tax itself, else what the buyer pays."""
    included = cart.get("taxIncluded") == const.TAX_INCLUDED
    whole = included or expected.rule == const.RULE_TOTAL
    name = "withTaxNetTotal" if whole else "withoutTaxNetTotal"
    got = values.money(cart.get(name), name)
    if got != expected.amount:
        items = values.rows(cart.get("lineItems"))
        exempt = any(values.mapping(row.get("price")).get("taxExempt") for row in items)
        yield Problem(
            "amount_tax_exempt" if exempt else "amount",
            {"expected": expected.amount, "got": got, "currency": expected.currency},
        )


def _differs(code, got, wanted):
    if got != wanted:
        yield Problem(code, {"expected": wanted, "got": got})
