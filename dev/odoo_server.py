"""Runs Odoo: configuration, installing modules, serving."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import environment
from .console import Problem, call
from .paths import LOGS, RUN

DATA = RUN / "odoo"


class OdooServer:
    """Odoo on one database of the checkout's PostgreSQL.

    :param Postgres postgres: the running server
    :param str database: name of the database
    :param int port: where to serve HTTP
    """

    def __init__(self, postgres, database, port):
        self.venv, self.source = environment.ensure()
        self.postgres = postgres
        self.database = database
        self.port = port
        self.config = RUN / f"{database}.conf"
        self.log = LOGS / f"{database}.log"
        self.python = self.venv / "bin/python"
        self.process = None
        self._write_config()

    @property
    def url(self):
        """Return the address that the server answers at."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self):
        """Return the environment that Odoo's processes run in."""
        return environment.clean_environment(
            **self.postgres.environment, ODOO_RC=str(self.config)
        )

    def _write_config(self):
        options = {
            "addons_path": environment.addons_path(self.venv, self.source),
            "admin_passwd": secrets.token_hex(16),
            "data_dir": DATA,
            "db_host": self.postgres.socket,
            "db_name": self.database,
            "db_user": self.postgres.environment["PGUSER"],
            "dbfilter": f"^{self.database}$",
            "http_interface": "127.0.0.1",
            "http_port": self.port,
            "list_db": False,
            "max_cron_threads": 2,
            "screenshots": RUN / "screenshots",
        }
        RUN.mkdir(exist_ok=True)
        lines = [f"{key} = {value}" for key, value in sorted(options.items())]
        self.config.write_text("\n".join(["[options]", *lines, ""]))

    def command(self, *arguments):
        """Return the command line of an Odoo command on this database."""
        return [self.python, "-m", "odoo", *arguments]

    def install(self, *modules, upgrade=False):
        """Install modules, or bring installed ones up to date.

        :param bool upgrade: upgrade instead of install
        :raise Problem: when Odoo reports an error
        """
        what = "upgraded" if upgrade else "installed"
        output = call(
            self.command(
                "server",
                "-u" if upgrade else "-i",
                ",".join(modules),
                "--stop-after-init",
                "--no-http",
                "--max-cron-threads=0",
            ),
            problem=f"{', '.join(modules)} could not be {what}",
            hint=f"Read {self.log}",
            log=self.log.with_suffix(".install.log"),
            env=self.environment,
        )
        if " CRITICAL " in output or " ERROR " in output:
            errors = [line for line in output.splitlines() if " ERROR " in line]
            raise Problem(
                f"{', '.join(modules)} {what} with errors:\n" + "\n".join(errors[:5]),
                f"Read {self.log.with_suffix('.install.log')}",
            )

    def run(self, module, *arguments, problem, **kwargs):
        """Run a module of `dev/` inside Odoo's Python environment."""
        return call(
            [self.python, "-m", module, *arguments],
            problem=problem,
            env=self.environment,
            **kwargs,
        )

    def start(self, *options):
        """Start serving, and wait until it answers.

        :param options: further options of Odoo's command line
        :raise Problem: when the port is taken or the server does not come up
        """
        check_port(self.port, "PORT")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command("server", *options)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )
        deadline = time.monotonic() + 120
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Problem("Odoo did not start.", f"Read {self.log}")
            time.sleep(0.2)

    def answers(self):
        """Return whether the server answers HTTP requests."""
        try:
            with urllib.request.urlopen(f"{self.url}/web/health", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        """Stop serving, gently first."""
        end(self.process)
        self.process = None

    @contextlib.contextmanager
    def serving(self, *options):
        """Serve for the length of a block."""
        self.start(*options)
        try:
            yield self
        finally:
            self.stop()


def end(process, seconds=20):
    """Ask a process to end, and make it when it does not.

    :param subprocess.Popen process: the process, or None
    """
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def check_port(port, variable):
    """Refuse a port that another program listens on.

    :param int port: the port
    :param str variable: the make variable that chooses another one
    :raise Problem: when it is taken
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Problem(
                f"Port {port} is taken by another program ({error.strerror}).",
                f"Stop it (make stop, if it is ours), or choose another port: "
                f"make run {variable}={port + 100}",
            ) from error


def free_port():
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pid_alive(pid):
    """Return whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
