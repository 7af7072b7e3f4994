"""A headless Chromium, for pictures of the product and tests that pay at a checkout."""

import base64
import itertools
import json
import re
import resource
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket

DESKTOP = (1280, 900)
PHONE = (390, 844)
TALL = (1280, 1280)


#: What the browser says when a page makes room for the next one meanwhile.
GONE = (
    "Cannot find context with specified id",
    "Execution context was destroyed.",
    "Inspected target navigated or closed",
)


class GonePage(RuntimeError):
    """The page was left while something was asked of it."""


class Browser:
    """A browser of its own profile, driven over the DevTools protocol."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="bitpaket-chromium-")
        self._process = subprocess.Popen(
            [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            preexec_fn=_unlimit_memory,
        )
        for line in self._process.stderr:
            found = re.search(r"ws://127\.0\.0\.1:(\d+)/", line)
            if found:
                break
        request = urllib.request.Request(
            f"http://127.0.0.1:{found.group(1)}/json/new?about:blank", method="PUT"
        )
        with urllib.request.urlopen(request) as answer:
            page = json.load(answer)
        self._socket = websocket.create_connection(
            page["webSocketDebuggerUrl"], timeout=60
        )
        self._ids = itertools.count(1)
        self.call("Page.enable")
        self.call("Network.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self._socket.close()
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method, **parameters):
        """Send a command and return its result."""
        number = next(self._ids)
        self._socket.send(
            json.dumps({"id": number, "method": method, "params": parameters})
        )
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    message = answer["error"].get("message", "")
                    kind = GonePage if message in GONE else RuntimeError
                    raise kind(f"{method}: {answer['error']}")
                return answer["result"]

    def evaluate(self, script):
        """Run JavaScript in the page and return its value."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        return result["result"].get("value")

    def use_session(self, url, session):
        """Be logged in: take over a session's cookie."""
        self.call("Network.setCookie", name="session_id", value=session, url=url)

    def open(self, url, ready="document.readyState === 'complete'", size=DESKTOP):
        """Open a page and wait until `ready` holds."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        self.call("Page.navigate", url=url)
        self.wait(ready)

    def wait(self, ready, seconds=60):
        """Wait until an expression holds, and then for fonts and pictures."""
        deadline = time.monotonic() + seconds
        while not self._holds(ready):
            if time.monotonic() > deadline:
                raise TimeoutError(f"The page never showed: {ready}")
            time.sleep(0.1)
        self.evaluate("document.fonts.ready.then(() => true)")
        time.sleep(0.5)  # transitions of the web client have no event to await

    def _holds(self, ready):
        try:
            return self.evaluate(f"document.readyState === 'complete' && !!({ready})")
        except GonePage:
            return False

    def screenshot(self, path, whole=False):
        """Save a picture of the page; `whole`: as long as it is."""
        options = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            options = {
                "captureBeyondViewport": True,
                "clip": {**size, "x": 0, "y": 0, "scale": 1},
            }
        data = self.call("Page.captureScreenshot", format="png", **options)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))


def _unlimit_memory():
    """Let Chromium reserve address space, which Odoo limits for its own processes."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
