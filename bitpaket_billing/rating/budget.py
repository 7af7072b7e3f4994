"""How much of a budget is used, and which of its thresholds that passes."""

from .errors import InvalidValue
from .rounding import HUNDRED, exact, floor

#: Thresholds of a budget, at most.
MOST = 10
#: The highest threshold, in percent.
HIGHEST = 1000


@exact
def percent_used(value, limit):
    """Tell how much of a budget is used.

    :param Decimal value: what was used
    :param Decimal limit: the budget; positive
    :return: int, in percent; rounded down, so that 100 is never told too early
    """
    return int(floor(value * HUNDRED / limit))


@exact
def passed(value, limit, thresholds):
    """Return the thresholds that a value has reached.

    :param Decimal value: what was used, or is expected
    :param Decimal limit: the budget; positive
    :param thresholds: iterable of int, in percent
    :return: list of int, in their order
    """
    return [one for one in thresholds if value * HUNDRED >= limit * one]


def check_thresholds(numbers):
    """Return thresholds in their order, each of them once.

    :param numbers: iterable of int, in percent
    :return: list of int
    :raise InvalidValue: if there is none, there are too many, or one has no meaning
    """
    found = sorted(set(numbers))
    if not found or len(found) > MOST:
        raise InvalidValue("thresholds", len(found))
    for one in found:
        if not 0 < one <= HIGHEST:
            raise InvalidValue("threshold", one)
    return found
