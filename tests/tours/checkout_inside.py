"""Unpaid invoices for the demo's customer; runs inside Odoo's Python."""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config


def make_invoices(env, amounts):
    """Post an invoice per amount, the oldest first.

    :param amounts: texts
    :return: the numbers
    """
    account = env.ref("bitpaket_billing.account_kestrel")
    provider = env.ref("bitpaket_billing.payment_provider_fastspring")
    provider.fastspring_checkout = "popup-invoices"
    names = []
    for month, amount in enumerate(amounts, start=6):
        invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": account.partner_id.id,
                "currency_id": account.currency_id.id,
                "bitpaket_account_id": account.id,
                "invoice_date": f"2026-{month:02}-01",
                "invoice_date_due": f"2026-{month:02}-15",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Storage", "price_unit": float(amount), "tax_ids": []}
                    )
                ],
            }
        )
        invoice.action_post()
        names.append(invoice.name)
    return names


if __name__ == "__main__":
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    with Registry(config["db_name"][0]).cursor() as cr:
        result = make_invoices(api.Environment(cr, SUPERUSER_ID, {}), sys.argv[1:])
    print(json.dumps(result))
    odoo.sql_db.close_all()
