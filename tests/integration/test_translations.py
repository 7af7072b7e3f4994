"""The list of translatable texts is generated, and up to date."""

from io import BytesIO
from pathlib import Path

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import trans_export

ADDON = Path(__file__).resolve().parents[2] / "bitpaket_billing"


@tagged("standard", "post_install", "-at_install")
class TestTranslations(TransactionCase):
    def test_template_is_up_to_date(self):
        buffer = BytesIO()
        self.assertTrue(
            trans_export(None, ["bitpaket_billing"], buffer, "po", self.env)
        )
        now = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        kept = polib.pofile(str(ADDON / "i18n/bitpaket_billing.pot"))
        written = {entry.msgid for entry in kept}
        self.assertEqual(written, now, "run: make pot")
