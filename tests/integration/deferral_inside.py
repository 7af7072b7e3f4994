"""Deferred revenue by real processes; runs inside Odoo's Python.

`python -m tests.integration.deferral_inside NAME [ARGUMENT...]`; prints JSON.
"""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config


def prepare(env, count):
    """Post invoices of a year that began four months ago."""
    from odoo.addons.bitpaket_billing import rating

    start = rating.add_months(fields.Date.today().replace(day=1), -4)
    partner = env["res.partner"].create({"name": "Acme Rockets Ltd"})
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": start,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Plan",
                            "price_unit": 1200 + number,
                            "tax_ids": [],
                            "bitpaket_service_start": start,
                            "bitpaket_service_end": rating.add_months(start, 12),
                        }
                    )
                ],
            }
            for number in range(int(count))
        ]
    )
    invoices.action_post()
    return {}


def recognise(env, batch_size):
    """Recognise what is due, in small batches, each with its commit."""
    env["bitpaket.deferral"]._cron_recognise(int(batch_size))
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
