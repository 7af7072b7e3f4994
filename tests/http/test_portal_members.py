"""Several logins per account, several accounts per login: who may see and do what."""

import re
from unittest.mock import patch

from odoo.fields import Command, Datetime
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.models import bitpaket_account_member

from .test_portal_billing import BillingPage, Page

GUEST = "guest@elsewhere.example.com"


class Members(BillingPage):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members = cls.env["bitpaket.account.member"]
        cls.url = f"/my/billing/{cls.account.id}/logins"
        cls.invoice = cls.bill_last_month()
        cls.guest = cls.make_guest()

    @classmethod
    def make_guest(cls, login=GUEST, company=None):
        """Return a portal login that belongs to no customer; password is its login."""
        company = company or cls.company
        return cls.env["res.users"].create(
            {
                "name": "Guest",
                "login": login,
                "email": login,
                "password": login,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(cls.env.ref("base.group_portal").ids)],
            }
        )

    @classmethod
    def admit(cls, role, user=None):
        return cls.members.create(
            {
                "account_id": cls.account.id,
                "user_id": (user or cls.guest).id,
                "role": role,
            }
        )

    def log_in(self, user):
        self.authenticate(user.login, user.login)
        found = re.search(
            rb'name="csrf_token" value="(\w+)"', self.url_open("/my/security").content
        )
        return found[1].decode()

    def post(self, path, user=None, **values):
        token = self.log_in(user or self.user)
        return self.url_open(
            path,
            data={**values, "csrf_token": token},
            allow_redirects=False,
        )

    def invite(self, email=GUEST, role="read", user=None):
        return self.post(f"{self.url}/invite", user, email=email, role=role)

    def mails(self, email=GUEST):
        return self.env["mail.mail"].search(
            [("model", "=", self.members._name), ("email_to", "=", email)]
        )


@tagged("standard", "post_install", "-at_install")
class TestReadOnly(Members, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admit("read")

    def test_everything_is_there_to_read(self):
        page = self.open(user=self.guest)
        self.assertIn(self.invoice.name, page.text)
        self.assertIn(self.money(29), page.block("owed"))
        self.assertTrue(page.has("read_only"))
        for path in (
            f"/my/billing/{self.account.id}/payments",
            f"/my/billing/{self.account.id}/usage",
            f"/my/billing/{self.account.id}/details",
            f"/my/billing/{self.account.id}/automatic",
            f"/my/billing/{self.account.id}/coupon",
            self.url,
        ):
            self.assertTrue(self.open(path, user=self.guest).url.endswith(path), path)
        page = self.open(f"/my/invoices/{self.invoice.id}", user=self.guest)
        self.assertIn(self.invoice.name, page.text)
        csv = self.url_open(self.invoice.bitpaket_statement_id._csv_url())
        self.assertEqual(csv.status_code, 200)

    def test_nothing_is_there_to_do(self):
        for path in ("", "/details", "/automatic", "/coupon", "/logins"):
            page = self.open(f"/my/billing/{self.account.id}{path}", user=self.guest)
            main = page.root.xpath("//div[contains(@class, 'o_bitpaket_billing')]")[0]
            self.assertFalse(main.xpath(".//button[@type='submit']"), path)
            self.assertFalse(main.xpath(".//a[@name='redeem']"), path)
        self.assertTrue(page.has("read_only"))

    def test_nothing_is_there_to_pay_on_odoos_pages(self):
        self.provider.is_published = False
        paths = ("/my/invoices", "/my/billing")
        for user, expected in ((self.guest, False), (self.user, True)):
            for path in paths:
                links = self.open(path, user=user).root.xpath("//a/@href")
                offered = any("payment=True" in link for link in links)
                self.assertEqual(offered, expected, path)

    def test_every_address_that_changes_something_refuses(self):
        """Every route, also one that is added later."""
        token = self.log_in(self.guest)
        tried = 0
        for rule in self.env["ir.http"].routing_map().iter_rules():
            routing = rule.endpoint.routing
            if not rule.rule.startswith("/my/billing/<int:account_id>/"):
                continue
            if rule.rule.endswith("/contact"):
                continue  # who reads may ask, too
            path = re.sub(r"<int:account_id>", str(self.account.id), rule.rule)
            path = re.sub(r"<int:\w+>", "1", path)
            if routing["type"] == "http" and "POST" in (rule.methods or ()):
                response = self.url_open(
                    path, data={"csrf_token": token}, allow_redirects=False
                )
                self.assertEqual(response.status_code, 403, path)
                self.assertIn("Nothing was changed", Page(response).text)
                tried += 1
        self.assertGreaterEqual(tried, 8)
        checkout = self.make_jsonrpc_request(
            f"/my/billing/{self.account.id}/checkout", {}
        )
        self.assertEqual(
            checkout, {"error": "You may look at this account, but not pay."}
        )
        self.assertFalse(self.account.invoice_ids.transaction_ids)
        self.assertFalse(self.account.redemption_ids)

    def test_a_colleague_who_may_only_read(self):
        self.admit("read", self.user)
        self.assertTrue(self.open().has("read_only"))
        self.assertEqual(self.invite().status_code, 403)

    def test_a_billing_contact_may_do_all(self):
        self.account.member_ids.role = "billing"
        page = self.open(user=self.guest)
        self.assertFalse(page.has("read_only"))
        self.assertTrue(page.forms("owed"))
        self.assertTrue(self.invoice.with_user(self.guest).sudo()._has_to_be_paid())
        self.assertEqual(
            self.invite("new@x.example.com", user=self.guest).status_code, 303
        )


@tagged("standard", "post_install", "-at_install")
class TestMembers(Members, HttpCase):
    # === INVITING === #

    def test_somebody_who_has_a_login(self):
        self.assertEqual(self.invite().status_code, 303)
        member = self.account.member_ids
        self.assertEqual(member.user_id, self.guest)
        self.assertEqual(member.role, "read")
        mail = self.mails()
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("Acme", mail.subject)
        self.assertIn(self.user.name, mail.subject)
        self.assertIn("/web/signup", mail.body_html)
        self.assertIn(self.invoice.name, self.open(user=self.guest).text)
        self.assertIn(GUEST, " ".join(self.account.message_ids.mapped("body")))

    def test_somebody_who_logged_in_before_is_led_to_the_account(self):
        self.log_in(self.guest)
        self.invite()
        self.assertIn(f"/my/billing/{self.account.id}", self.mails().body_html)
        self.assertNotIn("token=", self.mails().body_html)

    def test_somebody_new(self):
        email = "New.One@Elsewhere.example.com"
        self.assertEqual(self.invite(email, "billing").status_code, 303)
        member = self.account.member_ids
        self.assertEqual(member.user_id.login, email.lower())
        self.assertEqual(member.role, "billing")
        self.assertTrue(member.user_id._is_portal())
        self.assertFalse(member.user_id.partner_id.parent_id)
        mail = self.mails(email.lower())
        self.assertIn("/web/signup", mail.body_html)
        self.assertIn("token=", mail.body_html)
        url = re.search(r'href="([^"]*/web/signup[^"]*)"', mail.body_html)[1]
        self.authenticate(None, None)
        page = self.url_open(url.replace("&amp;", "&"))
        self.assertEqual(page.status_code, 200)
        self.assertIn(email.lower(), page.text)

    def test_the_page_does_not_tell_who_has_a_login(self):
        texts = []
        for email in (GUEST, "nobody@elsewhere.example.com"):
            response = self.invite(email)
            self.assertEqual(response.status_code, 303)
            page = self.open(response.headers["Location"])
            texts.append(
                page.text.replace(email, "*").count("*") and page.block("invited")
            )
            self.assertEqual(
                [row[1] for row in page.rows("logins") if row[0] == email],
                ["Read only"],
            )
        self.assertEqual(texts[0], texts[1])

    def test_who_is_on_the_list_already(self):
        self.invite()
        page = Page(self.invite())
        self.assertIn(f"{GUEST} is on the list already.", page.block("problem"))
        self.assertEqual(self.invite(role="billing").status_code, 303)
        self.assertEqual(self.account.member_ids.role, "billing")
        self.assertEqual(len(self.mails()), 1)

    def test_the_customers_own_login_is_not_invited(self):
        self.user.login = "own@acme.example.com"
        self.user.password = "own@acme.example.com"
        page = Page(self.invite("own@acme.example.com"))
        self.assertIn("is on the list already", page.block("problem"))
        self.assertFalse(self.account.member_ids)

    def test_what_is_no_address(self):
        page = Page(self.invite("guest at home"))
        self.assertIn("“guest at home” is not an e-mail address.", page.text)
        self.assertEqual(
            page.root.xpath("//input[@name='email']/@value"), ["guest at home"]
        )

    def test_a_wildcard_is_no_login(self):
        self.invite("gues_@elsewhere.example.com")
        self.assertNotEqual(self.account.member_ids.user_id, self.guest)

    def test_not_too_many(self):
        with patch.object(bitpaket_account_member, "MOST_INVITATIONS", 2):
            for number in range(2):
                self.invite(f"x{number}@elsewhere.example.com")
            page = Page(self.invite("x3@elsewhere.example.com"))
        self.assertIn("Too many invitations.", page.block("problem"))
        self.assertEqual(len(self.account.member_ids), 2)
        self.assertFalse(
            self.env["res.users"].search([("login", "=", "x3@elsewhere.example.com")])
        )

    def test_invited_again_and_again_is_one_e_mail(self):
        for _number in range(2):
            self.invite()
            member = self.account.member_ids
            self.post(f"{self.url}/{member.id}/remove")
        self.assertEqual(len(self.mails()), 1)
        self.assertFalse(member.active)

    def test_employees_get_nothing_by_it(self):
        clerk = self.make_guest("clerk@nimbus.example.com")
        clerk.group_ids = [Command.set(self.env.ref("base.group_user").ids)]
        companies = clerk.company_ids
        self.invite(clerk.login)
        self.assertFalse(self.mails(clerk.login))
        self.assertTrue(self.account.member_ids.invited, "counts like any other")
        self.assertEqual(clerk.company_ids, companies)
        self.assertNotIn(self.invoice.name, self.open(user=clerk).text)

    def test_the_login_of_another_company(self):
        company = self.env["res.company"].create({"name": "Other Storage Ltd"})
        guest = self.make_guest("zoe@elsewhere.example.com", company)
        self.assertNotIn(self.invoice.name, self.open(user=guest).text)
        self.invite(guest.login)
        self.assertEqual(guest.company_id, company)
        self.assertIn(self.invoice.name, self.open(user=guest).text)

    # === REMOVING === #

    def test_who_was_removed_sees_nothing(self):
        member = self.admit("billing")
        self.assertIn(self.invoice.name, self.open(user=self.guest).text)
        self.assertEqual(self.post(f"{self.url}/{member.id}/remove").status_code, 303)
        for path in (
            "/my/billing",
            f"/my/billing/{self.account.id}",
            self.url,
            f"/my/billing/{self.account.id}/details",
            f"/my/invoices/{self.invoice.id}",
        ):
            self.assertNotIn(self.invoice.name, self.open(path, user=self.guest).text)
        self.assertIn("not open", " ".join(self.account.message_ids.mapped("body")))

    def test_only_of_this_account(self):
        other = self.make_account("rival")
        member = self.members.create({"account_id": other.id, "user_id": self.guest.id})
        self.post(f"{self.url}/{member.id}/remove")
        self.assertTrue(member.active)

    # === WHO MAY === #

    def test_others_reach_nothing(self):
        member = self.admit("read")
        stranger = self.make_portal_user(self.make_account("rival"))
        self.assertRegex(self.open(self.url, user=stranger).url, r"/my$")
        for response in (
            self.invite("spy@x.example.com", user=stranger),
            self.post(f"{self.url}/{member.id}/remove", stranger),
        ):
            self.assertRegex(response.headers["Location"], r"/my$")
        self.assertEqual(self.account.member_ids, member)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(self.url).url)

    def test_cards_and_receipts_stay_with_the_customer(self):
        """They are of all its accounts, and need no password."""
        self.env["bitpaket.fastspring.account"].create(
            {
                "provider_id": self.provider.id,
                "partner_id": self.account.partner_id.id,
                "reference": "known",
            }
        )
        self.admit("billing")
        self.assertTrue(self.open().has("fastspring_account"))
        self.assertFalse(self.open(user=self.guest).has("fastspring_account"))
        path = f"/my/billing/{self.account.id}/fastspring"
        self.assertEqual(self.post(path, self.guest).status_code, 403)

    def test_a_member_sees_this_account_only(self):
        second = self.make_account("acme-lab", partner=self.account.partner_id)
        self.admit("billing")
        page = self.open(user=self.guest)
        self.assertNotIn("Acme Lab", page.text)
        self.assertRegex(
            self.open(f"/my/billing/{second.id}", user=self.guest).url, r"/my$"
        )

    @mute_logger("odoo.http")
    def test_buttons_need_their_page(self):
        self.authenticate(self.user.login, self.user.login)
        response = self.url_open(f"{self.url}/invite", data={"email": GUEST})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.account.member_ids)

    # === SWITCHING === #

    def test_switching_between_a_few(self):
        own = self.make_account("guests-own", date_start=self.last_month)
        self.guest.partner_id = own.partner_id
        self.admit("read")
        page = self.open(user=self.guest)
        self.assertEqual(
            page.root.xpath("//nav[@aria-label='Billing accounts']//a/@href"),
            [f"/my/billing/{self.account.id}", f"/my/billing/{own.id}"],
        )

    def test_switching_between_many(self):
        accounts = self.account
        book = self.make_price_book("For all")
        for number in range(6):
            accounts |= self.make_account(
                f"lab-{number}", book=book, partner=self.account.partner_id
            )
        page = self.open()
        values = page.find("switch").xpath(".//option/@value")
        self.assertEqual(sorted(map(int, values)), sorted(accounts.ids))
        last = accounts[-1]
        page = self.open(f"/my/billing?account_id={last.id}")
        self.assertEqual(
            page.find("switch").xpath(".//option[@selected]/@value"), [str(last.id)]
        )
        for guessed in ("999999999", "x"):
            self.assertNotIn(
                "Traceback", self.open(f"/my/billing?account_id={guessed}").text
            )

    # === FINANCE === #

    def test_a_login_belongs_to_an_account_once(self):
        self.admit("read")
        with mute_logger("odoo.sql_db"), self.assertRaises(Exception) as caught:
            with self.env.cr.savepoint():
                self.admit("billing")
        self.assertIn("account_member_user_uniq", str(caught.exception))

    def test_an_hour_later_there_are_more(self):
        member = self.admit("read")
        member.invited = Datetime.now() - bitpaket_account_member.HOUR
        with patch.object(bitpaket_account_member, "MOST_INVITATIONS", 1):
            self.assertEqual(self.invite("x@elsewhere.example.com").status_code, 303)
