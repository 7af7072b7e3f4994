"""Months recognised by several processes at once, one of them killed half-way."""

from ..processes import Scratch, kill, wait_for

STEP = "tests.integration.deferral_inside"
SERVICES, MONTHS = 12, 4
RECOGNISED = "SELECT COUNT(*) FROM bitpaket_deferral_entry WHERE kind = 'release'"
#: Releases per service, and whether the ledger says the same as the movements.
OUTCOME = """
    SELECT MIN(releases), MAX(releases), COUNT(*),
           (SELECT SUM(amount_left) FROM bitpaket_deferral)
           = (SELECT -SUM(line.balance) FROM account_move_line line
               WHERE line.parent_state = 'posted' AND line.account_id IN
                     (SELECT deferred_account_id FROM bitpaket_deferral)),
           (SELECT COUNT(*) FROM account_move move
             WHERE move.state = 'draft'
                OR (move.journal_id IN (SELECT journal_id FROM bitpaket_deferral)
                    AND NOT EXISTS (SELECT FROM bitpaket_deferral_entry entry
                                     WHERE entry.move_id = move.id)))
      FROM (SELECT COUNT(*) FILTER (WHERE kind = 'release') AS releases
              FROM bitpaket_deferral_entry GROUP BY deferral_id) service
"""


def test_each_month_once_whoever_is_killed():
    with Scratch("deferral_crash") as scratch:
        scratch.run(STEP, "prepare", str(SERVICES))
        first = scratch.start(STEP, "recognise", "1")
        wait_for(lambda: scratch.query(RECOGNISED)[0][0] > 0)
        kill(first)
        first.stdout.close()
        assert scratch.query(RECOGNISED)[0][0] < SERVICES * MONTHS
        workers = [scratch.start(STEP, "recognise", "2") for _worker in range(2)]
        for worker in workers:
            assert worker.wait(120) == 0
            worker.stdout.close()
        # One that waited for the other may have left something to the next job.
        scratch.run(STEP, "recognise", "50")
        assert scratch.query(OUTCOME) == [(MONTHS, MONTHS, SERVICES, True, 0)]
