"""Every term of a price, from the usage to the line and its words."""

import contextlib

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import GIB, BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class PriceCase(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.env["bitpaket.price.book"].create({"name": "Terms"})
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-10-01")

    def price(self, meter, **values):
        """Add a price to the book, or to the account named by `account_id`."""
        owner = {} if "account_id" in values else {"book_id": self.book.id}
        tiers = [
            Command.create(
                dict(zip(("up_to", "unit_price", "flat_amount"), tier, strict=False))
                if isinstance(tier, tuple)
                else tier
            )
            for tier in values.pop("tiers", ())
        ]
        return self.env["bitpaket.price"].create(
            {
                **owner,
                "meter_id": self.meter(meter).id,
                "date_start": "2026-01-01",
                "tier_ids": tiers,
                **values,
            }
        )

    @contextlib.contextmanager
    def refuses(self, exception, words):
        """Expect an error, and go on as if it had not been tried."""
        with self.assertRaisesRegex(exception, words), self.env.cr.savepoint():
            yield

    def shown(self, statement):
        return [(line.name, line.quantity, line.amount) for line in statement.line_ids]

    def words(self, statement):
        return statement.line_ids.mapped("explanation")


class TestPriceModels(PriceCase):
    def bill(self, quantity, meter="requests_a"):
        self.report(self.account, meter, "2026-10-05", quantity)
        return self.close(self.account)

    def test_per_unit(self):
        self.price("requests_a", unit_price=0.005, per=1000, free_quantity=500)
        statement = self.bill(2000)
        meter = self.meter("requests_a").name
        self.assertEqual(
            self.shown(statement),
            [(f"{meter}, free allowance", 500, 0), (meter, 1500, 0.01)],
        )
        self.assertEqual(
            self.words(statement),
            [
                "free of charge",
                "1,500 requests at 0.005 per 1,000 = 0.01 USD",
            ],
        )

    def test_graduated_tells_every_tier(self):
        self.price("storage", model="graduated", tiers=[(50, 0.023, 1), (0, 0.022)])
        statement = self.bill(71.5 * GIB * 744, "storage")
        self.assertEqual(
            self.words(statement),
            [
                "53,196 GiB-hours / 744 hours = 71.5 GiB-months; "
                "50 GiB-months at 0.023 + 1 = 2.15 USD",
                "21.5 GiB-months at 0.022 = 0.47 USD",
            ],
        )

    def test_volume(self):
        self.price("requests_a", model="volume", tiers=[(1000, 2), (0, 1, 5)])
        self.assertEqual(self.bill(1001).amount_total, 1006)

    def test_packages(self):
        self.price("requests_a", model="package", unit_price=4.5, package_size=1000)
        statement = self.bill(2001)
        self.assertEqual(statement.amount_total, 13.5)
        self.assertEqual(
            self.words(statement), ["2,001 requests in 3 × 1,000 at 4.5 = 13.50 USD"]
        )

    def test_blocks_tier_after_tier_and_of_the_top_tier(self):
        tiers = [
            {"up_to": 20, "unit_price": 3, "block_size": 10},
            {"unit_price": 5, "block_size": 100},
        ]
        self.price("requests_a", model="block_all", tiers=tiers)
        self.price("requests_b", model="block_top", tiers=tiers)
        self.report(self.account, "requests_b", "2026-10-05", 21)
        statement = self.bill(21)
        self.assertEqual(statement.line_ids.mapped("amount"), [6, 5, 5])
        self.assertEqual(
            self.words(statement)[0], "20 requests in 2 × 10 at 3 = 6.00 USD"
        )

    def test_blocks_must_fill_their_tier(self):
        with self.refuses(ValidationError, "whole number of its blocks"):
            self.price(
                "requests_a",
                model="block_all",
                tiers=[
                    {"up_to": 25, "unit_price": 3, "block_size": 10},
                    {"unit_price": 5, "block_size": 100},
                ],
            )

    def test_fixed_amount(self):
        self.price("requests_a", model="flat", flat_amount=31)
        self.account.date_start = "2026-10-22"
        statement = self.close(self.account)
        self.assertEqual(statement.amount_total, 10)
        self.assertEqual(self.words(statement), ["10 of 31 days at 31 = 10.00 USD"])

    def test_fixed_amount_that_is_due_with_usage_only(self):
        self.price("requests_a", model="flat", flat_amount=31, flat_at_zero=False)
        self.assertEqual(self.close(self.account).amount_total, 0)

    def test_graduated_percentage(self):
        self.price(
            "transfer_in",
            model="graduated_percentage",
            tiers=[(260, 4.2, 1.85), (0, 2.6, 0.95)],
        )
        statement = self.bill(640 * GIB, "transfer_in")
        self.assertEqual(statement.amount_total, 23.6)
        self.assertEqual(self.words(statement)[0], "4.2 % of 260 + 1.85 = 12.77 USD")

    def test_percentage_with_a_fee_per_event(self):
        self.price("requests_a", model="percentage", unit_price=1.5, event_fee=0.25)
        self.report(self.account, "requests_a", "2026-10-06", 850)
        statement = self.bill(15_000)
        meter = self.meter("requests_a").name
        self.assertEqual(
            self.shown(statement),
            [(meter, 15_850, 237.75), (f"{meter}, fee per event", 0, 0.5)],
        )
        self.assertEqual(
            self.words(statement),
            ["1.5 % of 15,850 = 237.75 USD", "2 events at 0.25 = 0.50 USD"],
        )

    def test_percentage_with_terms_per_event(self):
        self.price(
            "requests_a",
            model="percentage",
            unit_price=1,
            free_events=1,
            event_minimum=0.5,
            event_maximum=4,
        )
        for day, amount in ((6, 1000), (7, 10), (8, 100_000)):
            self.report(self.account, "requests_a", f"2026-10-0{day}", amount)
        statement = self.bill(5000)
        self.assertEqual(statement.line_ids.mapped("quantity"), [5000, 101_010])
        self.assertEqual(statement.amount_total, 8.5)
        self.assertEqual(
            self.words(statement)[1],
            "3 events, each 1 %, at least 0.5, at most 4 = 8.50 USD",
        )

    def test_free_per_day(self):
        self.price("requests_a", unit_price=1, free_per_day=100)
        self.report(self.account, "requests_a", "2026-10-06", 50)
        self.assertEqual(self.bill(130).amount_total, 30)

    def test_free_per_day_kept_until_the_end_of_the_period(self):
        price = self.price(
            "requests_a", unit_price=1, free_per_day=10, free_accrues=True
        )
        self.assertEqual(
            price.summary,
            "1 per requests, 10 free a day, kept until the end of the period",
        )
        self.assertEqual(self.bill(330).amount_total, 20)

    def test_free_as_a_multiple_of_what_is_stored(self):
        self.price("storage", unit_price=0)
        self.price(
            "transfer_out",
            unit_price=1,
            free_ratio=3,
            free_ratio_meter_id=self.meter("storage").id,
        )
        self.report(self.account, "storage", "2026-10-01", 10 * GIB * 744)
        statement = self.bill(35 * GIB, "transfer_out")
        self.assertEqual(statement.amount_total, 5)

    def test_minimum_and_maximum(self):
        self.price("requests_a", unit_price=1, minimum_amount=10)
        self.price("requests_b", unit_price=1, maximum_amount=10)
        self.report(self.account, "requests_b", "2026-10-05", 25)
        statement = self.bill(4)
        self.assertEqual(statement.line_ids.mapped("amount"), [4, 6, 25, -15])
        self.assertEqual(
            self.words(statement)[1::2],
            [
                "lifted to the minimum of 10.00 USD",
                "limited to the maximum of 10.00 USD",
            ],
        )

    def test_rounding_and_conversion_of_a_meter(self):
        self.price("transfer_out", unit_price=1)
        self.meter("transfer_out").write({"rounding": "up", "unit_size": "1000000000"})
        statement = self.bill(2_000_000_001, "transfer_out")
        self.assertEqual(statement.amount_total, 3)
        self.assertEqual(
            self.words(statement),
            ["2 GiB, rounded up; 3 GiB at 1 = 3.00 USD"],
        )

    def test_summary_in_words(self):
        for values, words in (
            ({"model": "flat", "flat_amount": 5}, "5 per period"),
            (
                {"unit_price": 0.09, "free_quantity": 100, "maximum_amount": 50},
                "0.09 per GiB, first 100 free, at most 50",
            ),
            (
                {"model": "package", "unit_price": 4.5, "package_size": 10},
                "4.5 per started 10 GiB",
            ),
            (
                {
                    "model": "percentage",
                    "unit_price": 1.5,
                    "event_fee": 0.25,
                    "free_events": 3,
                    "event_minimum": 1,
                },
                "1.5 % + 0.25 per event, first 3 events free, each at least 1",
            ),
            (
                {"model": "volume", "tiers": [(10, 2), (0, 1, 3)]},
                "up to 10: 2, above: 1 + 3",
            ),
        ):
            price = self.price("transfer_out", **values)
            self.assertEqual(price.summary, words)
            price.unlink()


class TestPriceDates(PriceCase):
    def test_existing_accounts_keep_their_price_until_told(self):
        self.price("requests_a", unit_price=1)
        self.price(
            "requests_a",
            unit_price=2,
            date_start="2026-10-16",
            date_existing="2026-11-01",
        )
        newer = self.make_account("newer", book=self.book, date_start="2026-10-20")
        for account in (self.account, newer):
            self.report(account, "requests_a", "2026-10-25", 10)
        old, new = self.close(self.account | newer).sorted("amount_total")
        self.assertEqual((old.account_id, old.amount_total), (self.account, 10))
        self.assertEqual((new.account_id, new.amount_total), (newer, 20))

    def test_existing_accounts_may_keep_their_price_for_ever(self):
        self.price("requests_a", unit_price=1)
        newer = self.price("requests_a", unit_price=2, date_start="2026-10-16")
        self.assertEqual(str(newer.date_existing), "2026-10-16", "for all by default")
        newer.date_existing = False
        self.report(self.account, "requests_a", "2026-10-25", 10)
        self.assertEqual(self.close(self.account).amount_total, 10)

    def test_agreed_price_holds_in_its_time_only(self):
        self.price("requests_a", unit_price=3)
        self.price(
            "requests_a",
            account_id=self.account.id,
            unit_price=1,
            date_start="2026-10-11",
            date_end="2026-10-21",
        )
        other = self.make_account("other", book=self.book, date_start="2026-10-01")
        for account in (self.account, other):
            for day in (10, 11, 20, 21):
                self.report(account, "requests_a", f"2026-10-{day}", 10)
        self.close(self.account | other)
        self.assertEqual(
            self.account.statement_ids.line_ids.mapped("amount"), [30, 20, 30]
        )
        self.assertEqual(other.statement_ids.amount_total, 120)

    def test_agreed_prices_cannot_overlap(self):
        values = {"account_id": self.account.id, "unit_price": 1}
        self.price("requests_a", date_end="2026-12-01", **values)
        with self.refuses(ValidationError, "starts before"):
            self.price("requests_a", date_start="2026-11-30", **values)
        self.price("requests_a", date_start="2026-12-01", **values)

    def test_a_new_price_cannot_change_what_was_invoiced(self):
        self.price("requests_a", unit_price=1)
        self.report(self.account, "requests_a", "2026-10-25", 10)
        self.close(self.account)
        for owner in ({}, {"account_id": self.account.id}):
            with self.refuses(UserError, "until 2026-11-01: start"):
                self.price("requests_a", date_start="2026-10-31", **owner)
            self.price("requests_a", date_start="2026-11-01", **owner)

    def test_dates_of_a_used_price_can_change_ahead_only(self):
        agreed = self.price("requests_a", account_id=self.account.id, unit_price=1)
        self.report(self.account, "requests_a", "2026-10-25", 10)
        self.close(self.account)
        with self.refuses(UserError, "invoiced until 2026-11-01"):
            agreed.date_end = "2026-10-31"
        agreed.date_end = "2026-12-01"
        with self.refuses(UserError, "cannot change"):
            agreed.unit_price = 2

    def test_late_usage_is_rated_by_the_book_of_then(self):
        self.price("requests_a", unit_price=1)
        self.report(self.account, "requests_a", "2026-10-05", 10)
        october = self.close(self.account)
        self.arrive_later()
        dearer = self.book.copy({"name": "Dearer"})
        dearer.price_ids.unit_price = 5
        self.account.price_book_id = dearer
        self.report(self.account, "requests_a", "2026-10-20", 7)
        with freeze_time("2026-12-02"):
            november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.line_ids.mapped("amount"), [7])
        self.assertEqual(november.line_ids.adjusted_statement_id, october)
        self.assertEqual(november.line_ids.price_id.book_id, self.book)


class TestCurrencies(PriceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True

    def test_one_book_in_several_currencies(self):
        self.price("requests_a", unit_price=1)
        self.price("requests_a", unit_price=0.9, currency_id=self.euro.id)
        self.assertEqual(self.book.currency_ids.mapped("name"), ["USD", "EUR"])
        european = self.make_account(
            "european",
            book=self.book,
            date_start="2026-10-01",
            currency_id=self.euro.id,
        )
        for account in (self.account, european):
            self.report(account, "requests_a", "2026-10-05", 10)
        self.close(self.account | european)
        moves = self.account.invoice_ids | european.invoice_ids
        self.assertEqual(
            [(move.currency_id.name, move.amount_untaxed) for move in moves],
            [("USD", 10), ("EUR", 9)],
        )

    def test_an_account_needs_prices_in_its_currency(self):
        with self.refuses(ValidationError, "has no prices in EUR"):
            self.account.currency_id = self.euro

    def test_a_billed_account_keeps_its_currency(self):
        self.price("requests_a", unit_price=1)
        self.price("requests_a", unit_price=0.9, currency_id=self.euro.id)
        self.close(self.account)
        with self.refuses(ValidationError, "was billed in USD"):
            self.account.currency_id = self.euro

    def test_another_book_brings_its_currency_if_it_must(self):
        euro_book = self.make_price_book("Euro", currency_id=self.euro.id)
        self.account.price_book_id = euro_book
        self.assertEqual(self.account.currency_id, self.euro)


class TestMinimums(PriceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["bitpaket.price"].create(
            {
                "book_id": cls.book.id,
                "meter_id": cls.meter("requests_a").id,
                "date_start": "2026-01-01",
                "unit_price": 1,
            }
        )

    def minimum(self, amount, kind="commitment", **values):
        owner = {} if "account_id" in values else {"book_id": self.book.id}
        return self.env["bitpaket.price.minimum"].create(
            {
                **owner,
                "kind": kind,
                "amount": amount,
                "date_start": "2026-01-01",
                **values,
            }
        )

    def bill(self, quantity):
        if quantity:
            self.report(self.account, "requests_a", "2026-10-25", quantity)
        return self.close(self.account)

    def test_commitment_lifts_the_usage_to_the_agreed_minimum(self):
        self.minimum(50)
        statement = self.bill(12)
        self.assertEqual(self.shown(statement)[1:], [("Minimum commitment", 0, 38)])
        self.assertEqual(
            self.words(statement)[1],
            "50.00 USD at least, less 12.00 USD reached = 38.00 USD",
        )
        self.assertEqual(statement.move_id.amount_untaxed, 50)
        line = statement.move_id.invoice_line_ids[1]
        self.assertEqual((line.name, line.price_subtotal), ("Minimum commitment", 38))
        self.assertEqual(
            line.product_id, self.env.ref("bitpaket_billing.product_minimum")
        )

    def test_commitment_is_due_without_usage(self):
        self.minimum(50)
        self.assertEqual(self.bill(0).amount_total, 50)

    def test_commitment_of_a_cut_period_is_prorated(self):
        self.minimum(31)
        self.account.date_start = "2026-10-22"
        self.assertEqual(self.bill(0).amount_total, 10)

    def test_what_is_agreed_with_the_account_comes_first(self):
        self.minimum(50)
        self.minimum(20, account_id=self.account.id)
        self.assertEqual(self.bill(12).amount_total, 20)

    def test_zero_ends_a_minimum(self):
        self.minimum(50)
        self.minimum(0, date_start="2026-10-01")
        self.assertEqual(self.bill(12).amount_total, 12)

    def test_a_minimum_starts_with_a_period(self):
        self.minimum(50, date_start="2026-10-02")
        self.assertEqual(self.bill(12).amount_total, 12)

    def test_minimum_invoice_lifts_small_invoices_only(self):
        self.minimum(5, kind="invoice")
        statement = self.bill(2)
        self.assertEqual(self.shown(statement)[1:], [("Minimum invoice", 0, 3)])
        self.assertEqual(statement.move_id.amount_untaxed, 5)

    def test_minimum_invoice_leaves_empty_periods_alone(self):
        self.minimum(5, kind="invoice")
        statement = self.bill(0)
        self.assertEqual(statement.amount_total, 0)
        self.assertFalse(statement.move_id)

    def test_late_usage_uses_up_the_commitment_first(self):
        minimum = self.minimum(50)
        october = self.bill(12)
        self.arrive_later()
        minimum.amount = 500
        minimum.date_start = "2026-11-01"
        self.report(self.account, "requests_a", "2026-10-26", 40)
        with freeze_time("2026-12-02"):
            november = self.close(self.account, "2026-12-01")
        late = november.line_ids.filtered("adjusted_statement_id")
        # 52 of usage instead of 12 and 38 that lacked to 50.
        self.assertEqual(sorted(late.mapped("amount")), [-38, 40])
        self.assertEqual(late.adjusted_statement_id, october)
        self.assertEqual(november.amount_total, 502)
