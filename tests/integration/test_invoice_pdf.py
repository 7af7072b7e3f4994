"""The invoice as the customer prints it: the invoice itself and its usage annex."""

import re
import subprocess
import tempfile
from unittest.mock import patch

from odoo.fields import Command, Date
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.base.models import ir_actions_report

from ..common import GIB, BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestInvoicePdf(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-09-01")
        cls.report(cls.account, "requests_a", "2026-09-10", 1_000_000)
        cls.close(cls.account, "2026-10-01")
        cls.report_month(cls.account, "2026-10")
        cls.report(cls.account, "requests_b", "2026-10-10", 41_383_212)
        cls.invoice = cls.close(cls.account).move_id

    def read(self, move):
        """Return the pages of a document's PDF, as text."""
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)
        content, _kind = report._render_qweb_pdf("account.account_invoices", move.ids)
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(content)
            file.flush()
            text = subprocess.run(
                ["pdftotext", "-layout", file.name, "-"],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        pages = [re.sub(r"[ \xa0]+", " ", page) for page in text.split("\f")]
        return [page for page in pages if page.strip()]

    def test_the_annex_shows_every_meter(self):
        first, annex = self.read(self.invoice)
        self.assertIn(f"Invoice {self.invoice.name}", first)
        self.assertNotIn("Proforma", first)
        self.assertIn(self.invoice.name, annex)
        self.assertIn("Acme (acme)", annex)
        for name, *cells in (
            ("Class A requests", "1,700,000 requests", "0.005 per 1,000", "8.50"),
            ("Class B requests", "41,383,212 requests", "0.0004 per 1,000", "16.55"),
            ("Storage", "500 GiB-months", "0.023", "11.50"),
            ("Transfer out to the internet, free", "100 GiB", "Free", "0.00"),
            ("Transfer out to the internet", "100 GiB", "0.09", "9.00"),
        ):
            quantity, price, amount = cells
            self.assertRegex(
                annex,
                rf"{name}.* October 2026 {quantity} {price}.* \$ {amount}\n",
            )

    def test_the_customers_address_and_order_number(self):
        self.account._change_details(
            {
                "name": "Acme Robotics Holding",
                "street": "12 Bishop Road",
                "city": "Oslo",
                "country_id": self.env.ref("base.no").id,
            },
            tax_id="",
            emails="",
            purchase_order="PO-2026-17",
        )
        self.report(self.account, "requests_a", "2026-11-03", 1_000_000)
        with freeze_time("2026-12-01"):
            later = self.close(self.account, "2026-12-01").move_id
        first = self.read(later)[0]
        for text in ("Acme Robotics Holding", "12 Bishop Road", "Oslo", "PO-2026-17"):
            self.assertIn(text, first)
        self.assertIn("Purchase order", first)
        self.assertNotIn("Acme, Acme", first)
        self.assertNotIn("PO-2026-17", self.read(self.invoice)[0])

    def test_subtotals_add_up_to_the_invoice(self):
        first, annex = self.read(self.invoice)
        self.assertEqual(
            re.findall(r"Subtotal \$ ([\d.]+)", annex), ["25.05", "11.50", "9.00"]
        )
        self.assertIn("Total usage $ 45.55", annex)
        self.assertIn("Total $ 45.55", first)
        self.assertEqual(self.invoice.amount_untaxed, 45.55)

    def test_the_invoice_shows_amounts_without_one_times(self):
        first, _annex = self.read(self.invoice)
        self.assertNotIn("Unit Price", first)
        self.assertIn("Storage, October 2026: 500 GiB-months $ 11.50", first)

    def test_who_sells(self):
        first, _annex = self.read(self.invoice)
        self.assertIn("Nimbus Storage Inc.", first)
        self.assertIn("Sold by FastSpring as merchant of record", first)

    def test_late_usage_is_marked(self):
        self.report(self.account, "transfer_out", "2026-10-20", 40 * GIB)
        self.env["bitpaket.statement"].search([]).usage_seen_at = "2026-11-01"
        with freeze_time("2026-12-23"):
            move = self.close(self.account, "2026-12-01").move_id
            annex = self.read(move)[1]
        self.assertRegex(
            annex, r"Transfer out to the internet, late usage of\s+October 2026"
        )
        self.assertIn("Reported after that period was invoiced", annex)
        self.assertIn("40 GiB – $ 3.60", annex)
        self.assertIn("Total usage $ 3.60", annex)

    def test_other_invoices_are_left_alone(self):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.account.partner_id.id,
                "invoice_date": Date.today(),
                "invoice_line_ids": [
                    Command.create({"name": "Advice", "price_unit": 50, "quantity": 2})
                ],
            }
        )
        move.action_post()
        content, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", move.ids
        )
        self.assertIn(b"Unit Price", content)
        self.assertNotIn(b"Usage in detail", content)

    def test_no_second_letterhead_where_pages_have_headers(self):
        report = self.env["ir.actions.report"]._get_report("account.account_invoices")
        for patched in (True, False):
            info = ir_actions_report._wkhtml()._replace(is_patched_qt=patched)
            with patch.object(ir_actions_report, "_wkhtml", lambda info=info: info):
                context = report._get_rendering_context(
                    report, self.invoice.ids, {"report_type": "pdf"}
                )
            self.assertEqual("unpatched_qt" in context, not patched)

    def test_a_coupon_is_a_line_of_its_own(self):
        coupon = self.env["bitpaket.coupon"].create(
            {
                "name": "Spring",
                "percent": 20,
                "company_id": self.company.id,
                "meter_ids": [Command.link(self.meter("storage").id)],
            }
        )
        account = self.make_account("rival", date_start="2026-10-01")
        self.report_month(account)
        coupon._redeem(account)
        invoice = self.close(account).move_id
        first, annex = self.read(invoice)
        self.assertRegex(first, r"Coupon Spring: Storage.* \$ -\u200b?2.30")
        self.assertRegex(annex, r"Coupons\n")
        self.assertRegex(annex, r"Coupon Spring: Storage .*2026 .* -\u200b?2.30")
        self.assertIn("20 % off Storage, once", annex)
        self.assertIn("Total usage $ 26.70", annex)
        self.assertEqual(invoice.amount_untaxed, 26.7)

    def test_the_customer_downloads_it(self):
        user = self.make_portal_user(self.account)
        self.authenticate(user.login, user.login)
        response = self.url_open(
            f"/my/invoices/{self.invoice.id}?report_type=pdf&download=true"
        )
        self.assertEqual(response.headers["Content-Type"], "application/pdf")

    def test_an_accountant_without_billing_rights_prints_it(self):
        user = self.env["res.users"].create(
            {
                "name": "Paul",
                "login": "paul",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [
                    Command.set(self.env.ref("account.group_account_invoice").ids)
                ],
            }
        )
        self.assertEqual(len(self.read(self.invoice.with_user(user))), 2)
