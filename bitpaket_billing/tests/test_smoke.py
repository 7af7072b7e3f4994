from datetime import datetime, timezone

from odoo import fields
from odoo.tests import TransactionCase, tagged

from .. import intake


@tagged("post_install", "-at_install")
class TestSmoke(TransactionCase):
    """The main job, for Odoo's own test runner; the full suite is in tests/."""

    def test_usage_becomes_an_invoice(self):
        company = self.env.company
        if not company.chart_template:
            self.skipTest("this database has no chart of accounts")
        meter = self.env.ref("bitpaket_billing.meter_requests_a")
        first = fields.Date.subtract(
            fields.Date.start_of(fields.Date.today(), "month"), months=1
        )
        account = self.env["bitpaket.account"].create(
            {
                "name": "Smoke",
                "reference": "smoke-test",
                "partner_id": self.env["res.partner"].create({"name": "Smoke"}).id,
                "date_start": first,
                "price_book_id": self.env["bitpaket.price.book"]
                .create(
                    {
                        "name": "Smoke",
                        "price_ids": [
                            fields.Command.create(
                                {
                                    "meter_id": meter.id,
                                    "date_start": first,
                                    "unit_price": 0.005,
                                    "per": 1000,
                                }
                            )
                        ],
                    }
                )
                .id,
            }
        )
        checked = intake.check_rows(
            [
                {
                    "id": "1",
                    "source": "smoke-test",
                    "account": account.reference,
                    "meter": meter.code,
                    "time": f"{first}T00:00:00Z",
                    "quantity": "2000000",
                }
            ],
            intake.Catalogue(
                accounts={account.reference: intake.Account(account.id, first)},
                meters={meter.code: intake.Meter(meter.id)},
                now=datetime.now(timezone.utc),
            ),
        )
        self.assertFalse(checked.rejected)
        rows = list(checked.good.rows.values())
        self.env["bitpaket.usage.store"]._append(rows)
        statements = self.env["bitpaket.statement"]
        statements._create_due()
        account.statement_ids._invoice_batch()
        invoice = account.statement_ids.move_id
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.amount_untaxed, 10.0)
