"""Coupons on the customer's billing page, and who cannot get at them."""

import random

from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.bitpaket_billing import rating
from odoo.addons.bitpaket_billing.models import bitpaket_coupon_try

from ..coupon_common import CouponMaker
from .test_portal_billing import BillingPage, Page


@tagged("standard", "post_install", "-at_install")
class TestPortalCoupon(BillingPage, CouponMaker, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coupon = cls.make_coupon(20, duration="invoices", invoices=3)
        cls.code = cls.env["bitpaket.coupon.code"]._generate(cls.coupon, 1, "SPRING")
        cls.url = f"/my/billing/{cls.account.id}/coupon"

    def redeem(self, text, user=None, url=None):
        """Type a code into the form, and return the page that comes."""
        login = (user or self.user).login
        self.authenticate(login, login)
        form = html.fromstring(self.url_open("/my/security").content)
        token = form.xpath("//input[@name='csrf_token']/@value")[0]
        response = self.url_open(
            url or self.url, data={"code": text, "csrf_token": token}
        )
        self.assertEqual(response.status_code, 200)
        return Page(response)

    def test_a_good_code(self):
        self.use_this_month()
        self.assertIn(self.money(11.89), self.open().block("running"))
        page = self.redeem(self.code.shown.lower())
        self.assertIn(f"Redeemed: {self.code.shown}", page.block("redeemed"))
        self.assertIn("It gives 20 % off, for 3 invoices.", page.block("redeemed"))
        self.assertIn(
            f"starts with the invoice for {self.last_month:%B %Y}",
            page.block("redeemed"),
        )
        redemption = self.account.redemption_ids
        self.assertEqual(redemption.user_id, self.user)
        page = self.open()
        self.assertIn("3 invoices left", page.block("coupon"))
        self.assertIn(self.money(9.51), page.block("running"))
        rows = [row for row in page.rows("usage") if "Coupon" in row[0]]
        self.assertEqual(rows[0][0], "Coupons")
        self.assertEqual(rows[0][-1], self.money(-2.38))
        self.assertEqual(len(rows), 3)

    def test_what_is_owed_stays(self):
        self.bill_last_month()
        self.redeem(self.code.name)
        page = self.open()
        self.assertIn(self.money(29), page.block("owed"))
        self.assertEqual(self.account.amount_owed, 29)

    def test_one_invoice_only_also_while_two_are_waiting(self):
        once = self.make_coupon(50)
        once._redeem(self.account)
        self.report_month(self.account, f"{self.last_month:%Y-%m}")
        self.use_this_month()
        page = self.open()
        self.assertIn(self.money(14.5), page.block("unfinished"))
        self.assertIn(self.money(11.89), page.block("running"))

    def test_the_exact_reason_of_a_refusal(self):
        wrong = self.code.name[:-1] + ("A" if self.code.name[-1] != "A" else "B")
        page = self.redeem(wrong)
        self.assertIn("mistyped", page.block("refused"))
        self.assertEqual(page.root.xpath("//input[@name='code']/@value"), [wrong])
        self.coupon.date_last = "2026-01-31"
        self.assertIn(
            "has expired: it could be redeemed until 01/31/2026",
            self.redeem(self.code.name).block("refused"),
        )
        self.coupon.date_last = False
        self.redeem(self.code.name)
        self.assertIn(
            "already: 20 % off, for 3 invoices",
            self.redeem(self.code.name).block("refused"),
        )
        self.assertEqual(len(self.account.redemption_ids), 1)

    def test_a_code_of_somebody_else_is_as_unknown_as_any(self):
        rival = self.make_account("rival", book=self.account.price_book_id)
        self.code.account_id = rival
        unknown = rating.make_code("SPRING", random.Random(5).choice)
        self.assertEqual(
            self.redeem(self.code.name).block("refused"),
            self.redeem(unknown).block("refused"),
        )

    def test_another_customer_redeems_nothing_here(self):
        rival = self.make_account("rival", date_start=self.this_month)
        user = self.make_portal_user(rival)
        page = self.redeem(self.code.name, user)
        self.assertTrue(page.url.endswith("/my"))
        self.assertFalse(self.coupon.redemption_ids)
        redemption = self.coupon._redeem(self.account)
        page = self.open(
            f"/my/billing/{rival.id}/coupon?redeemed={redemption.id}", user
        )
        self.assertFalse(page.has("redeemed"))

    def test_nobody_without_a_login_or_a_token(self):
        self.assertIn("/web/login", self.url_open(self.url).url)
        self.authenticate(self.user.login, self.user.login)
        response = self.url_open(self.url, data={"code": self.code.name})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.coupon.redemption_ids)

    def test_an_account_guesses_ten_times(self):
        for _guess in range(bitpaket_coupon_try.MOST_PER_ACCOUNT):
            self.assertTrue(self.redeem("WRONG").has("refused"))
        page = self.redeem(self.code.name)
        self.assertIn("Too many tries.", page.text)
        self.assertFalse(self.coupon.redemption_ids)
        tries = self.env["bitpaket.coupon.try"].search([])
        self.assertEqual(set(tries.mapped("reason")), {"mistyped"})
        self.assertNotIn("127.0.0.1", tries.mapped("address"))
        tries.time = "2026-01-01 00:00:00"
        self.assertTrue(self.redeem(self.code.name).has("redeemed"))
        tries._gc_tries()
        self.assertFalse(tries.exists())

    def test_an_address_guesses_thirty_times_by_whatever_account(self):
        rival = self.make_account("rival", date_start=self.this_month)
        tries = self.env["bitpaket.coupon.try"]
        for _guess in range(bitpaket_coupon_try.MOST_PER_ADDRESS):
            tries._note(rival, "127.0.0.1", "unknown")
        self.assertIn("Too many tries.", self.redeem(self.code.name).text)

    def test_no_coupon_where_no_invoice_comes(self):
        self.bill_last_month()
        self.account.date_end = self.this_month
        self.assertFalse(self.open().has("coupons"))

    def test_the_file_of_codes(self):
        url = f"/bitpaket/coupons/{self.coupon.id}/codes.csv"
        self.authenticate(self.user.login, self.user.login)
        self.assertEqual(self.url_open(url).status_code, 404)
        for group, status in (("viewer", 404), ("billing_user", 200)):
            user = self.env["res.users"].create(
                {
                    "name": group,
                    "login": group,
                    "password": group,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [
                        Command.link(self.env.ref(f"bitpaket_billing.group_{group}").id)
                    ],
                }
            )
            self.authenticate(user.login, user.login)
            self.assertEqual(self.url_open(url).status_code, status)
        self.assertIn(self.code.shown, self.url_open(url).text)
