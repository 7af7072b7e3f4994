"""From a vendor's price table to the invoice of a month."""

from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import TransactionCase

from odoo.addons.bitpaket_billing import rating

from ..common import BillingMixin

#: Aggregations whose days are levels, which last until the next one is reported.
LEVELS = ("byte_hours", "gauge", "daily_peak_mean")


class VendorCase(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account_count = 0

    def load(self, vendor):
        """Return the book of a vendor's price table."""
        return self.env["bitpaket.price.example"]._load(vendor)

    def bill(self, book, month, usage):
        """Report a month's usage of a new account, and close that month.

        :param str month: such as 2026-10
        :param dict usage: by code of the meter, what was used by day, as in `vendors`
        :return: the statement
        """
        period = rating.calendar_month(date.fromisoformat(f"{month}-01"))
        type(self).account_count += 1
        account = self.make_account(
            f"customer-{self.account_count}", book=book, date_start=period.start
        )
        for code, days in usage.items():
            self.report_days(account, code, period, days)
        statement = self.close(account, period.end)
        self.assertIn(statement.state, ("invoiced", "rated"), statement.message)
        return statement

    def report_days(self, account, code, period, days):
        """Report what was used of a meter, in billed units by day of the period."""
        meter = self.meter(code)
        size = meter._unit_size()
        if meter.aggregation == "retention":
            for day, (deleted, stored_days) in days.items():
                lacking = meter.minimum_days - stored_days
                quantity = Decimal(deleted) * size * lacking * 24
                self.roll_up(account, meter, period.start.replace(day=day), quantity)
            return
        if meter.aggregation in LEVELS:
            days = {
                number: days[max(day for day in days if day <= number)]
                for number in range(1, period.days + 1)
            }
        for number, used in days.items():
            day = period.start + timedelta(days=number - 1)
            quantity = Decimal(used) * size
            if meter.aggregation == "gauge":
                self.roll_up(account, meter, day, quantity * 24)
                continue
            if meter.aggregation == "byte_hours":
                quantity *= 24
            self.report(account, code, day, f"{quantity:f}")

    def roll_up(self, account, meter, day, quantity):
        """Store what the rollup of such a meter makes of a day."""
        self.env["bitpaket.usage.daily"].create(
            {
                "account_id": account.id,
                "meter_id": meter.id,
                "day": day,
                "quantity": float(quantity),
            }
        )
