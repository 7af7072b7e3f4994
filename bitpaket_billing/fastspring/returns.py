"""Refunds, which FastSpring calls returns, and chargebacks."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from . import const, values
from .errors import PayloadError
from .orders import Item, Payment


@dataclass(frozen=True)
class Return:
    """Money given back for an order; an order may have several.

    `order_total` and `order_subtotal` are the original order's, `tags` are its tags.
    """

    id: str
    reference: str | None
    order_id: str | None
    order_reference: str | None
    order_total: Decimal | None
    order_subtotal: Decimal | None
    account_id: str | None
    live: bool | None
    completed: bool | None
    changed: datetime | None
    currency: str | None
    total: Decimal | None
    subtotal: Decimal | None
    tax: Decimal | None
    payout_currency: str | None
    total_in_payout_currency: Decimal | None
    reason: str | None
    note: str | None
    tags: dict[str, str]
    items: tuple[Item, ...]
    payment: Payment

    @classmethod
    def from_payload(cls, data):
        """Read a return in any of its forms.

        :param dict|str data: The data of `return.created`, one of the API's `returns`,
                              an object that holds it as `return`, or a bare id.
        :rtype: Return
        :raise PayloadError: If there is no return, or an amount is not a number.
        """
        data = {"return": data} if isinstance(data, str) else values.mapping(data)
        if isinstance(data.get("return"), dict):
            data = data["return"]
        return_id = values.text(data.get("return")) or values.text(data.get("id"))
        if not return_id:
            raise PayloadError("the return has no id")
        original = values.mapping(data.get("original"))
        return cls(
            id=return_id,
            reference=values.text(data.get("reference")),
            order_id=values.identifier(data.get("original"), "order"),
            order_reference=values.text(original.get("reference")),
            order_total=values.money(original.get("total"), "original total"),
            order_subtotal=values.money(original.get("subtotal"), "original subtotal"),
            account_id=values.identifier(data.get("account"), "account"),
            live=values.flag(data.get("live")),
            completed=values.flag(data.get("completed")),
            changed=values.moment(data.get("changed")),
            currency=values.text(data.get("currency")),
            total=values.money(data.get("totalReturn"), "total of the return"),
            subtotal=values.money(data.get("subtotal"), "subtotal"),
            tax=values.money(data.get("tax"), "tax"),
            payout_currency=values.text(data.get("payoutCurrency")),
            total_in_payout_currency=values.money(
                data.get("totalReturnInPayoutCurrency"), "total in payout currency"
            ),
            reason=values.text(data.get("reason")),
            note=values.text(data.get("note")),
            tags=values.pairs(original.get("tags")),
            items=tuple(map(Item.from_payload, values.rows(data.get("items")))),
            payment=Payment.from_payload(data.get("payment")),
        )


def our_part(paid, *, total, subtotal, order_total):
    """Return what of a refund was ours: without the tax, unless we had counted it.

    :param Decimal paid: What the order's payment counted for.
    :param Decimal total: What was given back.
    :param Decimal subtotal: The same without tax.
    :param Decimal order_total: What the order had cost with tax; 0 if unknown.
    :rtype: Decimal
    """
    return total if order_total == paid else subtotal


def share_of(part, paid, whole, currency):
    """Return as much of an order as a part is of what we counted.

    :param Decimal part: A part of what the order paid.
    :param Decimal paid: What the order paid.
    :param Decimal whole: The amount of the order to take the same share of.
    :param str currency: The currency, which tells how to round.
    :rtype: Decimal
    """
    digits = const.CURRENCY_DIGITS.get(currency, 2)
    if part == paid or not paid:
        return whole
    return (whole * part / paid).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@dataclass(frozen=True)
class Chargeback:
    """A buyer's bank takes the money of an order back.

    There is no event for its outcome. `case_id` tells chargebacks apart: the `id` that
    FastSpring sends is the order's.
    """

    case_id: str
    order_id: str | None
    amount: Decimal | None
    currency: str | None
    status: str | None
    reason_code: str | None
    reason: str | None
    created: datetime | None
    payment_method: str | None

    @classmethod
    def from_payload(cls, data):
        """Read the data of `chargeback.created`.

        :param dict data: The data of the event.
        :rtype: Chargeback
        :raise PayloadError: If nothing identifies it, or the amount is not a number.
        """
        data = values.mapping(data)
        case_id = values.text(data.get("processorCaseId") or data.get("id"))
        if not case_id:
            raise PayloadError("the chargeback has no id")
        variant = values.text(data.get("paymentMethodVariant"))
        return cls(
            case_id=case_id,
            order_id=values.identifier(data.get("order"), "order"),
            amount=values.money(data.get("chargebackAmount"), "chargeback amount"),
            currency=values.text(data.get("currency")),
            status=values.text(data.get("status")),
            reason_code=values.text(data.get("reasonCode")),
            reason=values.text(data.get("reasonDescription")),
            created=values.moment(data.get("creationDate")),
            payment_method=variant or values.text(data.get("paymentMethod")),
        )
