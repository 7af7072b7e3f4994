"""Every answer of the API is as its description says, whatever is sent."""

import subprocess
import sys
from pathlib import Path

from ..processes import ROOT, Scratch

COMMAND = Path(sys.executable).with_name("schemathesis")


def test_every_answer_is_as_described():
    with Scratch("schemathesis") as scratch:
        facts = scratch.run(
            "dev.inside", "prepare", scratch.url, "http://sim", "http://sim", ""
        )
        with scratch.serving():
            done = subprocess.run(
                [
                    COMMAND,
                    "--config-file=tests/http/schemathesis.toml",
                    "--no-color",
                    "run",
                    f"{scratch.url}/bitpaket/v1/openapi.json",
                ],
                cwd=ROOT,
                env={**scratch.environment, "USAGE_KEY": facts["api_key"]},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        (events,) = scratch.query("SELECT COUNT(*) FROM bitpaket_usage_event")[0]
        assert events > 20, "hardly any row was good enough to be stored"
