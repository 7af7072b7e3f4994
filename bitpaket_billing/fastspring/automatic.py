"""Charging a stored payment method: which may be stored, which order paid, when next.

The stored method is an on-demand subscription: FastSpring charges it when we ask for
it, and knows no key that would make two identical requests one charge.
"""

from datetime import timedelta
from decimal import Decimal

from . import const
from .expected import Problem, _lt
from .matching import match_order

MAX_DAYS = 60

# Not offered when a buyer agrees to later charges: they pay one order only.
ONE_TIME_METHODS = (
    *("ALIPAY", "IDEAL", "KAKAOPAY", "KLARNA", "MERCADO_PAGO", "PURCHASE_ORDER"),
    *("QUOTE", "TOSS", "WECHAT_PAY", "WIRE"),
)

# The same in the words of orders, where a type says it, or a bank.
ONE_TIME_PAYMENTS = {
    *("alipay", "brazilwire", "ecard", "giropay", "ideal", "kakaopay", "klarna"),
    *("mercadopago", "purchase-order", "quote", "sofort", "toss", "wechatpay", "wire"),
}

#: Types that tell nothing about what will be charged: the order cost nothing.
UNTOLD_PAYMENTS = {None, "free"}

#: Declines after which the same method may still pay.
RETRIED = {const.SOFT, const.TECHNICAL}

# Why a charge was declined, for the customer.
# pylint: disable=prefer-env-translation
DECLINE_TEXTS = {
    "DISPUTED": _lt("The payment is disputed."),
    "EXPIRED_CARD": _lt("The card has expired."),
    "INSUFFICIENT_FUNDS": _lt("There was not enough money."),
    "INVALID_TOKEN": _lt("The payment method is not stored at FastSpring any more."),
    "UNSUPPORTED_COUNTRY": _lt("FastSpring cannot charge in this country."),
    "VOICE_AUTH": _lt("The bank wants to confirm the payment first."),
}
KIND_TEXTS = {
    const.SOFT: _lt("The bank declined the payment for now."),
    const.HARD: _lt("The bank declined the payment."),
    const.DATA: _lt("The stored payment data is not right any more."),
    const.TECHNICAL: _lt("A technical problem kept FastSpring from charging."),
    const.RISK: _lt("The payment was refused as too risky."),
}


def decline_kind(reason):
    """Sort the reason of a failed charge, an unknown one as soft.

    :param str reason: FastSpring's code
    :return: one of the decline kinds of `const`
    :rtype: str
    """
    return const.DECLINE_KINDS.get((reason or "").upper(), const.SOFT)


def decline_text(reason):
    """Return why a charge was declined, in English.

    :rtype: str
    """
    return DECLINE_TEXTS.get((reason or "").upper()) or KIND_TEXTS[decline_kind(reason)]


def parse_days(text):
    """Read after how many days a declined charge is tried again.

    :param str text: days since the first try, such as `3, 5, 7`; empty for never
    :rtype: tuple[int, ...]
    :raise ValueError: if it is not a list of growing numbers of days
    """
    parts = (text or "").replace(",", " ").split()
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("not whole numbers")
    days = tuple(map(int, parts))
    if list(days) != sorted(set(days)) or any(not 0 < day <= MAX_DAYS for day in days):
        raise ValueError("not growing, or out of range")
    return days


def next_try(first, days, tries, reason):
    """Tell when a declined charge is tried again.

    :param datetime first: when it was tried first
    :param days: what :func:`parse_days` read
    :param int tries: how often it was tried
    :param str reason: FastSpring's code for the last decline
    :return: None if the same method will not pay, or was tried often enough
    :rtype: datetime | None
    """
    if decline_kind(reason) not in RETRIED or tries > len(days):
        return None
    return first + timedelta(days=days[tries - 1])


def can_recur(payment):
    """Tell whether what paid the first order can be charged later.

    :param Payment payment: how the order was paid
    :return: None if the order does not tell
    :rtype: bool | None
    """
    names = {name.lower() for name in (payment.type, payment.brand) if name}
    if names & ONE_TIME_PAYMENTS:
        return False
    return None if payment.type in UNTOLD_PAYMENTS else True


def count_stored_methods(account):
    """Return how many payment methods FastSpring keeps for a buyer.

    :param dict account: the answer of `GET /accounts/{id}`
    :rtype: int
    """
    payment = account.get("payment")
    methods = payment.get("methods") if isinstance(payment, dict) else None
    is_number = isinstance(methods, (int, Decimal)) and not isinstance(methods, bool)
    return int(methods) if is_number else 0


def find_subscription_id(order):
    """Return the one subscription that an order bought or charges, if it names one.

    :rtype: str | None
    """
    found = {item.subscription_id for item in order.items if item.subscription_id}
    return found.pop() if len(found) == 1 else None


def is_over(subscription):
    """Tell whether a subscription cannot be charged any more, now or soon.

    :rtype: bool
    """
    return subscription.active is False or subscription.state in (
        "canceled",
        "deactivated",
    )


def match_charge(order, expected, subscription_id):
    """Compare the order of a charge with what we asked for.

    A charge takes no tags: its order has those of the subscription or none. So it is
    told by its subscription, of which only one charge is ever under way.

    :param Order order: the order
    :param Expected expected: what we asked for, by the name of the opt-in
    :param str subscription_id: what we charged
    :return: every disagreement, none of them soft
    :rtype: list[Problem]
    """
    problems = match_order(order, expected)
    if not order.tag(const.TAG_REFERENCE):
        problems = [problem for problem in problems if problem.code != "reference"]
    charged = find_subscription_id(order)
    if charged and charged != subscription_id:
        values = {"expected": subscription_id, "got": charged}
        problems.append(Problem("subscription", values))
    return problems
