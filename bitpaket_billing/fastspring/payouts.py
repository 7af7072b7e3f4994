"""Payout entries: what FastSpring owes the seller for one order or return."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from . import const, values
from .errors import PayloadError
from .orders import Order
from .returns import Return


@dataclass(frozen=True)
class Payout:
    """One payee's part, in the payout currency; negative for a return.

    `total` is the order's total or the return's, `amount` what is left of it.
    """

    payee: str | None
    currency: str | None
    amount: Decimal | None
    total: Decimal | None


@dataclass(frozen=True)
class PayoutEntry:
    """What is paid out for one order or taken back for one return.

    `tax` and `fee` are in the payout currency; the fee has four decimals. `order` and
    `return_` hold the objects, with nothing but an id when they came unexpanded. The
    entry of a return names no order if the return is unexpanded.
    """

    order: Order | None
    return_: Return | None
    reference: str | None
    live: bool | None
    account_id: str | None
    subscription_ids: tuple[str, ...]
    tax: Decimal | None
    fee: Decimal | None
    fee_percent: Decimal | None
    payouts: tuple[Payout, ...]

    @classmethod
    def from_payload(cls, data):
        """Read the data of `payoutEntry.created`.

        :param dict data: The data of the event.
        :rtype: PayoutEntry
        :raise PayloadError: If it names no order and no return, or an amount is not a
                             number.
        """
        data = values.mapping(data)
        order = data.get("order") or data.get("orderId")
        returned = data.get("return")
        if not order and not returned:
            raise PayloadError("the payout entry names no order and no return")
        subtractions = values.mapping(data.get("subtractions"))
        tax = values.mapping(subtractions.get("tax"))
        fee = values.mapping(subtractions.get("fastspring"))
        subscriptions = data.get("subscriptions")
        if not isinstance(subscriptions, list):
            subscriptions = []
        ids = [values.identifier(each, "subscription") for each in subscriptions]
        return cls(
            order=Order.from_payload(order) if order else None,
            return_=Return.from_payload(returned) if returned else None,
            reference=values.text(data.get("reference")),
            live=values.flag(data.get("live")),
            account_id=values.identifier(data.get("account"), "account"),
            subscription_ids=tuple(filter(None, ids)),
            tax=values.money(tax.get("amount"), "tax"),
            fee=values.money(fee.get("amount"), "fee"),
            fee_percent=values.money(fee.get("percentage"), "fee percentage"),
            payouts=tuple(map(_payout, values.rows(data.get("payouts")))),
        )

    @property
    def order_id(self):
        """Return the id of the order paid out, or of the one that was refunded.

        :rtype: str | None
        """
        return self.order.id if self.order else self.return_.order_id


@dataclass(frozen=True)
class Share:
    """What the books need of a payout entry, in the payout currency.

    All are negative where money goes back: `total` less `tax` less `fee` is `amount`.
    """

    currency: str
    total: Decimal
    tax: Decimal
    fee: Decimal
    amount: Decimal


def share(entry, payee=None):
    """Return the seller's share of a payout entry.

    FastSpring tells its fee with four decimals and pays out two: the fee is what is
    missing, if that is what FastSpring says in whole cents.

    :param PayoutEntry entry: The entry.
    :param str payee: The store.
    :rtype: Share
    :raise PayloadError: If the entry does not add up, or pays others as well.
    """
    if len(entry.payouts) != 1:
        raise PayloadError(f"it pays {len(entry.payouts)} payees")
    (row,) = entry.payouts
    if payee and row.payee and row.payee != payee:
        raise PayloadError("it pays somebody else")
    if row.currency not in const.CURRENCY_DIGITS:
        raise PayloadError("its currency is unknown")
    if row.amount is None or row.total is None:
        raise PayloadError("an amount is missing")
    digits = const.CURRENCY_DIGITS[row.currency]
    cent = Decimal(1).scaleb(-digits)
    tax = (entry.tax or Decimal(0)).quantize(cent, ROUND_HALF_UP)
    fee = row.total - tax - row.amount
    if abs(fee - (entry.fee or 0)) >= cent:
        raise PayloadError("total, tax, fee and payout do not add up")
    if row.amount != row.amount.quantize(cent) or row.total != row.total.quantize(cent):
        raise PayloadError("an amount has too many decimals")
    return Share(row.currency, row.total, tax, fee, row.amount)


def _payout(row):
    total = row.get("total", row.get("totalReturn"))
    return Payout(
        payee=values.text(row.get("payee")),
        currency=values.text(row.get("currency")),
        amount=values.money(row.get("payout"), "payout"),
        total=values.money(total, "total of the payout"),
    )
