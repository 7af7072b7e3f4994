from odoo.tests import TransactionCase, tagged

from ..fastspring_common import FastSpringMixin


@tagged("standard", "post_install", "-at_install")
class TestFastSpringProvider(FastSpringMixin, TransactionCase):
    def test_enable(self):
        print(self.provider.journal_id.name, self.provider.journal_id.code)
