"""The part of the month close benchmarks that runs inside Odoo.

`python -m dev.bench.close_inside NAME [ARGUMENT...]`; prints one line of JSON. Of
several months, only the last one is measured: workers live long.
"""

import calendar
import json
import os
import resource
import sys
import time
from datetime import date

import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

METERS = ("requests_a", "requests_b", "storage", "transfer_out", "transfer_in")
PRICES = (0.005, 0.0004, 0.023, 0.09, 0.01)
SIZES = (1, 1, 1024**3, 1024**3, 1024**3)
BATCH = 200


def fill(env, count, month):
    """Make the accounts that are missing, and a month of daily usage for each."""
    count, start = int(count), date.fromisoformat(f"{month}-01")
    accounts = env["bitpaket.account"]
    missing = count - accounts.search_count([("reference", "=like", "bench-%")])
    if missing:
        _make_accounts(env, missing, start)
    days = calendar.monthrange(start.year, start.month)[1]
    meters = {code: env.ref(f"bitpaket_billing.meter_{code}").id for code in METERS}
    for number, (code, size) in enumerate(zip(METERS, SIZES, strict=True), 1):
        env.cr.execute(
            """
            INSERT INTO bitpaket_usage_daily
                   (account_id, meter_id, day, events, level, hours_before, quantity,
                    updated)
            SELECT account.id, %s, %s::date + day, 24, 0, 0,
                   (account.id %% 97 + %s) * %s::numeric * CASE WHEN %s = 1
                   THEN 10000 ELSE 24 END, now() AT TIME ZONE 'UTC'
              FROM bitpaket_account account, generate_series(0, %s) day
             WHERE account.reference LIKE 'bench-%%'
            """,
            [meters[code], start, number, size, size, days - 1],
        )
    return {}


def _settle(database):
    """Leave the database as autovacuum would, which else does so while we measure."""
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    connection.cursor().execute("VACUUM (ANALYZE)")
    connection.close()


def _make_accounts(env, count, start):
    book = env["bitpaket.price.book"].create(
        {
            "name": "Benchmark",
            "price_ids": [
                Command.create(
                    {
                        "meter_id": env.ref(f"bitpaket_billing.meter_{code}").id,
                        "date_start": "2020-01-01",
                        "unit_price": price,
                        "per": 1000 if code.startswith("requests") else 1,
                    }
                )
                for code, price in zip(METERS, PRICES, strict=True)
            ],
        }
    )
    partners = env["res.partner"].create(
        [
            {
                "name": f"Customer {number}",
                "email": f"customer-{number}@example.com",
                "customer_rank": 1,
            }
            for number in range(count)
        ]
    )
    env["bitpaket.account"].create(
        [
            {
                "name": partner.name,
                "reference": f"bench-{partner.id}",
                "partner_id": partner.id,
                "price_book_id": book.id,
                "date_start": start,
            }
            for partner in partners
        ]
    )


def ours(env, until):
    """Close what is due, from daily usage to posted invoices."""
    started = time.perf_counter()
    before = env["account.move"].search_count([("state", "=", "posted")])
    env["bitpaket.statement"]._close_periods(until=date.fromisoformat(until))
    seconds = time.perf_counter() - started
    made = env["account.move"].search_count([("state", "=", "posted")]) - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": seconds,
        "milliseconds": seconds * 1000 / max(made, 1),
        "memory": memory,
    }


def _lines(env, month):
    """Return what each account's invoice lines would be, rated beforehand."""
    from odoo.addons.bitpaket_billing import rating

    period = rating.calendar_month(date.fromisoformat(f"{month}-01"))
    accounts = env["bitpaket.account"].search([("reference", "=like", "bench-%")])
    rated = accounts._rate_period(period)
    products = {
        meter.code: meter.product_id for meter in env["bitpaket.meter"]._catalogue()
    }
    return [
        (
            account.partner_id,
            [
                (products[line.meter], line.meter, float(line.amount))
                for line in rated[account.id].lines
            ],
        )
        for account in accounts
        if account.id in rated
    ]


def _invoice_values(partner, lines):
    return {
        "move_type": "out_invoice",
        "partner_id": partner.id,
        "invoice_date": "2026-11-01",
        "invoice_line_ids": [
            Command.create(
                {
                    "product_id": product.id,
                    "name": name,
                    "quantity": 1,
                    "price_unit": amount,
                    "tax_ids": [Command.clear()],
                }
            )
            for product, name, amount in lines
        ],
    }


def stock(env, month):
    """Make the same invoices by Odoo's own create and post, in batches of 200."""
    wanted = _lines(env, month)
    started = time.perf_counter()
    for first in range(0, len(wanted), BATCH):
        moves = env["account.move"].create(
            [_invoice_values(*one) for one in wanted[first : first + BATCH]]
        )
        moves._post(soft=False)
        env.cr.commit()
    return _timed(started, len(wanted))


def contract(env, month):
    """Make the same invoices by OCA's contract, and post them."""
    wanted = _lines(env, month)
    contracts = env["contract.contract"].create(
        [
            {
                "name": partner.name,
                "partner_id": partner.id,
                "contract_type": "sale",
                "line_recurrence": True,
                "contract_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "name": name,
                            "quantity": 1,
                            "price_unit": amount,
                            "date_start": "2026-10-01",
                            "recurring_rule_type": "monthly",
                            "recurring_invoicing_type": "post-paid",
                        }
                    )
                    for product, name, amount in lines
                ],
            }
            for partner, lines in wanted
        ]
    )
    env.cr.commit()
    started = time.perf_counter()
    made = 0
    for first in range(0, len(contracts), BATCH):
        moves = contracts[first : first + BATCH]._recurring_create_invoice(
            date_ref=date(2026, 11, 1)
        )
        moves._post(soft=False)
        made += len(moves)
        env.cr.commit()
    return _timed(started, made)


def subscription(env, month):
    """Make and post the same invoices as subscription_oca's mode *Invoice* does.

    It posts each by itself. Its mode would send each by e-mail, too, which ours leaves
    to Odoo's queue; so it is left out here.
    """
    wanted = _lines(env, month)
    template = env["sale.subscription.template"].create(
        {"name": "Benchmark", "recurring_rule_type": "months", "recurring_interval": 1}
    )
    pricelist = env["product.pricelist"].create({"name": "Benchmark"})
    subscriptions = env["sale.subscription"].create(
        [
            {
                "partner_id": partner.id,
                "template_id": template.id,
                "pricelist_id": pricelist.id,
                "date_start": "2026-10-01",
                "recurring_next_date": "2026-11-01",
                "sale_subscription_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "name": name,
                            "product_uom_qty": 1,
                            "price_unit": amount,
                        }
                    )
                    for product, name, amount in lines
                ],
            }
            for partner, lines in wanted
        ]
    )
    env.cr.commit()
    started = time.perf_counter()
    for one in subscriptions:
        one.generate_invoice()
        one.invoice_ids.action_post()
    env.cr.commit()
    return _timed(started, len(subscriptions.invoice_ids))


def _timed(started, count):
    seconds = time.perf_counter() - started
    if not count:
        raise SystemExit("The peer made no invoice.")
    return {
        "seconds": seconds,
        "milliseconds": seconds * 1000 / count,
        "invoices": count,
    }


def main():
    """Run the step that the command line names."""
    name, *arguments = sys.argv[1:]
    *before, argument = arguments if name != "fill" else [arguments]
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    steps = (fill, ours, stock, contract, subscription)
    step = {one.__name__: one for one in steps}[name]
    with Registry(config["db_name"][0]).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        for one in before:
            step(env, one)  # a worker that is measured has done the like before
            env.cr.commit()
        result = step(env, *argument) if name == "fill" else step(env, argument)
    if name == "fill":
        _settle(config["db_name"][0])
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
