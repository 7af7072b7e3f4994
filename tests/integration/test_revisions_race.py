"""Two senders with different revisions of one event, at once, in real transactions."""

import pytest

from ..processes import Scratch


@pytest.fixture(scope="module")
def outcomes():
    with Scratch("revisions_race") as scratch:
        return scratch.run("tests.integration.revisions_inside")


@pytest.mark.parametrize(
    ("number", "results", "replaced"),
    [
        (0, [[1, 0], "again", [1, 0]], [1, 0]),
        (1, [[1, 0], "again", [0, 1]], [0]),
        (3, [[1, 0], "again", [1, 0]], [0]),
        (4, [[1, 0], "again", [0, 1]], []),
    ],
)
def test_the_highest_revision_wins_and_counts_once(outcomes, number, results, replaced):
    outcome = outcomes[number]
    assert outcome["waited"], "they did not meet"
    assert outcome["results"] == results
    highest = 2 if number < 2 else 1
    assert outcome["revision"] == highest
    assert outcome["usage"] == [[str(10 + highest), 1]]
    assert outcome["replaced"] == replaced


def test_the_same_revision_twice_is_a_duplicate(outcomes):
    outcome = outcomes[2]
    assert outcome["results"] == [[1, 0], "again", [0, 1]]
    assert outcome["usage"] == [["11", 1]]
    assert outcome["replaced"] == [0]
