"""Every state that the billing page has words for, made as it comes about."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.fields import Date, Datetime

from .http.test_portal_billing import BillingPage
from .plan_common import PlanMixin

HOW_TO_PAY = "https://bitpaket.test.onfastspring.com/account/order/x/wire"


class StateMaker(BillingPage):
    """A customer with an invoice of 29.00, who gets into states."""

    #: What can be made, the most urgent first.
    STATES = (
        "suspended",
        "closed",
        "capped",
        "not_charged",
        "past_due",
        "waiting",
        "paused",
        "trial",
        "new",
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.fastspring_automatic_product = "autopay"
        cls.invoice = cls.bill_last_month()
        cls.use_this_month()
        cls.fresh = cls.make_account("fresh", date_start=cls.this_month)
        cls.fresh_user = cls.make_portal_user(cls.fresh)
        cls.urls = {"new": f"/my/billing/{cls.fresh.id}"}

    def make(self, state):
        """Bring the customer into a state; return who looks at it."""
        getattr(self, f"make_{state}")()
        self.env.flush_all()
        return self.fresh_user if state == "new" else self.user

    def make_overdue(self):
        due = min(
            self.invoice.invoice_date + timedelta(days=14),
            Date.today() - timedelta(days=1),
        )
        self.invoice.line_ids.date_maturity = due
        self.invoice.invoice_date_due = due

    def make_past_due(self):
        self.make_overdue()
        self.account.state = "past_due"

    def make_suspended(self):
        self.make_overdue()
        self.account.state = "suspended"

    def make_closed(self):
        self.pay()
        self.account.date_end = Date.today() + timedelta(days=1)
        self.account.state = "closed"

    def make_capped(self):
        self.env["bitpaket.budget"].create(
            {
                "account_id": self.account.id,
                "name": "Monthly",
                "amount": 5,
                "hard_cap": True,
            }
        )

    def make_not_charged(self, state="failed", code="EXPIRED_CARD"):
        token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "partner_id": self.account.partner_id.id,
                "provider_ref": "subscription",
                "payment_details": "VISA •••• 4242",
                "bitpaket_account_id": self.account.id,
                "bitpaket_since": self.last_month,
            }
        )
        self.account.automatic_begun = True
        return self.env["bitpaket.automatic.payment"].create(
            {
                "move_id": self.invoice.id,
                "account_id": self.account.id,
                "company_id": self.company.id,
                "token_id": token.id,
                "state": state,
                "tries": 2,
                "decline_code": code,
                "next_date": Datetime.now() + timedelta(days=3),
            }
        )

    def make_waiting(self):
        transaction = self.make_transaction(
            self.invoice,
            payment_method_id=self.env.ref("payment.payment_method_bank_transfer").id,
            fastspring_due_date=Date.today() + relativedelta(days=20),
            fastspring_receipt_url=HOW_TO_PAY,
        )
        transaction._set_pending()
        return transaction

    def make_trial(self):
        self.pay()
        plan = PlanMixin.make_plan.__func__(
            type(self), "Starter", 45, bitpaket_trial_days=14
        )
        self.account._change_plan("choose", plan)

    def make_paused(self):
        self.pay()
        plan = PlanMixin.make_plan.__func__(type(self), "Starter", 45)
        self.account._change_plan("choose", plan)
        self.account._change_plan("pause", until=Date.today() + relativedelta(months=3))
        # A pause begins with the next period: let that be today.
        paused = self.account._phases().filtered("is_paused")
        before = self.account._phases().filtered(
            lambda phase: phase.date_start < paused.date_start
        )
        before.active = False
        paused.write({"date_start": Date.today(), "anchor": Date.today()})
        paused.change_id.write({"date": Date.today(), "state": "done"})

    def make_new(self):
        """Nothing is to be done: the account is."""

    def pay(self):
        transaction = self.make_transaction(self.invoice)
        transaction._set_done()
        transaction._post_process()
