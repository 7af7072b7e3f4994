"""What an account's running period will come to, as its invoice will say it."""

from datetime import timedelta

from odoo.fields import Command, Date
from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.bitpaket_billing import rating

from ..common import GIB, BillingMixin

NOW = "2026-11-16 12:00:00"


@tagged("standard", "post_install", "-at_install")
@freeze_time(NOW)
class TestAccountForecast(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-11-01")

    def use(self, meter, quantity, first="2026-11-01", days=15, account=None):
        for number in range(days):
            day = Date.to_date(first) + timedelta(days=number)
            self.report(account or self.account, meter, day, quantity)

    def total(self, account=None):
        outlook = (account or self.account)._rate_running().outlook
        total = outlook and outlook.total
        return total and [float(total.low), float(total.expected), float(total.high)]

    def test_requests_go_on_and_allowances_count(self):
        self.use("requests_a", 1_000_000)  # 5.00 a day
        self.use("transfer_out", 10 * GIB)  # 100 GiB of a month are free
        running = self.account._rate_running()
        self.assertEqual(float(running.rated.total), 75 + 4.5)
        # 14.5 days are to come: 72.50, and 145 GiB for 13.05.
        self.assertEqual(self.total(), [165.05] * 3)
        found = running.outlook.quantity("transfer_out")
        self.assertEqual(float(found.expected), 295)

    def test_storage_stays(self):
        self.use("storage", 24 * 500 * GIB)
        # 29.5 days: 15 so far, and 14.5 to come, of 500 GiB at 0.023
        expected = 500 * 0.023 * 29.5 / 30
        self.assertEqual(self.total(), [round(expected, 2)] * 3)

    def test_a_level_that_nobody_reports_again_stays(self):
        meter = self.make_meter(
            "level",
            "time_weighted",
            book=self.account.price_book_id,
            unit_size="custom",
            unit_size_custom=1,
            month_hours="real",
        )
        row = self.usage_row(
            self.account, "level-1", meter.code, "2026-11-01T00:00:00", 60
        )
        self.store([row])
        running = self.account._rate_running()
        self.assertEqual(float(running.rated.total), 31)  # 15.5 of 30 days
        self.assertEqual(self.total(), [60] * 3)

    def test_a_minimum_and_a_coupon_count(self):
        self.use("requests_a", 1_000_000)
        self.account.minimum_ids = [
            Command.create(
                {
                    "kind": "commitment",
                    "currency_id": self.account.currency_id.id,
                    "amount": 200,
                    "date_start": "2026-01-01",
                }
            )
        ]
        self.assertEqual(self.total(), [200] * 3)
        coupon = self.env["bitpaket.coupon"].create(
            {"name": "Half", "percent": 50, "company_id": self.company.id}
        )
        coupon._redeem(self.account)
        self.assertEqual(self.total(), [100] * 3)

    def test_little_is_known_of_a_new_account(self):
        self.use("requests_a", 1_000_000, "2026-11-14", 2)
        self.assertIsNone(self.account._rate_running().outlook)
        self.use("requests_a", 1_000_001, "2026-11-13", 1)
        self.assertTrue(self.account._rate_running().outlook)

    def test_the_month_before_counts(self):
        account = self.make_account("older", date_start="2026-10-01")
        self.use("requests_a", 1_000_000, "2026-10-25", 7, account)
        with freeze_time("2026-11-01 00:00:00"):
            account.invalidate_recordset()
            self.assertEqual(self.total(account), [150] * 3)

    def test_an_account_that_ends_is_forecast_to_its_end(self):
        self.account.date_end = "2026-11-21"
        self.use("requests_a", 1_000_000)
        self.assertEqual(self.total(), [75 + 22.5] * 3)

    def test_nothing_is_forecast_of_an_account_that_has_ended(self):
        self.use("requests_a", 1_000_000, days=5)
        self.account.date_end = "2026-11-10"
        with freeze_time("2026-12-02"):
            self.assertIsNone(self.account._rate_running())

    def test_at_the_end_it_is_what_is_invoiced(self):
        self.use("requests_a", 1_234_567, days=30)
        with freeze_time("2026-11-30 23:59:59"):
            low, expected, high = self.total()
        with freeze_time("2026-12-01 06:00:00"):
            statement = self.close(self.account, "2026-12-01")
        self.assertEqual(statement.amount_total, expected)
        self.assertEqual([low, high], [expected] * 2)

    def test_what_is_charged_per_event_is_not_forecast(self):
        meter = self.make_meter("sales", "sum", unit_size="custom", unit_size_custom=1)
        self.env["bitpaket.price"].create(
            {
                "book_id": self.account.price_book_id.id,
                "meter_id": meter.id,
                "date_start": "2026-01-01",
                "model": "percentage",
                "unit_price": 10,
            }
        )
        self.use("sales", 100)
        self.assertEqual(self.total(), [150] * 3)

    def test_usage_that_cannot_be_rated_has_no_forecast(self):
        book = self.env["bitpaket.price.book"].create({"name": "Without prices"})
        account = self.make_account("priceless", book=book, date_start="2026-11-01")
        self.use("requests_a", 1, account=account)
        running = account._rate_running()
        self.assertIsInstance(running.rated, rating.RatingError)
        self.assertIsNone(running.outlook)
