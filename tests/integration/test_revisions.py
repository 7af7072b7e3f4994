"""A correction replaces what was reported; what it replaced stays on record."""

from datetime import date

from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.bitpaket_billing import rating

from ..common import BillingMixin

METER = "Class A requests (PUT, COPY, POST, LIST)"


class RevisionCase(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-10-01")
        cls.other = cls.make_account("other", book=cls.book, date_start="2026-10-01")
        cls.usage_store = cls.env["bitpaket.usage.store"]

    def row(self, revision=0, **values):
        row = self.usage_row(
            self.account, "e-1", "requests_a", "2026-10-05T10:00:00", 1_000_000
        )
        return {**row, "revision": revision, **values}

    def send(self, *rows):
        """Report rows; return how many were accepted, known, and the refusals."""
        answer = self.usage_store._report(list(rows))
        refused = [(one["index"], one["code"]) for one in answer["rejected"]]
        return answer["accepted"], answer["duplicates"], refused

    def requests(self, account=None, meter="requests_a"):
        return self.usage(account or self.account, meter)

    @property
    def event(self):
        self.env.invalidate_all()
        return self.env["bitpaket.usage.event"].search([("source", "=", "test")])


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-20")
class TestRevisions(RevisionCase):
    def test_higher_revision_replaces_what_was_stored(self):
        self.send(self.row())
        self.assertEqual(self.send(self.row(1, quantity=400)), (1, 0, []))
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})
        self.usage_store._roll_up()
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})
        self.assertEqual((self.event.revision, self.event.quantity), (1, 400))

    def test_after_the_rollup_too(self):
        self.send(self.row())
        self.usage_store._roll_up()
        self.send(self.row(1, quantity=400))
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})
        self.usage_store._roll_up()
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})

    def test_anything_may_be_corrected(self):
        self.send(self.row())
        change = {"account": "other", "meter": "requests_b"}
        self.send(self.row(1, **change, time="2026-10-07T00:00:00Z", quantity=5))
        for _rolled_up in range(2):
            self.assertEqual(self.requests(), {})
            self.assertEqual(
                self.requests(self.other, "requests_b"), {"2026-10-07": (5, 1)}
            )
            self.usage_store._roll_up()

    def test_what_was_replaced_stays_on_record(self):
        self.send(self.row(), self.row(id="e-2"))
        self.send(self.row(1, quantity=400))
        self.send(self.row(7, account="other", quantity=300))
        event = self.event.filtered(lambda event: event.external_id == "e-1")
        self.assertEqual(
            [
                (one.revision, one.account_id, one.quantity, str(one.time))
                for one in event.replaced_ids
            ],
            [
                (1, self.account, 400, "2026-10-05 10:00:00"),
                (0, self.account, 1_000_000, "2026-10-05 10:00:00"),
            ],
        )
        self.assertFalse((self.event - event).replaced_ids)

    def test_same_revision_again_is_a_duplicate(self):
        self.send(self.row(), self.row(id="e-2"))
        self.send(self.row(1, quantity=400))
        again = self.send(self.row(1, quantity="400.0"), self.row(id="e-2"))
        self.assertEqual(again, (0, 2, []))
        self.assertEqual(self.requests(), {"2026-10-05": (1_000_400, 2)})

    def test_same_revision_with_other_content_is_a_conflict(self):
        self.send(self.row(1, quantity=400))
        self.assertEqual(
            self.send(self.row(1, quantity=401)), (0, 0, [(0, "conflict")])
        )
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})

    def test_lower_revision_that_comes_late_changes_nothing(self):
        self.send(self.row(2, quantity=400))
        self.assertEqual(self.send(self.row(1), self.row()), (0, 2, []))
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})
        self.assertFalse(self.event.replaced_ids)

    def test_newest_revision_of_a_batch_counts(self):
        sent = self.send(self.row(), self.row(2, quantity=400), self.row(1))
        self.assertEqual(sent, (1, 2, []))
        self.assertEqual(self.requests(), {"2026-10-05": (400, 1)})

    def test_new_known_and_corrected_rows_in_one_batch(self):
        self.send(self.row(), self.row(id="e-2"))
        sent = self.send(
            self.row(id="e-3", quantity=3),
            self.row(id="e-2", quantity=4),
            self.row(1, quantity=5),
            self.row(id="e-2"),
        )
        self.assertEqual(sent, (2, 0, [(1, "conflict"), (3, "conflict")]))
        self.assertEqual(self.requests(), {"2026-10-05": (1_000_008, 3)})

    def test_events_of_another_company_are_never_corrected(self):
        self.send(self.row())
        stranger = self.env["res.company"].create({"name": "Stranger"})
        self.env.user.company_ids |= stranger
        book = self.make_price_book(company_id=stranger.id)
        self.make_account("strange", book=book, company_id=stranger.id)
        store = self.usage_store.with_context(allowed_company_ids=stranger.ids)
        for revision in (0, 1):
            row = self.row(revision, account="strange", time="2026-10-05T10:00:00Z")
            (refusal,) = store._report([row])["rejected"]
            self.assertEqual(refusal["code"], "conflict")
        self.assertEqual(self.requests(), {"2026-10-05": (1_000_000, 1)})

    def test_value_and_since_are_content(self):
        self.make_meter("buckets", "unique")
        self.make_meter("deleted", "retention", minimum_days=30)
        seen = self.row(meter="buckets", value="a")
        gone = self.row(id="e-2", meter="deleted", since="2026-10-05T00:00:00Z")
        self.send(seen, gone)
        self.assertEqual(self.send(seen, gone), (0, 2, []))
        sent = self.send(
            {**seen, "value": "b"}, {**gone, "since": "2026-10-04T00:00:00Z"}
        )
        self.assertEqual(sent, (0, 0, [(0, "conflict"), (1, "conflict")]))
        odd = {**seen, "revision": 1, "value": "a\\N\\."}
        self.assertEqual(self.send(odd), (1, 0, []))
        self.assertEqual(self.send(odd), (0, 1, []))


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-01-20")
class TestRevisionsAfterTheClose(RevisionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usage_store._report([cls.row(cls)])
        cls.report(cls.other, "requests_a", "2026-10-06", 100_000)
        cls.october = cls.close(cls.account)
        cls.other_october = cls.close(cls.other)
        cls.arrive_later()

    def lines(self, statement):
        return [
            (line.name, line.quantity, line.amount, line.adjusted_statement_id)
            for line in statement.line_ids
        ]

    def test_a_correction_becomes_a_line_of_the_next_statement(self):
        self.assertEqual(self.october.amount_total, 5.0)
        self.usage_store._roll_up()
        self.arrive_later()
        self.send(self.row(1, quantity=1_200_000))
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(
            self.lines(november),
            [(f"{METER}, late usage of October 2026", 200_000, 1.0, self.october)],
        )
        self.assertEqual(self.october.amount_total, 5.0)

    def test_a_correction_downwards_is_a_credit(self):
        self.send(self.row(1, quantity=600_000))
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(november.line_ids.mapped("amount"), [-2.0])

    def test_usage_that_moves_to_another_account_touches_both(self):
        self.usage_store._roll_up()
        self.arrive_later()
        self.send(self.row(1, account="other"))
        self.usage_store._roll_up()
        november = self.close(self.account, "2026-12-01")
        other = self.close(self.other, "2026-12-01")
        self.assertEqual(
            self.lines(november),
            [(f"{METER}, late usage of October 2026", -1_000_000, -5.0, self.october)],
        )
        self.assertEqual(
            self.lines(other),
            [
                (
                    f"{METER}, late usage of October 2026",
                    1_000_000,
                    5.0,
                    self.other_october,
                )
            ],
        )

    def test_usage_that_moves_to_the_running_month_is_billed_once(self):
        self.send(self.row(1, time="2026-11-02T00:00:00Z", meter="requests_b"))
        november = self.close(self.account, "2026-12-01")
        self.assertEqual(
            sorted(november.line_ids.mapped("amount")), [-5.0, 0.4], "0.0004 per 1,000"
        )
        self.arrive_later()
        december = self.close(self.account, "2027-01-01")
        self.assertFalse(december.line_ids)

    def test_corrected_twice_bills_the_difference_only(self):
        self.send(self.row(1, quantity=1_200_000))
        self.close(self.account, "2026-12-01")
        self.arrive_later()
        self.send(self.row(2, quantity=1_100_000))
        december = self.close(self.account, "2027-01-01")
        self.assertEqual(december.line_ids.mapped("amount"), [-0.5])

    def test_it_shows_in_the_running_balance(self):
        self.send(self.row(1, quantity=1_200_000))
        november = rating.calendar_month(date(2026, 11, 1))
        rated = self.account._rate_period(november)[self.account.id]
        self.assertEqual(str(rated.total), "1.00")
