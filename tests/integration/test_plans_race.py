"""Changes of plans that meet the close, or one another: each day is charged once."""

import pytest

from ..processes import Scratch

STEP = "tests.integration.plans_inside"
BASIC = ["2026-11-12", "2026-12-12", 30]


@pytest.fixture
def scratch():
    with Scratch("plans_race") as scratch:
        yield scratch


def test_change_meets_close(scratch):
    """The close has charged the next month: it is credited, and the new one charged."""
    result = scratch.run(STEP, "change_meets_close")
    assert result["outcome"] == "again"
    assert result["fees"] == [
        BASIC,
        ["2026-12-12", "2027-01-12", -30],
        ["2026-12-12", "2027-01-12", 30],
        ["2026-12-12", "2027-01-12", 60],
    ]


def test_close_meets_change(scratch):
    """The change has charged the next month: the close charges it no more."""
    result = scratch.run(STEP, "close_meets_change")
    assert result["met"] == [1]
    assert result["fees"] == [BASIC, ["2026-12-12", "2027-01-12", 60]]


def test_changes_at_once(scratch):
    """One of them changes the plan; the others look again."""
    result = scratch.run(STEP, "change_at_once")
    assert result["outcomes"] == {"changed": 1, "again": 7}
    assert result["fees"] == [
        BASIC,
        ["2026-11-27", "2026-12-12", -15],
        ["2026-11-27", "2026-12-12", 30],
    ]
