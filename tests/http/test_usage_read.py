"""What was counted is read back over HTTP, and the API describes itself."""

import re
from urllib.parse import quote

from openapi_spec_validator import validate

from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.controllers import usage as controller
from odoo.addons.bitpaket_billing.intake import query

from ..common import BillingMixin

API = "/bitpaket/v1"
OCTOBER = {"from": "2026-10-01", "to": "2026-11-01"}


@tagged("standard", "post_install", "-at_install")
class TestUsageRead(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account("acme", book=cls.book)
        cls.reporter = cls.make_reporter(cls.company)
        cls.key = cls.make_key(cls.reporter)

    def get(self, reference="acme", key=None, **parameters):
        answer = self.opener.get(
            f"{self.base_url()}{API}/accounts/{quote(reference, safe='')}/usage",
            params=parameters,
            headers={"Authorization": f"Bearer {key or self.key}"},
        )
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        return answer

    def rows(self, **parameters):
        answer = self.get(**{**OCTOBER, **parameters})
        self.assertEqual(answer.status_code, 200, answer.text)
        return [
            (row["day"], row["meter"], row["quantity"])
            for row in answer.json()["usage"]
        ]

    def assert_refused(self, answer, status, code):
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertEqual(answer.json()["error"]["code"], code)
        self.assertTrue(answer.json()["error"]["message"])

    def test_counts_everything_accepted_rolled_up_or_not(self):
        self.report(self.account, "requests_a", "2026-10-05", 100)
        self.env["bitpaket.usage.store"]._roll_up()
        self.report(self.account, "requests_a", "2026-10-05", "5.50")
        self.report(self.account, "storage", "2026-10-04", 24)
        self.report(self.account, "transfer_out", "2026-10-04", 7)
        content = self.get(**OCTOBER).json()
        self.assertEqual(
            {key: content[key] for key in ("account", "from", "to", "next")},
            {"account": "acme", **OCTOBER, "next": None},
        )
        self.assertEqual(
            [
                [row[key] for key in ("day", "meter", "quantity", "unit")]
                for row in content["usage"]
            ],
            [
                ["2026-10-04", "storage", "24", "byte-hours"],
                ["2026-10-04", "transfer_out", "7", "bytes"],
                ["2026-10-05", "requests_a", "105.5", "requests"],
            ],
        )

    def test_quantities_stay_exact(self):
        big = "123456789012345678901.000000000001"
        self.report(self.account, "transfer_out", "2026-10-05", big)
        self.assertEqual(self.rows(), [("2026-10-05", "transfer_out", big)])

    def test_period_is_half_open(self):
        for day in ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"):
            self.report(self.account, "requests_a", day, 1)
        self.assertEqual(
            [day for day, _meter, _quantity in self.rows()],
            ["2026-10-01", "2026-10-31"],
        )

    def test_default_is_the_running_month(self):
        with freeze_time("2026-12-31 23:59:59"):
            content = self.get().json()
        self.assertEqual((content["from"], content["to"]), ("2026-12-01", "2027-01-01"))

    def test_first_day_alone_means_to_the_end_of_its_month(self):
        content = self.get(**{"from": "2026-02-10"}).json()
        self.assertEqual(content["to"], "2026-03-01")
        self.assertEqual(self.get(**{"from": "9999-12-01"}).status_code, 200)

    def test_some_meters(self):
        for meter in ("requests_a", "requests_b", "storage"):
            self.report(self.account, meter, "2026-10-05", 1)
        for asked in (["requests_b", "storage"], "storage,requests_b"):
            self.assertEqual(
                [meter for _day, meter, _quantity in self.rows(meter=asked)],
                ["requests_b", "storage"],
            )

    def test_paging_to_the_end_gives_everything_once(self):
        for day in range(1, 8):
            for meter in ("requests_a", "requests_b", "storage"):
                self.report(self.account, meter, f"2026-10-{day:02}", day)
        whole = self.rows()
        self.assertEqual(len(whole), 21)
        for limit in (1, 2, 5, 20, 21, 22):
            pages, cursor = [], {}
            while True:
                content = self.get(**OCTOBER, limit=limit, **cursor).json()
                self.assertLessEqual(len(content["usage"]), limit)
                pages += [
                    (row["day"], row["meter"], row["quantity"])
                    for row in content["usage"]
                ]
                if not content["next"]:
                    break
                cursor = {"cursor": content["next"]}
            self.assertEqual(pages, whole, limit)

    def test_usage_that_arrives_between_pages_shifts_none(self):
        for day in ("2026-10-02", "2026-10-04", "2026-10-06"):
            self.report(self.account, "requests_a", day, 1)
        first = self.get(**OCTOBER, limit=2).json()
        self.report(self.account, "requests_a", "2026-10-01", 1)
        self.report(self.account, "requests_a", "2026-10-05", 1)
        rest = self.rows(cursor=first["next"])
        self.assertEqual([row[0] for row in rest], ["2026-10-05", "2026-10-06"])

    def test_odd_references(self):
        for reference in (
            "a/b",
            "/a",
            "a/",
            "a//b",
            "x/usage",
            "a b",
            "50%",
            "a%2Fb",
            "a?b#c",
            "é漢😀",
            "a+b&c=d;e",
            "<i>'\"\\",
            "..a",
        ):
            account = self.make_account(reference, book=self.book, name="Odd")
            self.report(account, "requests_a", "2026-10-05", 1, key=reference)
            answer = self.get(reference, **OCTOBER)
            self.assertEqual(answer.status_code, 200, reference)
            self.assertEqual(answer.json()["account"], reference)
            self.assertEqual(len(answer.json()["usage"]), 1, reference)

    def test_archived_account_and_meter_answer(self):
        self.report(self.account, "requests_a", "2026-10-05", 1)
        self.account.active = False
        self.meter("requests_a").active = False
        self.assertEqual(len(self.rows(meter="requests_a")), 1)

    def test_unknown_account(self):
        for reference in ("nobody", "a\x00b", "acme\t", "Acme", "acme ", "acm_"):
            self.assert_refused(self.get(reference), 404, "unknown_account")

    def test_account_of_another_company_is_unknown(self):
        other = self.env["res.company"].create({"name": "Other"})
        key = self.make_key(self.make_reporter(other, "other"))
        self.assert_refused(self.get(key=key), 404, "unknown_account")

    def test_bad_parameters(self):
        for code, parameters in (
            ("unknown_parameter", {"form": "2026-10-01"}),
            ("repeated_parameter", {"from": ["2026-10-01", "2026-10-02"]}),
            ("repeated_parameter", {"limit": [1, 1]}),
            ("bad_date", {"from": ""}),
            ("bad_date", {"from": "2026-02-30"}),
            ("bad_date", {"from": "20261001"}),
            ("bad_date", {"to": "2026-10-01T00:00:00Z"}),
            ("bad_date", {"to": "tomorrow"}),
            ("bad_date", {"to": "٢٠٢٦-10-01"}),
            ("bad_period", {"from": "2026-10-01", "to": "2026-10-01"}),
            ("bad_period", {"from": "2026-10-02", "to": "2026-10-01"}),
            ("bad_period", {"from": "9999-12-31"}),
            ("period_too_long", {"from": "2025-10-01", "to": "2026-10-03"}),
            ("unknown_meter", {"meter": "nothing"}),
            ("unknown_meter", {"meter": ""}),
            ("unknown_meter", {"meter": "storage,nothing\x00"}),
            ("bad_limit", {"limit": 0}),
            ("bad_limit", {"limit": 1001}),
            ("bad_limit", {"limit": "-1"}),
            ("bad_limit", {"limit": " 1"}),
            ("bad_limit", {"limit": "1e2"}),
            ("bad_cursor", {"cursor": ""}),
            ("bad_cursor", {"cursor": "x"}),
            ("bad_cursor", {"cursor": "é"}),
            ("bad_cursor", {"cursor": "MjAyNi0xMC0wNQ=="}),
        ):
            self.assert_refused(self.get(**parameters), 400, code)

    @mute_logger("odoo.addons.base.models.res_users")
    def test_keys(self):
        self.assert_refused(self.get(key="0" * 40), 401, "invalid_key")
        answer = self.url_open(f"{API}/accounts/acme/usage")
        self.assert_refused(answer, 401, "missing_key")
        self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.reporter.group_ids = [(6, 0, self.env.ref("base.group_user").ids)]
        self.assert_refused(self.get(), 403, "forbidden")

    # --- whatever else is asked of the API

    def test_methods_that_an_address_does_not_know(self):
        for path, allowed in (
            ("usage", "POST"),
            ("accounts/acme/usage", "GET, HEAD"),
            ("openapi.json", "GET, HEAD"),
        ):
            known = {*allowed.split(", "), "HEAD"}
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
                if method not in known:
                    answer = self.opener.request(
                        method, f"{self.base_url()}{API}/{path}"
                    )
                    self.assert_refused(answer, 405, "method_not_allowed")
                    self.assertEqual(answer.headers["Allow"], allowed, method)

    def test_unknown_addresses(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        for path in (
            "",
            "/",
            "/nothing",
            "//openapi.json",
            "/usage/x",
            "/accounts",
            "/<x>",
        ):
            answer = self.opener.get(
                f"{self.base_url()}{API}{path}",
                cookies={"frontend_lang": "fr_FR"},
                allow_redirects=False,
            )
            self.assert_refused(answer, 404, "not_found")
            self.assertNotIn("Set-Cookie", answer.headers)

    def test_parameters_that_python_could_misread(self):
        for name in ("self", "reference", "args"):
            answer = self.url_open(f"{API}/openapi.json?{name}=1")
            self.assertEqual(answer.status_code, 200)
            answer = self.url_open(
                f"{API}/accounts/acme/usage?{name}=1",
                headers={"Authorization": f"Bearer {self.key}"},
            )
            self.assert_refused(answer, 400, "unknown_parameter")

    # --- the description

    def test_description_is_valid_and_open_to_everybody(self):
        answer = self.url_open(f"{API}/openapi.json")
        self.assertEqual(answer.status_code, 200)
        description = answer.json()
        validate(description)
        self.assertEqual(description["servers"], [{"url": self.company.get_base_url()}])

    def test_description_lists_every_route(self):
        description = self.url_open(f"{API}/openapi.json").json()
        described = {
            (re.sub("{.*?}", "{}", path), method.upper())
            for path, methods in description["paths"].items()
            for method in methods
        }
        served = {
            (re.sub("<.*?>", "{}", rule.rule), method)
            for rule in self.env["ir.http"].routing_map().iter_rules()
            if rule.rule.startswith(API)
            for method in rule.endpoint.routing["methods"]
        }
        self.assertEqual(described, served)

    def test_description_tells_the_limits(self):
        description = self.url_open(f"{API}/openapi.json").json()
        post = description["paths"][f"{API}/usage"]["post"]
        body = post["requestBody"]["content"]["application/json"]["schema"]
        self.assertEqual(body["maxItems"], controller.MAX_ROWS)
        self.assertIn(f"{controller.MAX_BYTES // 1024**2} MiB", post["description"])
        get = description["paths"][f"{API}/accounts/{{account}}/usage"]["get"]
        parameters = {one["name"]: one for one in get["parameters"]}
        self.assertEqual(set(parameters) - {"account"}, set(query.PARAMETERS))
        self.assertEqual(parameters["limit"]["schema"]["maximum"], query.MAX_LIMIT)
        self.assertIn(f"{query.MAX_DAYS} days", parameters["to"]["description"])
