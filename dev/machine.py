"""Programs that come from the machine: what is missing, and how it gets there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Problem, call, step
from .locks import exclusive
from .paths import CACHE, LOGS

#: program looked for → Debian packages that bring it
PACKAGES = {
    "chromium": ("chromium", "fonts-liberation"),
    "wkhtmltopdf": ("wkhtmltopdf", "fonts-dejavu-core"),
    "hledger": ("hledger",),
    "ledger": ("ledger",),
    "pdftotext": ("poppler-utils",),
    "soffice": ("libreoffice-calc",),
    "npm": ("npm",),
}
#: What every command needs before it can start.
BASICS = ["venv", "postgres", "wkhtmltopdf"]
#: Programs that read what is handed over to bookkeeping; its tests ask them.
BOOKKEEPING = ["hledger", "ledger"]


def find_postgres():
    """Return the newest folder with PostgreSQL's server programs, or None."""
    candidates = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    candidates += [Path(folder) for folder in os.get_exec_path()]
    for folder in candidates:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            version = subprocess.run(
                [folder / "postgres", "--version"],
                capture_output=True,
                text=True,
                check=False,
            ).stdout
            number = version.split()[-1 if "(" not in version else 2 : None][0]
            if int(number.split(".")[0]) >= 13:
                return folder
    return None


def ensure(programs):
    """Make sure that the programs exist; install them when allowed to.

    :param list programs: keys of `PACKAGES`, or "postgres", or "venv"
    :raise Problem: naming all missing packages in one line
    """
    missing = {package for name in programs for package in _missing_packages(name)}
    if not missing:
        return
    command = "apt-get install -y " + " ".join(sorted(missing))
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Problem(
            "This machine lacks: " + ", ".join(sorted(missing)),
            f"Ask an administrator to run: {command}",
        )
    with (
        exclusive(CACHE / "apt.lock", "it installs packages"),
        step("Installing " + ", ".join(sorted(missing))),
    ):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        call(
            ["apt-get", "-q", "update"],
            problem="apt-get update failed",
            log=LOGS / "apt-update.log",
        )
        call(
            ["apt-get", "-q", "-y", "--no-install-recommends", "install"]
            + sorted(missing),
            problem="apt-get install failed",
            hint=f"Run it by hand and look: {command}",
            log=LOGS / "apt-install.log",
            env=environment,
        )
    still = {package for name in programs for package in _missing_packages(name)}
    if still:
        raise Problem(
            "Installed, but still not found: " + ", ".join(sorted(still)),
            f"Try by hand: {command}",
        )


def _missing_packages(name):
    if name == "postgres":
        return () if find_postgres() else ("postgresql",)
    if name == "venv":
        probe = [sys.executable, "-c", "import ensurepip, venv"]
        missing = subprocess.run(probe, capture_output=True, check=False).returncode
        return (f"python3.{sys.version_info.minor}-venv",) if missing else ()
    return () if shutil.which(name) else PACKAGES[name]
