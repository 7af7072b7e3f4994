"""Coupons claimed and used by many at once, in real transactions."""

import pytest

from ..processes import Scratch

STEP = "tests.integration.coupons_inside"
CLOSE = "dev.bench.close_inside"
ACCOUNTS, PLACES = 50, 3
REDEEMED = """
    SELECT number FROM bitpaket_coupon_redemption redemption
      JOIN bitpaket_coupon coupon ON coupon.id = redemption.coupon_id
     WHERE coupon.name = 'Few' ORDER BY number
"""
TOTALS = """
    SELECT SUM(amount_total),
           (SELECT SUM(amount_untaxed) FROM account_move WHERE state = 'posted'),
           (SELECT SUM(amount) FROM bitpaket_coupon_use),
           (SELECT -SUM(amount) FROM bitpaket_usage_line
             WHERE redemption_id IS NOT NULL),
           MIN(amount_total),
           COUNT(*) FILTER (WHERE state != 'invoiced')
      FROM bitpaket_statement
"""


@pytest.fixture(scope="module")
def prepared():
    """Yield a database with accounts, usage and coupons."""
    with Scratch("coupons_prepared") as scratch:
        scratch.run(CLOSE, "fill", str(ACCOUNTS), "2026-10")
        scratch.query("UPDATE ir_cron SET active = false")
        scratch.budget = scratch.run(STEP, "prepare", str(PLACES))["budget"]
        yield scratch


def test_the_last_places_are_given_once(prepared):
    with Scratch("coupons_claimed", prepared.name) as scratch:
        outcomes = scratch.run(STEP, "claim", str(ACCOUNTS))
        assert outcomes == {"redeemed": PLACES, "used_up": ACCOUNTS - PLACES}
        assert scratch.query(REDEEMED) == [(1,), (2,), (3,)]


def test_the_very_last_place_is_given_once(prepared):
    with Scratch("coupons_last", prepared.name) as scratch:
        scratch.query("UPDATE bitpaket_coupon SET max_redemptions = 1")
        outcomes = scratch.run(STEP, "claim", str(ACCOUNTS))
        assert outcomes == {"redeemed": 1, "used_up": ACCOUNTS - 1}


def test_two_workers_never_overspend_a_budget(prepared):
    with Scratch("coupons_budget", prepared.name) as scratch:
        workers = [scratch.start(STEP, "close", "2026-11-01") for _worker in range(2)]
        for worker in workers:
            assert worker.wait(300) == 0
        total, invoiced, used, discounts, least, waiting = scratch.query(TOTALS)[0]
        assert waiting == 0
        assert used == discounts == prepared.budget
        assert total == invoiced
        assert least > 0
