"""Databases and Odoo processes of a test's own, for what only real processes show."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg2

from dev.odoo_server import free_port

ROOT = Path(__file__).resolve().parent.parent


class Scratch:
    """A copy of the blank test database, and Odoo processes on it.

    :param str name: end of the database's name
    :param str source: database to copy
    """

    def __init__(self, name, source=None):
        blank = os.environ["BITPAKET_BLANK_DATABASE"]
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self.name = name = f"{blank}_{worker}_{name}"
        self.config = ROOT / ".run" / f"{name}.conf"
        source = source or blank
        _maintain(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _maintain(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        self.port = free_port()
        lines = Path(os.environ["ODOO_RC"]).read_text().splitlines()
        changes = {"db_name": name, "dbfilter": f"^{name}$", "http_port": self.port}
        kept = [line for line in lines if line.split(" =")[0] not in changes]
        kept += [f"{key} = {value}" for key, value in changes.items()]
        self.config.write_text("\n".join(kept) + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        _maintain(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self.config.unlink()

    def point_at(self, socket):
        """Have Odoo look for this database in another cluster.

        :param Path socket: folder of the cluster's socket
        """
        lines = self.config.read_text().splitlines()
        kept = [line for line in lines if line.split(" =")[0] != "db_host"]
        self.config.write_text("\n".join([*kept, f"db_host = {socket}", ""]))

    @property
    def environment(self):
        return {**os.environ, "ODOO_RC": str(self.config)}

    def start(self, module, *arguments):
        """Start a module inside Odoo's Python on this database."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, module, *arguments):
        """Run such a module to its end and return the JSON of its last line."""
        output, _errors = (process := self.start(module, *arguments)).communicate()
        assert process.returncode == 0, output
        return json.loads(output.splitlines()[-1])

    def serve(self, *options):
        """Start Odoo's server, with its cron workers."""
        return subprocess.Popen(
            [sys.executable, "-m", "odoo", "server", "--log-level=error", *options],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    @property
    def url(self):
        """The address that a server on this database answers at."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self):
        """Return whether a server answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=5):
                return True
        except OSError:
            return False

    @contextlib.contextmanager
    def serving(self, *options):
        """Serve for the length of a block; yield the server's process."""
        server = self.serve(*options)
        try:
            wait_for(self.answers)
            yield server
        finally:
            kill(server)

    def wake_cron(self):
        """Wake the server's cron workers, which otherwise look once a minute."""
        _maintain(f"SELECT pg_notify('cron_trigger', '{self.name}')")

    def query(self, sql):
        """Return the rows of a statement."""
        with psycopg2.connect(dbname=self.name) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows


def _maintain(sql):
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute(sql)
    connection.close()


def wait_for(condition, seconds=120):
    """Wait until `condition()` holds, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


def kill(process):
    """End a process the hard way: nothing of it can clean up."""
    process.send_signal(signal.SIGKILL)
    process.wait()
