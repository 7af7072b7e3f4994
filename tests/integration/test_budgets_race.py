"""Budgets checked by several workers, one of which dies: nothing is told twice."""

from datetime import datetime, timezone

from ..processes import Scratch

STEP = "tests.integration.budgets_inside"
CLOSE = "dev.bench.close_inside"
ACCOUNTS = 20
TOLD = """
    SELECT COUNT(*), COUNT(DISTINCT (budget_id, period_start, threshold, basis)),
           (SELECT COUNT(*) FROM mail_mail), (SELECT COUNT(DISTINCT res_id)
              FROM mail_message WHERE model = 'bitpaket.budget.alert')
      FROM bitpaket_budget_alert
"""


def test_two_workers_and_one_that_dies():
    with Scratch("budgets") as scratch:
        month = f"{datetime.now(timezone.utc):%Y-%m}"
        scratch.run(CLOSE, "fill", str(ACCOUNTS), month)
        scratch.query("UPDATE ir_cron SET active = false")
        assert scratch.run(STEP, "prepare", "0.01") == {"budgets": ACCOUNTS}
        dying = scratch.start(STEP, "check", "die")
        assert dying.wait(120) == 9
        # The batch that it did not finish left nothing: neither alert nor e-mail.
        alerts, different, mails, _about = scratch.query(TOLD)[0]
        assert (alerts, different, mails) == (3 * 4, 3 * 4, 3)
        workers = [scratch.start(STEP, "check") for _worker in range(2)]
        for worker in workers:
            assert worker.wait(120) == 0
        # Three thresholds and the cap each; one e-mail about all four.
        expected = (ACCOUNTS * 4, ACCOUNTS * 4, ACCOUNTS, ACCOUNTS)
        assert scratch.query(TOLD)[0] == expected
