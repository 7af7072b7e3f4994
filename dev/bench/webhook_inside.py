"""The part of the webhook's benchmark that runs inside Odoo."""

import json
import os
import sys

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

SECRET = "a-secret-of-the-benchmark"


def prepare(env):
    """Set up our provider and the stock one; return where ours listens."""
    env["ir.module.module"].search(
        [("name", "=", "payment_razorpay")]
    ).button_immediate_install()
    env = env(context={})
    provider = env.ref("bitpaket_billing.payment_provider_fastspring")
    provider.write(
        {
            "fastspring_store": "bitpaket",
            "fastspring_username": "bench",
            "fastspring_password": "bench",
            "fastspring_webhook_secret": SECRET,
            "state": "test",
        }
    )
    return {
        "webhook_path": f"/payment/fastspring/webhook/{provider.id}",
        "secret": SECRET,
    }


def count(env):
    """Return how many events are stored."""
    return {"events": env["bitpaket.fastspring.event"].search_count([])}


def main():
    """Run the step that the command line names."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    step = count if sys.argv[1:] == ["count"] else prepare
    with Registry(config["db_name"][0]).cursor() as cr:
        result = step(api.Environment(cr, SUPERUSER_ID, {}))
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
