"""What the billing page says first, and the one thing that it offers to do."""

from odoo.tests import HttpCase, tagged
from odoo.tools.misc import format_date

from ..portal_states import HOW_TO_PAY, StateMaker


@tagged("standard", "post_install", "-at_install")
class TestState(StateMaker, HttpCase):
    def see(self, state, user=None):
        """Return the page in a state, which nothing else speaks of."""
        user = self.make(state) if user is None else user
        page = self.open(user=user)
        shown = [one for one in self.STATES if page.has(one)]
        self.assertEqual(shown, [state])
        return page

    def day(self, day):
        return format_date(self.env, day, date_format="medium")

    @property
    def contact(self):
        return f"/my/billing/{self.account.id}/contact"

    def assertPays(self, page, state):
        self.assertEqual(page.forms(state), [f"/my/billing/{self.account.id}/pay"])
        self.assertIn(f"Pay {self.money(29)}", page.block(state))
        self.assertFalse(page.links(state))

    def assertLeads(self, page, state, url):
        self.assertEqual(page.links(state), [url])
        self.assertFalse(page.forms(state))

    def test_nothing_to_tell(self):
        page = self.open()
        self.assertFalse([one for one in self.STATES if page.has(one)])

    def test_suspended(self):
        page = self.see("suspended")
        self.assertIn("Your service is interrupted", page.block("suspended"))
        self.assertIn("Your data is kept", page.block("suspended"))
        self.assertPays(page, "suspended")

    def test_suspended_and_the_transfer_is_on_its_way(self):
        self.make_waiting()
        page = self.see("suspended")
        self.assertIn("Your transfer is awaited", page.block("suspended"))
        self.assertLeads(page, "suspended", HOW_TO_PAY)

    def test_suspended_and_nothing_to_pay(self):
        self.pay()
        page = self.see("suspended")
        self.assertIn("contact billing", page.block("suspended"))
        self.assertLeads(page, "suspended", self.contact)

    def test_past_due(self):
        page = self.see("past_due")
        self.assertIn("A payment is late.", page.block("past_due"))
        self.assertIn(f"{self.money(29)} is overdue", page.block("past_due"))
        self.assertPays(page, "past_due")

    def test_overdue_is_told_before_anybody_noticed(self):
        self.make_overdue()
        self.assertPays(self.see("past_due", self.user), "past_due")

    def test_without_an_own_checkout_odoos_page_is_the_way(self):
        self.provider.is_published = False
        page = self.see("past_due")
        self.assertIn("payment=True", page.links("past_due")[0])
        self.assertIn(f"Pay {self.invoice.name}", page.block("past_due"))

    def test_a_transfer_that_is_awaited_is_not_late(self):
        self.make_overdue()
        self.account.state = "past_due"
        page = self.see("waiting")
        self.assertLeads(page, "waiting", HOW_TO_PAY)

    def test_waiting(self):
        page = self.see("waiting")
        day = self.day(self.invoice.transaction_ids.fastspring_due_date)
        words = page.block("waiting")
        self.assertIn("We are waiting for your transfer", words)
        self.assertIn(f"{self.money(29)} for {self.invoice.name}, until {day}", words)
        self.assertLeads(page, "waiting", HOW_TO_PAY)

    def test_waiting_without_instructions(self):
        transaction = self.make_waiting()
        transaction.fastspring_receipt_url = False
        transaction.fastspring_due_date = False
        page = self.see("waiting", self.user)
        self.assertIn(f"for {self.invoice.name}. A transfer", page.block("waiting"))
        self.assertFalse(page.links("waiting"))

    def test_an_automatic_payment_that_failed(self):
        page = self.see("not_charged")
        words = page.block("not_charged")
        self.assertIn("Your automatic payment did not work", words)
        self.assertIn(f"{self.invoice.name} could not be charged.", words)
        self.assertIn("Please pay it by hand.", words)
        self.assertPays(page, "not_charged")

    def test_an_automatic_payment_that_is_tried_again(self):
        payment = self.make_not_charged("planned", "INSUFFICIENT_FUNDS")
        page = self.see("not_charged", self.user)
        day = self.day(payment.next_date)
        self.assertIn(f"It is tried again on {day}.", page.block("not_charged"))
        self.assertLeads(
            page, "not_charged", f"/my/billing/{self.account.id}/automatic"
        )

    def test_a_failed_payment_that_was_made_by_hand(self):
        self.make_not_charged()
        self.pay()
        page = self.open()
        self.assertFalse(page.has("not_charged"))

    def test_capped(self):
        page = self.see("capped")
        self.assertIn("Requests to this account are refused", page.block("capped"))
        budget = self.account.budget_ids
        self.assertLeads(
            page, "capped", f"/my/billing/{self.account.id}/budgets/{budget.id}"
        )

    def test_closed(self):
        page = self.see("closed")
        self.assertIn("Nothing is left to do.", page.block("closed"))
        self.assertLeads(page, "closed", self.contact)

    def test_closed_with_a_debt(self):
        self.account.state = "closed"
        page = self.see("closed", self.user)
        self.assertIn("What is still owed can be paid here.", page.block("closed"))
        self.assertPays(page, "closed")

    def test_trial(self):
        page = self.see("trial")
        end = self.day(self.account._trial_end())
        self.assertIn(
            f"Until {end} you pay nothing for the plan Starter.", page.block("trial")
        )
        self.assertLeads(page, "trial", f"/my/billing/{self.account.id}/plans")

    def test_paused(self):
        page = self.see("paused")
        self.assertIn("Your plan is paused", page.block("paused"))
        self.assertIn("Meanwhile you pay for what you use.", page.block("paused"))
        self.assertLeads(page, "paused", f"/my/billing/{self.account.id}/plans")

    def test_new(self):
        page = self.see("new")
        self.assertIn("Nothing was used yet", page.block("new"))
        self.assertLeads(page, "new", f"/my/billing/{self.fresh.id}/details")
        self.use_this_month(self.fresh)
        self.assertFalse(self.open(user=self.fresh_user).has("new"))

    def test_the_most_urgent_is_told(self):
        self.make_capped()
        self.make_overdue()
        self.see("capped", self.user)
        self.account.state = "suspended"
        self.see("suspended", self.user)

    def test_who_may_only_read_is_told_and_cannot_pay(self):
        self.env["bitpaket.account.member"].create(
            {"account_id": self.account.id, "user_id": self.user.id, "role": "read"}
        )
        page = self.see("past_due")
        self.assertLeads(page, "past_due", self.contact)

    def test_paying_needs_no_script(self):
        """The form is a plain one: what it sends leads to the checkout."""
        form = self.see("past_due").find("past_due").xpath(".//form")[0]
        self.assertEqual(form.get("method"), "post")
        self.assertEqual(form.xpath(".//input[@name='csrf_token']/@type"), ["hidden"])
        self.assertEqual(form.xpath(".//button/@type"), ["submit"])
