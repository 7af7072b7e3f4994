"""Exports of the books: entries per second of each format, and their memory."""

import json

from ..console import step
from ..paths import LOGS, ROOT

FORMATS = ("beancount", "datev", "hledger", "ledger", "pack", "profile")
FEW, MANY = 10_000, 100_000
#: Entries per second that each format must reach.
PROMISED = 100


def each_format(server):
    """Measure every format with ten thousand entries, and one with ten times as many.

    An entry has six lines. The memory is the most that the process had.
    """
    from . import compare

    with step("… ten thousand entries, by each format"):
        _inside(server, "fill", str(FEW))
        few = {name: _inside(server, "export", name) for name in FORMATS}
    with step("… a hundred thousand entries"):
        _inside(server, "fill", str(MANY))
        many = _inside(server, "export", "datev")
    rows = {
        f"export-{name}": compare(
            FEW / told["seconds"], PROMISED, "entries/s", at_least=1
        )
        for name, told in few.items()
    }
    rows["export-memory"] = compare(
        many["megabytes"], few["datev"]["megabytes"], "MB", at_most=1.3
    )
    return rows


def _inside(server, *arguments):
    output = server.run(
        "dev.bench.export_inside",
        *arguments,
        problem=f"The benchmark's step {' '.join(arguments)} failed",
        log=LOGS / f"bench-export-{'-'.join(arguments)}.log",
        cwd=ROOT,
    )
    return json.loads(output.splitlines()[-1])
