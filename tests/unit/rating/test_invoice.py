from decimal import Decimal

from rating import invoice

D = Decimal


def test_tax_is_rounded_once_on_the_sum():
    lines = [(D("0.10"), D(5))] * 3
    assert invoice.invoice_tax(lines) == D("0.02")
    assert sum(invoice.add_tax(net, rate).tax for net, rate in lines) == D("0.03")


def test_tax_of_a_credit_is_on_the_rounded_net():
    credit = invoice.credit_for_unused(D("29.99"), 6, 7, D("23.33"))
    assert (credit.net, credit.tax, credit.total) == (
        D("25.71"),
        D("6.00"),
        D("31.71"),
    )


def test_credit_notes_pay_before_the_wallet_and_neither_pays_too_much():
    paid = invoice.settle(D(50), credit_notes=D(30), wallet=D(100))
    assert (paid.credit_note_used, paid.wallet_used, paid.total) == (30, 20, 0)


def test_a_negative_invoice_uses_nothing():
    paid = invoice.settle(D(-5), credit_notes=D(30), wallet=D(100))
    assert (paid.credit_note_used, paid.wallet_used, paid.total) == (0, 0, -5)


def test_a_balance_in_the_customers_favour_is_negative():
    assert invoice.balance([D(10)], [D(2)], [D(9)]) == -1
