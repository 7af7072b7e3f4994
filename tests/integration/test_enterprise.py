"""Enterprise accounts: made by a form, or of a quotation, with all that was agreed."""

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger

from ..common import GIB
from ..plan_common import PlanMixin


@tagged("standard", "post_install", "-at_install")
class TestEnterprise(PlanMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls.env["res.partner"].create({"name": "Okapi Health"})

    def form(self, day="2026-11-12", **values):
        """Return the form, filled in on a day."""
        with freeze_time(day):
            return self.env["bitpaket.enterprise"].create(
                {
                    "partner_id": self.customer.id,
                    "reference": "okapi",
                    "book_id": self.book.id,
                    "amount": 500,
                    **values,
                }
            )

    def make(self, day="2026-11-12", **values):
        """Return the account that the form makes."""
        form = self.form(day, **values)
        with freeze_time(day):
            action = form.action_create_account()
        return self.env["bitpaket.account"].browse(action["res_id"])

    def make_order(self, product=None, price=500, **values):
        """Return a confirmed order of the plan."""
        product = product or self.env.ref("bitpaket_billing.product_plan")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                            **values,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order

    def test_all_that_was_agreed(self):
        """Account, own prices, commitment and plan; the first invoice at once."""
        account = self.make(
            commitment=800,
            minimum_months=12,
            allowance_ids=[
                Command.create(
                    {"meter_id": self.meter("transfer_out").id, "quantity": 100}
                )
            ],
        )
        self.assertEqual(
            (account.name, account.reference, account.partner_id, account.company_id),
            ("Okapi Health", "okapi", self.customer, self.company),
        )
        book = account.price_book_id
        self.assertNotEqual(book, self.book)
        self.assertEqual(book.name, "Standard for Okapi Health")
        self.assertEqual(
            sorted(book.price_ids.mapped("unit_price")),
            sorted(self.book.price_ids.mapped("unit_price")),
        )
        plan = account.subscription_ids.template_id
        self.assertEqual(
            (plan.name, plan.bitpaket_visibility, plan.bitpaket_invited_ids),
            ("Enterprise Okapi Health", "invitation", account),
        )
        self.assertEqual(account.plan_change_ids.statement_ids.move_id.state, "posted")
        self.assertEqual(account.invoice_ids.amount_untaxed, 500)
        self.use("transfer_out", 400 * GIB, "2026-11-20", account=account)
        self.run_on("2026-12-12")
        # 200 GiB at 0.09; plan and usage are 518, of at least 800.
        self.assertEqual(
            [
                (line.type, line.amount)
                for line in account.statement_ids.line_ids
                if line.amount
            ],
            [("usage", 18), ("fee", 500), ("commitment", 282)],
        )
        others = self.env["sale.subscription.template"]._bitpaket_offered(self.account)
        self.assertNotIn(plan, others)

    def test_later(self):
        """What begins later is charged on its first day."""
        account = self.make(date_start="2027-01-01")
        self.assertFalse(account.invoice_ids)
        self.assertEqual(account.plan_change_id.state, "pending")
        self.run_on("2027-01-01")
        self.assertEqual(
            (account.invoice_ids.amount_untaxed, str(account.invoice_ids.invoice_date)),
            (500, "2027-01-01"),
        )

    def test_an_existing_plan_and_book(self):
        """Nothing is copied that is there already."""
        plan = self.make_plan("Big", 900, 9000, bitpaket_visibility="invitation")
        account = self.make(
            book_mode="existing", plan_mode="existing", plan_id=plan.id, interval="year"
        )
        self.assertEqual(account.price_book_id, self.book)
        self.assertEqual(plan.bitpaket_invited_ids, account)
        self.assertEqual(account.invoice_ids.amount_untaxed, 9000)

    def test_no_plan(self):
        """Own prices alone are enough."""
        account = self.make(plan_mode="none", date_start="2026-11-01")
        self.assertFalse(account.subscription_ids)

    def test_refusals(self):
        """What is missing is told, and nothing is left behind."""
        before = self.env["bitpaket.account"].search_count([])
        for values, words in (
            ({"reference": " "}, "external reference"),
            ({"date_start": "2026-11-11"}, "in the past"),
            ({"plan_mode": "existing"}, "Choose a plan"),
            (
                {
                    "plan_mode": "existing",
                    "plan_id": self.make_plan("Monthly", 1).id,
                    "interval": "year",
                },
                "no price in USD",
            ),
        ):
            form = self.form(**values)
            with (
                self.subTest(words),
                freeze_time("2026-11-12"),
                self.assertRaisesRegex(UserError, words),
                self.env.cr.savepoint(),
            ):
                form.action_create_account()
        self.assertEqual(self.env["bitpaket.account"].search_count([]), before)

    def test_an_order(self):
        """A confirmed order becomes one account, at the price of its lines."""
        order = self.make_order(discount=10)
        self.assertTrue(order.bitpaket_sells_plan)
        with freeze_time("2026-11-12"):
            action = order.action_bitpaket_account()
            form = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual((form.partner_id, form.amount), (self.customer, 450))
            again = self.env[action["res_model"]].browse(
                order.action_bitpaket_account()["res_id"]
            )
            form.reference, again.reference = "okapi", "okapi-2"
            opened = form.action_create_account()
            account = order.bitpaket_account_id
            self.assertEqual(account.order_id, order)
            self.assertEqual(
                (opened["res_model"], opened["res_id"]),
                ("bitpaket.account", account.id),
            )
            # Another form, another click: the same account.
            self.assertEqual(again.action_create_account()["res_id"], account.id)
            self.assertEqual(order.action_bitpaket_account()["res_id"], account.id)
        self.assertEqual(account.invoice_ids.amount_untaxed, 450)
        self.assertEqual(account.plan_change_ids.reason, order.name)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.account.order_id = order
            self.env.flush_all()

    def test_the_order_is_not_invoiced_again(self):
        """The statements bill the plan; whatever else the order has is invoiced."""
        order = self.make_order()
        self.assertEqual(order.invoice_status, "no")
        other = self.make_order(
            self.env["product.product"].create(
                {"name": "Onboarding", "type": "service", "invoice_policy": "order"}
            )
        )
        self.assertEqual(other.invoice_status, "to invoice")

    def test_other_orders(self):
        """No account is made of what is not confirmed, or sells no plan."""
        draft = self.make_order()
        draft._action_cancel()
        product = self.env["product.product"].create({"name": "A chair"})
        for order in (draft, self.make_order(product)):
            with self.assertRaisesRegex(UserError, "confirmed order"):
                order.action_bitpaket_account()

    def test_who_may(self):
        """Managers make them; users do not."""
        user, manager = (
            self.env["res.users"].create(
                {
                    "name": group,
                    "login": group,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [
                        Command.set(self.env.ref(f"bitpaket_billing.{group}").ids)
                    ],
                }
            )
            for group in ("group_billing_user", "group_billing_manager")
        )
        values = {
            "partner_id": self.customer.id,
            "reference": "okapi",
            "book_id": self.book.id,
            "amount": 500,
            "date_start": Date.today(),
        }
        forms = self.env["bitpaket.enterprise"]
        with self.assertRaises(AccessError):
            forms.with_user(user).create(values)
        form = forms.with_user(manager).create(values)
        account = self.env["bitpaket.account"].browse(
            form.action_create_account()["res_id"]
        )
        self.assertEqual(account.invoice_ids.amount_untaxed, 500)
