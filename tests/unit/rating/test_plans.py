"""Plans: every day in one period, and every day's fee once, whatever is changed."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating import (
    InvalidValue,
    PaidFee,
    Period,
    Phase,
    Timeline,
    allowance_left,
    fee_line,
    prorated_allowance,
    term_end,
    unused_rest,
)

START = date(2026, 1, 1)
UNTIL = date(2029, 1, 1)


def day(text):
    return date.fromisoformat(text)


@st.composite
def timelines(draw):
    """Return an account's phases by chance."""
    days = draw(st.lists(st.integers(0, 800), unique=True, max_size=8))
    phases = []
    for offset in sorted(days):
        start = START + timedelta(offset)
        plan = draw(st.sampled_from([None, "a", "b", "c"]))
        shift = draw(st.integers(0, 70))
        anchor = start.replace(day=1) if plan is None else start - timedelta(shift)
        phases.append(
            Phase(
                start,
                anchor,
                plan,
                draw(st.integers(0, 100_000)) / Decimal(100) if plan else Decimal(0),
                draw(st.sampled_from([1, 12])) if plan else 1,
                draw(st.booleans()),
                str(offset),
            )
        )
    end = draw(st.none() | st.integers(1, 1000).map(lambda n: START + timedelta(n)))
    return Timeline(START, end, phases)


@given(timelines())
def test_every_day_is_in_one_period(timeline):
    periods = timeline.periods(UNTIL)
    until = min(timeline.end or UNTIL, UNTIL)
    assert periods[0].start == START
    assert all(a.end == b.start for a, b in zip(periods[:-1], periods[1:], strict=True))
    assert until - periods[-1].end < timedelta(31)
    for period in periods:
        assert timeline.phase(period.start) == timeline.phase(period.end - timedelta(1))
        assert timeline.period(period.start) == period
        assert period.start in timeline.full_period(period.start)


@given(timelines())
def test_every_day_is_charged_once(timeline):
    """What is charged is the day-weighted price of each day on a plan."""
    charged = {}
    for period in timeline.periods(UNTIL):
        phase = timeline.phase(period.start)
        fees = timeline.fees(period)
        if phase.apart and period.start == phase.start or period.start == START:
            fees += timeline.fees_from(period.start)
        for fee in fees:
            days = fee.period_days or (fee.end - fee.start).days
            for number in range((fee.end - fee.start).days):
                on = fee.start + timedelta(number)
                assert on not in charged
                charged[on] = Fraction(fee.amount) / days
    for on, amount in charged.items():
        phase = timeline.phase(on)
        assert phase.plan is not None
        full = timeline_fee_period(phase, on)
        assert amount == Fraction(phase.fee) / full.days
    last = timeline.periods(UNTIL)[-1].end
    for number in range((last - START).days):
        on = START + timedelta(number)
        phase = timeline.phase(on)
        assert (on in charged) == bool(phase.plan and phase.fee)


def timeline_fee_period(phase, on):
    """Return the month or year that a fee is for, counted from the phase's anchor."""
    alone = Timeline(phase.anchor, None, [phase])
    start = phase.anchor
    while (end := _later(phase, start)) <= on:
        start = end
    assert alone.phase(on) == phase
    return Period(start, end)


def _later(phase, start):
    """Return the next month or year after one, without drifting."""
    months = phase.months
    while True:
        year, month = divmod(phase.anchor.month - 1 + months, 12)
        for number in (phase.anchor.day, 30, 29, 28):
            try:
                end = date(phase.anchor.year + year, month + 1, number)
            except ValueError:
                continue
            break
        if end > start:
            return end
        months += phase.months


@given(
    st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100),
    st.integers(1, 400),
    st.integers(-10, 410),
)
def test_unused_rest(amount, days, after):
    """What is used and what is credited are the whole fee, to the cent."""
    paid = PaidFee(START, START + timedelta(days), amount)
    rest = unused_rest(paid, START + timedelta(after), 2)
    used = min(max(after, 0), days)
    assert abs(amount - rest - amount * used / days) <= Decimal("0.005")
    assert 0 <= rest <= amount
    assert rest == rest.quantize(Decimal("0.01"))


def test_thirty_first():
    phase = Phase(day("2027-01-31"), day("2027-01-31"), "a", Decimal(31))
    timeline = Timeline(day("2027-01-31"), None, [phase])
    ends = [period.end for period in timeline.periods(day("2027-06-01"))]
    assert ends == [
        day(text) for text in ("2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31")
    ]


def test_fee_of_a_part():
    """The phase ends before its month does, as is known beforehand."""
    timeline = Timeline(
        START,
        None,
        [
            Phase(day("2026-03-10"), day("2026-03-10"), "a", Decimal(31)),
            Phase(day("2026-03-20"), day("2026-03-01")),
        ],
    )
    (fee,) = timeline.fees(Period(day("2026-03-01"), day("2026-03-10")))
    line = fee_line(fee, 2)
    assert (line.start, line.end) == (day("2026-03-10"), day("2026-03-20"))
    assert line.amount == 10
    assert timeline.fees(Period(day("2026-03-10"), day("2026-03-20"))) == ()


def test_days_that_are_not_billed():
    timeline = Timeline(day("2026-01-10"), day("2026-02-10"))
    with pytest.raises(InvalidValue):
        timeline.period(day("2026-01-09"))
    with pytest.raises(InvalidValue):
        timeline.period(day("2026-02-10"))


@pytest.mark.parametrize(
    ("months", "renews", "on", "end"),
    [
        (0, True, "2026-02-01", None),
        (3, False, "2026-03-31", "2026-04-01"),
        (3, False, "2026-04-01", None),
        (3, True, "2026-04-01", "2026-07-01"),
        (3, True, "2026-06-30", "2026-07-01"),
    ],
)
def test_term(months, renews, on, end):
    assert term_end(START, months, day(on), renews) == (day(end) if end else None)


def test_allowances():
    full = Period(day("2026-04-01"), day("2026-05-01"))
    part = Period(day("2026-04-21"), day("2026-05-01"))
    assert prorated_allowance(Decimal(300), full, full) == 300
    assert prorated_allowance(Decimal(300), part, full) == 100
    assert allowance_left(Decimal(300), Decimal(50), Decimal(200), None) == 0
    assert allowance_left(Decimal(300), Decimal(50), Decimal(200), Decimal(80)) == 80
    assert allowance_left(Decimal(300), Decimal(50), Decimal(340), Decimal(80)) == 10
    assert allowance_left(Decimal(300), Decimal(50), Decimal(400), Decimal(80)) == 0
