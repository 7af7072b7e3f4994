"""Usage of what does not exist yet waits, and counts as soon as it can."""

import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-20 10:00:00")
class TestQuarantine(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-10-01")
        cls.usage_store = cls.env["bitpaket.usage.store"]
        cls.cron = cls.env.ref("bitpaket_billing.ir_cron_replay_usage")

    def row(self, key="e-1", reference="new", meter="requests_a", **values):
        row = self.usage_row(self.account, key, meter, "2026-10-05T10:00:00Z", 7)
        return {**row, "account": reference, **values}

    def send(self, *rows, store=None):
        """Report rows; return accepted, known, refusals and quarantined rows."""
        store = self.usage_store if store is None else store
        answer = store._report(list(rows))
        return (
            answer["accepted"],
            answer["duplicates"],
            [(one["index"], one["code"]) for one in answer["rejected"]],
            [(one["index"], one["code"]) for one in answer["quarantined"]],
        )

    def kept(self, *states):
        domain = [("company_id", "=", self.company.id)]
        if states:
            domain.append(("state", "in", states))
        self.env.invalidate_all()
        return self.env["bitpaket.usage.quarantine"].search(domain)

    def make_new(self, reference="new", **values):
        values = {"date_start": "2026-10-01", **values}
        return self.make_account(reference, book=self.book, **values)

    def triggers(self):
        return self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.cron.id)]
        )

    def replay(self):
        """Do what the scheduled job does."""
        with patch.object(type(self.env["ir.cron"]), "_commit_progress") as commit:
            commit.return_value = 60
            self.env["bitpaket.usage.quarantine"]._cron_replay()
        return commit.call_count

    def test_row_is_kept_as_it_was_sent(self):
        answer = self.usage_store._report(
            [self.row("e-0", "acme"), self.row(bucket="x", quantity="0.50")]
        )
        self.assertEqual(answer["accepted"], 1)
        self.assertEqual(
            answer["quarantined"],
            [
                {
                    "index": 1,
                    "id": "e-1",
                    "code": "unknown_account",
                    "message": "No account has the reference “new”: the row is kept, "
                    "and counts as soon as there is one.",
                }
            ],
        )
        kept = self.kept()
        self.assertEqual(json.loads(kept.row), self.row(bucket="x", quantity="0.50"))
        self.assertRecordValues(
            kept,
            [
                {
                    "source": "test",
                    "external_id": "e-1",
                    "revision": 0,
                    "reference": "new",
                    "meter_code": "requests_a",
                    "quantity": 0.5,
                    "code": "unknown_account",
                    "reason": answer["quarantined"][0]["message"],
                    "company_id": self.company.id,
                    "reporter_id": self.env.uid,
                    "state": "waiting",
                }
            ],
        )
        self.assertEqual(str(kept.time), "2026-10-05 10:00:00")
        self.assertEqual(str(kept.received), "2026-11-20 10:00:00")

    def test_each_event_is_kept_once_in_its_newest_revision(self):
        waiting = [(0, "unknown_account")]
        self.assertEqual(self.send(self.row()), (0, 0, [], waiting))
        self.assertEqual(self.send(self.row(quantity="7.0")), (0, 0, [], waiting))
        conflict = (0, 0, [(0, "conflict")], [])
        self.assertEqual(self.send(self.row(quantity=8)), conflict)
        self.assertEqual(
            self.send(self.row(quantity=9, revision=2)), (0, 0, [], waiting)
        )
        self.assertEqual(self.send(self.row(revision=1)), (0, 1, [], []))
        kept = self.kept()
        self.assertEqual((kept.revision, kept.quantity), (2, 9))

    def test_bad_rows_are_refused_whatever_they_name(self):
        rows = [self.row(time="noon"), self.row(quantity="x"), self.row(id="")]
        codes = ["bad_time", "bad_quantity", "bad_field"]
        self.assertEqual(self.send(*rows), (0, 0, list(enumerate(codes)), []))
        self.assertFalse(self.kept())

    def test_it_counts_soon_after_the_account_exists(self):
        self.send(self.row(), self.row("e-2"), self.row("e-3", "other"))
        before = self.triggers()
        account = self.make_new()
        self.assertEqual(self.triggers(), before + 1)
        self.assertEqual(self.usage(account, "requests_a"), {})
        self.replay()
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (14, 2)})
        self.assertEqual(self.kept("waiting").mapped("reference"), ["other"])
        replayed = self.kept("replayed")
        self.assertEqual(set(replayed.mapped("reason")), {False})
        self.assertEqual(str(replayed[0].settled), "2026-11-20 10:00:00")
        self.replay()
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (14, 2)})

    def test_it_counts_soon_after_an_account_gets_the_reference(self):
        self.send(self.row())
        before = self.triggers()
        self.account.name = "Acme"
        self.assertEqual(self.triggers(), before)
        self.account.reference = "new"
        self.assertEqual(self.triggers(), before + 1)
        self.replay()
        self.assertEqual(self.usage(self.account, "requests_a"), {"2026-10-05": (7, 1)})

    def test_it_counts_soon_after_the_meter_exists(self):
        sent = self.send(self.row("e-1", "acme", "calls"))
        self.assertEqual(sent, (0, 0, [], [(0, "unknown_meter")]))
        before = self.triggers()
        meter = self.make_meter("calls", "sum", active=False)
        self.replay()
        self.assertTrue(self.kept("waiting"))
        meter.active = True
        self.assertGreater(self.triggers(), before)
        self.replay()
        self.assertEqual(self.usage(self.account, "calls"), {"2026-10-05": (7, 1)})

    def test_accounts_that_nothing_waits_for_wake_nobody(self):
        self.send(self.row())
        before = self.triggers()
        self.make_new("another")
        self.make_meter("another", "sum")
        self.assertEqual(self.triggers(), before)

    def test_what_still_fails_says_why_and_waits_for_a_change(self):
        self.send(self.row())
        account = self.make_new(date_start="2026-11-01")
        self.replay()
        kept = self.kept()
        self.assertEqual(kept.state, "waiting")
        self.assertEqual(kept.code, "account_not_billed")
        self.assertEqual(kept.reason, "Account “new” is not billed on 2026-10-05.")
        self.assertEqual(str(kept.tried), "2026-11-20 10:00:00")
        quarantine = self.env["bitpaket.usage.quarantine"]
        self.assertFalse(quarantine._replayable_ids())
        account.date_start = "2026-10-01"
        self.assertEqual(quarantine._replayable_ids(), kept.ids)
        self.replay()
        self.assertEqual(self.kept().state, "replayed")
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (7, 1)})

    def test_event_that_was_sent_again_meanwhile_counts_once(self):
        self.send(self.row())
        account = self.make_new()
        self.assertEqual(self.send(self.row()), (1, 0, [], []))
        self.replay()
        self.assertEqual(self.kept().state, "replayed")
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (7, 1)})

    def test_event_that_was_corrected_meanwhile_stays_corrected(self):
        self.send(self.row())
        account = self.make_new()
        self.send(self.row(revision=1, quantity=8))
        self.replay()
        self.assertEqual(self.kept().state, "replayed")
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (8, 1)})

    def test_event_that_was_accepted_with_other_content_stays_for_a_person(self):
        self.send(self.row())
        self.send(self.row("e-1", "acme"))
        account = self.make_new()
        self.replay()
        kept = self.kept()
        self.assertEqual((kept.state, kept.code), ("waiting", "conflict"))
        self.assertIn("was reported before with another content", kept.reason)
        self.assertEqual(self.usage(account, "requests_a"), {})

    def test_button_replays_and_tells(self):
        self.send(self.row(), self.row("e-2", "other"))
        self.make_new()
        action = self.kept().action_replay()
        self.assertEqual(
            action["params"]["message"], "Rows that count now: 1. Still waiting: 1."
        )
        self.assertEqual(self.kept("replayed").external_id, "e-1")
        action = self.kept("waiting").action_replay()
        self.assertEqual(action["params"]["type"], "warning")

    def test_many_rows_are_replayed_in_batches(self):
        module = "odoo.addons.bitpaket_billing.models.bitpaket_usage_quarantine"
        self.send(*(self.row(f"e-{number}") for number in range(25)))
        account = self.make_new()
        before = self.triggers()
        with patch(f"{module}.BATCH_SIZE", 10):
            action = self.kept().action_replay()
            self.assertEqual(
                action["params"]["message"],
                "Rows that count now: 10. Tried soon: 15.",
            )
            self.assertEqual(self.triggers(), before + 1)
            self.assertEqual(self.replay(), 2)
        self.assertFalse(self.kept("waiting"))
        self.assertEqual(
            self.usage(account, "requests_a"), {"2026-10-05": (25 * 7, 25)}
        )

    def test_discarded_rows_never_count(self):
        self.send(self.row(), self.row("e-2"))
        row = self.kept().filtered(lambda one: one.external_id == "e-1")
        action = row.action_discard()
        wizard = (
            self.env[action["res_model"]]
            .with_context(**action["context"])
            .create({"reason": "A test tenant"})
        )
        wizard.action_discard()
        self.assertRecordValues(
            row,
            [
                {
                    "state": "discarded",
                    "discarded_by": self.env.uid,
                    "discard_reason": "A test tenant",
                }
            ],
        )
        self.assertEqual(self.send(self.row()), (0, 1, [], []))
        account = self.make_new()
        row.action_replay()
        self.replay()
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (7, 1)})
        self.assertEqual(row.state, "discarded")

    def test_newer_revision_of_a_discarded_row_waits_again(self):
        self.send(self.row())
        self.kept()._discard("A test tenant")
        self.send(self.row(revision=1))
        self.assertRecordValues(
            self.kept(),
            [{"state": "waiting", "discarded_by": False, "discard_reason": False}],
        )

    def test_each_company_keeps_its_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        reporters = [
            self.env["res.users"].create(
                {
                    "name": company.name,
                    "login": company.name,
                    "company_id": company.id,
                    "company_ids": [(6, 0, company.ids)],
                    "group_ids": [
                        (4, self.env.ref("bitpaket_billing.group_usage_reporter").id),
                        (4, self.env.ref("bitpaket_billing.group_billing_user").id),
                    ],
                }
            )
            for company in (self.company, other)
        ]
        for reporter, quantity in zip(reporters, (7, 9), strict=True):
            store = self.usage_store.with_user(reporter)
            store = store.with_context(allowed_company_ids=reporter.company_id.ids)
            sent = self.send(self.row(quantity=quantity), store=store)
            self.assertEqual(sent, (0, 0, [], [(0, "unknown_account")]))
        kept = self.env["bitpaket.usage.quarantine"].search(
            [("external_id", "=", "e-1")]
        )
        self.assertEqual(len(kept), 2)
        for reporter, quantity in zip(reporters, (7, 9), strict=True):
            rows = kept.with_user(reporter)
            rows = rows.with_context(allowed_company_ids=reporter.company_id.ids)
            seen = rows.search([])
            self.assertEqual(seen.quantity, quantity)
            with self.assertRaises(AccessError):
                (rows - seen).action_replay()
        account = self.make_new()
        self.replay()
        self.assertEqual(self.usage(account, "requests_a"), {"2026-10-05": (7, 1)})
        own = kept.filtered(lambda row: row.company_id == self.company)
        self.assertEqual(own.state, "replayed")
        self.assertEqual((kept - own).state, "waiting")
