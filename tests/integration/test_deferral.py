"""Revenue of services that last: deferred, earned month by month, credited."""

from contextlib import contextmanager

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger

from ..deferral_common import DeferralMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-01-10")
class TestDeferral(DeferralMixin, TransactionCase):
    # === Deferring === #

    def test_a_year_is_deferred_and_earned_by_the_day(self):
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        deferral = self.deferrals()
        self.assertEqual(deferral.move_id, invoice)
        self.assertEqual((deferral.amount, deferral.amount_left), (1200, 1200))
        self.assertEqual((self.waiting(), self.earned()), (1200, 0))
        self.recognise()
        # 17 of 365 days, then 30 and 31
        self.assertEqual(
            [(str(e.date), e.kind, e.balance) for e in deferral.entry_ids],
            [
                ("2026-10-15", "add", 1200),
                ("2026-10-31", "release", -55.89),
                ("2026-11-30", "release", -98.63),
                ("2026-12-31", "release", -101.92),
            ],
        )
        self.assertEqual((self.waiting(), self.earned()), (943.56, 256.44))
        self.assertEqual(deferral.state, "running")
        with freeze_time("2027-11-01"):
            self.recognise()
        self.assertEqual((self.waiting(), self.earned()), (0, 1200))
        self.assertEqual((deferral.state, deferral.next_month), ("done", False))

    def test_again_changes_nothing(self):
        self.invoice(1200, "2026-10-15", "2027-10-15")
        self.recognise()
        entries = self.entries()
        self.recognise()
        self.assertEqual(self.entries(), entries)

    def test_a_month_of_plan_is_revenue_at_once(self):
        self.invoice(30, "2026-10-15", "2026-11-15")
        self.assertFalse(self.deferrals())
        self.assertEqual((self.waiting(), self.earned()), (0, 30))

    def test_the_setting_says_how_long(self):
        self.company.bitpaket_defer_months = 12
        self.invoice(1200, "2026-10-15", "2027-10-15")
        self.assertFalse(self.deferrals())
        self.company.bitpaket_defer_months = 0
        self.invoice(30, "2026-10-15", "2026-11-15")
        self.assertEqual(self.deferrals().amount, 30)

    def test_off(self):
        self.company.bitpaket_defer = False
        self.invoice(1200, "2026-10-15", "2027-10-15")
        self.assertFalse(self.deferrals())

    def test_what_is_over_is_revenue_at_once(self):
        self.invoice(1200, "2026-01-01", "2026-11-01", date="2026-10-31")
        self.assertFalse(self.deferrals())

    def test_what_begins_later_waits_for_it(self):
        self.invoice(900, "2026-12-01", "2027-03-01", date="2026-10-15")
        self.recognise()
        self.assertEqual(
            self.releases(), [("2026-12-31", -310.0)], "31 of 90 days at 10.00"
        )

    def test_an_invoice_that_comes_late_catches_up_in_its_month(self):
        self.invoice(1200, "2026-10-01", "2027-01-29", date="2026-12-05")
        self.assertEqual(self.releases(), [])
        self.recognise()
        self.assertEqual(
            self.releases(), [("2026-12-31", -920.0)], "92 of 120 days at 10.00"
        )

    def test_one_entry_per_month_and_company(self):
        self.invoice(1200, "2026-10-01", "2027-10-01")
        self.invoice(600, "2026-10-01", "2027-10-01")
        self.invoice(300, "2026-12-01", "2027-10-01")
        self.recognise()
        for month, services in (("10-31", 2), ("11-30", 2), ("12-31", 3)):
            entries = self.entries().filtered(
                lambda entry, month=month: (
                    entry.kind == "release" and str(entry.date) == f"2026-{month}"
                )
            )
            self.assertEqual(len(entries), services)
            self.assertEqual(len(entries.move_id), 1)
            self.assertEqual(len(entries.move_id.line_ids), 2 * services)
            self.assertEqual(entries.move_id.journal_id.code, "DEFER")

    def test_the_line_keeps_customer_and_analytics(self):
        plan = self.env["account.analytic.plan"].create({"name": "Regions"})
        analytic = self.env["account.analytic.account"].create(
            {"name": "EU", "plan_id": plan.id, "company_id": self.company.id}
        )
        self.invoice(
            1200,
            "2026-10-01",
            "2027-10-01",
            analytic_distribution={str(analytic.id): 100},
        )
        self.recognise()
        lines = self.entries().filtered(lambda e: e.kind == "release").move_id.line_ids
        self.assertEqual(lines.partner_id, self.partner)
        revenue = lines.filtered(lambda line: line.account_id == self.income)
        self.assertEqual(
            revenue.mapped("analytic_distribution"), [{str(analytic.id): 100}] * 3
        )

    def test_tax_is_not_deferred(self):
        tax = self.env["account.tax"].create(
            {"name": "20%", "amount": 20, "type_tax_use": "sale"}
        )
        invoice = self.invoice(
            1200, "2026-10-01", "2027-10-01", tax_ids=[Command.set(tax.ids)]
        )
        self.assertEqual(invoice.amount_total, 1440)
        self.assertEqual(self.waiting(), 1200)
        self.assertFalse(self.entries().move_id.line_ids.tax_ids)

    def test_a_service_needs_both_ends(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.invoice(10, "2026-10-15", False)

    # === Currencies === #

    def test_a_foreign_currency_at_the_rate_of_the_invoice(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"currency_id": euro.id, "name": "2026-01-01", "rate": 0.8},
                {"currency_id": euro.id, "name": "2026-12-01", "rate": 0.5},
            ]
        )
        self.invoice(1200, "2026-10-15", "2027-10-15", currency=euro)
        deferral = self.deferrals()
        self.assertEqual((deferral.amount, deferral.balance), (1200, 1500))
        self.recognise()
        december = deferral.entry_ids[-1]
        self.assertEqual((december.amount, december.balance), (-101.92, -127.4))
        with freeze_time("2027-11-01"):
            self.recognise()
        self.assertEqual((deferral.amount_left, deferral.balance_left), (0, 0))
        self.assertEqual((self.waiting(), self.earned()), (0, 1500))

    # === Lock dates === #

    def test_a_locked_month_is_booked_at_the_first_open_date(self):
        self.invoice(1200, "2026-10-15", "2027-10-15")
        self.company.fiscalyear_lock_date = Date.to_date("2026-11-30")
        self.recognise()
        october = self.deferrals().entry_ids.filtered(
            lambda entry: str(entry.month) == "2026-10-01" and entry.kind == "release"
        )
        self.assertEqual(october.balance, -55.89)
        self.assertGreater(str(october.date), "2026-11-30")
        self.assertEqual(october.date, october.move_id.date)
        self.assertEqual(self.waiting(), 943.56)

    # === Credits === #

    def test_a_full_credit_note_leaves_nothing(self):
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        with freeze_time("2026-12-05"):
            self.recognise()
            self.credit(invoice, "2026-12-05")
        self.recognise()
        self.assertEqual((self.waiting(), self.earned()), (0, 0))
        # In December: what October and November earned is given back at once.
        self.assertEqual(self.earned("2026-11-30"), 154.52)
        with freeze_time("2027-11-01"):
            self.recognise()
        self.assertEqual((self.waiting(), self.earned()), (0, 0))
        self.assertEqual(set(self.deferrals().mapped("state")), {"done"})

    def test_a_part_that_is_credited_reduces_the_rest_in_proportion(self):
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        note = invoice._reverse_moves(
            [{"invoice_date": "2026-12-05", "date": "2026-12-05"}]
        )
        note.invoice_line_ids.price_unit = 300
        note.action_post()
        self.recognise()
        # Three quarters of what the whole had left at the end of December: 943.56
        self.assertEqual((self.waiting(), self.earned()), (707.67, 192.33))

    def test_a_credit_without_a_period_reduces_what_it_credits(self):
        """FastSpring's partial refunds say an amount and no more."""
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15", other=400)
        note = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.partner.id,
                "invoice_date": "2026-12-05",
                "reversed_entry_id": invoice.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Refund",
                            "account_id": self.income.id,
                            "price_unit": 400,
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        note.action_post()
        plan = self.deferrals().filtered(lambda one: one.move_id == invoice)
        credit = self.deferrals() - plan
        # 400 of 1,600: a quarter of the plan's 1,200 and of the 400 beside it.
        self.assertEqual((credit.amount, credit.credited_id), (-300, plan))
        self.assertEqual(
            (credit.date_start, credit.date_end), (plan.date_start, plan.date_end)
        )
        self.recognise()
        self.assertEqual(self.waiting(), 707.67)

    def test_the_credit_of_an_unused_rest_is_deferred_as_well(self):
        """An upgrade after a quarter: the old year's rest back, the new one's price."""
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.invoice(-273, "2027-01-01", "2027-10-01", date="2027-01-01", other=546)
        with freeze_time("2027-10-02"):
            self.recognise()
        self.assertEqual((self.waiting(), self.earned()), (0, 365 - 273 + 546))
        self.assertEqual(self.earned("2027-06-30"), 92 + 546)

    def test_a_short_rest_of_what_is_deferred_is_deferred(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        with freeze_time("2027-09-15"):
            self.credit_line(15, "2027-09-15", "2027-10-01", date="2027-08-31")
        credit = self.deferrals().filtered(lambda one: one.amount < 0)
        self.assertEqual(credit.amount, -15)
        self.credit_line(15, "2028-09-15", "2028-10-01", date="2027-08-31")
        self.assertEqual(len(self.deferrals()), 2, "of nothing that is deferred")

    def test_the_credit_of_what_was_not_deferred_is_not(self):
        self.company.bitpaket_defer = False
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        self.company.bitpaket_defer = True
        self.credit(invoice, "2026-12-05")
        self.assertFalse(self.deferrals())
        self.assertEqual(self.earned(), 0)

    # === Taking back === #

    def test_an_invoice_reset_to_draft_takes_its_deferral_back(self):
        other = self.invoice(365, "2026-10-01", "2027-10-01")
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        self.recognise()
        invoice.button_draft()
        deferral = invoice.bitpaket_deferral_ids
        self.assertEqual((deferral.state, deferral.amount_left), ("reversed", 0))
        self.assertEqual(len(deferral.entry_ids), 8, "on the record, each undone")
        self.assertEqual((self.waiting(), self.earned()), (365 - 92, 92))
        # Every month is as if it had never been posted.
        self.assertEqual(
            (self.waiting("2026-10-31"), self.earned("2026-10-31")), (334, 31)
        )
        self.recognise()
        self.assertEqual(self.earned(), 92)
        invoice.action_post()
        self.recognise()
        self.assertEqual(self.earned(), 92 + 256.44)
        self.assertEqual(
            invoice.bitpaket_deferral_ids.mapped("state"), ["running", "reversed"]
        )
        self.assertEqual(other.bitpaket_deferral_ids.state, "running")

    def test_a_changed_invoice_is_deferred_anew(self):
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        invoice.button_draft()
        invoice.invoice_line_ids.unlink()
        invoice.invoice_line_ids = [self.line(365, "2026-10-01", "2027-10-01")]
        invoice.action_post()
        self.recognise()
        self.assertEqual((self.waiting(), self.earned()), (273, 92))

    def test_the_entries_cannot_be_reset_by_hand(self):
        self.invoice(1200, "2026-10-15", "2027-10-15")
        self.recognise()
        for entry in self.entries():
            with self.assertRaisesRegex(UserError, "belongs to deferred revenue"):
                entry.move_id.button_draft()

    # === Once === #

    def test_the_database_refuses_to_defer_or_recognise_twice(self):
        invoice = self.invoice(1200, "2026-10-15", "2027-10-15")
        self.recognise()
        deferral = self.deferrals()
        with self.refused():
            deferral._defer(invoice)
        with self.refused():
            # As a worker that has not seen what another one did.
            deferral.next_month = "2026-10-01"
            deferral._recognise()
        added = deferral.entry_ids[0]
        invoice.button_draft()
        with self.refused():
            self.env["bitpaket.deferral.entry"]._book(
                [
                    (
                        (added.date, invoice),
                        deferral,
                        {
                            "kind": "undo",
                            "month": added.month,
                            "amount": -1200,
                            "balance": -1200,
                            "undoes_id": added.id,
                        },
                    )
                ]
            )
        self.assertEqual((self.waiting(), self.earned()), (0, 0))

    @contextmanager
    def refused(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            yield
        self.env.invalidate_all()

    def test_what_failed_in_this_run_waits_for_the_next(self):
        self.invoice(1200, "2026-10-15", "2027-10-15")
        deferrals = self.env["bitpaket.deferral"]
        mine = deferrals._claim_due((), 10)
        self.assertEqual(mine, self.deferrals())
        self.assertFalse(deferrals._claim_due(mine.ids, 10))
        self.assertEqual(deferrals._count_due(), 1)

    # === Failures === #

    def test_one_that_fails_says_why_and_stops_no_other(self):
        self.invoice(1200, "2026-10-15", "2027-10-15")
        self.invoice(365, "2026-10-01", "2027-10-01", income=self.other_income)
        self.other_income.active = False
        good, bad = self.deferrals().sorted("id")
        self.recognise()
        self.assertEqual((good.balance_left, good.problem), (943.56, False))
        self.assertEqual(bad.balance_left, 365)
        self.assertTrue(bad.problem)
        self.other_income.active = True
        self.recognise()
        self.assertEqual((bad.balance_left, bad.problem), (273, False))

    def test_small_amounts_have_no_empty_entries(self):
        self.invoice(0.03, "2026-10-01", "2027-10-01")
        with freeze_time("2027-10-02"):
            self.recognise()
        self.assertEqual(
            self.releases(),
            [("2026-11-30", -0.01), ("2027-04-30", -0.01), ("2027-08-31", -0.01)],
        )
        self.assertEqual(self.deferrals().state, "done")
