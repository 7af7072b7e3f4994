"""Coupons by many transactions at once; runs inside Odoo's Python.

`python -m tests.integration.coupons_inside NAME [ARGUMENT...]`; prints JSON.
"""

import json
import os
import sys
import threading
from collections import Counter
from datetime import date

import odoo
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config


def prepare(env, places):
    """Make a code with few places, and a coupon with a budget that all have.

    The budget lasts for a bit more than half of them.
    """
    from odoo.addons.bitpaket_billing import rating

    accounts = env["bitpaket.account"].search([("reference", "=like", "bench-%")])
    october = rating.calendar_month(date(2026, 10, 1))
    totals = [one.total for one in accounts._rate_period(october).values()]
    budget = round(sum(totals) * 3 / 10)
    few = env["bitpaket.coupon"].create({"name": "Few", "max_redemptions": int(places)})
    env["bitpaket.coupon.code"].create(
        {"coupon_id": few.id, "name": "FEW1", "max_redemptions": 0}
    )
    shared = env["bitpaket.coupon"].create(
        {
            "name": "Shared",
            "percent": 50,
            "amount_ids": [
                Command.create(
                    {
                        "currency_id": env.company.currency_id.id,
                        "budget": budget,
                    }
                )
            ],
        }
    )
    for account in accounts:
        shared._redeem(account)
    return {"budget": budget}


def close(env, until):
    """Close what is due, in small batches."""
    runs = env["bitpaket.billing.run"]
    runs._close(date.fromisoformat(until), batch_size=2)
    return {}


def claim(env, count):
    """Redeem one code from many transactions that all began before the first ended."""
    from odoo.addons.bitpaket_billing.models import bitpaket_coupon_redeem

    accounts = env["bitpaket.account"].search(
        [("reference", "=like", "bench-%")], limit=int(count)
    )
    registry, begun = env.registry, threading.Barrier(len(accounts))
    outcomes = Counter()

    def redeem(account_id):
        with registry.cursor() as cr:
            own = api.Environment(cr, SUPERUSER_ID, {})
            account = own["bitpaket.account"].browse(account_id)
            account.read(["name"])  # from here on it sees nothing newer
            begun.wait()
            try:
                own["bitpaket.coupon"]._redeem_code(account, "few-1")
                cr.commit()
                outcomes["redeemed"] += 1
            except bitpaket_coupon_redeem.CouponRefused as refused:
                cr.rollback()
                outcomes[refused.reason] += 1
            except Exception as error:
                cr.rollback()
                outcomes[repr(error)] += 1

    threads = [threading.Thread(target=redeem, args=[one.id]) for one in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(outcomes)


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
