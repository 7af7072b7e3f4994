"""Packages of npm's registry that checks and tests need; kept in the cache."""

import os
import shutil

from .console import Problem, call, step
from .locks import exclusive
from .paths import CACHE, LOGS, digest


def ensure(name, *packages):
    """Return the folder `node_modules` of some packages, fetched once.

    :param str name: what they are for; names the folder in the cache
    :param packages: such as `axe-core@4.14.1`
    :rtype: Path
    """
    folder = CACHE / f"{name}-{digest(*packages)}"
    with exclusive(CACHE / f"{name}.lock", f"it fetches {name}"):
        if not (folder / "complete").exists():
            if not shutil.which("npm"):
                raise Problem(
                    f"This machine lacks npm, which brings {name}.",
                    "Ask an administrator to run: apt-get install -y npm",
                )
            folder.mkdir(parents=True, exist_ok=True)
            with step(f"Fetching {name}"):
                call(
                    ["npm", "install", "--no-save", "--prefix", folder, *packages],
                    problem=f"{name} could not be fetched",
                    log=LOGS / f"{name}.log",
                    env={**os.environ, "npm_config_update_notifier": "false"},
                )
            (folder / "complete").touch()
    return folder / "node_modules"
