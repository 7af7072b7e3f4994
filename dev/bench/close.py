"""Month close: from daily usage to posted entry, per invoice."""

import json
import subprocess

from ..console import Problem
from ..paths import LOGS, ROOT

ACCOUNTS = 1000
SHARED_ACCOUNTS = 3000  # enough that the last batches do not weigh in
MANY_ACCOUNTS = 20_000
WARM_UP = 100  # accounts, in the month before the one that is measured


def against_stock(server):
    """Measure against `account.move.create` and `_post` in batches of 200."""
    return _against(server, "stock", at_least=5)


def against_contract(server):
    """Measure against OCA's `contract` on the same accounts."""
    server.install("contract")
    return _against(server, "contract", at_least=6)


def against_subscription(server):
    """Measure against `subscription_oca` on the same accounts."""
    return _against(server, "subscription", at_least=15)


def two_workers(server):
    """Measure two processes against one, in turns: machines have moods.

    Each has closed another month before: workers live long.
    """
    from . import compare

    seconds = {1: 0, 2: 0}
    for workers, warm_up in ((1, 1), (2, 3), (1, 5), (2, 7)):
        months = [f"2026-{warm_up + later:02}" for later in range(3)]
        for month in months[:2]:
            _inside(server, "fill", str(SHARED_ACCOUNTS), month)
        until = [f"{month}-01" for month in months[1:]]
        seconds[workers] += _close_with(server, workers, until)
    one, two = (2 * SHARED_ACCOUNTS / seconds[workers] for workers in (1, 2))
    return compare(two, one, "invoices/s", at_least=1.7)


def many_accounts(server):
    """Measure 20,000 accounts against 1,000: time per invoice, and memory."""
    from . import compare

    _inside(server, "fill", str(ACCOUNTS), "2026-09")
    few = _inside(server, "ours", "2026-10-01")
    _inside(server, "fill", str(MANY_ACCOUNTS), "2026-10")
    many = _inside(server, "ours", "2026-11-01")
    return {
        "close-flat": compare(
            many["milliseconds"], few["milliseconds"], "ms/invoice", at_most=1.15
        ),
        "close-memory": compare(many["memory"], few["memory"], "MB", at_most=1.3),
    }


def _against(server, peer, at_least):
    from . import compare

    _inside(server, "fill", str(WARM_UP), "2026-09")
    _inside(server, "fill", str(ACCOUNTS), "2026-10")
    theirs = _inside(server, peer, "2026-09", "2026-10")["milliseconds"]
    ours = _inside(server, "ours", "2026-10-01", "2026-11-01")["milliseconds"]
    return compare(ours, theirs, "ms/invoice", at_least=at_least)


def _inside(server, *arguments):
    output = server.run(
        "dev.bench.close_inside",
        *arguments,
        problem=f"The benchmark's step {arguments[0]} failed",
        log=LOGS / f"bench-{arguments[0]}.log",
        cwd=ROOT,
    )
    return json.loads(output.splitlines()[-1])


def _close_with(server, workers, until):
    """Return the seconds that the slowest of several workers needed."""
    processes = [
        subprocess.Popen(
            [str(server.python), "-m", "dev.bench.close_inside", "ours", *until],
            cwd=ROOT,
            env=server.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _worker in range(workers)
    ]
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise Problem("A worker of the benchmark failed.", "Run it again alone.")
    return max(json.loads(text.splitlines()[-1])["seconds"] for text in outputs)
