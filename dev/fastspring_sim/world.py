"""Everything that one simulated FastSpring consists of."""

import time

from .faults import Faults
from .outbox import Outbox
from .settings import Settings
from .store import Store


class Clock:
    """Real time, plus what somebody advanced it by.

    :param store: the Store that remembers the difference
    """

    def __init__(self, store):
        self._store = store

    def now(self):
        """Return milliseconds since the epoch."""
        ahead = self._store.get("setting", "clock") or 0
        return int(time.time() * 1000) + ahead

    def advance(self, seconds):
        """Move the clock forward."""
        with self._store.transaction():
            ahead = self._store.get("setting", "clock") or 0
            self._store.put("setting", "clock", ahead + int(float(seconds) * 1000))


class World:
    """State, settings, clock, faults and the webhook outbox.

    :param str path: SQLite file or `:memory:`
    :param dict settings: fields of Settings that win over remembered ones
    """

    def __init__(self, path=":memory:", **settings):
        self.store = Store(path)
        self.clock = Clock(self.store)
        self.faults = Faults(self.store)
        self.settings = Settings()
        self.configure({**(self.store.get("setting", "settings") or {}), **settings})
        self.outbox = Outbox(self)

    def configure(self, values):
        """Change settings and remember them."""
        with self.store.transaction():
            self.settings.update(values)
            self.store.put("setting", "settings", self.settings.as_dict())

    @property
    def storefront_url(self):
        """Return where buyers check out."""
        return f"{self.settings.public_url}/{self.settings.store}"

    def emit(self, kind, data, live):
        """Record an event and queue its webhook.

        :param str kind: event type, for example `order.completed`
        :param dict data: the expanded payload
        :param bool live: whether it concerns real money
        :return: the event's id
        """
        return self.outbox.add(kind, data, live)
