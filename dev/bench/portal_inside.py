"""The part of the billing page's benchmark that runs inside Odoo."""

import json
import os

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Date
from odoo.modules.registry import Registry
from odoo.tools import config

YEARS = 5
METERS = 20
LOGIN = "portal-bench"


def prepare(env):
    """Give an account 20 meters, five years of invoices and a login."""
    account = env["bitpaket.account"].search([("reference", "=", "bench-7")])
    month = Date.start_of(Date.today(), "month")
    account.partner_id = env["res.partner"].create(
        {"name": "Long history", "email": "history@bench.example.com"}
    )
    account.date_start = Date.subtract(month, years=YEARS)
    meters = _make_meters(env, account.price_book_id)
    _use(env, account, meters, account.date_start)
    env.flush_all()
    env["bitpaket.statement"]._create_due(month)
    due = env["bitpaket.statement"].search(
        [("account_id", "=", account.id), ("state", "=", "closed")]
    )
    due._invoice_batch()
    assert len(due.move_id) == YEARS * 12, due.mapped("state")
    env["res.users"].create(
        {
            "name": "Long history",
            "login": LOGIN,
            "password": LOGIN,
            "partner_id": account.partner_id.id,
            "group_ids": [Command.set(env.ref("base.group_portal").ids)],
        }
    )
    env.cr.commit()
    return {"login": LOGIN, "path": f"/my/billing/{account.id}"}


def _make_meters(env, book):
    known = env["bitpaket.meter"]._catalogue()
    more = env["bitpaket.meter"].create(
        [
            {
                "name": f"Requests {number}",
                "code": f"bench_{number}",
                "kind": "requests",
                "aggregation": "sum",
                "unit": "requests",
                "product_id": known[0].product_id.id,
            }
            for number in range(METERS - len(known))
        ]
    )
    env["bitpaket.price"].create(
        [
            {
                "book_id": book.id,
                "meter_id": meter.id,
                "date_start": "2020-01-01",
                "unit_price": 0.01,
            }
            for meter in more
        ]
    )
    return known | more


def _use(env, account, meters, start):
    """Let every meter count something on each day up to now, as the rollup would."""
    env.cr.execute(
        """
        INSERT INTO bitpaket_usage_daily
               (account_id, meter_id, day, quantity, events, level, hours_before,
                updated)
        SELECT %(account)s, meter, day::date, 500, 1, 0, 0, %(start)s
          FROM unnest(%(meters)s) meter,
               generate_series(%(start)s::date, CURRENT_DATE, interval '1 day') day
            ON CONFLICT DO NOTHING
        """,
        {"account": account.id, "meters": meters.ids, "start": start},
    )


def main():
    """Make the history, and print what to ask for."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    with Registry(config["db_name"][0]).cursor() as cr:
        result = prepare(api.Environment(cr, SUPERUSER_ID, {}))
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
