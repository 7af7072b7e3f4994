"""Deliveries of FastSpring's webhook, against a stock payment webhook.

The stock one is Razorpay's, and does nothing: it reads JSON, looks its transaction up,
does not find it, and answers. Ours checks a signature, looks its event up, stores it,
wakes a job, and answers once that is committed.
"""

import base64
import hashlib
import hmac
import http.client
import json
import statistics
import time

from ..console import Problem
from ..paths import LOGS, ROOT

DELIVERIES = 300
ROUNDS = 5
WARM_UP = 20
STOCK = "/payment/razorpay/webhook"


def against_stock(server):
    """Measure deliveries of one event each, one sender, one server process.

    Both take turns, so that a busy moment of the machine hits both.
    """
    from . import compare

    output = server.run(
        "dev.bench.webhook_inside",
        problem="The benchmark's providers could not be set up",
        log=LOGS / "bench-webhook.log",
        cwd=ROOT,
    )
    facts = json.loads(output.splitlines()[-1])
    path = facts["webhook_path"]
    number = 0
    rates = {path: [], STOCK: []}
    with server.serving("--max-cron-threads=0"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for count in (WARM_UP, *[DELIVERIES] * ROUNDS):
            for target in (path, STOCK):
                make = ours if target == path else stock
                deliveries = [
                    make(number + index, facts["secret"]) for index in range(count)
                ]
                number += count
                started = time.perf_counter()
                for body, headers in deliveries:
                    send(connection, target, body, headers)
                rates[target].append(count / (time.perf_counter() - started))
        connection.close()
    stored = server.run(
        "dev.bench.webhook_inside",
        "count",
        problem="The stored events could not be counted",
        log=LOGS / "bench-webhook.log",
        cwd=ROOT,
    )
    wanted = WARM_UP + DELIVERIES * ROUNDS
    if json.loads(stored.splitlines()[-1])["events"] != wanted:
        raise Problem(f"Not every event was stored: {stored}"[:500])
    return compare(
        statistics.median(rates[path][1:]),
        statistics.median(rates[STOCK][1:]),
        "deliveries/s",
        at_least=0.5,
    )


def ours(number, secret):
    """Return the body and headers of a delivery, as FastSpring sends it."""
    template = ROOT / "tests/data/fastspring_payloads/documented"
    data = json.loads((template / "order.completed__official-docs.json").read_text())
    event = {
        "id": f"EV-bench-{number}",
        "processed": False,
        "created": 1795305600000,
        "type": "order.completed",
        "live": False,
        "data": {**data, "id": f"order-{number}", "order": f"order-{number}"},
    }
    body = json.dumps({"events": [event]}).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return body, {"X-FS-Signature": signature}


def stock(number, _secret):
    """Return the body and headers of a delivery, as Razorpay sends it."""
    entity = {
        "id": f"pay_{number}",
        "entity": "payment",
        "amount": 2900,
        "currency": "USD",
        "status": "captured",
        "order_id": f"order_{number}",
        "description": f"BENCH-{number}",
        "method": "card",
        "captured": True,
        "email": "buyer@example.com",
        "created_at": 1795305600,
    }
    event = {
        "entity": "event",
        "account_id": "acc_bench",
        "event": "payment.captured",
        "contains": ["payment"],
        "payload": {"payment": {"entity": entity}},
        "created_at": 1795305600,
    }
    return json.dumps(event).encode(), {"X-Razorpay-Signature": "0" * 64}


def send(connection, target, body, headers):
    """Send a delivery, which must be acknowledged."""
    connection.request(
        "POST", target, body, {"Content-Type": "application/json", **headers}
    )
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise Problem(f"{target} answered {answer.status}: {content}"[:500])
