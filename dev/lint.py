"""`make lint`: ruff, pylint-odoo, prettier for XML, JS and JSON, the OCA checks."""

import subprocess

from . import environment, npm
from .console import call, paint, say
from .paths import ROOT

PRETTIER = ("prettier@3.6.2", "@prettier/plugin-xml@3.4.2")
ADDON = "bitpaket_billing"


def run(fix=False):
    """Run every check; with `fix`, let those mend what they can.

    :return: how many checks failed
    :rtype: int
    """
    venv, odoo = environment.ensure()
    tools = venv / "bin"
    style = [] if fix else ["--check"]
    modules = npm.ensure("prettier", *PRETTIER)
    sources = _tracked(".xml", ".js", ".scss", ".json")
    checks = {
        "ruff": [tools / "ruff", "check", *(["--fix"] if fix else []), "."],
        "ruff format": [tools / "ruff", "format", *style, "."],
        "prettier": [
            modules / ".bin/prettier",
            f"--plugin={modules}/@prettier/plugin-xml/src/plugin.js",
            "--write" if fix else "--check",
            "--log-level=warn",
            *sources,
        ],
        "pylint-odoo": [tools / "pylint", "--rcfile=.pylintrc", ADDON],
        "OCA module checks": [tools / "oca-checks-odoo-module", ADDON],
        "OCA translation checks": [tools / "oca-checks-po", *_tracked(".po", ".pot")],
    }
    failed = 0
    for title, command in checks.items():
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment.clean_environment(PYTHONPATH=str(odoo.path)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            failed += 1
            say(f"{paint('✗', 31)} {title}\n{done.stdout}")
        else:
            say(f"{paint('✓', 32)} {title}")
    return failed


def _tracked(*endings):
    listed = call(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", ADDON],
        problem="git could not list the files",
        cwd=ROOT,
    )
    return [
        line
        for line in listed.splitlines()
        if line.endswith(endings) and (ROOT / line).exists()
    ]
