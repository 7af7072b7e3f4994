"""Money that came for a payment of ours, and is not what was asked for."""

from . import const

#: What may disagree in an order that is genuinely ours.
MONEY = {"amount", "amount_tax_exempt", "currency"}

SECOND = "second"  # it was paid already
CURRENCY = "currency"  # in another currency than asked
EXEMPT = "exempt"  # the buyer pays no tax where the price holds some
OVER = "over"
UNDER = "under"


def our_part(order, expected):
    """Return what of a completed order is ours, before fees.

    :param Order order: The order.
    :param Expected expected: What was asked for.
    :return: The total where it is what was asked, or must be; else what is left of it
             without the tax, which FastSpring remits.
    :rtype: Decimal | None
    """
    if expected.rule == const.RULE_TOTAL or order.subtotal is None:
        return order.total
    asked = order.currency == expected.currency and order.total == expected.amount
    return order.total if asked else order.subtotal


def kind_of(order, expected, problems, *, paid):
    """Tell how the money of an order differs from what was asked.

    :param Order order: The order.
    :param Expected expected: What was asked for.
    :param problems: What :func:`matching.match_order` found.
    :param bool paid: Whether it was paid already.
    :return: One of the kinds above, None if the money is as asked or the order is not
             genuinely ours.
    :rtype: str | None
    """
    codes = {problem.code for problem in problems}
    part = our_part(order, expected)
    if codes - MONEY or part is None or part <= 0:
        return None
    if "currency" in codes:
        return CURRENCY
    if paid:
        return SECOND
    if "amount_tax_exempt" in codes and part < expected.amount:
        return EXEMPT
    if codes:
        return OVER if part > expected.amount else UNDER
    return None
