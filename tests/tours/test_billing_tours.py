"""What a customer does in the browser: read the balance, pay, find the receipt."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import HttpCase, tagged

from ..common import GIB
from ..fastspring_common import FastSpringMixin

RECEIPT = "https://bitpaket.test.onfastspring.com/account/order/x/invoice"


@tagged("standard", "post_install", "-at_install")
class TestBillingTours(FastSpringMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        this_month = Date.start_of(Date.today(), "month")
        last_month = this_month - relativedelta(months=1)
        cls.account = cls.make_account("acme", date_start=last_month)
        cls.user = cls.make_portal_user(cls.account)
        cls.report_month(cls.account, f"{last_month:%Y-%m}")
        cls.invoice = cls.close(cls.account, this_month).move_id
        cls.report(cls.account, "requests_a", this_month, 812_345)
        cls.report(cls.account, "transfer_out", this_month, 187 * GIB)
        cls.stranger = cls.make_account("rival", date_start=this_month)
        cls.stranger_user = cls.make_portal_user(cls.stranger)

    def test_read_the_balance_pay_and_find_the_receipt(self):
        self.start_tour("/my", "bitpaket_billing_before_payment", login=self.user.login)
        self.pay()
        self.start_tour(
            "/my/billing", "bitpaket_billing_after_payment", login=self.user.login
        )

    def pay(self):
        """Pay the invoice, as FastSpring's webhook reports it."""
        transaction = self.make_transaction(
            self.invoice, fastspring_receipt_url=RECEIPT
        )
        transaction._set_done()
        transaction._post_process()

    def test_another_customer_sees_none_of_it(self):
        self.start_tour(
            f"/my/billing/{self.account.id}",
            "bitpaket_billing_stranger",
            login=self.stranger_user.login,
        )
