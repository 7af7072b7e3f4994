"""How a quantity and an amount came about, as numbers to put into words."""

from dataclasses import dataclass
from decimal import Decimal

from .rounding import ONE, exact, settle_quantity
from .types import Part
from .usage import Quantities


@dataclass(frozen=True, slots=True)
class Conversion:
    """How what was metered became a quantity.

    :param Decimal metered: in billed units, or their hours
    :param Decimal divisor: hours of the month, or days for daily means; 1: none
    :param Decimal converted: metered / divisor, before it is rounded
    """

    metered: Decimal
    divisor: Decimal
    converted: Decimal


@exact
def explain_quantity(meter, metered, full_period):
    """Show how what was metered became billed units.

    :param Meter meter: the meter
    :param Decimal metered: of a line, in base units
    :param Period full_period: the period that the line belongs to
    :return: Conversion
    """
    multiplier, divisor = Quantities([meter], {}, full_period).factors(meter)
    divisor = ONE * divisor / meter.unit_size / multiplier
    units = settle_quantity(metered / meter.unit_size)
    return Conversion(units, divisor, settle_quantity(units / divisor))


@exact
def explain(line):
    """Show the arithmetic of a line.

    :param Line line: a line of a statement
    :return: list of Part, with unrounded amounts; their sum, rounded half up, is
        the line's amount
    """
    quantity = line.quantity if line.charged_quantity is None else line.charged_quantity
    parts = []
    if quantity and (line.unit_price or not line.flat):
        amount = quantity * line.unit_price / line.per
        parts.append(Part(quantity, line.unit_price, line.per, amount))
    if line.flat:
        parts.append(Part(ONE, line.flat, ONE, line.flat))
    return parts
