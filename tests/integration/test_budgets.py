"""Budgets: what is told, to whom, once; and the hard cap."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import html2plaintext, mute_logger

from ..common import BillingMixin

NOW = "2026-11-16 12:00:00"


class BudgetMixin(BillingMixin):
    """An account that uses 5.00 a day, and has used 75.00 in fifteen days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-11-01")
        for number in range(15):
            cls.use_on(Date.to_date("2026-11-01") + timedelta(days=number))

    @classmethod
    def use_on(cls, day, quantity=1_000_000, account=None):
        cls.report(account or cls.account, "requests_a", day, quantity)

    @classmethod
    def make_budget(cls, amount=100, account=None, **values):
        return cls.env["bitpaket.budget"].create(
            {
                "account_id": (account or cls.account).id,
                "name": "Monthly",
                "amount": amount,
                "on_forecast": False,
                **values,
            }
        )

    def mails(self, budget=None):
        """Return the e-mails about budgets, oldest first."""
        domain = [("model", "=", "bitpaket.budget.alert")]
        if budget:
            domain.append(("res_id", "in", budget.alert_ids.ids))
        return self.env["mail.mail"].sudo().search(domain, order="id")

    def told(self, budget):
        """Return what the budget has told and still holds."""
        return [
            (alert.basis, alert.threshold)
            for alert in budget.alert_ids.sorted("id")
            if not alert.lifted_at
        ]

    def notes(self):
        """Return the notes on the account, newest first."""
        return [html2plaintext(one.body) for one in self.account.message_ids]


@tagged("standard", "post_install", "-at_install")
@freeze_time(NOW)
class TestBudgets(BudgetMixin, TransactionCase):
    def test_each_threshold_is_told_once(self):
        budget = self.make_budget(150)
        self.assertEqual(self.told(budget), [("used", 50)])
        self.assertEqual((budget.value, budget.percent), (75, 50))
        self.assertEqual(len(self.mails()), 1)
        budget._check()
        self.assertEqual(len(self.mails()), 1)
        self.use_on("2026-11-15", 8_999_999)  # 44.999995 more
        budget._check()
        self.assertEqual(budget.value, 120)
        self.assertEqual(self.told(budget), [("used", 50), ("used", 80)])
        self.assertEqual(len(self.mails()), 2)
        self.assertIn("80 % of the budget “Monthly” is used", self.mails()[1].subject)

    def test_several_thresholds_at_once_make_one_mail(self):
        budget = self.make_budget(50)
        self.assertEqual(self.told(budget), [("used", 50), ("used", 80), ("used", 100)])
        self.assertIn("100 % of the budget", self.mails().subject)

    def test_one_cent_below_is_not_reached(self):
        budget = self.make_budget(75.01, thresholds="100")
        self.assertEqual(self.told(budget), [])
        self.assertEqual(budget.percent, 99)
        budget.amount = 75
        self.assertEqual(self.told(budget), [("used", 100)])

    def test_the_mail(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        contact = self.env["res.partner"].create(
            {
                "name": "Zoé",
                "email": "zoe@acme.example.com",
                "lang": "fr_FR",
                "parent_id": self.account.partner_id.id,
            }
        )
        partners = contact | self.account.partner_id
        self.make_budget(partner_ids=[Command.set(partners.ids)])
        mails = {mail.recipient_ids.name: mail for mail in self.mails()}
        self.assertEqual(set(mails), {"Zoé", "Acme"})
        self.assertEqual({mail.state for mail in self.mails()}, {"outgoing"})
        text = " ".join(html2plaintext(mails["Acme"].body_html).split())
        for words in (
            "Hello Acme",
            "Acme: 50 % of the budget “Monthly” is used",
            "November 2026",
            "$ 100.00",
            "$ 75.00",
            "11/15/2026 12:00:00 PM (UTC)",
            "This message changes nothing: your service goes on.",
            "Usage arrives with a delay, and budgets are checked about once an hour",
        ):
            self.assertIn(words, text)
        self.assertIn(
            f"/my/billing/{self.account.id}/budgets", str(mails["Acme"].body_html)
        )
        french = html2plaintext(mails["Zoé"].body_html).replace("\xa0", " ")
        self.assertIn("100,00", french)
        self.assertIn("novembre 2026", french)

    def test_the_forecast_is_told_too(self):
        budget = self.make_budget(147.5, on_forecast=True, thresholds="40, 80, 100")
        self.assertEqual(budget.forecast, 147.5)
        self.assertEqual(
            self.told(budget), [("used", 40), ("forecast", 80), ("forecast", 100)]
        )
        self.assertIn("40 %", self.mails().subject)
        budget = self.make_budget(140, on_forecast=True, thresholds="100")
        self.assertEqual(self.told(budget), [("forecast", 100)])
        mail = self.mails(budget)
        self.assertIn("forecast to reach 100 % of the budget", mail.subject)
        self.assertIn("147.50", html2plaintext(mail.body_html))

    def test_a_quantity(self):
        budget = self.make_budget(
            0,
            type="quantity",
            meter_id=self.meter("requests_a").id,
            quantity=20_000_000,
            on_forecast=True,
        )
        self.assertEqual(budget.value, 15_000_000)
        self.assertEqual(budget.forecast, 29_500_000)
        self.assertEqual(
            self.told(budget), [("used", 50), ("forecast", 80), ("forecast", 100)]
        )
        self.assertIn(
            "20,000,000 requests", html2plaintext(self.mails(budget).body_html)
        )

    def test_the_next_period_begins_anew(self):
        budget = self.make_budget()
        with freeze_time("2026-12-02"):
            self.use_on("2026-12-01", 10_000_000)
            budget._check()
            self.assertEqual(
                self.told(budget), [("used", 50), ("used", 50)], "once in each period"
            )
            self.assertEqual(len(self.mails()), 2)

    def test_a_changed_limit_tells_again_what_is_reached_again(self):
        budget = self.make_budget()  # 75 of 100
        budget.amount = 140  # 50 % are 70: told
        self.assertEqual(self.told(budget), [("used", 50)])
        budget.amount = 1000
        self.assertEqual(self.told(budget), [])
        self.assertEqual(budget.alert_ids.lifted_by, "limit")
        budget.amount = 150
        self.assertEqual(self.told(budget), [("used", 50)])
        self.assertEqual(len(self.mails()), 2)

    def test_the_database_keeps_a_threshold_from_being_told_twice(self):
        alert = self.make_budget().alert_ids
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            alert.copy()
            self.env.flush_all()

    def test_what_cannot_be_a_budget(self):
        for values in (
            {"thresholds": "often"},
            {"thresholds": ""},
            {"thresholds": "0, 50"},
            {"thresholds": "50, 1001"},
            {"thresholds": ",".join(map(str, range(1, 12)))},
            {"thresholds": "50.5"},
        ):
            with self.assertRaisesRegex(UserError, "whole percentages"):
                self.make_budget(**values)
        stranger = self.env["res.partner"].create(
            {"name": "Eve", "email": "eve@example.com"}
        )
        with self.assertRaisesRegex(ValidationError, "these are none: Eve"):
            self.make_budget(partner_ids=[Command.set(stranger.ids)])
        for values in (
            {"amount": 0},
            {"type": "quantity", "quantity": 5},
            {
                "type": "quantity",
                "quantity": 5,
                "meter_id": self.meter("requests_a").id,
                "hard_cap": True,
            },
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self.make_budget(**values)
        budget = self.make_budget()
        with self.assertRaisesRegex(UserError, "make a new budget"):
            budget.type = "quantity"

    def test_twenty_at_most(self):
        first, *_others = [self.make_budget() for _number in range(20)]
        with (
            self.assertRaisesRegex(ValidationError, "20 budgets at most"),
            self.cr.savepoint(),
        ):
            self.make_budget()
        first.active = False
        self.make_budget()

    def test_usage_that_cannot_be_rated_holds_nothing_up(self):
        book = self.env["bitpaket.price.book"].create({"name": "Without prices"})
        account = self.make_account("priceless", book=book, date_start="2026-11-01")
        self.use_on("2026-11-10", account=account)
        budget = self.make_budget(account=account)
        self.assertTrue(budget.checked_at)
        self.assertFalse(budget.alert_ids)

    def test_who_may_do_what(self):
        budget = self.make_budget()
        for group, may in (("viewer", False), ("billing_user", True)):
            user = self.env["res.users"].create(
                {
                    "name": group,
                    "login": group,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [
                        Command.link(self.env.ref(f"bitpaket_billing.group_{group}").id)
                    ],
                }
            )
            own = budget.with_user(user)
            self.assertEqual(own.percent, 75)
            if may:
                own.amount = 1000
                self.assertEqual(self.told(budget), [])
            else:
                with self.assertRaises(AccessError):
                    own.amount = 1000
            with self.assertRaises(AccessError):
                own.alert_ids.with_user(user).lifted_at = False
        portal = self.make_portal_user(self.account)
        with self.assertRaises(AccessError):
            budget.with_user(portal).read(["name"])
        other = self.env["res.company"].create({"name": "Other Storage Ltd"})
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        with self.assertRaises(AccessError):
            budget.with_user(user).with_company(other).read(["name"])


@tagged("standard", "post_install", "-at_install")
@freeze_time(NOW)
class TestHardCap(BudgetMixin, TransactionCase):
    def answer(self):
        self.env.invalidate_all()
        return self.account._control_plane_answer()

    def assertStopped(self, budget):
        answer = self.answer()
        self.assertFalse(answer["may_run"])
        self.assertEqual(
            [reason["code"] for reason in answer["reasons"]], ["budget_cap"]
        )
        self.assertTrue(budget.is_capped)
        self.assertEqual(self.account.cap_budget_id, budget)

    def assertRuns(self):
        answer = self.answer()
        self.assertEqual(
            (answer["may_run"], answer["reasons"], answer["cap"]), (True, [], None)
        )
        self.assertFalse(self.account.cap_budget_id)

    def test_reached_and_lifted_by_raising_the_budget(self):
        budget = self.make_budget(hard_cap=True)
        self.assertRuns()
        self.use_on("2026-11-16", 5_000_000)
        budget._check()
        self.assertStopped(budget)
        self.assertEqual(
            self.answer()["cap"] | {"reached_at": None},
            {
                "limit": "100.00",
                "currency": "USD",
                "until": "2026-12-01",
                "reached_at": None,
            },
        )
        self.assertIn("Acme is stopped: the budget “Monthly”", self.mails()[-1].subject)
        text = html2plaintext(self.mails()[-1].body_html)
        self.assertIn("Requests to this account are refused until you", text)
        self.assertIn("are still billed", text)
        self.assertIn("The account is stopped: the hard cap", self.notes()[0])
        number = len(self.mails())
        budget._check()
        self.assertEqual(len(self.mails()), number)
        budget.amount = 100.01
        self.assertRuns()
        self.assertIn("Acme runs again", self.mails()[-1].subject)
        text = html2plaintext(self.mails()[-1].body_html)
        self.assertIn("The limit was changed, so", text)
        self.assertIn("100.01", text)
        self.assertNotIn("Used so far", text)
        self.assertIn("The account may run again", self.notes()[0])
        self.use_on("2026-11-16", 2_000)
        budget._check()
        self.assertStopped(budget)

    def test_raised_too_little(self):
        budget = self.make_budget(50, hard_cap=True)
        self.assertStopped(budget)
        budget.amount = 75
        self.assertStopped(budget)

    def test_lifted_by_the_next_period_at_once(self):
        budget = self.make_budget(50, hard_cap=True)
        self.assertStopped(budget)
        with freeze_time("2026-12-01 00:00:00"):
            self.assertRuns()  # also when no job has run yet
            number = len(self.mails())
            budget._check()
            self.assertRuns()
            self.assertEqual(len(self.mails()), number + 1)
            self.assertIn(
                "The next period began", html2plaintext(self.mails()[-1].body_html)
            )
            self.assertIn("The next period began", self.notes()[0])
            budget._check()
            self.assertEqual(len(self.mails()), number + 1)

    def test_lifted_by_taking_it_away(self):
        budget = self.make_budget(50, hard_cap=True)
        budget.action_remove_cap()
        self.assertRuns()
        self.assertIn("The cap was removed", self.notes()[0])
        budget.action_set_cap()
        self.assertStopped(budget)
        budget.active = False
        self.assertRuns()

    def test_lifted_by_a_correction(self):
        budget = self.make_budget(75, hard_cap=True)
        self.assertStopped(budget)
        self.env.cr.execute(
            "UPDATE bitpaket_usage_pending SET quantity = 1 WHERE account_id = %s",
            [self.account.id],
        )
        budget._check()
        self.assertRuns()
        self.assertIn("Usage was corrected", self.notes()[0])

    def test_the_state_of_the_account_stops_it_too(self):
        for state, may_run in (
            ("active", True),
            ("past_due", True),
            ("suspended", False),
            ("closed", False),
        ):
            self.account.state = state
            answer = self.answer()
            self.assertEqual((answer["state"], answer["may_run"]), (state, may_run))

    def test_a_cap_that_breaks_down_later_stays(self):
        budget = self.make_budget(50, hard_cap=True)
        self.account.price_book_id = self.env["bitpaket.price.book"].create(
            {"name": "Without prices"}
        )
        budget._check()
        self.assertStopped(budget)
        budget.hard_cap = False
        self.assertRuns()
        self.assertFalse(budget.is_capped)


@tagged("standard", "post_install", "-at_install")
class TestWhatIsDue(BudgetMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        with freeze_time(NOW):
            super().setUpClass()
            cls.budget = cls.make_budget()
            cls.env["bitpaket.usage.store"]._roll_up()
        cls.env.flush_all()
        cls.set_time("bitpaket_budget", "checked_at", "2026-11-16 12:00:00")
        cls.set_time("bitpaket_usage_daily", "updated", "2026-11-16 11:59:59")

    @classmethod
    def set_time(cls, table, column, moment):
        cls.env.flush_all()
        cls.env.cr.execute(f"UPDATE {table} SET {column} = %s", [moment])
        cls.env.invalidate_all()

    def due(self, now="2026-11-16 13:00:00"):
        with freeze_time(now):
            return self.env["bitpaket.budget"]._claim_due(now, 10)

    def test_nothing_new(self):
        self.assertFalse(self.due())

    def test_usage_that_was_folded_since(self):
        self.set_time("bitpaket_usage_daily", "updated", "2026-11-16 12:00:01")
        self.assertEqual(self.due(), self.budget)

    def test_usage_that_waits_to_be_folded(self):
        self.use_on("2026-11-16")
        self.assertEqual(self.due(), self.budget)
        self.assertFalse(self.due("2026-11-16 12:00:00"), "checked in this run already")

    def test_levels_move_without_usage(self):
        self.assertFalse(self.due("2026-11-16 18:00:00"))
        self.assertEqual(self.due("2026-11-16 18:00:01"), self.budget)

    def test_a_period_that_ended(self):
        self.set_time("bitpaket_budget", "checked_at", "2026-11-30 23:59:00")
        self.assertEqual(self.due("2026-12-01 00:01:00"), self.budget)

    def test_a_deleted_budget(self):
        self.budget.active = False
        self.set_time("bitpaket_budget", "checked_at", None)
        self.assertFalse(self.due())

    def test_one_that_breaks_does_not_hold_up_the_others(self):
        other = self.make_account(
            "other", book=self.account.price_book_id, date_start="2026-11-01"
        )
        with freeze_time(NOW):
            broken = self.make_budget(account=other)
        self.set_time("bitpaket_budget", "checked_at", None)
        check = type(self.budget)._check

        def fail(budgets):
            if budgets == broken:
                raise ZeroDivisionError
            check(budgets)

        self.patch(type(self.budget), "_check", fail)
        with (
            freeze_time("2026-11-16 13:00:00"),
            mute_logger("odoo.addons.bitpaket_billing.models.bitpaket_budget_check"),
            self.enter_registry_test_mode(),
        ):
            self.env.ref(
                "bitpaket_billing.ir_cron_check_budgets"
            ).method_direct_trigger()
        self.assertTrue(broken.checked_at)
        self.assertEqual(self.budget.value, 75)
