"""Orders: what the buyer bought and paid."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from . import const, values
from .errors import PayloadError


@dataclass(frozen=True)
class Payment:
    """How an order was paid; empty as long as it was not."""

    type: str | None = None
    brand: str | None = None
    card_ending: str | None = None

    @classmethod
    def from_payload(cls, data):
        """Read the `payment` object of an order or a return.

        :rtype: Payment
        """
        data = values.mapping(data)
        kind = values.text(data.get("type"))
        # Old samples name a card and a bank at once; the type tells which one holds.
        keys = ["bank"] if kind == "bank" else ["creditcard", "variant", "bank"]
        brands = [brand for key in keys if (brand := values.text(data.get(key)))]
        ending = values.text(data.get("cardEnding")) or ""
        return cls(
            type=kind,
            brand=brands[0] if brands else None,
            card_ending=ending[-4:] if ending.isdigit() else None,
        )

    @property
    def label(self):
        """Say how it was paid, such as `visa 4242` or `wire`; empty if unknown.

        :rtype: str
        """
        return " ".join(filter(None, [self.brand or self.type, self.card_ending]))

    @property
    def method_code(self):
        """Return the code of Odoo's payment method, or None for an unknown one.

        :rtype: str | None
        """
        for name in (self.brand, self.type):
            if name and (code := const.PAYMENT_METHODS.get(name.lower())):
                return code
        return None


@dataclass(frozen=True)
class Item:
    """A line of an order or of a return; a partial return has quantity 0."""

    product: str | None
    quantity: int | None
    subtotal: Decimal | None
    discount: Decimal | None
    attributes: dict[str, str]
    subscription_id: str | None
    refund_type: str | None

    @classmethod
    def from_payload(cls, data):
        """Read one of the `items`.

        :param dict data: The item; its product may be a path or an object.
        :rtype: Item
        """
        return cls(
            product=values.identifier(data.get("product"), "product"),
            quantity=values.integer(data.get("quantity")),
            subtotal=values.money(data.get("subtotal"), "item subtotal"),
            discount=values.money(data.get("discount"), "item discount"),
            attributes=values.pairs(data.get("attributes")),
            subscription_id=values.identifier(data.get("subscription"), "subscription"),
            refund_type=values.text(data.get("refundType")),
        )


@dataclass(frozen=True)
class Order:
    """An order, as events and the API tell it.

    `total` is what the buyer pays: `subtotal` (after discounts) plus `tax`. `returns`
    maps the id of each refund made so far to its amount; only the API lists them.
    """

    id: str
    reference: str | None
    store: str | None
    account_id: str | None
    live: bool | None
    completed: bool | None
    changed: datetime | None
    currency: str | None
    total: Decimal | None
    subtotal: Decimal | None
    tax: Decimal | None
    discount: Decimal | None
    payout_currency: str | None
    total_in_payout_currency: Decimal | None
    tax_exempt: bool
    tags: dict[str, str]
    items: tuple[Item, ...]
    payment: Payment
    reason: str | None
    payment_due_date: date | None
    returns: dict[str, Decimal | None]
    email: str | None = field(repr=False)
    invoice_url: str | None = field(repr=False)

    @classmethod
    def from_payload(cls, data):
        """Read an order in any of its forms.

        :param dict|str data: The data of an order event, the API's answer for an order,
                              an object that holds the order as `order`, or a bare id.
        :rtype: Order
        :raise PayloadError: If there is no order, or an amount is not a number.
        """
        data = _find_order(data)
        order_id = values.text(data.get("id")) or values.text(data.get("order"))
        if not order_id:
            raise PayloadError("the order has no id")
        invoice_url = values.text(data.get("invoiceUrl"))
        returns = values.rows(data.get("returns"))
        return cls(
            id=order_id,
            reference=values.text(data.get("reference")),
            store=values.store(invoice_url),
            account_id=values.identifier(data.get("account"), "account"),
            live=values.flag(data.get("live")),
            completed=values.flag(data.get("completed")),
            changed=values.moment(data.get("changed")),
            currency=values.text(data.get("currency")),
            total=values.money(data.get("total"), "total"),
            subtotal=values.money(data.get("subtotal"), "subtotal"),
            tax=values.money(data.get("tax"), "tax"),
            discount=values.money(data.get("discount"), "discount"),
            payout_currency=values.text(data.get("payoutCurrency")),
            total_in_payout_currency=values.money(
                data.get("totalInPayoutCurrency"), "total in payout currency"
            ),
            tax_exempt=bool(data.get("taxExemptionData")),
            tags=values.pairs(data.get("tags")),
            items=tuple(map(Item.from_payload, values.rows(data.get("items")))),
            payment=Payment.from_payload(data.get("payment")),
            reason=values.text(data.get("reason")),
            payment_due_date=values.day(data.get("paymentDueDate")),
            returns={
                return_id: values.money(row.get("amount"), "returned amount")
                for row in returns
                if (return_id := values.text(row.get("return")))
            },
            email=values.text(values.mapping(data.get("customer")).get("email")),
            invoice_url=invoice_url,
        )

    @property
    def is_test_payment(self):
        """Tell whether no real money moved.

        :rtype: bool
        """
        return self.payment.type == const.TEST_PAYMENT

    def tag(self, name):
        """Return a tag of the order, or else the attribute of that name of an item.

        :rtype: str | None
        """
        found = [item.attributes.get(name) for item in self.items]
        return self.tags.get(name) or next(filter(None, found), None)


def _find_order(data):
    if isinstance(data, str):
        return {"id": data}
    data = values.mapping(data)
    if isinstance(data.get("order"), dict):
        return data["order"]
    listed = values.rows(data.get("orders"))
    if listed and not (data.get("id") or data.get("order")):
        return listed[0]
    return data
