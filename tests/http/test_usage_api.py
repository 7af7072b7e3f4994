"""Usage comes in over HTTP."""

import gzip
import json

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..common import BillingMixin

URL = "/bitpaket/v1/usage"


@tagged("standard", "post_install", "-at_install")
class TestUsageApi(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")
        cls.reporter = cls.make_reporter(cls.company)
        cls.key = cls.make_key(cls.reporter)

    def row(self, **values):
        return {
            "id": "e-1",
            "source": "eu-1",
            "account": "acme",
            "meter": "requests_a",
            "time": "2026-10-05T10:00:00Z",
            "quantity": "100",
            **values,
        }

    def post(self, body, key=None, **headers):
        if isinstance(body, list):
            body = "\n".join(json.dumps(row) for row in body)
        if isinstance(body, str):
            body = body.encode()
        authorization = {"Authorization": f"Bearer {key or self.key}"}
        answer = self.url_open(
            URL, data=body, headers={**authorization, **headers}, method="POST"
        )
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        return answer

    def counts(self, answer):
        self.assertEqual(answer.status_code, 200, answer.text)
        content = answer.json()
        return (
            content["accepted"],
            content["duplicates"],
            [(one["index"], one["code"]) for one in content["rejected"]],
        )

    def quarantined(self, answer):
        return [(one["index"], one["code"]) for one in answer.json()["quarantined"]]

    def usage(self, meter="requests_a"):
        """Return what the account used, as everything that bills sees it."""
        self.env.invalidate_all()
        daily = self.env["bitpaket.usage.store"]._daily_usage(
            self.account.ids, "2026-01-01", "2027-01-01"
        )
        return [
            (str(usage.day), str(usage.quantity))
            for usage in sorted(daily[self.account.id], key=lambda usage: usage.day)
            if usage.meter == meter
        ]

    def test_rows_are_stored_and_counted_at_once(self):
        rows = [
            self.row(),
            self.row(id="e-2", quantity=5),
            self.row(
                id="e-3", **{"time": "2026-10-06T00:00:00+02:00", "quantity": "0.5"}
            ),
        ]
        self.assertEqual(self.counts(self.post(rows)), (3, 0, []))
        self.assertEqual(self.usage(), [("2026-10-05", "105.5")])

    def test_rollup_changes_nothing_that_is_read(self):
        self.post([self.row(), self.row(id="e-2")])
        before = self.usage()
        self.assertEqual(self.env["bitpaket.usage.store"]._roll_up(), 1)
        self.assertEqual(self.usage(), before)
        self.post([self.row(id="e-3")])
        self.env["bitpaket.usage.store"]._roll_up()
        self.assertEqual(self.usage(), [("2026-10-05", "300")])

    def test_json_array_and_gzip(self):
        body = gzip.compress(json.dumps([self.row()]).encode())
        answer = self.post(body, **{"Content-Encoding": "gzip"})
        self.assertEqual(self.counts(answer), (1, 0, []))

    def test_body_counts_whatever_its_content_type_says(self):
        for number, content_type in enumerate(
            ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
        ):
            row = self.row(id=f"e-{number}")
            answer = self.post([row], **{"Content-Type": content_type})
            self.assertEqual(self.counts(answer), (1, 0, []), content_type)

    def test_same_event_again_is_a_harmless_duplicate(self):
        self.post([self.row(), self.row(id="e-2")])
        again = self.post([self.row(quantity=100.0), self.row(id="e-3")])
        self.assertEqual(self.counts(again), (1, 1, []))
        self.assertEqual(self.usage(), [("2026-10-05", "300")])

    def test_same_event_with_other_content_is_a_conflict(self):
        self.post([self.row()])
        for change in (
            {"quantity": "101"},
            {"meter": "requests_b"},
            {"time": "2026-10-05T10:00:01Z"},
        ):
            again = self.post(
                [self.row(id="x", **{"source": "eu-2"}), self.row(**change)]
            )
            self.assertEqual(self.counts(again)[2], [(1, "conflict")], change)
        self.assertEqual(self.usage(), [("2026-10-05", "200")])

    def test_same_id_of_another_source_is_another_event(self):
        self.post([self.row()])
        answer = self.post([self.row(source="eu-2")])
        self.assertEqual(self.counts(answer), (1, 0, []))

    def test_bad_rows_lose_no_good_ones(self):
        body = "\n".join(
            [
                json.dumps(self.row()),
                "{broken",
                json.dumps(self.row(id="e-2", account="nobody")),
                json.dumps(self.row(id="e-3", meter="nothing")),
                json.dumps(self.row(id="e-4", time="noon")),
                json.dumps(self.row(id="e-5", quantity="NaN")),
                json.dumps(self.row(id="e-6", quantity=-1)),
                json.dumps({"id": "e-7"}),
                json.dumps(self.row(id="e-8")),
            ]
        )
        answer = self.post(body)
        self.assertEqual(
            self.counts(answer),
            (
                2,
                0,
                [
                    (1, "broken_json"),
                    (4, "bad_time"),
                    (5, "non_finite_quantity"),
                    (6, "negative_quantity"),
                    (7, "missing_field"),
                ],
            ),
        )
        self.assertEqual(
            self.quarantined(answer), [(2, "unknown_account"), (3, "unknown_meter")]
        )
        self.assertEqual(self.usage(), [("2026-10-05", "200")])

    def test_accounts_that_are_no_text(self):
        rows = [self.row(account=["acme"]), self.row(account={}), self.row(account=5)]
        refused = [(index, "bad_field") for index in range(3)]
        self.assertEqual(self.counts(self.post(rows)), (0, 0, refused))

    def test_correction(self):
        self.post([self.row(), self.row(id="e-2")])
        answer = self.post([self.row(revision=1, quantity=40)])
        self.assertEqual(self.counts(answer), (1, 0, []))
        self.assertEqual(self.usage(), [("2026-10-05", "140")])
        answer = self.post([self.row()])
        self.assertEqual(self.counts(answer), (0, 1, []))
        self.assertEqual(self.usage(), [("2026-10-05", "140")])

    def test_quantities_stay_exact(self):
        big = "123456789012345678901.000000000001"
        self.post([self.row(meter="transfer_out", quantity=big)])
        self.assertEqual(self.usage("transfer_out"), [("2026-10-05", big)])

    def test_texts_that_copy_could_misread(self):
        odd = "a\\tb\\N\\\\.'\"%s é漢"
        self.assertEqual(self.counts(self.post([self.row(id=odd)])), (1, 0, []))
        self.assertEqual(self.counts(self.post([self.row(id=odd)])), (0, 1, []))
        event = self.env["bitpaket.usage.event"].search([("external_id", "=", odd)])
        self.assertEqual(event.external_id, odd)

    def assert_refused(self, answer, status, code):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.json()["error"]["code"], code)
        self.assertTrue(answer.json()["error"]["message"])

    def test_bodies_that_cannot_be_read(self):
        self.assert_refused(self.post(""), 400, "empty_body")
        self.assert_refused(self.post("[1,"), 400, "broken_json")
        self.assert_refused(
            self.post("x", **{"Content-Encoding": "gzip"}), 400, "broken_gzip"
        )
        self.assert_refused(
            self.post("x", **{"Content-Encoding": "br"}), 415, "unsupported_encoding"
        )

    def test_body_that_is_too_large(self):
        bomb = gzip.compress(b"0" * (64 * 1024 * 1024 + 1))
        answer = self.post(bomb, **{"Content-Encoding": "gzip"})
        self.assert_refused(answer, 413, "body_too_large")

    def test_missing_key(self):
        for header in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer "}):
            answer = self.url_open(URL, data=b"{}", headers=header)
            self.assert_refused(answer, 401, "missing_key")

    @mute_logger("odoo.addons.base.models.res_users")
    def test_wrong_key(self):
        self.assert_refused(self.post([self.row()], key="0" * 40), 401, "invalid_key")

    def test_key_of_another_scope_reports_nothing(self):
        key = self.make_key(self.reporter, scope="rpc")
        self.assert_refused(self.post([self.row()], key=key), 401, "invalid_key")

    def test_usage_key_opens_nothing_else(self):
        answer = self.url_open(
            "/json/2/bitpaket.account/search",
            data=json.dumps({"domain": []}).encode(),
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
            },
        )
        self.assertEqual(answer.status_code, 401)

    def test_user_who_is_no_reporter_any_more(self):
        self.reporter.group_ids = [(6, 0, self.env.ref("base.group_user").ids)]
        self.assert_refused(self.post([self.row()]), 403, "forbidden")

    def test_archived_user(self):
        self.reporter.active = False
        self.assert_refused(self.post([self.row()]), 401, "invalid_key")

    def test_account_of_another_company_is_unknown(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.reporter.write(
            {"company_ids": [(6, 0, other.ids)], "company_id": other.id}
        )
        answer = self.post([self.row()])
        self.assertEqual(self.counts(answer), (0, 0, []))
        self.assertEqual(self.quarantined(answer), [(0, "unknown_account")])

    def test_other_methods_are_not_allowed(self):
        answer = self.url_open(URL, headers={"Authorization": f"Bearer {self.key}"})
        self.assertEqual(answer.status_code, 405)
