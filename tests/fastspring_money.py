"""What the tests of FastSpring's money share: a simulated store and its books."""

import json

from odoo.addons.bitpaket_billing.fastspring.events import parse_events

from dev.fastspring_sim import Simulator

from .fastspring_common import FastSpringMixin


class MoneyMixin(FastSpringMixin):
    """A billing account whose customer pays at a simulated FastSpring."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.make_account(partner=cls.partner)
        cls.clearing = cls.provider.journal_id.default_account_id
        cls.refunds_cron = cls.env.ref("bitpaket_billing.ir_cron_fastspring_refunds")

    def setUp(self):
        super().setUp()
        self.simulator = self.enterContext(Simulator(auto_deliver=False))
        self.provider.write(
            {
                "fastspring_test_api_url": self.simulator.url,
                "fastspring_test_storefront_url": self.simulator.storefront_url,
            }
        )
        self.seen = set()

    def bill(self, amount=100.0, **values):
        """Return an open invoice of the account."""
        values.setdefault("bitpaket_account_id", self.account.id)
        return self.make_invoice(amount, **values)

    def checkout(self, invoice, **values):
        """Click on "Pay now"; return the transaction."""
        transaction = self.make_transaction(invoice, **values)
        transaction._get_processing_values()
        self.assertTrue(transaction.fastspring_session_id, transaction.state_message)
        return transaction

    def pay(self, invoice, **values):
        """Pay an invoice at FastSpring; return the transaction and the order."""
        transaction = self.checkout(invoice, **values)
        order = self.simulator.pay(transaction.fastspring_session_id)
        return transaction, order

    def news(self):
        """Return the events that the simulator has not told yet, as it sends them."""
        new = [one for one in self.simulator.events if one["id"] not in self.seen]
        self.seen |= {one["id"] for one in new}
        return json.loads(json.dumps(new, default=float))

    def tell(self, raws):
        """Store events and process them; return their records."""
        body = json.dumps({"events": raws}).encode()
        ids = self.events._store(self.provider, parse_events(body))
        self.env.flush_all()
        self.run_cron()
        return self.events.search([("event_id", "in", ids)], order="id")

    def settle(self):
        """Let Odoo hear all news; return the events by type."""
        events = self.tell(self.news())
        return {event.type: event for event in events}

    def send_refunds(self):
        """Ask FastSpring for what is to be given back."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.refunds_cron.method_direct_trigger()
        self.env.invalidate_all()

    def balance(self, account=None):
        """Return what is on the clearing account, or another one."""
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", (account or self.clearing).id),
                ("parent_state", "=", "posted"),
            ]
        )
        return self.company.currency_id.round(sum(lines.mapped("balance")))

    def receivable(self, invoice):
        """Return what the customer owes on the books."""
        line = invoice.line_ids.filtered(lambda one: one.display_type == "payment_term")
        return self.balance(line.account_id)

    def assertDone(self, event):
        self.assertEqual(event.state, "done", event.reason)
