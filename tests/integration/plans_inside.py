"""Plans by several transactions at once; runs inside Odoo's Python.

`python -m tests.integration.plans_inside NAME`; prints JSON.
"""

import json
import os
import sys
import threading
from collections import Counter

import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import freeze_time
from odoo.tools import config

NOON = "2026-12-12 12:00:00"


def prepare(env):
    """Make an account on a plan whose next period begins on 12 December 2026."""
    from ..plan_common import PlanMixin

    world = type("World", (PlanMixin,), {"env": env})
    world.make_company("Race Inc.")
    with freeze_time("2026-11-12 12:00:00"):
        world.account = account = world.make_account(date_start="2026-11-12")
        world.make_plan("Basic", 30)
        world.make_plan("Pro", 60)
        account.env.cr.commit()
        account._change_plan("choose", plan(env, "Basic"))


def plan(env, name):
    """Return a plan by its name."""
    return env["sale.subscription.template"].search([("name", "=", name)])


def account_of(env):
    """Return the account."""
    return env["bitpaket.account"].search([("reference", "=", "acme")])


def fees(env):
    """Return what was charged for plans: begin, end and amount."""
    lines = env["bitpaket.usage.line"].search(
        [("account_id", "=", account_of(env).id), ("type", "=", "fee")],
        order="date_start, amount",
    )
    return [(str(one.date_start), str(one.date_end), one.amount) for one in lines]


def change_meets_close(env):
    """A change that began before the close sees nothing of it: it must fail."""
    prepare(env)
    env.cr.commit()
    with freeze_time(NOON), env.registry.cursor() as cr:
        late = api.Environment(cr, SUPERUSER_ID, {})
        account_of(late).read(["name"])
        env["bitpaket.billing.run"]._close()
        env.cr.commit()
        try:
            account_of(late)._change_plan("choose", plan(late, "Pro"))
            outcome = "changed"
        except psycopg2.errors.SerializationFailure:
            outcome = "again"
            cr.rollback()
            account_of(late)._change_plan("choose", plan(late, "Pro"))
            cr.commit()
    env.cr.commit()
    return {"outcome": outcome, "fees": fees(env)}


def close_meets_change(env):
    """A close that began before the change sees nothing of it: it looks again."""
    prepare(env)
    env.cr.commit()
    runs = env["bitpaket.billing.run"]
    statements = type(env["bitpaket.statement"])
    claim, met = statements._claim_due, []

    def change_meanwhile(self, limit):
        claimed = claim(self, limit)
        if claimed and not met:
            with env.registry.cursor() as cr:
                other = api.Environment(cr, SUPERUSER_ID, {})
                account_of(other)._change_plan("choose", plan(other, "Pro"))
                cr.commit()
            met.append(len(claimed))
        return claimed

    statements._claim_due = change_meanwhile
    with freeze_time(NOON):
        runs._close()
    env.cr.commit()
    return {"met": met, "fees": fees(env)}


def change_at_once(env):
    """Change the plan by many transactions that all began before the first ended."""
    prepare(env)
    env.cr.commit()
    begun, outcomes = threading.Barrier(8), Counter()

    def change():
        with env.registry.cursor() as cr:
            own = api.Environment(cr, SUPERUSER_ID, {})
            account = account_of(own)
            account.read(["name"])
            begun.wait()
            try:
                account._change_plan("choose", plan(own, "Pro"))
                cr.commit()
                outcomes["changed"] += 1
            except psycopg2.errors.SerializationFailure:
                outcomes["again"] += 1
                cr.rollback()

    with freeze_time("2026-11-27 12:00:00"):
        threads = [threading.Thread(target=change) for _number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    env.cr.commit()
    return {"outcomes": outcomes, "fees": fees(env)}


def main(name):
    """Run one of the functions above and print what it returns."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        result = globals()[name](api.Environment(cr, SUPERUSER_ID, {}))
    print(json.dumps(result), flush=True)
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main(*sys.argv[1:])
