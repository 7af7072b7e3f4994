"""What stands on the invoices: customers change it, and the next invoice shows it."""

from lxml import html

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .test_portal_billing import BillingPage, Page


@tagged("standard", "post_install", "-at_install")
class TestPortalDetails(BillingPage, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = f"/my/billing/{cls.account.id}/details"
        cls.us = cls.env.ref("base.us")
        cls.texas = cls.env.ref("base.state_us_44")
        cls.account.partner_id.phone = "+1 555 0100"
        cls.good = {
            "name": "Acme Robotics Holding",
            "street": "12 Bishop Road",
            "street2": "Floor 3",
            "city": "Austin",
            "zip": "78701",
            "state_id": str(cls.texas.id),
            "country_id": str(cls.us.id),
            "vat": "US-77-12",
            "invoice_emails": "ap@acme.example.com, boss@acme.example.com",
            "lang": "en_US",
            "purchase_order": "PO-2026-17",
        }

    def send(self, user=None, url=None, **values):
        """Send the form, with some other values, and return the page that comes."""
        login = (user or self.user).login
        self.authenticate(login, login)
        form = html.fromstring(self.url_open("/my/security").content)
        token = form.xpath("//input[@name='csrf_token']/@value")[0]
        return self.url_open(
            url or self.url, data={**self.good, **values, "csrf_token": token}
        )

    def refused(self, **values):
        """Return what the page says of values that it refuses."""
        page = Page(self.send(**values))
        self.assertIn("Nothing was saved.", page.block("problems"))
        self.assertFalse(self.account.purchase_order)
        self.assertFalse(self.account.invoice_partner_id)
        self.assertFalse(self.account.partner_id.vat)
        return page

    # === CHANGING === #

    def test_the_next_invoice_shows_it_and_no_other(self):
        other = self.make_account(
            "acme-lab", partner=self.account.partner_id, date_start=self.last_month
        )
        first = self.bill_last_month(other)
        page = Page(self.send())
        self.assertIn("Saved.", page.block("saved"))
        account = self.account
        address = account.invoice_partner_id
        self.assertEqual(address.parent_id, account.partner_id)
        self.assertEqual(address.street, "12 Bishop Road")
        self.assertEqual(address.state_id, self.texas)
        self.assertEqual(
            account.invoice_emails, "ap@acme.example.com, boss@acme.example.com"
        )
        self.assertEqual(account.partner_id.vat, "US-77-12")
        self.assertEqual(account.partner_id.name, "Acme")
        self.assertFalse(account.partner_id.street)
        invoice = self.bill_last_month()
        self.assertEqual(invoice.partner_id, address)
        self.assertEqual(invoice.commercial_partner_id, account.partner_id)
        self.assertEqual(invoice.bitpaket_purchase_order, "PO-2026-17")
        self.assertEqual(invoice.ref, "PO-2026-17")
        self.assertFalse(first.bitpaket_purchase_order)
        self.assertEqual(first.ref, "Acme Lab")
        self.assertEqual(other._get_payer(), account.partner_id)
        text = self.open(f"/my/invoices/{invoice.id}?report_type=html").text
        for words in ("Purchase order PO-2026-17", "12 Bishop Road", "US-77-12"):
            self.assertIn(words, text)
        self.assertNotIn("Acme, Acme", text)

    def test_the_form_shows_what_was_saved(self):
        self.send()
        page = self.open(self.url)
        for name, value in self.good.items():
            shown = page.root.xpath(
                f"//input[@name='{name}']/@value"
                f"|//select[@name='{name}']/option[@selected]/@value"
            )
            self.assertEqual(shown, [value], name)
        self.assertIn(self.url, self.open().links("more"))

    def test_changed_twice_it_is_one_address(self):
        self.send()
        address = self.account.invoice_partner_id
        self.send(street="9 Harbour Street")
        self.assertEqual(self.account.invoice_partner_id, address)
        self.assertEqual(address.street, "9 Harbour Street")
        messages = len(self.account.message_ids)
        self.send(street="9 Harbour Street")
        self.assertEqual(len(self.account.message_ids), messages)

    def test_an_address_that_others_use_stays(self):
        self.send()
        address = self.account.invoice_partner_id
        other = self.make_account("acme-lab", partner=self.account.partner_id)
        other.invoice_partner_id = address
        self.send(street="9 Harbour Street")
        self.assertEqual(address.street, "12 Bishop Road")
        self.assertEqual(self.account._get_payer().street, "9 Harbour Street")
        self.assertEqual(other._get_payer(), address)

    def test_who_changed_what_is_kept(self):
        self.send()
        self.env.flush_all()
        notes = self.account.message_ids
        text = " ".join(notes.mapped("body"))
        self.assertIn("12 Bishop Road", text)
        self.assertIn("US-77-12", text)
        self.assertIn(self.user.partner_id, notes.author_id)

    def test_the_checkout_is_given_the_address(self):
        self.send()
        self.bill_last_month()
        due = self.account._get_due()
        transaction = self.account._begin_payment(due, self.provider)
        buyer = transaction._fastspring_prepare_buyer()
        self.assertEqual(buyer.city, "Austin")
        self.assertEqual(buyer.tax_id, "US-77-12")
        self.assertEqual(buyer.email, self.account.partner_id.email)

    # === WHAT IS WRONG === #

    def test_what_is_missing_is_marked(self):
        page = self.refused(street="", city="")
        wrong = page.root.xpath("//input[contains(@class, 'is-invalid')]/@name")
        self.assertEqual(sorted(wrong), ["city", "street"])
        self.assertEqual(
            page.root.xpath("//input[@name='name']/@value"), [self.good["name"]]
        )

    def test_wrong_e_mail_addresses(self):
        page = self.refused(invoice_emails="ap@acme.example.com, boss")
        self.assertIn("“boss” is not an e-mail address.", page.text)
        many = ",".join(f"x{number}@acme.example.com" for number in range(11))
        self.assertIn(
            "10 e-mail addresses at most", self.refused(invoice_emails=many).text
        )

    def test_a_long_order_number(self):
        page = self.refused(purchase_order="9" * 65)
        self.assertIn("64 characters at most", page.text)

    def test_unknown_choices(self):
        self.assertIn("one of the languages", self.refused(lang="tlh").text)
        self.refused(country_id="999999999999999")
        self.refused(country_id="0")
        ontario = str(self.env.ref("base.state_ca_on").id)
        page = self.refused(state_id=ontario)
        self.assertIn(
            "is-invalid", page.root.xpath("//select[@name='state_id']/@class")[0]
        )
        norway = str(self.env.ref("base.no").id)
        page = Page(self.send(state_id=ontario, country_id=norway))
        self.assertTrue(page.has("saved"))
        self.assertFalse(self.account.invoice_partner_id.state_id)

    def test_a_tax_id_that_stands_on_invoices_stays(self):
        self.account.partner_id.vat = "US-1"
        self.bill_last_month()
        page = Page(self.send())
        self.assertIn("The tax ID cannot be changed here any more", page.text)
        self.assertEqual(self.account.partner_id.vat, "US-1")
        self.assertFalse(self.account.invoice_partner_id)
        self.assertIn("It stands on invoices already", self.open(self.url).text)

    # === WHO MAY === #

    def test_another_customer_reaches_nothing(self):
        stranger = self.make_portal_user(self.make_account("rival"))
        page = self.open(self.url, user=stranger)
        self.assertRegex(page.url, r"/my$")
        self.assertRegex(self.send(user=stranger).url, r"/my$")
        self.assertFalse(self.account.purchase_order)

    def test_anonymous_visitors_are_asked_to_log_in(self):
        self.assertIn("/web/login", self.url_open(self.url).url)

    @mute_logger("odoo.http")
    def test_the_form_needs_its_page(self):
        self.authenticate(self.user.login, self.user.login)
        self.assertEqual(self.url_open(self.url, data=self.good).status_code, 400)
        self.assertFalse(self.account.purchase_order)
