"""The addon comes, is upgraded, and goes again, on a clean Odoo."""

import subprocess
import sys

import pytest

from ..processes import ROOT, Scratch


def odoo(scratch, *arguments, stdin=""):
    """Run Odoo on a database, and return what it logged."""
    done = subprocess.run(
        [sys.executable, "-m", "odoo", *arguments],
        cwd=ROOT,
        env=scratch.environment,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return [
        line
        for line in done.stdout.splitlines()
        if " ERROR " in line or " CRITICAL " in line or " WARNING " in line
    ]


def server(scratch, *arguments):
    return odoo(scratch, "server", "--stop-after-init", "--no-http", *arguments)


def ours(scratch):
    """Return what of the addon is in the database."""
    return scratch.query(
        "SELECT model FROM ir_model WHERE model LIKE 'bitpaket.%' ORDER BY model"
    )


@pytest.fixture(scope="module")
def scratch():
    with Scratch("install") as database:
        yield database


def test_upgrade_is_quiet_and_keeps_everything(scratch):
    before = ours(scratch)
    assert before
    assert server(scratch, "-u", "bitpaket_billing") == []
    assert ours(scratch) == before


def test_neutralize_disarms_the_payment_provider(scratch):
    scratch.query(
        "UPDATE payment_provider SET state = 'enabled', fastspring_password = 'x',"
        " fastspring_webhook_secret = 'y' WHERE code = 'fastspring'"
    )
    odoo(scratch, "neutralize")
    rows = scratch.query(
        "SELECT state, fastspring_password, fastspring_webhook_secret"
        "  FROM payment_provider WHERE code = 'fastspring'"
    )
    assert rows and set(rows) == {("disabled", None, None)}


def test_uninstall_leaves_nothing_behind(scratch):
    uninstall = (
        "env['ir.module.module'].search([('name', '=', 'bitpaket_billing')])"
        ".button_immediate_uninstall()\n"
    )
    assert odoo(scratch, "shell", "--no-http", stdin=uninstall) == []
    assert ours(scratch) == []
    tables = scratch.query(
        "SELECT tablename FROM pg_tables WHERE tablename LIKE 'bitpaket%'"
    )
    assert tables == []
    columns = scratch.query(
        "SELECT column_name FROM information_schema.columns"
        " WHERE column_name LIKE 'bitpaket%' OR column_name LIKE 'fastspring%'"
    )
    assert columns == []
    providers = scratch.query(
        "SELECT state FROM payment_provider WHERE code = 'fastspring'"
    )
    assert providers == []


def test_it_comes_back_after_it_went(scratch):
    assert server(scratch, "-i", "bitpaket_billing") == []
    assert ours(scratch)
