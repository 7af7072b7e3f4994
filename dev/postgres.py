"""A PostgreSQL server of the checkout's own, on a unix socket in its `.run/` folder.

It runs as an unprivileged user, keeps its data in `.run/`, listens on no port, and
stops when the last command that uses it ends.
"""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path

from . import machine
from .console import Problem, call, say, step
from .locks import exclusive, shared
from .paths import LOGS, ROOT, RUN, digest

USER = "bitpaket"
#: Held by every command that uses the server.
USERS = RUN / "postgres.users"
#: Data of a demo and of tests: safe against crashes of processes, not of the machine.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "''",
    "max_connections": "120",
    "shared_buffers": "'512MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "max_wal_size": "'2GB'",
    "checkpoint_timeout": "'15min'",
    "log_min_messages": "warning",
    "jit": "off",
}


class Postgres:
    """The checkout's server; use it as a context manager to keep it running."""

    def __init__(self):
        machine.ensure(["postgres"])
        self.bin = machine.find_postgres()
        self.owner = self._owner()
        self.home = self._home()
        self.data = self.home / "data"
        self.socket = self.home / "socket"
        if len(str(self.socket)) > 90:  # the kernel allows 107 with the file's name
            self.socket = Path("/tmp") / f"bitpaket-{digest(str(ROOT))}"

    @contextlib.contextmanager
    def running(self):
        """Keep the server up for the block; the last user stops it."""
        with exclusive(RUN / "postgres.lock", "it starts PostgreSQL"):
            users = shared(USERS, self.stop)
            users.__enter__()
            try:
                self._start()
            except BaseException:
                users.__exit__(None, None, None)
                raise
        try:
            yield self
        finally:
            users.__exit__(None, None, None)

    @property
    def environment(self):
        """What libpq's programs and Odoo need in order to reach the server."""
        return {"PGHOST": str(self.socket), "PGUSER": USER}

    def alive(self):
        """Return whether the server runs."""
        if not (self.data / "postmaster.pid").exists():
            return False
        status = self._control("status", check=False)
        return status.returncode == 0

    def stop(self):
        """Stop the server, if it runs."""
        if self.alive():
            self._control("stop", "-m", "fast", "-w", check=False)

    def query(self, sql, database="postgres"):
        """Run a statement and return the rows of its first column.

        :param str sql: the statement
        :param str database: where to run it
        :rtype: list[str]
        """
        out = call(
            [self.bin / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, database],
            problem="PostgreSQL refused a statement",
            env={**os.environ, **self.environment},
        )
        return out.splitlines()

    def databases(self):
        """Return the names of the databases.

        :rtype: set[str]
        """
        return set(self.query("SELECT datname FROM pg_database"))

    def create(self, name, template="template0"):
        """Create a database, as a copy of `template`."""
        self.query(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop(self, name):
        """Drop a database and whoever is connected to it."""
        self.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def rename(self, old, new):
        """Rename a database."""
        self.query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')

    # --- how it is made and started

    def _start(self):
        if self.alive():
            return
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.socket.mkdir(parents=True, exist_ok=True)
        self._give(self.socket)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        log = self.home / "server.log"
        started = self._control("start", "-w", "-t", "120", "-l", str(log), check=False)
        if started.returncode:
            tail = "\n".join(self._tail(log))
            raise Problem(
                f"PostgreSQL did not start:\n{tail}",
                "If its data is broken, run: make clean",
            )

    def _initialise(self):
        with step("Creating a private PostgreSQL database server"):
            shutil.rmtree(self.home, ignore_errors=True)
            self.home.mkdir(parents=True)
            self._give(self.home)
            call(
                [
                    self.bin / "initdb",
                    f"--pgdata={self.data}",
                    f"--username={USER}",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ],
                problem="PostgreSQL's data folder could not be created",
                log=LOGS / "initdb.log",
                cwd="/",
                **self._as_owner(),
            )
            settings = "".join(f"{key} = {value}\n" for key, value in SETTINGS.items())
            settings += f"unix_socket_directories = '{self.socket}'\n"
            settings += "unix_socket_permissions = 0700\n"
            with (self.data / "postgresql.conf").open("a") as file:
                file.write(settings)

    def _control(self, *arguments, check=True):
        return subprocess.run(
            [str(self.bin / "pg_ctl"), "-D", str(self.data), "-s", *arguments],
            check=check,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._as_owner(),
        )

    @staticmethod
    def _owner():
        """Return the unprivileged account to run as, or None when we are one."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise Problem("No user `postgres` or `nobody` to run PostgreSQL as.")

    def _home(self):
        """Return the server's folder; outside the checkout where its user cannot go."""
        home = RUN / "postgres"
        if self.owner and not all(
            os.stat(folder).st_mode & stat.S_IXOTH for folder in (ROOT, *ROOT.parents)
        ):
            return Path("/var/tmp") / f"bitpaket-postgres-{digest(str(ROOT))}"
        return home

    def _as_owner(self):
        if not self.owner:
            return {}
        return {
            "user": self.owner.pw_uid,
            "group": self.owner.pw_gid,
            "extra_groups": [],
        }

    def _give(self, folder):
        if self.owner:
            os.chown(folder, self.owner.pw_uid, self.owner.pw_gid)

    @staticmethod
    def _tail(log, lines=12):
        if not log.exists():
            return ["    (no log)"]
        return ["    " + line for line in log.read_text().splitlines()[-lines:]]


def wait_until(condition, seconds, problem, hint=""):
    """Wait until `condition()` holds.

    :raise Problem: when it does not in time
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Problem(problem, hint)
        time.sleep(0.1)


def clean():
    """Stop the server and remove its data."""
    server = Postgres()
    server.stop()
    if server.home.exists():
        shutil.rmtree(server.home)
        say(f"  removed {server.home}")
