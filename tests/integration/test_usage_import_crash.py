"""An import by real processes: canceled half-way, continued, killed, started again."""

import base64
import gzip

import requests

from ..processes import Scratch, wait_for

ROWS = 120_000
HEADER = "id,source,account,meter,time,quantity"
LINE = "e-{},file,kestrel-robotics,requests_a,2026-10-05T10:00:00Z,{}"
COUNTS = """
    SELECT state, COALESCE(rows_done, 0), accepted, duplicates, rejected
      FROM bitpaket_usage_import
"""


def content():
    """Return a file in which every tenth row is known, and every thousandth wrong."""
    lines = [HEADER]
    for number in range(ROWS):
        known = number % 10 == 9
        quantity = "wrong" if number % 1000 == 500 else 1
        lines.append(LINE.format(number - known, quantity))
    return gzip.compress("\n".join(lines).encode(), 1)


class Finance:
    """The finance user, at the backend's own interface."""

    def __init__(self, scratch):
        self.url = scratch.url
        self.session = requests.Session()
        self.post(
            "/web/session/authenticate",
            db=scratch.name,
            login="finance",
            password="finance",
        )

    def post(self, path, **parameters):
        answer = self.session.post(
            f"{self.url}{path}", json={"params": parameters}, timeout=60
        ).json()
        assert "error" not in answer, answer["error"]
        return answer.get("result")

    def call(self, method, *args):
        return self.post(
            "/web/dataset/call_kw",
            model="bitpaket.usage.import",
            method=method,
            args=args,
            kwargs={},
        )


def test_canceled_continued_killed_and_started_again():
    with Scratch("import") as scratch:
        scratch.run(
            "dev.inside", "prepare", scratch.url, "http://sim", "http://sim", ""
        )

        def counts():
            return scratch.query(COUNTS)[0]

        def wait_for_rows(more_than):
            wait_for(lambda: scratch.wake_cron() or counts()[1] > more_than)

        with scratch.serving():
            finance = Finance(scratch)
            (job,) = finance.call(
                "create",
                [
                    {
                        "file": base64.b64encode(content()).decode(),
                        "filename": "usage.csv.gz",
                    }
                ],
            )
            finance.call("action_import", [job])
            wait_for_rows(0)
            finance.call("action_cancel", [job])
            state, canceled_at, *_counts = counts()
            assert state == "canceled"
            assert canceled_at < ROWS, "it was not canceled half-way"
            events = "SELECT COUNT(*), SUM(quantity)::int FROM bitpaket_usage_event"
            assert scratch.query(events)[0][0] == counts()[2]

            finance.call("action_continue", [job])
            wait_for_rows(canceled_at)
        state, killed_at, *_counts = counts()
        assert state == "running"
        assert killed_at < ROWS, "the server was not killed half-way"

        with scratch.serving():
            wait_for(lambda: scratch.wake_cron() or counts()[0] == "done")
        refused = ROWS // 1000
        accepted = ROWS * 9 // 10 - refused
        assert counts() == ("done", ROWS, accepted, ROWS // 10, refused)
        assert scratch.query(events) == [(accepted, accepted)]
        told = "SELECT COUNT(*), COUNT(DISTINCT number) FROM {}"
        assert scratch.query(told.format("bitpaket_usage_import_refusal")) == [
            (refused, refused)
        ]
