"""What the commands print: steps, progress, and errors that say what to do."""

import os
import subprocess
import sys
import threading
import time

COLOUR = sys.stderr.isatty() and "NO_COLOR" not in os.environ


class Problem(Exception):
    """Something the person at the keyboard has to mend.

    :param str message: what is wrong, one line
    :param str hint: what to do about it
    """

    def __init__(self, message, hint=""):
        super().__init__(message)
        self.hint = hint


def paint(text, code):
    """Return `text` in the ANSI colour `code` where the terminal shows colours."""
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def say(text=""):
    """Print a line for the person watching (standard error keeps stdout clean)."""
    print(text, file=sys.stderr, flush=True)


class step:
    """Show one step of the work, that it still runs, and how long it took.

    :param str title: what is being done
    """

    def __init__(self, title):
        self.title = title
        self._done = threading.Event()

    def __enter__(self):
        self.started = time.monotonic()
        say(f"{paint('•', 36)} {self.title} …")
        threading.Thread(target=self._keep_alive, daemon=True).start()
        return self

    def __exit__(self, kind, *_exc):
        self._done.set()
        seconds = time.monotonic() - self.started
        if kind is None:
            say(f"{paint('✓', 32)} {self.title} ({seconds:.1f} s)")
        else:
            say(f"{paint('✗', 31)} {self.title} (after {seconds:.1f} s)")

    def _keep_alive(self):
        while not self._done.wait(20):
            say(f"  … still at it: {time.monotonic() - self.started:.0f} s")


def call(command, *, problem, hint="", log=None, **kwargs):
    """Run a command quietly; show the end of what it said only when it fails.

    :param list command: program and arguments
    :param str problem: what to tell when it fails
    :param str hint: what to do then
    :param Path log: file that keeps the whole output
    :return: what it printed
    :rtype: str
    :raise Problem: when the command cannot start or ends with an error
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=False,
            **kwargs,
        )
    except OSError as error:
        raise Problem(f"{problem}: {error}", hint) from error
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
    if done.returncode:
        tail = "\n".join("    " + line for line in done.stdout.splitlines()[-15:])
        more = f"\n  Full log: {log}" if log else ""
        raise Problem(f"{problem}\n{tail}", _explain(done.stdout, hint) + more)
    return done.stdout


def _explain(output, hint):
    """Recognise the usual outside causes, and say what to do about them."""
    low = output.lower()
    if "no space left" in low or "disk full" in low:
        return "The disk is full: free some space and run the same command again."
    if any(
        word in low
        for word in (
            "could not resolve",
            "temporary failure",
            "failed to establish a new connection",
            "network is unreachable",
            "connection timed out",
            "could not connect",
        )
    ):
        return (
            "The network does not answer: check the connection or the proxy settings "
            "and run the same command again; what was downloaded is kept."
        )
    return hint or "Run the same command again; finished steps are not repeated."
