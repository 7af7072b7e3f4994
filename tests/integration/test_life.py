"""Fourteen months of two hundred accounts, through the scheduled jobs."""

import os

from ..processes import Scratch

ACCOUNTS = os.environ.get("LIFE_ACCOUNTS", "200")
MONTHS = os.environ.get("LIFE_MONTHS", "14")


def test_life():
    """Whatever customers and finance do, no promise is broken.

    `LIFE_SEED` makes another life, `LIFE_ACCOUNTS` and `LIFE_MONTHS` a shorter one; the
    months are checked one by one as it goes.
    """
    seed = os.environ.get("LIFE_SEED", "457336")
    print(f"a life by chance: LIFE_SEED={seed}")
    with Scratch("life") as scratch:
        done = scratch.run("tests.integration.life_inside", seed, ACCOUNTS, MONTHS)
    print(done)
    for deed in ("start", "upgrade", "downgrade", "cancel", "pause", "resume"):
        assert done.get(f"change {deed}"), f"no {deed} in this life"
    assert done["failed"], "nothing failed in this life"
