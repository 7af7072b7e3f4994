"""A year of a company's books, with every kind of entry that billing makes."""

from odoo.fields import Command
from odoo.tests import freeze_time

from .coupon_common import CouponMaker
from .fastspring_money import MoneyMixin
from .plan_common import PlanMaker

#: What a company in another chart than the generic one has: country and currencies.
CHARTS = {
    "generic_coa": ("base.us", "USD", "EUR"),
    "de_skr03": ("base.de", "EUR", "USD"),
    "tr": ("base.tr", "TRY", "EUR"),
}
#: From its first day on, and until after whenever tests run.
START, END = "2026-01-01", "2126-01-01"


class YearMixin(PlanMaker, CouponMaker, MoneyMixin):
    """A company with a chart of its own, that lives through a year.

    :cvar chart: its chart of accounts
    :cvar tax_mode: whose tax it is
    """

    chart = "generic_coa"
    tax_mode = "merchant_of_record"

    @classmethod
    def make_company(cls):
        country, currency, foreign = CHARTS[cls.chart]
        company = super().make_company(f"Year {cls.chart}", country, cls.chart)
        assert company.currency_id.name == currency
        company.write(
            {
                "bitpaket_tax_mode": cls.tax_mode,
                "bitpaket_defer": True,
                "bitpaket_refund_automatic": True,
            }
        )
        currencies = cls.env["res.currency"].with_context(active_test=False)
        used = currencies.search([("name", "in", {foreign, "USD"} - {currency})])
        used.active = True
        for one in used:
            one.rate_ids = [
                Command.create({"name": day, "rate": rate, "company_id": company.id})
                for day, rate in ((START, 0.8), ("2026-06-01", 0.93751))
            ]
        cls.foreign = used.filtered(lambda one: one.name == foreign)
        return company

    def live(self):
        """Live through the year."""
        self.bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        if self.tax_mode == "own_tax":
            products = self.env["bitpaket.meter"]._catalogue().product_id
            products += self.env.ref("bitpaket_billing.product_minimum")
            products.taxes_id = self.company.account_sale_tax_id
        self.use_and_pay()
        self.use_abroad()
        self.subscribe()
        self.buy()
        self.sell_through_fastspring()

    # === WHAT HAPPENS === #

    def use_and_pay(self):
        """Three months of usage with coupon and minimum, one credited, one paid."""
        self.metered = self.make_account(
            "metered", book=self.make_price_book("Own"), date_start="2026-01-01"
        )
        coupon = self.make_coupon(20)
        coupon._redeem(self.metered, self.make_code(coupon))
        self.metered.minimum_ids = [
            Command.create({"date_start": "2026-03-01", "amount": 50})
        ]
        for month, until in (
            ("2026-01", "2026-02-01"),
            ("2026-02", "2026-03-01"),
            ("2026-03", "2026-04-01"),
        ):
            self.report_month(self.metered, month)
            self.close(self.metered, until)
        invoices = self.env["account.move"].search(
            [("bitpaket_account_id", "=", self.metered.id)], order="date"
        )
        self.paid, self.credited, self.topped_up = invoices
        self.transfer(self.paid, "2026-02-20")
        self.note = self.credited._reverse_moves(
            [{"invoice_date": "2026-03-15", "date": "2026-03-15"}], cancel=True
        )

    def use_abroad(self):
        """Usage that is billed in a foreign currency, and paid at another rate."""
        book = self.make_price_book("Abroad", currency_id=self.foreign.id)
        account = self.make_account("abroad", book=book, date_start="2026-04-01")
        self.report_month(account, "2026-04")
        self.abroad = self.close(account, "2026-05-01").move_id
        self.transfer(self.abroad, "2026-06-10")

    def transfer(self, invoice, day):
        """Register that money came, or went, on the bank."""
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"payment_date": day, "journal_id": self.bank.id})._create_payments()

    def subscribe(self):
        """A plan by the month, one by the year in its place, an upgrade of that."""
        dollars = self.env.ref("base.USD")
        book = self.make_price_book("Plans", currency_id=dollars.id)
        self.planned = self.make_account("planned", book=book, date_start="2026-05-01")
        basic = self.make_plan("Basic", 30, 300)
        pro = self.make_plan("Pro", 60, 600)
        coupon = self.make_coupon(10, name="On plans")
        coupon._redeem(self.planned, self.make_code(coupon, "PLANS"))
        account = self.planned
        self.change("2026-05-12", "choose", basic, account=account)
        self.change("2026-05-22", "choose", basic, "year", account=account)
        self.change("2026-08-22", "choose", pro, "year", account=account)
        with freeze_time("2027-03-02"):
            recognise = self.env.ref("bitpaket_billing.ir_cron_recognise_revenue")
            with self.enter_registry_test_mode():
                recognise.method_direct_trigger()
            self.env.invalidate_all()
            self.env.cr.precommit.data.pop("sequence.mixin", None)

    def buy(self):
        """A bill of a supplier, who is a customer as well, and its payment."""
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.metered.partner_id.id,
                "invoice_date": "2026-07-05",
                "ref": "R-4711",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Disks", "price_unit": 240.5, "tax_ids": []}
                    )
                ],
            }
        )
        bill.action_post()
        self.transfer(bill, "2026-07-20")

    def sell_through_fastspring(self):
        """An order paid out and charged back, and one given back."""
        _transaction, order = self.pay(self.bill(100))
        self.settle()
        dollars = self.env.ref("base.USD")
        payout = self.env["bitpaket.fastspring.payout"].create(
            {"currency_id": dollars.id}
        )
        payout.action_propose()
        payout.amount = payout.amount_entries
        payout.action_book()
        self.simulator.chargeback(order["id"])
        self.settle()
        _transaction, order = self.pay(self.bill(50))
        self.settle()
        self.simulator.refund(order["id"])
        self.settle()

    # === HANDING OVER === #

    def moves(self):
        """Return all posted entries, in their order."""
        return self.env["account.move"].search(
            [("company_id", "=", self.company.id), ("state", "=", "posted")],
            order="date, name, id",
        )

    def make_target(self, format_, **values):
        return self.env["bitpaket.export.target"].create(
            {
                "name": format_,
                "format": format_,
                "journal_ids": [Command.clear()],
                **values,
            }
        )

    def hand_over(self, target):
        """Export the year; return the files' bytes by name."""
        batch = self.env["bitpaket.export.batch"].create(
            {"target_id": target.id, "date_start": START, "date_end": END}
        )
        batch.action_check()
        errors = batch.problem_ids.filtered(lambda one: one.severity == "error")
        self.assertFalse(errors.mapped("text"))
        batch.action_export()
        self.assertEqual(batch.state, "generated", batch.message)
        return {one.name: one.attachment_id.raw for one in batch.file_ids}
