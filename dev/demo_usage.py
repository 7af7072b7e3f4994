"""Makes the demo's file of usage: what three tenants used in October 2026, per hour.

The numbers are drawn from a fixed seed, so the same file comes out every time:
`python -m dev.demo_usage`.
"""

import gzip
import json
import math
import random
from datetime import datetime, timedelta, timezone

from .paths import ROOT

FILE = ROOT / "bitpaket_billing/demo/usage_2026-10.ndjson.gz"
START = datetime(2026, 10, 1, tzinfo=timezone.utc)
HOURS = 31 * 24
GIB = 1024**3

#: Per tenant: GiB stored at the start, GiB added an hour, class A and class B requests
#: of a busy hour, GiB sent and received in a busy hour.
TENANTS = {
    "kestrel-robotics": (38_000, 9.5, 2_600, 61_000, 2.4, 9.8),
    "lumen-fjord": (61_500, 21.0, 900, 410_000, 11.5, 21.4),
    "okapi-health": (4_200, 1.1, 14_500, 88_000, 0.35, 1.3),
}


def rows():
    """Yield the rows of the file, hour by hour."""
    chance = random.Random(20261001)
    stored = {tenant: facts[0] * GIB for tenant, facts in TENANTS.items()}
    for hour in range(HOURS):
        moment = START + timedelta(hours=hour)
        for tenant, (_start, grown, puts, gets, sent, received) in TENANTS.items():
            busy = _busyness(moment) * chance.uniform(0.85, 1.15)
            stored[tenant] += int(grown * GIB * busy)
            quantities = {
                "requests_a": int(puts * busy),
                "requests_b": int(gets * busy),
                "storage": stored[tenant],  # bytes kept for one hour: byte-hours
                "transfer_out": int(sent * GIB * busy),
                "transfer_in": int(received * GIB * busy),
            }
            for meter, quantity in quantities.items():
                yield {
                    "id": f"{tenant}/{meter}/{moment:%Y-%m-%dT%H}",
                    "source": "metering.eu-1",
                    "account": tenant,
                    "meter": meter,
                    "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "quantity": quantity,
                }


def _busyness(moment):
    """Return how busy an hour is: office hours more, weekends less."""
    day = 1.0 if moment.weekday() < 5 else 0.45
    return day * (1 + 0.6 * math.sin((moment.hour - 8) / 24 * 2 * math.pi))


def main():
    """Write the file."""
    lines = "".join(json.dumps(row) + "\n" for row in rows())
    FILE.write_bytes(gzip.compress(lines.encode(), mtime=0))
    print(f"{FILE.name}: {lines.count(chr(10)):,} rows")


if __name__ == "__main__":
    main()
