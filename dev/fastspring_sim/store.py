"""State that survives a restart: documents, events and deliveries in SQLite."""

import json
import sqlite3
import threading
from contextlib import contextmanager
from decimal import Decimal

SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    created INTEGER NOT NULL,
    live INTEGER NOT NULL,
    processed INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due INTEGER
);
CREATE INDEX IF NOT EXISTS event_due ON event (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    status INTEGER,
    outcome TEXT NOT NULL
);
"""


class Store:
    """One SQLite connection behind one lock.

    :param str path: file, or `:memory:`
    """

    def __init__(self, path=":memory:"):
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def close(self):
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self):
        """Run a block alone, entirely or not at all; blocks may be nested."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def query(self, sql, *values):
        """Run one statement and return its rows."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # --- documents -----------------------------------------------------------

    def put(self, kind, key, body):
        """Store a document, in place of one with the same key."""
        self.query(
            "INSERT INTO document (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            kind, key, json.dumps(body, default=_encode),
        )  # fmt: skip

    def get(self, kind, key):
        """Return a document, or None."""
        rows = self.query(
            "SELECT body FROM document WHERE kind = ? AND id = ?", kind, key
        )
        return _load(rows[0]["body"]) if rows else None

    def all(self, kind):
        """Return every document of a kind, oldest first."""
        rows = self.query("SELECT body FROM document WHERE kind = ? ORDER BY seq", kind)
        return [_load(row["body"]) for row in rows]

    def find(self, kind, field, value):
        """Return the documents whose `field` has that value, oldest first."""
        rows = self.query(
            "SELECT body FROM document WHERE kind = ?"
            " AND json_extract(body, '$.' || ?) = ? ORDER BY seq",
            kind, field, value,
        )  # fmt: skip
        return [_load(row["body"]) for row in rows]

    def remove(self, kind, key):
        """Forget a document."""
        self.query("DELETE FROM document WHERE kind = ? AND id = ?", kind, key)


def _encode(value):
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    raise TypeError(f"cannot store {type(value).__name__}")


def _load(text):
    return json.loads(text, object_hook=_decode)


def _decode(value):
    return Decimal(value["$decimal"]) if value.keys() == {"$decimal"} else value
