"""FastSpring tells all at once, twice and in any order, others lie, and Odoo dies."""

import contextlib
import json
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psutil
import requests

from dev.fastspring_sim import Simulator
from dev.fastspring_sim.outbox import sign
from dev.odoo_server import free_port

from ..processes import Scratch, wait_for

SEED = int(os.environ.get("STORM_SEED", "20261125"))
SECRET = "the secret of the storm"
ORDERS = 200
EVENTS = 2_000
REPEATED = EVENTS * 30 // 100
FORGED = EVENTS * 5 // 100
SENDERS = 4
LARGEST_BATCH = 25
#: What buyers do, in shares of the orders, and how their payment ends.
FATES = {
    "card": (70, "done"),
    "declined, then card": (15, "done"),
    "wire that arrives": (15, "done"),
    "wire that expires": (50, "cancel"),
    "declined": (50, "error"),
}
UNFINISHED = """
    SELECT COUNT(*) FROM bitpaket_fastspring_event WHERE state IN ('new', 'error')
"""
PROCESSED = """
    SELECT COUNT(*) FROM bitpaket_fastspring_event WHERE state = 'done'
"""
RETRY_NOW = """
    UPDATE bitpaket_fastspring_event SET next_retry = '2000-01-01' WHERE state = 'error'
"""
OUTCOMES = """
    SELECT transaction.reference, transaction.state, transaction.fastspring_order_id,
           COUNT(payment.id), COALESCE(SUM(payment.amount), 0)::text,
           MIN(move.amount_residual)::text
      FROM payment_transaction transaction
      JOIN account_invoice_transaction_rel rel ON rel.transaction_id = transaction.id
      JOIN account_move move ON move.id = rel.invoice_id
      LEFT JOIN account_payment payment
             ON payment.payment_transaction_id = transaction.id
     GROUP BY 1, 2, 3
"""
BALANCES = """
    SELECT account.account_type, SUM(line.balance)::text
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
      JOIN account_account account ON account.id = line.account_id
     GROUP BY 1
"""


class Storm:
    """Everything that is to be sent, and what must come of it."""

    def __init__(self, simulator, facts):
        self.simulator, self.facts = simulator, facts
        self.dice = random.Random(SEED)
        self.counts = Counter()
        self.fates = {}
        fates = [fate for fate, (share, _state) in FATES.items() for _ in range(share)]
        self.dice.shuffle(fates)
        for (reference, amount), fate in zip(facts["payments"], fates, strict=True):
            self.fates[reference] = (fate, Decimal(amount), self.live(fate, reference))
        # What FastSpring pays out is another story.
        told = [
            {key: event[key] for key in
             ("id", "processed", "created", "type", "live", "data")}
            for event in simulator.events
            if event["type"] != "payoutEntry.created"
        ]  # fmt: skip
        genuine = told + self.about_others(EVENTS - FORGED - REPEATED - len(told))
        self.ids = {event["id"] for event in genuine}
        repeated = self.dice.sample(genuine, REPEATED)
        same, resent = repeated[::2], repeated[1::2]
        genuine += same
        for event in resent:
            genuine.append({**event, "id": f"{event['id']}-resent"})
            self.ids.add(genuine[-1]["id"])
        self.dice.shuffle(genuine)
        self.deliveries = []
        while genuine:
            size = self.dice.randint(1, LARGEST_BATCH)
            self.deliveries.append((genuine[:size], SECRET))
            genuine = genuine[size:]
        self.deliveries += [([event], guess) for event, guess in self.forge()]
        self.dice.shuffle(self.deliveries)

    def live(self, fate, reference):
        """Let a buyer do as fate has it; return the order that is paid at last."""
        amount = next(one for name, one in self.facts["payments"] if name == reference)
        session = requests.post(
            f"{self.simulator.url}/v2/checkouts/bitpaket/web-invoices/sessions",
            auth=("sim", "sim"),
            json={
                "customer": {
                    "billToContact": {"email": f"{len(self.fates)}@buyer.test"}
                },
                "country": "US",
                "orderTags": {"odoo_tx": reference, "odoo_db": self.facts["origin"]},
                "cart": {
                    "lineItems": [
                        {
                            "productPath": "invoice-payment",
                            "quantity": 1,
                            "customPrice": {"unitPrice": {"USD": float(amount)}},
                        }
                    ]
                },
            },
            timeout=30,
        ).json()["id"]
        if fate.startswith("declined"):
            self.simulator.decline(session)
        if fate.endswith("card"):
            return self.simulator.pay(session)["id"]
        if fate.startswith("wire"):
            order = self.simulator.wire(session)["id"]
            if fate == "wire that arrives":
                return self.simulator.arrive(order)["id"]
            self.simulator.expire(order)
        return None

    def about_others(self, count):
        """Return events of other products, other shops and types of the future."""
        paid = next(
            event for event in self.simulator.events
            if event["type"] == "order.completed"
        )  # fmt: skip
        found = []
        for number in range(count):
            event = {
                "id": f"EV-other-{number}",
                "processed": False,
                "created": paid["created"] + number,
                "type": "order.completed",
                "live": False,
            }
            order = {
                **paid["data"],
                "id": f"other-{number}",
                "order": f"other-{number}",
            }
            tags = [{}, {"odoo_tx": "INV/1", "odoo_db": "another"}][number % 2]
            data = {**order, "tags": tags}
            if number % 3 == 0:
                event["type"], data = "moon.rose", {"id": f"moon-{number}"}
            found.append({**event, "data": data})
        return found

    def forge(self):
        """Yield lies: orders that nobody paid, and what they are signed with."""
        paid = [event["data"] for event in self.simulator.events
                if event["type"] == "order.completed"]  # fmt: skip
        unpaid = [name for name, (_fate, _amount, order) in self.fates.items()
                  if not order]  # fmt: skip
        for number in range(FORGED):
            reference = self.dice.choice(unpaid)
            amount = float(self.fates[reference][1])
            order = {
                **self.dice.choice(paid),
                "id": f"forged-{number}",
                "order": f"forged-{number}",
                "total": amount,
                "subtotal": amount,
                "tags": {"odoo_tx": reference, "odoo_db": self.facts["origin"]},
            }
            event = {
                "id": f"EV-forged-{number}",
                "type": "order.completed",
                "live": False,
                "created": 1795305600000,
                "data": order,
            }
            yield event, self.dice.choice(["", "guess", SECRET[:-1], None])

    def send(self, delivery):
        """Send a delivery until FastSpring would not send it again."""
        events, secret = delivery
        for attempt in range(300):
            body = json.dumps({"events": events}, default=float).encode()
            headers = {"Content-Type": "application/json"}
            if secret is not None:
                headers["X-FS-Signature"] = sign(secret, body)
            try:
                answer = requests.post(
                    self.facts["url"], data=body, headers=headers, timeout=30
                )
            except requests.RequestException:
                self.counts["broken"] += 1
            else:
                self.counts[answer.status_code] += 1
                if answer.status_code == 200 or secret != SECRET:
                    return answer.status_code
                if answer.status_code == 202:
                    kept = answer.text.split()
                    events = [one for one in events if one["id"] not in kept]
                else:
                    assert answer.status_code >= 500, answer.text
            time.sleep(min(0.05 * 2**attempt, 0.5))
        raise AssertionError("a delivery was never answered")


def kill_all(server):
    """Kill a server and its workers at one blow; nothing of them can clean up."""
    parent = psutil.Process(server.pid)
    for process in [parent, *parent.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait()


def work(scratch):
    """Wake the cron workers; return whether they have done everything."""
    scratch.query(RETRY_NOW)
    scratch.wake_cron()
    time.sleep(0.2)
    return scratch.query(UNFINISHED) == [(0,)]


def test_storm_has_exactly_its_effect():
    print(f"STORM_SEED={SEED}")
    started = time.monotonic()
    simulated = Simulator(auto_deliver=False, webhook_secret=SECRET)
    with Scratch("fs_storm") as scratch, simulated as simulator:
        facts = scratch.run(
            "tests.http.fastspring_storm_inside",
            str(ORDERS), simulator.url, simulator.storefront_url, SECRET,
        )  # fmt: skip
        storm = Storm(simulator, {**facts, "url": scratch.url + facts["path"]})
        assert sum(len(events) for events, _secret in storm.deliveries) == EVENTS
        print(f"{time.monotonic() - started:.1f} s: {len(storm.deliveries)} deliveries")
        options = (
            "--workers=3", "--max-cron-threads=2", f"--gevent-port={free_port()}",
        )  # fmt: skip
        half = len(storm.deliveries) // 2
        begun = threading.Event()
        sent = []

        def send(number):
            if number >= half:
                begun.wait(60)
            sent.append(number)
            return storm.send(storm.deliveries[number])

        with ThreadPoolExecutor(SENDERS) as senders:
            with scratch.serving(*options) as server:
                answers = senders.map(send, range(len(storm.deliveries)))
                wait_for(lambda: scratch.query(PROCESSED) > [(0,)])
                begun.set()
                wait_for(lambda: len(sent) > half + SENDERS)
                kill_all(server)
            assert scratch.query(UNFINISHED) > [(0,)], "the storm was over too soon"
            with scratch.serving(*options):
                answers = list(answers)
                print(f"{time.monotonic() - started:.1f} s: all sent, {storm.counts}")
                wait_for(lambda: work(scratch), 400)
        print(f"{time.monotonic() - started:.1f} s: all processed")
        assert storm.counts["broken"], "no sender noticed that the server died"
        check(scratch, storm, answers)


def check(scratch, storm, answers):
    """Compare what became of everything with what was meant."""
    forged = [
        status
        for status, (_events, secret) in zip(answers, storm.deliveries, strict=True)
        if secret != SECRET
    ]
    assert forged == [403] * FORGED
    assert storm.counts[200] == len(storm.deliveries) - FORGED

    stored = scratch.query("SELECT event_id FROM bitpaket_fastspring_event")
    assert sorted(key for (key,) in stored) == sorted(storm.ids)

    meant = {
        (
            reference,
            FATES[fate][1],
            order or None,
            1 if order else 0,
            amount if order else Decimal("0.00"),
            Decimal("0.00") if order else amount,
        )
        for reference, (fate, amount, order) in storm.fates.items()
    }
    found = {
        (reference, state, order if state == "done" else None, count)
        + (Decimal(amount), Decimal(residual))
        for reference, state, order, count, amount, residual in scratch.query(OUTCOMES)
    }
    assert found == meant

    total = sum(amount for _fate, amount, _order in storm.fates.values())
    paid = sum(amount for _fate, amount, order in storm.fates.values() if order)
    balances = {kind: Decimal(sum_) for kind, sum_ in scratch.query(BALANCES)}
    assert balances == {
        "asset_cash": paid,
        "asset_receivable": total - paid,
        "income": -total,
    }
    reasons = scratch.query(
        "SELECT DISTINCT reason FROM bitpaket_fastspring_event WHERE state = 'manual'"
    )
    assert not reasons
