"""Messages to the billing team: what it gets, how many, and from whom."""

import json

from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.bitpaket_billing.models.bitpaket_contact_request import MOST_PER_DAY

from .test_portal_billing import BillingPage, Page


@tagged("standard", "post_install", "-at_install")
class TestPortalContact(BillingPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = new_test_user(
            cls.env,
            "contact-finance",
            "bitpaket_billing.group_billing_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.company.bitpaket_responsible_id = cls.finance
        cls.url = f"/my/billing/{cls.account.id}/contact"

    def send(
        self, subject="Why so much?", message="See\n<b>this</b>", user=None, **data
    ):
        """Fill in the form and send it."""
        login = (user or self.user).login
        self.authenticate(login, login)
        page = html.fromstring(self.url_open("/my/security").content)
        token = page.xpath("//input[@name='csrf_token']/@value")[0]
        data |= {"csrf_token": token, "subject": subject, "message": message}
        response = self.url_open(self.url, data=data)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return Page(response)

    def test_what_the_team_gets(self):
        invoice = self.bill_last_month()
        self.use_this_month()
        page = self.send(enterprise="1")
        self.assertIn("Your message is with the billing team", page.block("sent"))
        self.assertIn(self.user.email, page.block("sent"))
        activity = self.account.activity_ids
        self.assertEqual(activity.user_id, self.finance)
        self.assertEqual(activity.summary, "Why so much?")
        self.assertIn("Enterprise prices are asked for.", activity.note)
        message = self.account.message_ids.filtered("attachment_ids")
        self.assertEqual(message.author_id, self.user.partner_id)
        self.assertTrue(message.subtype_id.internal)
        self.assertIn("&lt;b&gt;this&lt;/b&gt;", message.body)
        data, usage = message.attachment_ids.sorted("id")
        text = data.raw.decode()
        for fact in (
            "Account: Acme (acme)\n",
            "Plan: Pay-as-you-go\n",
            "Owed: $\xa029.00\n",
            f"{invoice.name}: ",
            f"{self.this_month:%B %Y} so far: $\xa011.89\n",
        ):
            self.assertIn(fact, text.replace("\ufeff", "").replace("\u200b", ""))
        self.assertIn(b"BilledCost", usage.raw)
        self.assertIn(b"transfer_out", usage.raw)

    def test_customers_cannot_read_what_is_attached(self):
        self.send()
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "bitpaket.contact.request")], limit=1
        )
        self.assertEqual(
            self.url_open(f"/web/content/{attachment.id}").status_code, 404
        )
        self.authenticate(self.finance.login, self.finance.login)
        self.assertEqual(
            self.url_open(f"/web/content/{attachment.id}").status_code, 200
        )

    def test_so_many_a_day(self):
        for _number in range(MOST_PER_DAY):
            self.assertTrue(self.send().has("sent"))
        page = self.send("One more")
        self.assertIn("Your message was not sent", page.block("too_many"))
        self.assertEqual(
            page.root.xpath("//input[@name='subject']/@value"), ["One more"]
        )
        requests = self.env["bitpaket.contact.request"].search([])
        self.assertEqual(sorted(requests.mapped("number")), [1, 2, 3, 4, 5])
        self.assertEqual(len(self.account.activity_ids), MOST_PER_DAY)
        requests.day = "2026-01-01"
        self.assertTrue(self.send().has("sent"))

    def test_a_number_is_taken_once(self):
        requests = self.env["bitpaket.contact.request"]
        values = {"account_id": self.account.id, "subject": "a", "message": "b"}
        requests.create({**values, "number": 1})
        # Two at once: the search of one does not see the other.
        self.patch(type(requests), "search_count", lambda *args, **kwargs: 0)
        self.assertEqual(requests._take_number(values).number, 2)

    def test_a_character_that_cannot_be_stored(self):
        self.assertTrue(self.send("a\0b").has("sent"))
        self.assertEqual(self.account.activity_ids.summary, "ab")

    def test_something_lacks(self):
        for subject, message in (("", "b"), ("a", " \n ")):
            page = self.send(subject, message)
            self.assertTrue(page.has("lacking"))
        self.assertFalse(self.account.activity_ids)

    def test_the_forms(self):
        page = self.open(self.url)
        self.assertEqual(
            page.links("by_mail"),
            ["mailto:billing@nimbus.example.com?subject=Billing%20of%20acme"],
        )
        self.assertFalse(page.root.xpath("//input[@checked]"))
        page = self.open(f"{self.url}?topic=enterprise")
        self.assertTrue(page.root.xpath("//input[@name='enterprise'][@checked]"))
        self.assertIn("acme", self.open("/my/billing/contact").text)

    def test_the_usage_cannot_be_told(self):
        self.account.price_book_id = self.env["bitpaket.price.book"].create(
            {"name": "Without prices"}
        )
        self.use_this_month()
        self.assertTrue(self.send().has("sent"))
        attachment = self.account.message_ids.attachment_ids.sorted("id")[-1]
        self.assertIn("has no price for", attachment.raw.decode())

    def test_nobody_else(self):
        self.assertIn("/web/login", self.url_open(self.url).url)
        rival = self.make_account("rival", date_start=self.last_month)
        stranger = self.make_portal_user(rival)
        self.assertRegex(self.open(self.url, user=stranger).url, r"/my$")
        self.assertRegex(self.send(user=stranger).url, r"/my$")
        self.authenticate(self.user.login, self.user.login)
        response = self.url_open(self.url, data={"subject": "a", "message": "b"})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.account.activity_ids)
        response = self.url_open(
            "/web/dataset/call_kw/bitpaket.contact.request/search_read",
            data=json.dumps(
                {
                    "params": {
                        "model": "bitpaket.contact.request",
                        "method": "search_read",
                        "args": [[]],
                        "kwargs": {},
                    }
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        self.assertIn("error", response.json())
