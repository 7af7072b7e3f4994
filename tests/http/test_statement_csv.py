"""The usage lines of a statement as CSV: what is in it, and for whom."""

import csv
import io
from decimal import Decimal

from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from odoo.addons.bitpaket_billing.tools import csv_file

from ..common import GIB, BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestStatementCsv(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", name="=Acme+", date_start="2026-10-01")
        cls.report_month(cls.account)
        cls.report(cls.account, "requests_b", "2026-10-07", 7)
        with freeze_time("2026-11-23"):
            cls.statement = cls.close(cls.account)
        cls.path = f"/my/billing/statements/{cls.statement.id}/usage.csv"

    def fetch(self, login, path=None):
        self.authenticate(login, login)
        return self.url_open(path or self.path, allow_redirects=False)

    def user(self, *groups, company=None):
        company = company or self.company
        return new_test_user(
            self.env,
            f"user-{len(groups)}-{company.id}",
            ",".join(["base.group_user", *groups]),
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    def test_content(self):
        user = self.user("bitpaket_billing.group_viewer")
        answer = self.fetch(user.login)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
        self.assertIn("usage_acme_2026-10.csv", answer.headers["Content-Disposition"])
        self.assertTrue(answer.content.startswith(b"\xef\xbb\xbfAccount reference,"))
        text = answer.content.decode("utf-8-sig")
        self.assertEqual(text.count("\n"), text.count("\r\n"))
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(
            sum(Decimal(row["Amount"]) for row in rows),
            Decimal(str(self.statement.amount_total)),
        )
        self.assertEqual(
            list(rows[-1].values()),
            [
                "acme",
                "'=Acme+",
                "2026-10-01",
                "2026-11-01",
                "transfer_out",
                "Transfer out to the internet",
                "2026-10-01",
                "2026-11-01",
                "100",
                "GiB",
                "0.09",
                "1",
                "0",
                "9.00",
                "USD",
                "100 GiB at 0.09 = 9.00 USD",
            ],
        )
        self.assertIn(
            ["requests_b", "7", "0.0004", "1000", "0.00"],
            [
                [row[name] for name in ("Meter", "Quantity", "Price", "Per units")]
                + [row["Amount"]]
                for row in rows
            ],
        )

    def test_credits_and_days_of_a_part_of_a_month(self):
        with freeze_time("2026-12-02"):
            self.report(self.account, "storage", "2026-10-09", 0.0005 * GIB)
            self.account.date_end = "2026-11-16"
            self.meter("transfer_out").allow_negative = True
            self.report(self.account, "transfer_out", "2026-11-03", -3 * GIB)
            self.env.flush_all()
            november = self.close(self.account, "2026-12-01")
        rows = list(
            csv.DictReader(io.StringIO(november._csv().decode("utf-8-sig"), newline=""))
        )
        self.assertIn("-3", [row["Quantity"] for row in rows])
        self.assertEqual(
            sum(Decimal(row["Amount"]) for row in rows),
            Decimal(str(november.amount_total)),
        )
        self.assertEqual(november._csv_name(), "usage_acme_2026-11-01_2026-11-16.csv")

    def test_numbers_in_plain_digits_and_no_formulas(self):
        rows = [(Decimal("4E-9"), Decimal("-1.50"), "-1+2", "@x", 'say "a,b"\nc')]
        self.assertEqual(
            csv_file(rows).decode("utf-8-sig"),
            '0.000000004,-1.50,\'-1+2,\'@x,"say ""a,b""\nc"\r\n',
        )

    def test_the_customer_gets_it_from_the_billing_page(self):
        login = self.make_portal_user(self.account).login
        self.authenticate(login, login)
        self.assertIn(f'href="{self.path}"', self.url_open("/my/billing").text)
        answer = self.fetch(login)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("100 GiB at 0.09 = 9.00 USD", answer.text)

    def test_nobody_else_gets_it(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_account("stranger", date_start="2026-10-01")
        for login in (
            self.make_portal_user(stranger).login,
            self.user().login,
            self.user("bitpaket_billing.group_billing_user", company=other).login,
        ):
            answer = self.fetch(login)
            self.assertEqual(answer.status_code, 404, login)
            self.assertNotIn("acme", answer.text.lower())
        self.authenticate(None, None)
        answer = self.url_open(self.path, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login", answer.headers["Location"])

    def test_what_is_not_there(self):
        login = self.user("bitpaket_billing.group_viewer").login
        answer = self.fetch(login, "/my/billing/statements/999999999/usage.csv")
        self.assertEqual(answer.status_code, 404)

    def test_button(self):
        action = self.statement.action_download_csv()
        self.assertEqual((action["url"], action["target"]), (self.path, "download"))
