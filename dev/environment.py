"""The Python environment: Odoo, what it needs, and what the project adds.

It lives in the cache, keyed by the versions in it, and is shared by all checkouts.
"""

import os
import shutil
import sys
from pathlib import Path

from . import machine, odoo_source
from .console import call, step
from .locks import exclusive
from .paths import CACHE, LOGS, ROOT, digest

ODOO_REQUIREMENTS = ROOT / "dev/requirements-odoo.txt"
REQUIREMENTS = ROOT / "requirements.txt"
DEV_REQUIREMENTS = ROOT / "dev/requirements.txt"


def ensure():
    """Return the virtual environment's folder and Odoo, made when missing.

    :rtype: tuple(Path, odoo_source.Odoo)
    """
    odoo = odoo_source.locate()
    files = (ODOO_REQUIREMENTS, REQUIREMENTS, DEV_REQUIREMENTS)
    key = digest(sys.version, str(odoo.path), odoo.version, *files, Path(__file__))
    folder = CACHE / f"venv-{sys.version_info.major}.{sys.version_info.minor}-{key}"
    with exclusive(CACHE / "venv.lock", "it installs Python packages"):
        if not (folder / "complete").is_file():
            machine.ensure(["venv"])
            _build(folder, odoo, files)
    return folder, odoo


def _build(folder, odoo, files):
    shutil.rmtree(folder, ignore_errors=True)
    with step("Creating the Python environment"):
        call(
            [sys.executable, "-m", "venv", folder],
            problem="The virtual environment could not be created",
        )
        _register(odoo, next(folder.glob("lib/python3*/site-packages")))
    pip = [folder / "bin/python", "-m", "pip", "--disable-pip-version-check"]
    for title, file in zip(("Odoo's", "the addon's", "the tools'"), files, strict=True):
        with step(f"Installing {title} Python packages"):
            call(
                [*pip, "install", "-q", "-r", file],
                problem=f"Python packages could not be installed ({file.name})",
                log=LOGS / f"pip-{file.stem}.log",
                env=clean_environment(),
            )
    (folder / "complete").touch()


def _register(odoo, packages):
    """Put Odoo on the path, and tell pip so: addons require `odoo==19.0.*`."""
    (packages / "odoo.pth").write_text(f"{odoo.path}\n")
    facts = packages / "odoo-19.0.dist-info"
    facts.mkdir()
    metadata = ("Metadata-Version: 2.1", "Name: odoo", "Version: 19.0", "")
    (facts / "METADATA").write_text("\n".join(metadata))
    (facts / "INSTALLER").write_text("bitpaket-billing\n")


def clean_environment(**extra):
    """Return this process's environment without what would mislead Odoo."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "ODOO_RC", "OPENERP_SERVER")
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in dropped and not key.startswith("PG")
    }
    return {**kept, "PYTHONUNBUFFERED": "1", **extra}


def addons_path(folder, odoo):
    """Return Odoo's addons path: core, PyPI's addons, this repository.

    :rtype: str
    """
    packages = next(Path(folder).glob("lib/python3*/site-packages"))
    paths = [odoo.path / "odoo/addons", *odoo.addons, packages / "odoo/addons", ROOT]
    return ",".join(str(path) for path in paths)
