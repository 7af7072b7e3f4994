"""Who gets to what: every route and every file of the addon, for everybody else."""

import base64
import json
import re

from odoo.fields import Command, Date
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..coupon_common import CouponMaker
from ..plan_common import PlanMixin
from .test_portal_members import Members

MODULE = "odoo.addons.bitpaket_billing."
#: What somebody gets who may not have what is there.
LOGIN = "is asked to log in"
AWAY = "is led to the portal's start page"
BACK = "is led to a billing page of their own, if any"
GONE = "is told that there is nothing"
KEY = "is asked for a key"
OWN = "gets a page without a trace of the customer"
DONE = "is told nothing, as a program is"

#: (Anonymous, everybody else who is logged in; with and without an account).
PORTAL = (LOGIN, AWAY)
FILE = (LOGIN, GONE)
FIRST = (LOGIN, OWN, AWAY)
PROGRAM = (KEY, KEY)
PUBLIC = (OWN, OWN)
#: What each route does for those who may not; a new route needs a line here.
ROUTES = {
    "/my/billing": (LOGIN, OWN),
    "/my/billing/<int:account_id>": PORTAL,
    "/my/billing/budgets": (LOGIN, BACK),
    "/my/billing/<int:account_id>/payments": PORTAL,
    "/my/billing/<int:account_id>/payments/page/<int:page>": PORTAL,
    "/my/billing/<int:account_id>/usage": PORTAL,
    "/my/billing/<int:account_id>/usage.<string:extension>": FILE,
    "/my/billing/statements/<int:statement_id>/usage.csv": FILE,
    "/my/billing/<int:account_id>/automatic": PORTAL,
    "/my/billing/<int:account_id>/automatic/start": PORTAL,
    "/my/billing/<int:account_id>/automatic/end": PORTAL,
    "/my/billing/<int:account_id>/budgets": PORTAL,
    "/my/billing/<int:account_id>/budgets/new": PORTAL,
    "/my/billing/<int:account_id>/budgets/<int:budget_id>": PORTAL,
    "/my/billing/<int:account_id>/budgets/<int:budget_id>/delete": PORTAL,
    "/my/billing/<int:account_id>/coupon": PORTAL,
    "/my/billing/<int:account_id>/details": PORTAL,
    "/my/billing/<int:account_id>/logins": PORTAL,
    "/my/billing/<int:account_id>/logins/invite": PORTAL,
    "/my/billing/<int:account_id>/logins/<int:member_id>/remove": PORTAL,
    "/my/billing/plans": FIRST,
    "/my/billing/<int:account_id>/plans": PORTAL,
    "/my/billing/<int:account_id>/plans/change": PORTAL,
    "/my/billing/<int:account_id>/plans/changes/<int:change_id>": PORTAL,
    "/my/billing/contact": FIRST,
    "/my/billing/<int:account_id>/contact": PORTAL,
    "/my/billing/<int:account_id>/pay": PORTAL,
    "/my/billing/<int:account_id>/checkout": (LOGIN, DONE),
    "/my/billing/<int:account_id>/checkout/outcome": (LOGIN, DONE),
    "/my/billing/<int:account_id>/state": (LOGIN, DONE),
    "/my/billing/<int:account_id>/fastspring": PORTAL,
    "/bitpaket/coupons/<int:coupon_id>/codes.csv": FILE,
    "/bitpaket_billing/export/<int:batch_id>": FILE,
    "/bitpaket_billing/export/file/<int:file_id>": FILE,
    "/bitpaket_billing/usage_import/<int:import_id>/refused.csv": FILE,
    "/bitpaket/v1/usage": PROGRAM,
    "/bitpaket/v1/accounts/<bitpaket_reference:reference>": PROGRAM,
    "/bitpaket/v1/accounts/<bitpaket_reference:reference>/usage": PROGRAM,
    "/bitpaket/v1/metrics": PROGRAM,
    "/bitpaket/v1/health": PUBLIC,
    "/bitpaket/v1/openapi.json": PUBLIC,
    "/payment/fastspring/webhook/<int(max=2147483647):provider_id>": (GONE, GONE),
}
#: What a route that is called as JSON answers to strangers.
NOTHING = (
    {"error": "This billing account is not yours."},
    {"mark": "", "waiting": False, "received": 0},
    False,
)
#: Fields of the addon that hold files; a new one needs a file in the test.
FILES = {"bitpaket.export.file.attachment_id", "bitpaket.usage.import.file"}


class Access(Members, CouponMaker):
    """One customer who has everything, and those who shall see nothing of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.statement = cls.invoice.bitpaket_statement_id
        cls.budget = cls.env["bitpaket.budget"].create(
            {
                "account_id": cls.account.id,
                "name": "Monthly",
                "amount": 100,
            }
        )
        cls.coupon = cls.make_coupon(20)
        cls.member = cls.admit("read")
        plan = PlanMixin.make_plan.__func__(cls)
        cls.change = cls.account._change_plan("choose", plan)
        cls.batch = cls.make_export()
        cls.usage_import = cls.env["bitpaket.usage.import"].create(
            {
                "file": base64.b64encode(b"id,source\n1,acme\n"),
                "filename": "usage.csv",
            }
        )
        cls.pdf = cls.env["ir.attachment"].create(
            {
                "name": "invoice.pdf",
                "raw": b"%PDF of acme",
                "res_model": "account.move",
                "res_id": cls.invoice.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        cls.finance = cls.make_internal("finance@x.example.com", "billing_manager")
        cls.accountant = cls.make_internal("books@x.example.com", "accountant")
        cls.strangers = {
            "another customer": cls.make_portal_user(cls.make_account("other")),
            "a customer of another company": cls.make_abroad(),
            "an employee": cls.make_internal("employee@x.example.com"),
        }
        cls.theirs = f"/my/billing/{cls.account.id}"
        cls.ids = {
            "account_id": cls.account.id,
            "statement_id": cls.statement.id,
            "budget_id": cls.budget.id,
            "member_id": cls.member.id,
            "change_id": cls.change.id,
            "coupon_id": cls.coupon.id,
            "batch_id": cls.batch.id,
            "file_id": cls.batch.file_ids.id,
            "import_id": cls.usage_import.id,
            "provider_id": cls.provider.id,
            "page": 1,
            "extension": "csv",
            "reference": cls.account.reference,
        }

    @classmethod
    def make_export(cls):
        target = cls.env["bitpaket.export.target"].create(
            {"name": "The adviser", "format": "hledger"}
        )
        batch = cls.env["bitpaket.export.batch"].create(
            {
                "target_id": target.id,
                "date_start": cls.last_month,
                "date_end": Date.add(cls.this_month, months=1),
            }
        )
        batch.action_export()
        return batch

    @classmethod
    def make_internal(cls, login, group=None):
        """Return an employee of the company; the password is the login."""
        groups = cls.env.ref("base.group_user")
        if group:
            groups |= cls.env.ref(f"bitpaket_billing.group_{group}")
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "password": login,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [Command.set(groups.ids)],
            }
        )

    @classmethod
    def make_abroad(cls):
        """Return a login of another company's customer."""
        company = cls.env["res.company"].create({"name": "Cirrus Storage Ltd"})
        abroad = cls.env(context={"allowed_company_ids": company.ids})
        book = cls.make_price_book("Abroad").with_env(abroad)
        book.company_id = company
        account = cls.make_account("abroad", book=book, company_id=company.id)
        return cls.make_portal_user(account)

    # === ASKING === #

    def rules(self):
        """Return the addon's routes, each with what it may be asked by."""
        self.url_open("/web/health")  # routes are known once there was a request
        found = {}
        for rule in self.env["ir.http"].routing_map().iter_rules():
            if rule.endpoint.func.__module__.startswith(MODULE) or any(
                rule.rule.startswith(start)
                for start in ("/my/billing", "/bitpaket", "/payment/fastspring")
            ):
                methods = set(rule.methods or ("GET",)) - {"HEAD", "OPTIONS"}
                routing = rule.endpoint.routing
                if routing["type"] == "jsonrpc":
                    methods = {"JSON"}
                found.setdefault(rule.rule, set()).update(methods)
        return found

    def path(self, rule, ids=None):
        """Return the address of a route for what the customer has."""
        return re.sub(
            r"<[^>]*?(\w+)>", lambda found: str((ids or self.ids)[found[1]]), rule
        )

    def ask(self, path, method, token=None):
        if method == "JSON":
            parameters = {"session": "x", "outcome": "sent"}
            given = parameters if path.endswith("outcome") else {}
            return self.url_open(path, json={"jsonrpc": "2.0", "params": given})
        data = {"csrf_token": token or "", "email": "x@x.example.com"}
        return self.url_open(
            path, data=data if method == "POST" else None, allow_redirects=False
        )

    def outcome(self, response, method):
        """Return in words what somebody got."""
        status = response.status_code
        if method == "JSON":
            answer = response.json()
            if answer.get("error", {}).get("code") == 100:
                return LOGIN
            return DONE if answer.get("result") in NOTHING else answer
        if status in (302, 303):
            where = re.sub(r"^https?://[^/]+|\?.*", "", response.headers["Location"])
            own = where.startswith("/my/billing") and not where.startswith(self.theirs)
            return BACK if own else {"/web/login": LOGIN, "/my": AWAY}.get(where, where)
        known = {200: OWN, 503: OWN, 401: KEY, 403: GONE, 404: GONE}
        return known.get(status, status)

    def assertNoTrace(self, response):
        """Check that nothing of the customer is in an answer."""
        email = self.account.partner_id.email
        for word in (self.invoice.name, self.account.name, "%PDF", email):
            self.assertNotIn(word, response.text)

    def everybody_asks(self, ids):
        """Have everybody else ask for everything.

        :param dict ids: what to ask for
        """
        rules = self.rules()
        for who, user in {"anonymous": None, **self.strangers}.items():
            token = self.log_in(user) if user else self.authenticate(None, None)
            for rule, methods in rules.items():
                anonymous, *others = ROUTES[rule]
                for method in sorted(methods):
                    with self.subTest(who=who, rule=rule, method=method):
                        response = self.ask(self.path(rule, ids), method, token)
                        self.assertIn(
                            self.outcome(response, method),
                            others if user else [anonymous],
                        )
                        self.assertNoTrace(response)


@tagged("standard", "post_install", "-at_install")
class TestAccess(Access, HttpCase):
    def test_every_route_is_known(self):
        self.assertEqual(set(self.rules()), set(ROUTES))

    @mute_logger("odoo.http", MODULE + "controllers.fastspring")
    def test_what_is_there(self):
        before = self.facts()
        self.everybody_asks(self.ids)
        self.env.invalidate_all()
        self.assertEqual(self.facts(), before)

    @mute_logger("odoo.http", MODULE + "controllers.fastspring")
    def test_what_is_not_there_is_answered_alike(self):
        """Nobody learns from the answer what there is."""
        far = 2_000_000_000
        self.everybody_asks(
            {
                name: far if isinstance(value, int) else value
                for name, value in self.ids.items()
            }
        )

    def test_whose_it_is_gets_it(self):
        """The addresses are right: what others are refused is there."""
        owners = {
            "/bitpaket_billing/export": self.accountant,
            "/bitpaket_billing/usage_import": self.finance,
            "/bitpaket/coupons": self.finance,
            "/my/billing": self.user,
        }
        for start, user in owners.items():
            self.authenticate(user.login, user.login)
            for rule, methods in self.rules().items():
                if not rule.startswith(start) or "GET" not in methods:
                    continue
                with self.subTest(rule=rule):
                    response = self.ask(self.path(rule), "GET")
                    if rule.endswith(("/pay", "/fastspring", "billing/budgets")):
                        self.assertIn(self.theirs, response.headers["Location"])
                    else:
                        self.assertEqual(response.status_code, 200)

    def facts(self):
        """Return what strangers might have changed."""
        return [
            self.account.member_ids.mapped("role"),
            self.budget.exists().ids,
            self.account.redemption_ids.ids,
            self.account.invoice_ids.transaction_ids.ids,
            self.account.invoice_emails,
            self.account.plan_change_ids.ids,
            self.env["bitpaket.contact.request"].search_count([]),
            self.env["bitpaket.fastspring.event"].search_count([]),
        ]

    # === FILES === #

    def test_every_file_is_known(self):
        found = set()
        for field in self.env["ir.model.fields"].search(
            [
                ("model", "=like", "bitpaket.%"),
                ("model_id.transient", "=", False),
                "|",
                ("ttype", "in", ("binary", "image")),
                ("relation", "=", "ir.attachment"),
                ("store", "=", True),
            ]
        ):
            inherited = field.name.startswith("message_")
            if not inherited:
                found.add(f"{field.model}.{field.name}")
        self.assertEqual(found, FILES)

    def test_files(self):
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "bitpaket.usage.import"), ("res_field", "=", "file")]
        )
        files |= self.batch.file_ids.attachment_id | self.pdf
        self.assertEqual(len(files), 3)
        self.assertFalse(any(files.mapped("public")))
        addresses = [
            f"/web/content/bitpaket.usage.import/{self.usage_import.id}/file",
            f"/web/content/account.move/{self.invoice.id}/invoice_pdf_report_file",
            f"/my/invoices/{self.invoice.id}",
            f"/my/invoices/{self.invoice.id}?report_type=pdf&access_token=guessed",
        ]
        for file in files:
            addresses += [
                f"/web/content/{file.id}",
                f"/web/content/{file.id}?access_token=guessed",
                f"/web/image/{file.id}",
            ]
        for who, user in {"anonymous": None, **self.strangers}.items():
            login = user and user.login
            self.authenticate(login, login)
            for address in addresses:
                with self.subTest(who=who, address=address):
                    response = self.url_open(address)
                    self.assertNotIn(b"acme", response.content)
                    self.assertNoTrace(response)

    def test_records(self):
        """Nor does the client of the backend lead around it."""
        for who, user in self.strangers.items():
            self.authenticate(user.login, user.login)
            for records in (
                self.account,
                self.statement,
                self.statement.line_ids,
                self.budget,
                self.member,
                self.coupon,
                self.batch,
                self.batch.file_ids,
                self.usage_import,
                self.invoice,
                self.provider,
            ):
                with (
                    self.subTest(who=who, model=records._name),
                    mute_logger("odoo.http"),
                ):
                    answer = self.url_open(
                        "/web/dataset/call_kw",
                        json={
                            "jsonrpc": "2.0",
                            "params": {
                                "model": records._name,
                                "method": "read",
                                "args": [records.ids, ["display_name"]],
                                "kwargs": {},
                            },
                        },
                    )
                    self.assertIn("error", json.loads(answer.text))
