"""The usage of an account day by day, as page and as file."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

from lxml import html

from odoo.fields import Date
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import GIB, BillingMixin
from ..coupon_common import CouponMaker


@tagged("standard", "post_install", "-at_install")
class TestPortalUsage(CouponMaker, BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.make_account("acme", date_start="2026-09-01")
        cls.user = cls.make_portal_user(cls.account)
        cls.report_month(cls.account, "2026-09")
        cls.report_month(cls.account, "2026-10")
        cls.report(cls.account, "requests_a", "2026-10-05", 2_000_000)
        cls.report(cls.account, "transfer_out", "2026-10-07", 300 * GIB)
        cls.statement = cls.close(cls.account, "2026-11-01").filtered(
            lambda statement: statement.period_start == date(2026, 10, 1)
        )

    def get(self, path, login=None):
        self.authenticate(login or self.user.login, login or self.user.login)
        return self.url_open(f"/my/billing/{self.account.id}/{path}")

    def page(self, path):
        return html.fromstring(self.get(path).content)

    def texts(self, page, xpath):
        return [" ".join(node.text_content().split()) for node in page.xpath(xpath)]

    def rows(self):
        content = self.get("usage.csv?month=2026-10").content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(content)))

    def test_days_add_up_to_the_invoice(self):
        rows = self.rows()
        invoice = self.statement.move_id
        self.assertEqual(
            sum(Decimal(row["BilledCost"]) for row in rows),
            Decimal(str(invoice.amount_untaxed)),
        )
        self.assertEqual({row["InvoiceId"] for row in rows}, {invoice.name})
        self.assertEqual({row["BillingCurrency"] for row in rows}, {"USD"})
        by_meter = {
            meter: sum(
                Decimal(row["BilledCost"]) for row in rows if row["SkuId"] == meter
            )
            for meter in {row["SkuId"] for row in rows}
        }
        for meter, lines in self.statement.line_ids.grouped("meter_id").items():
            self.assertEqual(
                by_meter[meter.code], round(Decimal(sum(lines.mapped("amount"))), 2)
            )

    def test_columns_are_those_of_focus(self):
        row = [row for row in self.rows() if row["SkuId"] == "transfer_out"][1]
        self.assertEqual(row["ChargePeriodStart"], "2026-10-07T00:00:00Z")
        self.assertEqual(row["ChargePeriodEnd"], "2026-10-08T00:00:00Z")
        self.assertEqual(row["BillingPeriodStart"], "2026-10-01T00:00:00Z")
        self.assertEqual(row["ChargeCategory"], "Usage")
        self.assertEqual(row["ConsumedUnit"], "GiB")
        self.assertEqual(Decimal(row["ConsumedQuantity"]), 300)
        self.assertEqual(row["ServiceCategory"], "Networking")

    def test_json_says_the_same(self):
        document = json.loads(self.get("usage.json?month=2026-10").content)
        self.assertEqual(document["FocusVersion"], "1.2")
        self.assertEqual(document["Rows"], self.rows())

    def test_month_by_day(self):
        page = self.page("usage?month=2026-10")
        total = f"{self.statement.amount_total:,.2f}"
        self.assertIn(total, self.texts(page, "//table[@name='meters']/tfoot")[0])
        (seventh,) = self.texts(
            page, "//table[@name='days']//tr[contains(., 'Oct 7,')]"
        )
        self.assertIn("21.60", seventh)
        chart = json.loads(page.xpath("//figure/@data-chart")[0])
        self.assertEqual(len(chart["days"]), 31)
        transfer = next(one for one in chart["kinds"] if one["kind"] == "transfer")
        self.assertEqual(transfer["amounts"][6], 21.6)
        self.assertEqual(len(chart["earlier"]), 31)
        self.assertTrue(page.xpath("//a[@name='before']"))

    def test_one_day_by_meter(self):
        page = self.page("usage?day=2026-10-07")
        (row,) = self.texts(
            page, "//table[@name='day']//tr[contains(., 'Transfer out')]"
        )
        self.assertEqual(row, "Transfer out to the internet 300 GiB $ 21.60")

    def test_running_month_agrees_with_the_balance(self):
        today = Date.today()
        self.report(self.account, "requests_a", today, 1_000_000)
        page = self.page("usage")
        self.authenticate(self.user.login, self.user.login)
        billing = html.fromstring(
            self.url_open(f"/my/billing/{self.account.id}").content
        )
        (total,) = self.texts(page, "//table[@name='meters']/tfoot//td")
        (balance,) = self.texts(billing, "//table[@name='usage']/tfoot//td")
        self.assertEqual(total, balance)

    def test_a_coupon_is_used_up_by_the_month_that_waits_for_its_invoice(self):
        today = Date.today()
        last_month = Date.subtract(Date.start_of(today, "month"), months=1)
        account = self.make_account("late", date_start=last_month)
        login = self.make_portal_user(account).login
        self.make_coupon(fixed=10)._redeem(account)
        for day in (last_month, today):
            self.report(account, "transfer_out", day, 500 * GIB)
        self.authenticate(login, login)

        def read(path):
            return html.fromstring(
                self.url_open(f"/my/billing/{account.id}{path}").text
            )

        waiting = read(f"/usage?month={last_month:%Y-%m}")
        days = "//table[@name='meters']//tr[contains(., 'Coupon')]"
        (coupon,) = self.texts(waiting, days)
        self.assertIn("10.00", coupon)
        running = read("/usage")
        self.assertFalse(self.texts(running, days))
        (total,) = self.texts(running, "//table[@name='meters']/tfoot//td")
        (balance,) = self.texts(read(""), "//table[@name='usage']/tfoot//td")
        self.assertEqual(total, balance)

    def test_nonsense_shows_the_running_month(self):
        for query in ("month=x", "month=2026-13", "month=1999-01", "day=2026-02-31"):
            with self.subTest(query):
                self.assertEqual(self.get(f"usage?{query}").status_code, 200)
        self.assertEqual(self.get("usage.xml").status_code, 404)

    def test_nothing_used(self):
        fresh = self.make_account("fresh", date_start=Date.today())
        login = self.make_portal_user(fresh).login
        self.authenticate(login, login)
        page = self.url_open(f"/my/billing/{fresh.id}/usage").text
        self.assertIn("Nothing was used in", page)
        rows = json.loads(self.url_open(f"/my/billing/{fresh.id}/usage.json").content)
        self.assertEqual(rows["Rows"], [])

    def test_a_month_that_cannot_be_rated_says_so(self):
        self.account.price_book_id = self.env["bitpaket.price.book"].create(
            {"name": "Empty"}
        )
        self.report(self.account, "requests_a", Date.today(), 5)
        page = self.get("usage")
        self.assertEqual(page.status_code, 200)
        self.assertIn("cannot be told right now", page.text)
        self.assertEqual(self.get("usage.csv").status_code, 503)

    def test_strangers_see_nothing(self):
        rival = self.make_account("rival", date_start=date(2026, 9, 1))
        login = self.make_portal_user(rival).login
        for path in ("usage.csv?month=2026-10", "usage.json?month=2026-10"):
            self.assertEqual(self.get(path, login).status_code, 404)
        page = self.get("usage?month=2026-10", login)
        self.assertTrue(page.url.endswith("/my"), page.url)
        outsider = new_test_user(self.env, "outsider", groups="base.group_portal")
        self.assertEqual(self.get("usage.csv", outsider.login).status_code, 404)
        self.authenticate(None, None)
        page = self.url_open(f"/my/billing/{self.account.id}/usage.csv")
        self.assertIn("/web/login", page.url)
