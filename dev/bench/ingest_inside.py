"""The part of the ingest benchmarks that runs inside Odoo."""

import json
import os
import sys
import time
from datetime import date, datetime
from io import StringIO

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

from . import ingest


def prepare(env):
    """Make accounts, prices, a reporter and its key."""
    # What is reported has the same date whenever this runs.
    env.company.bitpaket_usage_max_age_days = 0
    env.company.bitpaket_usage_retention_months = 0
    book = env["bitpaket.price.book"].create(
        {
            "name": "Benchmark",
            "price_ids": [
                Command.create(
                    {
                        "meter_id": meter.id,
                        "date_start": "2020-01-01",
                        "unit_price": 0.01,
                    }
                )
                for meter in env["bitpaket.meter"]._catalogue()
            ],
        }
    )
    partner = env["res.partner"].create({"name": "Benchmark"})
    env["bitpaket.account"].create(
        [
            {
                "name": f"Account {number}",
                "reference": f"bench-{number}",
                "partner_id": partner.id,
                "price_book_id": book.id,
                "date_start": "2026-01-01",
            }
            for number in range(ingest.ACCOUNTS)
        ]
    )
    groups = env.ref("base.group_user") | env.ref(
        "bitpaket_billing.group_usage_reporter"
    )
    user = env["res.users"].create(
        {"name": "Bench", "login": "bench", "group_ids": [(6, 0, groups.ids)]}
    )
    key = env["bitpaket.usage.key"]._make_key(user, "Benchmark", date(2027, 6, 1))
    return {"key": key}


def copy(env):
    """Copy as many events as the HTTP run into the same table with its indexes."""
    accounts = {
        account.reference: account.id
        for account in env["bitpaket.account"].search([("name", "=like", "Account %")])
    }
    meters = {meter.code: meter.id for meter in env["bitpaket.meter"]._catalogue()}
    batches = [
        "\n".join(
            "\t".join(
                (
                    row["source"],
                    row["id"],
                    "0",
                    str(accounts[row["account"]]),
                    str(meters[row["meter"]]),
                    str(datetime.fromisoformat(row["time"].rstrip("Z"))),
                    str(row["quantity"]),
                )
            )
            for row in ingest.rows("copy", number)
        )
        for number in range(ingest.BATCHES)
    ]
    columns = (
        "source",
        "external_id",
        "revision",
        "account_id",
        "meter_id",
        "time",
        "quantity",
    )
    started = time.perf_counter()
    for batch in batches:
        env.cr.copy_from(StringIO(batch), "bitpaket_usage_event", columns=columns)
        env.cr.commit()
    seconds = time.perf_counter() - started
    return {"events_per_second": ingest.BATCH * ingest.BATCHES / seconds}


def main():
    """Run the step that the command line names."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    step = {"prepare": prepare, "copy": copy}[sys.argv[1]]
    with Registry(config["db_name"][0]).cursor() as cr:
        result = step(api.Environment(cr, SUPERUSER_ID, {}))
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
