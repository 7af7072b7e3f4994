"""Make the pure package importable without Odoo, and the payloads readable."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAYLOADS = ROOT / "tests" / "data" / "fastspring_payloads"
# Importing `bitpaket_billing` itself would import Odoo.
sys.path.append(str(ROOT / "bitpaket_billing"))


@pytest.fixture(scope="session")
def body():
    """Return a function that reads the bytes of a payload file."""
    return lambda name: (PAYLOADS / f"{name}.json").read_bytes()


@pytest.fixture(scope="session")
def document(body):
    """Return a function that reads a payload file as the package does."""
    from fastspring import values

    return lambda name: values.loads(body(name))


@pytest.fixture(scope="session")
def data(document):
    """Return a function that reads the data of a payload's last event.

    Some files hold a whole delivery, others the data alone.
    """

    def read(name):
        found = document(name)
        return found["events"][-1]["data"] if "events" in found else found

    return read
