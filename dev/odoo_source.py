"""Finds or fetches Odoo 19.

Looked for in this order: `ODOO_HOME` (a source checkout), the cache, and Debian's
package `odoo-19`, fetched with apt's own signature check into a private apt state and
unpacked, not installed: the machine's own sources and packages are not touched.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, call, step
from .locks import exclusive
from .paths import CACHE, LOGS

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITES = ("sid", "bookworm")
#: Unpacked beside Odoo, because its package only links to these files.
COMPANIONS = (
    "fonts-font-awesome/bookworm",  # 4.7: Odoo's styles need its file names
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
#: Removed from the package as not free; the backend's bundle logs an error without
#: it, which fails every browser tour. It only blurs backgrounds in video calls.
SELFIE = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19 that can be run.

    :param Path path: the folder that holds the `odoo` package
    :param tuple addons: further addons folders
    :param str version: for keys of caches and databases
    """

    path: Path
    addons: tuple
    version: str


def locate():
    """Return an Odoo 19, fetching it when there is none yet.

    :rtype: Odoo
    :raise Problem: when there is none and none can be fetched
    """
    home = os.environ.get("ODOO_HOME")
    if home:
        return _from_checkout(Path(home).expanduser().resolve())
    with exclusive(CACHE / "odoo.lock", "it fetches Odoo"):
        return _from_cache() or _fetch()


def _from_checkout(home):
    release = home / "odoo" / "release.py"
    if not release.is_file():
        raise Problem(
            f"ODOO_HOME={home} holds no Odoo (odoo/release.py is missing).",
            "Point it at a source checkout of Odoo 19, or unset it.",
        )
    found = re.search(r"version_info = \((\d+), (\d+)", release.read_text())
    if not found or found.group(1) != "19":
        raise Problem(f"ODOO_HOME={home} is not Odoo 19.", "Use a 19.0 checkout.")
    addons = home / "addons"
    extra = (addons,) if (addons / "account" / "__manifest__.py").is_file() else ()
    return Odoo(home, extra, "19.0-checkout")


def _from_cache():
    for folder in sorted(CACHE.glob("odoo-19.*"), reverse=True):
        if (folder / "complete").is_file():
            return Odoo(folder / "usr/lib/python3/dist-packages", (), folder.name[5:])
    return None


def _fetch():
    for tool in ("apt-get", "apt-cache", "dpkg"):
        if not shutil.which(tool):
            raise Problem(
                f"No Odoo 19 here, and no {tool} to fetch Debian's package with.",
                "Set ODOO_HOME to a source checkout of Odoo 19.",
            )
    if not KEYRING.is_file():
        raise Problem(
            f"{KEYRING} is missing: Debian's packages cannot be verified.",
            "Ask an administrator to run: apt-get install -y debian-archive-keyring",
        )
    state = CACHE / "apt"
    downloads = state / "debs"
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    mirror = _find_mirror()
    (state / "sources.list").write_text(
        "".join(
            f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in SUITES
        )
    )
    options = [
        f"-oDir::Etc::sourcelist={state}/sources.list",
        "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State::Lists={state}/lists",
        f"-oDir::Cache={state}/cache",
        "-oDir::State::status=/dev/null",
        "-oAcquire::Languages=none",
        "-oAPT::Sandbox::User=",
        "-oAPT::Update::Error-Mode=any",
        "-oDebug::NoLocking=1",
    ]
    with step("Reading Debian's package lists (private, signatures checked)"):
        call(
            ["apt-get", *options, "-q", "update"],
            problem="Debian's package lists could not be fetched",
            log=LOGS / "odoo-lists.log",
        )
        policy = call(
            ["apt-cache", *options, "policy", "odoo-19"],
            problem="apt-cache failed",
        )
    version = re.search(r"Candidate: (\S+)", policy)
    if not version or version.group(1) == "(none)":
        raise Problem(
            "Debian has no package odoo-19 now.",
            "Set ODOO_HOME to a source checkout of Odoo 19.",
        )
    with step(f"Downloading Odoo {version.group(1)} (about 130 MB)"):
        call(
            ["apt-get", *options, "-q", "download", "odoo-19", *COMPANIONS],
            problem="Odoo could not be downloaded",
            log=LOGS / "odoo-download.log",
            cwd=downloads,
        )
    target = CACHE / f"odoo-{version.group(1)}"
    partial = CACHE / "odoo.partial"
    with step("Unpacking Odoo (about 1.3 GB)"):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for package in sorted(downloads.glob("*.deb")):
            call(
                ["dpkg", "-x", package, partial],
                problem=f"{package.name} could not be unpacked",
            )
        packages = partial / "usr/lib/python3/dist-packages"
        # It asks pip for two packages in forms that need a compiler; see environment.
        shutil.rmtree(packages / "odoo-19.0.egg-info")
        blur = packages / "odoo/addons" / SELFIE
        blur.parent.mkdir(parents=True, exist_ok=True)
        blur.touch()
        (partial / "complete").touch()
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        shutil.rmtree(downloads)
    return _from_cache()


def _find_mirror():
    """Return the Debian mirror that this machine's apt uses, or `DEBIAN_MIRROR`."""
    named = os.environ.get("DEBIAN_MIRROR")
    if named:
        return named
    listed = call(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        problem="apt's sources could not be read",
    )
    for address in listed.split():
        if address.rstrip("/").endswith("/debian"):
            return address
    raise Problem(
        "This machine's apt knows no mirror of Debian.",
        "Name one: make run DEBIAN_MIRROR=http://…/debian",
    )
