"""The payment provider: set-up, journal, what is missing, what it calls."""

import logging
from unittest.mock import patch

import requests

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.bitpaket_billing.fastspring.errors import NoAnswer
from odoo.addons.bitpaket_billing.models import payment_provider

from ..fastspring_common import SECRET, FastSpringMixin

LOGGER = payment_provider._logger.name


@tagged("standard", "post_install", "-at_install")
class TestFastSpringProvider(FastSpringMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.other_company = cls.make_company("Other Storage Inc.")
        cls.env = env

    # === Set-up === #

    def test_provider_is_installed_with_methods_and_redirect_form(self):
        provider = self.env.ref("bitpaket_billing.payment_provider_fastspring")
        self.assertEqual(provider.code, "fastspring")
        self.assertEqual(
            set(
                provider.with_context(active_test=False).payment_method_ids.mapped(
                    "code"
                )
            ),
            {"card", "paypal", "bank_transfer"},
        )
        self.assertEqual(
            provider.redirect_form_view_id,
            self.env.ref("bitpaket_billing.fastspring_redirect_form"),
        )
        self.assertEqual(
            self.env["account.payment.method"].search_count(
                [("code", "=", "fastspring")]
            ),
            1,
        )

    def test_enabling_switches_methods_on(self):
        codes = self.provider.payment_method_ids.mapped("code")
        self.assertEqual(set(codes), {"card", "paypal", "bank_transfer"})

    def test_each_provider_has_a_secret_of_its_own(self):
        copies = self.provider.copy() | self.provider.copy()
        first, second = copies.mapped("fastspring_webhook_secret")
        self.assertNotIn(SECRET, (first, second))
        self.assertNotEqual(first, second)
        self.assertGreaterEqual(len(first), 32)

    def test_emptied_secret_is_replaced(self):
        self.provider.fastspring_webhook_secret = False
        self.assertTrue(self.provider.fastspring_webhook_secret)
        self.assertNotEqual(self.provider.fastspring_webhook_secret, SECRET)

    def test_credentials_are_needed_once_enabled(self):
        provider = self.provider.copy()
        with self.assertRaisesRegex(ValidationError, "API password"):
            provider.state = "test"

    def test_only_what_fastspring_takes(self):
        names = self.provider.available_currency_ids.mapped("name")
        self.assertIn("USD", names)
        self.assertIn("JPY", names)
        self.assertNotIn("XAF", names)

    def test_reset_forgets_every_secret(self):
        self.provider.action_reset_credentials()
        self.assertEqual(self.provider.state, "disabled")
        self.assertFalse(self.provider.fastspring_username)
        self.assertFalse(self.provider.fastspring_password)
        self.assertNotEqual(self.provider.fastspring_webhook_secret, SECRET)

    def test_neutralize_disarms(self):
        self.env.flush_all()
        with file_open("bitpaket_billing/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.provider.state, "disabled")
        self.assertFalse(self.provider.is_published)
        self.assertFalse(self.provider.fastspring_username)
        self.assertFalse(self.provider.fastspring_password)
        self.assertFalse(self.provider.fastspring_webhook_secret)

    def test_uninstall_leaves_a_disabled_provider(self):
        self.env["payment.provider"]._remove_provider("fastspring")
        self.assertEqual(
            (self.provider.code, self.provider.state), ("none", "disabled")
        )
        self.assertFalse(self.provider.redirect_form_view_id)

    # === Journal === #

    def test_money_has_a_journal_of_its_own(self):
        journal = self.provider.journal_id
        self.assertEqual(
            (journal.name, journal.code, journal.type), ("FastSpring", "FASTS", "bank")
        )
        self.assertEqual(journal.company_id, self.company)
        line = journal.inbound_payment_method_line_ids.filtered("payment_provider_id")
        self.assertEqual(line.payment_provider_id, self.provider)
        self.assertEqual(line.payment_account_id, journal.default_account_id)

    def test_journal_is_made_once(self):
        journal = self.provider.journal_id
        self.provider.state = "disabled"
        self.provider.state = "test"
        self.assertEqual(self.provider.journal_id, journal)
        self.assertEqual(
            self.env["account.journal"].search_count(
                [("code", "=", "FASTS"), ("company_id", "=", self.company.id)]
            ),
            1,
        )

    def test_chosen_journal_is_kept(self):
        bank = self.env["account.journal"].create(
            {"name": "Clearing", "code": "CLEAR", "type": "bank"}
        )
        self.provider.journal_id = bank
        self.provider.state = "disabled"
        self.provider.state = "test"
        self.assertEqual(self.provider.journal_id, bank)

    def test_every_company_has_its_own_journal(self):
        first = self.provider.journal_id
        other = self.make_provider(self.other_company)
        self.assertEqual(other.journal_id.code, "FASTS")
        self.assertNotEqual(other.journal_id, first)

    def test_second_store_of_a_company_has_its_own_journal(self):
        first = self.provider.journal_id
        second = self.make_provider(self.company, name="Second store")
        self.assertEqual(second.journal_id.name, "Second store")
        self.assertNotEqual(second.journal_id, first)
        self.assertEqual(self.provider.journal_id, first)

    def test_company_without_chart_of_accounts(self):
        company = self.env["res.company"].create({"name": "No Books Inc."})
        provider = self.make_provider(company)
        self.assertFalse(provider.journal_id)
        self.assertIn(
            "Choose a chart of accounts for No Books Inc.", provider.fastspring_missing
        )

    # === Checks and words === #

    def test_simulator_is_for_the_test_mode_only(self):
        self.provider.fastspring_test_api_url = "http://127.0.0.1:1"
        with self.assertRaisesRegex(ValidationError, "uses a simulator"):
            self.provider.state = "enabled"

    def test_simulator_is_not_used_in_live_mode(self):
        self.assertEqual(
            self.provider._build_request_url("/orders/1"),
            "https://api.fastspring.com/orders/1",
        )
        self.provider.fastspring_test_api_url = "http://127.0.0.1:1/"
        self.assertEqual(
            self.provider._build_request_url("/orders/1"), "http://127.0.0.1:1/orders/1"
        )
        self.provider.state = "disabled"
        self.assertEqual(
            self.provider._build_request_url("/orders/1"),
            "https://api.fastspring.com/orders/1",
        )

    def test_names_are_not_addresses(self):
        for field in ("fastspring_store", "fastspring_checkout"):
            for value in ("https://mystore.onfastspring.com", "a/b", "my store", "é"):
                with (
                    self.subTest(field=field, value=value),
                    self.assertRaisesRegex(ValidationError, "is not a name"),
                ):
                    self.provider[field] = value

    def test_what_is_missing_is_said(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "http://odoo.example")
        provider = self.provider.copy({"fastspring_checkout": False})
        self.assertEqual(
            provider.fastspring_missing.splitlines(),
            [
                "Enter the Store.",
                "Enter the Checkout.",
                "Enter the API username.",
                "Enter the API password.",
                "FastSpring must reach this Odoo over https, but its address is "
                "http://odoo.example.",
                "Choose the test mode, or enable it for real payments.",
            ],
        )
        self.env["ir.config_parameter"].set_param(
            "web.base.url", "https://odoo.example"
        )
        self.provider.is_published = False
        self.provider.invalidate_recordset()
        self.assertEqual(
            self.provider.fastspring_missing.splitlines(),
            [
                "Publish it, or customers will not see it.",
                "Test the connection.",
                "Add the webhook at FastSpring, and make a test order: no webhook was "
                "received yet.",
            ],
        )
        self.provider.is_published = True
        self.provider.fastspring_connected = fields.Datetime.now()
        self.receive(self.make_event("account.created", {"id": "a"}))
        self.provider.invalidate_recordset()
        self.assertFalse(self.provider.fastspring_missing)

    def test_webhook_address(self):
        self.assertEqual(
            self.provider.fastspring_webhook_url,
            f"{self.provider.get_base_url()}/payment/fastspring/webhook/"
            f"{self.provider.id}",
        )

    def test_connection_test_needs_credentials(self):
        with self.assertRaisesRegex(UserError, "Enter the API username."):
            self.provider.copy().action_fastspring_test_connection()

    # === Requests === #

    def test_request_says_who_calls(self):
        self.provider.fastspring_password = "pässword"
        with patch.object(requests, "request") as request:
            request.return_value.status_code = 200
            request.return_value.headers = {}
            request.return_value.content = b'{"account": "a"}'
            self.provider._fastspring_get_client().get_account("a")
        _args, options = request.call_args
        self.assertEqual(request.call_args.args[0], "GET")
        self.assertIn("bitpaket_billing (Odoo 19", options["headers"]["User-Agent"])
        self.assertEqual(options["auth"], (b"sim", "pässword".encode()))
        self.assertEqual(options["timeout"], 10)
        self.assertFalse(options["allow_redirects"])

    def test_logs_hold_no_secrets_and_no_personal_data(self):
        answer = b'{"account": "a", "contact": {"email": "eva@example.com"}}'
        with (
            patch.object(requests, "request") as request,
            self.assertLogs(LOGGER, logging.INFO) as logs,
        ):
            request.return_value.status_code = 200
            request.return_value.headers = {}
            request.return_value.content = answer
            self.provider._fastspring_get_client().get_account("a")
        self.assertEqual(logs.output, [f"INFO:{LOGGER}:GET /accounts/a: HTTP 200"])

    @mute_logger(LOGGER)
    def test_no_answer(self):
        with (
            patch.object(requests, "request", side_effect=requests.ConnectionError),
            self.assertRaises(NoAnswer),
        ):
            self.provider._fastspring_get_client().get_account("a")
