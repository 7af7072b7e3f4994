"""The pure tests need neither Odoo nor a database."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def load_registry():
    """Shadow pytest-odoo's fixture of this name, which loads a database."""
    yield
