"""A FastSpring that runs in this process."""

import threading

from werkzeug.serving import WSGIRequestHandler, make_server

from . import catalogue, orders, returns, sessions, subscriptions
from .money import decimal
from .outbox import collapse
from .server import Application
from .world import World

HOST = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """The application logs by itself, without addresses and queries."""

    def log(self, type, message, *args):
        """Say nothing."""


class Simulator:
    """A store at FastSpring, with its API, storefront and webhooks.

    Use it as a context manager, or call `start` and `stop`::

        with Simulator(webhook_url="http://127.0.0.1:8069/payment/...",
                       webhook_secret="s3cret") as sim:
            ...
            order = sim.pay(session_id)

    :param int port: 0 picks a free one
    :param str state: SQLite file, or `:memory:`
    :param bool quiet: whether to keep the request log to itself
    :param settings: fields of `settings.Settings`; they win over remembered ones
    """

    def __init__(self, port=0, state=":memory:", quiet=True, **settings):
        self.world = World(state, **settings)
        self._server = make_server(
            HOST,
            port,
            Application(self.world, quiet),
            threaded=True,
            request_handler=_Quiet,
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="fastspring",
            daemon=True,
        )
        if "public_url" not in settings:
            self.configure(public_url=self.url)
        with self.world.store.transaction():
            catalogue.seed(self.world)

    # --- running -----------------------------------------------------------------

    def start(self):
        """Serve and deliver webhooks in the background."""
        self._thread.start()
        self.world.outbox.start()
        return self

    def stop(self):
        """Stop serving and delivering, and close the state."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.world.outbox.stop()
        self.world.store.close()

    def wait(self):
        """Block until the server stops."""
        self._thread.join()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc_info):
        self.stop()

    # --- where things are --------------------------------------------------------

    @property
    def url(self):
        """Base address of the API."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def storefront_url(self):
        """Base address of the hosted pages."""
        return self.world.storefront_url

    def popup_storefront(self, name="invoices"):
        """Return the `data-storefront` value of a popup checkout."""
        return self.storefront_url.partition("://")[2] + f"/popup-{name}"

    @property
    def library_url(self):
        """Address of the stand-in for the Store Builder Library."""
        base = self.world.settings.public_url
        return f"{base}/sbl/1.0.7/fastspring-builder.min.js"

    # --- what it knows -------------------------------------------------------------

    @property
    def orders(self):
        """All orders as the API shows them, oldest first."""
        return self._read("order", lambda one: orders.answer(self.world, one))

    @property
    def subscriptions(self):
        """All subscriptions as the API shows them, oldest first."""
        return self._read(
            "subscription",
            lambda one: collapse(subscriptions.expanded(self.world, one["id"])),
        )

    @property
    def returns(self):
        """All returns as stored, oldest first."""
        return self._read("return", dict)

    @property
    def accounts(self):
        """All accounts as stored, oldest first."""
        return self._read("account", dict)

    @property
    def sessions(self):
        """All sessions as stored with their present status, oldest first."""
        return self._read("session", lambda one: sessions.find(self.world, one["id"]))

    @property
    def events(self):
        """All events: what a webhook holds, and `state` and `attempts`."""
        outbox = self.world.outbox
        return [
            {
                **outbox.as_payload(row),
                "state": row["state"],
                "attempts": row["attempts"],
            }
            for row in outbox.rows()
        ]

    @property
    def deliveries(self):
        """All webhook requests sent (or dropped), newest first."""
        return self.world.outbox.deliveries()

    def order(self, key):
        """Return one order as the API shows it."""
        return orders.answer(self.world, orders.require(self.world, key))

    def _read(self, kind, render):
        with self.world.store.transaction():
            return [render(one) for one in self.world.store.all(kind)]

    # --- the buyer -----------------------------------------------------------------

    def pay(self, session, method="card", **contact):
        """Pay a session by `card` or `paypal`; return the order.

        :param str session: its id
        :param contact: email, first, last, when the session names no buyer
        :raises Refused: when it cannot be paid
        """
        return self._order(orders.place, session, method, contact)

    def decline(self, session, **contact):
        """Try a card that is declined; the session stays open."""
        return self._order(orders.place, session, "decline", contact)

    def wire(self, session, **contact):
        """Choose to pay by wire transfer; the order waits for its money."""
        return self._order(orders.place, session, "wire", contact)

    def cancel(self, session):
        """Press Cancel in the checkout; return the session."""
        with self.world.store.transaction():
            return sessions.abandon(self.world, session)

    # --- the seller and the bank -----------------------------------------------------

    def arrive(self, order):
        """Let the wire transfer of a pending order arrive."""
        return self._order(orders.arrive, order)

    def expire(self, order):
        """Let a pending order expire."""
        return self._order(orders.expire, order)

    def cancel_order(self, order):
        """Cancel a pending order."""
        return self._order(orders.cancel, order)

    def chargeback(self, order, amount=None):
        """Charge an order back, wholly or an amount of it."""
        amount = None if amount is None else decimal(str(amount))
        return self._order(orders.chargeback, order, amount)

    def refund(self, order, amount=None, reason="OTHER", note=""):
        """Refund an order as staff does in FastSpring's own app.

        :param order: id or reference
        :param amount: part of the first item, before tax; None refunds all
        :return: the stored return
        :raises Invalid: with FastSpring's error object
        """
        with self.world.store.transaction():
            return returns.by_staff(self.world, order, amount, reason, note)

    def set_outcome(self, subscription, outcome):
        """Let the next charges end in `success` or in a decline reason."""
        with self.world.store.transaction():
            subscriptions.set_outcome(self.world, subscription, outcome)

    def emit(self, kind, data, live=False):
        """Send any event, for example one of another product of the store."""
        return self.world.emit(kind, data, live)

    def _order(self, action, *arguments):
        with self.world.store.transaction():
            return orders.answer(self.world, action(self.world, *arguments))

    # --- how it behaves ----------------------------------------------------------

    def configure(self, **settings):
        """Change settings; see `settings.Settings`."""
        self.world.configure(settings)
        self.world.outbox.wake()

    def set_fault(self, name, value=True, **parameters):
        """Turn a fault on; see `faults.KNOWN`.

        :param value: False turns it off, a number limits how often it strikes
        :param parameters: the fault's own, and `times`
        """
        self.world.faults.set({name: parameters or value})

    def clear_faults(self):
        """Turn every fault off."""
        self.world.faults.clear()

    def advance(self, seconds=0, hours=0):
        """Move the clock forward; retries and expiries follow it."""
        self.world.clock.advance(seconds + hours * 3600)
        self.world.outbox.wake()

    def deliver(self, waiting=False):
        """Send now what is due, and return when it is sent.

        :param bool waiting: also what waits for a later try
        :return: how many requests were sent
        """
        if waiting:
            self.world.outbox.hurry()
        return self.world.outbox.flush()

    def resend(self, event):
        """Send an event again under a new id; return that id."""
        return self.world.outbox.resend(event)
