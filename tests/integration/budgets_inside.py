"""Checks of budgets by many workers at once; runs inside Odoo's Python.

`python -m tests.integration.budgets_inside NAME [ARGUMENT...]`; prints JSON.
"""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def prepare(env, amount):
    """Give every account a budget, which nothing has checked yet."""
    accounts = env["bitpaket.account"].search([("reference", "=like", "bench-%")])
    env["bitpaket.budget"].create(
        [
            {
                "account_id": account.id,
                "name": "Monthly",
                "amount": float(amount),
                "hard_cap": True,
                "on_forecast": False,
            }
            for account in accounts
        ]
    )
    env["bitpaket.budget.alert"].search([]).unlink()
    env["mail.mail"].search([]).unlink()
    env["bitpaket.budget"].search([]).checked_at = False
    return {"budgets": len(accounts)}


def check(env, die=""):
    """Check what is due; on request die before the second batch is committed."""
    from odoo.addons.bitpaket_billing.models import bitpaket_budget_check

    bitpaket_budget_check.BATCH = 3
    budgets = env["bitpaket.budget"]
    if die:
        tell, told = type(budgets)._tell, []

        def tell_and_die(self, *arguments):
            tell(self, *arguments)
            self.env.flush_all()
            told.append(self.id)
            if len(told) > 4:
                os._exit(9)

        type(budgets)._tell = tell_and_die
    budgets._cron_check()
    return {}


def main(name, *arguments):
    """Run one of the functions above and print what it returns."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        result = globals()[name](env, *arguments)
    print(json.dumps(result), flush=True)
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main(*sys.argv[1:])
