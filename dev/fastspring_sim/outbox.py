"""Events, and the one thread that delivers them as webhooks."""

import base64
import hashlib
import hmac
import json
import threading

import requests

from .ids import new_event_id
from .money import decimal, json_number

#: Hours between a failed delivery and the next try.
RETRY_HOURS = (1, 2, 4, 6, 6, 6, 24, 24, 24, 24, 24, 24)

#: Fields that hold an object when expansion is on, and only its id otherwise.
REFERENCES = ("account", "order", "product", "return", "subscription")


def dumps(value):
    """Return compact JSON; Decimals become numbers."""
    return json.dumps(
        value, default=json_number, ensure_ascii=False, separators=(",", ":")
    )


def sign(secret, body):
    """Return the X-FS-Signature of a body.

    :param str secret: the webhook's secret
    :param bytes body: the exact bytes that are sent
    """
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def collapse(value):
    """Return a payload as it looks without webhook expansion."""
    if isinstance(value, list):
        return [collapse(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, item in value.items():
        if key in REFERENCES and isinstance(item, dict):
            result[key] = item[key]
        elif key == "subscriptions":
            result[key] = [one["subscription"] for one in item]
        else:
            result[key] = collapse(item)
    return result


class Outbox:
    """The event queue.

    An event's `state` is `waiting`, `delivered`, `marked` (processed through the
    API), `dropped`, `failed` (for good) or `unsent` (no webhook was set up for it).

    :param world: the World it belongs to
    """

    def __init__(self, world):
        self.world = world
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = None

    # --- the queue -------------------------------------------------------------

    def add(self, kind, data, live):
        """Queue an event; see World.emit."""
        world = self.world
        now = world.clock.now()
        key = new_event_id()
        with world.store.transaction():
            due = None
            if self._wanted(live):
                delay = world.faults.take("delay")
                due = now + int(float(delay["seconds"]) * 1000) if delay else now
            world.store.query(
                "INSERT INTO event (id, type, created, live, data, state, due)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                key, kind, now, int(live), dumps(data),
                "unsent" if due is None else "waiting", due,
            )  # fmt: skip
        self.wake()
        return key

    def _wanted(self, live):
        settings = self.world.settings
        scope = settings.webhook_scope
        return bool(settings.webhook_url) and scope in (
            "both",
            "live" if live else "test",
        )

    def resend(self, key):
        """Send an event again by hand: the same object under a new event id."""
        row = self.row(key)
        if row is None:
            return None
        return self.add(row["type"], json.loads(row["data"]), bool(row["live"]))

    def row(self, key):
        """Return the stored event, or None."""
        rows = self.world.store.query("SELECT * FROM event WHERE id = ?", key)
        return rows[0] if rows else None

    def rows(self, where="1", *values, limit=-1, offset=0, newest_first=False):
        """Return stored events in the order of their creation."""
        order = "DESC" if newest_first else "ASC"
        return self.world.store.query(
            f"SELECT * FROM event WHERE {where} ORDER BY seq {order} LIMIT ? OFFSET ?",
            *values, limit, offset,
        )  # fmt: skip

    def as_payload(self, row):
        """Return a stored event as webhooks and `/events` show it."""
        data = json.loads(row["data"])
        if not self.world.settings.webhook_expansion:
            data = collapse(data)
        return {
            "id": row["id"],
            "processed": bool(row["processed"]),
            "created": row["created"],
            "type": row["type"],
            "live": bool(row["live"]),
            "data": data,
        }

    def mark(self, key, processed):
        """Set whether an event is processed; a processed one is not sent again."""
        self.world.store.query(
            "UPDATE event SET processed = ? WHERE id = ?", int(processed), key
        )
        if processed:
            self.world.store.query(
                "UPDATE event SET due = NULL, state = 'marked'"
                " WHERE id = ? AND state = 'waiting'",
                key,
            )

    # --- delivery --------------------------------------------------------------

    def start(self):
        """Deliver in the background from now on."""
        self._thread = threading.Thread(
            target=self._run, name="fastspring-webhooks", daemon=True
        )
        self._thread.start()

    def stop(self):
        """Finish the delivery under way and stop."""
        self._stopping = True
        self.wake()
        if self._thread:
            self._thread.join()

    def wake(self):
        """Let the background thread look for work."""
        self._wake.set()

    def _run(self):
        while not self._stopping:
            self._wake.clear()
            if not self.world.settings.auto_deliver:
                self._wake.wait()
            elif not self.send_due():
                self._wake.wait(self._seconds_to_next())

    def _seconds_to_next(self):
        (row,) = self.world.store.query("SELECT min(due) AS due FROM event")
        if row["due"] is None:
            return None
        return max(0.0, (row["due"] - self.world.clock.now()) / 1000)

    def hurry(self):
        """Make every waiting event due now: "retry now"."""
        self.world.store.query(
            "UPDATE event SET due = ? WHERE due IS NOT NULL", self.world.clock.now()
        )
        self.wake()

    def flush(self):
        """Send, in the caller's thread, whatever is due.

        :return: how many requests were sent
        """
        count = 0
        while sent := self.send_due():
            count += sent
        return count

    def send_due(self):
        """Send the due events once, in batches.

        :return: number of requests sent, 0 when nothing was due
        """
        with self._sending:
            with self.world.store.transaction():
                rows = self.rows("due <= ?", self.world.clock.now())
            if not rows:
                return 0
            size = self.world.settings.batch_size
            if self.world.faults.strikes("reorder"):
                rows, size = rows[::-1], 1
            batches = [rows[i : i + size] for i in range(0, len(rows), size)]
            return sum(self._deliver(batch) for batch in batches)

    def _deliver(self, rows):
        faults = self.world.faults
        if faults.strikes("drop"):
            for row in rows:
                self._settle(row, "dropped", None)
            self._log(rows, None, "dropped")
            return 1
        body, headers = self._request(rows)
        sent = 2 if faults.strikes("duplicate") else 1
        accepted = set()
        for _ in range(sent):
            status, taken, outcome = self._post(body, headers, rows)
            accepted |= taken
            self._log(rows, status, outcome)
        with self.world.store.transaction():
            for row in rows:
                self._record(row["id"], row["id"] in accepted)
        return sent

    def _request(self, rows):
        faults, settings = self.world.faults, self.world.settings
        events = [self.as_payload(row) for row in rows]
        lie = faults.take("wrong_event_amount")
        if lie:
            for event in events:
                _change_total(event["data"], decimal(str(lie["amount"])))
        body = dumps({"events": events}).encode()
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "FS",
        }
        secret = settings.webhook_secret
        if secret and not faults.strikes("unsigned"):
            wrong = "-wrong" if faults.strikes("bad_signature") else ""
            headers["X-FS-Signature"] = sign(secret + wrong, body)
        return body, headers

    def _post(self, body, headers, rows):
        """Return (status, ids taken as processed, what happened)."""
        settings = self.world.settings
        try:
            with requests.Session() as http:
                http.trust_env = False
                answer = http.post(
                    settings.webhook_url,
                    data=body,
                    headers=headers,
                    timeout=settings.webhook_timeout,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            return None, set(), type(error).__name__
        if answer.status_code == 200:
            return 200, {row["id"] for row in rows}, "accepted"
        if answer.status_code == 202:
            accepted = set(answer.text.split())
            count = sum(row["id"] in accepted for row in rows)
            return 202, accepted, f"{count} of {len(rows)} accepted"
        return answer.status_code, set(), "refused"

    def _record(self, key, accepted):
        row = self.row(key)
        if row["processed"] and not accepted:
            return
        if accepted:
            self.mark(key, True)
            self._settle(row, "delivered", None)
            return
        tries = row["attempts"]
        if tries >= len(RETRY_HOURS):
            self._settle(row, "failed", None)
            return
        seconds = self.world.settings.retry_seconds
        if seconds is None:
            seconds = RETRY_HOURS[tries] * 3600
        self._settle(row, "waiting", self.world.clock.now() + int(seconds * 1000))

    def _settle(self, row, state, due):
        self.world.store.query(
            "UPDATE event SET state = ?, due = ?, attempts = attempts + 1"
            " WHERE id = ?",
            state, due, row["id"],
        )  # fmt: skip

    def _log(self, rows, status, outcome):
        self.world.store.query(
            "INSERT INTO delivery (at, url, events, status, outcome)"
            " VALUES (?, ?, ?, ?, ?)",
            self.world.clock.now(), self.world.settings.webhook_url,
            json.dumps([{"id": row["id"], "type": row["type"]} for row in rows]),
            status, outcome,
        )  # fmt: skip

    def deliveries(self, limit=-1):
        """Return the last deliveries, newest first."""
        rows = self.world.store.query(
            "SELECT * FROM delivery ORDER BY seq DESC LIMIT ?", limit
        )
        return [{**dict(row), "events": json.loads(row["events"])} for row in rows]


def _change_total(data, amount):
    for holder in (data, data.get("order")):
        if isinstance(holder, dict) and "total" in holder:
            total = decimal(str(holder["total"])) + amount
            holder["total"] = total
