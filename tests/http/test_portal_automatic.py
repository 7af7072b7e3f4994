"""Automatic payment on the billing page: its words, and who may agree and end it."""

from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..automatic_common import AutomaticMixin
from .test_portal_billing import Page, words

PROVIDER = "odoo.addons.bitpaket_billing.models.payment_provider"


@tagged("standard", "post_install", "-at_install")
class TestAutomaticPortal(AutomaticMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_portal_user(cls.account)
        cls.rival = cls.make_account("rival")
        cls.stranger = cls.make_portal_user(cls.rival)
        cls.page = f"/my/billing/{cls.account.id}/automatic"

    def open(self, path="/my/billing", user=None):
        """Return the page as a customer gets it."""
        login = (user or self.user).login
        self.authenticate(login, login)
        return Page(self.url_open(path))

    def post(self, action, user=None, token=True):
        """Press a button as a user, or as nobody."""
        if user:
            self.authenticate(user.login, user.login)
        else:
            self.authenticate(None, None)
        data = {"csrf_token": Request.csrf_token(self)} if token else {"a": "b"}
        return self.url_open(f"{self.page}/{action}", data=data, allow_redirects=False)

    # === Agreeing === #

    def test_the_billing_page_leads_to_the_explanation(self):
        page = self.open()
        self.assertIn("Each new invoice is paid by itself", page.block("automatic"))
        self.assertIn("Pay automatically", page.block("automatic"))
        page = self.open(self.page)
        for said in (
            "Nothing is charged by that, and no card data is stored here.",
            "Invoices that exist already are not charged.",
            "in USD, and nothing else",
            "Continue to FastSpring",
        ):
            self.assertIn(said, page.text)
        self.assertFalse(page.has("end"))

    def test_the_button_leads_to_fastspring(self):
        response = self.post("start", self.user)
        self.assertEqual(response.status_code, 303)
        (session,) = self.simulator.sessions
        self.assertEqual(
            response.headers["Location"],
            f"{self.simulator.storefront_url}/checkout/session/{session['id']}",
        )
        self.assertEqual(
            session["customer"]["billToContact"]["email"], self.partner.email
        )
        self.assertIn("can take some minutes", self.open(self.page).text)
        self.simulator.pay(session["id"])
        self.settle()
        page = self.open(self.page)
        self.assertIn("are charged to test 4242", page.text)
        self.assertTrue(page.has("end"))
        self.assertIn("Automatic payment is on", self.open().block("automatic"))

    @mute_logger(PROVIDER)
    def test_fastspring_down_is_told_on_the_page(self):
        self.simulator.set_fault("server_error")
        page = Page(self.post("start", self.user))
        self.assertIn("FastSpring could not be reached", page.block("problem"))

    def test_a_refused_method_is_told_on_the_page(self):
        transaction = self.begin_opt_in()
        transaction._set_error("This payment method cannot be charged automatically.")
        self.assertIn(transaction.state_message, self.open().block("automatic"))

    def test_not_offered(self):
        self.provider.fastspring_automatic_product = False
        self.assertFalse(self.open().has("automatic"))
        self.assertIn("not offered right now", self.open(self.page).text)
        page = Page(self.post("start", self.user))
        self.assertIn("not offered right now", page.block("problem"))
        self.assertFalse(self.simulator.sessions)

    # === How it goes === #

    def test_declines_and_what_to_do(self):
        token = self.opt_in()
        self.simulator.set_outcome(token.provider_ref, "INSUFFICIENT_FUNDS")
        invoice = self.bill()
        self.payments._plan()
        self.assertIn(f"{invoice.name} is going to be charged", self.block())
        payment = self.charge(invoice)
        self.assertIn(f"{invoice.name} is being charged", self.block())
        self.settle()
        self.assertIn(
            f"{invoice.name} could not be charged. There was not enough money. It is "
            "tried again on",
            self.block(),
        )
        payment.decline_code = "EXPIRED_CARD"
        payment._close("failed", "…")
        self.assertIn(
            "The card has expired. Please pay it by hand below.", self.block()
        )
        self.assertTrue(invoice._has_to_be_paid())

    def block(self):
        return words(self.open().block("automatic"))

    # === Ending === #

    def test_the_customer_ends_it(self):
        self.opt_in()
        self.open(self.page)
        response = self.post("end", self.user)
        self.assertEqual(response.status_code, 303)
        self.assertFalse(self.account.automatic_token_id)
        self.assertEqual(self.account.automatic_ended_by, "customer")
        self.assertIn("Ended by the customer", self.open(self.page).text)
        self.assertEqual(self.post("end", self.user).status_code, 303)

    def test_ended_by_others_is_told(self):
        self.opt_in()
        self.account._end_automatic_payment("fastspring")
        self.assertIn("Ended at FastSpring, on", self.block())

    # === Who may === #

    def test_another_customer_reaches_nothing(self):
        self.opt_in()
        page = self.open(self.page, self.stranger)
        self.assertTrue(page.url.endswith("/my"))
        self.assertNotIn("4242", page.text)
        before = len(self.simulator.sessions)
        for action in ("start", "end"):
            response = self.post(action, self.stranger)
            self.assertEqual(response.headers["Location"].rpartition("/")[2], "my")
        self.assertTrue(self.account.automatic_token_id)
        self.assertEqual(len(self.simulator.sessions), before)

    def test_nobody_reaches_anything(self):
        self.opt_in()
        for action in ("start", "end"):
            response = self.post(action)
            self.assertIn("/web/login", response.headers["Location"])
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(self.page).url)
        self.assertTrue(self.account.automatic_token_id)

    @mute_logger("odoo.http")
    def test_buttons_need_their_page(self):
        self.opt_in()
        for action in ("start", "end"):
            self.assertEqual(self.post(action, self.user, token=False).status_code, 400)
        self.assertEqual(self.url_open(f"{self.page}/end").status_code, 405)
        self.assertTrue(self.account.automatic_token_id)

    def test_odoo_s_own_pages_do_not_show_it(self):
        token = self.opt_in()
        page = self.open("/my/payment_method")
        self.assertNotIn(token.payment_details, page.text)
