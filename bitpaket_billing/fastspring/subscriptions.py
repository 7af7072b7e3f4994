"""Subscriptions, which hold a stored payment method, and their charges."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from . import const, values
from .errors import PayloadError
from .orders import Order


@dataclass(frozen=True)
class Subscription:
    """A subscription at FastSpring.

    Only one with `adhoc` set can be charged by us, at `price` per unit. A canceled one
    stays `active` until `deactivation_date`.
    """

    id: str
    state: str | None
    active: bool | None
    adhoc: bool | None
    live: bool | None
    account_id: str | None
    product: str | None
    quantity: int | None
    currency: str | None
    price: Decimal | None
    sequence: int | None
    next_charge_date: date | None
    next_charge_total: Decimal | None
    deactivation_date: date | None
    initial_order_id: str | None
    decline_reason: str | None
    tags: dict[str, str]

    @classmethod
    def from_payload(cls, data):
        """Read a subscription in any of its forms.

        :param dict|str data: The data of a subscription event, the answer of
                              `GET /subscriptions/{id}`, or a bare id.
        :rtype: Subscription
        :raise PayloadError: If there is no subscription, or an amount is not a number.
        """
        data = {"id": data} if isinstance(data, str) else values.mapping(data)
        listed = values.rows(data.get("subscriptions"))
        if listed and not (data.get("id") or data.get("subscription")):
            data = listed[0]
        subscription_id = values.text(data.get("id")) or values.identifier(
            data.get("subscription"), "subscription"
        )
        if not subscription_id:
            raise PayloadError("the subscription has no id")
        return cls(
            id=subscription_id,
            state=values.text(data.get("state")),
            active=values.flag(data.get("active")),
            adhoc=values.flag(data.get("adhoc")),
            live=values.flag(data.get("live")),
            account_id=values.identifier(data.get("account"), "account"),
            product=values.identifier(data.get("product"), "product"),
            quantity=values.integer(data.get("quantity")),
            currency=values.text(data.get("currency")),
            price=values.money(data.get("price"), "price"),
            sequence=values.integer(data.get("sequence")),
            next_charge_date=values.day(data.get("nextChargeDate")),
            next_charge_total=values.money(data.get("nextChargeTotal"), "next charge"),
            deactivation_date=values.day(data.get("deactivationDate")),
            initial_order_id=values.text(data.get("initialOrderId")),
            decline_reason=values.text(data.get("declineReason")),
            tags=values.pairs(data.get("tags")),
        )


@dataclass(frozen=True)
class SubscriptionCharge:
    """The outcome of charging a subscription.

    A completed charge has an `order` of its own, not the first one of the subscription;
    a failed one has a `reason`.
    """

    status: str | None
    subscription: Subscription | None
    account_id: str | None
    order: Order | None
    currency: str | None
    total: Decimal | None
    sequence: int | None
    timestamp: datetime | None
    reason: str | None

    @classmethod
    def from_payload(cls, data):
        """Read the data of `subscription.charge.completed` or `.failed`.

        :param dict data: The data of the event.
        :rtype: SubscriptionCharge
        :raise PayloadError: If it names neither subscription nor order, or an amount is
                             not a number.
        """
        data = values.mapping(data)
        subscription, order = data.get("subscription"), data.get("order")
        if not subscription and not order:
            raise PayloadError("the charge names no subscription and no order")
        reason = values.text(data.get("reason"))
        if subscription:
            subscription = Subscription.from_payload(subscription)
        return cls(
            status=values.text(data.get("status")) or ("failed" if reason else None),
            subscription=subscription or None,
            account_id=values.identifier(data.get("account"), "account"),
            order=Order.from_payload(order) if order else None,
            currency=values.text(data.get("currency")),
            total=values.money(data.get("total"), "total"),
            sequence=values.integer(data.get("sequence")),
            timestamp=values.moment(data.get("timestamp")),
            reason=reason,
        )

    @property
    def succeeded(self):
        """Tell whether the buyer was charged.

        :rtype: bool
        """
        return self.status == "successful" and self.order is not None

    @property
    def decline_kind(self):
        """Sort the reason of a failed charge, an unknown one as soft.

        :return: One of the decline kinds of `const`, or None if it did not fail.
        :rtype: str | None
        """
        if self.reason is None:
            return None
        return const.DECLINE_KINDS.get(self.reason.upper(), const.SOFT)
