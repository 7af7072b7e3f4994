"""What an operator of the simulator can choose; kept with the state."""

from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal

from .money import USD_VALUE


@dataclass
class Settings:
    """The store, its credentials and its habits.

    Every field can be given to `Simulator(...)`, to `POST /_sim/config`, and (most
    of them) on the command line.
    """

    store: str = "bitpaket"
    #: What buyers read as the seller's name.
    seller: str = "BitPaket"
    username: str = "sim"
    password: str = "sim"
    #: Whether sessions may be live; a test store makes test orders only.
    live: bool = False
    home_url: str = ""
    #: Address under which buyers and shops reach the simulator.
    public_url: str = ""

    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_expansion: bool = False
    #: Which events go out: `live`, `test` or `both`.
    webhook_scope: str = "both"
    webhook_timeout: float = 10.0
    batch_size: int = 25
    #: False: nothing is sent until somebody asks for it.
    auto_deliver: bool = True
    #: Seconds between retries instead of FastSpring's hours; None keeps the hours.
    retry_seconds: float | None = None

    #: `net`: tax on top. `gross`: tax inside, except in US dollars.
    tax_mode: str = "net"
    #: Percent per country, for example `{"DE": 19}`; none is charged elsewhere.
    tax_rates: dict = field(default_factory=dict)
    #: Whether a well-formed tax id of the buyer removes the tax.
    tax_id_exempts: bool = True

    #: True: the buyer's country decides the currency, as at FastSpring.
    currency_by_country: bool = False
    #: Enabled currencies; empty means all.
    currencies: list = field(default_factory=list)
    default_currency: str = "USD"
    payout_currency: str = "USD"

    session_hours: float = 24.0
    wire_due_days: int = 13
    event_page_size: int = 25
    #: FastSpring's schema says `subscription`, its answers `subscriptions`.
    charge_answer_key: str = "subscriptions"
    #: `GET /orders` answers ids (documented) or whole orders (seen).
    orders_as_objects: bool = False

    def update(self, values):
        """Take new values, given as JSON or as text from a form.

        :param dict values: field name to value
        :raises ValueError: for an unknown field or a value that does not fit
        """
        known = {item.name: item for item in fields(self)}
        clean = {}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no setting named {name!r}.")
            clean[name] = _CLEANERS.get(name, _plain(known[name].type))(name, value)
        for name, value in clean.items():
            setattr(self, name, value)

    def as_dict(self):
        """Return every setting as plain JSON values."""
        return asdict(self)


def _plain(kind):
    """Return the cleaner of a field without rules of its own."""

    def clean(name, value):
        if kind == float | None and value in (None, ""):
            return None
        convert = {bool: _boolean, int: int, str: _text}.get(kind, float)
        try:
            return convert(value)
        except (TypeError, ValueError):
            raise ValueError(f"{name} cannot be {value!r}.") from None

    return clean


def _text(value):
    if not isinstance(value, str):
        raise TypeError
    return value.strip()


def _boolean(value):
    if isinstance(value, str):
        return value.lower() in ("1", "true", "on", "yes")
    return bool(value)


def _choice(*allowed):
    def clean(name, value):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}.")
        return value

    return clean


def _currency(name, value):
    if value not in USD_VALUE:
        raise ValueError(f"{name}: unknown currency {value!r}.")
    return value


def _currencies(name, value):
    codes = value.replace(",", " ").split() if isinstance(value, str) else value
    return [_currency(name, code) for code in codes]


def _tax_rates(name, value):
    """Accept `{"DE": 19}` or the text `DE 19, AT 20`."""
    if isinstance(value, str):
        pairs = [part.replace("=", " ").split() for part in value.split(",")]
        value = dict(pair for pair in pairs if pair)
    try:
        return {
            country.upper(): str(Decimal(str(rate))) for country, rate in value.items()
        }
    except (ArithmeticError, AttributeError):
        raise ValueError(f"{name} looks like: DE 19, AT 20") from None


_CLEANERS = {
    "webhook_scope": _choice("both", "live", "test"),
    "tax_mode": _choice("net", "gross"),
    "charge_answer_key": _choice("subscription", "subscriptions"),
    "default_currency": _currency,
    "payout_currency": _currency,
    "currencies": _currencies,
    "tax_rates": _tax_rates,
}
