"""The commands behind the Makefile: `python3 -m dev COMMAND`."""

import argparse
import json
import os
import subprocess
import sys

from . import bench, conformance, demo, lint, testing, translations
from .console import Problem, paint, say
from .paths import ROOT


def main():
    """Run a command; tell problems in words instead of a traceback."""
    parser = argparse.ArgumentParser(prog="python3 -m dev")
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    try:
        return COMMANDS[options.command](options.arguments) or 0
    except Problem as problem:
        say(f"\n{paint(str(problem), 31)}")
        if problem.hint:
            say(problem.hint)
        return 1
    except OSError as error:
        say(f"\n{paint(f'{error.strerror}: {error.filename or error}', 31)}")
        say("Mend this (is the disk full, a folder not ours?) and run it again.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. Run the same command again to go on.")
        return 130


def _demo():
    ports = (os.environ.get("PORT"), os.environ.get("SIMULATOR_PORT"))
    try:
        port, simulator = int(ports[0] or 8069), int(ports[1] or 8070)
    except ValueError:
        raise Problem(
            "PORT and SIMULATOR_PORT must be numbers.", "Say: make run PORT=8169"
        ) from None
    return demo.Demo(port, simulator)


def _run(arguments):
    _demo().run(once="--once" in arguments)


def _close(arguments):
    return 1 if _demo().close(arguments[0] if arguments else "") else 0


def _info(_arguments):
    print(json.dumps(demo.info()))


def _api_key(_arguments):
    print(_demo().make_key())


def _shell(_arguments):
    one = _demo()
    with one.existing():
        return subprocess.call(
            [str(part) for part in one.server.command("shell", "--no-http")],
            env=one.server.environment,
        )


def _screenshots(_arguments):
    # Runs in the virtual environment, which has the browser's protocol.
    one = _demo()
    command = [one.server.python, "-c", "from dev import screenshots as s; s.take()"]
    return subprocess.call([str(part) for part in command], cwd=ROOT)


def _psql(arguments):
    one = _demo()
    with one.existing():
        return subprocess.call(
            [str(one.postgres.bin / "psql"), *arguments, demo.NAME],
            env={**os.environ, **one.postgres.environment},
        )


COMMANDS = {
    "api-key": _api_key,
    "bench": lambda arguments: bench.run(*arguments[:1]) and 1,
    "clean": lambda _arguments: demo.clean(),
    "close": _close,
    "conformance": conformance.main,
    "info": _info,
    "lint": lambda arguments: lint.run(fix="--fix" in arguments),
    "pot": lambda _arguments: translations.export_template(),
    "psql": _psql,
    "run": _run,
    "screenshots": _screenshots,
    "shell": _shell,
    "stop": lambda _arguments: demo.stop(),
    "test": testing.main,
}

if __name__ == "__main__":
    sys.exit(main())
