"""Credits of statements, and billing again: every step, and any mix of them."""

import random
from collections import defaultdict

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.modules.migration import load_script
from odoo.tests import Form, TransactionCase, freeze_time, tagged
from odoo.tools import file_path, mute_logger

from odoo.addons.bitpaket_billing import rating

from ..common import GIB, BillingMixin


class CorrectionCase(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")

    def billed(self):
        """Return the statement of a plain October: 8.50, 11.50 and 9.00."""
        self.report_month(self.account)
        return self.close(self.account)

    def wizard(self, statement, lines=None, **values):
        """Return the wizard as a person fills it in.

        :param dict lines: by meter, the amount to credit or None for all of it
        """
        wizard = statement.env["bitpaket.correction"].create(
            {
                "statement_id": statement.id,
                "scope": "whole" if lines is None else "lines",
                "reason": "Counted twice",
                **values,
            }
        )
        for line in wizard.line_ids:
            meter = line.usage_line_id.meter_id.code
            if line.usage_line_id.amount and meter in (lines or {}):
                line.chosen = True
                if lines[meter] is not None:
                    line.amount = lines[meter]
        return wizard

    def correct(self, statement, lines=None, **values):
        """Correct a statement by the wizard; return the new documents."""
        before = statement.document_ids
        self.wizard(statement, lines, **values).action_apply()
        return statement.document_ids - before

    def shown(self, documents):
        return [(move.move_type, move.amount_untaxed) for move in documents]


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-01-20")
class TestCredits(CorrectionCase):
    def test_whole_statement(self):
        october = self.billed()
        note = self.correct(october)
        self.assertEqual(self.shown(note), [("out_refund", 29.0)])
        self.assertEqual(note.reversed_entry_id, october.move_id)
        self.assertEqual(note.state, "posted")
        self.assertEqual(october.move_id.payment_state, "reversed")
        self.assertEqual(self.account.amount_owed, 0)
        self.assertEqual(sum(note.usage_line_ids.mapped("amount")), -29.0)
        self.assertEqual(october.amount_total, 29.0)
        self.assertEqual(october.amount_net, 0)
        self.assertIn("Counted twice", note.ref)
        self.assertIn(note.name, october.message_ids[:1].body)
        self.assertEqual(
            note.invoice_line_ids.mapped("name")[1], "Storage, October 2026: credit"
        )

    def test_one_line_and_a_part_of_it(self):
        october = self.billed()
        first = self.correct(october, {"storage": 1.5})
        self.assertEqual(self.shown(first), [("out_refund", 1.5)])
        storage = october.line_ids.filtered(
            lambda line: line.meter_id.code == "storage" and line.type == "usage"
        )
        self.assertEqual(storage.amount_left, 10.0)
        with self.assertRaisesRegex(UserError, "at most 10.00 USD"):
            self.correct(october, {"storage": 10.01})
        rest = self.correct(october)
        self.assertEqual(self.shown(rest), [("out_refund", 27.5)])
        self.assertEqual(october.amount_net, 0)
        with self.assertRaises(UserError):
            self.correct(october)

    def test_what_stays_credited_is_never_billed_again(self):
        october = self.billed()
        self.correct(october)
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.line_ids.mapped("amount"), [2.0])

    def test_billed_again_with_the_next_statement(self):
        october = self.billed()
        self.correct(october, {"requests_a": None}, rebill="next")
        self.assertTrue(october.reopened)
        november = self.close(self.account, "2026-12-01")
        self.assertFalse(october.reopened)
        self.assertEqual(
            [(line.name, line.amount) for line in november.line_ids],
            [
                (
                    "Class A requests (PUT, COPY, POST, LIST), correction of "
                    "October 2026",
                    8.5,
                )
            ],
        )
        self.assertEqual(november.line_ids.adjusted_statement_id, october)
        self.arrive_later()
        self.assertEqual(self.close(self.account, "2027-01-01").amount_total, 0)

    def test_billed_again_now_with_all_its_lines(self):
        october = self.billed()
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-20", 300_000)
        note, invoice = self.correct(october, rebill="now").sorted("bitpaket_revision")
        self.assertEqual(self.shown(note), [("out_refund", 29.0)])
        self.assertEqual(self.shown(invoice), [("out_invoice", 30.5)])
        self.assertEqual(
            invoice.usage_line_ids.mapped("type"), ["usage"] * len(october.line_ids[:4])
        )
        self.assertEqual(str(invoice.invoice_date), "2027-01-20")
        self.assertEqual(
            str(min(invoice.usage_line_ids.mapped("date_start"))), "2026-10-01"
        )
        self.assertEqual(october.amount_net, 30.5)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, 0)

    def test_late_usage_is_invoiced_at_once(self):
        october = self.billed()
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-20", 300_000)
        invoice = self.correct(october, scope="nothing", rebill="now")
        self.assertEqual(self.shown(invoice), [("out_invoice", 1.5)])

    def test_by_another_price_book(self):
        october = self.billed()
        book = self.make_price_book("Corrected")
        book.price_ids.filtered(
            lambda price: price.meter_id.code == "storage"
        ).unit_price = 0.02
        wizard = self.wizard(october, rebill="now", price_book_id=book.id)
        self.assertEqual(
            (wizard.amount_credit, wizard.amount_again, wizard.amount_difference),
            (-29.0, 27.5, -1.5),
        )
        self.assertIn("Storage", wizard.preview)
        wizard.action_apply()
        self.assertEqual(october.price_book_id, book)
        self.assertEqual(october.amount_net, 27.5)
        self.arrive_later()
        self.report(self.account, "storage", "2026-10-20", 100 * GIB * 744)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.line_ids.mapped("amount"), [2.0])

    def test_without_the_agreed_price(self):
        self.env["bitpaket.price"].create(
            {
                "account_id": self.account.id,
                "meter_id": self.meter("storage").id,
                "date_start": "2026-01-01",
                "unit_price": 0.5,
            }
        )
        october = self.billed()
        self.assertEqual(october.amount_total, 267.5)
        self.correct(october, {"storage": None}, rebill="now", book_only=True)
        self.assertEqual(october.amount_net, 29.0)

    def test_a_book_without_the_price_is_told_before(self):
        october = self.billed()
        book = self.env["bitpaket.price.book"].create({"name": "Empty"})
        wizard = self.wizard(october, rebill="now", price_book_id=book.id)
        self.assertIn("“Empty” has no price", wizard.problem)
        with self.assertRaisesRegex(UserError, "has no price"):
            wizard.action_apply()
        self.assertEqual(october.price_book_id, self.account.price_book_id)

    def test_an_ended_account_is_billed_again_now(self):
        self.account.date_end = "2026-11-01"
        october = self.billed()
        with self.assertRaisesRegex(UserError, "no next statement"):
            self.correct(october, rebill="next")
        self.correct(october, rebill="now")
        self.assertEqual(october.amount_net, 29.0)

    def test_late_usage_that_was_billed_with_the_next_statement(self):
        october = self.billed()
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        self.report(self.account, "requests_a", "2026-11-20", 200_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, 3.0)
        self.correct(november, rebill="next")
        self.assertTrue(october.reopened and november.reopened)
        december = self.close(self.account, "2027-01-01")
        self.assertEqual(
            [(line.adjusted_statement_id, line.amount) for line in december.line_ids],
            [(october, 2.0), (november, 1.0)],
        )

    def test_credit_and_new_invoice_are_credited_in_turn(self):
        october = self.billed()
        self.correct(october, rebill="now")
        note = self.correct(october)
        self.assertEqual(self.shown(note), [("out_refund", 29.0)])
        self.assertEqual(october.revision, 3)
        self.assertEqual(october.amount_net, 0)

    def test_a_negative_statement(self):
        self.meter("requests_a").allow_negative = True
        october = self.billed()
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-20", -200_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(self.shown(november.move_id), [("out_refund", 1.0)])
        again = self.correct(november)
        self.assertEqual(self.shown(again), [("out_invoice", 1.0)])
        self.assertEqual(again.usage_line_ids.adjusted_statement_id, october)

    def test_changing_ones_mind(self):
        october = self.billed()
        note = self.correct(october, {"storage": None})
        note.action_bitpaket_bill_again()
        self.assertTrue(october.reopened)
        note.action_bitpaket_leave_credited()
        november = self.close(self.account, "2026-12-01")
        self.assertFalse(november.line_ids)
        note.action_bitpaket_bill_again()
        december = self.close(self.account, "2027-01-01")
        self.assertEqual(december.amount_total, 11.5)
        with self.assertRaisesRegex(UserError, "billed again already"):
            note.action_bitpaket_leave_credited()

    def test_commitment(self):
        self.env["bitpaket.price.minimum"].create(
            {
                "account_id": self.account.id,
                "kind": "commitment",
                "amount": 50,
                "date_start": "2026-01-01",
            }
        )
        october = self.billed()
        self.assertEqual(october.amount_total, 50.0)
        invoice = self.correct(october, rebill="now").filtered(
            lambda move: move.move_type == "out_invoice"
        )
        self.assertEqual(invoice.amount_untaxed, 50.0)
        self.assertIn("commitment", invoice.usage_line_ids.mapped("type"))

    def test_upgrade_tells_the_meters_of_old_invoices(self):
        self.report(self.account, "requests_b", "2026-10-05", 10_000_000)
        self.report(self.account, "transfer_in", "2026-10-05", 10 * GIB)
        invoice = self.billed().move_id
        before = invoice.invoice_line_ids.mapped("bitpaket_meter_id.code")
        self.assertEqual(
            before, ["requests_a", "requests_b", "storage", "transfer_out"]
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move_line SET bitpaket_meter_id = NULL")
        path = "bitpaket_billing/migrations/19.0.1.1.0/post-correct.py"
        load_script(file_path(path), "post_correct").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()
        after = invoice.invoice_line_ids.mapped("bitpaket_meter_id.code")
        self.assertEqual(after, before)

    # === ODOO'S OWN CREDIT NOTE === #

    def reverse(self, move, method="refund_moves", **values):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"reason": "By hand", "journal_id": move.journal_id.id, **values})
        )
        action = getattr(wizard, method)()
        return self.env["account.move"].browse(action["res_id"])

    def test_odoos_credit_note_is_understood(self):
        october = self.billed()
        note = self.reverse(october.move_id)
        self.assertEqual(note.bitpaket_statement_id, october)
        self.assertFalse(note.usage_line_ids)
        note.action_post()
        self.assertEqual(sum(note.usage_line_ids.mapped("amount")), -29.0)
        self.assertTrue(all(note.usage_line_ids.mapped("for_good")))
        self.assertEqual(set(october.move_id.usage_line_ids.mapped("amount_left")), {0})
        self.assertEqual(october.amount_net, 0)
        self.assertFalse(october.reopened)

    def test_odoos_credit_note_of_a_part_that_is_billed_again(self):
        october = self.billed()
        note = self.reverse(october.move_id, bitpaket_reopens=True)
        requests, storage, transfer = note.invoice_line_ids
        note.invoice_line_ids = [
            Command.update(requests.id, {"price_unit": 2.25}),
            Command.delete(transfer.id),
        ]
        note.action_post()
        self.assertEqual(
            [(line.meter_id.code, line.amount) for line in note.usage_line_ids],
            [("requests_a", -2.25), ("storage", -11.5)],
        )
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, 13.75)

    def test_odoos_reverse_and_create_bills_nothing_twice(self):
        october = self.billed()
        draft = self.reverse(october.move_id, "modify_moves")
        draft.action_post()
        self.assertEqual(draft.amount_untaxed, 29.0)
        self.assertEqual(self.account.amount_owed, 29.0)
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, 2.0)

    def test_a_draft_credit_note_counts_for_nothing(self):
        october = self.billed()
        self.reverse(october.move_id).unlink()
        self.assertEqual(october.amount_net, 29.0)
        self.assertEqual(self.shown(self.correct(october)), [("out_refund", 29.0)])

    def test_the_credit_of_a_credit(self):
        october = self.billed()
        note = self.correct(october)
        back = self.reverse(note)
        back.action_post()
        self.assertEqual(self.shown(back), [("out_invoice", 29.0)])
        self.assertEqual(october.amount_net, 29.0)
        self.assertEqual(sum(october.move_id.usage_line_ids.mapped("amount_left")), 29)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, 0)

    def test_the_credit_of_a_credit_that_was_billed_again(self):
        october = self.billed()
        note = self.correct(october, rebill="now").filtered(
            lambda move: move.move_type == "out_refund"
        )
        self.reverse(note).action_post()
        self.assertEqual(october.amount_net, 58.0)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, -29.0)

    # === WHAT CANNOT BE DONE === #

    def test_usage_documents_stay(self):
        october = self.billed()
        note = self.correct(october)
        for move in (note, october.move_id):
            move.button_draft()
            with self.assertRaisesRegex(UserError, "bills usage"):
                move.button_cancel()
            with (
                self.assertRaisesRegex(UserError, "bills usage"),
                self.env.cr.savepoint(),
            ):
                move.unlink()
            line = move.invoice_line_ids[0]
            price = line.price_unit
            line.price_unit = 1000
            with self.assertRaisesRegex(UserError, "does not come to the usage"):
                move.action_post()
            line.price_unit = price
            move.action_post()

    def test_the_database_keeps_numbers_apart(self):
        october = self.billed()
        note = self.correct(october)
        for revision in (0, note.bitpaket_revision):
            copy = october.move_id.copy()
            with (
                self.assertRaises(psycopg2.errors.UniqueViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                copy.write(
                    {
                        "bitpaket_statement_id": october.id,
                        "bitpaket_revision": revision,
                    }
                )
                copy.flush_recordset()

    def test_who_may_correct(self):
        october = self.billed()
        for group, may in (
            ("group_viewer", False),
            ("group_billing_user", False),
            ("group_billing_manager", True),
            ("group_accountant", True),
        ):
            user = self.env["res.users"].create(
                {
                    "name": group,
                    "login": group,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [
                        Command.link(self.env.ref(f"bitpaket_billing.{group}").id)
                    ],
                }
            )
            self.assertTrue(october.with_user(user).amount_net is not None)
            if may:
                wizard = self.wizard(october.with_user(user), {"storage": 1})
                wizard.action_apply()
                continue
            with self.assertRaises(AccessError):
                october.with_user(user).action_correct()
            with self.assertRaises(AccessError):
                self.wizard(october.with_user(user))
        other = self.env["res.company"].create({"name": "Other"})
        user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        with self.assertRaises(AccessError):
            october.with_user(user).with_company(other).action_correct()

    def test_the_form(self):
        october = self.billed()
        form = Form(
            self.env["bitpaket.correction"].with_context(
                default_statement_id=october.id
            )
        )
        self.assertEqual(form.amount_credit, -29.0)
        form.scope = "lines"
        with form.line_ids.edit(1) as line:
            line.chosen = True
            self.assertEqual(line.amount, 11.5)
            line.amount = 10
        self.assertEqual(form.amount_credit, -10.0)
        form.reason = "By form"
        form.rebill = "now"
        self.assertEqual(form.amount_again, abs(form.amount_credit))
        wizard = form.save()
        wizard.action_apply()
        self.assertEqual(
            october.document_ids.sorted("bitpaket_revision").mapped("amount_untaxed"),
            [29.0, 10.0, 10.0],
        )


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-01-20")
class TestMoney(CorrectionCase):
    """Taxes, currencies, payments, closed books."""

    def own_tax(self, *amounts):
        self.company.bitpaket_tax_mode = "own_tax"
        taxes = self.env["account.tax"].create(
            [
                {
                    "name": f"{amount}%",
                    "amount": amount,
                    "type_tax_use": "sale",
                    "company_id": self.company.id,
                }
                for amount in amounts
            ]
        )
        products = self.env["bitpaket.meter"]._catalogue().product_id
        products.taxes_id = [Command.set(taxes.ids)]

    def test_parts_come_to_the_tax_of_the_invoice(self):
        self.own_tax(7.7, 2.3)
        for method in ("round_per_line", "round_globally"):
            with self.subTest(method):
                self.company.tax_calculation_rounding_method = method
                account = self.make_account(method, date_start="2026-10-01")
                self.report_month(account)
                october = self.close(account)
                invoice = october.move_id
                for lines in (
                    {"requests_a": 3.33, "storage": 1.11},
                    {"requests_a": 3.33, "transfer_out": 4.44},
                    None,
                ):
                    self.correct(october, lines)
                notes = october.document_ids - invoice
                self.assertEqual(
                    round(sum(notes.mapped("amount_tax")), 2), invoice.amount_tax
                )
                self.assertEqual(
                    round(sum(notes.mapped("amount_total")), 2), invoice.amount_total
                )
                self.assertEqual(invoice.amount_residual, 0)
                for note in notes:
                    self.assertEqual(round(sum(note.line_ids.mapped("balance")), 2), 0)

    def test_the_taxes_of_the_invoice_are_credited(self):
        self.own_tax(20)
        october = self.billed()
        products = self.env["bitpaket.meter"]._catalogue().product_id
        products.taxes_id = [Command.clear()]
        self.company.bitpaket_tax_mode = "merchant_of_record"
        note = self.correct(october)
        self.assertEqual((note.amount_untaxed, note.amount_tax), (29.0, 5.8))

    def test_foreign_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "currency_id": euro.id, "rate": rate}
                for day, rate in (("2026-01-01", 0.9), ("2027-01-10", 0.8))
            ]
        )
        book = self.make_price_book("Euro", currency_id=euro.id)
        account = self.make_account("euro", book=book, date_start="2026-10-01")
        self.report_month(account)
        october = self.close(account)
        self.correct(october, {"storage": 0.01})
        note = self.correct(october)
        self.assertEqual(note.currency_id, euro)
        self.assertEqual(note.amount_total, 28.99)
        self.assertEqual(october.move_id.amount_residual, 0)
        self.assertEqual(
            sum(
                (october.document_ids.line_ids)
                .filtered(lambda one: one.account_type == "asset_receivable")
                .mapped("amount_residual")
            ),
            0,
        )

    def pay(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount}).action_create_payments()

    def test_paid_invoice_leaves_a_credit_that_the_next_one_uses(self):
        october = self.billed()
        self.pay(october.move_id, 29)
        note, invoice = self.correct(
            october, {"storage": None, "requests_a": None}, rebill="now"
        ).sorted("bitpaket_revision")
        self.assertEqual(note.amount_residual, 0)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.account.amount_owed, 0)

    def test_partly_paid_invoice(self):
        october = self.billed()
        self.pay(october.move_id, 20)
        note = self.correct(october)
        self.assertEqual(october.move_id.amount_residual, 0)
        self.assertEqual(note.amount_residual, 20)
        self.assertEqual(self.account.amount_owed, -20)

    def test_closed_books_move_the_booking_not_the_period(self):
        october = self.billed()
        self.company.fiscalyear_lock_date = "2026-12-31"
        note, invoice = self.correct(october, rebill="now", date="2026-12-15").sorted(
            "bitpaket_revision"
        )
        for move in (note, invoice):
            self.assertEqual(str(move.invoice_date), "2026-12-15")
            self.assertGreater(str(move.date), "2026-12-31")
            self.assertEqual(
                str(min(move.usage_line_ids.mapped("date_start"))), "2026-10-01"
            )
        self.report(self.account, "requests_a", "2026-11-20", 200_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.state, "invoiced", november.message)
        self.assertEqual(str(november.move_id.invoice_date), "2026-12-01")
        self.assertGreater(str(november.move_id.date), "2026-12-31")
        self.assertEqual(str(november.line_ids.date_start), "2026-11-01")

    def test_default_payment_terms(self):
        term = self.env.ref("account.account_payment_term_30days")
        self.company.bitpaket_payment_term_id = term
        october = self.billed()
        self.assertEqual(october.move_id.invoice_payment_term_id, term)
        self.assertEqual(str(october.move_id.invoice_date_due), "2026-12-01")
        own = self.env.ref("account.account_payment_term_15days")
        self.account.partner_id.property_payment_term_id = own
        self.report(self.account, "requests_a", "2026-11-20", 200_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.move_id.invoice_payment_term_id, own)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-06-20")
class TestAnySequence(CorrectionCase):
    """Whatever happens: what is billed is the rating of all usage, less what was
    credited for good, per period and meter."""

    METERS = ("requests_a", "storage", "transfer_out")
    MONTHS = ("2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03")

    def test_any_sequence(self):
        for seed in range(12):
            with self.subTest(seed=seed):
                self.run_sequence(random.Random(seed))

    def run_sequence(self, random_):
        self.random = random_
        self.account = self.make_account(
            f"acme-{random_.random()}", date_start="2026-10-01"
        )
        self.other_book = self.make_price_book("Other")
        for price in self.other_book.price_ids:
            price.unit_price *= 1.37
        self.closed = 0
        self.step_close()
        for _step in range(14):
            step = random_.choice(
                [
                    self.step_late,
                    self.step_late,
                    self.step_credit,
                    self.step_credit,
                    self.step_native,
                    self.step_again,
                    self.step_mind,
                    self.step_close,
                ]
            )
            step()
            self.arrive_later()
            self.check_documents()
        for statement in self.account.statement_ids:
            self.try_to(
                lambda one=statement: self.correct(one, scope="nothing", rebill="now")
            )
        self.check_net()

    def use(self, month):
        meter = self.random.choice(self.METERS)
        quantity = self.random.randrange(1, 10**6) * (
            1 if meter == "requests_a" else 10**8
        )
        day = f"{month}-{self.random.randrange(1, 29):02}"
        self.report(
            self.account, meter, day, quantity, key=str(self.random.getrandbits(64))
        )

    def try_to(self, action):
        """Do what a person may do, or be refused in words."""
        try:
            with self.env.cr.savepoint():
                action()
        except UserError:
            self.env.invalidate_all()

    def any_statement(self):
        return self.random.choice(self.account.statement_ids)

    def step_close(self):
        if self.closed == len(self.MONTHS):
            return
        for _event in range(self.random.randrange(3)):
            self.use(self.MONTHS[self.closed])
        first = Date.to_date(f"{self.MONTHS[self.closed]}-01")
        self.closed += 1
        statement = self.close(self.account, str(Date.add(first, months=1)))
        self.assertIn(statement.state, ("rated", "invoiced"), statement.message)

    def step_late(self):
        self.use(self.random.choice(self.MONTHS[: self.closed]))
        if self.random.random() < 0.5:
            self.env["bitpaket.usage.store"]._roll_up()

    def step_credit(self):
        statement = self.any_statement()
        lines = statement.line_ids.filtered(
            lambda line: line.type != "credit" and line.move_id and line.amount_left
        )
        values = {"rebill": self.random.choice(["never", "next", "now"])}
        if values["rebill"] != "never" and self.random.random() < 0.3:
            values["price_book_id"] = self.other_book.id
        chosen = None
        if lines and self.random.random() < 0.7:
            line = self.random.choice(lines)
            part = self.random.choice([None, round(line.amount_left * 0.4, 2)])
            chosen = {line.meter_id.code: part}
        self.try_to(lambda: self.correct(statement, chosen, **values))

    def step_again(self):
        self.try_to(
            lambda: self.correct(self.any_statement(), scope="nothing", rebill="now")
        )

    def step_native(self):
        documents = self.account.statement_ids.document_ids
        if not documents:
            return
        move = self.random.choice(documents)
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "journal_id": move.journal_id.id,
                    "bitpaket_reopens": self.random.random() < 0.5,
                }
            )
        )

        def reverse():
            note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
            line = note.invoice_line_ids[0]
            if self.random.random() < 0.5 and line.price_unit > 0.02:
                line.price_unit = round(line.price_unit / 2, 2)
            note.action_post()

        self.try_to(reverse)

    def step_mind(self):
        notes = self.account.statement_ids.document_ids.filtered("reversed_entry_id")
        if notes:
            note = self.random.choice(notes)
            self.try_to(
                self.random.choice(
                    [
                        note.action_bitpaket_bill_again,
                        note.action_bitpaket_leave_credited,
                    ]
                )
            )

    def check_documents(self):
        """Every document shows what its usage lines come to."""
        for move in self.account.statement_ids.document_ids:
            lines = sum(move.usage_line_ids.mapped("amount"))
            self.assertEqual(
                round(lines, 2), round(-move.direction_sign * move.amount_untaxed, 2)
            )
        unbilled = self.account.statement_ids.line_ids.filtered(
            lambda line: not line.move_id
        )
        for lines in unbilled.grouped("statement_id").values():
            self.assertEqual(round(sum(lines.mapped("amount")), 2), 0)

    def check_net(self):
        for statement in self.account.statement_ids:
            period = rating.Period(statement.period_start, statement.period_end)
            terms = {self.account.id: statement._billed_terms()}
            rated = self.account._rate_usage(period, {}, terms)[self.account.id]
            expected = defaultdict(float)
            for line in rated.lines:
                expected[line.meter] += float(line.amount)
            billed = self.env["bitpaket.usage.line"].search(
                [
                    ("account_id", "=", self.account.id),
                    "|",
                    ("adjusted_statement_id", "=", statement.id),
                    "&",
                    ("statement_id", "=", statement.id),
                    ("adjusted_statement_id", "=", False),
                ]
            )
            net, for_good = defaultdict(float), defaultdict(float)
            for line in billed:
                net[line.meter_id.code] += line.amount
                if line.for_good:
                    for_good[line.meter_id.code] += line.amount
            for meter in {*expected, *net}:
                self.assertAlmostEqual(
                    net[meter], expected[meter] + for_good[meter], 2, meter
                )
