"""Coupons in the browser: a customer redeems one, finance makes a campaign."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Command, Date
from odoo.tests import HttpCase, freeze_time, tagged

from ..common import GIB
from ..coupon_common import CouponMixin


@tagged("standard", "post_install", "-at_install")
class TestCouponTours(CouponMixin, HttpCase):
    def test_the_customer_redeems(self):
        this_month = Date.start_of(Date.today(), "month")
        last_month = this_month - relativedelta(months=1)
        account = self.make_account("kestrel", book=self.book, date_start=last_month)
        user = self.make_portal_user(account)
        self.report_month(account, f"{last_month:%Y-%m}")
        self.close(account, this_month)
        self.report(account, "requests_a", this_month, 812_345)
        self.report(account, "transfer_out", this_month, 187 * GIB)
        good = self.make_coupon(20, duration="invoices", invoices=3)
        self.make_code(good, "WELCOME20")
        self.make_code(self.make_coupon(date_last=last_month), "OLDTIMES")
        gone = self.make_coupon(max_redemptions=1)
        self.make_code(gone, "TOOLATE")
        gone._redeem(self.account)
        self.start_tour("/my/billing", "bitpaket_billing_redeem", login=user.login)
        self.assertEqual(account.redemption_ids.coupon_id, good)
        self.assertEqual(account.amount_owed, 29.0)
        next_month = this_month + relativedelta(months=1)
        with freeze_time(next_month):
            statement = self.close(account, next_month)
        self.assertEqual(statement.amount_total, 9.51)
        self.start_tour("/my/billing", "bitpaket_billing_discounted", login=user.login)

    def test_finance_makes_a_campaign(self):
        self.env["res.users"].create(
            {
                "name": "Finance",
                "login": "coupon-finance",
                "password": "coupon-finance",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [
                    Command.link(
                        self.env.ref("bitpaket_billing.group_billing_manager").id
                    )
                ],
            }
        )
        self.account.date_start = Date.start_of(Date.today(), "month")
        self.start_tour(
            "/odoo/action-bitpaket_billing.bitpaket_coupon_action",
            "bitpaket_billing_campaign",
            login="coupon-finance",
        )
        coupon = self.env["bitpaket.coupon"].search([("name", "=", "Spring 2027")])
        self.assertEqual(coupon.code_count, 12)
        self.assertEqual(self.account.redemption_ids.coupon_id, coupon)
        # The running month began before: it is the last one.
        redemption = self.account.redemption_ids
        self.assertEqual(redemption.revoked_from, Date.today())
        self.assertEqual(redemption.state, "active")
