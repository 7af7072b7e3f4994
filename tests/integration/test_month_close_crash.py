"""The month close by real processes: killed half-way, and by two at once."""

import pytest

from ..processes import Scratch, kill, wait_for

ACCOUNTS = 120
STEP = "dev.bench.close_inside"
INVOICES = """
    SELECT account.reference, statement.period_start, statement.state, move.name,
           move.state, move.invoice_date, move.amount_untaxed, move.amount_total,
           (SELECT string_agg(line.name || line.price_subtotal, ';' ORDER BY line.id)
              FROM account_move_line line
             WHERE line.move_id = move.id AND line.display_type = 'product')
      FROM bitpaket_statement statement
      JOIN bitpaket_account account ON account.id = statement.account_id
      LEFT JOIN account_move move ON move.bitpaket_statement_id = statement.id
     ORDER BY account.reference, statement.period_start
"""
DUE = "SELECT COUNT(*) FROM bitpaket_statement WHERE state != 'invoiced'"
DONE = "SELECT COUNT(*) FROM bitpaket_statement WHERE state = 'invoiced'"
MOVES = "SELECT COUNT(*) FROM account_move"


@pytest.fixture(scope="module")
def prepared():
    """Yield a database with accounts that used something in October 2026."""
    with Scratch("close_prepared") as scratch:
        scratch.run(STEP, "fill", str(ACCOUNTS), "2026-10")
        scratch.query(
            "UPDATE ir_cron SET active = false; "
            "UPDATE ir_cron SET active = true, nextcall = now() AT TIME ZONE 'UTC'"
            " WHERE cron_name = 'BitPaket: invoice periods that have ended'"
        )
        yield scratch


@pytest.fixture(scope="module")
def undisturbed(prepared):
    """Return what a close that nothing disturbs makes of that database."""
    with Scratch("close_undisturbed", prepared.name) as scratch:
        scratch.run(STEP, "ours", "2026-11-01")
        rows = scratch.query(INVOICES)
    assert len(rows) == ACCOUNTS
    assert all(row[2] == "invoiced" and row[4] == "posted" for row in rows)
    return rows


def test_server_killed_half_way_and_started_again(prepared, undisturbed):
    with Scratch("close_killed", prepared.name) as scratch:
        server = scratch.serve()
        try:
            wait_for(lambda: scratch.wake_cron() or scratch.query(DONE)[0][0])
        finally:
            kill(server)
        done = scratch.query(DONE)[0][0]
        assert 0 < done < ACCOUNTS, "the server was not killed half-way"
        server = scratch.serve()
        try:
            scratch.query(
                "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE active"
            )
            wait_for(lambda: scratch.wake_cron() or not scratch.query(DUE)[0][0])
        finally:
            kill(server)
        assert scratch.query(INVOICES) == undisturbed


def test_two_workers_at_once_make_each_invoice_once(prepared, undisturbed):
    with Scratch("close_twice", prepared.name) as scratch:
        workers = [scratch.start(STEP, "ours", "2026-11-01") for _worker in range(2)]
        for worker in workers:
            assert worker.wait(180) == 0
        rows = scratch.query(INVOICES)
        assert scratch.query(MOVES)[0][0] == ACCOUNTS
        amounts = [(row[0], row[1], row[2], row[6], row[7]) for row in rows]
        assert amounts == [
            (row[0], row[1], row[2], row[6], row[7]) for row in undisturbed
        ]
        assert sorted(row[3] for row in rows) == sorted(row[3] for row in undisturbed)
