"""Usage invoices reach the customer, once, in the customer's language."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestSending(BillingMixin, MockEmail, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.company.email = "billing@nimbus.example.com"
        cls.account = cls.make_account("acme", date_start="2026-10-01")

    def billed(self, account=None):
        account = account or self.account
        self.report_month(account)
        return self.close(account)

    def run_jobs(self):
        """Run Odoo's jobs that send what waits."""
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
            self.env.ref("mail.ir_cron_mail_scheduler_action").method_direct_trigger()
        self.env.invalidate_all()

    def send(self):
        with (
            self.mock_mail_gateway(),
            patch.object(
                type(self.env["ir.mail_server"]), "_disable_send", lambda *_args: False
            ),
        ):
            self.run_jobs()
        return self._mails

    def test_the_close_leaves_the_invoice_to_odoos_job(self):
        statement = self.billed()
        move = statement.move_id
        self.assertTrue(move.is_being_sent)
        self.assertEqual(move.bitpaket_send_state, "waiting")
        self.assertEqual(statement.state, "invoiced")
        (mail,) = self.send()
        self.assertEqual(move.bitpaket_send_state, "sent")
        self.assertEqual(statement.state, "sent")
        self.assertFalse(move.is_being_sent)
        self.assertIn("billing@acme.example.com", mail["email_to"][0])
        self.assertEqual(
            mail["subject"],
            f"Invoice {move.name} · October 2026 · Nimbus Storage Inc.",
        )
        for text in ("29.00", "October 2026", f"/my/billing/{self.account.id}"):
            self.assertIn(text, mail["body"])
        (attachment,) = mail["attachments"]
        self.assertIn("USAGE", attachment[0])
        self.assertFalse(self.send())

    def test_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("bitpaket_billing.mail_template_usage_invoice")
        template.with_context(lang="fr_FR").subject = "Facture {{ object.name }}"
        self.account.partner_id.lang = "fr_FR"
        move = self.billed().move_id
        (mail,) = self.send()
        self.assertEqual(mail["subject"], f"Facture {move.name}")

    def test_to_the_invoice_address(self):
        self.env["res.partner"].create(
            {
                "name": "Accounts payable",
                "type": "invoice",
                "parent_id": self.account.partner_id.id,
                "email": "payables@acme.example.com",
            }
        )
        self.billed()
        (mail,) = self.send()
        self.assertIn("payables@acme.example.com", mail["email_to"][0])

    def test_to_the_addresses_that_the_customer_gave(self):
        self.account.partner_id.email = False
        self.account.invoice_emails = "ap@acme.example.com; boss@acme.example.com"
        self.assertNotIn("email", self.account._missing_contact_data())
        statement = self.billed()
        self.assertEqual(statement.move_id.bitpaket_send_state, "waiting")
        mails = self.send()
        sent_to = sorted(address for mail in mails for address in mail["email_to"])
        self.assertEqual(len(sent_to), 2)
        self.assertIn("ap@acme.example.com", sent_to[0])
        self.assertIn("boss@acme.example.com", sent_to[1])
        self.assertEqual(statement.state, "sent")

    def test_in_the_language_of_the_accounts_own_address(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("bitpaket_billing.mail_template_usage_invoice")
        template.with_context(lang="fr_FR").subject = "Facture {{ object.name }}"
        self.meter("storage").with_context(lang="fr_FR").name = "Stockage"
        self.account._change_details(
            {"name": "Acme SAS", "city": "Lyon", "lang": "fr_FR"},
            tax_id="",
            emails="AP@acme.example.com",
            purchase_order="",
        )
        statement = self.billed()
        (mail,) = self.send()
        self.assertEqual(mail["subject"], f"Facture {statement.move_id.name}")
        self.assertEqual(self.account.invoice_emails, "ap@acme.example.com")
        self.assertIn("Stockage", " ".join(statement.line_ids.mapped("name")))

    def test_without_address_it_is_listed_and_not_failed(self):
        self.account.partner_id.email = False
        statement = self.billed()
        move = statement.move_id
        self.assertEqual(move.bitpaket_send_state, "missing")
        self.assertEqual(statement.state, "invoiced")
        self.assertFalse(self.send())
        with self.assertRaisesRegex(UserError, "Acme"):
            move.action_bitpaket_send()
        self.account.partner_id.email = "new@acme.example.com"
        move.action_bitpaket_send()
        self.assertEqual(len(self.send()), 1)
        self.assertEqual(statement.state, "sent")

    def test_company_that_sends_by_hand(self):
        self.company.bitpaket_send_invoices = False
        move = self.billed().move_id
        self.assertFalse(move.bitpaket_send_state)
        self.assertFalse(self.send())
        move.is_move_sent = True
        self.assertEqual(move.bitpaket_statement_id.state, "sent")

    def test_credit_notes_are_sent_too(self):
        statement = self.billed()
        self.send()
        note = statement._correct(
            {line: line._left() for line in statement.line_ids}, "Outage"
        )
        (mail,) = self.send()
        self.assertIn("Credit Note", mail["subject"])
        self.assertIn("credited", mail["body"])
        self.assertEqual(note.bitpaket_send_state, "sent")

    def test_failed_is_listed_and_sent_again(self):
        statements = self.billed() | self.billed(
            self.make_account("second", date_start="2026-10-01")
        )
        moves = statements.move_id
        with (
            patch.object(
                type(self.env["ir.mail_server"]),
                "_connect__",
                side_effect=ConnectionRefusedError("nobody there"),
            ),
            patch.object(
                type(self.env["ir.mail_server"]), "_disable_send", lambda *_a: False
            ),
        ):
            self.run_jobs()
        self.assertEqual(set(moves.mapped("bitpaket_send_state")), {"failed"})
        self.assertEqual(set(statements.mapped("state")), {"invoiced"})
        self.assertIn("Connection failed", moves[0].bitpaket_send_problem)
        activities = self.company.bitpaket_journal_id.activity_ids
        self.assertEqual(len(activities), 1)
        self.assertFalse(self.send(), "nothing is sent again by itself")
        moves.action_bitpaket_send()
        self.assertEqual(len(self.send()), 2)
        self.assertEqual(set(moves.mapped("bitpaket_send_state")), {"sent"})
        self.assertEqual(set(statements.mapped("state")), {"sent"})
        self.assertFalse(moves[0].bitpaket_send_problem)
        self.assertFalse(
            self.company.bitpaket_journal_id.activity_ids,
            "nobody is reminded of what has arrived",
        )

    def test_one_bad_invoice_does_not_hold_up_the_others(self):
        statements = self.billed() | self.billed(
            self.make_account("second", date_start="2026-10-01")
        )
        bad, good = statements.move_id
        original = type(self.env["account.move.send"])._prepare_invoice_pdf_report

        def prepare(model, moves_data):
            if bad in moves_data:
                raise ValueError("no such font")
            return original(model, moves_data)

        with (
            patch.object(
                type(self.env["account.move.send"]),
                "_prepare_invoice_pdf_report",
                prepare,
            ),
            mute_logger("odoo.addons.bitpaket_billing.models.account_move_send"),
        ):
            mails = self.send()
        self.assertEqual(len(mails), 1)
        self.assertEqual(bad.bitpaket_send_state, "failed")
        self.assertIn("no such font", bad.bitpaket_send_problem)
        self.assertFalse(bad.is_being_sent)
        self.assertEqual(good.bitpaket_send_state, "sent")

    def test_bounced(self):
        statement = self.billed()
        self.send()
        statement.move_id._message_receive_bounce(
            "billing@acme.example.com", self.account.partner_id
        )
        self.assertEqual(statement.move_id.bitpaket_send_state, "failed")
        self.assertEqual(statement.state, "invoiced")
        self.assertIn("came back", statement.move_id.bitpaket_send_problem)

    def test_other_invoices_are_left_alone(self):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.account.partner_id.id,
                "invoice_line_ids": [
                    (0, 0, {"name": "Advice", "price_unit": 10, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        self.assertFalse(move.bitpaket_send_state)
        self.assertEqual(
            move._get_mail_template(),
            self.env.ref("account.email_template_edi_invoice"),
        )
