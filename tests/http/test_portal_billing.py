"""The customer's billing page: what it shows, to whom, and at what cost."""

import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from lxml import html

from odoo.fields import Command, Date, Datetime
from odoo.sql_db import Cursor
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools.misc import formatLang

from odoo.addons.bitpaket_billing import rating

from ..common import GIB
from ..fastspring_common import FastSpringMixin
from ..plan_common import PlanMaker

BUDGET = 30
#: The phases of a plan, its terms, what it includes, and a change that is to come.
RECEIPT = "https://bitpaket.test.onfastspring.com/account/order/x/invoice"


class BillingPage(FastSpringMixin):
    """A customer with an invoice of last month and usage in this one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "billing@nimbus.example.com"
        cls.this_month = Date.start_of(Date.today(), "month")
        cls.last_month = cls.this_month - relativedelta(months=1)
        cls.account = cls.make_account("acme", date_start=cls.last_month)
        cls.user = cls.make_portal_user(cls.account)

    @classmethod
    def bill_last_month(cls, account=None):
        """Return the invoice of a plain last month: 29.00."""
        account = account or cls.account
        cls.report_month(account, f"{cls.last_month:%Y-%m}")
        return cls.close(account, cls.this_month).move_id

    @classmethod
    def use_this_month(cls, account=None):
        account = account or cls.account
        cls.report(account, "requests_a", cls.this_month, 812_345)
        cls.report(account, "transfer_out", cls.this_month, 187 * GIB)

    @classmethod
    def money(cls, amount):
        """Return an amount as an American customer reads it."""
        return words(formatLang(cls.env, amount, currency_obj=cls.account.currency_id))

    def open(self, path="/my/billing", user=None):
        """Return the page as a customer gets it."""
        login = (user or self.user).login
        self.authenticate(login, login)
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200)
        return Page(response)


class Page:
    """A page as its reader sees it."""

    def __init__(self, response):
        self.url = response.url
        self.root = html.fromstring(response.content)
        self.text = words(self.root.text_content())

    def find(self, name):
        """Return the element of this name."""
        return self.root.xpath(f"//*[@name='{name}']")[0]

    def has(self, name):
        """Return whether there is an element of this name."""
        return bool(self.root.xpath(f"//*[@name='{name}']"))

    def block(self, name):
        """Return the words of the element of this name."""
        return words(self.find(name).text_content())

    def rows(self, name):
        """Return the words of each row in the body of a table, cell by cell."""
        return [
            [words(cell.text_content()) for cell in row.xpath("th|td")]
            for row in self.find(name).xpath("tbody/tr")
        ]

    def forms(self, name):
        """Return where the forms in the element of this name lead."""
        return self.find(name).xpath(".//form/@action")

    def links(self, name):
        """Return where the links in the element of this name lead."""
        return self.find(name).xpath(".//a/@href")


def words(text):
    return re.sub(r"\s+", " ", re.sub("[\u200b\ufeff]", "", text)).strip()


@tagged("standard", "post_install", "-at_install")
class TestBalance(BillingPage, HttpCase):
    def test_the_balance_is_what_rating_says(self):
        self.use_this_month()
        period = rating.calendar_month(self.this_month)
        rated = self.account._rate_period(period)[self.account.id]
        page = self.open()
        self.assertEqual(float(rated.total), 11.89)
        self.assertEqual(self.account.amount_running, 11.89)
        self.assertIn(self.money(11.89), page.block("running"))
        self.assertIn(f"Total so far {self.money(11.89)}", page.block("usage"))
        self.assertEqual(
            [row[3] for row in page.rows("usage") if len(row) == 4],
            [self.money(float(line.amount)) for line in rated.lines],
        )

    def test_each_meter_shows_quantity_unit_and_price(self):
        self.use_this_month()
        rows = self.open().rows("usage")
        self.assertEqual(
            [row[1:3] for row in rows if "Class A" in row[0]],
            [["812,345 requests", "0.005 per 1,000"]],
        )
        self.assertEqual(
            [row[1:] for row in rows if "free allowance" in row[0]],
            [["100 GiB", "Free", self.money(0)]],
        )
        self.assertEqual(
            [row[0] for row in rows if row[0] in ("Requests", "Storage", "Transfer")],
            ["Requests", "Transfer"],
        )

    def test_the_period_and_the_next_invoice(self):
        page = self.open()
        following = self.this_month + relativedelta(months=1)
        self.assertIn(f"{self.this_month:%B %Y} so far", page.block("running"))
        self.assertIn(f"{following:%b} 1, {following:%Y}", page.block("next"))

    def test_what_is_owed_and_overdue(self):
        invoice = self.bill_last_month()
        self.assertIn(self.money(29), self.open().block("owed"))
        invoice.line_ids.date_maturity = self.last_month
        invoice.invoice_date_due = self.last_month
        page = self.open()
        self.assertIn(f"{self.money(29)} of it is overdue", page.block("owed"))
        self.assertIn("Overdue since", page.block("invoices"))

    def test_nothing_used_and_nothing_owed(self):
        page = self.open()
        self.assertIn("Everything is paid", page.block("owed"))
        self.assertIn(f"No usage in {self.this_month:%B %Y} yet.", page.text)
        self.assertIn("No invoices yet.", page.text)
        self.assertIn("No payments yet.", page.text)
        self.assertFalse(page.has("unfinished"))

    def test_an_ended_period_is_shown_until_its_invoice_is_there(self):
        self.report_month(self.account, f"{self.last_month:%Y-%m}")
        page = self.open()
        self.assertIn(f"{self.last_month:%B %Y}", page.block("unfinished"))
        self.assertIn(self.money(29), page.block("unfinished"))
        invoice = self.close(self.account, self.this_month).move_id
        page = self.open()
        self.assertFalse(page.has("unfinished"))
        self.assertEqual(page.rows("invoices")[0][4], self.money(29))
        self.assertEqual(invoice.amount_untaxed, 29)

    def test_late_usage_is_counted_once(self):
        older = self.last_month - relativedelta(months=1)
        account = self.make_account("late", date_start=older)
        user = self.make_portal_user(account)
        self.report(account, "requests_a", older, 1_000_000)
        self.close(account, self.last_month)
        self.report(account, "requests_a", older + timedelta(days=1), 1_000_000)
        page = self.open(user=user)
        self.assertIn(self.money(5), page.block("unfinished"))
        self.assertIn(self.money(0), page.block("running"))
        self.close(account, self.this_month)
        page = self.open(user=user)
        self.assertEqual(page.rows("invoices")[0][4], self.money(5))

    def test_a_rating_error_is_told_calmly(self):
        book = self.env["bitpaket.price.book"].create({"name": "Without prices"})
        account = self.make_account("priceless", book=book, date_start=self.last_month)
        user = self.make_portal_user(account)
        self.report_month(account, f"{self.last_month:%Y-%m}")
        self.use_this_month(account)
        page = self.open(user=user)
        self.assertIn("cannot be shown right now", page.text)
        self.assertIn("needs our attention", page.block("unfinished"))
        self.assertIn("contact billing", page.text)
        self.assertNotIn("Without prices", page.text)

    def test_states_of_the_account(self):
        for state, expected in (
            ("past_due", "A payment is late."),
            ("suspended", "Your service is interrupted"),
            ("closed", "This account is closed."),
        ):
            self.account.state = state
            self.assertIn(expected, self.open().text)

    def test_an_account_that_has_ended_awaits_no_invoice(self):
        self.bill_last_month()
        self.account.date_end = self.this_month
        self.assertIn("No further invoice is planned", self.open().block("next"))

    def test_numbers_are_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.user.partner_id.lang = "fr_FR"
        self.use_this_month()
        self.assertIn("812 345", self.open().block("usage").replace("\u202f", " "))


@tagged("standard", "post_install", "-at_install")
class TestInvoicesAndPayments(BillingPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.bill_last_month()

    def test_an_invoice_can_be_opened_paid_and_downloaded(self):
        page = self.open()
        row = page.rows("invoices")[0]
        self.assertEqual(row[0].split()[0], self.invoice.name)
        self.assertEqual(row[2], f"{self.last_month:%B %Y}")
        self.assertEqual(row[4], self.money(self.invoice.amount_total))
        url = f"/my/invoices/{self.invoice.id}"
        self.assertEqual(
            page.links("invoices"),
            [
                url,
                f"{url}?report_type=pdf&download=true",
                f"/my/billing/statements/{self.invoice.bitpaket_statement_id.id}"
                "/usage.csv",
            ],
        )
        self.assertIn("/my/invoices?filterby=invoices", page.root.xpath("//a/@href"))
        pay = f"/my/billing/{self.account.id}/pay"
        self.assertEqual(page.forms("owed"), [pay])
        self.assertEqual(page.forms("invoices"), [pay])

    def test_without_fastspring_it_is_paid_on_the_invoice(self):
        self.provider.is_published = False
        page = self.open()
        pay_url = self.invoice.get_portal_url(
            query_string="&payment=True", anchor="portal_pay"
        )
        self.assertEqual(page.links("owed"), [pay_url])
        self.assertIn(pay_url, page.links("invoices"))
        self.assertEqual(page.forms("invoices"), [])

    def test_paid_by_card(self):
        transaction = self.make_transaction(
            self.invoice, fastspring_receipt_url=RECEIPT
        )
        transaction._set_done()
        transaction._post_process()
        page = self.open()
        self.assertIn("Paid", page.rows("invoices")[0][3])
        self.assertNotIn("payment=True", str(page.links("invoices")))
        self.assertIn("Everything is paid", page.block("owed"))
        row = page.rows("payments")[0]
        self.assertEqual(row[1:5], [self.invoice.name, "Card", "Received", "$ 29.00"])
        self.assertEqual(page.links("payments"), [RECEIPT])
        self.assertFalse(page.has("just_paid"))

    def test_paid_and_not_booked_yet(self):
        self.make_transaction(self.invoice)._set_done()
        page = self.open()
        self.assertEqual(page.rows("payments")[0][3], "Being processed")
        self.assertTrue(page.has("just_paid"))

    def test_waiting_for_a_wire(self):
        transaction = self.make_transaction(
            self.invoice, fastspring_due_date="2031-05-07"
        )
        transaction._set_pending()
        page = self.open()
        self.assertEqual(
            page.rows("payments")[0][3], "Waiting for your transfer until May 7, 2031"
        )
        self.assertEqual(page.rows("invoices")[0][3], "Payment on its way")
        self.assertNotIn("payment=True", str(page.links("invoices")))

    def test_message_after_paying(self):
        self.assertFalse(self.open().has("just_paid"))
        transaction = self.make_transaction(self.invoice)
        page = self.open()
        self.assertIn(
            "Thank you. It can take about an hour until your payment is listed here. "
            "If it does not appear, contact billing.",
            page.block("just_paid"),
        )
        self.assertIn("No payments yet.", page.text)
        transaction.flush_recordset()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [Datetime.now() - timedelta(hours=4), transaction.id],
        )
        self.assertFalse(self.open().has("just_paid"))

    def test_contact(self):
        links = self.open().root.xpath("//a[text()='Contact billing']/@href")
        self.assertEqual(links, [f"/my/billing/{self.account.id}/contact"])

    def test_partly_paid(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({"amount": 10})._create_payments()
        page = self.open()
        self.assertEqual(page.rows("invoices")[0][3], "$ 19.00 left to pay")
        self.assertEqual(page.rows("payments")[0][4], "$ 10.00")

    def test_a_credit_note_lowers_what_is_owed(self):
        credit = self.invoice._reverse_moves(
            [{"bitpaket_account_id": self.account.id, "invoice_date": Date.today()}]
        )
        credit.action_post()
        page = self.open()
        self.assertIn(
            ["Credit note", "$ -29.00"], [row[3:5] for row in page.rows("invoices")]
        )
        self.assertIn("Everything is paid", page.block("owed"))

    def test_all_payments(self):
        method = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        for _number in range(13):
            method.create({"amount": 1})._create_payments()
        page = self.open()
        self.assertEqual(len(page.rows("payments")), 12)
        url = f"/my/billing/{self.account.id}/payments"
        self.assertIn(url, page.root.xpath("//a/@href"))
        self.assertEqual(len(self.open(url).rows("payments")), 13)

    def test_the_portal_leads_here(self):
        self.authenticate(self.user.login, self.user.login)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["billing_count"]}
        )
        self.assertEqual(counters, {"billing_count": 1})
        self.assertIn("/my/billing", self.open("/my").root.xpath("//a/@href"))


@tagged("standard", "post_install", "-at_install")
class TestAccess(BillingPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.bill_last_month()
        cls.stranger = cls.make_account("rival", date_start=cls.last_month)
        cls.stranger_user = cls.make_portal_user(cls.stranger)

    def assertHidden(self, page):
        for secret in ("acme", "Acme", self.invoice.name, "29.00"):
            self.assertNotIn(secret, page.text)

    def test_another_customer_sees_nothing_of_it(self):
        self.assertHidden(self.open(user=self.stranger_user))

    def test_guessed_addresses_lead_home(self):
        for path in (
            f"/my/billing/{self.account.id}",
            f"/my/billing/{self.account.id}/payments",
            f"/my/billing/{self.account.id}/payments/page/2",
            f"/my/invoices/{self.invoice.id}",
            f"/my/invoices/{self.invoice.id}?report_type=pdf&download=true",
            f"/my/invoices/{self.invoice.id}?access_token=guessed",
            "/my/billing/999999999999",
        ):
            page = self.open(path, user=self.stranger_user)
            self.assertRegex(page.url, r"/my$", path)
            self.assertHidden(page)

    def test_anonymous_visitors_are_asked_to_log_in(self):
        for path in ("/my/billing", f"/my/billing/{self.account.id}"):
            self.assertIn("/web/login", self.url_open(path).url)

    def test_the_customer_of_another_company(self):
        company = self.env["res.company"].create({"name": "Other Storage Ltd"})
        contact = self.env["res.partner"].create(
            {"name": "Zoe", "parent_id": self.account.partner_id.id}
        )
        user = self.env["res.users"].create(
            {
                "login": "zoe@example.com",
                "password": "zoe@example.com",
                "partner_id": contact.id,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        page = self.open(user=user)
        self.assertIn("does not belong to a billing account", page.text)
        self.assertNotIn("29.00", page.text)

    def test_colleagues_share_the_accounts_of_their_company(self):
        colleague = self.env["res.partner"].create(
            {"name": "Ada", "parent_id": self.account.partner_id.id}
        )
        user = self.stranger_user.copy(
            {"login": "ada", "password": "ada", "partner_id": colleague.id}
        )
        user.password = "ada"
        self.assertIn(self.invoice.name, self.open(user=user).text)

    def test_several_accounts(self):
        second = self.make_account(
            "acme-lab", partner=self.account.partner_id, date_start=self.this_month
        )
        page = self.open()
        self.assertIn(self.invoice.name, page.text)
        self.assertIn(f"/my/billing/{second.id}", page.root.xpath("//nav//a/@href"))
        page = self.open(f"/my/billing/{second.id}")
        self.assertNotIn(self.invoice.name, page.text)
        self.assertIn("acme-lab", page.text)

    def test_employees_without_rights(self):
        user = self.stranger_user.copy({"login": "clerk", "password": "clerk"})
        user.write(
            {
                "password": "clerk",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
            }
        )
        page = self.open(user=user)
        self.assertIn("does not belong to a billing account", page.text)


@tagged("standard", "post_install", "-at_install")
class TestQueries(BillingPage, PlanMaker, HttpCase):
    @contextmanager
    def counting(self):
        """Collect the queries that the server sends."""
        queries = []
        execute = Cursor.execute

        def listen(cursor, query, *args, **kwargs):
            text = str(getattr(query, "code", query))
            if "SAVEPOINT" not in text:
                queries.append(text)
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, "execute", listen):
            yield queries

    def count(self):
        self.open()  # fills the caches of templates and access rules
        self.env.flush_all()
        with self.counting() as queries:
            response = self.url_open("/my/billing")
        self.assertEqual(response.status_code, 200)
        return queries

    def bill(self, months, until=None):
        """Use something in so many months, get invoices, and pay some of them."""
        until = until or self.this_month
        self.account.date_start = self.this_month - relativedelta(months=months)
        self.account.flush_recordset()
        for number in range(months):
            day = self.this_month - relativedelta(months=number + 1)
            self.report(self.account, "requests_a", day, 1_000_000)
            self.report(self.account, "storage", day, 500 * GIB * 720)
        self.env["bitpaket.usage.store"]._roll_up()
        invoices = self.close(self.account, until).move_id
        for invoice in invoices.sorted("invoice_date")[-20:-2]:
            transaction = self.make_transaction(invoice)
            transaction._set_done()
            transaction._post_process()
        self.use_this_month()
        return len(invoices)

    def assertWithinBudget(self, budget=BUDGET):
        queries = self.count()
        self.assertLessEqual(len(queries), budget, "\n".join(queries))

    def test_queries_with_3_invoices(self):
        self.assertEqual(self.bill(3), 3)
        self.assertWithinBudget()

    def test_queries_with_60_invoices(self):
        self.assertEqual(self.bill(60), 60)
        self.assertWithinBudget()

    def test_queries_while_an_invoice_is_being_made(self):
        self.assertEqual(self.bill(24, until=self.last_month), 23)
        self.assertWithinBudget()

    def test_queries_with_coupons(self):
        self.bill(3)
        for number in range(2):
            coupon = self.env["bitpaket.coupon"].create(
                {
                    "name": f"Coupon {number}",
                    "company_id": self.company.id,
                    "type": "fixed" if number else "percent",
                    "amount_ids": [
                        Command.create(
                            {
                                "currency_id": self.account.currency_id.id,
                                "amount": 5,
                                "budget": 100,
                            }
                        )
                    ],
                    "meter_ids": [Command.link(self.meter("requests_a").id)],
                }
            )
            coupon._redeem(self.account)
        self.assertWithinBudget()

    def test_queries_with_a_hard_cap_and_a_forecast(self):
        self.bill(3)
        for number in range(3):
            day = self.this_month + timedelta(days=number)
            self.report(self.account, "requests_b", day, 5_000_000 + number)
        self.env["bitpaket.budget"].create(
            {
                "account_id": self.account.id,
                "name": "Monthly",
                "amount": 5,
                "hard_cap": True,
            }
        )
        self.assertTrue(self.open().has("capped"))
        self.assertWithinBudget()

    def test_queries_with_a_plan(self):
        self.bill(24)
        plan = self.make_plan(
            month=30,
            allowances=[("transfer_out", 100, 50), ("requests_a", 1000, None)],
        )
        with freeze_time(self.this_month):
            self.account._change_plan("choose", plan)
        self.account._change_plan("cancel")
        self.assertWithinBudget()

    def test_queries_with_late_usage(self):
        self.bill(24)
        self.report(self.account, "requests_a", self.last_month, 999_999)
        self.assertWithinBudget()
