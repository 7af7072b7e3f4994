"""A mail server on this machine that takes every e-mail and keeps its facts."""

import email
import email.policy
import socketserver
import threading


class SmtpSink:
    """Takes e-mails until it is left.

    :param on_message: called with the number of the e-mail after it was taken, and
        before the sender is told so
    """

    def __init__(self, on_message=None):
        self.messages = []
        self._lock = threading.Lock()
        self.on_message = on_message or (lambda _number: None)
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                sink._talk(self.rfile, self.wfile)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self._server.shutdown()
        self._server.server_close()

    @property
    def subjects(self):
        return [str(message["Subject"]) for message in self.messages]

    def _talk(self, reader, writer):
        def say(text):
            writer.write(f"{text}\r\n".encode())

        say("220 sink")
        while line := reader.readline():
            word = line[:4].decode(errors="replace").upper()
            if word == "DATA":
                say("354 go on")
                self._take(reader)
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _take(self, reader):
        lines = []
        while (line := reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        with self._lock:
            self.messages.append(message)
            number = len(self.messages)
        self.on_message(number)
