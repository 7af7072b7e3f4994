"""Every payload that is known of FastSpring, sent to the webhook as FastSpring would.

Drop another file into a folder of webhooks and it is replayed, too: an envelope or the
data alone; in a delivery of its own and in one with all others; with objects and with
ids; once as it is, which must change nothing here, and once about an order of ours.
"""

import copy
import json

from odoo.tests import HttpCase, tagged

from odoo.addons.bitpaket_billing.fastspring import values
from odoo.addons.bitpaket_billing.fastspring.events import EVENT_ID

from ..fastspring_common import PAYLOADS, FastSpringMixin

#: What stands for an object where expansion is off, and its keys for that id.
REFERENCES = ("account", "order", "product", "return", "subscription")
ORDER_EVENTS = {
    "order.completed": "done",
    "order.payment.pending": "pending",
    "order.approval.pending": "pending",
    "order.failed": "error",
    "order.canceled": "cancel",
}
QUIET = "odoo.addons.bitpaket_billing"


def collapse(value):
    """Return a payload as it comes where expansion is off."""
    if isinstance(value, list):
        return [collapse(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.get("id") or item.get(key)
        if key in REFERENCES and isinstance(item, dict) and (item.keys() & {"id", key})
        else collapse(item)
        for key, item in value.items()
    }


def expand(value):
    """Return a payload as it comes where expansion is on."""
    if isinstance(value, list):
        return [expand(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {"id": item, key: item}
        if key in REFERENCES and isinstance(item, str) and value.get("id") != item
        else expand(item)
        for key, item in value.items()
    }


def read_payloads():
    """Return events by the name of their file, each with an id of its own."""
    found = {}
    for path in sorted(PAYLOADS.glob("*/*.json")):
        if path.parent.name == "api":
            continue
        document = json.loads(path.read_bytes())
        kind = path.name.partition("__")[0]
        raws = document.get("events") or [
            {"processed": False, "created": 1795305600000, "type": kind, "live": False,
             "data": document}
        ]  # fmt: skip
        for number, raw in enumerate(raws):
            found[f"{path.parent.name}/{path.stem}/{number}"] = raw
    return found


@tagged("standard", "post_install", "-at_install")
class TestFastSpringReplay(FastSpringMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payloads = read_payloads()
        cls.invoice = cls.make_invoice(29.0)
        cls.transaction = cls.make_transaction(cls.invoice)

    def number(self, raws, prefix):
        """Give events ids of their own."""
        return [
            {**raw, "id": f"EV-{prefix}-{number}"} for number, raw in enumerate(raws)
        ]

    def as_json(self, events):
        return json.dumps(events).encode()

    def send(self, events):
        """Deliver events; return status and text of the answer."""
        body = self.make_body(*events)
        answer = self.url_open(
            f"/payment/fastspring/webhook/{self.provider.id}",
            data=body,
            headers=self.sign(body),
        )
        self.env.invalidate_all()
        return answer.status_code, answer.text

    def kept(self, events):
        """Return the records of events that were sent."""
        ids = [event["id"] for event in events]
        return self.events.search([("event_id", "in", ids)], order="id")

    def documents(self):
        """Return what customers owe, paid and were given back."""
        return (
            self.env["account.move"].search([("move_type", "!=", "entry")]),
            self.env["account.payment"].search([]),
            self.env["payment.transaction"].search([]),
        )

    def test_the_payloads_are_all_here(self):
        self.assertGreaterEqual(len(self.payloads), 56)
        kinds = {raw["type"] for raw in self.payloads.values()}
        self.assertGreaterEqual(kinds, set(ORDER_EVENTS))

    def test_each_by_itself_and_all_at_once(self):
        """Whoever else bought something at the store, nothing here changes."""
        before = self.documents()
        for form in (lambda data: data, collapse, expand):
            name = form.__name__.strip("<>")
            raws = [
                {**raw, "data": form(raw["data"])} for raw in self.payloads.values()
            ]
            single = self.number(raws, f"single-{name}")
            for event, payload in zip(single, self.payloads, strict=True):
                with self.subTest(payload=payload, form=name):
                    self.assertEqual(self.send([event]), (200, ""))
            batch = self.number(raws, f"batch-{name}")
            self.assertEqual(self.send(batch), (200, ""))
            self.assertEqual(self.send(batch), (200, ""), "the same again")
            for events in (single, batch):
                kept = self.kept(events)
                self.assertEqual(
                    kept.mapped("event_id"), [event["id"] for event in events]
                )
                exact = json.loads(values.storable(values.loads(self.as_json(events))))
                self.assertEqual(kept.mapped("payload"), exact)
        with self.assertNoLogs(QUIET, "WARNING"):
            self.process()
        self.assertEqual(self.documents(), before)
        self.assertEqual(self.transaction.state, "draft")
        kept = self.events.search([("provider_id", "=", self.provider.id)])
        self.assertFalse(kept.filtered(lambda event: not event.reason))
        for event in kept:
            self.assertNotIn(event.state, ("new", "error"), event.reason)
            if event.type in ORDER_EVENTS:
                self.assertEqual(event.state, "ignored", event.reason)

    def ours(self, raw, transaction, form):
        """Return a recorded event as if it were about an order of ours."""
        event = copy.deepcopy(raw)
        order = self.make_order(transaction)
        for key in ("items", "tags", "order", "id", "live", "currency", "total"):
            event["data"][key] = order[key]
        for key in ("subtotal", "tax", "discount", "invoiceUrl"):
            event["data"][key] = order[key]
        if raw["type"] != "order.canceled":  # recorded with null
            event["data"]["reference"] = order["reference"]
        event["live"] = False
        event["data"] = form(event["data"])
        return event, order

    def test_those_about_our_orders_have_their_effect(self):
        tried = 0
        for payload, raw in self.payloads.items():
            if raw["type"] not in ORDER_EVENTS:
                continue
            for form in (collapse, expand):
                with self.subTest(payload=payload, form=form.__name__):
                    invoice = self.make_invoice(29.0)
                    transaction = self.make_transaction(invoice)
                    event, order = self.ours(raw, transaction, form)
                    event["id"] = f"EV-{transaction.id}"
                    self.assertTrue(EVENT_ID.fullmatch(event["id"]))
                    resent = {**event, "id": f"EV-{transaction.id}-again"}
                    self.assertEqual(self.send([event, resent]), (200, ""))
                    self.process([order])
                    first, _again = self.kept([event, resent])
                    self.assertEqual(first.state, "done", first.reason)
                    self.assertEqual(first.transaction_id, transaction)
                    self.assertEqual(transaction.state, ORDER_EVENTS[event["type"]])
                    paid = event["type"] == "order.completed"
                    self.assertEqual(invoice.amount_residual, 0.0 if paid else 29.0)
                    payments = invoice._get_reconciled_payments()
                    self.assertEqual(payments.mapped("amount"), [29.0] if paid else [])
                    tried += 1
        self.assertGreaterEqual(tried, 20)
