"""Several workers, and events that nothing good can be said of."""

import json
import random

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.fastspring import values
from odoo.addons.bitpaket_billing.fastspring.events import parse_events

from ..fastspring_common import FastSpringMixin

LOGGER = "odoo.addons.bitpaket_billing.models.bitpaket_fastspring_event"
HELD = """
    SELECT COUNT(*) FROM pg_locks
     WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""


@tagged("standard", "post_install", "-at_install")
class TestFastSpringQueue(FastSpringMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(29.0)
        cls.transaction = cls.make_transaction(cls.invoice)
        cls.order = cls.make_order(cls.transaction)

    def completed(self, order, **changes):
        return self.make_event("order.completed", order, **changes)

    def another_worker(self, *subjects):
        """Be a worker elsewhere that is busy with these; return its cursor."""
        other = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(other.close)
        self.addCleanup(other.execute, "SELECT pg_advisory_unlock_all()")
        for subject in subjects:
            key = f"bitpaket.fastspring.event/{self.provider.id}/{subject}"
            other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        return other

    def test_an_order_that_another_worker_has_is_left_to_it(self):
        other_order = self.make_order(self.make_transaction(self.make_invoice(5.0)))
        for subject in (self.order["id"], self.transaction.reference, "EV-1"):
            with self.subTest(subject=subject):
                worker = self.another_worker(subject)
                busy = self.receive(self.completed(self.order, event_id="EV-1"))
                free = self.receive(
                    self.completed(other_order, event_id=f"EV-free-{subject}")
                )
                asked = self.process([self.order, other_order])
                self.assertEqual(busy.state, "new")
                self.assertEqual(free.state, "done")
                self.assertNotIn(("GET", f"/orders/{self.order['id']}"), asked)
                worker.execute("SELECT pg_advisory_unlock_all()")
        self.process([self.order])
        self.assertEqual(busy.state, "done")
        self.assertEqual(self.invoice.payment_state, "paid")

    def test_orders_of_one_payment_are_one_subject(self):
        """A declined card and the one that paid: two orders of one checkout."""
        declined = {**self.order, "id": "order-a", "order": "order-a"}
        self.another_worker(declined["id"])
        failed = self.receive(self.make_event("order.failed", declined))
        paid = self.receive(self.completed(self.order))
        self.process([self.order])
        self.assertEqual((failed.state, paid.state), ("new", "done"))

    @mute_logger(LOGGER)
    def test_no_lock_is_left_behind(self):
        self.receive(self.completed(self.order))
        self.receive(self.completed({**self.order, "id": "unknown"}, event_id="EV-2"))
        self.receive(self.completed({"id": None}, event_id="EV-3"))
        self.another_worker("busy")
        self.receive(self.completed({"id": "busy"}, event_id="EV-4"))
        self.process([self.order])
        self.env.cr.execute(HELD)
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def test_one_wakes_the_job_for_all(self):
        triggers = self.env["ir.cron.trigger"]
        triggers.search([("cron_id", "=", self.cron.id)]).unlink()
        for number in range(5):
            self.receive(self.completed(self.order, event_id=f"EV-{number}"))
        self.assertEqual(triggers.search_count([("cron_id", "=", self.cron.id)]), 1)

    # === Broken events === #

    def test_whatever_an_event_holds_it_is_stored_and_ends(self):
        """Every part of a real event replaced by everything that it should not be."""
        strange = [
            None, True, -1, 1e308, 10**400, "", "x" * 5000, "\x00\ud800", "NaN", [], {},
            [None], [[]], [{"id": {}}], {"id": []}, {"order": {"order": {"order": 1}}},
        ]  # fmt: skip
        whole = self.completed({**self.order, "account": {"account": "a"}})
        events = []

        def spoil(part, path):
            for key in list(part) if isinstance(part, dict) else range(len(part)):
                kept = part[key]
                for value in strange:
                    part[key] = value
                    number = len(events)
                    spoilt = json.loads(json.dumps(whole))
                    if path or key not in ("id",):
                        spoilt["id"] = f"EV-spoilt-{number}"
                    events.append(spoilt)
                part[key] = kept
                if isinstance(kept, dict | list):
                    spoil(kept, [*path, key])

        spoil(whole, [])
        random.Random(1).shuffle(events)
        events = events[:250]
        good = self.completed(self.order, event_id="EV-good")
        ids = self.events._store(
            self.provider, parse_events(self.make_body(*events, good))
        )
        kept = self.events.search([("event_id", "in", ids)])
        self.assertEqual(len(kept), len(set(ids)))
        self.assertGreater(len(kept), 200)
        with self.assertNoLogs(LOGGER, "ERROR"), mute_logger(LOGGER):
            self.process([self.order])
        self.assertNotIn("new", kept.mapped("state"))
        for event in kept.filtered(lambda event: event.state == "error"):
            self.assertIn("FastSpring refused", event.reason)
        # Some of them are still what was asked for, and the order counts once.
        self.assertEqual(self.transaction.state, "done")
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_what_is_not_even_json_is_kept_for_a_person(self):
        good = json.dumps(self.completed(self.order, event_id="EV-good"))
        bodies = {
            "EV-nan": '{"total":NaN}',
            "EV-deep": '{"a":' * 3000 + "1" + "}" * 3000,
            "EV-digits": "9" * 5000,
            "EV-broken": '{"total" 5}',
        }
        texts = [
            f'{{"id":"{key}","type":"order.completed","data":{data}}}'
            for key, data in bodies.items()
        ]
        body = '{"events":[' + ",".join([*texts, good]) + "]}"
        ids = self.events._store(self.provider, parse_events(body.encode()))
        self.assertEqual(ids, [*bodies, "EV-good"])
        self.process([self.order])
        broken = self.events.search([("event_id", "in", list(bodies))])
        self.assertEqual(set(broken.mapped("state")), {"manual"})
        self.assertEqual(
            set(broken.mapped("reason")),
            {"It is not what FastSpring sends: the event is not readable as JSON."},
        )
        self.assertIn(
            "NaN", broken.filtered(lambda e: e.event_id == "EV-nan").payload_text
        )
        self.assertEqual(self.transaction.state, "done")

    def test_postgresql_takes_whatever_is_storable(self):
        dice = random.Random(2)

        def anything(depth=0):
            kind = dice.randrange(7 if depth < 40 else 5)
            if kind == 5:
                return [anything(depth + 1) for _ in range(dice.randrange(3))]
            if kind == 6:
                return {
                    chr(dice.choice([0, 92, 117, 0xD800, 0xDFFF, 0x1F600])): anything(
                        depth + 1
                    )
                    for _ in range(dice.randrange(4))
                }
            return [
                None,
                dice.choice([True, 10**300, -0.0, 5e-324]),
                "\\u0000\x00\\",
                "".join(map(chr, dice.choices(range(0x10FFFF), k=5))),
                dice.random(),
            ][kind]

        for _ in range(300):
            text = values.storable(anything())
            self.env.cr.execute("SELECT %s::jsonb", [text])
