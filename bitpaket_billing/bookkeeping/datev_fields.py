"""How DATEV wants a value written: quotes, commas, dates and its set of characters."""

import functools
import re
import unicodedata

ENCODING = "cp1252"
LINE_END = "\r\n"
#: A batch may not have more lines of bookings.
MAX_ROWS = 99_999
#: Ten digits before the comma.
MAX_AMOUNT = 10**10

# Characters that do not decompose into a letter of CP1252 and a mark.
_SIMILAR = str.maketrans(
    {
        "ı": "i",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ħ": "h",
        "‐": "-",
        "‑": "-",
        "−": "-",
        "₺": "TL",
    }
)
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


@functools.lru_cache(maxsize=4096)
def clean(value):
    """Return a text on one line, without control characters.

    :rtype: str
    """
    if not value.isprintable():
        value = "".join(" " if _invisible(char) else char for char in value)
    return " ".join(value.split())


def _invisible(char):
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def unknown_characters(value):
    """Return the characters that CP1252 lacks, each once, in their order.

    :rtype: str
    """
    return "".join(char for char in dict.fromkeys(clean(value)) if not _known(char))


def _known(char):
    try:
        char.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def transliterate(value):
    """Write what CP1252 lacks as similar characters, and `?` where there is none.

    :rtype: str
    """
    value = unicodedata.normalize("NFC", value)
    return "".join(char if _known(char) else _similar(char) for char in value)


def _similar(char):
    parts = unicodedata.normalize("NFKD", char.translate(_SIMILAR))
    return "".join(part for part in parts if _known(part)) or "?"


def text(value, limit, settings):
    """Return a quoted text.

    :param int limit: characters that fit; the rest is cut off
    :rtype: str
    """
    value = clean(value or "")
    if settings.transliterate:
        value = transliterate(value)
    return quote(value[:limit].rstrip())


def quote(value):
    """Return a text between quotes; those inside are doubled."""
    return '"' + value.replace('"', '""') + '"'


def amount(value):
    """Return a positive amount with a comma and two decimals.

    :param Decimal value: has no more than two decimals
    :rtype: str
    """
    return f"{value:.2f}".replace(".", ",")


def day_month(day):
    """Return a date as TTMM; the year is the batch's."""
    return f"{day.day:02}{day.month:02}"


def day_month_year(day):
    """Return a date as TTMMJJJJ, or nothing."""
    return f"{day.day:02}{day.month:02}{day.year:04}" if day else ""


def year_month_day(day):
    """Return a date as JJJJMMTT."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def document_number(value):
    """Return a number as Belegfeld 1 and 2 take it: ASCII letters, digits, `_$&%*+-/`.

    Everything else becomes a hyphen. Of a number that is too long the end is kept,
    since that is what tells it from others.

    :rtype: str
    """
    value = transliterate(clean(value).translate(_GERMAN))
    value = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_$&%*+/-]+", "-", value)[-36:]


def word(value, limit):
    """Return the ASCII letters and digits of a name, for a field that takes no others.

    :rtype: str
    """
    value = unicodedata.normalize("NFKD", value.translate(_GERMAN))
    value = value.encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "", value)[:limit]


def line(fields):
    """Return a line of a file, in bytes.

    :raise UnicodeEncodeError: a character that CP1252 lacks; `check` names it before
    """
    return (";".join(fields) + LINE_END).encode(ENCODING)
