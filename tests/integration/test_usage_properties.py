"""Whatever is reported in whatever order: every day is what its events say."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import BillingMixin

NOW = datetime(2026, 10, 12, 7, 30)
START = datetime(2026, 10, 8)
DAYS = [date(2026, 10, day) for day in range(8, 13)]
METERS = ("sum", "count", "max", "latest", "unique", "time_weighted", "gauge")

times = st.one_of(
    st.integers(0, 4 * 24).map(lambda hours: START + timedelta(hours=hours)),
    st.integers(0, 4 * 86_400_000_000).map(
        lambda microseconds: START + timedelta(microseconds=microseconds)
    ),
)


@st.composite
def histories(draw):
    """Draw batches of few events that often meet, and rollups in between."""
    meters = draw(st.lists(st.sampled_from(METERS), min_size=1, max_size=2))
    events = st.fixed_dictionaries(
        {
            "id": st.sampled_from("abcdef"),
            "revision": st.integers(0, 3),
            "account": st.sampled_from(("one", "one", "two")),
            "meter": st.sampled_from(meters),
            "time": times,
            "quantity": st.integers(1, 10**6).map(lambda one: Decimal(one) / 1000),
            "value": st.sampled_from("xyz"),
        }
    )
    batches = st.lists(events, min_size=1, max_size=5)
    return draw(st.lists(batches | st.just("roll up"), min_size=2, max_size=10))


class Reference:
    """What was accepted, and what that makes, computed from all of it each time."""

    def __init__(self):
        self.events = {}

    def take(self, event):
        kept = self.events.get(event["id"])
        if kept is None or event["revision"] > kept["revision"]:
            self.events[event["id"]] = event

    def days(self, account, meter, first):
        """Return quantity by day, from a first day on; days without any are left out.

        :rtype: dict
        """
        events = sorted(
            (
                event
                for event in self.events.values()
                if (event["account"], event["meter"]) == (account, meter)
            ),
            key=lambda event: (event["time"], event["id"]),
        )
        if meter in ("time_weighted", "gauge"):
            result = self.level(events, changes=meter == "time_weighted")
        else:
            by_day = defaultdict(list)
            for event in events:
                if event["time"].date() >= first:
                    by_day[event["time"].date()].append(event)
            result = getattr(self, meter)(by_day)
        return {day: value for day, value in result.items() if day >= first and value}

    def event_counts(self, account, meter, first):
        return Counter(
            event["time"].date()
            for event in self.events.values()
            if (event["account"], event["meter"]) == (account, meter)
            and event["time"].date() >= first
        )

    def sum(self, by_day):
        return {
            day: sum(event["quantity"] for event in events)
            for day, events in by_day.items()
        }

    def count(self, by_day):
        return {day: len(events) for day, events in by_day.items()}

    def max(self, by_day):
        return {
            day: max(event["quantity"] for event in events)
            for day, events in by_day.items()
        }

    def latest(self, by_day):
        return {day: events[-1]["quantity"] for day, events in by_day.items()}

    def unique(self, by_day):
        seen, result = set(), {}
        for day, events in sorted(by_day.items()):
            new = {event["value"] for event in events} - seen
            result[day] = len(new)
            seen |= new
        return result

    def level(self, events, changes):
        """Walk from event to event and midnight to midnight, up to now."""
        result = defaultdict(Decimal)
        level, moment = Decimal(0), START
        for event in [*events, {"time": NOW, "quantity": Decimal(0)}]:
            until = min(event["time"], NOW)
            while moment < until:
                midnight = datetime.combine(moment, datetime.min.time())
                step = min(until, midnight + timedelta(days=1))
                seconds = (step - moment) // timedelta(microseconds=1)
                result[moment.date()] += level * seconds / 3_600_000_000
                moment = step
            level = level + event["quantity"] if changes else event["quantity"]
        return result


@tagged("standard", "post_install", "-at_install")
@freeze_time(NOW)
class TestUsageProperties(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        book = cls.make_price_book()
        cls.accounts = {
            name: cls.make_account(name, book=book, date_start="2026-10-01")
            for name in ("one", "two")
        }
        for aggregation in METERS:
            cls.make_meter(aggregation, aggregation)
        cls.usage_store = cls.env["bitpaket.usage.store"]

    def send(self, batch):
        """Report a batch; return what of it is not in conflict with what is stored."""
        rows = [
            {
                **event,
                "source": "test",
                "time": f"{event['time'].isoformat()}Z",
                "quantity": str(event["quantity"]),
            }
            for event in batch
        ]
        answer = self.usage_store._report(rows)
        self.assertFalse(answer["quarantined"])
        refused = {one["index"] for one in answer["rejected"]}
        self.assertLessEqual({one["code"] for one in answer["rejected"]}, {"conflict"})
        return [event for index, event in enumerate(batch) if index not in refused]

    def compare(self, reference):
        """Compare what the store reads with what the reference computes."""
        for first in (DAYS[0], DAYS[2], DAYS[4]):
            usage = self.usage_store._daily_usage(
                [account.id for account in self.accounts.values()],
                first,
                date(2026, 11, 1),
            )
            for name, account in self.accounts.items():
                for meter in METERS:
                    found = [one for one in usage[account.id] if one.meter == meter]
                    self.assert_same(
                        {one.day: one.quantity for one in found if one.quantity},
                        reference.days(name, meter, first),
                        f"{meter} of {name} from {first} on",
                    )
                    self.assertEqual(
                        {one.day: one.events for one in found if one.events},
                        reference.event_counts(name, meter, first),
                    )

    def assert_same(self, found, expected, message):
        self.assertEqual(found.keys(), expected.keys(), message)
        for day, quantity in found.items():
            # What a third of an hour leaves is cut at the 30th decimal.
            difference = abs(quantity - expected[day])
            self.assertLess(difference, Decimal("1e-25"), f"{message}: {day}")

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(histories())
    def test_every_day_is_what_its_events_say(self, steps):
        reference = Reference()
        with localcontext(prec=80), self.env.cr.savepoint() as savepoint:
            for step in steps:
                if step == "roll up":
                    self.usage_store._roll_up(limit=3)
                    continue
                for event in self.send(step):
                    reference.take(event)
                self.compare(reference)
            while self.usage_store._roll_up():
                pass
            self.compare(reference)
            savepoint.rollback()
