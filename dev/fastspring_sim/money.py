"""Amounts: exact inside, plain JSON numbers outside."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

ZERO = Decimal(0)

#: What one unit is worth in US dollars; fixed, so that runs can be compared.
USD_VALUE = {
    code: Decimal(value)
    for code, value in {
        "AED": "0.2723", "ARS": "0.0007", "AUD": "0.66", "BRL": "0.18",
        "CAD": "0.73", "CHF": "1.25", "CLP": "0.00105", "CNY": "0.14",
        "COP": "0.00025", "CZK": "0.0465", "DKK": "0.1515", "EUR": "1.13",
        "GBP": "1.31", "HKD": "0.128", "HUF": "0.0029", "IDR": "0.00006",
        "INR": "0.0113", "JPY": "0.0066", "KRW": "0.0007", "MXN": "0.054",
        "MYR": "0.24", "NOK": "0.099", "NZD": "0.57", "PEN": "0.296",
        "PHP": "0.017", "PLN": "0.267", "RUB": "0.0124", "SAR": "0.2667",
        "SEK": "0.105", "SGD": "0.77", "THB": "0.031", "TRY": "0.0236",
        "TWD": "0.032", "USD": "1", "VND": "0.000038", "ZAR": "0.058",
    }.items()
}  # fmt: skip

WITHOUT_DECIMALS = {"CLP", "JPY", "KRW", "VND"}

COUNTRY_CURRENCY = {
    **dict.fromkeys(
        "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK".split(), "EUR"
    ),
    "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CN": "CNY", "CZ": "CZK",
    "DK": "DKK", "GB": "GBP", "HK": "HKD", "HU": "HUF", "IN": "INR", "JP": "JPY",
    "KR": "KRW", "LI": "CHF", "MX": "MXN", "NO": "NOK", "NZ": "NZD", "PL": "PLN",
    "SE": "SEK", "SG": "SGD", "TH": "THB", "TR": "TRY", "ZA": "ZAR",
}  # fmt: skip

SYMBOLS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
COMMA_LANGUAGES = {"cs", "da", "de", "es", "fi", "fr", "it", "nl", "no", "pl", "pt"}


def decimal(value):
    """Return `value` as a finite Decimal, or None when it is not a number."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def digits(currency):
    """Return how many decimals amounts in `currency` have."""
    return 0 if currency in WITHOUT_DECIMALS else 2


def rounded(amount, currency):
    """Round half up to the currency's digits."""
    return half_up(amount, digits(currency))


def half_up(amount, places):
    """Round half up to a number of decimals."""
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def convert(amount, source, target):
    """Return `amount` of currency `source` in currency `target`, rounded."""
    if source == target:
        return amount
    return rounded(amount * USD_VALUE[source] / USD_VALUE[target], target)


def country_currency(country):
    """Return the currency that FastSpring would show to a buyer in `country`."""
    return COUNTRY_CURRENCY.get(country, "USD")


def display(amount, currency, language="en"):
    """Return an amount as FastSpring prints it: `$1,018.87`, or `1.018,87 $`."""
    text = f"{abs(amount):,.{digits(currency)}f}"
    sign = "-" if amount < 0 else ""
    symbol = SYMBOLS.get(currency, currency)
    if language[:2] in COMMA_LANGUAGES:
        swapped = text.translate(str.maketrans(",.", ".,"))
        return f"{sign}{swapped}\u00a0{symbol}"
    space = " " if symbol == currency else ""
    return f"{sign}{symbol}{space}{text}"


def json_number(value):
    """Return a Decimal as the JSON number that carries the same digits."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in a payload")
    whole = value.to_integral_value()
    return int(whole) if whole == value else float(value)
