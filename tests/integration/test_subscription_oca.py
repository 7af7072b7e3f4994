"""The subscription module's defects are not ours, and its own go on as before."""

from datetime import date
from pathlib import Path

from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import TransactionCase, freeze_time, tagged

import odoo.addons.bitpaket_billing as addon

from ..plan_common import PlanMixin


class SubscriptionMixin(PlanMixin):
    """A plan of ours, and a subscription that the module itself bills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.basic = cls.make_plan("Basic", 30, 300)
        cls.customer = cls.env["res.partner"].create({"name": "Paper Reader"})
        cls.paper = cls.env["sale.subscription.template"].create(
            {"name": "Newspaper", "invoicing_mode": "invoice"}
        )
        cls.product = cls.env["product.product"].create(
            {
                "name": "Newspaper",
                "type": "service",
                "list_price": 12,
                "subscribable": True,
                "subscription_template_id": cls.paper.id,
                "taxes_id": [Command.clear()],
                "property_account_income_id": cls.env["account.account"]
                .search(
                    [
                        ("account_type", "=", "income"),
                        ("company_ids", "in", cls.company.ids),
                    ],
                    limit=1,
                )
                .id,
            }
        )

    @classmethod
    def make_other(cls, **values):
        """Return a running subscription of somebody else's."""
        other = cls.env["sale.subscription"].create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "template_id": cls.paper.id,
                "pricelist_id": cls.account._plan_pricelist().id,
                "sale_subscription_line_ids": [
                    Command.create({"product_id": cls.product.id, "price_unit": 12})
                ],
                **values,
            }
        )
        other.action_start_subscription()
        other.recurring_next_date = Date.today()
        return other

    def module_cron(self):
        self.env.flush_all()
        self.env["sale.subscription"].cron_subscription_management()

    def facts(self, subscription):
        """Return all that the module's scheduler could change."""
        return subscription.read(
            [
                "stage_id",
                "date_start",
                "recurring_next_date",
                "in_progress",
                "is_paused",
                "invoice_ids",
                "sale_order_ids",
                "write_date",
            ]
        )


@tagged("standard", "post_install", "-at_install")
class TestDefects(SubscriptionMixin, TransactionCase):
    def start(self, day="2026-11-12", plan=None, account=None):
        self.change(day, "choose", plan or self.basic, account=account)
        return (account or self.account).subscription_ids

    def test_currency(self):
        """D1: the invoice is in the account's currency, and of its company."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        book = self.make_price_book("Euro", currency_id=euro.id)
        account = self.make_account("euro", book=book, date_start="2026-10-01")
        plan = self.make_plan(
            "Euro",
            bitpaket_price_ids=[
                Command.create(
                    {"currency_id": euro.id, "interval": "month", "amount": 40}
                )
            ],
        )
        subscription = self.start(plan=plan, account=account)
        self.run_on("2026-12-12")
        moves = account.invoice_ids
        self.assertEqual(len(moves), 2)
        self.assertEqual((subscription.currency_id, moves.currency_id), (euro, euro))
        self.assertEqual(moves.company_id, self.company)
        self.assertEqual(moves.mapped("amount_untaxed"), [40, 40])

    def test_the_scheduler_leaves_ours_alone(self):
        """D2, D3: whatever is due, nothing of ours is read, billed, or changed."""
        ours = self.start()
        before = self.facts(ours)
        invoices = self.account.invoice_ids
        with freeze_time("2027-06-01"):
            other = self.make_other()
            with self.assertNoLogs("odoo.addons.subscription_oca", "ERROR"):
                self.module_cron()
        self.env.invalidate_all()
        self.assertEqual(self.facts(ours), before)
        self.assertEqual(self.account.invoice_ids, invoices)
        self.assertEqual(other.invoice_ids.mapped("amount_untaxed"), [12])

    def test_an_empty_date(self):
        """D4: one of ours without a date stops neither scheduler."""
        ours = self.start()
        self.env.cr.execute(
            "UPDATE sale_subscription SET recurring_next_date = NULL WHERE id = %s",
            ours.ids,
        )
        self.env.invalidate_all()
        other = self.make_other()
        self.module_cron()
        self.assertEqual(len(other.invoice_ids), 1)
        self.run_on("2026-12-12")
        self.assertEqual(self.statements()[-1][3], 30)
        self.assertEqual(str(ours.recurring_next_date), "2027-01-12")

    def test_no_period_twice(self):
        """D5: however often it is tried, a period has one invoice."""
        self.start()
        for _try in range(3):
            self.run_on("2027-01-12")
        self.assertEqual(
            self.account.invoice_ids.mapped("amount_untaxed"), [30, 30, 30]
        )

    def test_month_ends(self):
        """D6: from the 31st to the 30th, and back."""
        ours = self.start("2026-10-31")
        ends = []
        for day in ("2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"):
            ends.append(str(ours.recurring_next_date))
            self.run_on(day)
        ends.append(str(ours.recurring_next_date))
        self.assertEqual(
            ends, ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]
        )

    def test_default_dates(self):
        """D7: today is today, however long the server has been running."""
        with freeze_time("2030-05-06"):
            found = self.env["sale.subscription"].default_get(
                ["date_start", "recurring_next_date"]
            )
        self.assertEqual(set(found.values()), {date(2030, 5, 6)})

    def test_catching_up(self):
        """D8: one run bills all that has ended; a pause is not billed."""
        ours = self.start()
        self.run_on("2027-03-12")
        self.assertEqual(
            [one[3] for one in self.statements() if one[2] == "period"][2:], [30] * 4
        )
        self.change("2027-03-20", "pause")
        self.run_on("2027-06-20")
        self.assertTrue(ours.is_paused)
        self.change("2027-06-20", "resume")
        self.assertEqual(
            [one[3] for one in self.statements() if one[0] >= "2027-04-12"],
            [0, 0, 30],
        )

    def test_the_stage(self):
        """D9: it follows the phases, moves no date, and nobody else writes it."""
        ours = self.start()
        stages = self.env["sale.subscription.stage"].search([])
        self.assertEqual(ours.stage_id.type, "in_progress")
        for stage in stages:
            with self.assertRaisesRegex(UserError, "change its plan there"):
                ours.stage_id = stage
        self.change("2026-11-20", "cancel_now")
        self.assertEqual(ours.stage_id.type, "post")
        self.assertEqual(str(ours.date_start), "2026-11-12")
        self.assertFalse(ours.recurring_next_date)

    def test_indexes(self):
        """D10: whatever is looked up by its subscription has an index."""
        columns = [
            ("sale_subscription", "bitpaket_account_id"),
            ("bitpaket_plan_phase", "subscription_id"),
            ("bitpaket_plan_change", "subscription_id"),
            ("account_move", "subscription_id"),
            ("sale_order", "order_subscription_id"),
            ("sale_subscription_line", "sale_subscription_id"),
        ]
        self.env.cr.execute("SELECT tablename, indexdef FROM pg_indexes")
        indexes = self.env.cr.fetchall()
        for table, column in columns:
            with self.subTest(table):
                self.assertTrue(
                    any(
                        name == table and f"({column})" in text
                        for name, text in indexes
                    )
                )

    def test_companies(self):
        """D11: an account's subscription is of its company; so is what it books."""
        ours = self.start()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            ours.with_context(bitpaket_following=True).company_id = self.env.ref(
                "base.main_company"
            )
            self.env.flush_all()
        elsewhere = self.account.with_company(self.env.ref("base.main_company"))
        with freeze_time("2026-11-20"):
            elsewhere._change_plan("cancel_now")
        moves = self.account.invoice_ids
        self.assertEqual(moves.company_id, self.company)
        self.assertEqual(moves.journal_id.company_id, self.company)

    def test_mails(self):
        """D12: the module sends nothing for ours, whatever its mode says."""
        self.assertEqual(self.basic.invoicing_mode, "draft")
        before = self.env["mail.mail"].search_count([])
        self.start()
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def test_no_image_of_the_agent(self):
        """D13: no picture is copied to every subscription."""
        self.assertFalse(self.start().image)

    def test_buttons(self):
        """Whatever one presses on ours, words say where its plan is changed."""
        ours = self.start()
        pause = self.env["sale.subscription.pause.wizard"].create({})
        close = self.env["close.reason.wizard"].create({})
        here = {"active_id": ours.id}
        for press in (
            pause.with_context(**here).button_confirm,
            close.with_context(**here).button_confirm,
            ours.action_open_pause_wizard,
            ours.action_close_subscription,
            ours.action_pause,
            ours.action_resume,
            ours.action_start_subscription,
            ours.close_subscription,
            ours.create_invoice,
            ours.create_sale_order,
            ours.generate_invoice,
            ours.manual_invoice,
        ):
            with (
                self.subTest(press.__name__),
                self.assertRaisesRegex(UserError, "change its plan there"),
            ):
                press()

    def test_its_mode_is_known_in_one_place(self):
        """Later versions replace `invoicing_mode`: one line is to change then."""
        folder = Path(addon.__file__).parent
        found = [
            (path.name, text)
            for path in sorted(folder.rglob("*"))
            if path.suffix in (".py", ".xml", ".csv", ".js")
            for text in path.read_text(encoding="utf-8").splitlines()
            if '"invoicing_mode"' in text or ".invoicing_mode" in text
        ]
        self.assertEqual(
            [name for name, _text in found], ["sale_subscription_template.py"]
        )


@tagged("standard", "post_install", "-at_install")
class TestOthers(SubscriptionMixin, TransactionCase):
    def test_the_scheduler_bills_them(self):
        """An invoice per run, posted, and the next date a month later."""
        other = self.make_other()
        self.module_cron()
        self.assertEqual(other.invoice_ids.state, "posted")
        self.assertEqual(other.invoice_ids.amount_untaxed, 12)
        self.assertEqual(other.recurring_next_date, Date.add(Date.today(), months=1))
        self.module_cron()
        self.assertEqual(len(other.invoice_ids), 1)

    def test_pause_and_resume(self):
        """Its wizard pauses; a paused one is not billed until it is resumed."""
        other = self.make_other()
        wizard = self.env["sale.subscription.pause.wizard"].create({})
        wizard.with_context(active_id=other.id).button_confirm()
        self.module_cron()
        self.assertFalse(other.invoice_ids)
        other.action_resume()
        self.module_cron()
        self.assertEqual(len(other.invoice_ids), 1)

    def test_close(self):
        """Its wizard closes."""
        other = self.make_other()
        reason = self.env["sale.subscription.close.reason"].create({"name": "Moved"})
        wizard = self.env["close.reason.wizard"].create({"close_reason_id": reason.id})
        wizard.with_context(active_id=other.id).button_confirm()
        self.assertEqual(other.stage_id.type, "post")
        self.assertEqual(other.close_reason_id, reason)
        self.assertFalse(other.in_progress)

    def test_an_order_makes_one(self):
        """Orders of its products make subscriptions, and are invoiced."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "pricelist_id": self.account._plan_pricelist().id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        order.action_confirm()
        made = order.subscription_ids
        self.assertEqual(made.template_id, self.paper)
        self.assertFalse(made.bitpaket_account_id)
        self.assertEqual(made.stage_id.type, "in_progress")
        self.assertEqual(order.invoice_status, "to invoice")
        made.stage_id = self.env["sale.subscription.stage"].search(
            [("type", "=", "post")], limit=1
        )
        self.assertFalse(made.in_progress)
