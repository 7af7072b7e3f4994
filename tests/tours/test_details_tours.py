"""Details and logins in the browser."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import HttpCase, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestDetailsTours(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        this_month = Date.start_of(Date.today(), "month")
        last_month = this_month - relativedelta(months=1)
        cls.account = cls.make_account("kestrel", date_start=last_month)
        cls.user = cls.make_portal_user(cls.account)
        cls.report_month(cls.account, f"{last_month:%Y-%m}")
        cls.close(cls.account, this_month)

    def test_the_customer_changes_details(self):
        # Its country stands on no invoice as long as it has another address.
        self.account.invoice_partner_id = self.env["res.partner"].create(
            {
                "name": "Kestrel",
                "type": "other",
                "parent_id": self.account.partner_id.id,
            }
        )
        self.start_tour(
            "/my/billing", "bitpaket_billing_details", login=self.user.login
        )
        self.assertEqual(self.account.purchase_order, "PO-2026-17")
        self.assertEqual(self.account.invoice_emails, "boss@kestrel.example.com")
        payer = self.account._get_payer()
        self.assertEqual(payer.name, "Kestrel Robotics Holding")
        self.assertEqual(payer.country_id, self.env.ref("base.no"))

    def test_the_customer_invites(self):
        self.start_tour("/my/billing", "bitpaket_billing_invite", login=self.user.login)
        members = self.account.member_ids
        self.assertEqual(members.user_id.login, "ada@auditors.example.com")
        self.assertEqual(members.role, "billing")

    def test_reading_only_and_switching(self):
        own = self.make_account("auditors")
        user = self.make_portal_user(own)
        self.env["bitpaket.account.member"].create(
            {"account_id": self.account.id, "user_id": user.id}
        )
        own.date_start = Date.today()
        self.start_tour("/my/billing", "bitpaket_billing_read_only", login=user.login)
