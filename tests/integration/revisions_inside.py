"""Two transactions that correct one event at once; runs inside Odoo's Python."""

import json
import os
import threading
from contextlib import closing

import psycopg2

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

ROW = {
    "id": "e-1",
    "source": "race",
    "account": "race",
    "meter": "requests_a",
    "time": "2026-10-05T10:00:00Z",
    "quantity": 1,
}


def prepare(env):
    """Make an account, and an event where one is asked for."""
    env.company.bitpaket_usage_max_age_days = 0
    env.company.bitpaket_usage_retention_months = 0
    env["bitpaket.account"].create(
        {
            "name": "Race",
            "reference": "race",
            "partner_id": env["res.partner"].create({"name": "Race"}).id,
            "price_book_id": env["bitpaket.price.book"].create({"name": "Race"}).id,
            "date_start": "2026-10-01",
        }
    )


class Sender(threading.Thread):
    """Reports one row in a transaction of its own, which somebody else commits."""

    def __init__(self, registry, row):
        super().__init__()
        self.cr = registry.cursor()
        self.cr.execute("SELECT 1")  # from here on it sees nothing newer
        self.row = row
        self.result = None

    def run(self):
        store = api.Environment(self.cr, SUPERUSER_ID, {})["bitpaket.usage.store"]
        try:
            answer = store._report([self.row])
            self.result = [answer["accepted"], answer["duplicates"]]
        except psycopg2.errors.SerializationFailure:
            self.cr.rollback()
            self.result = "again"


def race(registry, first, second):
    """Report two rows of one event at once; the first one commits first."""
    senders = [Sender(registry, row) for row in (first, second)]
    one, other = senders
    with closing(one.cr), closing(other.cr):
        one.start()
        one.join()
        other.start()
        other.join(timeout=1)
        waited = other.is_alive()
        one.cr.commit()
        other.join()
        results = [one.result, other.result]
        if other.result == "again":
            other.run()
            results.append(other.result)
        other.cr.commit()
    return {"waited": waited, "results": results}


def describe(env):
    """Return what is stored, and what is billed."""
    event = env["bitpaket.usage.event"].search([("source", "=", "race")])
    usage = env["bitpaket.usage.store"]._daily_usage(
        event.account_id.ids, "2026-10-01", "2026-11-01"
    )
    return {
        "revision": event.revision,
        "replaced": event.replaced_ids.mapped("revision"),
        "usage": [
            [str(day.quantity), day.events] for day in usage[event.account_id.id]
        ],
    }


def main():
    """Race with every combination, and print what came of each as JSON."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        prepare(api.Environment(cr, SUPERUSER_ID, {}))
    outcomes = []
    for number, (stored, first, second) in enumerate(
        [(0, 1, 2), (0, 2, 1), (0, 1, 1), (None, 0, 1), (None, 1, 0)]
    ):
        key = {"id": f"e-{number}"}
        row = {**ROW, **key}
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.cr.execute("DELETE FROM bitpaket_usage_event WHERE source = 'race'")
            env.cr.execute("DELETE FROM bitpaket_usage_pending")
            if stored is not None:
                env["bitpaket.usage.store"]._report([row])
        outcome = race(
            registry,
            {**row, "revision": first, "quantity": 10 + first},
            {**row, "revision": second, "quantity": 10 + second},
        )
        with registry.cursor() as cr:
            outcome |= describe(api.Environment(cr, SUPERUSER_ID, {}))
        outcomes.append(outcome)
    print(json.dumps(outcomes))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
