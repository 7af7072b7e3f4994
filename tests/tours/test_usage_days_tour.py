"""What a customer reads of the usage by day."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import HttpCase, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestUsageDaysTour(BillingMixin, HttpCase):
    def test_read_the_usage_by_day(self):
        this_month = Date.start_of(Date.today(), "month")
        last_month = this_month - relativedelta(months=1)
        account = self.make_account("acme", date_start=last_month)
        user = self.make_portal_user(account)
        self.report_month(account, f"{last_month:%Y-%m}")
        self.close(account, this_month)
        self.start_tour("/my/billing", "bitpaket_usage_by_day", login=user.login)
