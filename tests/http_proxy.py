"""A proxy that lets a test do something just before and after a request arrives."""

import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy:
    """Hands every request on to another server.

    `hook(moment, method, path)` is called with `before` and `after` the other server
    has done its work; afterwards the answer goes back.

    :param str target: address of the other server
    """

    def __init__(self, target):
        self.target = target
        self.hook = lambda moment, method, path: None
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _hand_on(self):
                proxy._hand_on(self)

            do_GET = do_POST = do_DELETE = _hand_on

            def log_message(self, *_arguments):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self._server.shutdown()
        self._server.server_close()

    def _hand_on(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {
            name: value
            for name, value in handler.headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding")
        }
        path = handler.path.partition("?")[0]
        self.hook("before", handler.command, path)
        request = urllib.request.Request(
            self.target + handler.path,
            data=body or None,
            headers=headers,
            method=handler.command,
        )
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        self.hook("after", handler.command, path)
        try:
            handler.send_response(answer.status)
            handler.send_header("Content-Type", answer.headers["Content-Type"])
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:
            pass  # whoever asked is dead
