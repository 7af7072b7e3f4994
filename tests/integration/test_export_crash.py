"""Exports by real processes: at once, and killed in the middle."""

import pytest

from ..processes import Scratch

STEP = "tests.integration.export_inside"
COUNT = 120

#: When the process dies: after it took the entries, half-way, at the very end.
MOMENTS = ["line 1", "line 133", "before the commit"]


@pytest.fixture(scope="module")
def office():
    """Yield a database with a target and posted entries."""
    with Scratch("export_crash") as scratch:
        scratch.run(STEP, "prepare", str(COUNT))
        yield scratch


def exported(scratch):
    """Return how many entries are posted, and how many went out once and twice."""
    return scratch.query(
        """
        SELECT (SELECT COUNT(*) FROM account_move WHERE state = 'posted'),
               COUNT(*) FILTER (WHERE times = 1), COUNT(*) FILTER (WHERE times > 1)
          FROM (
            SELECT COUNT(*) AS times
              FROM bitpaket_export_item item
              JOIN bitpaket_export_batch batch ON batch.id = item.batch_id
             WHERE NOT superseded AND batch.state = 'generated'
             GROUP BY item.target_id, item.move_id
          ) items
        """
    )[0]


def test_two_at_once(office):
    """One takes all of them; the other finds nothing, or the rest."""
    processes = [office.start(STEP, "export") for _process in range(2)]
    counts = []
    for process in processes:
        output, _errors = process.communicate()
        assert process.returncode == 0, output
        counts.append(int(output.splitlines()[-1]))
    assert sum(counts) == COUNT
    assert exported(office) == (COUNT, COUNT, 0)
    assert office.query("SELECT COUNT(*) FROM bitpaket_export_file") == [
        (sum(1 for count in counts if count),)
    ]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_in_the_middle(office, moment):
    """The next process writes the files of the same entries, all of them."""
    posted, before, _twice = exported(office)
    assert office.run(STEP, "claim", str(COUNT)) == COUNT
    process = office.start(STEP, "work", moment)
    process.communicate()
    assert process.returncode < 0
    assert exported(office) == (posted + COUNT, before, 0)
    assert office.run(STEP, "finish") == 0
    assert exported(office) == (posted + COUNT, before + COUNT, 0)
    state, entries, debit, files = office.query(
        """
        SELECT state, entry_count, debit::float,
               (SELECT COUNT(*) FROM bitpaket_export_file WHERE batch_id = batch.id)
          FROM bitpaket_export_batch batch ORDER BY id DESC LIMIT 1
        """
    )[0]
    assert (state, entries, files) == ("generated", COUNT, 1)
    assert debit == COUNT * (COUNT + 1) / 2
