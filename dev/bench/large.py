"""What ten million events in the table change: nothing that a user would notice."""

import json
import time

from ..console import step
from ..paths import LOGS, ROOT
from . import ingest

EVENTS = 10_000_000
FEW = 100_000
BATCHES = 10
#: What the balance of one account may take.
MILLISECONDS = 25


def against_few(server):
    """Measure ingest, balance and rollup with few events in the table, then many."""
    from . import compare

    key = ingest.prepare(server)
    with step("… with an empty table, and 100 thousand events"):
        empty = _ingest(server, key, "empty")
        few = _inside(server, "fill", str(FEW))
        few |= _inside(server, "measure")
    with step("… with 10 million events"):
        _inside(server, "fill", str(EVENTS))
        full = _ingest(server, key, "full")
        many = _inside(server, "measure")
    return {
        "ingest-large": compare(full, empty, "events/s", at_least=0.7),
        "balance-large": compare(many["balance"], few["balance"], "ms", at_most=1.5),
        "balance-time": compare(many["balance"], MILLISECONDS, "ms", at_most=1),
        "rollup-large": compare(many["rollup"], few["rollup"], "ms", at_most=1.5),
    }


def _ingest(server, key, source):
    """Return the rate at which new events are taken in over HTTP."""
    with server.serving("--max-cron-threads=0"):
        batches = [ingest.make_batch(source, number) for number in range(BATCHES)]
        ingest.send(server, key, ingest.make_batch(f"warm-up {source}", 0))
        started = time.perf_counter()
        for batch in batches:
            ingest.send(server, key, batch)
        return ingest.BATCH * BATCHES / (time.perf_counter() - started)


def _inside(server, *arguments):
    output = server.run(
        "dev.bench.large_inside",
        *arguments,
        problem=f"The benchmark's step {arguments[0]} failed",
        log=LOGS / f"bench-large-{arguments[0]}.log",
        cwd=ROOT,
    )
    return json.loads(output.splitlines()[-1])
