"""Sending by real processes and a mail server: killed in the middle of it."""

import re
from collections import Counter

import pytest

from ..processes import Scratch, kill, wait_for
from ..smtp_sink import SmtpSink

ACCOUNTS = 14
STEP = "dev.bench.close_inside"
STATES = """
    SELECT bitpaket_send_state, COUNT(*) FROM account_move
     WHERE bitpaket_statement_id IS NOT NULL GROUP BY 1
"""
SENT = "SELECT COUNT(*) FROM account_move WHERE bitpaket_send_state = 'sent'"
JOBS = "('Send invoices automatically', 'Mail: Email Queue Manager')"


@pytest.fixture(scope="module")
def prepared():
    """Yield a database with invoices that wait to be sent."""
    with Scratch("send_prepared") as scratch:
        scratch.run(STEP, "fill", str(ACCOUNTS), "2026-10")
        scratch.query(
            "UPDATE res_company SET email = 'billing@example.com'; "
            "UPDATE ir_cron SET active = cron_name IN " + JOBS
        )
        scratch.run(STEP, "ours", "2026-11-01")
        assert dict(scratch.query(STATES)) == {"waiting": ACCOUNTS}
        yield scratch


def serve(scratch, sink):
    """Start Odoo, and let its sending jobs run at once."""
    scratch.query("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE active")
    return scratch.serve("--smtp=127.0.0.1", f"--smtp-port={sink.port}")


def numbers(sink):
    """Return how often each invoice arrived."""
    found = (re.search(r"\S+/\d{4}/\d+", subject) for subject in sink.subjects)
    return Counter(one.group() for one in found)


def finish(scratch, sink, count):
    """Let a server send what is left, until so many invoices were sent."""
    server = serve(scratch, sink)
    try:
        wait_for(lambda: scratch.wake_cron() or scratch.query(SENT)[0][0] == count, 240)
    finally:
        kill(server)


def test_killed_while_pdfs_are_made(prepared):
    """Nothing was handed over yet: every invoice arrives exactly once."""
    with Scratch("send_killed", prepared.name) as scratch, SmtpSink() as sink:
        server = serve(scratch, sink)
        try:
            wait_for(
                lambda: (
                    scratch.wake_cron()
                    or scratch.query("SELECT 1 FROM ir_cron_progress LIMIT 1")
                )
            )
        finally:
            kill(server)
        finish(scratch, sink, ACCOUNTS)
        assert dict(scratch.query(STATES)) == {"sent": ACCOUNTS}
        assert set(numbers(sink).values()) == {1}
        assert len(numbers(sink)) == ACCOUNTS
        statements = scratch.query("SELECT DISTINCT state FROM bitpaket_statement")
        assert statements == [("sent",)]


def test_killed_while_the_mail_server_answers(prepared):
    """The one that was under way is listed, and nothing is ever sent twice."""
    process = {}

    def die(number):
        if number == 4:
            kill(process["server"])

    with Scratch("send_window", prepared.name) as scratch, SmtpSink(die) as sink:
        process["server"] = serve(scratch, sink)
        try:
            wait_for(
                lambda: (process["server"].poll() is not None or scratch.wake_cron()),
                240,
            )
        finally:
            if process["server"].poll() is None:
                kill(process["server"])
        finish(scratch, sink, ACCOUNTS - 1)
        states = dict(scratch.query(STATES))
        assert states == {"sent": ACCOUNTS - 1, "interrupted": 1}
        assert set(numbers(sink).values()) == {1}
        assert len(numbers(sink)) == ACCOUNTS
        ((mail_state, reason),) = scratch.query(
            "SELECT state, failure_reason FROM mail_mail"
        )
        assert mail_state == "exception" and "may have arrived" in reason
