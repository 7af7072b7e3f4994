"""What the tests of automatic payment share: an account, and FastSpring's simulator."""

from datetime import timedelta

from .fastspring_common import FastSpringMixin, simulated


class AutomaticMixin(FastSpringMixin):
    """An account whose provider is simulated; for HttpCase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.make_account("acme", partner=cls.partner)
        cls.payments = cls.env["bitpaket.automatic.payment"]
        cls.job = cls.env.ref("bitpaket_billing.ir_cron_automatic_payment")
        cls.end_job = cls.env.ref("bitpaket_billing.ir_cron_automatic_end")
        cls.fetch_job = cls.env.ref("bitpaket_billing.ir_cron_fastspring_fetch")

    def setUp(self):
        super().setUp()
        # One for each test: what a test did there is not rolled back.
        self.simulator = self.enterContext(
            simulated(self.provider, fastspring_automatic_product="autopay")
        )

    def begin_opt_in(self, account=None):
        """Go to FastSpring's checkout; return the transaction."""
        account = account or self.account
        account._start_automatic_payment(account.partner_id)
        return self.env["payment.transaction"].search(
            [("bitpaket_account_id", "=", account.id)], order="id desc", limit=1
        )

    def opt_in(self, account=None):
        """Agree to automatic payment; return the stored method."""
        account = account or self.account
        transaction = self.begin_opt_in(account)
        self.simulator.pay(transaction.fastspring_session_id)
        self.settle()
        # Test and customer live in one transaction, which has one time.
        self.env.cr.execute(
            "UPDATE payment_token"
            "   SET bitpaket_since = bitpaket_since - interval '1 day'"
        )
        self.env.invalidate_all()
        return account.automatic_token_id

    def bill(self, amount=29.0, account=None, **values):
        """Return a new invoice of the account."""
        account = account or self.account
        return self.make_invoice(
            amount,
            partner=account.partner_id,
            bitpaket_account_id=account.id,
            **values,
        )

    def settle(self, waiting=False):
        """Let the simulator send its webhooks, and process them."""
        self.env.cr.flush()
        with self.allow_requests(all_requests=True):
            self.simulator.deliver(waiting=waiting)
        self.env.invalidate_all()
        self.run_cron()

    def run_job(self, job=None):
        """Run a job as the scheduler does."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            (job or self.job).method_direct_trigger()
        self.env.invalidate_all()

    def payment_of(self, invoice):
        return self.payments.search([("move_id", "=", invoice.id)])

    def charge(self, invoice):
        """Run the job; return what became of the invoice's payment so far."""
        self.run_job()
        return self.payment_of(invoice)

    def later(self, **delta):
        """Let time pass for what waits."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE bitpaket_automatic_payment
               SET next_date = next_date - %(past)s, last_sent = last_sent - %(past)s,
                   first_sent = first_sent - %(past)s
            """,
            {"past": timedelta(**delta)},
        )
        self.env.cr.execute(
            "UPDATE payment_token SET fastspring_to_end = fastspring_to_end - %s",
            [timedelta(**delta)],
        )
        self.env.invalidate_all()

    @property
    def charges(self):
        """The totals of what FastSpring charged off-session."""
        return [
            float(order["total"])
            for order in self.simulator.orders
            if order["reference"].endswith("B")
        ]
