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


#: Takes the tables of usage back to what version 19.0.1.0.0 had.
BACK_TO_1_0 = """
    ALTER TABLE bitpaket_usage_event
     DROP COLUMN revision, DROP COLUMN value, DROP COLUMN since;
    ALTER TABLE bitpaket_usage_daily
     DROP COLUMN events, DROP COLUMN level, DROP COLUMN hours_before;
    ALTER TABLE bitpaket_usage_pending DROP COLUMN events, DROP COLUMN level;
    DROP TABLE bitpaket_usage_replaced, bitpaket_usage_value,
               bitpaket_usage_quarantine,
               bitpaket_usage_discard_bitpaket_usage_quarantine_rel;
    ALTER TABLE res_company
     DROP COLUMN bitpaket_usage_max_age_days,
     DROP COLUMN bitpaket_usage_retention_months,
     DROP COLUMN bitpaket_purged_before;
    UPDATE ir_module_module SET latest_version = '19.0.1.0.0'
     WHERE name = 'bitpaket_billing';
"""
#: Two events of one day rolled up, a third one still waiting; another day waiting.
USAGE_OF_1_0 = """
    DELETE FROM bitpaket_usage_daily;
    INSERT INTO bitpaket_usage_event
           (source, external_id, account_id, meter_id, time, quantity)
    SELECT 'old', time, account.id, meter.id, time::timestamp, 5
      FROM bitpaket_account account, bitpaket_meter meter,
           unnest(ARRAY['2026-10-05 00:00', '2026-10-05 12:00',
                        '2026-10-05 23:59:59.9', '2026-10-06 00:00']) AS time
     WHERE meter.code = 'requests_a';
    INSERT INTO bitpaket_usage_daily (account_id, meter_id, day, quantity, updated)
    SELECT DISTINCT account_id, meter_id, date '2026-10-05', 10, now()
      FROM bitpaket_usage_event;
    INSERT INTO bitpaket_usage_pending (account_id, meter_id, day, quantity)
    SELECT account_id, meter_id, time::date, 5
      FROM bitpaket_usage_event
     WHERE time >= '2026-10-05 18:00';
"""
SCHEMA = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
      FROM information_schema.columns
     WHERE table_name LIKE 'bitpaket%' AND column_name != 'id'
     ORDER BY table_name, column_name
"""
DAILY = """
    SELECT day::text, quantity::int, events, level::int, hours_before::int
      FROM bitpaket_usage_daily
     ORDER BY day
"""


def test_upgrade_from_1_0_counts_the_events_of_every_day(scratch):
    with Scratch("upgrade", scratch.name) as old:
        old.run("dev.bench.close_inside", "fill", "1", "2026-10")
        schema = old.query(SCHEMA)
        old.query(BACK_TO_1_0)
        old.query(USAGE_OF_1_0)
        assert server(old, "-u", "bitpaket_billing") == []
        assert old.query(SCHEMA) == schema
        assert old.query(DAILY) == [
            ("2026-10-05", 15, 3, 0, 0),
            ("2026-10-06", 5, 1, 0, 0),
        ]
        assert old.query("SELECT DISTINCT revision FROM bitpaket_usage_event") == [(0,)]
        assert old.query("SELECT COUNT(*) FROM bitpaket_usage_pending") == [(0,)]
        assert old.query(
            "SELECT bitpaket_usage_max_age_days, bitpaket_usage_retention_months"
            "  FROM res_company WHERE id = 1"
        ) == [(95, 18)]


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
    amounts = scratch.query(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_name IN ('account_move', 'account_move_line')"
        "   AND column_name IN ('amount_total', 'amount_residual', 'balance')"
        " ORDER BY 1, 2"
    )
    assert amounts == [
        ("account_move", "amount_residual"),
        ("account_move", "amount_total"),
        ("account_move_line", "amount_residual"),
        ("account_move_line", "balance"),
    ], "fields of Odoo's that the addon refines stay"


def test_it_comes_back_after_it_went(scratch):
    assert server(scratch, "-i", "bitpaket_billing") == []
    assert ours(scratch)
