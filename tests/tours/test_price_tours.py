"""What finance does in the browser: try prices before they are decided."""

from dateutil.relativedelta import relativedelta

from odoo.fields import Date
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestPriceTours(BillingMixin, HttpCase):
    def test_try_and_compare_prices(self):
        company = self.make_company()
        this_month = Date.start_of(Date.today(), "month")
        last_month = this_month - relativedelta(months=1)
        book = self.make_price_book()
        small = book.price_ids.filtered(lambda price: price.unit_price == 0.0004)
        small.unit_price = 0.000000004
        dearer = book.copy({"name": "Dearer"})
        storage = dearer.price_ids.filtered(lambda price: price.unit_price == 0.023)
        storage.unit_price = 0.025
        account = self.make_account("acme", book=book, date_start=last_month)
        self.report_month(account, f"{last_month:%Y-%m}")
        self.assertEqual(self.close(account, this_month).move_id.amount_untaxed, 29)
        new_test_user(
            self.env,
            "finance",
            "bitpaket_billing.group_billing_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.start_tour(
            "/odoo/action-bitpaket_billing.bitpaket_price_book_action",
            "bitpaket_billing_try_prices",
            login="finance",
        )
