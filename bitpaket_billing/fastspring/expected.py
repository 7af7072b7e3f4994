"""What we asked FastSpring for, and how an answer can disagree with it."""

from dataclasses import dataclass, field
from decimal import Decimal

from . import const


def _lt(text):
    """Mark a text for translation, which is looked up where it is shown."""
    return text


# English texts, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
TEXTS = {
    "amount": _lt("The amount is %(got)s %(currency)s instead of %(expected)s."),
    "amount_tax_exempt": _lt(
        "The buyer is tax exempt and pays %(got)s %(currency)s instead of %(expected)s."
    ),
    "currency": _lt("The currency is %(got)s instead of %(expected)s."),
    "live": _lt("The mode is %(got)s instead of %(expected)s."),
    "not_completed": _lt("The order is not paid."),
    "not_ready": _lt("The checkout is not ready: %(got)s."),
    "origin": _lt("The payment was asked for by another system: %(got)s."),
    "product": _lt("The products are %(got)s instead of %(expected)s."),
    "quantity": _lt("The quantity is %(got)s instead of 1."),
    "reference": _lt("The payment is for %(got)s instead of %(expected)s."),
    "status": _lt("The state of the checkout is %(got)s instead of OPEN."),
    "store": _lt("The store is %(got)s instead of %(expected)s."),
    "subscription": _lt("The subscription is %(got)s instead of %(expected)s."),
    "tax_unknown": _lt(
        "It is not known whether tax is added to %(expected)s %(currency)s."
    ),
    "test_payment": _lt("The order was paid with a test card."),
    "unreadable": _lt("The answer holds no checkout session."),
    "warning": _lt("FastSpring warns: %(message)s (%(warning)s)"),
}


@dataclass(frozen=True)
class Expected:
    """What we ask for: one product, at one price, for one transaction.

    :param str reference: The transaction; FastSpring echoes it as a tag of the order.
    :param Decimal amount: The amount asked, in units of the currency.
    :param str currency: The ISO code.
    :param str product: The path of the product that stands for the payment.
    :param bool live: Whether real money is meant.
    :param str store: FastSpring's name of the store; None not to look at it.
    :param str rule: What must equal the amount: `const.RULE_TOTAL` or `const.RULE_NET`.
    :param str origin: Who asks, where several systems share the store; None for nobody
                       else.
    :param bool on_demand: Whether the buyer agrees to later charges, which may cost
                           nothing now.
    :raise ValueError: If FastSpring cannot be asked for this.
    """

    reference: str
    amount: Decimal
    currency: str
    product: str
    live: bool
    store: str | None = None
    rule: str = const.RULE_NET
    origin: str | None = None
    on_demand: bool = False

    def __post_init__(self):
        if not self.reference or len(self.reference) > const.TEXT_LIMIT:
            raise ValueError("the reference is empty or too long")
        if self.currency not in const.CURRENCY_DIGITS:
            raise ValueError(f"FastSpring does not take {self.currency}")
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError("the amount is not a Decimal")
        if self.amount < 0 or not (self.amount or self.on_demand):
            raise ValueError("the amount is not positive")
        if self.amount != round(self.amount, const.CURRENCY_DIGITS[self.currency]):
            raise ValueError(f"{self.amount} has too many decimals for {self.currency}")
        if self.rule not in (const.RULE_TOTAL, const.RULE_NET):
            raise ValueError(f"there is no rule {self.rule}")


@dataclass(frozen=True)
class Problem:
    """One disagreement between what was asked and what FastSpring answered.

    :param str code: A key of `TEXTS`.
    :param dict values: What was `expected` and what we `got`, None if nothing.
    :param bool soft: Whether the payment may go on once the user knows.
    """

    code: str
    values: dict = field(default_factory=dict)
    soft: bool = False

    @property
    def shown(self):
        """Return the values as texts, for a translation of the text.

        :rtype: dict[str, str]
        """
        digits = const.CURRENCY_DIGITS.get(self.values.get("currency"))
        return {key: _shown(value, digits) for key, value in self.values.items()}

    @property
    def text(self):
        """Say it in English.

        :rtype: str
        """
        return TEXTS[self.code] % self.shown


def _shown(value, digits):
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, Decimal) and digits is not None:
        # Only as many digits as the currency has, unless that hides the difference.
        value = round(value, digits) if value == round(value, digits) else value
    return "nothing" if value is None else str(value)


def mode(live):
    """Name a live flag.

    :rtype: str | None
    """
    return None if live is None else "live" if live else "test"
