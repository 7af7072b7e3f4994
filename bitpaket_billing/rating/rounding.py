"""Exact decimal arithmetic, and the few places where it is rounded.

Rounding never happens on the way: quantities and amounts stay exact until one of
the functions below is called. What a division that does not terminate leaves
behind counts as zero.
"""

import functools
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)

from .errors import InvalidValue

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

# Bytes x hours of an exabyte need 24 digits; the rest is for divisions.
CONTEXT = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
# Below this a value is the residue of a division, not a quantity.
RESIDUE = Decimal("1e-12")
# Money keeps residues far smaller than that: 0.00499... (60 digits) is 0.005.
GUARD_DIGITS = 25
# Quantities end here, so that their sums and differences are exact.
QUANTITY = Decimal("1e-30")


def exact(function):
    """Run a function in the package's decimal context, whatever the host's is.

    :param function: the function to wrap
    :return: the wrapped function; the host's context is untouched afterwards
    """

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return wrapper


@functools.lru_cache(maxsize=64)
def _unit(digits):
    return ONE.scaleb(-digits)


def half_up(value, digits):
    """Round half up, ties away from zero.

    :param Decimal value: what to round
    :param int digits: decimals to keep; negative for tens, hundreds...
    :return: the rounded value, never a negative zero
    """
    if digits < GUARD_DIGITS:
        value = value.quantize(_unit(GUARD_DIGITS), ROUND_HALF_EVEN, CONTEXT)
    return CONTEXT.add(value.quantize(_unit(digits), ROUND_HALF_UP, CONTEXT), ZERO)


def ceil(value, digits=0):
    """Round towards +infinity; a residue of a division adds nothing.

    :param Decimal value: what to round
    :param int digits: decimals to keep; negative for tens, hundreds...
    :return: the rounded value
    """
    scaled = value.scaleb(digits, CONTEXT)
    whole = scaled.to_integral_value(ROUND_FLOOR, CONTEXT)
    if CONTEXT.subtract(scaled, whole) >= RESIDUE:
        whole = scaled.to_integral_value(ROUND_CEILING, CONTEXT)
    return CONTEXT.add(whole.scaleb(-digits, CONTEXT), ZERO)


def floor(value, digits=0):
    """Round towards -infinity; a residue of a division takes nothing away.

    :param Decimal value: what to round
    :param int digits: decimals to keep; negative for tens, hundreds...
    :return: the rounded value
    """
    value = value.quantize(_unit(GUARD_DIGITS), ROUND_HALF_EVEN, CONTEXT)
    return CONTEXT.add(value.quantize(_unit(digits), ROUND_FLOOR, CONTEXT), ZERO)


ROUNDINGS = {
    "none": lambda value, digits: value,
    "up": ceil,
    "half_up": half_up,
    "down": floor,
}


def round_units(value, mode, digits=0):
    """Round a quantity before it is priced.

    :param Decimal value: quantity in billed units
    :param str mode: none, up (towards +infinity), half_up (ties away from zero)
        or down (towards -infinity)
    :param int digits: decimals to keep; negative for tens, hundreds...
    :return: the rounded quantity
    :raise InvalidValue: the mode is unknown
    """
    if mode not in ROUNDINGS:
        raise InvalidValue("rounding", mode)
    return ROUNDINGS[mode](value, digits)


def drop_residue(value):
    """Return zero instead of what a division left behind, else the value.

    :param Decimal value: a quantity or an amount
    :return: the value, or 0 when it is closer to zero than 1e-12
    """
    return ZERO if -RESIDUE < value < RESIDUE else value


def settle_quantity(value):
    """Cut a quantity that does not terminate to 30 decimals.

    :param Decimal value: a quantity
    :return: the value itself if it has no more decimals
    """
    short = value.quantize(QUANTITY, ROUND_HALF_EVEN, CONTEXT)
    return value if value == short else short


@exact
def spread(total, weights, digits=None):
    """Split a total in proportion to weights.

    :param Decimal total: what to split; a multiple of the digits' unit
    :param weights: sequence of Decimal; their sum must not be zero unless the
        total is
    :param digits: decimals of every part; the units left over go to the largest
        remainders, at equal remainders to the earlier part. None: unrounded
    :return: list of Decimal, as long as the weights; with digits their sum is
        exactly the total
    :raise InvalidValue: nothing to spread over, or a total finer than the digits
    """
    whole = sum(weights, ZERO)
    if not total:
        return [ZERO] * len(weights)
    if not whole:
        raise InvalidValue("weights", tuple(weights))
    shares = [total * weight / whole for weight in weights]
    if digits is None:
        return shares
    unit = _unit(digits)
    parts = [floor(share, digits) for share in shares]
    left = (total - sum(parts, ZERO)) / unit
    if left != left.to_integral_value(ROUND_DOWN):
        raise InvalidValue("total", total)
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - shares[i])
    for index in by_remainder[: int(left)]:
        parts[index] += unit
    return parts
