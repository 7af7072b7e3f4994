"""The control plane asks whether an account may keep running."""

from urllib.parse import quote

from odoo.tests import HttpCase, tagged

from ..common import BillingMixin

API = "/bitpaket/v1"


@tagged("standard", "post_install", "-at_install")
class TestControlPlane(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme")
        cls.key = cls.make_key(cls.make_reporter(cls.company))

    def ask(self, reference="acme", key=None):
        answer = self.opener.get(
            f"{self.base_url()}{API}/accounts/{quote(reference, safe='')}",
            headers={"Authorization": f"Bearer {key or self.key}"},
        )
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        return answer

    def test_an_account_that_runs(self):
        answer = self.ask()
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(
            answer.json(),
            {
                "account": "acme",
                "state": "active",
                "may_run": True,
                "reasons": [],
                "cap": None,
            },
        )

    def test_a_hard_cap_that_is_reached_and_lifted(self):
        self.report_month(self.account, f"{self.account._running_period().start:%Y-%m}")
        budget = self.env["bitpaket.budget"].create(
            {
                "account_id": self.account.id,
                "name": "Monthly",
                "amount": 5,
                "hard_cap": True,
            }
        )
        content = self.ask().json()
        self.assertFalse(content["may_run"])
        self.assertEqual(
            content["reasons"],
            [{"code": "budget_cap", "message": "The customer's hard cap is reached."}],
        )
        self.assertEqual(content["cap"]["limit"], "5.00")
        self.assertEqual(
            content["cap"]["until"], str(self.account._running_period().end)
        )
        budget.amount = 5000
        self.assertTrue(self.ask().json()["may_run"])

    def test_an_interrupted_account(self):
        self.account.state = "suspended"
        content = self.ask().json()
        self.assertEqual(content["state"], "suspended")
        self.assertEqual([one["code"] for one in content["reasons"]], ["suspended"])

    def test_references(self):
        odd = self.make_account("eu/west ü", book=self.account.price_book_id)
        self.assertEqual(self.ask(odd.reference).json()["account"], odd.reference)
        odd.active = False
        self.assertEqual(self.ask(odd.reference).status_code, 200)
        for reference in ("nobody", "acme\0", "Acme", "/usage"):
            answer = self.ask(reference)
            self.assertEqual(answer.status_code, 404)
            self.assertEqual(answer.json()["error"]["code"], "unknown_account")

    def test_who_may_ask(self):
        other = self.env["res.company"].create({"name": "Other Storage Ltd"})
        stranger = self.make_key(self.make_reporter(other, "stranger"))
        self.assertEqual(self.ask(key=stranger).status_code, 404)
        monitor = self.make_key(self.env.user, "bitpaket.monitor")
        for key in ("wrong", monitor):
            self.assertEqual(self.ask(key=key).status_code, 401)
        answer = self.url_open(f"{API}/accounts/acme")
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["error"]["code"], "missing_key")
        answer = self.url_open(f"{API}/accounts/acme", data={"state": "active"})
        self.assertEqual(answer.status_code, 405)
