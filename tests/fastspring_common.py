"""What the tests of FastSpring share: a provider, an invoice, orders and events."""

import json
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from odoo.fields import Command

from odoo.addons.bitpaket_billing.fastspring import signature
from odoo.addons.bitpaket_billing.fastspring.answers import Response
from odoo.addons.bitpaket_billing.fastspring.events import parse_events

from dev.fastspring_sim import Simulator

from .common import BillingMixin

PAYLOADS = Path(__file__).parent / "data" / "fastspring_payloads"
SECRET = "a-secret-of-the-tests"


@contextmanager
def simulated(provider, **values):
    """Have a provider use a simulator that delivers when it is told to."""
    with Simulator(
        auto_deliver=False,
        webhook_secret=SECRET,
        webhook_url=provider.fastspring_webhook_url,
    ) as simulator:
        provider.write(
            {
                "fastspring_test_api_url": simulator.url,
                "fastspring_test_storefront_url": simulator.storefront_url,
                **values,
            }
        )
        yield simulator


class FastSpringMixin(BillingMixin):
    """A company that takes payments through FastSpring, in test mode."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.provider = cls.make_provider(cls.company)
        cls.partner = cls.env["res.partner"].create(
            {
                "name": "Acme Rockets Ltd",
                "is_company": True,
                "email": "billing@acme.example.com",
                "street": "1 Launch Road",
                "city": "Springfield",
                "zip": "62701",
                "country_id": cls.env.ref("base.us").id,
            }
        )
        cls.events = cls.env["bitpaket.fastspring.event"]
        cls.cron = cls.env.ref("bitpaket_billing.ir_cron_fastspring_events")

    @classmethod
    def make_provider(cls, company, **values):
        """Return a company's provider in test mode."""
        main = cls.env.ref("bitpaket_billing.payment_provider_fastspring")
        provider = main.copy({"company_id": company.id, "name": "FastSpring"})
        provider.write(
            {
                "fastspring_store": "bitpaket",
                "fastspring_username": "sim",
                "fastspring_password": "sim",
                "fastspring_webhook_secret": SECRET,
                "state": "test",
                "is_published": True,
                **values,
            }
        )
        return provider

    @classmethod
    def make_invoice(cls, amount=29.0, partner=None, **values):
        """Return a posted invoice without tax."""
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.partner).id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Storage", "price_unit": amount, "tax_ids": []}
                    )
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def make_transaction(cls, invoice, **values):
        """Return what a click on "Pay now" makes."""
        return cls.env["payment.transaction"].create(
            {
                "provider_id": cls.provider.id,
                "payment_method_id": cls.env.ref("payment.payment_method_card").id,
                "amount": invoice.amount_residual,
                "currency_id": invoice.currency_id.id,
                "partner_id": invoice.partner_id.id,
                "operation": "online_redirect",
                "invoice_ids": [Command.set(invoice.ids)],
                **values,
            }
        )

    @classmethod
    def make_order(cls, transaction, **changes):
        """Return the order that pays a transaction, as FastSpring shows it."""
        amount = transaction.amount
        order_id = f"order-{transaction.id}"
        return {
            "order": order_id,
            "id": order_id,
            "reference": f"BITPAKET261123-{transaction.id}",
            "completed": True,
            "live": False,
            "currency": transaction.currency_id.name,
            "total": amount,
            "subtotal": amount,
            "tax": 0.0,
            "discount": 0.0,
            "invoiceUrl": "https://bitpaket.test.onfastspring.com/account/order/x/invoice",
            "account": "account-1",
            "tags": {
                "odoo_tx": transaction.reference,
                "odoo_db": cls.provider._fastspring_get_origin(),
            },
            "items": [{"product": "invoice-payment", "quantity": 1}],
            "payment": {"type": "test", "cardEnding": "4242"},
            **changes,
        }

    @staticmethod
    def make_event(kind, data, event_id=None, **changes):
        """Return an event as FastSpring sends it."""
        return {
            "id": event_id or f"EV-{kind}-{data.get('id')}",
            "processed": False,
            "created": 1795305600000,
            "type": kind,
            "live": False,
            "data": data,
            **changes,
        }

    @staticmethod
    def make_body(*events):
        """Return the bytes of a webhook delivery."""
        return json.dumps({"events": events}).encode()

    @classmethod
    def sign(cls, body, secret=SECRET):
        """Return the header that proves a delivery."""
        return {
            "Content-Type": "application/json; charset=UTF-8",
            "X-FS-Signature": signature.sign(body, secret),
        }

    def receive(self, *events, provider=None):
        """Store events as the webhook does; return their records."""
        body = self.make_body(*events)
        ids = self.events._store(provider or self.provider, parse_events(body))
        return self.events.search([("event_id", "in", ids)], order="id")

    def process(self, orders=()):
        """Run the cron, with an API that knows these orders.

        :return: what was asked of the API
        """
        known = {order["id"]: order for order in orders}
        asked = []

        def send(_self, method, path, **_options):
            asked.append((method, path))
            order = known.get(path.rpartition("/")[2])
            if not order:
                return Response(
                    400, {}, b'{"orders": [{"error": {"order": "Not found"}}]}'
                )
            return Response(200, {}, json.dumps(order).encode())

        with patch.object(type(self.env["payment.provider"]), "_fastspring_send", send):
            self.run_cron()
        return asked

    def run_cron(self):
        """Process every event that is due, as the scheduler does."""
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
