"""Who may see and do what."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, freeze_time, tagged

from ..common import BillingMixin

MODELS = (
    "bitpaket.account",
    "bitpaket.account.member",
    "bitpaket.meter",
    "bitpaket.price.book",
    "bitpaket.price",
    "bitpaket.price.tier",
    "bitpaket.statement",
    "bitpaket.billing.run",
    "bitpaket.billing.preview",
    "bitpaket.billing.preview.line",
    "bitpaket.billing.total",
    "bitpaket.usage.line",
    "bitpaket.usage.daily",
    "bitpaket.usage.pending",
    "bitpaket.usage.event",
    "bitpaket.usage.replaced",
    "bitpaket.usage.value",
    "bitpaket.usage.quarantine",
)
#: Models that nothing is in as long as nobody made it.
NOT_MADE = {"bitpaket.price.tier", "bitpaket.usage.pending", "bitpaket.usage.value"}


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestSecurity(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")
        cls.report_month(cls.account)
        cls.statement = cls.close(cls.account)
        cls.env["bitpaket.account.member"].create(
            {
                "account_id": cls.account.id,
                "user_id": cls.make_portal_user(cls.account, login="colleague").id,
            }
        )
        store = cls.env["bitpaket.usage.store"]
        store._roll_up()
        row = {
            "id": "e-1",
            "source": "test",
            "account": "acme",
            "meter": "transfer_in",
            "time": "2026-10-05T10:00:00Z",
            "quantity": 1,
        }
        store._report([row])
        store._report([{**row, "revision": 1}])
        store._report([{**row, "account": "nobody"}])
        cls.quarantined = cls.env["bitpaket.usage.quarantine"].search(
            [("company_id", "=", cls.company.id)]
        )
        november = cls.env["bitpaket.billing.run"].create(
            {"period_start": "2026-11-01"}
        )
        november._prepare_preview()
        november.env["bitpaket.billing.preview"]._rate_next(50)

    def make_user(self, *groups, login="someone", company=None):
        company = company or self.company
        return self.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [
                    (
                        4,
                        self.env.ref(
                            name if "." in name else f"bitpaket_billing.{name}"
                        ).id,
                    )
                    for name in groups
                ],
            }
        )

    def seen_by(self, user):
        """Return the models of which the user sees any record."""
        seen = set()
        for name in MODELS:
            model = self.env[name].with_user(user).with_company(user.company_id)
            try:
                if model.search([], limit=1):
                    seen.add(name)
            except AccessError:
                continue
        return seen

    def test_every_model_of_ours_has_access_rules_and_a_company_rule(self):
        models = self.env["ir.model"].search(
            [("model", "=like", "bitpaket.%"), ("abstract", "=", False)]
        )
        self.assertGreaterEqual(set(models.mapped("model")), set(MODELS))
        for model in models:
            self.assertTrue(model.access_ids, model.model)
            self.assertTrue(all(model.access_ids.mapped("group_id")), model.model)
            if model.transient or model.model == "bitpaket.meter":
                continue
            self.assertTrue(
                model.rule_ids.filtered(
                    lambda rule: not rule.groups and "company_ids" in rule.domain_force
                ),
                model.model,
            )

    def test_plain_employee_sees_nothing(self):
        user = self.make_user("base.group_user")
        self.assertEqual(self.seen_by(user), set())

    def test_viewer_sees_all_and_changes_nothing(self):
        user = self.make_user("group_viewer")
        self.assertGreaterEqual(
            self.seen_by(user),
            set(MODELS) - NOT_MADE,
        )
        for record, values in (
            (self.account, {"name": "x"}),
            (self.account.member_ids, {"role": "billing"}),
            (self.account.price_book_id, {"name": "x"}),
            (self.statement, {"message": "x"}),
            (self.statement.line_ids[0], {"amount": 0}),
            (self.statement.run_id, {"state": "cancelled"}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(user).write(values)

    def test_user_keeps_accounts_but_no_prices(self):
        user = self.make_user("group_billing_user")
        self.account.with_user(user).name = "Acme Ltd."
        with self.assertRaises(AccessError):
            self.account.price_book_id.with_user(user).name = "x"

    def test_manager_decides_prices(self):
        user = self.make_user("group_billing_manager")
        self.account.price_book_id.with_user(user).name = "Standard 2027"

    def test_nobody_changes_what_was_reported(self):
        manager = self.make_user("group_billing_manager", "group_accountant")
        event = self.env["bitpaket.usage.event"].search([], limit=1)
        for method in ("write", "unlink"):
            with self.assertRaises(AccessError):
                args = [{"quantity": 0}] if method == "write" else []
                getattr(event.with_user(manager), method)(*args)

    def test_nobody_changes_what_is_on_record_of_usage(self):
        manager = self.make_user("group_billing_manager", "group_accountant")
        replaced = self.env["bitpaket.usage.replaced"].search([], limit=1)
        daily = self.env["bitpaket.usage.daily"].search([], limit=1)
        for record in (replaced, daily, self.quarantined):
            self.assertTrue(record)
            with self.assertRaises(AccessError):
                record.with_user(manager).write({"meter_id": False})
            with self.assertRaises(AccessError):
                record.with_user(manager).unlink()

    def test_viewer_decides_nothing_about_quarantined_usage(self):
        row = self.quarantined.with_user(self.make_user("group_viewer"))
        for decide in (row.action_replay, row.action_discard):
            with self.assertRaisesRegex(AccessError, "Only billing users"):
                decide()
        with self.assertRaisesRegex(AccessError, "Only billing users"):
            row._discard("x")
        self.assertEqual(self.quarantined.state, "waiting")

    def test_billing_user_decides_about_quarantined_usage(self):
        user = self.make_user("group_billing_user")
        row = self.quarantined.with_user(user)
        action = row.action_replay()
        self.assertEqual(
            action["params"]["message"], "Rows that count now: 0. Still waiting: 1."
        )
        action = row.action_discard()
        wizard = self.env[action["res_model"]].with_user(user)
        wizard = wizard.with_context(**action["context"]).create({"reason": "A test"})
        wizard.action_discard()
        self.assertEqual(self.quarantined.state, "discarded")
        self.assertEqual(self.quarantined.discarded_by, user)

    def test_other_company_decides_nothing_about_quarantined_usage(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self.make_user("group_billing_user", company=other)
        row = self.quarantined.with_user(user).with_company(other)
        self.make_account("nobody", date_start="2026-10-01")
        for decide in (row.action_replay, row.action_discard):
            with self.assertRaises(AccessError):
                decide()
        with self.assertRaises(AccessError):
            row._discard("x")
        self.assertEqual(self.quarantined.state, "waiting")

    def test_only_managers_import_backfills(self):
        store = self.env["bitpaket.usage.store"]
        user = self.make_user("group_billing_user", "group_usage_reporter")
        with self.assertRaisesRegex(AccessError, "Only billing managers"):
            store.with_user(user)._report([], backfill=True)

    def test_reporter_sees_accounts_and_meters_only(self):
        user = self.make_user("group_usage_reporter", "base.group_user")
        self.assertEqual(self.seen_by(user), {"bitpaket.account", "bitpaket.meter"})

    def test_other_company_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = self.make_user("group_billing_manager", company=other)
        self.assertEqual(self.seen_by(user), {"bitpaket.meter"})

    def test_portal_customer_sees_the_own_account_only(self):
        stranger = self.make_account("stranger", date_start="2026-10-01")
        self.report_month(stranger)
        self.close(stranger)
        user = self.make_portal_user(self.account)
        for name in ("bitpaket.account", "bitpaket.statement", "bitpaket.usage.line"):
            records = self.env[name].with_user(user).search([])
            accounts = records if name == "bitpaket.account" else records.account_id
            self.assertEqual(accounts, self.account, name)
            with self.assertRaises(AccessError):
                records.write({"id": False})
        self.assertEqual(
            self.seen_by(user),
            {
                "bitpaket.account",
                "bitpaket.statement",
                "bitpaket.usage.line",
                "bitpaket.meter",
            },
        )

    def test_only_managers_make_usage_keys(self):
        reporter = self.make_user("group_usage_reporter", "base.group_user")
        manager = self.make_user("group_billing_manager", login="manager")
        wizard = self.env["bitpaket.usage.key"]
        with self.assertRaises(AccessError):
            wizard.with_user(reporter).create({"user_id": reporter.id})
        made = wizard.with_user(manager).create({"user_id": reporter.id})
        shown = made.action_make_key()
        key = shown["context"]["bitpaket_new_key"]
        keys = self.env["res.users.apikeys"]
        self.assertEqual(
            keys._check_credentials(scope="bitpaket.usage", key=key), reporter.id
        )
        self.assertFalse(keys._check_credentials(scope="rpc", key=key))
        self.assertEqual(made.with_context(**shown["context"]).key, key)
        self.assertFalse(made.with_context(bitpaket_new_key=False).key)

    def test_usage_key_is_for_reporters_only(self):
        manager = self.make_user("group_billing_manager", login="manager")
        wizard = self.env["bitpaket.usage.key"].with_user(manager)
        made = wizard.create({"user_id": self.env.ref("base.user_admin").id})
        with self.assertRaises(UserError):
            made.action_make_key()
