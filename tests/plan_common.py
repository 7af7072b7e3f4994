"""What the tests of plans share."""

from odoo.fields import Command
from odoo.tests import freeze_time

from .common import BillingMixin


class PlanMaker(BillingMixin):
    """Makes plans, and lets time pass."""

    @classmethod
    def make_plan(cls, name="Basic", month=30, year=None, allowances=(), **values):
        """Return a plan in US dollars.

        :param allowances: (code of the meter, quantity, cap or None)
        """
        prices = [("month", month), ("year", year)]
        return cls.env["sale.subscription.template"].create(
            {
                "name": name,
                "bitpaket_is_plan": True,
                "bitpaket_company_id": cls.env.company.id,
                "bitpaket_price_ids": [
                    Command.create(
                        {
                            "currency_id": cls.env.ref("base.USD").id,
                            "interval": interval,
                            "amount": amount,
                        }
                    )
                    for interval, amount in prices
                    if amount is not None
                ],
                "bitpaket_allowance_ids": [
                    Command.create(
                        {
                            "meter_id": cls.meter(code).id,
                            "quantity": quantity,
                            "rolls_over": bool(cap),
                            "cap": cap or 0,
                        }
                    )
                    for code, quantity, cap in allowances
                ],
                **values,
            }
        )

    def change(self, day, what, *args, account=None, **kwargs):
        """Change the plan on a day; what was told beforehand must hold.

        :return: the change
        """
        account = account or self.account
        with freeze_time(f"{day} 12:00:00"):
            account.invalidate_recordset()
            quote = account._quote_plan(what, *args, **kwargs)
            change = account._change_plan(what, *args, **kwargs)
            self.assertEqual(change.date, quote["date"])
            self.assertEqual(change._charged(), quote["total"])
            self.assertEqual(
                [(line.name, line.amount) for line in change.statement_ids.line_ids],
                quote["lines"],
            )
        return change

    def use(self, meter, quantity, day, account=None):
        """Report usage of a day, in base units."""
        self.arrive_later()
        self.report(account or self.account, meter, day, quantity)

    def run_on(self, day):
        """Do on a day what the scheduler does: close what has ended."""
        statements = self.env["bitpaket.statement"]
        with freeze_time(f"{day} 06:00:00"):
            self.env.invalidate_all()
            statements._create_due()
            due = statements.search(
                [("state", "in", ("closed", "error")), ("held", "=", False)],
                order="period_end, id",
            )
            for some in due.grouped("period_end").values():
                some._invoice_batch()
            self.env["bitpaket.plan.change"]._cron_follow()

    def statements(self, account=None):
        """Return (from, until, kind, total) of an account's statements, in order."""
        statements = self.env["bitpaket.statement"].search(
            [("account_id", "=", (account or self.account).id)],
            order="period_start, kind, id",
        )
        return [
            (
                str(one.period_start),
                str(one.period_end),
                one.kind,
                one.amount_total,
            )
            for one in statements
        ]

    def line_texts(self, statement):
        """Return (text, amount) of a statement's lines."""
        return [(line.name, line.amount) for line in statement.line_ids]


class PlanMixin(PlanMaker):
    """A company that sells plans, and an account that pays as it goes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account(book=cls.book, date_start="2026-10-01")
