"""What a customer is asked to pay at once."""

from .rounding import ZERO


def to_pay(chosen, payable, credit):
    """Return what to ask for some of the open invoices, and what credits cover of them.

    A credit is used for what is not chosen first, so that a customer who pays one
    invoice of several pays it whole; all payments together never exceed what is owed.

    >>> from decimal import Decimal
    >>> to_pay([Decimal(30)], [Decimal(30), Decimal(30)], Decimal(10))
    (Decimal('30'), Decimal('0'))
    >>> to_pay([Decimal(30)], [Decimal(30)], Decimal(10))
    (Decimal('20'), Decimal('10'))

    :param chosen: what is open on each chosen invoice, as Decimals
    :param payable: the same of all invoices, the chosen ones included
    :param Decimal credit: what the customer has to its credit, at least 0
    :return: the amount to ask, at least 0, and the part that credits cover
    :rtype: tuple[Decimal, Decimal]
    """
    wanted = sum(chosen, ZERO)
    left = max(sum(payable, ZERO) - credit, ZERO)
    amount = min(wanted, left)
    return amount, wanted - amount
