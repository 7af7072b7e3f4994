"""Coupons: who may redeem them, and what they take off which invoice."""

import random

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import Form, TransactionCase, freeze_time, tagged

from odoo.addons.bitpaket_billing import rating
from odoo.addons.bitpaket_billing.models.bitpaket_coupon_redeem import CouponRefused

from ..coupon_common import CouponMixin

OCTOBER = rating.Period(Date.to_date("2026-10-01"), Date.to_date("2026-11-01"))


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-10-20")
class TestRedeeming(CouponMixin, TransactionCase):
    def refused(self, coupon, account=None, code=None):
        """Return the reason for which a coupon cannot be redeemed."""
        with self.assertRaises(CouponRefused) as caught:
            coupon._redeem(account or self.account, code)
        return caught.exception.reason

    def refused_code(self, text, account=None):
        with self.assertRaises(CouponRefused) as caught:
            self.env["bitpaket.coupon"]._redeem_code(account or self.account, text)
        return caught.exception.reason

    def test_a_shared_code(self):
        coupon = self.make_coupon(duration="invoices", invoices=3, on=["storage"])
        self.make_code(coupon)
        redemption = self.env["bitpaket.coupon"]._redeem_code(
            self.account, " wel-come "
        )
        self.assertEqual(redemption.state, "active")
        self.assertEqual(redemption.summary, "20 % off Storage, for 3 invoices")
        self.assertEqual(redemption._left_words(), "3 invoices left")
        self.assertEqual(coupon.redemption_count, 1)

    def test_generated_codes(self):
        coupon = self.make_coupon()
        codes = self.env["bitpaket.coupon.code"]._generate(coupon, 50, "spring")
        self.assertEqual(len(set(codes.mapped("name"))), 50)
        code = codes[0]
        self.assertEqual(code.shown[:7], "SPRING-")
        self.env["bitpaket.coupon"]._redeem_code(self.account, code.shown.lower())
        rival = self.make_account("rival", book=self.book)
        self.assertEqual(self.refused_code(code.shown, rival), "used_up")
        rows = coupon.code_ids._csv().decode("utf-8-sig").splitlines()
        self.assertEqual(len(rows), 51)
        self.assertIn(code.shown, "".join(rows))

    def test_nobody_learns_that_a_code_exists(self):
        coupon = self.make_coupon()
        code = self.env["bitpaket.coupon.code"]._generate(coupon, 1, "X")
        wrong = code.name[:-1] + ("A" if code.name[-1] != "A" else "B")
        self.assertEqual(self.refused_code(wrong), "mistyped")
        code.account_id = self.make_account("rival", book=self.book)
        self.assertEqual(self.refused_code(code.name), "unknown")
        unknown = rating.make_code("X", random.Random(5).choice)
        self.assertEqual(self.refused_code(unknown), "unknown")

    def test_another_company_knows_no_such_code(self):
        code = self.env["bitpaket.coupon.code"]._generate(self.make_coupon(), 1)
        self.addCleanup(setattr, type(self), "env", self.env)
        self.make_company("Other Inc.")
        other = self.make_account("other", book=self.make_price_book("Other"))
        self.assertEqual(self.refused_code(code.name, other), "unknown")

    def test_dates(self):
        coupon = self.make_coupon(date_first="2026-10-21")
        self.assertEqual(self.refused(coupon), "early")
        coupon.write({"date_first": False, "date_last": "2026-10-19"})
        self.assertEqual(self.refused(coupon), "expired")
        coupon.date_last = "2026-10-20"
        coupon._redeem(self.account)
        ended = self.make_coupon(duration="until", date_until="2026-09-30")
        self.assertEqual(self.refused(ended), "expired")
        coupon.active = False
        self.assertEqual(self.refused(coupon), "ended")

    def test_limits(self):
        coupon = self.make_coupon(max_redemptions=1)
        coupon._redeem(self.account)
        self.assertEqual(self.refused(coupon), "again")
        rival = self.make_account("rival", book=self.book)
        self.assertEqual(self.refused(coupon, rival), "used_up")
        coupon.max_redemptions = 2
        coupon._redeem(rival)
        self.assertEqual(coupon.remaining, "0 redemptions")

    def test_several_times_per_account(self):
        coupon = self.make_coupon(max_per_account=2)
        numbers = [coupon._redeem(self.account).account_number for _time in range(2)]
        self.assertEqual(numbers, [1, 2])
        self.assertEqual(self.refused(coupon), "again")

    def test_currency_and_budget(self):
        coupon = self.make_coupon(fixed=10, budget=5)
        euro = self.env.ref("base.EUR")
        euro.active = True
        book = self.make_price_book("Euro", currency_id=euro.id)
        abroad = self.make_account("abroad", book=book, currency_id=euro.id)
        self.assertEqual(self.refused(coupon, abroad), "currency")
        coupon._redeem(self.account)

    def test_exclusive(self):
        alone = self.make_coupon(exclusive=True)
        beside = self.make_coupon()
        beside._redeem(self.account)
        self.assertEqual(self.refused(alone), "exclusive")
        rival = self.make_account("rival", book=self.book)
        alone._redeem(rival)
        self.assertEqual(self.refused(beside, rival), "exclusive")

    def test_an_account_that_has_ended(self):
        self.account.date_end = "2026-10-10"
        self.report_month(self.account)
        with freeze_time("2026-11-02"):
            self.close(self.account)
            self.assertEqual(self.refused(self.make_coupon()), "no_invoice")

    def test_new_customers_only(self):
        coupon = self.make_coupon(new_customers=True)
        self.report_month(self.account)
        with freeze_time("2026-11-02"):
            self.close(self.account)
            self.assertEqual(self.refused(coupon), "new_customers")
            coupon._redeem(self.make_account("rival", book=self.book))

    def test_what_was_promised_stays(self):
        coupon = self.make_coupon(fixed=10, budget=100)
        coupon._redeem(self.account)
        for vals in (
            {"type": "percent"},
            {"duration": "forever"},
            {"meter_ids": [Command.link(self.meter("storage").id)]},
            {"amount_ids": [Command.update(coupon.amount_ids.id, {"amount": 5})]},
        ):
            with self.subTest(vals), self.assertRaisesRegex(UserError, "so what it"):
                coupon.write(vals)
        with self.assertRaises(UserError):
            coupon.unlink()
        coupon.write(
            {
                "name": "Summer",
                "amount_ids": [Command.update(coupon.amount_ids.id, {"budget": 200})],
                "meter_ids": [Command.set([])],
            }
        )

    def test_bad_input_is_told(self):
        coupon = self.make_coupon()
        codes = self.env["bitpaket.coupon.code"]
        with self.assertRaisesRegex(ValidationError, "at least 4"):
            self.make_code(coupon, "a b!")
        with self.assertRaisesRegex(UserError, "at most 24"):
            codes._generate(coupon, 1, "X" * 25)
        with self.assertRaisesRegex(UserError, "between 1 and"):
            codes._generate(coupon, 0)
        with self.assertRaisesRegex(ValidationError, "in each currency"):
            self.env["bitpaket.coupon"].create({"name": "Empty", "type": "fixed"})


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-03")
class TestDiscounts(CouponMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report_month(cls.account)  # 11.50 storage, 8.50 requests, 9.00 transfer

    def assert_invoice(self, statement, total):
        """Check that all numbers of an invoice agree."""
        self.assertEqual(statement.amount_total, total)
        self.assertEqual(round(sum(statement.line_ids.mapped("amount")), 2), total)
        if total:
            self.assertEqual(statement.move_id.amount_untaxed, total)

    def test_everything(self):
        redemption = self.make_coupon()._redeem(self.account)
        preview = self.account._rate_period(OCTOBER)[self.account.id]
        statement = self.close(self.account)
        self.assert_invoice(statement, 23.2)
        self.assertEqual(float(preview.total), 23.2)
        self.assertEqual(
            self.facts(statement),
            [
                ("Coupon Spring: Class A requests (PUT, COPY, POST, LIST)", -1.7),
                ("Coupon Spring: Storage", -2.3),
                ("Coupon Spring: Transfer out to the internet", -1.8),
            ],
        )
        items = statement.move_id.invoice_line_ids.filtered("bitpaket_redemption_id")
        self.assertEqual(items.mapped("price_subtotal"), [-1.7, -2.3, -1.8])
        self.assertEqual(redemption.amount_used, 5.8)
        self.assertEqual(redemption.state, "used")
        use = redemption.use_ids
        self.assertEqual((use.revenue, use.move_id), (23.2, statement.move_id))
        csv = statement._csv().decode()
        self.assertIn("Coupon Spring: Storage", csv)
        self.assertIn("-2.30", csv)

    def test_a_meter_only(self):
        coupon = self.make_coupon(50, on=["storage"])
        coupon._redeem(self.account)
        statement = self.close(self.account)
        self.assert_invoice(statement, 23.25)
        line = statement.line_ids.filtered("redemption_id")
        self.assertEqual(line.meter_id, self.meter("storage"))
        self.assertEqual(line.explanation, "50 % off Storage, once")

    def test_limited_ones_first_and_each_on_what_is_left(self):
        self.make_coupon(10)._redeem(self.account)
        self.make_coupon(fixed=1.5, on=["storage"])._redeem(self.account)
        statement = self.close(self.account)
        # 29.00 - 1.50 = 27.50, less 10 %
        self.assert_invoice(statement, 24.75)

    def test_the_rest_of_a_fixed_amount_is_carried_on(self):
        redemption = self.make_coupon(fixed=50)._redeem(self.account)
        statement = self.close(self.account)
        self.assert_invoice(statement, 0)
        self.assertFalse(statement.move_id)
        self.assertEqual(redemption._left_words(), "$\N{NO-BREAK SPACE}21.00 left")
        self.report_month(self.account, "2026-11")
        with freeze_time("2026-12-01"):
            second = self.close(self.account, "2026-12-01")
        self.assert_invoice(second, 8.0)
        self.assertEqual(redemption.state, "used")
        self.assertEqual(redemption.amount_used, 50)

    def test_a_minimum(self):
        redemption = self.make_coupon(minimum=30)._redeem(self.account)
        self.assert_invoice(self.close(self.account), 29.0)
        self.assertEqual(redemption.state, "active")

    def test_after_the_commitment(self):
        self.env["bitpaket.price.minimum"].create(
            {"account_id": self.account.id, "amount": 50, "date_start": "2026-10-01"}
        )
        self.make_coupon()._redeem(self.account)
        statement = self.close(self.account)
        self.assert_invoice(statement, 40.0)
        self.assertIn(
            ("Coupon Spring: Minimum commitment", -4.2), self.facts(statement)
        )

    def test_existing_invoices_are_never_touched(self):
        """Redeem between every two steps of a close."""
        statements = self.env["bitpaket.statement"]
        coupon = self.make_coupon()

        def account(reference):
            account = self.make_account(
                reference, book=self.book, date_start="2026-10-01"
            )
            self.report_month(account)
            return account

        def make(account):
            statements._create_due(Date.to_date("2026-11-01"))
            return statements.search([("account_id", "=", account.id)])

        for step in ("open", "closed", "rated", "invoiced", "sent"):
            with self.subTest(step):
                mine = account(f"at-{step}")
                if step == "open":
                    coupon._redeem(mine)
                statement = make(mine)
                if step == "closed":
                    coupon._redeem(mine)
                statement = statement.with_company(self.company)
                statement._rate(OCTOBER)
                if step == "rated":
                    coupon._redeem(mine)
                self.env["bitpaket.invoicing"]._invoice_statements(statement)
                if step == "invoiced":
                    coupon._redeem(mine)
                statement.move_id.is_move_sent = True
                self.assertEqual(statement.state, "sent")
                if step == "sent":
                    coupon._redeem(mine)
                early = step in ("open", "closed")
                self.assert_invoice(statement, 23.2 if early else 29.0)
                self.assertEqual(mine.amount_owed, statement.move_id.amount_total)
                self.report_month(mine, "2026-11")
                with freeze_time("2026-12-01"):
                    second = self.close(mine, "2026-12-01")
                self.assert_invoice(second, 29.0 if early else 23.2)

    def test_rating_again_gives_back(self):
        redemption = self.make_coupon()._redeem(self.account)
        statements = self.env["bitpaket.statement"]
        statements._create_due(Date.to_date("2026-11-01"))
        statement = statements.search([("account_id", "=", self.account.id)])
        for _time in range(2):
            statement._rate(OCTOBER)
            self.assertEqual(statement.amount_total, 23.2)
            self.assertEqual(redemption.use_ids.mapped("amount"), [5.8])
        statement.line_ids.unlink()
        self.assertFalse(redemption.use_ids)
        self.assertEqual(redemption.state, "active")

    def test_a_failure_leaves_nothing_behind(self):
        redemption = self.make_coupon()._redeem(self.account)
        self.company.bitpaket_journal_id.active = False
        self.account.partner_id.active = False
        statement = self.close(self.account)
        self.assertEqual(statement.state, "error")
        self.assertFalse(redemption.use_ids)
        self.account.partner_id.active = True
        statement.next_retry = "2026-11-01"
        statement._invoice_batch()
        self.assert_invoice(statement, 23.2)

    def test_a_budget_is_never_overspent_in_a_batch(self):
        coupon = self.make_coupon(50, budget=20, duration="forever")
        accounts = self.account
        for number in range(2):
            other = self.make_account(
                f"b{number}", book=self.book, date_start="2026-10-01"
            )
            self.report_month(other)
            accounts |= other
        for account in accounts:
            coupon._redeem(account)
        statements = self.close(accounts)
        self.assertEqual(sorted(statements.mapped("amount_total")), [14.5, 23.5, 29.0])
        self.assertEqual(sum(coupon.redemption_ids.use_ids.mapped("amount")), 20)
        self.assertIn("0.00", coupon.remaining)
        with self.assertRaises(CouponRefused):
            coupon._redeem(self.make_account("late", book=self.book))

    def test_taxes_are_right_with_several_of_them(self):
        self.company.bitpaket_tax_mode = "own_tax"
        for code, amount in {"storage": 20, "requests_a": 10}.items():
            meter = self.meter(code)
            meter.product_id = meter.product_id.copy()
            meter.product_id.taxes_id = self.env["account.tax"].create(
                {
                    "name": f"{amount} %",
                    "amount": amount,
                    "type_tax_use": "sale",
                    "company_id": self.company.id,
                }
            )
        self.meter("transfer_out").product_id.taxes_id = False
        self.make_coupon(50)._redeem(self.account)
        statement = self.close(self.account)
        self.assert_invoice(statement, 14.5)
        self.assertFalse(statement.stock_reason)
        # Half of 11.50 at 20 % and of 8.50 at 10 %.
        self.assertEqual(statement.move_id.amount_tax, 1.58)

    def test_late_usage_is_discounted_by_the_invoice_that_carries_it(self):
        self.make_coupon(duration="forever")._redeem(self.account)
        self.close(self.account)
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-30", 200_000)  # 1.00
        with freeze_time("2026-12-01"):
            second = self.close(self.account, "2026-12-01")
        self.assert_invoice(second, 0.8)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-03")
class TestCredits(CouponMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report_month(cls.account)
        cls.redemption = cls.make_coupon(20)._redeem(cls.account)
        cls.statement = cls.close(cls.account)

    def line(self, code):
        return self.statement.line_ids.filtered(
            lambda line: line.meter_id == self.meter(code)
            and line.type == "usage"
            and line.amount
        )

    def credit(self, rebill="never", **form_values):
        """Credit by the form that finance uses; return the wizard."""
        form = Form(
            self.env["bitpaket.correction"].with_context(
                default_statement_id=self.statement.id
            )
        )
        form.reason = "Wrong"
        form.rebill = rebill
        for name, value in form_values.items():
            setattr(form, name, value)
        return form.save()

    def test_the_whole_invoice(self):
        wizard = self.credit()
        self.assertEqual(wizard.amount_credit, -23.2)
        wizard.action_apply()
        note = self.statement.document_ids - self.statement.move_id
        self.assertEqual(note.amount_untaxed, 23.2)
        self.assertEqual(self.statement.amount_net, 0)
        self.assertEqual(self.redemption.amount_used, 0)
        self.assertEqual(self.redemption.state, "active")
        self.assertEqual(len(note.invoice_line_ids), 6)

    def test_a_line_takes_its_share_back(self):
        wizard = self.credit(scope="lines")
        with Form(wizard) as form:
            for number, line in enumerate(wizard.line_ids):
                if line.usage_line_id == self.line("storage"):
                    with form.line_ids.edit(number) as row:
                        row.chosen = True
                        row.amount = 5.75
        self.assertEqual(wizard.amount_credit, -4.6)
        wizard.action_apply()
        note = self.statement.document_ids - self.statement.move_id
        self.assertEqual(note.amount_untaxed, 4.6)
        self.assertEqual(self.redemption.amount_used, 4.65)
        self.statement._correct(
            {self.line("storage"): self.line("storage")._left()}, "b"
        )
        self.assertEqual(self.redemption.amount_used, 3.5)
        self.assertEqual(self.statement.amount_net, 14.0)

    def test_billed_again_now_with_the_discount(self):
        wizard = self.credit("now")
        self.assertEqual(wizard.amount_difference, 0)
        wizard.action_apply()
        self.assertEqual(self.statement.amount_net, 23.2)
        self.assertEqual(self.redemption.amount_used, 5.8)
        self.assertEqual(len(self.redemption.use_ids), 1)
        self.assertEqual(self.redemption.state, "used")
        self.assertEqual(len(self.statement.document_ids), 3)

    def test_billed_again_with_the_next_statement(self):
        self.credit("next").action_apply()
        with freeze_time("2026-12-01"):
            second = self.close(self.account, "2026-12-01")
        self.assertEqual(second.amount_total, 23.2)
        self.assertEqual(self.redemption.amount_used, 5.8)

    def test_nothing_is_billed_again_by_later_coupons(self):
        self.make_coupon(50, name="Later")._redeem(self.account)
        self.credit("now").action_apply()
        self.assertEqual(self.statement.amount_net, 23.2)

    def test_late_usage_knows_what_was_billed_before_the_discount(self):
        self.statement._correct({self.line("storage"): 5}, "Part")
        self.assertFalse(self.account._late_adjustments(OCTOBER))
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-30", 200_000)
        december = rating.calendar_month(Date.to_date("2026-11-01"))
        found = self.account._late_adjustments(december)[self.account.id]
        self.assertEqual([item.amount for item in found], [1])

    def test_odoos_own_credit_note(self):
        wizard = self.env["account.move.reversal"].create(
            {
                "move_ids": [Command.set(self.statement.move_id.ids)],
                "journal_id": self.statement.move_id.journal_id.id,
            }
        )
        action = wizard.reverse_moves()
        note = self.env["account.move"].browse(action["res_id"])
        note.action_post()
        self.assertEqual(self.statement.amount_net, 0)
        self.assertEqual(self.redemption.amount_used, 0)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-03")
class TestFinance(CouponMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            name: cls.env["res.users"].create(
                {
                    "name": name,
                    "login": name,
                    "company_id": cls.company.id,
                    "company_ids": [Command.set(cls.company.ids)],
                    "group_ids": [
                        Command.link(cls.env.ref(f"bitpaket_billing.group_{name}").id)
                    ],
                }
            )
            for name in ("viewer", "billing_user", "billing_manager")
        }

    def test_a_campaign_with_codes(self):
        env = self.env(user=self.users["billing_manager"])
        form = Form(env["bitpaket.coupon"])
        form.name = "Spring"
        form.percent = 20
        form.duration = "invoices"
        form.invoices = 3
        self.assertEqual(form.summary, "20 % off, for 3 invoices")
        coupon = form.save()
        wizard = Form(
            env["bitpaket.coupon.generate"].with_context(default_coupon_id=coupon.id)
        )
        wizard.count = 7
        wizard.prefix = "SPRING"
        wizard.save().action_generate()
        self.assertEqual(coupon.code_count, 7)
        wizard = Form(
            env["bitpaket.coupon.generate"].with_context(default_coupon_id=coupon.id)
        )
        wizard.kind = "shared"
        wizard.code = "welcome 20"
        wizard.save().action_generate()
        self.assertIn("WELCOME20", coupon.code_ids.mapped("name"))

    def test_redeem_revoke_extend(self):
        coupon = self.make_coupon(duration="invoices", invoices=1)
        env = self.env(user=self.users["billing_user"])
        form = Form(
            env["bitpaket.coupon.redeem"].with_context(
                default_account_id=self.account.id
            )
        )
        form.coupon_id = coupon.with_env(env)
        self.assertEqual(form.summary, "20 % off, for 1 invoice")
        action = form.save().action_redeem()
        redemption = env["bitpaket.coupon.redemption"].browse(action["res_id"])
        self.assertEqual(redemption.user_id, self.users["billing_user"])
        self.change(redemption, "revoke", date="2026-10-01")
        self.assertEqual(redemption.state, "revoked")
        self.report_month(self.account)
        self.assertEqual(self.close(self.account).amount_total, 29.0)
        self.change(redemption, "extend", invoices=1)
        self.assertEqual(redemption.state, "active")
        self.assertEqual(redemption.invoices, 2)
        for month, end in (("2026-11", "2026-12-01"), ("2026-12", "2027-01-01")):
            self.report_month(self.account, month)
            with freeze_time(end):
                statement = self.close(self.account, end)
            self.assertEqual(statement.amount_total, 23.2)
        self.assertEqual(redemption.state, "used")

    def change(self, redemption, decision, **values):
        form = Form(
            redemption.env["bitpaket.coupon.change"].with_context(
                default_redemption_id=redemption.id, default_decision=decision
            )
        )
        form.reason = "Agreed by phone"
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_apply()

    def test_until_a_date_is_extended_never_cut(self):
        coupon = self.make_coupon(duration="until", date_until="2026-11-30")
        redemption = coupon._redeem(self.account)
        with self.assertRaisesRegex(UserError, "Revoke it"):
            redemption._extend(date_until=Date.to_date("2026-11-01"))
        redemption._extend(date_until=Date.to_date("2026-12-31"))
        self.assertIn("until 12/31/2026", redemption.summary)
        self.assertEqual(coupon.date_until, Date.to_date("2026-11-30"))

    def test_who_may_what(self):
        coupon = self.make_coupon()
        viewer = self.users["viewer"]
        with self.assertRaises(AccessError):
            coupon.with_user(viewer).name = "Mine"
        with self.assertRaises(AccessError):
            coupon.with_user(self.users["billing_user"]).name = "Mine"
        redemption = coupon._redeem(self.account)
        with self.assertRaises(AccessError):
            redemption.with_user(viewer)._revoke(Date.today(), "")
        with self.assertRaises(AccessError):
            redemption.with_user(self.users["billing_manager"]).invoices = 99

    def test_reports(self):
        coupon = self.make_coupon()
        coupon._redeem(self.account)
        self.report_month(self.account)
        self.close(self.account)
        self.assertIn("5.80", coupon.cost)
        self.assertIn("23.20", coupon.revenue)
        env = self.env(user=self.users["viewer"])
        rows = env["bitpaket.coupon.use"].formatted_read_group(
            [], ["coupon_id"], ["amount:sum", "revenue:sum"]
        )
        self.assertEqual(
            [(row["amount:sum"], row["revenue:sum"]) for row in rows], [(5.8, 23.2)]
        )

    def test_the_trial_of_prices_shows_the_discount(self):
        self.make_coupon()._redeem(self.account)
        self.report_month(self.account)

        def trial():
            return self.env["bitpaket.price.trial"].new(
                {
                    "book_id": self.book.id,
                    "usage_from": "account",
                    "account_id": self.account.id,
                    "month": "2026-10-01",
                }
            )

        self.assertEqual(trial().total, 23.2)
        self.close(self.account)
        self.assertEqual(trial().total, 23.2)
