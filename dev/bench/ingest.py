"""Ingest over HTTP, against PostgreSQL's own COPY into the same table."""

import gzip
import json
import time
import urllib.request
from datetime import datetime, timedelta, timezone

from ..console import Problem
from ..paths import LOGS, ROOT

BATCH = 10_000
BATCHES = 20
ACCOUNTS = 100
METERS = ("requests_a", "requests_b", "transfer_out", "transfer_in", "storage")
START = datetime(2026, 10, 1, tzinfo=timezone.utc)


def against_copy(server):
    """Measure batches of 10,000 events, one sender, one server process."""
    from . import compare

    key = prepare(server)
    with server.serving("--max-cron-threads=0"):
        batches = [make_batch("http", number) for number in range(BATCHES)]
        send(server, key, make_batch("warm-up", 0))
        started = time.perf_counter()
        for batch in batches:
            send(server, key, batch)
        ours = BATCH * BATCHES / (time.perf_counter() - started)
    copied = server.run(
        "dev.bench.ingest_inside",
        "copy",
        problem="COPY could not be measured",
        log=LOGS / "bench-copy.log",
        cwd=ROOT,
    )
    against = json.loads(copied.splitlines()[-1])["events_per_second"]
    return compare(ours, against, "events/s", at_least=0.4)


def rows(source, number):
    """Return the rows of one batch: real-looking, all new.

    :param str source: who reports them
    :param int number: of the batch
    """
    for index in range(BATCH):
        event = number * BATCH + index
        moment = START + timedelta(minutes=event % 40_000)
        yield {
            "id": f"{event:012d}-7f3a9c",
            "source": source,
            "account": f"bench-{event % ACCOUNTS}",
            "meter": METERS[event % len(METERS)],
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "quantity": 1000 + event % 977,
        }


def make_batch(source, number):
    """Return a batch as it is sent: compressed NDJSON."""
    lines = "\n".join(json.dumps(row) for row in rows(source, number))
    return gzip.compress(lines.encode(), compresslevel=1)


def prepare(server):
    """Make accounts, prices and a reporter; return the reporter's key."""
    output = server.run(
        "dev.bench.ingest_inside",
        "prepare",
        problem="The benchmark's accounts could not be made",
        log=LOGS / "bench-ingest.log",
        cwd=ROOT,
    )
    return json.loads(output.splitlines()[-1])["key"]


def send(server, key, body):
    """Send a batch, all of which must be new."""
    request = urllib.request.Request(
        f"{server.url}/bitpaket/v1/usage",
        data=body,
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Encoding": "gzip",
            "Content-Type": "application/x-ndjson",
        },
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        content = json.load(answer)
    if content["accepted"] != BATCH:
        raise Problem(f"Not every event was accepted: {content}"[:500])
