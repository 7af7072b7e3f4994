"""The month close when workers and PostgreSQL die: nothing twice, lost or skipped."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from dev.paths import digest
from dev.postgres import Postgres

from ..processes import ROOT, Scratch, kill, wait_for

ACCOUNTS = 500
KILLS = 50
BATCH = "10"
STEP = "dev.bench.close_inside"
INVOICES = """
    SELECT account.reference, statement.period_start, statement.state, move.state,
           move.invoice_date, move.amount_untaxed, move.amount_total,
           (SELECT string_agg(line.name || line.price_subtotal, ';' ORDER BY line.id)
              FROM account_move_line line
             WHERE line.move_id = move.id AND line.display_type = 'product'),
           (SELECT string_agg(line.name || line.amount, ';' ORDER BY line.sequence)
              FROM bitpaket_usage_line line WHERE line.statement_id = statement.id),
           (SELECT COUNT(*) FROM bitpaket_usage_line line WHERE line.move_id = move.id)
      FROM bitpaket_statement statement
      JOIN bitpaket_account account ON account.id = statement.account_id
      LEFT JOIN account_move move ON move.bitpaket_statement_id = statement.id
     ORDER BY account.reference, statement.period_start
"""
DONE = "SELECT COUNT(*) FROM bitpaket_statement WHERE state = 'invoiced'"
NUMBERS = "SELECT name FROM account_move ORDER BY name"
RUNS = "SELECT period_start::text, state FROM bitpaket_billing_run"
ACTIVITIES = (
    "SELECT COUNT(*) FROM mail_activity WHERE res_model = 'bitpaket.billing.run'"
)


class Cluster(Postgres):
    """A PostgreSQL of this test's own, which may die."""

    def __init__(self, name):
        self.name = name
        super().__init__()
        self.socket = Path("/tmp") / f"bitpaket-{digest(str(ROOT), name)}"

    def _home(self):
        home = super()._home()
        return home.with_name(f"{home.name}-{self.name}")

    def __enter__(self):
        self._start()
        return self

    def __exit__(self, *_exc):
        self._control("stop", "-m", "immediate", "-w", check=False)
        subprocess.run(["rm", "-rf", self.home, self.socket], check=True)

    def crash(self):
        """End every process of the server the hard way, and start it again."""
        self._control("stop", "-m", "immediate", "-w")
        self._start()


@pytest.fixture(scope="module")
def prepared():
    """Yield a database with accounts that used something in October 2026."""
    with Scratch("faults_prepared") as scratch:
        scratch.run(STEP, "fill", str(ACCOUNTS), "2026-10")
        # This month is what there is to close, whatever the machine's date is.
        scratch.query("UPDATE bitpaket_account SET date_end = '2026-11-01'")
        scratch.query("UPDATE ir_cron SET active = cron_name LIKE 'BitPaket: invoice%'")
        yield scratch


@pytest.fixture(scope="module")
def undisturbed(prepared):
    """Return the invoices and numbers of a close that nothing disturbs."""
    with Scratch("faults_undisturbed", prepared.name) as scratch:
        scratch.run(STEP, "ours", "2026-11-01")
        return outcome(scratch.query)


def outcome(query):
    return query(INVOICES), query(NUMBERS), query(RUNS), query(ACTIVITIES)


def test_undisturbed_close_is_whole_and_gapless(undisturbed):
    invoices, numbers, runs, activities = undisturbed
    assert {row[2:4] for row in invoices} == {("invoiced", "posted")}
    assert numbers == [
        (f"USAGE/2026/{number:05}",) for number in range(1, ACCOUNTS + 1)
    ]
    assert (runs, activities) == ([("2026-10-01", "done")], [(0,)])


def test_workers_are_killed_time_and_again(prepared, undisturbed):
    seed = int(os.environ.get("BITPAKET_SEED") or random.randrange(10**6))
    print(f"BITPAKET_SEED={seed}")
    with Scratch("faults_killed", prepared.name) as scratch:
        killed = scratch.run("tests.workers", str(KILLS), str(seed), BATCH)
        assert len(killed["left"]) == KILLS + 1
        assert killed["left"][-1], "all was done before the last kill"
        assert len(set(killed["left"])) > 3, "nothing was done between the kills"
        assert outcome(scratch.query) == undisturbed


def test_postgresql_crashes_in_the_middle(prepared, undisturbed, monkeypatch, tmp_path):
    dump = tmp_path / "prepared.dump"
    with Cluster("faults") as cluster:
        pg_dump, pg_restore = (cluster.bin / name for name in ("pg_dump", "pg_restore"))
        call(pg_dump, "--format=custom", "-Z0", f"--file={dump}", prepared.name)
        monkeypatch.setenv("PGHOST", str(cluster.socket))
        cluster.create("faults_prepared")
        call(pg_restore, "--jobs=2", "--dbname=faults_prepared", dump)
        with Scratch("faults_crashed", "faults_prepared") as scratch:
            scratch.point_at(cluster.socket)
            workers = scratch.start("tests.workers", "0", "0", BATCH)
            try:
                for _crash in range(2):
                    done = scratch.query(DONE)[0][0]
                    wait_for(lambda least=done + 50: scratch.query(DONE)[0][0] > least)
                    assert scratch.query(DONE)[0][0] < ACCOUNTS
                    cluster.crash()
                assert workers.wait(120) == 0
            finally:
                kill(workers)
            assert outcome(scratch.query) == undisturbed


def call(*command):
    subprocess.run([str(part) for part in command], check=True)
