"""Makes the addon importable as `odoo.addons.bitpaket_billing` everywhere."""

import contextlib
import shutil
from pathlib import Path

try:
    import odoo.addons
except ImportError:  # the pure tests run without Odoo
    pass
else:
    import pytest_odoo

    root = str(Path(__file__).resolve().parent.parent)
    if root not in odoo.addons.__path__:
        odoo.addons.__path__.append(root)

    @contextlib.contextmanager
    def own_filestore(original, database):
        """Give a process that has a database of its own a filestore of its own, too.

        In a shared one, each removes what only the other one's database knows.

        :param str original: name of the database that was copied
        :param str database: name of the process's own
        """
        config = odoo.tools.config
        if original == database:
            yield
            return
        source, copy = (Path(config.filestore(name)) for name in (original, database))
        shutil.rmtree(copy, ignore_errors=True)
        if source.exists():
            shutil.copytree(source, copy)
        try:
            yield
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    pytest_odoo._shared_filestore = own_filestore
