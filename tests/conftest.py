"""Makes the addon importable as `odoo.addons.bitpaket_billing` everywhere."""

from pathlib import Path

try:
    import odoo.addons
except ImportError:  # the pure tests run without Odoo
    pass
else:
    root = str(Path(__file__).resolve().parent.parent)
    if root not in odoo.addons.__path__:
        odoo.addons.__path__.append(root)
