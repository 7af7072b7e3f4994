"""The demo: three tenants, a month of usage, invoices, and a checkout to pay at."""

import contextlib
import fcntl
import gzip
import http.client
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from datetime import date, datetime, timezone
from decimal import Decimal

from . import database, environment, machine
from .console import Problem, paint, say, step
from .locks import shared
from .odoo_server import OdooServer, check_port, end, pid_alive
from .paths import LOGS, ROOT, RUN, digest
from .postgres import USERS, Postgres

NAME = "bitpaket"
PERIOD = "2026-10"
USAGE = ROOT / "bitpaket_billing/demo/usage_2026-10.ndjson.gz"
INFO = RUN / "demo.json"
LOCK = RUN / "demo.lock"
INSTALLED = RUN / "demo.installed"
BATCH = 2_000
LOGINS = [
    {"role": "administrator", "login": "admin", "password": "admin"},
    {"role": "finance", "login": "finance", "password": "finance"},
    {
        "role": "customer",
        "login": "customer@kestrel-robotics.example",
        "password": "customer",
    },
    {
        "role": "another customer",
        "login": "customer@lumenfjord.example",
        "password": "customer",
    },
]


class Demo:
    """The demo of this checkout.

    :param int port: of Odoo
    :param int simulator_port: of FastSpring's simulator
    """

    def __init__(self, port=8069, simulator_port=8070):
        machine.ensure(machine.BASICS)
        environment.ensure()
        self.postgres = Postgres()
        self.server = OdooServer(self.postgres, NAME, port)
        self.simulator_port = simulator_port
        self.simulator = None

    def run(self, once):
        """Set the demo up, bill its month, print the invoices, and serve.

        :param bool once: end after the result instead of serving
        """
        with _only_one():
            check_port(self.server.port, "PORT")
            check_port(self.simulator_port, "SIMULATOR_PORT")
            with self.postgres.running(), self._ending():
                self._prepare_database()
                places = self._start_simulator()
                with step("Loading the demo's customers, prices and logins"):
                    facts = self._inside(
                        "prepare",
                        self.server.url,
                        places["url"],
                        places["storefront"],
                        read_info().get("api_key", ""),
                    )
                self._point_webhooks(places["url"], facts)
                with step("Starting Odoo"):
                    self.server.start()
                self._write_info(places, facts)
                self._send_usage(facts["api_key"])
                with step(f"Closing {PERIOD}"):
                    result = self._inside("close", PERIOD)
                errors = print_invoices(result["statements"], PERIOD)
                if errors:
                    raise Problem(
                        f"{errors} accounts could not be invoiced.", "See above why."
                    )
                if not once:
                    self._serve(places)

    def close(self, period):
        """Close a month in the demo's database and print its invoices."""
        if not period or not _is_month(period):
            raise Problem(
                f"PERIOD={period or ''} is no month.", "Say: make close PERIOD=2026-10"
            )
        if period >= datetime.now(timezone.utc).strftime("%Y-%m"):
            raise Problem(
                f"{period} has not ended yet (in UTC).",
                "Only a month that is over can be closed.",
            )
        with self.existing():
            result = self._inside("close", period)
        return print_invoices(result["statements"], period)

    def make_key(self):
        """Return a new usage key of the demo's reporter."""
        with self.existing():
            return self._inside("make_key")["key"]

    @contextlib.contextmanager
    def existing(self):
        """Keep PostgreSQL running for a command on the demo's database."""
        with self.postgres.running():
            if NAME not in self.postgres.databases() or not INSTALLED.exists():
                raise Problem("There is no demo yet.", "Run first: make run")
            yield

    # --- steps

    def _prepare_database(self):
        source = database.template(self.postgres)
        version = _addon_version()
        if NAME not in self.postgres.databases() or not INSTALLED.exists():
            with step("Creating the demo's database and installing the addon"):
                database.create(self.postgres, NAME, source)
                self.server.install(database.ADDON)
        elif INSTALLED.read_text() != version:
            with step("Upgrading the addon in the demo's database"):
                self.server.install(database.ADDON, upgrade=True)
        INSTALLED.write_text(version)

    def _start_simulator(self):
        LOGS.mkdir(parents=True, exist_ok=True)
        with (
            step("Starting FastSpring's simulator"),
            (LOGS / "simulator.log").open("a") as log,
        ):
            self.simulator = subprocess.Popen(
                [
                    str(self.server.python),
                    *("-m", "dev.fastspring_sim"),
                    *("--port", str(self.simulator_port)),
                    *("--state", str(RUN / "simulator.sqlite")),
                    *("--home-url", f"{self.server.url}/my/billing"),
                    *("--retry-seconds", "5"),
                ],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.server.environment,
            )
            line = self.simulator.stdout.readline()
        if not line:
            raise Problem(
                "FastSpring's simulator did not start.",
                f"Read {LOGS / 'simulator.log'}",
            )
        return json.loads(line)

    def _point_webhooks(self, simulator_url, facts):
        _post_json(
            f"{simulator_url}/_sim/config",
            {
                "webhook_url": facts["webhook_url"],
                "webhook_secret": facts["webhook_secret"],
            },
        )

    def _send_usage(self, key):
        rows = gzip.decompress(USAGE.read_bytes()).splitlines()
        with step(f"Reporting {len(rows):,} hours of usage through the HTTP API"):
            counts = self._report(rows + _redate(rows), key)
        say(
            f"  {counts['accepted']:,} accepted, {counts['duplicates']:,} known "
            f"already, {counts['rejected']:,} rejected"
        )

    def _report(self, rows, key):
        counts = dict.fromkeys(("accepted", "duplicates", "rejected"), 0)
        for start in range(0, len(rows), BATCH):
            request = urllib.request.Request(
                f"{self.server.url}/bitpaket/v1/usage",
                data=gzip.compress(b"\n".join(rows[start : start + BATCH])),
                headers={
                    "Authorization": f"Bearer {key}",
                    "Content-Type": "application/x-ndjson",
                    "Content-Encoding": "gzip",
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    content = json.load(answer)
            except (urllib.error.URLError, http.client.HTTPException) as error:
                raise Problem(
                    f"Odoo did not take the usage: {error}",
                    f"Read {self.server.log}",
                ) from error
            counts["accepted"] += content["accepted"]
            counts["duplicates"] += content["duplicates"]
            refused = content["rejected"] + content["quarantined"]
            counts["rejected"] += len(refused)
            for refusal in refused[:3]:
                say(f"  refused: {refusal['message']}")
        return counts

    def _inside(self, name, *arguments):
        output = self.server.run(
            "dev.inside",
            name,
            *arguments,
            problem=f"The step “{name}” failed",
            hint=f"Read {LOGS / f'inside-{name}.log'}",
            log=LOGS / f"inside-{name}.log",
            cwd=ROOT,
        )
        return json.loads(output.splitlines()[-1])

    def _serve(self, places):
        say()
        say(f"  BitPaket Billing   {paint(self.server.url, 36)}")
        say(f"  Billing page       {paint(self.server.url + '/my/billing', 36)}")
        say(f"  FastSpring (test)  {paint(places['panel'], 36)}")
        say()
        for who in LOGINS:
            say(f"  {who['role']:<17}  {who['login']:<34} {who['password']}")
        say("\n  Stop with Ctrl-C.")
        while self.server.process.poll() is None and self.simulator.poll() is None:
            time.sleep(0.5)
        raise Problem("The server has stopped.", f"Read {self.server.log}")

    def _write_info(self, places, facts):
        INFO.touch(mode=0o600)
        INFO.write_text(
            json.dumps(
                {
                    "url": self.server.url,
                    "logins": LOGINS,
                    "api_key": facts["api_key"],
                    "usage_url": f"{self.server.url}/bitpaket/v1/usage",
                    "webhook_url": facts["webhook_url"],
                    "webhook_secret": facts["webhook_secret"],
                    "simulator_url": places["url"],
                    "database": NAME,
                    "pids": [os.getpid(), self.server.process.pid, self.simulator.pid],
                }
            )
        )

    @contextlib.contextmanager
    def _ending(self):
        """Stop what was started, also when the terminal or `make stop` says so."""

        def stop(*_signal):
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            self.server.stop()
            end(self.simulator)


@contextlib.contextmanager
def _only_one():
    RUN.mkdir(exist_ok=True)
    with LOCK.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(
                "The demo of this checkout runs already.",
                "See it with: make info; end it with: make stop",
            ) from None
        yield


def read_info():
    """Return what is known about the demo; empty before its first run."""
    try:
        return json.loads(INFO.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def info():
    """Return what `make info` tells about the running demo.

    :raise Problem: when it does not run
    """
    facts = read_info()
    pids = facts.pop("pids", [])
    if not pids or not all(pid_alive(pid) for pid in pids):
        raise Problem("The demo does not run.", "Start it with: make run")
    return facts


def stop():
    """Stop the demo and PostgreSQL."""
    pids = read_info().get("pids", [])
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if _is_ours(pid):
                os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while any(_is_ours(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    # PostgreSQL stops with its last user; this ends one that lost its user.
    if USERS.exists():
        with shared(USERS, Postgres().stop):
            pass
    say("  stopped")


def clean():
    """Stop everything and remove `.run/`: databases, logs, settings."""
    from . import postgres

    stop()
    if USERS.exists():
        postgres.clean()
    shutil.rmtree(RUN, ignore_errors=True)
    say("  removed .run/")


def _is_ours(pid):
    """Return whether a process was started from this checkout."""
    try:
        command = (
            open(f"/proc/{pid}/cmdline", "rb").read().replace(b"\0", b" ").decode()
        )
        return os.readlink(f"/proc/{pid}/cwd") == str(ROOT) and "python" in command
    except OSError:
        return False


def print_invoices(statements, period):
    """Print a table of a month's invoices, and the RESULT line.

    :return: how many statements failed
    :rtype: int
    """
    say()
    say(f"  {paint('Invoices of ' + period, 1)}")
    say()
    heads = ("Customer", "Invoice", "Requests", "Storage", "Transfer", "Total", "")
    rows = [
        (
            one["account"],
            one["invoice"] or "–",
            *(
                f"{one[key]:,.{one['digits']}f}"
                for key in ("requests", "storage", "transfer")
            ),
            f"{one['untaxed']:,.{one['digits']}f} {one['currency']}",
            one["message"] or one["state"],
        )
        for one in statements
    ]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in [heads, *rows]:
        cells = [
            text.ljust(width) if i in (0, 1, 6) else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  " + "   ".join(cells).rstrip())
    say()
    errors = sum(one["state"] == "error" for one in statements)
    by_currency = {}
    for one in statements:
        if one["invoice"]:
            total, digits, count = by_currency.get(
                one["currency"], (Decimal(0), one["digits"], 0)
            )
            by_currency[one["currency"]] = (
                total + Decimal(str(one["untaxed"])),
                digits,
                count + 1,
            )
    for currency, (total, digits, count) in sorted(by_currency.items()):
        print(
            f"RESULT invoices={count} untaxed={total:.{digits}f} "
            f"currency={currency} errors={errors}",
            flush=True,
        )
    if not by_currency:
        print(f"RESULT invoices=0 untaxed=0 currency=- errors={errors}", flush=True)
    return errors


def _redate(rows):
    """Return the file's rows again, dated into the running month, as far as it got.

    They make the billing page show a running balance.
    """
    now = datetime.now(timezone.utc)
    if now.strftime("%Y-%m") <= PERIOD:
        return []
    result = []
    for line in rows:
        row = json.loads(line)
        with contextlib.suppress(ValueError):  # a day that this month lacks
            moment = datetime.fromisoformat(row["time"].replace("Z", "+00:00")).replace(
                year=now.year, month=now.month
            )
            if moment < now:
                row["time"] = moment.isoformat()
                row["id"] = f"{row['id'].rpartition('/')[0]}/{moment:%Y-%m-%dT%H}"
                result.append(json.dumps(row).encode())
    return result


def _addon_version():
    """Return a key of the addon's code, to know when it must be upgraded."""
    files = sorted(
        path
        for path in (ROOT / "bitpaket_billing").rglob("*")
        if path.suffix in (".py", ".xml", ".csv", ".js", ".scss", ".sql")
    )
    return digest(*[str(path.relative_to(ROOT)) for path in files], *files)


def _is_month(text):
    try:
        return date.fromisoformat(f"{text}-01").strftime("%Y-%m") == text
    except ValueError:
        return False


def _post_json(url, content):
    request = urllib.request.Request(
        url,
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()
