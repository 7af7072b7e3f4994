"""Automatic payment by real processes, killed between any two of its steps."""

import itertools

import pytest

from dev.fastspring_sim import Simulator

from ..http_proxy import Proxy
from ..processes import Scratch, kill

STEP = "tests.integration.automatic_inside"
AMOUNTS = itertools.count(11)

#: When the server dies: the calls of one charge, in their order.
MOMENTS = [
    ("before", "GET", "/subscriptions/*"),
    ("after", "GET", "/subscriptions/*/entries"),
    ("before", "POST", "/subscriptions"),
    ("after", "POST", "/subscriptions"),
    ("before", "POST", "/subscriptions/charge"),
    ("after", "POST", "/subscriptions/charge"),
]


@pytest.fixture(scope="module")
def shop():
    """Yield a database whose first account pays automatically, and its FastSpring."""
    with (
        Scratch("automatic_crash") as scratch,
        Simulator(default_currency="USD", auto_deliver=False) as simulator,
        Proxy(simulator.url) as proxy,
    ):
        scratch.run(
            "dev.inside",
            "prepare",
            scratch.url,
            proxy.url,
            simulator.storefront_url,
            "",
        )
        simulator.pay(scratch.run(STEP, "agree"))
        scratch.run(STEP, "hear")
        assert scratch.query("SELECT 1 FROM payment_token WHERE active") == [(1,)]
        yield scratch, simulator, proxy


def charges(simulator, amount):
    """Return how often FastSpring charged an amount off-session."""
    return [
        order["id"]
        for order in simulator.orders
        if order["reference"].endswith("B") and float(order["total"]) == amount
    ]


def state(scratch, invoice):
    """Return the states of an invoice and of its payment, and what was booked."""
    return scratch.query(
        f"""
        SELECT payment.state, move.payment_state, move.amount_residual::float,
               (SELECT COUNT(*) FROM account_payment booked
                  JOIN account_move__account_payment rel ON rel.payment_id = booked.id
                 WHERE rel.invoice_id = move.id)
          FROM account_move move
          LEFT JOIN bitpaket_automatic_payment payment ON payment.move_id = move.id
         WHERE move.id = {invoice}
        """
    )[0]


@pytest.mark.parametrize("moment", MOMENTS, ids=" ".join)
def test_killed_between_any_two_steps(shop, moment):
    """Charged once: never twice, never not at all."""
    scratch, simulator, proxy = shop
    amount = next(AMOUNTS)
    invoice = scratch.run(STEP, "bill", str(amount))
    process = {}

    def die(when, method, path):
        parts = path.split("/")
        if len(parts) > 2 and parts[2] != "charge":
            parts[2] = "*"
        if (when, method, "/".join(parts)) == moment and not process["dead"]:
            process["dead"] = True
            kill(process["worker"])

    process["dead"] = False
    proxy.hook = die
    try:
        process["worker"] = scratch.start(STEP, "work")
        process["worker"].communicate()
    finally:
        proxy.hook = lambda *_arguments: None
    assert process["dead"]
    assert process["worker"].returncode < 0
    assert len(charges(simulator, amount)) <= 1

    scratch.run(STEP, "finish", str(invoice))
    assert len(charges(simulator, amount)) == 1
    payment, invoice_state, residual, booked = state(scratch, invoice)
    assert (payment, residual, booked) == ("done", 0, 1)
    assert invoice_state in ("paid", "in_payment")


def test_two_workers_at_once(shop):
    """Each invoice is charged once, and one after the other."""
    scratch, simulator, _proxy = shop
    amounts = [next(AMOUNTS) for _invoice in range(2)]
    invoices = [scratch.run(STEP, "bill", str(amount)) for amount in amounts]
    for _round in amounts:
        workers = [scratch.start(STEP, "work") for _worker in range(2)]
        for worker in workers:
            worker.communicate()
            assert worker.returncode == 0
        scratch.run(STEP, "hear")
    assert [len(charges(simulator, amount)) for amount in amounts] == [1, 1]
    assert {state(scratch, invoice)[0] for invoice in invoices} == {"done"}
