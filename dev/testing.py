"""`make test`: a fresh database, every layer of tests, pytest's closing line."""

import subprocess
import sys

from . import database, environment, machine
from .console import Problem, say, step
from .locks import exclusive
from .odoo_server import OdooServer, free_port
from .paths import ROOT, RUN
from .postgres import Postgres

PROGRAMS = [
    *machine.BASICS,
    *machine.BOOKKEEPING,
    "chromium",
    "npm",
    "pdftotext",
    "soffice",
]
#: Odoo lets each PDF wait for scripts for a second; ours have none.
NO_PRINT_DELAY = """
    INSERT INTO ir_config_parameter (key, value) VALUES ('report.print_delay', '0')
        ON CONFLICT (key) DO NOTHING
"""


def run(arguments, keep=None):
    """Run the tests and return pytest's exit code.

    :param list arguments: passed on to pytest; default: all tests
    :param str keep: name of a database whose blank form is kept for the next time
    :rtype: int
    """
    machine.ensure(PROGRAMS)
    environment.ensure()
    postgres = Postgres()
    name = keep or "test"
    blank = f"{name}_blank"
    with (
        exclusive(RUN / f"{name}.lock", "it runs the tests"),
        postgres.running(),
    ):
        server = OdooServer(postgres, name, free_port())
        if keep and blank in postgres.databases():
            with step("Upgrading the test database"):
                OdooServer(postgres, blank, 0).install(database.ADDON, upgrade=True)
        else:
            with step("Preparing the test database"):
                database.create(postgres, blank, database.template(postgres))
                OdooServer(postgres, blank, 0).install(database.ADDON)
        postgres.query(NO_PRINT_DELAY, blank)
        database.create(postgres, name, blank)
        say()
        command = [
            str(server.python),
            "-m",
            "pytest",
            f"--odoo-config={server.config}",
            f"--odoo-database={name}",
            "--odoo-http",
            "--odoo-log-level=error",
            # Two files of tests at a time, each process on its own copy.
            "--numprocesses=2",
            "--dist=loadfile",
            # In the order of the folders: files with few tests may take longest.
            "--no-loadscope-reorder",
            *arguments,
        ]
        # Tests with processes of their own work on copies of the blank database.
        variables = {**server.environment, "BITPAKET_BLANK_DATABASE": blank}
        result = subprocess.run(command, cwd=ROOT, env=variables, check=False)
        database.drop(postgres, name)
        if not keep:
            database.drop(postgres, blank)
    return result.returncode


def run_unit(arguments):
    """Run the pure tests, which need no database.

    :rtype: int
    """
    machine.ensure(machine.BOOKKEEPING)
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
