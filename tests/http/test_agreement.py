"""One number everywhere: balance, preview, invoice, PDF and CSV, to the cent."""

import csv
import io
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from lxml import html

from odoo.fields import Date
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools.misc import formatLang

from ..common import GIB
from ..coupon_common import CouponMaker
from ..plan_common import PlanMixin

ACCOUNTS = 200
START, LAST = "2026-10-01", Date.to_date("2026-10-31")
MOST = {
    "requests_a": 9_000_000,
    "requests_b": 90_000_000,
    "storage": 3_000 * GIB * 24 * 31,
    "transfer_out": 2_000 * GIB,
    "transfer_in": 500 * GIB,
}


@tagged("standard", "post_install", "-at_install")
class TestAgreement(CouponMaker, PlanMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        seed = int(os.environ.get("AGREEMENT_SEED", "20261031"))
        print(f"accounts by chance: AGREEMENT_SEED={seed}")
        cls.dice = random.Random(seed)
        cls.owner = cls.account.partner_id
        with freeze_time(START):
            coupons = [cls.make_coupon(33), cls.make_coupon(fixed=7.77)]
            plan = cls.make_plan("Pro", 49.9, allowances=[("transfer_out", 250, None)])
        cls.accounts = cls.account.browse()
        for number in range(ACCOUNTS):
            account = cls.make_account(
                f"agree-{number}",
                book=cls.book,
                partner=cls.owner,
                date_start=Date.add(
                    Date.to_date(START), days=cls.dice.choice((0, 0, 9))
                ),
            )
            cls.accounts |= account
            with freeze_time("2026-10-10"):
                if cls.dice.random() < 0.3:
                    cls.dice.choice(coupons)._redeem(account)
            for code, most in MOST.items():
                if cls.dice.random() < 0.7:
                    cls.report(account, code, "2026-10-20", cls.dice.randrange(most))
        for account in cls.dice.sample(list(cls.accounts), ACCOUNTS // 5):
            with freeze_time("2026-10-15"):
                account._change_plan("choose", plan)
        cls.user = cls.make_portal_user(cls.account, "agree")
        cls.env.flush_all()

    def test_all_say_the_same(self):
        self.authenticate("agree", "agree")
        with freeze_time(f"{LAST} 23:00:00"):
            balances = {one: self.read_balance(one) for one in self.accounts}
        with freeze_time("2026-11-15 23:30:00"):
            previews = self.read_previews()
            statements = self.invoice()
        pages = dict(zip(statements, self.read_pdfs(statements), strict=True))
        compared = 0
        for statement in statements:
            account = statement.account_id
            total = round(Decimal(str(statement.amount_total)), 2)
            if statement.period_start <= LAST < statement.period_end:
                self.assertEqual(balances[account], total, account.reference)
                compared += 1
            preview = previews[account, statement.period_start]
            self.assertEqual(preview, total, account.reference)
            self.assertEqual(self.read_csv(statement), total, account.reference)
            if not statement.move_id:
                self.assertEqual(total, 0)
                continue
            invoice = round(Decimal(str(statement.move_id.amount_untaxed)), 2)
            self.assertEqual(invoice, total, account.reference)
            money = formatLang(self.env, abs(float(total)), digits=2)
            self.assertRegex(pages[statement], rf"Total .*{re.escape(money)}")
        self.assertEqual(compared, ACCOUNTS)

    def read_balance(self, account):
        """Return what the billing page says that the running period comes to."""
        page = self.url_open(f"/my/billing/{account.id}")
        self.assertEqual(page.status_code, 200)
        (shown,) = html.fromstring(page.content).xpath(
            "//*[@name='running']//*[contains(@class, 'o_bitpaket_figure')]"
        )
        return Decimal(re.sub(r"[^\d.-]", "", shown.text_content()))

    def read_previews(self):
        """Return what the previews of all runs say, by account and first day."""
        runs = self.env["bitpaket.billing.run"]
        until = Date.to_date("2026-11-15")
        due = runs._due_runs(self.company, until)
        runs |= runs.create(
            [
                {"company_id": self.company.id, "scope": scope, "period_start": start}
                for scope, start in due
            ]
        )
        previews = self.env["bitpaket.billing.preview"]
        for run in runs.sorted("period_end"):
            run._prepare_preview()
        while previews._rate_next(50):
            pass
        runs.state = "waiting"
        return {
            (row.account_id, row.period_start): round(Decimal(str(row.amount_total)), 2)
            for row in runs.preview_ids
        }

    def invoice(self):
        runs = self.env["bitpaket.billing.run"].search(
            [("company_id", "=", self.company.id)]
        )
        runs.sorted("period_end")._start()
        statements = self.accounts.statement_ids
        for some in statements.sorted("period_end").grouped("period_end").values():
            some._invoice_batch()
        return statements

    def read_csv(self, statement):
        answer = self.url_open(f"/my/billing/statements/{statement.id}/usage.csv")
        rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        return sum((Decimal(row["Amount"]) for row in rows), Decimal(0))

    def read_pdfs(self, statements):
        """Return the words of the PDF of each invoice."""
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        files = [
            report._render_qweb_pdf("account.account_invoices", one.move_id.ids)[0]
            if one.move_id
            else None
            for one in statements
        ]

        def read(content):
            return content and subprocess.run(
                ["pdftotext", "-layout", "-", "-"],
                input=content,
                capture_output=True,
                check=True,
            ).stdout.decode().replace("\xa0", " ")

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(read, files))
