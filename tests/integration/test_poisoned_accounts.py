"""One in a hundred accounts cannot be invoiced: the others are, and words say why."""

import calendar

from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged

from .test_billing_run import RunMixin

ACCOUNTS = 400


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-01 00:05:00")
class TestPoisonedAccounts(RunMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"].create(
            [{"name": f"Customer {number:03}"} for number in range(ACCOUNTS)]
        )
        cls.accounts = cls.env["bitpaket.account"].create(
            [
                {
                    "name": partner.name,
                    "reference": f"customer-{number:03}",
                    "partner_id": partner.id,
                    "price_book_id": cls.book.id,
                    "date_start": "2026-10-01",
                }
                for number, partner in enumerate(partners)
            ]
        )
        cls.income = cls.company.income_account_id
        days = calendar.monthrange(2026, 10)[1]
        cls.env.cr.execute(
            """
            INSERT INTO bitpaket_usage_daily
                   (account_id, meter_id, day, quantity, events, level, hours_before,
                    updated)
            SELECT account, %s, '2026-10-01'::date + day, 1000000, 1, 0, 0, now()
              FROM unnest(%s) account, generate_series(0, %s) day
            """,
            [cls.meter("requests_a").id, cls.accounts.ids, days - 1],
        )

    def poison(self):
        """Spoil every hundredth account, each in another way.

        :return: what must be said, by account
        """
        archived, gap, inactive, no_income = self.accounts[50::100]
        archived.partner_id.active = False
        gap.price_book_id = self.make_price_book("Gap", start="2026-10-15")
        franc = self.env.ref("base.CHF")
        franc.active = True
        inactive.price_book_id = self.make_price_book("Swiss", currency_id=franc.id)
        self.assertEqual(inactive.currency_id, franc)
        franc.active = False
        # Income of one meter has no account, and its journal has none to fall back to.
        self.company._bitpaket_get_journal().default_account_id = False
        meter = self.meter("transfer_in")
        self.company.income_account_id = False
        product = meter.product_id
        others = self.env["bitpaket.meter"].search([("product_id", "!=", product.id)])
        for other in others.product_id:
            other.property_account_income_id = self.income
        no_income.price_ids = [
            Command.create(
                {
                    "meter_id": meter.id,
                    "date_start": "2020-01-01",
                    "unit_price": 1,
                    "currency_id": no_income.currency_id.id,
                }
            )
        ]
        self.report(no_income, "transfer_in", "2026-10-05", 1024**3)
        return {
            archived: "The customer “Customer 050” is archived. Restore the contact, "
            "or choose another customer on the account.",
            gap: "The price book “Gap” has no price for Class A requests "
            "(PUT, COPY, POST, LIST) on 2026-10-01. Add a price that starts on or "
            "before that day.",
            inactive: "The currency CHF is not active. Activate it under Invoicing › "
            "Configuration › Currencies.",
            no_income: f"There is no income account for “{product.name}”. Set one on "
            "the product, on its category, or on the journal “Usage invoices”.",
        }

    def test_99_percent_invoiced_1_percent_listed_in_words(self):
        words = self.poison()
        self.work()
        run = self.found_runs()
        self.assertEqual(run.state, "done")
        self.assertEqual((run.count_done, run.count_failed), (396, 4))
        self.assertEqual(
            {failed.account_id: failed.message for failed in run.failed_ids}, words
        )
        self.assertEqual(len(run.activity_ids), 1)
        good = run.statement_ids - run.failed_ids
        self.assertEqual(set(good.move_id.mapped("amount_untaxed")), {155.0})
        self.assertEqual(len(good.move_id), 396)
        self.assertEqual(
            sorted(good.move_id.mapped("sequence_number")), list(range(1, 397))
        )

    def test_company_without_a_chart_of_accounts(self):
        self.company.chart_template = False
        self.company.bitpaket_journal_id = False
        self.work()
        run = self.found_runs()
        self.assertEqual((run.count_done, run.count_failed), (0, ACCOUNTS))
        self.assertEqual(
            set(run.failed_ids.mapped("message")),
            {
                "Nimbus Storage Inc. has no chart of accounts yet: choose one in the "
                "accounting settings."
            },
        )
        self.assertEqual(len(run.activity_ids), 1)

    def test_archived_journal(self):
        self.company._bitpaket_get_journal().active = False
        self.work()
        self.assertEqual(
            set(self.found_runs().failed_ids.mapped("message")),
            {
                "The journal “Usage invoices” of usage invoices is archived. Restore "
                "it, or choose another one in the settings."
            },
        )

    def test_closed_fiscal_period_moves_the_accounting_date_only(self):
        self.company.fiscalyear_lock_date = "2026-11-15"
        with freeze_time("2026-11-20 00:05:00"):
            self.work()
        run = self.found_runs()
        self.assertEqual((run.count_done, run.count_failed), (ACCOUNTS, 0))
        move = run.statement_ids[0].move_id
        self.assertEqual(str(move.invoice_date), "2026-11-01")
        self.assertGreater(str(move.date), "2026-11-15")
        self.assertEqual(str(run.statement_ids[0].period_start), "2026-10-01")
