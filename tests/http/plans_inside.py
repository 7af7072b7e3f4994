"""An account and a plan for the test of requests at once; runs inside Odoo's Python.

`python -m tests.http.plans_inside`; prints JSON.
"""

import json
import os

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

LOGIN = "plan-customer"


def prepare(env):
    """Give an account a login, and sell a plan.

    :return: ids of both, and the login
    :rtype: dict
    """
    account = env["bitpaket.account"].search([("reference", "=like", "bench-%")])
    env["res.users"].create(
        {
            "name": "Customer",
            "login": LOGIN,
            "password": LOGIN,
            "partner_id": account.partner_id.id,
            "group_ids": [Command.set(env.ref("base.group_portal").ids)],
        }
    )
    plan = env["sale.subscription.template"].create(
        {
            "name": "Basic",
            "bitpaket_is_plan": True,
            "bitpaket_price_ids": [
                Command.create({"currency_id": account.currency_id.id, "amount": 30})
            ],
        }
    )
    return {"account": account.id, "plan": plan.id, "login": LOGIN}


def main():
    """Prepare, and print what a customer needs to know."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        result = prepare(api.Environment(cr, SUPERUSER_ID, {}))
    print(json.dumps(result), flush=True)
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
