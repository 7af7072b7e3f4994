"""Recurring revenue agrees with the phases, the invoices, and with itself."""

import random

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import TransactionCase, freeze_time, tagged

from ..plan_common import PlanMixin


@tagged("standard", "post_install", "-at_install")
class TestRecurringRevenue(PlanMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.basic = cls.make_plan("Basic", 30, 300)
        cls.pro = cls.make_plan("Pro", 60, 600)

    def rows(self, today, account=None):
        """Return (month, plan, kind, MRR, change) as seen on a day."""
        self.env.invalidate_all()
        with freeze_time(f"{today} 12:00:00"):
            rows = self.env["bitpaket.recurring.revenue"].search(
                [("account_id", "=", (account or self.account).id)], order="date"
            )
            return [
                (f"{row.date:%Y-%m}", row.plan_id, row.kind, row.mrr, row.movement)
                for row in rows
            ]

    def test_movements(self):
        """Each month tells what changed since the one before."""
        self.change("2026-11-12", "choose", self.basic)
        self.change("2027-01-20", "choose", self.pro)
        self.change("2027-02-01", "choose", self.basic)  # from the 12th on
        self.change("2027-04-02", "cancel_now")
        self.change("2027-06-30", "choose", self.basic, "year")
        self.assertEqual(
            self.rows("2027-07-15"),
            [
                ("2026-11", self.basic, "new", 30, 30),
                ("2026-12", self.basic, "same", 30, 0),
                ("2027-01", self.pro, "expansion", 60, 30),
                ("2027-02", self.basic, "contraction", 30, -30),
                ("2027-03", self.basic, "same", 30, 0),
                ("2027-04", self.basic, "churn", 0, -30),
                ("2027-06", self.basic, "reactivation", 25, 25),
                ("2027-07", self.basic, "same", 25, 0),
            ],
        )
        with freeze_time("2027-07-15"):
            row = self.env["bitpaket.recurring.revenue"].search(
                [("account_id", "=", self.account.id), ("kind", "=", "reactivation")]
            )
            self.assertEqual((str(row.cohort), row.arr), ("2026-11-01", 300))

    def test_what_does_not_count(self):
        """Neither trials, nor pauses, nor what is only going to begin."""
        plan = self.make_plan("Try", 45, bitpaket_trial_days=30)
        self.change("2026-11-12", "choose", plan)
        self.assertEqual(self.rows("2026-11-30"), [])
        self.change("2026-12-20", "pause")
        self.assertEqual(
            [row[:1] + row[2:] for row in self.rows("2027-02-20")],
            [("2026-12", "new", 45, 45), ("2027-01", "churn", 0, -45)],
        )
        self.assertEqual(len(self.rows("2027-01-11")), 2)  # still paid for today

    def test_an_account_that_ends(self):
        """Nothing recurs after the plan, which ends before its account does."""
        self.change("2026-11-12", "choose", self.basic)
        self.change("2026-11-20", "cancel")
        self.account.date_end = "2026-12-31"
        self.assertEqual([row[2] for row in self.rows("2027-03-01")], ["new", "churn"])

    def test_versions_are_one_plan(self):
        """A new version is no new plan, though it may be dearer."""
        self.change("2026-11-12", "choose", self.basic)
        self.basic.action_bitpaket_new_version()
        version = self.basic.bitpaket_replaced_by_id
        version.bitpaket_price_ids.filtered(lambda p: p.interval == "month").amount = 33
        self.change("2026-11-20", "version", version)
        self.assertEqual(
            self.rows("2026-12-31"),
            [
                ("2026-11", self.basic, "new", 30, 30),
                ("2026-12", self.basic, "expansion", 33, 3),
            ],
        )

    def test_agrees_with_the_invoices(self):
        """Whose whole month has one price is invoiced for it what the month tells."""
        other = self.make_account("other", book=self.book, date_start="2026-10-01")
        self.change("2026-11-01", "choose", self.basic)
        self.change("2026-11-17", "choose", self.pro, account=other)
        for day in ("2026-12-01", "2026-12-17", "2027-01-01", "2027-01-17"):
            self.run_on(day)
        self.change("2027-01-20", "choose", self.pro)
        self.run_on("2027-02-01")
        lines = self.env["bitpaket.usage.line"].search(
            [
                ("account_id", "in", (self.account | other).ids),
                ("type", "=", "fee"),
                ("date_start", ">=", "2026-12-01"),
                ("date_start", "<", "2027-01-01"),
            ]
        )
        self.assertEqual(lines.move_id.mapped("state"), ["posted"] * 2)
        invoiced = sum(lines.mapped("amount"))
        with freeze_time("2027-02-02"):
            told = self.env["bitpaket.recurring.revenue"]._read_group(
                [("date", "=", "2026-12-31"), ("company_id", "=", self.company.id)],
                [],
                ["mrr:sum", "mrr_company:sum", "arr:sum"],
            )
        self.assertEqual(told, [(invoiced, invoiced, 12 * invoiced)])
        self.assertEqual(invoiced, 90)

    def test_random_chains(self):
        """Whatever happens, movements add up, and each month has its phase's price."""
        seed = random.randrange(10**6)
        chance = random.Random(seed)
        accounts = [
            self.make_account(
                f"chain-{number}", book=self.book, date_start="2026-01-01"
            )
            for number in range(2)
        ]
        for account in accounts:
            day = Date.to_date("2026-01-01")
            while day < Date.to_date("2027-03-01"):
                day += relativedelta(days=chance.randrange(1, 60))
                what, plan, interval = chance.choice(
                    [
                        ("choose", self.basic, "month"),
                        ("choose", self.basic, "year"),
                        ("choose", self.pro, "month"),
                        ("choose", self.pro, "year"),
                        ("cancel", None, None),
                        ("cancel_now", None, None),
                        ("pause", None, None),
                        ("resume", None, None),
                    ]
                )
                with freeze_time(day):
                    self.env.invalidate_all()
                    try:
                        with self.env.cr.savepoint():
                            account._change_plan(what, plan, interval or "month")
                    except UserError:
                        continue
        for account in accounts:
            rows = self.rows("2027-04-15", account)
            total = 0
            told = {row[0]: row for row in rows}
            for number in range(16):
                month = Date.to_date("2026-01-01") + relativedelta(months=number)
                day = Date.end_of(month, "month")
                if number == 15:
                    day = Date.to_date("2027-04-15")
                phase = account._phase_on(day)
                price = phase.amount / (12 if phase.interval == "year" else 1)
                row = told.get(f"{month:%Y-%m}", (None, None, None, 0, 0))
                self.assertAlmostEqual(row[3], price, 9, f"seed {seed}, {month}")
                self.assertAlmostEqual(row[3] - total, row[4], 9, f"seed {seed}")
                total = row[3]

    def test_currencies(self):
        """Rates of a month's end; what other rates do is told apart."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": euro.id,
                    "name": day,
                    "rate": rate,
                    "company_id": self.company.id,
                }
                for day, rate in (("2026-01-01", 0.5), ("2026-12-15", 0.8))
            ]
        )
        book = self.make_price_book("Euro", currency_id=euro.id)
        account = self.make_account("euro", book=book, date_start="2026-10-01")
        plan = self.make_plan(
            "Euro",
            bitpaket_price_ids=[
                Command.create(
                    {"currency_id": euro.id, "interval": "month", "amount": 40}
                )
            ],
        )
        self.change("2026-11-12", "choose", plan, account=account)
        with freeze_time("2026-12-31"):
            rows = self.env["bitpaket.recurring.revenue"].search(
                [("account_id", "=", account.id)], order="date"
            )
            self.assertEqual(rows.mapped("mrr"), [40, 40])
            self.assertEqual(rows.mapped("mrr_company"), [80, 50])
            self.assertEqual(rows.mapped("movement_company"), [80, 0])
            self.assertEqual(rows.mapped("exchange_company"), [0, -30])

    def test_access(self):
        """Viewers of the company see it; nobody else does."""
        self.change("2026-11-12", "choose", self.basic)
        mine, foreign = (
            self.env["res.users"].create(
                {
                    "name": f"Viewer of {company.name}",
                    "login": f"mrr-viewer-{company.id}",
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                    "group_ids": [
                        Command.set(self.env.ref("bitpaket_billing.group_viewer").ids)
                    ],
                }
            )
            for company in (self.company, self.env.ref("base.main_company"))
        )
        mine_only = [("account_id", "=", self.account.id)]
        revenue = self.env["bitpaket.recurring.revenue"]
        with freeze_time("2026-11-30"):
            self.assertEqual(len(revenue.with_user(mine).search(mine_only)), 1)
            self.assertFalse(
                revenue.with_user(foreign)
                .with_context(allowed_company_ids=foreign.company_ids.ids)
                .search(mine_only)
            )
        portal = self.make_portal_user(self.account)
        with self.assertRaises(AccessError):
            revenue.with_user(portal).search([])
