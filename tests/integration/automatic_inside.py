"""Steps of automatic payment in a process of its own; runs inside Odoo's Python."""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

A_DAY_LATER = """
    UPDATE bitpaket_automatic_payment
       SET next_date = next_date - interval '25 hours',
           last_sent = last_sent - interval '25 hours'
"""


def agree(env):
    """Begin to agree to automatic payment; return the checkout session."""
    account = env.ref("bitpaket_billing.account_kestrel")
    account._start_automatic_payment(account.partner_id)
    transaction = env["payment.transaction"].search([], order="id desc", limit=1)
    return transaction.fastspring_session_id


def bill(env, amount):
    """Make an invoice; return its id."""
    account = env.ref("bitpaket_billing.account_kestrel")
    line = {"name": "Storage", "price_unit": float(amount), "tax_ids": []}
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": account.partner_id.id,
            "bitpaket_account_id": account.id,
            "invoice_line_ids": [Command.create(line)],
        }
    )
    invoice.action_post()
    return invoice.id


def hear(env):
    """Fetch and process what FastSpring has to tell."""
    env["bitpaket.fastspring.event"]._cron_fetch()
    env["bitpaket.fastspring.event"]._cron_process()


def work(env):
    """Charge what is due."""
    env["bitpaket.automatic.payment"]._cron_work()


def finish(env, invoice_id):
    """Let days pass until an invoice is paid."""
    invoice = env["account.move"].browse(int(invoice_id))
    payments = env["bitpaket.automatic.payment"]
    hear(env)
    for _day in range(4):
        if payments.search([("move_id", "=", invoice.id)]).state == "done":
            return
        env.cr.execute(A_DAY_LATER)
        env.invalidate_all()
        work(env)
        hear(env)


def main():
    """Run the step that the command line names."""
    name, *arguments = sys.argv[1:]
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    steps = {one.__name__: one for one in (agree, bill, finish, hear, work)}
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        result = steps[name](api.Environment(cr, SUPERUSER_ID, {}), *arguments)
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
