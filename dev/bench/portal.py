"""The billing page with a long history, beside Odoo's own list of the same invoices."""

import http.cookiejar
import json
import re
import statistics
import urllib.request

from ..console import Problem
from ..paths import LOGS, ROOT
from ..session import log_in
from . import ingest

EVENTS = 10_000_000
ROUNDS = 30
WARM_UP = 3
#: What the page may take, on the server.
QUERIES, MILLISECONDS = 30, 150
STOCK = "/my/invoices"
#: How Odoo's log tells queries, seconds in the database, and seconds elsewhere.
SERVED = r'"GET {} HTTP/1\.\d" 200 - (\d+) ([\d.]+) ([\d.]+)'


def against_stock(server):
    """Measure the page of an account with ten million events around it.

    It has 20 meters and invoices of five years. Both pages take turns, so that a busy
    moment of the machine hits both; what is measured is what the server logs.
    """
    from . import compare

    ingest.prepare(server)
    _inside(server, "dev.bench.large_inside", "fill", str(EVENTS))
    facts = _inside(server, "dev.bench.portal_inside")
    begin = server.log.stat().st_size if server.log.exists() else 0
    with server.serving("--max-cron-threads=0"):
        session = log_in(server.url, server.database, facts["login"], facts["login"])
        for _round in range(WARM_UP + ROUNDS):
            for path in (facts["path"], STOCK):
                _get(f"{server.url}{path}", session)
    with server.log.open() as log:
        log.seek(begin)
        text = log.read()
    ours, stock = _served(text, facts["path"]), _served(text, STOCK)
    queries = max(count for count, _time in ours)
    time, peer = (statistics.median(time for _, time in all_) for all_ in (ours, stock))
    return {
        "portal-queries": compare(queries, QUERIES, "queries", at_most=1),
        "portal-time": compare(time, MILLISECONDS, "ms", at_most=1),
        "portal-stock": compare(time, peer, "ms", at_most=10),
    }


def _served(log, path):
    """Return what each request took: (queries, milliseconds), without the first ones.

    :param str log: what the server wrote
    :param str path: what was asked for
    """
    found = re.findall(SERVED.format(re.escape(path)), log)
    if len(found) != WARM_UP + ROUNDS:
        raise Problem(f"{path} was served {len(found)} times.", f"Read {LOGS}")
    return [
        (int(count), (float(database) + float(rest)) * 1000)
        for count, database, rest in found[WARM_UP:]
    ]


def _get(url, session):
    request = urllib.request.Request(url, headers={"Cookie": f"session_id={session}"})
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    with urllib.request.build_opener(jar).open(request, timeout=60) as answer:
        answer.read()


def _inside(server, module, *arguments):
    output = server.run(
        module,
        *arguments,
        problem="The benchmark's history could not be made",
        log=LOGS / "bench-portal.log",
        cwd=ROOT,
    )
    return json.loads(output.splitlines()[-1])
