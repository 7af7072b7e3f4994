"""`make test`: a fresh database, every layer of tests, pytest's closing line."""

import subprocess
import sys

from . import database, environment, machine
from .console import Problem, say, step
from .locks import exclusive
from .odoo_server import OdooServer, free_port
from .paths import ROOT, RUN
from .postgres import Postgres

PROGRAMS = ["chromium", "wkhtmltopdf", "pdftotext"]


def run(arguments, keep=None):
    """Run the tests and return pytest's exit code.

    :param list arguments: passed on to pytest; default: all tests
    :param str keep: name of a database to upgrade and keep, instead of a fresh one
    :rtype: int
    """
    environment.ensure()
    machine.ensure(PROGRAMS)
    postgres = Postgres()
    name = keep or "test"
    with (
        exclusive(RUN / f"{name}.lock", "it runs the tests"),
        postgres.running(),
    ):
        source = database.template(postgres)
        server = OdooServer(postgres, name, free_port())
        known = name in postgres.databases()
        if not (keep and known):
            with step("Preparing the test database"):
                database.create(postgres, name, source)
                server.install(database.ADDON)
        else:
            with step("Upgrading the test database"):
                server.install(database.ADDON, upgrade=True)
        say()
        command = [
            str(server.python),
            "-m",
            "pytest",
            f"--odoo-config={server.config}",
            f"--odoo-database={name}",
            "--odoo-http",
            "--odoo-log-level=error",
            *arguments,
        ]
        result = subprocess.run(command, cwd=ROOT, env=server.environment, check=False)
        if not keep:
            database.drop(postgres, name)
    return result.returncode


def run_unit(arguments):
    """Run the pure tests, which need no database.

    :rtype: int
    """
    venv, _odoo = environment.ensure()
    command = [str(venv / "bin/python"), "-m", "pytest", "-p", "no:odoo", "tests/unit"]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env=environment.clean_environment(),
        check=False,
    ).returncode


def main(arguments):
    """Read `[--unit] [--keep NAME] [pytest's arguments]`."""
    if "--unit" in arguments:
        return run_unit([word for word in arguments if word != "--unit"])
    keep = None
    if "--keep" in arguments:
        place = arguments.index("--keep")
        keep = arguments[place + 1]
        arguments = arguments[:place] + arguments[place + 2 :]
    return run(arguments, keep)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        say(f"\n{problem}\n{problem.hint}")
        sys.exit(1)
