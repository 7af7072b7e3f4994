"""The rating core alone, on the processor: no database, no Odoo."""

import sys
import time
from datetime import date, timedelta
from decimal import Decimal

from ..paths import ROOT

sys.path.append(str(ROOT / "bitpaket_billing"))

from rating import (
    DailyUsage,
    Meter,
    Period,
    Price,
    StatementRequest,
    Tier,
    rate_statement,
)

ACCOUNTS = 1000
SECONDS = 2
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
GIB = Decimal(1024**3)
METERS = (
    Meter("requests_a", "Class A requests", "requests", "requests"),
    Meter("requests_b", "Class B requests", "requests", "requests"),
    Meter("storage", "Storage", "storage", "GiB-months", "byte_hours", GIB),
    Meter("archive", "Archive", "storage", "GiB-months", "byte_hours", GIB, 720),
    Meter("transfer_out", "Transfer out", "transfer", "GiB", unit_size=GIB),
    Meter("transfer_in", "Transfer in", "transfer", "GiB", unit_size=GIB),
)
TIERS = (
    Tier(Decimal(100), Decimal(0)),
    Tier(Decimal(10240), Decimal("0.09")),
    Tier(None, Decimal("0.07")),
)


def rating(_server):
    """Measure 1,000 accounts with 6 meters from 31 days of usage of each."""
    from . import compare

    prices = [
        Price(meter.code, None, None, "unit", Decimal("0.0004"), Decimal(1000))
        for meter in METERS[:4]
    ]
    prices += [
        Price(meter.code, None, None, "graduated", tiers=TIERS) for meter in METERS[4:]
    ]
    requests = [
        StatementRequest(OCTOBER, 2, METERS, list(_usage(number)), prices)
        for number in range(ACCOUNTS)
    ]
    started = time.process_time()
    for request in requests:
        rate_statement(request)
    return compare(time.process_time() - started, SECONDS, "s", at_most=1)


def _usage(number):
    for position, meter in enumerate(METERS):
        size = 1 if meter.kind == "requests" else GIB * 24
        for day in range(31):
            quantity = Decimal(number * 31 + day * 7 + position) * size
            yield DailyUsage(meter.code, OCTOBER.start + timedelta(days=day), quantity)
