"""From lines to the amount to pay: coupons, tax, credit notes, wallet."""

from dataclasses import dataclass
from decimal import Decimal

from .proration import prorate
from .rounding import HUNDRED, ZERO, exact, half_up


@dataclass(frozen=True, slots=True)
class Taxed:
    """An amount with its tax.

    :param Decimal net: without tax
    :param Decimal tax: rounded
    """

    net: Decimal
    tax: Decimal

    @property
    def total(self):
        """With tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an invoice is paid.

    :param Decimal gross: invoice total with tax
    :param Decimal credit_note_used: paid by credit notes
    :param Decimal wallet_used: paid by the prepaid balance
    """

    gross: Decimal
    credit_note_used: Decimal
    wallet_used: Decimal

    @property
    def total(self):
        """What is left to pay."""
        return self.gross - self.credit_note_used - self.wallet_used


@exact
def add_tax(net, percent, digits=2):
    """Add tax to a net amount.

    :param Decimal net: amount without tax
    :param Decimal percent: tax rate
    :param int digits: decimals of the currency; the tax is rounded half up
    :return: Taxed
    """
    return Taxed(net, half_up(net * percent / HUNDRED, digits))


@exact
def invoice_tax(lines, digits=2):
    """Compute an invoice's tax with one rounding, on the sum of the exact taxes.

    :param lines: iterable of (net amount, tax percent)
    :param int digits: decimals of the currency
    :return: Decimal, rounded half up
    """
    return half_up(sum((net * rate for net, rate in lines), ZERO) / HUNDRED, digits)


@exact
def credit_for_unused(amount, unused_days, period_days, tax_percent, digits=2):
    """Credit the unused days of a price paid in advance.

    :param Decimal amount: net price of the full period
    :param int unused_days: days to credit
    :param int period_days: days of the full period
    :param Decimal tax_percent: tax rate, on the rounded net
    :param int digits: decimals of the currency
    :return: Taxed
    """
    net = prorate(amount, unused_days, period_days, digits)
    return add_tax(net, tax_percent, digits)


@exact
def settle(gross, credit_notes=ZERO, wallet=ZERO):
    """Pay an invoice from credit notes, then from a prepaid balance.

    :param Decimal gross: invoice total with tax, rounded
    :param Decimal credit_notes: available credit
    :param Decimal wallet: prepaid balance
    :return: Settlement; never more than the invoice total is used
    """
    due = max(gross, ZERO)
    credit_used = min(credit_notes, due)
    return Settlement(gross, credit_used, min(wallet, due - credit_used))


@exact
def balance(charges, credits, payments):
    """Compute what a customer owes.

    :param charges: iterable of Decimal, positive
    :param credits: iterable of Decimal, positive
    :param payments: iterable of Decimal, positive
    :return: Decimal; positive: the customer owes
    """
    return sum(charges, ZERO) - sum(credits, ZERO) - sum(payments, ZERO)


@exact
def line_amount(quantity, unit_price, digits=2):
    """Price one line.

    :param Decimal quantity: units
    :param Decimal unit_price: price of a unit
    :param int digits: decimals to keep
    :return: Decimal, rounded half up
    """
    return half_up(quantity * unit_price, digits)
