"""What about a rated statement deserves a person's look before it is invoiced."""

from .rounding import HUNDRED, ZERO, exact, half_up

#: How many earlier totals a total is compared with, at most.
COMPARED = 3


@exact
def average(totals, digits=2):
    """Average earlier totals.

    :param totals: sequence of Decimal
    :param int digits: decimals of the currency
    :return: Decimal, rounded half up; None without totals
    """
    return half_up(sum(totals, ZERO) / len(totals), digits) if totals else None


@exact
def review(total, usual, factor, has_usage):
    """Tell what is unusual about a total.

    :param Decimal total: of the statement
    :param Decimal usual: average of the account's last totals; None: its first one
    :param Decimal factor: how many times as much, or as little, is still usual
    :param bool has_usage: whether anything was used
    :return: any of: negative, zero, first, moved
    :rtype: list[str]
    """
    result = []
    if total < 0:
        result.append("negative")
    if not total and has_usage:
        result.append("zero")
    if usual is None:
        result.append("first")
    elif abs(total) > abs(usual) * factor or abs(usual) > abs(total) * factor:
        result.append("moved")
    return result


@exact
def change(total, before):
    """Compare a total with an earlier one.

    :param Decimal total: now
    :param Decimal before: then
    :return: Decimal, percent, rounded half up to one digit; None: from nothing
    """
    return half_up((total - before) * HUNDRED / abs(before), 1) if before else None


@exact
def totals_by_meter(lines):
    """Add up the amounts of lines per meter.

    :param lines: Line
    :return: dict: code of the meter, or None, to Decimal
    """
    result = {}
    for line in lines:
        result[line.meter] = result.get(line.meter, ZERO) + line.amount
    return result
