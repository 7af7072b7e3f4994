"""The vendors' own worked numbers, fed through the loaded price tables.

In months of 30 days, which have 720 hours, whichever month a vendor counts with.
"""

import json
from decimal import Decimal
from pathlib import Path

from odoo.tests import freeze_time, tagged

from .common import VendorCase

CASES = Path(__file__).parents[1] / "conformance/cases/s3_vendors.json"
#: Meters of the names that whole bills are told in.
BILLS = {
    "r2-example-1-standard": {
        "storage": ["r2_storage"],
        "class_a": ["r2_class_a"],
        "class_b": ["r2_class_b"],
    },
    "r2-example-2-infrequent": {
        "storage": ["r2_ia_storage", "r2_ia_deleted"],
        "class_a": ["r2_ia_class_a"],
        "class_b": ["r2_ia_class_b"],
        "retrieval": ["r2_ia_retrieval"],
    },
    "do-spaces-derived": {
        "base": ["spaces_subscription"],
        "storage": ["spaces_storage"],
        "egress": ["spaces_egress"],
    },
    "b2-derived-storage-egress": {
        "storage": ["b2_storage"],
        "class_b": ["b2_class_b"],
        "class_c": ["b2_class_c"],
        "egress": ["b2_egress"],
    },
    "scaleway-pack-184MB": {
        "base": ["scaleway_pack"],
        "storage": ["scaleway_storage"],
        "egress": ["scaleway_egress"],
    },
}
BILLS["r2-example-3-assets"] = BILLS["r2-example-1-standard"]
BILLS["scaleway-pack-600GB-storage"] = BILLS["scaleway-pack-184MB"]
#: Cases that no price table has anything to do with.
NOT_A_VENDOR = {"elastic-hourly-average": "Elastic is no object store with a table"}


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestWorkedExamples(VendorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cases = json.loads(CASES.read_text(encoding="utf-8"))
        cls.cases = {case["name"]: case for case in cases}
        cls.tried = set(NOT_A_VENDOR)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        untried = set(cls.cases) - cls.tried
        assert not untried, f"not tried: {sorted(untried)}"

    def case(self, name):
        """Return what a case gives and expects."""
        self.tried.add(name)
        case = self.cases[name]
        return case["given"], case["expect"]

    def example(self, vendor, usage, month="2026-06"):
        return self.bill(self.load(vendor), month, usage)

    def check_bill(self, vendor, name, month="2026-06", more=None):
        """Feed a bill's usage in, and compare its lines and total.

        :param dict more: usage by name that is free, to be added on the second day
        """
        given, expect = self.case(name)
        meters = BILLS[name]
        usage = {meters[key][0]: {1: used} for key, used in given["usage"].items()}
        for key, free in (more or {}).items():
            first = usage[meters[key][0]]
            first[1] = str(Decimal(first[1]) + free)
        if minimum := given.get("min_days"):
            stored, deleted = meters["storage"]
            days, level = minimum["stored_days"], given["usage"]["storage"]
            self.assertEqual(self.meter(deleted).minimum_days, minimum["minimum_days"])
            usage[stored] = {1: level, days + 1: 0}
            usage[deleted] = {days: (level, days)}
        statement = self.example(vendor, usage, month)
        for key, amount in expect.get("lines", {}).items():
            with self.subTest(line=key):
                self.assertEqual(self.charged(statement, *meters[key]), Decimal(amount))
        self.assertEqual(cents(statement.amount_total), Decimal(expect["total"]))

    def charged(self, statement, *codes):
        """Return what meters cost."""
        lines = statement.line_ids.filtered(lambda line: line.meter_id.code in codes)
        return cents(sum(lines.mapped("amount")))

    # --- whole bills

    def test_r2(self):
        self.load("cloudflare_r2")
        for name in (
            "r2-example-1-standard",
            "r2-example-2-infrequent",
            "r2-example-3-assets",
        ):
            with self.subTest(case=name):
                self.check_bill("cloudflare_r2", name)

    def test_digitalocean(self):
        self.check_bill("digitalocean_spaces", "do-spaces-derived")

    def test_backblaze(self):
        self.check_bill(
            "backblaze_b2",
            "b2-derived-storage-egress",
            month="2023-06",
            more={"class_b": 2500, "class_c": 2500, "egress": 1},
        )

    def test_scaleway(self):
        for name in ("scaleway-pack-184MB", "scaleway-pack-600GB-storage"):
            with self.subTest(case=name):
                self.check_bill("scaleway_2019_pack", name)

    def test_google(self):
        given, expect = self.case("gcs-simple-example")
        storage, class_a, class_b, egress = (
            Decimal(line["quantity"]) for line in given["lines"]
        )
        statement = self.example(
            "gcs_us_east1",
            {
                # As many GiB-hours as make 50 GiB-months of 730 hours.
                "gcs_standard": {1: round(storage * 730 / 720, 9)},
                "gcs_class_a": {1: class_a},
                "gcs_class_b": {1: class_b},
                "gcs_egress": {1: egress},
            },
        )
        self.assertEqual(cents(statement.amount_total), Decimal(expect["total"]))

    def test_storj_documentation(self):
        """1 TB all month is 4.00, 1.3 TB out 9.10, 1.6 M segments half of it 7.04."""
        statement = self.example(
            "storj_legacy",
            {
                "storj_storage": {1: 1000},
                "storj_egress": {1: 1300},
                "storj_segments": {1: 1_600_000, 16: 0},
            },
        )
        for code, amount in (
            ("storj_storage", "4.00"),
            ("storj_egress", "9.10"),
            ("storj_segments", "7.04"),
        ):
            self.assertEqual(self.charged(statement, code), Decimal(amount))
        self.assertEqual(cents(statement.amount_total), Decimal("20.14"))

    # --- single rules

    def test_r2_daily_peaks(self):
        given, expect = self.case("r2-daily-peak-gb-month")
        peaks = dict(enumerate(given["daily_peaks"], 1))
        (line,) = self.example("cloudflare_r2", {"r2_storage": peaks}).line_ids
        self.assertAlmostEqual(
            line.metered_quantity / 10**9 / given["divisor"],
            float(expect["gb_month"]),
            delta=0.01,
        )
        self.assertEqual(line.quantity, 3, "rounded up")

    def test_r2_rounds_up(self):
        given, expect = self.case("r2-ops-round-up")
        usage = {"r2_ia_class_a": {1: given["quantity"]}}
        (line,) = self.example("cloudflare_r2", usage).line_ids
        self.assertEqual(line.per, float(given["unit_size"]))
        self.assertEqual(line.charged_quantity / line.per, float(expect["units"]))
        given, expect = self.case("r2-storage-round-up")
        usage = {"r2_ia_storage": {1: given["quantity"]}}
        (line,) = self.example("cloudflare_r2", usage).line_ids
        self.assertEqual(line.quantity, float(expect["units"]))

    def test_wasabi_minimum(self):
        given, expect = self.case("wasabi-minimum-750GB")
        stored = Decimal(given["stored_gb"]) / Decimal(given["tb_gb"])
        usage = {"wasabi_storage": {1: stored}}
        statement = self.example("wasabi", usage, month="2019-06")
        active, minimum = statement.line_ids
        self.assertEqual(active.unit_price, float(given["price_per_tb"]))
        self.assertEqual(cents(active.amount), Decimal(expect["active"]))
        self.assertEqual(cents(minimum.amount), Decimal(expect["minimum_charge"]))
        self.assertEqual(cents(statement.amount_total), Decimal(expect["total"]))

    def test_wasabi_deleted_storage(self):
        for name in ("wasabi-delete-day16", "wasabi-delete-day7"):
            given, expect = self.case(name)
            stored = given["stored_days"]
            usage = {"wasabi_deleted": {stored: (1, stored)}}
            statement = self.example("wasabi", usage, month="2019-06")
            self.assertEqual(
                self.meter("wasabi_deleted").minimum_days, given["minimum_days"]
            )
            line = statement.line_ids.filtered("quantity")
            # 1 TiB for that many days, in months of 30 days
            self.assertEqual(line.quantity * 30, expect["deleted_storage_days"])

    def test_google_early_deletion(self):
        given, expect = self.case("gcs-nearline-early-delete")
        size, days = given["gb"], given["stored_days"]
        statement = self.example(
            "gcs_us_east1",
            {
                "gcs_nearline": {1: size, days + 1: 0},
                "gcs_nearline_deleted": {days: (size, days)},
            },
        )
        for code, key in (
            ("gcs_nearline", "storage_cost"),
            ("gcs_nearline_deleted", "early_delete_cost"),
        ):
            self.assertEqual(self.charged(statement, code), Decimal(expect[key]))
        self.assertEqual(cents(statement.amount_total), Decimal(expect["total"]))

    def test_backblaze_free_calls_of_a_day(self):
        given, expect = self.case("b2-derived-daily-free-calls")
        usage = {"b2_class_c": dict(enumerate(given["daily"], 1))}
        statement = self.example("backblaze_b2", usage, month="2023-06")
        line = statement.line_ids.filtered(lambda line: not line.free)
        self.assertEqual(line.quantity, float(expect["total"]))
        self.assertEqual(line.price_id.free_per_day, float(given["free_per_day"]))


def cents(amount):
    return Decimal(f"{amount:.2f}")
