"""Secrets never leave the provider's form."""

import logging
from unittest.mock import patch

import requests

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from ..fastspring_common import SECRET, FastSpringMixin

SECRETS = (
    "fastspring_username",
    "fastspring_password",
    "fastspring_webhook_secret",
    "fastspring_test_api_url",
)
USER, PASSWORD = "api-user-of-the-store", "api-password-of-the-store"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringSecrets(FastSpringMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.write(
            {"fastspring_username": USER, "fastspring_password": PASSWORD}
        )

    def make_user(self, login, groups):
        return new_test_user(
            self.env,
            login,
            groups=groups,
            company_id=self.company.id,
            company_ids=self.company.ids,
        )

    def users(self):
        """Yield everybody but the administrator."""
        billing = "bitpaket_billing.group_billing_manager"
        for login, groups in {
            "manager": f"base.group_user,{billing},account.group_account_manager",
            "clerk": "base.group_user,account.group_account_invoice",
            "customer": "base.group_portal",
            "anonymous": "base.group_public",
        }.items():
            yield login, self.make_user(f"secrets-{login}", groups)

    def test_nobody_but_the_administrator_reads_them(self):
        for login, user in self.users():
            provider = self.provider.with_user(user)
            for name in SECRETS:
                with self.subTest(login=login, name=name):
                    self.assertNotIn(name, provider.fields_get())
                    for number, attempt in enumerate(self.attempts(provider, name)):
                        with self.subTest(attempt=number):
                            self.assertRefused(attempt)

    def assertRefused(self, attempt):
        try:
            with self.env.cr.savepoint():
                result = attempt()
        except (UserError, KeyError, ValueError):
            return
        self.fail(f"It was not refused: {result}")

    def attempts(self, provider, name):
        """Return ways to learn or change a field."""
        return (
            lambda: provider.read([name]),
            lambda: provider.export_data([name]),
            lambda: provider.search([(name, "=like", "a%")]),
            lambda: provider.search([], order=name),
            lambda: provider.formatted_read_group([], [name], ["__count"]),
            lambda: provider.web_read({name: {}}),
            lambda: provider.mapped(name),
            lambda: provider.write({name: "x"}),
        )

    def test_reading_everything_does_not_read_them(self):
        for login, user in self.users():
            with self.subTest(login=login):
                try:
                    rows = self.provider.with_user(user).read()
                except AccessError:
                    continue
                for secret in (SECRET, USER, PASSWORD):
                    self.assertNotIn(secret, str(rows))

    def test_buttons_are_the_administrators(self):
        for login, user in self.users():
            for name in ("test_connection", "fetch", "new_secret"):
                with self.subTest(login=login, name=name):
                    action = f"action_fastspring_{name}"
                    with self.assertRaises(AccessError):
                        getattr(self.provider.with_user(user), action)()

    def test_the_administrator_replaces_the_webhooks_secret(self):
        self.provider.action_fastspring_new_secret()
        self.assertNotEqual(self.provider.fastspring_webhook_secret, SECRET)
        self.assertGreaterEqual(len(self.provider.fastspring_webhook_secret), 32)

    def test_export_does_not_offer_them(self):
        fields = self.provider.fields_get(SECRETS[:3], ["exportable"])
        self.assertEqual(
            {name: field["exportable"] for name, field in fields.items()},
            dict.fromkeys(SECRETS[:3], False),
        )

    def test_a_copy_has_none_of_them(self):
        twin = self.provider.copy()
        self.assertFalse(twin.fastspring_username)
        self.assertFalse(twin.fastspring_password)
        self.assertNotEqual(twin.fastspring_webhook_secret, SECRET)

    def test_the_form_shows_them_to_administrators_only(self):
        view, _record = self.env["payment.provider"]._get_view(
            self.env.ref("payment.payment_provider_form").id, "form"
        )
        for name in SECRETS:
            (node,) = view.xpath(f"//field[@name='{name}']")
            page = node.xpath("ancestor::page")[0]
            self.assertEqual(page.get("groups"), "base.group_system")
        (password,) = view.xpath("//field[@name='fastspring_password']")
        self.assertEqual(password.get("password"), "True")

    def test_no_message_tracks_them(self):
        before = self.env["mail.message"].search_count([])
        self.provider.fastspring_password = "another"
        self.env.flush_all()
        self.assertEqual(self.env["mail.message"].search_count([]), before)

    def test_no_log_holds_them(self):
        """Not even at the most talkative, whatever goes wrong."""
        order = self.make_order(self.make_transaction(self.make_invoice(29.0)))
        event = self.make_event("order.completed", order)
        body = self.make_body(event)
        path = f"/payment/fastspring/webhook/{self.provider.id}"
        failure = requests.ConnectionError(
            f"https://{USER}:{PASSWORD}@api.fastspring.com"
        )
        with self.assertLogs(None, logging.DEBUG) as logs:
            for headers in (self.sign(body), self.sign(body, "wrong"), {}):
                self.url_open(path, data=body, headers=headers)
            with patch.object(requests, "request", side_effect=failure):
                self.run_cron()
                with self.assertRaises(UserError) as raised:
                    self.provider.action_fastspring_test_connection()
                with self.enter_registry_test_mode():
                    self.provider.action_fastspring_fetch()
        said = "\n".join([*map(str, logs.output), str(raised.exception)])
        said += str(self.events.search([]).mapped("reason"))
        said += str(self.provider.fastspring_no_answer)
        self.assertIn("HTTP", said.upper())
        ours = "\n".join(
            line for line in said.splitlines() if "odoo.sql_db" not in line
        )
        for secret in (SECRET, USER, PASSWORD, self.sign(body)["X-FS-Signature"]):
            self.assertNotIn(secret, ours)
