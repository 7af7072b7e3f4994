"""Every aggregation of a meter, from reported events to the line of an invoice."""

from datetime import datetime
from decimal import Decimal

from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import BillingMixin

D = Decimal
OCTOBER = 31 * 24


class AggregationCase(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-09-01")
        cls.usage_store = cls.env["bitpaket.usage.store"]
        cls.number = 0

    @classmethod
    def send(cls, meter, *events):
        """Report events of a meter: (time, quantity, other fields)."""
        rows = []
        for time, quantity, *values in events:
            cls.number += 1
            key = f"{cls.number:05}"
            row = cls.usage_row(cls.account, key, meter, time, quantity)
            rows.append({**row, **(values[0] if values else {})})
        answer = cls.usage_store._report(rows)
        assert answer["accepted"] == len(rows), answer
        return rows

    def days(self, meter, start="2026-10-01", end="2026-11-01"):
        return self.usage(self.account, meter, start, end)

    def assert_days(self, meter, expected, **bounds):
        """Compare days before and after the rollup."""
        for when in ("waiting", "rolled up", "rolled up twice"):
            self.assertEqual(self.days(meter, **bounds), expected, when)
            self.usage_store._roll_up()

    def line(self, meter):
        """Close October; return quantity and amount of the meter's line."""
        statement = self.close(self.account).filtered(
            lambda one: str(one.period_start) == "2026-10-01"
        )
        lines = statement.line_ids.filtered(lambda line: line.meter_id.code == meter)
        return [(line.quantity, line.amount) for line in lines]

    def shown(self, meter):
        """Return what the list of daily usage shows."""
        self.usage_store._roll_up()
        rows = self.env["bitpaket.usage.daily"].search(
            [("meter_id.code", "=", meter), ("account_id", "=", self.account.id)],
            order="day",
        )
        return [(str(row.day), row.billed_quantity, row.unit) for row in rows]


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-20")
class TestAggregations(AggregationCase):
    def test_sum(self):
        self.make_meter("used", "sum", book=self.book, unit_size="1000")
        self.send("used", ("2026-10-05T10:00:00", 1500), ("2026-10-05T11:00:00", "0.5"))
        self.send("used", ("2026-10-06T10:00:00", 500))
        self.assert_days(
            "used", {"2026-10-05": (D("1500.5"), 2), "2026-10-06": (500, 1)}
        )
        self.assertEqual(self.line("used"), [(2.0005, 2.0)])
        self.assertEqual(
            self.shown("used"),
            [("2026-10-05", 1.501, "units"), ("2026-10-06", 0.5, "units")],
        )

    def test_count_of_events_whatever_their_quantity(self):
        self.make_meter("calls", "count", book=self.book, unit_price=0.5)
        rows = self.send(
            "calls", ("2026-10-05T10:00:00", 70), ("2026-10-05T11:00:00", 0)
        )
        without = {name: rows[0][name] for name in rows[0] if name != "quantity"}
        without["id"] = "more"
        self.assertEqual(self.usage_store._report([without])["accepted"], 1)
        self.assertEqual(self.usage_store._report([without])["duplicates"], 1)
        self.assert_days("calls", {"2026-10-05": (3, 3)})
        self.assertEqual(self.line("calls"), [(3, 1.5)])
        self.assertEqual(self.shown("calls"), [("2026-10-05", 3, "units")])

    def test_byte_hours(self):
        self.make_meter("kept", "byte_hours", book=self.book, unit_size="1000000000")
        self.send("kept", ("2026-10-05T10:00:00", OCTOBER * 2 * 10**9))
        self.assertEqual(self.line("kept"), [(2, 2)])
        self.assertEqual(self.shown("kept"), [("2026-10-05", 62, "GB")])

    def test_greatest_value(self):
        self.make_meter("peak", "max", book=self.book)
        rows = self.send(
            "peak",
            ("2026-10-05T10:00:00", 4),
            ("2026-10-05T11:00:00", 9),
            ("2026-10-06T12:00:00", 7),
        )
        self.assert_days("peak", {"2026-10-05": (9, 2), "2026-10-06": (7, 1)})
        self.usage_store._report([{**rows[1], "revision": 1, "quantity": 1}])
        self.assert_days("peak", {"2026-10-05": (4, 2), "2026-10-06": (7, 1)})
        self.assertEqual(self.line("peak"), [(7, 7)])
        self.assertEqual(self.shown("peak")[0], ("2026-10-05", 4, "units"))

    def test_latest_value_by_time_not_by_arrival(self):
        self.make_meter("seats", "latest", book=self.book)
        self.send("seats", ("2026-10-05T11:00:00", 4), ("2026-10-05T10:00:00", 9))
        self.send("seats", ("2026-10-03T11:00:00", 50))
        self.assert_days("seats", {"2026-10-03": (50, 1), "2026-10-05": (4, 2)})
        self.assertEqual(self.line("seats"), [(4, 4)])

    def test_latest_value_of_the_same_time_is_that_of_the_greatest_id(self):
        self.make_meter("seats", "latest", book=self.book)
        moment = "2026-10-05T11:00:00"
        row = self.usage_row(self.account, "x", "seats", moment, 0)
        for source, key, quantity in (
            ("b", "1", 3),
            ("b", "10", 4),
            ("b", "Z", 5),
            ("b", "a", 6),
            ("B", "z", 7),
        ):
            row |= {"source": source, "id": key, "quantity": quantity}
            self.assertEqual(self.usage_store._report([row])["accepted"], 1)
        self.assert_days("seats", {"2026-10-05": (6, 5)})

    def test_different_values(self):
        self.make_meter("buckets", "unique", book=self.book)
        a, b, c = ({"value": value} for value in ("a", "b", "c"))
        rows = self.send(
            "buckets",
            ("2026-10-05T10:00:00", 1, a),
            ("2026-10-05T11:00:00", 1, a),
            ("2026-10-06T11:00:00", 1, b),
            ("2026-10-06T12:00:00", 1, a),
            ("2026-10-07T12:00:00", 1, b),
            ("2026-09-07T12:00:00", 1, c),
        )
        days = {"2026-10-05": (1, 2), "2026-10-06": (1, 2), "2026-10-07": (0, 1)}
        self.assert_days("buckets", days)
        self.assert_days(
            "buckets",
            {"2026-10-06": (2, 2), "2026-10-07": (0, 1)},
            start="2026-10-06",
        )
        # A correction lowers them: only one event of the 5th says “a” now.
        self.usage_store._report([{**rows[0], "revision": 1, "value": "b"}])
        self.assert_days(
            "buckets",
            {"2026-10-05": (2, 2), "2026-10-06": (0, 2), "2026-10-07": (0, 1)},
        )
        self.usage_store._report([{**rows[1], "revision": 1, "value": "b"}])
        self.assert_days("buckets", days)
        self.assertEqual(self.line("buckets"), [(2, 2)])
        self.assertEqual(
            self.shown("buckets"),
            [
                ("2026-09-07", 1, "units"),
                ("2026-10-05", 1, "units"),
                ("2026-10-06", 2, "units"),
                ("2026-10-07", 1, "units"),
            ],
        )

    def test_level_reported_as_changes(self):
        gib = 2**30
        self.make_meter("live", "time_weighted", book=self.book, unit_size="1073741824")
        self.send(
            "live",
            ("2026-09-29T12:00:00", 10 * gib),
            ("2026-10-02T06:00:00", 20 * gib),
            ("2026-10-02T18:00:00", -30 * gib),
        )
        self.assert_days(
            "live",
            {"2026-10-01": (240 * gib, 0), "2026-10-02": (420 * gib, 2)},
        )
        self.assertEqual(self.line("live"), [(660 / OCTOBER, 0.89)])
        self.assertEqual(
            self.shown("live"),
            [("2026-09-29", 5, "GiB"), ("2026-10-02", 17.5, "GiB")],
        )

    def test_level_reported_as_samples(self):
        self.make_meter("stored", "gauge", book=self.book, unit_size="1000000000")
        gb = 10**9
        self.send(
            "stored",
            ("2026-09-30T12:00:00", 10 * gb),
            ("2026-10-02T18:00:00", 0),
            ("2026-10-02T06:00:00", 30 * gb),
        )
        self.assert_days(
            "stored",
            {"2026-10-01": (240 * gb, 0), "2026-10-02": ((60 + 360) * gb, 2)},
        )
        self.assertEqual(self.line("stored"), [(660 / OCTOBER, 0.89)])
        self.assertEqual(
            self.shown("stored"),
            [("2026-09-30", 5, "GB"), ("2026-10-02", 17.5, "GB")],
        )

    def test_mean_of_daily_peaks(self):
        self.make_meter(
            "peaks",
            "daily_peak_mean",
            book=self.book,
            unit_size="1000000000",
            month_hours="720",
        )
        gb = 10**9
        self.send(
            "peaks",
            ("2026-10-05T10:00:00", 45 * gb),
            ("2026-10-05T11:00:00", 60 * gb),
            ("2026-10-06T11:00:00", 30 * gb),
        )
        self.assert_days(
            "peaks", {"2026-10-05": (60 * gb, 2), "2026-10-06": (30 * gb, 1)}
        )
        self.assertEqual(self.line("peaks"), [(3, 3)])
        self.assertEqual(self.shown("peaks")[0], ("2026-10-05", 60, "GB"))

    def test_rest_of_a_minimum_duration(self):
        self.make_meter(
            "early",
            "retention",
            book=self.book,
            minimum_days=30,
            unit_size="1000000000",
        )
        gb = 10**9
        rows = self.send(
            "early",
            ("2026-10-05T10:00:00", gb, {"since": "2026-10-04T10:00:00Z"}),
            ("2026-10-05T10:00:00", gb, {"since": "2026-08-04T10:00:00Z"}),
            ("2026-10-06T00:00:01", 7, {"since": "2026-10-06T00:00:00.75Z"}),
        )
        rest = D(7) * (30 * 86400 - D("0.25")) / 3600
        days = self.days("early")
        self.assertEqual(days["2026-10-05"], (29 * 24 * gb, 2))
        self.assertAlmostEqual(days["2026-10-06"][0], rest, 20)
        self.usage_store._report(
            [{**rows[2], "revision": 1, "quantity": 0}, {**rows[0], "revision": 1}]
        )
        self.assert_days(
            "early", {"2026-10-05": (29 * 24 * gb, 2), "2026-10-06": (0, 1)}
        )
        self.assertEqual(self.line("early"), [(29 * 24 / OCTOBER, 0.94)])
        self.assertEqual(self.shown("early")[0], ("2026-10-05", 0.935, "units"))

    def test_a_day_whose_only_event_was_moved_away_is_empty(self):
        for code, aggregation in (
            ("peak", "max"),
            ("seats", "latest"),
            ("stored", "gauge"),
            ("live", "time_weighted"),
            ("buckets", "unique"),
            ("calls", "count"),
        ):
            self.make_meter(code, aggregation, book=self.book)
            value = {"value": "a"}
            (row,) = self.send(code, ("2026-10-05T00:00:00", 5, value))
            self.usage_store._roll_up()
            moved = {**row, "revision": 1, "time": "2026-11-20T00:00:00Z"}
            self.usage_store._report([moved])
            self.assert_days(code, {})

    def test_transactions_come_in_order_of_time(self):
        meter = self.make_meter("paid", "sum", book=self.book)
        other = self.make_meter("other", "sum", book=self.book)
        self.send("other", ("2026-10-05T10:00:00", 5))
        self.send(
            "paid",
            ("2026-10-07T10:00:00", 3),
            ("2026-10-05T10:00:00", "1.000000000001"),
            ("2026-10-05T10:00:00", 2),
            ("2026-11-01T00:00:00", 4),
            ("2026-09-30T23:59:59", 6),
        )
        found = self.usage_store._transactions(
            self.account.ids, "2026-10-01", "2026-11-01", meter.ids
        )
        self.assertEqual(
            [(one.meter, str(one.day), one.amount) for one in found[self.account.id]],
            [
                ("paid", "2026-10-05", D("1.000000000001")),
                ("paid", "2026-10-05", 2),
                ("paid", "2026-10-07", 3),
            ],
        )
        both = (meter | other).ids
        found = self.usage_store._transactions(
            self.account.ids, "2026-10-01", "2026-11-01", both
        )
        self.assertEqual(len(found[self.account.id]), 4)


@tagged("standard", "post_install", "-at_install")
class TestLevels(AggregationCase):
    def test_the_future_is_not_counted(self):
        self.make_meter("live", "time_weighted", book=self.book)
        self.make_meter("stored", "gauge", book=self.book)
        with freeze_time("2026-10-10 06:00:00"):
            for meter in ("live", "stored"):
                self.send(meter, ("2026-10-08T12:00:00", 2))
            for meter, now in (("live", 3), ("stored", 5)):
                self.send(meter, ("2026-10-10T03:00:00", now))
                self.assert_days(
                    meter,
                    {
                        "2026-10-08": (24, 1),
                        "2026-10-09": (48, 0),
                        "2026-10-10": (6 + 15, 1),
                    },
                )
        with freeze_time("2026-10-10 00:00:00"):
            self.assertEqual(self.days("live")["2026-10-09"], (48, 0))
        with freeze_time("2026-10-11 12:00:00"):
            for meter in ("live", "stored"):
                self.assert_days(
                    meter,
                    {
                        "2026-10-08": (24, 1),
                        "2026-10-09": (48, 0),
                        "2026-10-10": (6 + 105, 1),
                        "2026-10-11": (60, 0),
                    },
                )

    @freeze_time("2026-11-20")
    def test_the_level_carried_in_is_that_of_the_last_event(self):
        self.make_meter("live", "time_weighted", book=self.book)
        self.make_meter("stored", "gauge", book=self.book)
        for meter in ("live", "stored"):
            first, second = self.send(
                meter, ("2026-09-28T00:00:00", 1), ("2026-09-30T12:00:00", 2)
            )
            day = {"start": "2026-10-01", "end": "2026-10-02"}
            level = 3 if meter == "live" else 2
            self.assert_days(meter, {"2026-10-01": (24 * level, 0)}, **day)
            correction = {**second, "revision": 1, "quantity": 5}
            self.usage_store._report([correction])
            level = 6 if meter == "live" else 5
            self.assert_days(meter, {"2026-10-01": (24 * level, 0)}, **day)
            moved = {**correction, "revision": 2, "time": "2026-10-02T00:00:00Z"}
            self.usage_store._report([moved])
            self.assert_days(meter, {"2026-10-01": (24, 0)}, **day)
            self.usage_store._report([{**first, "revision": 1, "quantity": 0}])
            self.assert_days(meter, {}, **day)

    @freeze_time("2026-11-20")
    def test_levels_end_with_the_account(self):
        self.make_meter("live", "time_weighted", book=self.book)
        self.send("live", ("2026-09-30T00:00:00", 2))
        self.account.date_end = "2026-10-03"
        self.assert_days("live", {"2026-10-01": (48, 0), "2026-10-02": (48, 0)})
        self.assertEqual(self.line("live"), [(96 / OCTOBER, 0.13)])

    @freeze_time("2027-01-20")
    def test_a_late_change_touches_all_later_statements(self):
        for meter, aggregation in (("live", "time_weighted"), ("stored", "gauge")):
            self.make_meter(meter, aggregation, book=self.book)
            self.send(meter, ("2026-09-01T00:00:00", 2))
        self.usage_store._roll_up()
        statements = self.close(self.account, "2026-12-01").sorted("period_start")
        self.assertEqual(statements.mapped("amount_total"), [4, 4, 4])
        self.arrive_later()
        september, october, november = statements
        # From the middle of October on, one more.
        for meter, late in (("live", 1), ("stored", 3)):
            self.send(meter, ("2026-10-16T12:00:00", late))
        touched = self.usage_store._touched_statements(
            self.account.ids, datetime(2026, 12, 1).date()
        )
        self.assertEqual(touched, october | november)
        december = self.close(self.account, "2027-01-01")
        self.assertEqual(
            {
                (line.meter_id.code, line.adjusted_statement_id, line.amount)
                for line in december.line_ids
            },
            {
                (meter, adjusted, amount)
                for meter in ("live", "stored")
                for adjusted, amount in (
                    (october, 0.5),
                    (november, 1),
                    (october.browse(), 3),
                )
            },
        )
        self.assertEqual(september.amount_total, 4)
