"""Months in the life of accounts with plans, by chance; runs inside Odoo's Python.

`python -m tests.integration.life_inside SEED ACCOUNTS MONTHS`; prints JSON.
"""

import json
import os
import random
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import freeze_time
from odoo.tools import config

START = date(2025, 10, 1)
STEPS = (1, 11, 21)
METERS = {
    "requests_a": 2_000_000,
    "transfer_out": 300 * 1024**3,
    "storage": 400 * 1024**3 * 24 * 10,
}
CHANGES = ("choose",) * 8 + ("cancel", "cancel_now", "pause", "resume", "undo")


def world_of(env):
    """Return the helpers of the tests, on an environment that commits."""
    from ..coupon_common import CouponMaker
    from ..plan_common import PlanMixin

    world = type("World", (CouponMaker, PlanMixin), {"env": env})
    world.company = world.make_company("Life Inc.")
    return world


class Life:
    """Accounts, what they do by chance, and what must hold whatever they do."""

    def __init__(self, env, seed, accounts):
        self.dice = random.Random(seed)
        self.done = Counter()
        self.reported = defaultdict(int)
        self.paid = defaultdict(float)
        with freeze_time(START):
            world = world_of(env)
            self.env = env = world.env
            self.world = world
            self.book = world.make_price_book(start="2020-01-01")
            self.broken = world.make_price_book("Broken", start="2020-01-01")
            self.broken.price_ids.filtered(
                lambda price: price.meter_id.code == "storage"
            ).unlink()
            self.plans = self.make_plans()
            self.coupons = [
                world.make_coupon(15, duration="forever", max_per_account=1),
                world.make_coupon(fixed=20, max_per_account=2),
                world.make_coupon(
                    40, duration="invoices", invoices=2, max_per_account=2
                ),
            ]
            for number in range(accounts):
                world.make_account(
                    f"life-{number}",
                    book=self.book,
                    date_start=START + timedelta(self.dice.randrange(25)),
                )
            env.cr.commit()
        self.accounts = env["bitpaket.account"].search(
            [("reference", "=like", "life-%")], order="id"
        )

    def make_plans(self):
        """Return plans of all sorts."""
        make = self.world.make_plan
        return (
            make("Small", 9.99, 99, [("transfer_out", 100, None)])
            | make(
                "Medium", 29, 290, [("storage", 200, None), ("requests_a", 1e6, 5e5)]
            )
            | make("Large", 99.5, 995.5, [("transfer_out", 1000, 400)])
            | make("Try", 19, None, bitpaket_trial_days=14)
            | make("Bound", 15, 150, bitpaket_minimum_months=3, bitpaket_renews=True)
        )

    # === A STEP === #

    def step(self, today, last):
        """Let what happens between two days happen, and close what has ended.

        :param date today: the day
        :param date last: the day of the step before
        """
        with freeze_time(datetime.combine(today, datetime.min.time())):
            self.use(last, today)
            self.close()
        with freeze_time(datetime.combine(today, datetime.min.time()) + timedelta(0.5)):
            for account in self.accounts:
                self.live(account)
            self.env.cr.commit()
            self.close()

    def use(self, last, today):
        """Report usage of the days since the last step, and some of long ago."""
        rows = []
        for account in self.accounts:
            for code, most in METERS.items():
                for _event in range(self.dice.choice((0, 1, 1))):
                    days = (today - last).days
                    if self.dice.random() < 0.05:
                        days = (today - account.date_start).days
                    day = today - timedelta(self.dice.randint(1, max(days, 1)))
                    if day < account.date_start:
                        continue
                    quantity = self.dice.randrange(most)
                    self.reported[account.id, code] += quantity
                    time = datetime(
                        day.year, day.month, day.day, 12, tzinfo=timezone.utc
                    )
                    rows.append(
                        self.world.usage_row(
                            account,
                            f"e{len(rows)}-{today}",
                            code,
                            time.isoformat(),
                            str(quantity),
                        )
                    )
        self.world.store(rows, datetime.now(timezone.utc))
        self.env.cr.commit()

    def live(self, account):
        """Do by chance what customers and finance do."""
        from odoo.exceptions import UserError

        deeds = {
            self.change: 0.12,
            self.redeem: 0.02,
            self.spoil: 0.02,
            self.pay: 0.04,
            self.correct: 0.02,
        }
        for deed, chance in deeds.items():
            if self.dice.random() >= chance or account.date_start > date.today():
                continue
            try:
                with self.env.cr.savepoint():
                    done = deed(account)
                self.done[f"{deed.__name__} {done}"] += 1
            except UserError:
                self.done[f"{deed.__name__} refused"] += 1

    def change(self, account):
        what = self.dice.choice(CHANGES)
        if what == "undo":
            account._undo_plan_change()
            return what
        arguments = [what]
        if what == "choose":
            arguments += [
                self.dice.choice(self.plans),
                self.dice.choice(("month", "year")),
            ]
        quote = None
        if self.dice.random() < 0.3:
            quote = account._quote_plan(*arguments)
        change = account._change_plan(*arguments)
        assert quote is None or (quote["total"], quote["date"]) == (
            change._charged(),
            change.date,
        )
        return change.kind

    def redeem(self, account):
        self.dice.choice(self.coupons)._redeem(account)
        return "coupon"

    def spoil(self, account):
        account.price_book_id = self.broken
        return "prices"

    def pay(self, account):
        invoices = account.invoice_ids.filtered(
            lambda move: move.state == "posted"
            and move.move_type == "out_invoice"
            and move.amount_residual
        )
        if not invoices:
            return "nothing"
        invoice = self.dice.choice(invoices)
        payments = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        self.paid[account.id] += invoice.amount_residual
        payments.create({})._create_payments()
        return "invoice"

    def correct(self, account):
        statement = account.statement_ids[:2].filtered("move_id")[:1]
        lines = statement.line_ids.filtered(
            lambda line: line.amount > 0 and line._left() > 0 and not line.redemption_id
        )
        if not lines:
            return "nothing"
        credits = {line: line._left() for line in lines}
        statement._correct(credits, "By chance", self.dice.choice(("never", "now")))
        return "statement"

    def close(self):
        """Run the scheduled jobs, mend what fails, run them again, and once more."""
        self.run_jobs()
        failed = self.env["bitpaket.statement"].search(
            [("state", "=", "error"), ("account_id", "in", self.accounts.ids)]
        )
        self.done["failed"] += len(failed)
        assert all(failed.mapped("message"))
        self.accounts.filtered(
            lambda account: account.price_book_id == self.broken
        ).price_book_id = self.book
        failed.action_retry()
        self.env.cr.commit()
        self.run_jobs()
        before = self.counts()
        self.run_jobs()
        assert self.counts() == before, "a second run changed something"

    def run_jobs(self):
        """Run them as the scheduler does, each in transactions of its own."""
        self.env.cr.commit()
        for name in ("roll_up_usage", "follow_plans", "close_periods"):
            self.env.ref(f"bitpaket_billing.ir_cron_{name}").method_direct_trigger()
        self.env.cr.commit()  # and look at what they did
        self.env.invalidate_all()

    def counts(self):
        return [
            self.env[name].search_count([])
            for name in ("account.move", "account.move.line", "bitpaket.statement")
        ]

    # === WHAT MUST HOLD === #

    def check(self, today):
        """Check what design promises never to break.

        :param date today: all that ended before it is closed
        """
        self.env.invalidate_all()
        failed = self.accounts.statement_ids.filtered(lambda one: one.state == "error")
        assert not failed, failed.mapped("message")
        for account in self.accounts:
            self.check_periods(account, today)
            self.check_documents(account)
            self.check_fees(account, today)
            self.check_usage(account)
        self.check_ledger()

    def check_periods(self, account, today):
        """Every day is in one period: as the rating core says, and as was billed."""
        statements = account.statement_ids.sorted("period_start")
        periods = [(one.period_start, one.period_end) for one in statements]
        expected = account._timeline().periods(today)
        assert periods == [(one.start, one.end) for one in expected], (
            account.reference,
            periods,
            expected,
        )

    def check_documents(self, account):
        """A statement has one invoice, which says what the statement says."""
        statements = self.env["bitpaket.statement"].search(
            [("account_id", "=", account.id)]
        )
        for statement in statements:
            first = statement.line_ids.filtered(
                lambda line, one=statement: line.move_id == one.move_id
                and line.type != "credit"
            )
            total = round(sum(first.mapped("amount")), 2)
            assert total == round(statement.amount_total, 2), statement
            for move in statement.document_ids:
                amount = -move.direction_sign * move.amount_untaxed
                said = round(sum(move.usage_line_ids.mapped("amount")), 2)
                assert said == round(amount, 2), (statement, move.name)
        originals = account.invoice_ids.filtered(
            lambda move: not move.bitpaket_revision and move.bitpaket_statement_id
        )
        assert len(originals) == len(originals.bitpaket_statement_id)

    def check_fees(self, account, today):
        """Each day on a plan is charged at its price, and no other day.

        Days after the month or year that is paid for are not charged yet.
        """
        lines = self.env["bitpaket.usage.line"].search(
            [("account_id", "=", account.id), ("phase_id", "!=", False)]
        )
        if not lines or lines.redemption_id or lines.credit_ids:
            return  # what coupons and credits change is tested for itself
        charged = defaultdict(Fraction)
        for line in lines:
            days = (line.date_end - line.date_start).days
            for number in range(days):
                day = line.date_start + timedelta(number)
                charged[day] += Fraction(str(line.amount)) / days
        timeline = account._timeline()
        paid_until = timeline.fee_end(today)
        for day, amount in charged.items():
            phase = timeline.phase(day)
            price = Fraction(0)
            if phase.plan and day < paid_until:
                fee = self.fee_period(phase, day)
                price = Fraction(phase.fee) / (fee[1] - fee[0]).days
            assert abs(amount - price) < Fraction(len(lines), 100), (
                account.reference,
                day,
                float(amount),
                float(price),
                [(line.name, line.amount) for line in lines],
                [(phase.date_start, phase.plan_id.name) for phase in account._phases()],
            )

    @staticmethod
    def fee_period(phase, day):
        """Return the month or year, counted from the anchor, that a day is in."""
        from odoo.addons.bitpaket_billing import rating

        number = 0
        while True:
            start = rating.add_months(phase.anchor, number)
            end = rating.add_months(phase.anchor, number + phase.months)
            if start <= day < end:
                return start, end
            number += phase.months

    def check_usage(self, account):
        """No event is lost, nor counted twice."""
        daily = self.env["bitpaket.usage.daily"].search(
            [("account_id", "=", account.id)]
        )
        for meter, some in daily.grouped("meter_id").items():
            total = round(sum(some.mapped("quantity")))
            assert total == self.reported[account.id, meter.code], account.reference

    def check_ledger(self):
        """What is owed is what was invoiced, less what was credited and paid."""
        for account in self.accounts:
            moves = account.invoice_ids.filtered(lambda move: move.state == "posted")
            total = sum(-move.direction_sign * move.amount_total for move in moves)
            owed = sum(-move.direction_sign * move.amount_residual for move in moves)
            paid = total - owed
            assert abs(paid - self.paid[account.id]) < 0.005, (
                account.reference,
                paid,
                self.paid[account.id],
            )


def main(seed, accounts, months):
    """Live, check every month, and print what was done."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        life = Life(api.Environment(cr, SUPERUSER_ID, {}), seed, accounts)
        last = START
        for number in range(months):
            for day in STEPS:
                year, month = divmod(START.month - 1 + number, 12)
                today = date(START.year + year, month + 1, day)
                if today > START:
                    life.step(today, last)
                    last = today
            with freeze_time(datetime.combine(last, datetime.min.time())):
                life.check(last)
    print(json.dumps(life.done), flush=True)
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
