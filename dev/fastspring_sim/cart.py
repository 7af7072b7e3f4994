"""What a cart costs: currency, discounts and tax."""

from decimal import Decimal

from . import catalogue
from .accounts import TAX_ID
from .money import ZERO, convert, country_currency, rounded


def choose_currency(settings, country, prices):
    """Return the currency that a buyer is charged in.

    :param str country: the buyer's
    :param dict prices: currency to price, as the session gave it
    """
    local = country_currency(country)
    if settings.currency_by_country:
        enabled = settings.currencies
        return local if not enabled or local in enabled else settings.default_currency
    if not prices or local in prices:
        return local if prices else settings.default_currency
    return next(iter(prices))


def exempt(settings, tax_id):
    """Return whether a tax id removes the tax."""
    return bool(settings.tax_id_exempts and tax_id and TAX_ID.fullmatch(tax_id))


def price_lines(world, items, currency, country, tax_id):
    """Price a cart.

    :param list items: dicts with product, quantity, price (currency to Decimal),
        discounts and the rest of what a session says about a line
    :return: the items, each with list and unit price, discount, net, tax and gross
        of the whole line, its rate in percent, and whether the price holds the tax
    """
    settings = world.settings
    rate = Decimal(settings.tax_rates.get(country, 0))
    included = settings.tax_mode == "gross" and currency != "USD"
    return [
        _price(world, item, currency, rate, included, exempt(settings, tax_id))
        for item in items
    ]


def _price(world, item, currency, rate, included, free):
    product = catalogue.find(world, item["product"])
    prices = item["price"] or product["pricing"]["price"]
    quantity = item["quantity"]
    listed = _in_currency(prices, currency)
    off = min(_discount(item, listed, currency), listed)
    asked = (listed - off) * quantity
    before_tax = rounded(asked / (1 + rate / 100), currency) if included else asked
    tax = ZERO
    if not free:
        tax = asked - before_tax if included else rounded(asked * rate / 100, currency)
    return {
        **item,
        "list": listed,
        "off": off,
        "unit": listed - off,
        "discount": off * quantity,
        "net": before_tax,
        "tax": tax,
        "gross": before_tax + tax,
        "rate": ZERO if free else rate,
        "included": included,
        "exempt": free,
    }


def _in_currency(prices, currency):
    if currency in prices:
        return rounded(prices[currency], currency)
    source, amount = next(iter(prices.items()))
    return rounded(convert(amount, source, currency), currency)


def _discount(item, price, currency):
    fitting = [
        step for step in item["discounts"] if step["minQuantity"] <= item["quantity"]
    ]
    if not fitting:
        return ZERO
    step = max(fitting, key=lambda one: one["minQuantity"])
    if step["percent"]:
        return rounded(price * step["percent"] / 100, currency)
    return _in_currency(step["amount"], currency) if step["amount"] else ZERO


def total(lines, key):
    """Return the sum of one amount over the lines."""
    return sum((line[key] for line in lines), ZERO)
