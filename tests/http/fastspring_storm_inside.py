"""What the storm is about: invoices to pay; runs inside Odoo's Python."""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config


def prepare(env, count, simulator_url, storefront_url, secret):
    """Set up a provider and invoices, each with a payment begun.

    :return: the payments, and what the test needs to know of the provider
    """
    provider = env.ref("bitpaket_billing.payment_provider_fastspring")
    provider.write(
        {
            "company_id": env.company.id,
            "fastspring_store": "bitpaket",
            "fastspring_username": "sim",
            "fastspring_password": "sim",
            "fastspring_webhook_secret": secret,
            "fastspring_test_api_url": simulator_url,
            "fastspring_test_storefront_url": storefront_url,
            "state": "test",
            "is_published": True,
        }
    )
    # What no webhook brings, like payouts, is another story.
    env.ref("bitpaket_billing.ir_cron_fastspring_fetch").active = False
    # Several workers process events, as on several hosts.
    env.ref("bitpaket_billing.ir_cron_fastspring_events").copy({"active": True})
    partners = env["res.partner"].create(
        [{"name": f"Buyer {number}"} for number in range(int(count))]
    )
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Storage", "price_unit": 10 + number * 0.37}
                        | {"tax_ids": []}
                    )
                ],
            }
            for number, partner in enumerate(partners)
        ]
    )
    invoices.action_post()
    method = env.ref("payment.payment_method_card")
    transactions = env["payment.transaction"].create(
        [
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "amount": invoice.amount_residual,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "operation": "online_redirect",
                "invoice_ids": [Command.set(invoice.ids)],
            }
            for invoice in invoices
        ]
    )
    return {
        "path": f"/payment/fastspring/webhook/{provider.id}",
        "origin": provider._fastspring_get_origin(),
        "payments": [[one.reference, f"{one.amount:.2f}"] for one in transactions],
    }


def main():
    """Print one line of JSON."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    with Registry(config["db_name"][0]).cursor() as cr:
        result = prepare(api.Environment(cr, SUPERUSER_ID, {}), *sys.argv[1:])
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
