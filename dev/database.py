"""Databases: a template with what the addon builds on, and copies of it."""

import shutil
from importlib import metadata

from .console import step
from .locks import exclusive
from .odoo_server import DATA, OdooServer
from .paths import RUN, digest

BASE_MODULES = ("account", "account_payment", "portal", "subscription_oca")
ADDON = "bitpaket_billing"


def template(postgres):
    """Return the name of a database with the addon's dependencies installed.

    It is made once per version of Odoo and is copied for the demo and the tests.

    :rtype: str
    """
    with exclusive(RUN / "template.lock", "it prepares the template database"):
        probe = OdooServer(postgres, "template", 0)
        packages = next(probe.venv.glob("lib/python3*/site-packages"))
        pinned = sorted(
            f"{found.metadata['Name']}={found.version}"
            for found in metadata.distributions(path=[str(packages)])
            if found.metadata["Name"].startswith("odoo-addon")
        )
        name = "template_" + digest(probe.source.version, *pinned, *BASE_MODULES)
        if name in postgres.databases():
            return name
        building = OdooServer(postgres, f"{name}_new", 0)
        with step("Installing Odoo's accounting, portal and subscriptions (a minute)"):
            drop(postgres, building.database)
            postgres.create(building.database)
            building.install(*BASE_MODULES)
            postgres.rename(building.database, name)
            _move_files(building.database, name)
            building.config.unlink()
            probe.config.unlink()
    return name


def create(postgres, name, source):
    """Make `name` a copy of the database `source`, with its files."""
    drop(postgres, name)
    postgres.create(name, source)
    files = DATA / "filestore" / source
    if files.exists():
        shutil.copytree(files, DATA / "filestore" / name)


def drop(postgres, name):
    """Remove a database and its files."""
    postgres.drop(name)
    shutil.rmtree(DATA / "filestore" / name, ignore_errors=True)


def _move_files(old, new):
    files = DATA / "filestore"
    shutil.rmtree(files / new, ignore_errors=True)
    if (files / old).exists():
        (files / old).rename(files / new)
