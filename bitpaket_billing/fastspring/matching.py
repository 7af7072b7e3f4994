"""Decide whether an order is the payment we asked for."""

from . import const
from .expected import Problem, mode


def match_order(order, expected, *, paid=True):
    """Compare an order with what we asked for; only an empty answer may book money.

    An order that names no store is accepted: the webhook's secret and the API's
    credentials belong to one store each. Under `RULE_NET` the amount asked may be the
    order's subtotal or its total: whether a price holds tax, FastSpring decides by the
    buyer's country.

    :param Order order: The order, rather fetched from the API than taken from an event.
    :param Expected expected: What we asked for.
    :param bool paid: Whether it must be paid already; False while a wire is awaited.
    :return: Every disagreement, none of them soft.
    :rtype: list[Problem]
    """
    problems = []

    def compare(code, got, wanted):
        if got != wanted:
            problems.append(Problem(code, {"expected": wanted, "got": got}))

    if paid and order.completed is not True:
        problems.append(Problem("not_completed"))
    if expected.store and order.store:
        compare("store", order.store, expected.store)
    compare("live", mode(order.live), mode(expected.live))
    if expected.live and order.is_test_payment:
        problems.append(Problem("test_payment"))
    compare("reference", order.tag(const.TAG_REFERENCE), expected.reference)
    if expected.origin and order.tag(const.TAG_ORIGIN):
        compare("origin", order.tag(const.TAG_ORIGIN), expected.origin)
    compare("currency", order.currency, expected.currency)
    compare("product", [item.product for item in order.items], [expected.product])
    accepted = {order.total}
    if expected.rule == const.RULE_NET:
        accepted.add(order.subtotal)
    if expected.amount not in accepted:
        exempt = order.tax_exempt and not order.tax
        values = {
            "expected": expected.amount,
            "got": order.total,
            "currency": order.currency,
        }
        problems.append(Problem("amount_tax_exempt" if exempt else "amount", values))
    return problems
