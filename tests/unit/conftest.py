"""The pure tests need neither Odoo nor a database."""

import sys
from pathlib import Path

import pytest

# Importing `bitpaket_billing` itself would import Odoo.
sys.path.append(str(Path(__file__).resolve().parents[2] / "bitpaket_billing"))


@pytest.fixture(scope="session", autouse=True)
def load_registry():
    """Shadow pytest-odoo's fixture of this name, which loads a database."""
    yield
