"""Many report at once, each row perhaps twice and in any order, and workers die."""

import contextlib
import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal

import psutil
import requests

from dev.odoo_server import free_port

from ..processes import Scratch, wait_for

SEED = int(os.environ.get("STORM_SEED", "20261001"))
SENDERS = 8
EVENTS = 30_000
REPEATED = EVENTS * 3 // 10
BATCH = 250
KILLS = 5
ACCOUNTS = ("kestrel-robotics", "lumen-fjord", "okapi-health")
METERS = ("requests_a", "requests_b", "storage", "transfer_out")
ROLL_UP = """
    INSERT INTO ir_cron_trigger (cron_id, call_at)
    SELECT id, now() AT TIME ZONE 'UTC' FROM ir_cron
     WHERE cron_name = 'BitPaket: roll up usage per day'
"""
EVENT_SUMS = """
    SELECT account.reference, meter.code, event.time::date, SUM(event.quantity)::text
      FROM bitpaket_usage_event event
      JOIN bitpaket_account account ON account.id = event.account_id
      JOIN bitpaket_meter meter ON meter.id = event.meter_id
     GROUP BY 1, 2, 3
"""


class Storm:
    """Everything that is to be sent, and what must come of it."""

    def __init__(self, url, key):
        self.url = f"{url}/bitpaket/v1"
        self.headers = {"Authorization": f"Bearer {key}"}
        dice = random.Random(SEED)
        today = datetime.combine(datetime.now(timezone.utc), clock(), timezone.utc)
        self.start, self.end = (today - timedelta(days=20)).date(), today.date()
        events = [
            {
                "id": f"storm-{number}",
                "source": f"region-{number % 3}",
                "account": dice.choice(ACCOUNTS),
                "meter": dice.choice(METERS),
                "time": (today - timedelta(seconds=dice.randint(1, 20 * 86_400))),
                "quantity": f"{dice.randrange(10**15)}.{dice.randrange(10**6):06}",
            }
            for number in range(EVENTS)
        ]
        self.meant, self.counts = defaultdict(Decimal), Counter()
        for event in events:
            day = event["time"].date()
            self.meant[event["account"], event["meter"], day] += Decimal(
                event["quantity"]
            )
            event["time"] = event["time"].isoformat()
        rows = events + dice.sample(events, REPEATED)
        dice.shuffle(rows)
        self.batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]

    def send(self, batch):
        """Send a batch until it is answered, as a real client does."""
        body = "\n".join(json.dumps(row) for row in batch)
        for attempt in range(60):
            try:
                answer = requests.post(
                    f"{self.url}/usage", data=body, headers=self.headers, timeout=60
                )
            except requests.RequestException:
                self.counts["broken"] += 1
            else:
                if answer.status_code == 200:
                    return answer.json()
                assert answer.status_code >= 500, answer.text
                self.counts["errors"] += 1
            time.sleep(min(0.1 * 2**attempt, 1))
        raise AssertionError("a batch was never answered")

    def read(self):
        """Return what the API says was used, read page by page."""
        found = {}
        for account in ACCOUNTS:
            cursor = {}
            while cursor is not None:
                answer = requests.get(
                    f"{self.url}/accounts/{account}/usage",
                    params={"from": self.start, "to": self.end, "limit": 30, **cursor},
                    headers=self.headers,
                    timeout=60,
                ).json()
                for row in answer["usage"]:
                    key = account, row["meter"], date.fromisoformat(row["day"])
                    found[key] = Decimal(row["quantity"])
                cursor = answer["next"] and {"cursor": answer["next"]}
        return found


class Trouble(threading.Thread):
    """Kills workers in the middle of a request, and wakes the rollup all the time.

    :param Scratch scratch: the database that they work on
    :param server: the process that started them
    """

    def __init__(self, scratch, server):
        super().__init__(daemon=True)
        self.scratch, self.server = scratch, psutil.Process(server.pid)
        self.killed = 0
        self.over = threading.Event()

    def run(self):
        """Make trouble until the storm is over."""
        while not self.over.wait(0.7):
            if self.killed < KILLS:
                wait_for(lambda: self.over.is_set() or self.kill_one(), 10)
            self.scratch.query(ROLL_UP)
            self.scratch.wake_cron()

    def kill_one(self):
        """Kill a worker that answers a request; return whether there was one."""
        for worker in self.server.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if self.has_request(worker):
                    worker.kill()
                    self.killed += 1
                    return True
        return False

    def has_request(self, worker):
        """Return whether a worker holds a connection of a sender."""
        return any(
            one.status == psutil.CONN_ESTABLISHED
            and one.laddr.port == self.scratch.port
            for one in worker.net_connections("tcp")
        )


@contextlib.contextmanager
def troubled(scratch, server):
    trouble = Trouble(scratch, server)
    trouble.start()
    try:
        yield trouble
    finally:
        trouble.over.set()
        trouble.join()


def test_storm_counts_each_event_once():
    print(f"STORM_SEED={SEED}")
    with Scratch("storm") as scratch:
        facts = scratch.run(
            "dev.inside", "prepare", scratch.url, "http://sim", "http://sim", ""
        )
        storm = Storm(scratch.url, facts["api_key"])
        options = (
            "--workers=3",
            "--max-cron-threads=1",
            f"--gevent-port={free_port()}",
        )
        with scratch.serving(*options) as server:
            started = time.monotonic()
            with troubled(scratch, server) as trouble:
                with ThreadPoolExecutor(SENDERS) as senders:
                    answers = list(senders.map(storm.send, storm.batches))
            assert trouble.killed == KILLS, "the storm was over too soon"
            assert storm.counts["broken"], "no sender noticed that a worker died"
            seconds = time.monotonic() - started
            print(f"{seconds:.1f} s, {KILLS} killed, senders saw {dict(storm.counts)}")

            assert not any(answer["rejected"] for answer in answers)
            rows = sum(one["accepted"] + one["duplicates"] for one in answers)
            assert rows == EVENTS + REPEATED
            daily = "SELECT COUNT(*) FROM bitpaket_usage_daily"
            assert scratch.query(daily) != [(0,)], "nothing was rolled up meanwhile"
            # An answer that never came may have counted rows as accepted.
            assert sum(one["accepted"] for one in answers) <= EVENTS

            count = "SELECT COUNT(*) FROM bitpaket_usage_event"
            assert scratch.query(count) == [(EVENTS,)]
            assert sums(scratch.query(EVENT_SUMS)) == storm.meant
            assert storm.read() == storm.meant
            scratch.query(ROLL_UP)
            pending = "SELECT COUNT(*) FROM bitpaket_usage_pending"
            wait_for(lambda: scratch.wake_cron() or scratch.query(pending) == [(0,)])
            assert storm.read() == storm.meant


def sums(rows):
    return {tuple(key): Decimal(quantity) for *key, quantity in rows}
