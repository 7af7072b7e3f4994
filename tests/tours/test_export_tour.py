"""What an accountant does in the browser at the end of the month."""

from odoo.fields import Command, Date
from odoo.tests import HttpCase, tagged

from ..export_common import ExportMixin


@tagged("standard", "post_install", "-at_install")
class TestExportTour(ExportMixin, HttpCase):
    def test_export(self):
        accountant = self.make_user("accountant")
        accountant.write({"login": "tour-accountant", "password": "tour-accountant"})
        payable = self.account("liability_payable")
        self.target.map_all_accounts = True
        self.target.account_map_ids = [
            Command.create({"account_id": payable.id, "code": "1600"})
        ]
        month = Date.subtract(Date.start_of(Date.today(), "month"), months=1)
        self.make_entry(Date.add(month, days=9), 12.5)
        self.start_tour(
            "/odoo/action-bitpaket_billing.bitpaket_export_batch_action",
            "bitpaket_billing_export",
            login="tour-accountant",
        )
        first, again = self.target.batch_ids.sorted("id")
        self.assertEqual((first.state, again.state), ("superseded", "generated"))
        self.assertEqual(again.name, f"{first.name}-R1")
        self.assertEqual(again.reason, "They lost it")
        self.assertEqual((first.user_id, again.user_id), (accountant, accountant))
        self.assertEqual({row[3] for row in self.rows(again)}, {"1600", "4930"})
        self.assertEqual(again.debit, 12.5)
