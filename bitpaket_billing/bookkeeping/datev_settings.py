"""What the DATEV format lets one choose, read from the options of an export."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

#: Tax keys whose tax DATEV computes out of the gross amount, and their percentages.
TAX_RATES = MappingProxyType(
    {"2": Decimal(7), "3": Decimal(19), "8": Decimal(7), "9": Decimal(19)}
)

#: Accounts of DATEV's charts that compute tax by themselves, and the key they imply.
AUTOMATIC = MappingProxyType(
    {"03": {"8300": "2", "8400": "3"}, "04": {"4300": "2", "4400": "3"}}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The options, by their names in `Books.options`.

    :param int consultant: Beraternummer
    :param int client: Mandantennummer
    :param int account_length: digits of the general ledger's accounts; person accounts
        have one more
    :param str chart: `03`, `04`, another chart's two digits, or empty
    :param str initials: two capitals of who hands over (Diktatkürzel), or empty
    :param bool locked: whether DATEV fixes the batch when it is imported
    :param bool monthly: a file per month instead of one per fiscal year
    :param bool masters: also write person accounts and account labels
    :param bool person_accounts: book receivables and payables on the partner's number
    :param bool foreign_amounts: show amounts in foreign currency, with their rate
    :param bool service_dates: fill Leistungsdatum; the client must be set up for it
    :param bool transliterate: write characters outside of CP1252 as similar ones
    :param Mapping automatic_accounts: tax key that an account implies, by its code;
        besides those that the chart is known for
    :param Mapping tax_rates: percentages of further tax keys, by key
    """

    consultant: int = 0
    client: int = 0
    account_length: int = 4
    chart: str = ""
    initials: str = ""
    locked: bool = False
    monthly: bool = True
    masters: bool = True
    person_accounts: bool = True
    foreign_amounts: bool = True
    service_dates: bool = False
    transliterate: bool = False
    automatic_accounts: Mapping[str, str] = field(default_factory=dict)
    tax_rates: Mapping[str, Decimal] = field(default_factory=lambda: TAX_RATES)


def read(books):
    """Return the settings of an export; what is not given has its default.

    Numbers may be given as text. One that is none becomes 0, which `check` refuses.

    :param Books books: the frame of the export
    :rtype: Settings
    """
    given = {
        name: books.options[name]
        for name in Settings.__dataclass_fields__
        if name in books.options
    }
    for name in ("consultant", "client", "account_length"):
        if name in given:
            digits = str(given[name] or "").strip()
            number = digits.isascii() and digits.isdigit()
            given[name] = int(digits) if number else 0
    given["automatic_accounts"] = {
        **AUTOMATIC.get(given.get("chart"), {}),
        **(given.get("automatic_accounts") or {}),
    }
    given["tax_rates"] = {**TAX_RATES, **_rates(given.get("tax_rates") or {})}
    return Settings(**given)


def _rates(given):
    """Return the rates that are percentages; `check` refuses the others."""
    return {
        key: Decimal(str(rate))
        for key, rate in given.items()
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", str(rate))
    }
