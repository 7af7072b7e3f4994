"""The words of a column profile: `{line.account.code}`, `{entry.date|date:DD.MM.YY}`.

A template is text with places in braces. A place names a field and, after bars, how to
change its value. Only the fields of `fields.py` and the filters below exist: nothing
is evaluated.
"""

import operator
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .fields import FIELDS, READERS, Amount
from .text import format_amount, format_date
from .types import _lt

# English texts, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
BRACES = _lt("“%(template)s” has a brace without its other half.")
UNKNOWN_FIELD = _lt("There is no field “%(name)s”. There are: %(known)s.")
UNKNOWN_FILTER = _lt("There is no filter “%(name)s”. There are: %(known)s.")
BAD_ARGUMENT = _lt(
    "The filter “%(name)s” cannot work with “%(argument)s”. Write it as %(example)s."
)

#: What `first` and `pad` can be told at most.
MOST_CHARACTERS = 1000

_PLACE = re.compile(r"\{([^{}]*)\}")


class TemplateError(ValueError):
    """A template that cannot be read: English text and values for its places."""

    def __init__(self, text, **values):
        super().__init__(text % values)
        self.text = text
        self.values = values


@dataclass(frozen=True)
class Style:
    """How values become text."""

    decimal: str = "."
    date_format: str = "YYYY-MM-DD"

    def show(self, value):
        """Return a field's value as text.

        :param value: str, int, Decimal, Amount, date or None
        :rtype: str
        """
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, Amount):
            return format_amount(value.value, value.digits).replace(".", self.decimal)
        if isinstance(value, date):
            return format_date(value, self.date_format)
        return str(value)


def _number(value):
    """Return what is a number as one, else None."""
    if isinstance(value, Amount):
        return value.value
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _blank_zero(_argument):
    return lambda value, _style: None if _number(value) == 0 else value


def _amount(change):
    """Return the maker of a filter that changes amounts, and nothing else."""

    def changed(value, _style):
        if isinstance(value, Amount):
            return Amount(change(value.value), value.digits)
        return value

    return lambda _argument: changed


def _sign(argument):
    plus, minus = argument.split("/")
    return lambda value, _style: minus if (_number(value) or 0) < 0 else plus


def _date(argument):
    if not re.search("YYYY|YY|MM|DD", argument):
        raise ValueError
    return lambda value, _style: (
        format_date(value, argument) if isinstance(value, date) else value
    )


def _count(argument):
    count = int(argument)
    if not 0 < count <= MOST_CHARACTERS:
        raise ValueError
    return count


def _pad(argument):
    width = _count(argument)
    return lambda value, style: style.show(value).rjust(width, "0")


def _first(argument):
    count = _count(argument)
    return lambda value, style: style.show(value)[:count]


def _default(argument):
    return lambda value, style: value if style.show(value) else argument


def _map(argument):
    pairs = dict(one.split("=") for one in argument.split(","))
    return lambda value, style: pairs.get(style.show(value), value)


def _plain(method):
    return lambda _argument: lambda value, style: method(style.show(value))


#: Filter → what makes it of its argument, and an example of it.
FILTERS = {
    "abs": (_amount(abs), "abs"),
    "blank_zero": (_blank_zero, "blank_zero"),
    "date": (_date, "date:DD.MM.YYYY"),
    "default": (_default, "default:none"),
    "first": (_first, "first:30"),
    "lower": (_plain(str.lower), "lower"),
    "map": (_map, "map:invoice=Sale,credit_note=Return"),
    "negate": (_amount(operator.neg), "negate"),
    "pad": (_pad, "pad:6"),
    "sign": (_sign, "sign:D/C"),
    "upper": (_plain(str.upper), "upper"),
}


@dataclass(frozen=True)
class Template:
    """A text with places, ready to be filled.

    :param tuple pieces: texts, and functions of a row and a style
    :param frozenset fields: names of the fields in it
    """

    pieces: tuple = ()
    fields: frozenset = field(default_factory=frozenset)

    def fill(self, row, style):
        """Return the value for a row: of the field itself when that is all there is.

        :rtype: str | int | Amount | date | None
        """
        if len(self.pieces) == 1:
            only = self.pieces[0]
            return only if isinstance(only, str) else only(row, style)
        return " ".join(
            "".join(
                piece if isinstance(piece, str) else style.show(piece(row, style))
                for piece in self.pieces
            ).split()
        )


def parse(text):
    """Return a template.

    :param str text: with places in braces
    :raise TemplateError: on braces, fields, filters and arguments that do not exist
    :rtype: Template
    """
    pieces, fields = [], set()
    for index, piece in enumerate(_PLACE.split(text)):
        if index % 2:
            name, *filters = piece.split("|")
            fields.add(name.strip())
            pieces.append(_parse_place(name.strip(), filters))
        elif "{" in piece or "}" in piece:
            raise TemplateError(BRACES, template=text)
        elif piece:
            pieces.append(piece)
    return Template(tuple(pieces) or ("",), frozenset(fields))


def _parse_place(name, filters):
    if name not in FIELDS:
        raise TemplateError(UNKNOWN_FIELD, name=name, known=", ".join(sorted(FIELDS)))
    read = READERS[name]
    changes = [_parse_filter(one) for one in filters]
    if not changes:
        return lambda row, _style: read(row)

    def fill(row, style):
        value = read(row)
        for change in changes:
            value = change(value, style)
        return value

    return fill


def _parse_filter(text):
    name, _colon, argument = text.strip().partition(":")
    if name not in FILTERS:
        raise TemplateError(UNKNOWN_FILTER, name=name, known=", ".join(sorted(FILTERS)))
    make, example = FILTERS[name]
    try:
        if bool(argument) != (":" in example):
            raise ValueError
        return make(argument)
    except ValueError:
        raise TemplateError(
            BAD_ARGUMENT, name=name, argument=argument, example=example
        ) from None
