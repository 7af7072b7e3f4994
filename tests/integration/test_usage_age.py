"""How old usage may be, and how long single events are kept."""

from datetime import date

import psycopg2

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger

from ..common import BillingMixin

METERS = ("requests_a", "peak")


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-20 10:00:00")
class TestUsageAge(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.company.bitpaket_usage_max_age_days = 95
        cls.company.bitpaket_usage_retention_months = 18
        cls.account = cls.make_account("acme", date_start="2020-01-01")
        cls.peak = cls.make_meter("peak", "max", book=cls.account.price_book_id)
        cls.usage_store = cls.env["bitpaket.usage.store"]

    def row(self, day, key=None, meter="requests_a", **values):
        key = key or f"e-{meter}-{day}"
        row = self.usage_row(self.account, key, meter, f"{day}T12:00:00", 1000)
        return {**row, **values}

    def send(self, *rows, **options):
        """Report rows; return how many were accepted, and the refusals."""
        answer = self.usage_store._report(list(rows), **options)
        return answer["accepted"], [
            (one["code"], one["message"]) for one in answer["rejected"]
        ]

    def events(self):
        self.env.invalidate_all()
        events = self.env["bitpaket.usage.event"].search(
            [("account_id", "=", self.account.id)], order="time"
        )
        return [str(event.time.date()) for event in events]

    def bill_everything(self):
        """Close all periods so far, without invoices."""
        self.env["bitpaket.statement"]._create_due()
        self.env["bitpaket.statement"].search([]).state = "rated"
        self.env.flush_all()

    def test_usage_as_old_as_the_limit_is_accepted(self):
        self.assertEqual(self.send(self.row("2026-08-17")), (1, []))

    def test_older_usage_is_refused_and_says_what_to_do(self):
        self.assertEqual(
            self.send(self.row("2026-08-16")),
            (
                0,
                [
                    (
                        "too_old",
                        "“2026-08-16T12:00:00Z” is before 2026-08-17: a billing "
                        "manager can import older usage as a backfill.",
                    )
                ],
            ),
        )

    def test_rows_of_unknown_accounts_have_the_limit_of_the_reporter(self):
        answer = self.usage_store._report([self.row("2026-08-16", account="nobody")])
        self.assertEqual(answer["rejected"][0]["code"], "too_old")
        answer = self.usage_store._report([self.row("2026-08-17", account="nobody")])
        self.assertEqual(answer["quarantined"][0]["code"], "unknown_account")

    def test_what_waited_too_long_is_replayed_all_the_same(self):
        self.usage_store._report([self.row("2026-08-17", account="nobody")])
        with freeze_time("2026-12-20"):
            account = self.make_account("nobody", date_start="2026-01-01")
            self.env["bitpaket.usage.quarantine"].search([]).action_replay()
            self.assertEqual(
                self.usage(account, "requests_a"), {"2026-08-17": (1000, 1)}
            )

    def test_no_limit(self):
        self.company.bitpaket_usage_max_age_days = 0
        self.assertEqual(self.send(self.row("2025-06-01")), (1, []))

    def test_backfill_is_accepted(self):
        self.assertEqual(self.send(self.row("2026-08-16"), backfill=True), (1, []))

    def test_backfill_of_what_is_no_longer_kept_is_refused(self):
        self.assertEqual(self.send(self.row("2025-06-01"), backfill=True), (1, []))
        ((code, message),) = self.send(self.row("2025-05-31"), backfill=True)[1]
        self.assertEqual(code, "too_old")
        self.assertEqual(
            message,
            "“2025-05-31T12:00:00Z” is before 2025-06-01: events of that time are no "
            "longer kept, so it cannot be told whether this one was counted already.",
        )

    def test_events_must_be_kept_longer_than_usage_is_accepted(self):
        with self.assertRaisesRegex(
            ValidationError, "at least 5 months, because usage of up to 95 days"
        ):
            self.company.bitpaket_usage_retention_months = 4
        self.company.bitpaket_usage_retention_months = 5
        with self.assertRaisesRegex(ValidationError, "at least 6 months"):
            self.company.bitpaket_usage_max_age_days = 113
        self.company.bitpaket_usage_max_age_days = 112
        self.company.bitpaket_usage_max_age_days = 0
        with self.assertRaisesRegex(ValidationError, "at least 3 months"):
            self.company.bitpaket_usage_retention_months = 2
        self.company.bitpaket_usage_retention_months = 0

    def test_limits_are_not_negative(self):
        for name in ("bitpaket_usage_max_age_days", "bitpaket_usage_retention_months"):
            with (
                self.assertRaises(psycopg2.errors.CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.company[name] = -1
                self.env.flush_all()

    def test_old_events_are_removed_and_their_days_stay(self):
        days = ("2025-04-30", "2025-05-01", "2025-05-31", "2026-08-17")
        rows = [self.row(day, meter=meter) for day in days for meter in METERS]
        self.store(rows)
        self.usage_store._roll_up()
        self.bill_everything()
        before = self.usage(self.account, "peak", "2020-01-01")
        self.assertEqual(self.usage_store._gc_events(), (2, False))
        self.assertEqual(self.events(), sorted(2 * days[1:]))
        self.assertEqual(self.usage(self.account, "peak", "2020-01-01"), before)
        self.assertEqual(self.usage_store._gc_events(), (0, False))

    def test_events_are_removed_in_chunks(self):
        self.store([self.row("2025-04-30", key=f"e-{number}") for number in range(5)])
        self.usage_store._roll_up()
        self.bill_everything()
        chunks = [self.usage_store._gc_events(limit=2) for _chunk in range(3)]
        self.assertEqual(chunks, [(2, True), (2, True), (1, False)])

    def test_events_that_are_not_rolled_up_stay(self):
        self.store([self.row("2025-04-30")])
        self.bill_everything()
        self.assertEqual(self.usage_store._gc_events(), (0, False))
        self.usage_store._roll_up()
        self.assertEqual(self.usage_store._gc_events(), (1, False))

    def test_events_that_are_not_billed_stay(self):
        self.store([self.row("2025-03-31"), self.row("2025-04-30")])
        self.usage_store._roll_up()
        self.assertEqual(self.usage_store._gc_events(), (0, False))
        self.bill_everything()
        april = self.account.statement_ids.filtered(
            lambda one: str(one.period_start) == "2025-04-01"
        )
        april.state = "error"
        self.assertEqual(self.usage_store._gc_events(), (1, False))
        self.assertEqual(self.events(), ["2025-04-30"])

    def test_events_are_kept_for_ever(self):
        self.company.bitpaket_usage_retention_months = 0
        self.store([self.row("2020-04-30")])
        self.usage_store._roll_up()
        self.bill_everything()
        self.assertEqual(self.usage_store._gc_events(), (0, False))
        self.assertEqual(self.send(self.row("2020-01-01"), backfill=True), (1, []))

    def test_what_was_removed_stays_refused_whatever_the_setting(self):
        self.usage_store._gc_events()
        self.assertEqual(self.company.bitpaket_purged_before, date(2025, 5, 1))
        self.company.bitpaket_usage_retention_months = 0
        ((code, _message),) = self.send(self.row("2025-05-31"), backfill=True)[1]
        self.assertEqual(code, "too_old")
        self.assertEqual(self.send(self.row("2025-06-01"), backfill=True), (1, []))

    def test_events_of_days_that_may_be_incomplete_are_not_corrected(self):
        rows = [self.row("2025-04-30", meter=meter) for meter in METERS]
        self.store(rows)
        self.usage_store._roll_up()
        self.usage_store._gc_events()  # not billed, so they are still there
        for row in rows:
            ((code, message),) = self.send(
                {**row, "revision": 1, "time": "2026-11-01T00:00:00Z"}
            )[1]
            self.assertEqual(code, "too_old")
            self.assertIn("is too old to be corrected", message)

    def test_a_day_without_its_events_is_never_computed_anew(self):
        self.store([self.row("2025-04-30", meter="peak")])
        self.usage_store._roll_up()
        self.bill_everything()
        self.usage_store._gc_events()
        self.assertFalse(self.events())
        self.env["bitpaket.usage.pending"].create(
            {
                "account_id": self.account.id,
                "meter_id": self.peak.id,
                "day": "2025-04-30",
                "quantity": 0,
            }
        )
        for _rolled_up in range(2):
            self.assertEqual(
                self.usage(self.account, "peak", "2025-01-01"),
                {"2025-04-30": (1000, 1)},
            )
            self.usage_store._roll_up()

    def test_meters_of_removed_events_stay_as_they_are(self):
        self.store([self.row("2025-04-30", meter="peak")])
        self.usage_store._roll_up()
        self.bill_everything()
        self.usage_store._gc_events()
        self.assertTrue(self.peak._has_usage())
