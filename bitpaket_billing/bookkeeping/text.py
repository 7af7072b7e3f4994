"""Texts in files: what they must not hold, and how numbers and dates look."""

import re

#: What a spreadsheet takes for the start of a formula.
FORMULA = ("=", "+", "-", "@")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


def clean(text):
    """Return a text on one line: each run of control characters is a space.

    :param str text:
    :rtype: str
    """
    return text if text.isprintable() else _CONTROL.sub(" ", text).strip()


def guard(text):
    """Return a text that no spreadsheet takes for a formula, with `'` before it.

    >>> guard("-10 % discount")
    "'-10 % discount"

    :param str text:
    :rtype: str
    """
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def safe_file_name(text):
    """Return a text as part of a file name, on every system.

    >>> safe_file_name("EXP/2026: 01")
    'EXP-2026-01'

    :param str text:
    :rtype: str
    """
    return _NOT_IN_FILE_NAMES.sub("-", text).strip(".-") or "export"


def format_amount(amount, digits):
    """Return an amount with a currency's digits, and never less than it has.

    >>> format_amount(Decimal("-3.5"), 2), format_amount(Decimal("0.125"), 2)
    ('-3.50', '0.125')

    :param Decimal amount:
    :param int digits: decimals of the currency
    :rtype: str
    """
    amount = amount.normalize() + 0  # no minus before zero
    return f"{amount:.{max(digits, -amount.as_tuple().exponent)}f}"


def format_date(day, pattern):
    """Return a date by a pattern of `YYYY`, `YY`, `MM` and `DD`.

    >>> format_date(date(2026, 3, 1), "DD.MM.YY")
    '01.03.26'

    :param date day:
    :param str pattern:
    :rtype: str
    """
    year = f"{day.year:04}"
    for name, value in (
        ("YYYY", year),
        ("YY", year[2:]),
        ("MM", f"{day.month:02}"),
        ("DD", f"{day.day:02}"),
    ):
        pattern = pattern.replace(name, value)
    return pattern
