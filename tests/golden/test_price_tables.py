"""Every number of the published price tables is in the loaded price books."""

import json
import re
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.bitpaket_billing.tools import exact

from .common import VendorCase
from .vendors import MONTHS

TABLES = Path(__file__).parents[1] / "conformance/cases/price_tables.json"
#: Published prices that a book has in another form: what they are there.
OTHER_PRICES = {
    # A month of Standard has 730 hours: the same price, per hour.
    ("gcs_us_east1", "standard_per_gib_hour"): ("0.000027397", "0.020", 730),
    # A month counts as full after 500 hours: the same price, per hour.
    ("scaleway_2019_pack", "storage_per_gb_hour"): ("0.00002", "0.01", 500),
}
#: Published prices per TB of 1,000 GB, where the book counts GB.
PER_TB = "storj_global_collaboration_config_example"
#: Other numbers that a book does not have, and why.
OTHER_NUMBERS = {
    ("aws_s3_standard_us_east_1", "ia.min_object_kb"): "the reporter's business",
    ("wasabi", "min_object_bytes"): "the reporter's business",
    ("storj_global_collaboration_config_example", "min_object_bytes"): (
        "the reporter's business"
    ),
    ("telnyx_storage", "min_object_bytes"): "the reporter's business",
    ("wasabi", "tb_gb"): "the unit has 1,024 x 2^30 bytes",
    ("wasabi", "minimum_tb"): "the minimum is the price of 1 TB",
    ("cloudvps_object_store", "storage_graduated.2.up_to_tb"): "continued",
    ("cloudvps_object_store", "egress_graduated_gb.6.up_to"): "continued",
}


def leaves(value, path=""):
    """Yield every value of a JSON tree with its path."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, f"{path}.{key}".lstrip("."))
    else:
        yield path, value


def published_prices(vendor, table):
    """Yield the prices of a table, per unit: every text that is a number."""
    for path, value in leaves(table):
        try:
            price = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            continue
        if price is None:
            continue
        if per := re.search(r"per_(million|\d+)", path):
            price /= 10**6 if per[1] == "million" else int(per[1])
        elif vendor == PER_TB:
            price /= 1000
        yield path, price


def published_numbers(table):
    """Yield path, kind and value of the other numbers: those that are no texts."""
    for path, value in leaves(table):
        if not isinstance(value, int):
            continue
        key = path.rpartition(".")[2]
        if key.startswith("up_to"):
            kind = "storage" if path.startswith("storage") else "transfer"
            yield path, f"tiers of {kind}", value * (1000 if key.endswith("tb") else 1)
        elif found := re.search(r"min_days|minimum|hours|object|\b(tb_)?gb$", path):
            yield path, found[0], value
        else:
            yield path, "free", value


@tagged("standard", "post_install", "-at_install")
class TestPriceTables(VendorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tables = json.loads(TABLES.read_text(encoding="utf-8"))
        del cls.tables["_about"]

    def prices(self, book):
        """Return what a book charges, per unit or in all."""
        found = {exact(minimum.amount) for minimum in book.minimum_ids}
        for price in book.price_ids:
            if price.model == "package":
                found.add(exact(price.unit_price) / exact(price.package_size))
            elif price.model == "flat":
                found.add(exact(price.flat_amount))
            elif price.model == "unit":
                found.add(exact(price.unit_price) / exact(price.per))
            found |= {exact(tier.unit_price) for tier in price.tier_ids}
            found.add(exact(price.minimum_amount))
        return found

    def numbers(self, book):
        """Return the units, times, allowances and tiers of a book, by kind."""
        found = defaultdict(set)
        for price in book.price_ids:
            meter = price.meter_id
            found["gb"].add(int(meter._unit_size()))
            found["min_days"].add(meter.minimum_days)
            found["hours"].add(meter.full_month_hours)
            if meter.month_hours != "real":
                found["hours"].add(int(meter.month_hours))
            found["free"] |= {
                price.free_quantity,
                price.free_per_day,
                price.free_ratio,
            }
            found[f"tiers of {meter.kind}"] |= set(price.tier_ids.mapped("up_to"))
        return found

    def test_every_vendor_has_a_book_and_golden_months(self):
        vendors = dict(self.env["bitpaket.price.example"]._select_vendors())
        self.assertEqual(set(vendors), set(self.tables))
        self.assertEqual(set(MONTHS), set(self.tables))

    def test_every_number_is_in_the_book(self):
        strange_prices, strange_numbers = set(), set()
        for vendor, table in self.tables.items():
            book = self.load(vendor)
            self.assertEqual(book.currency_id.name, table["currency"])
            prices, numbers = self.prices(book), self.numbers(book)
            for path, price in published_prices(vendor, table):
                if price not in prices:
                    strange_prices.add((vendor, path))
            for path, kind, value in published_numbers(table):
                if value not in numbers[kind]:
                    strange_numbers.add((vendor, path))
        self.assertEqual(strange_prices, set(OTHER_PRICES))
        self.assertEqual(strange_numbers, set(OTHER_NUMBERS))

    def test_prices_in_another_form_are_the_same(self):
        for (vendor, key), (published, price, hours) in OTHER_PRICES.items():
            self.assertEqual(self.tables[vendor][key], published)
            self.assertIn(Decimal(price), self.prices(self.load(vendor)))
            self.assertEqual(round(Decimal(price) / hours, 9), Decimal(published))

    def test_dated_prices(self):
        for vendor, code, versions in (
            (
                "wasabi",
                "wasabi_storage",
                {"2019-03-05": 5.99, "2023-07-01": 6.99, "2026-07-01": 7.99},
            ),
            (
                "backblaze_b2",
                "b2_storage",
                {"2017-01-01": 0.005, "2023-10-03": 0.006},
            ),
        ):
            prices = self.load(vendor).price_ids.filtered(
                lambda price, code=code: price.meter_id.code == code
            )
            self.assertEqual(
                {str(price.date_start): price.unit_price for price in prices}, versions
            )
