"""The part of the ten million events benchmark that runs inside Odoo.

`python -m dev.bench.large_inside NAME [ARGUMENT...]`; prints one line of JSON.
"""

import json
import os
import statistics
import sys
import time
from datetime import date

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from . import ingest

TABLE = "bitpaket_usage_event"
ROUNDS = 40


def fill(env, count):
    """Make as many events as the table shall have, of the last two years."""
    env.cr.execute(f"SELECT COUNT(*) FROM {TABLE}")
    count = int(count) - env.cr.fetchone()[0]
    keys = _drop_keys(env.cr)
    env.cr.execute(
        f"""
        INSERT INTO {TABLE}
               (source, external_id, revision, account_id, meter_id, time, quantity)
        SELECT 'history', md5(number::text), 0, account.id, meter.id,
               timestamp '2026-11-01' - number %% 63072000 * interval '1 second',
               number %% 977
          FROM generate_series(%(known)s + 1, %(known)s + %(count)s) number
          JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
                  FROM bitpaket_account WHERE reference LIKE 'bench-%%') account
            ON account.place = number %% %(accounts)s
          JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place
                  FROM bitpaket_meter WHERE code = ANY(%(meters)s)) meter
            ON meter.place = number / %(accounts)s %% %(all)s
        """,
        {
            "known": int(env["ir.config_parameter"].get_param("bench.events", 0)),
            "count": count,
            "accounts": ingest.ACCOUNTS,
            "meters": list(ingest.METERS),
            "all": len(ingest.METERS),
        },
    )
    env["ir.config_parameter"].set_param("bench.events", count)
    for statement in keys:
        env.cr.execute(statement)
    _fold(env)
    env.cr.commit()
    _settle(env.cr)
    return {}


def _settle(cr):
    """Do now what PostgreSQL would do in the background while we measure."""
    cr._cnx.autocommit = True
    cr.execute(f"VACUUM ANALYZE {TABLE}")
    cr.execute("VACUUM ANALYZE bitpaket_usage_daily")
    cr.execute("CHECKPOINT")
    cr._cnx.autocommit = False


def _drop_keys(cr):
    """Drop the indexes and foreign keys of the events; return what makes them."""
    cr.execute(
        """
        SELECT conname, 'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT '
               || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
          FROM pg_constraint
         WHERE conrelid = %s::regclass AND contype IN ('u', 'f')
        """,
        [TABLE],
    )
    constraints = cr.fetchall()
    for name, _definition in constraints:
        cr.execute(f'ALTER TABLE {TABLE} DROP CONSTRAINT "{name}"')
    cr.execute(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = %s AND indexname NOT LIKE '%%_pkey'",
        [TABLE],
    )
    indexes = cr.fetchall()
    for name, _definition in indexes:
        cr.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in [*constraints, *indexes]]


def _fold(env):
    """Sum the events up per day, as the rollup would have done all the time."""
    env.cr.execute("DELETE FROM bitpaket_usage_pending")
    env.cr.execute("DELETE FROM bitpaket_usage_daily")
    env.cr.execute(
        f"""
        INSERT INTO bitpaket_usage_daily
               (account_id, meter_id, day, quantity, events, level, hours_before,
                updated)
        SELECT account_id, meter_id, time::date, SUM(quantity), COUNT(*), 0, 0, now()
          FROM {TABLE} GROUP BY account_id, meter_id, time::date
        """
    )


def measure(env):
    """Measure the balance of one account, and the rollup of a batch."""
    from odoo.addons.bitpaket_billing import rating

    account = env["bitpaket.account"].search([("reference", "=", "bench-7")])
    period = rating.calendar_month(date(2026, 10, 1))
    balances, rollups = [], []
    for number in range(ROUNDS):
        _report(env, f"round {env.cr.now()}", number)
        env.invalidate_all()
        started = time.perf_counter()
        rated = account._rate_period(period)
        balances.append(time.perf_counter() - started)
        assert not isinstance(rated[account.id], rating.RatingError), rated
        started = time.perf_counter()
        env["bitpaket.usage.store"]._roll_up()
        rollups.append(time.perf_counter() - started)
        env.cr.commit()
    return {
        "balance": statistics.median(balances) * 1000,
        "rollup": statistics.median(rollups) * 1000,
    }


def _report(env, source, number):
    """Store a thousand events, which no rollup has seen yet."""
    rows = [
        row for row, _no in zip(ingest.rows(source, number), range(1000), strict=False)
    ]
    answer = env["bitpaket.usage.store"]._report(rows)
    assert answer["accepted"] == len(rows), answer


def main():
    """Run the step that the command line names."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    name, *arguments = sys.argv[1:]
    step = {"fill": fill, "measure": measure}[name]
    with Registry(config["db_name"][0]).cursor() as cr:
        result = step(api.Environment(cr, SUPERUSER_ID, {}), *arguments)
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
