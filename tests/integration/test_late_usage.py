"""Usage that arrives after its period was closed is never lost."""

from datetime import date

from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.bitpaket_billing import rating

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-01-20")
class TestLateUsage(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")
        cls.report(cls.account, "requests_a", "2026-10-05", 1_000_000)
        cls.october = cls.close(cls.account)
        cls.arrive_later()

    def lines(self, statement):
        return [
            (line.name, line.quantity, line.amount, line.adjusted_statement_id)
            for line in statement.line_ids
        ]

    def test_it_becomes_a_dated_line_of_the_next_statement(self):
        self.assertEqual(self.october.amount_total, 5.0)
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        self.report(self.account, "requests_a", "2026-11-03", 200_000)
        november = self.close(self.account, "2026-12-01")
        meter = "Class A requests (PUT, COPY, POST, LIST)"
        self.assertEqual(
            self.lines(november),
            [
                (meter, 200_000, 1.0, self.october.browse()),
                (f"{meter}, late usage of October 2026", 400_000, 2.0, self.october),
            ],
        )
        self.assertEqual(november.move_id.amount_untaxed, 3.0)
        self.assertEqual(self.october.amount_total, 5.0)

    def test_it_shows_in_the_running_balance(self):
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        november = rating.calendar_month(date(2026, 11, 1))
        rated = self.account._rate_period(november)[self.account.id]
        self.assertEqual(str(rated.total), "2.00")

    def test_it_is_billed_once(self):
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        self.close(self.account, "2026-12-01")
        self.arrive_later()
        december = self.close(self.account, "2027-01-01")
        self.assertEqual(december.amount_total, 0)
        self.assertFalse(december.line_ids)

    def test_more_of_it_later_bills_the_difference_only(self):
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        self.close(self.account, "2026-12-01")
        self.arrive_later()
        self.report(self.account, "requests_a", "2026-10-21", 100_000)
        december = self.close(self.account, "2027-01-01")
        self.assertEqual(december.line_ids.mapped("amount"), [0.5])

    def test_a_late_correction_is_a_credit(self):
        self.meter("requests_a").allow_negative = True
        self.report(self.account, "requests_a", "2026-10-20", -200_000)
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.line_ids.mapped("amount"), [-1.0])
        self.assertEqual(november.move_id.move_type, "out_refund")
        self.assertEqual(november.move_id.amount_total, 1.0)
        self.assertEqual(self.account.amount_owed, 4.0)

    def test_after_the_rollup_too(self):
        self.report(self.account, "requests_a", "2026-10-20", 400_000)
        self.env["bitpaket.usage.store"]._roll_up()
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.amount_total, 2.0)
