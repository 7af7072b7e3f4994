"""Payout entries: what FastSpring owes the seller for one order or return."""

from dataclasses import dataclass
from decimal import Decimal

from . import values
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


def _payout(row):
    total = row.get("total", row.get("totalReturn"))
    return Payout(
        payee=values.text(row.get("payee")),
        currency=values.text(row.get("currency")),
        amount=values.money(row.get("payout"), "payout"),
        total=values.money(total, "total of the payout"),
    )
