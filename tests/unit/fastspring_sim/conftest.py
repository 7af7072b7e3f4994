"""A simulator, a shop that receives its webhooks, and a client of its API."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from dev.fastspring_sim import Simulator  # noqa: E402

SECRET = "s3cret of the shop"


class Shop:
    """Keeps every webhook; answers 200, or what a test puts in `answers`."""

    def __init__(self):
        self.requests = []
        self.answers = []
        self.arrived = threading.Condition()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = shop.take(self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()

    def take(self, headers, body):
        """Keep a request; return the status and text to answer."""
        with self.arrived:
            self.requests.append((headers, body))
            answer = self.answers.pop(0) if self.answers else 200
            self.arrived.notify_all()
        if callable(answer):
            answer = answer(json.loads(body)["events"])
        status, text = answer if isinstance(answer, tuple) else (answer, "")
        return status, text.encode()

    @property
    def batches(self):
        """The events of every request, in order of arrival."""
        return [json.loads(body)["events"] for _headers, body in self.requests]

    @property
    def events(self):
        """All events in order of arrival."""
        return [event for batch in self.batches for event in batch]

    @property
    def types(self):
        """The types of all events in order of arrival."""
        return [event["type"] for event in self.events]

    def of_type(self, kind):
        """Return the data of every event of a type."""
        return [event["data"] for event in self.events if event["type"] == kind]

    def wait_for(self, count, seconds=5):
        """Wait until that many requests have come."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, seconds)

    def stop(self):
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Api:
    """Calls the simulator as a shop does."""

    def __init__(self, sim):
        self.sim = sim
        self.http = requests.Session()
        self.http.auth = ("sim", "sim")

    def call(self, verb, path, body=None, **options):
        """Return the answer to one call."""
        return self.http.request(verb, self.sim.url + path, json=body, **options)

    def get(self, path, status=200, **options):
        """Return the JSON of a GET."""
        return self._json(self.call("GET", path, **options), status)

    def post(self, path, body, status=200):
        """Return the JSON of a POST."""
        return self._json(self.call("POST", path, body), status)

    def put(self, path, body, status=200):
        """Return the JSON of a PUT."""
        return self._json(self.call("PUT", path, body), status)

    @staticmethod
    def _json(answer, status):
        assert answer.status_code == status, answer.text
        return answer.json()

    def session(self, amount=901, currency="EUR", product="invoice-payment", **values):
        """Open a v2 session for one product at a price of ours; return the answer."""
        body = {
            "locale": "en",
            "country": "DE",
            "customer": {"billToContact": {"email": "eva@kunde.example"}},
            "orderTags": {"odoo_tx": "INV/2026/0042-1"},
            "cart": {"lineItems": [line(product, {currency: amount})]},
            **values,
        }
        return self.post(
            "/v2/checkouts/bitpaket/web-invoices/sessions", body, status=201
        )


def line(product, prices, **values):
    """Return a v2 line item."""
    return {
        "productPath": product,
        "quantity": 1,
        "customPrice": {"unitPrice": prices},
        **values,
    }


@pytest.fixture(scope="session")
def running_shop():
    """A shop's webhook endpoint for all tests."""
    shop = Shop()
    yield shop
    shop.stop()


@pytest.fixture
def shop(running_shop):
    """A shop's webhook endpoint that has seen nothing yet."""
    running_shop.requests = []
    running_shop.answers = []
    return running_shop


@pytest.fixture
def make_sim(shop):
    """A function that starts a simulator which sends only when told to."""
    running = []

    def start(**settings):
        values = {
            "webhook_url": shop.url,
            "webhook_secret": SECRET,
            "auto_deliver": False,
            **settings,
        }
        running.append(Simulator(**values).start())
        return running[-1]

    yield start
    for sim in running:
        sim.stop()


@pytest.fixture
def sim(make_sim):
    """A running simulator."""
    return make_sim()


@pytest.fixture
def api(sim):
    """A client of that simulator's API."""
    return Api(sim)


@pytest.fixture
def client_of():
    """A function that returns a client of a simulator."""
    return Api


@pytest.fixture
def item():
    """A function that returns a v2 line item."""
    return line
