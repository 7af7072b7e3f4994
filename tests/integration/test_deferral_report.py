"""The roll-forward of deferred revenue, and who may see it."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, freeze_time, new_test_user, tagged

from ..deferral_common import DeferralMixin


@tagged("standard", "post_install", "-at_install")
@freeze_time("2027-01-10")
class TestDeferralReport(DeferralMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.second = cls.make_company("Cumulus Inc.")
        cls.env = env

    def rows(self, env=None):
        return (env or self.env)["bitpaket.deferral.report"].search(
            [("company_id", "=", self.company.id)], order="month"
        )

    def figures(self):
        return [
            (
                str(row.month)[:7],
                row.opening,
                row.added,
                row.released,
                row.adjusted,
                row.closing,
            )
            for row in self.rows()
        ]

    def test_rolls_forward_and_ties_to_the_account(self):
        first = self.invoice(365, "2026-10-01", "2027-10-01")
        self.invoice(1200, "2026-12-01", "2027-04-10", date="2026-11-20")
        self.recognise()
        self.credit(first, "2027-01-05")
        self.assertEqual(
            self.figures(),
            [
                ("2026-10", 0, 365, -31, 0, 334),
                ("2026-11", 334, 1200, -30, 0, 1504),
                ("2026-12", 1504, 0, -317.15, 0, 1186.85),
                ("2027-01", 1186.85, 0, 0, -365, 821.85),
            ],
        )
        self.assertEqual(self.rows()[0].display_name, "October 2026")
        for row in self.rows():
            self.assertTrue(row.ties)
            self.assertEqual((row.ledger, row.difference), (row.closing, 0))
        self.assertEqual(self.rows()[-1].ledger, self.waiting())

    def test_other_entries_on_the_account_are_shown(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.recognise()
        account = self.company.bitpaket_deferred_account_id
        stray = self.env["account.move"].create(
            {
                "date": "2026-11-10",
                "line_ids": [
                    Command.create({"account_id": account.id, "credit": 50}),
                    Command.create({"account_id": self.income.id, "debit": 50}),
                ],
            }
        )
        stray.action_post()
        october, *later = self.rows()
        self.assertTrue(october.ties)
        for row in later:
            self.assertFalse(row.ties)
            self.assertEqual(row.difference, 50)
        action = october.action_open_difference()
        lines = self.env["account.move.line"]
        self.assertFalse(lines.search(action["domain"]))
        action = later[0].action_open_difference()
        self.assertEqual(lines.search(action["domain"]).move_id, stray)
        action = later[0].action_open_movements()
        november = self.env["bitpaket.deferral.entry"].search(action["domain"])
        self.assertEqual(november.mapped("balance"), [-30])

    def test_months_without_movement_go_on(self):
        self.invoice(365, "2026-12-01", "2027-12-01", date="2026-09-15")
        self.assertEqual(
            [row[0] for row in self.figures()],
            ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01"],
        )

    def test_opens(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.recognise()
        for model in ("deferral", "deferral.entry", "deferral.report"):
            action = self.env.ref(
                f"bitpaket_billing.bitpaket_{model.replace('.', '_')}_action"
            )
            records = self.env[f"bitpaket.{model}"]
            views = records.get_views(
                [(False, mode) for mode in (*action.view_mode.split(","), "search")]
            )
            self.assertEqual(
                set(views["views"]), {*action.view_mode.split(","), "search"}
            )
            self.assertTrue(records.search([]).mapped("display_name"))
        invoice = self.deferrals().move_id
        action = invoice.action_open_bitpaket_deferrals()
        self.assertEqual(
            self.env["bitpaket.deferral"].search(action["domain"]).move_id, invoice
        )
        with Form(invoice) as form:
            self.assertTrue(form.bitpaket_deferral_ids)

    def test_exports_with_its_account(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.recognise()
        data = self.rows().export_data(["month", "account_id/code", "closing"])
        code = self.company.with_env(self.env).bitpaket_deferred_account_id.code
        self.assertEqual(data["datas"][0][1:], [code, 334])

    # === Who may === #

    def test_companies_are_apart(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        self.recognise()
        mine = self.entries()
        other = new_test_user(
            self.env,
            login="other",
            groups="bitpaket_billing.group_accountant",
            company_id=self.second.id,
            company_ids=[Command.set(self.second.ids)],
        )
        for name in ("deferral", "deferral.entry", "deferral.report"):
            model = self.env[f"bitpaket.{name}"].with_user(other)
            model = model.with_context(allowed_company_ids=self.second.ids)
            self.assertFalse(model.search([]), name)
            if name == "deferral.entry":
                with self.assertRaises(AccessError):
                    model.browse(mine.ids).mapped("amount")

    def test_who_invoices_may_defer_and_nobody_writes(self):
        clerk = new_test_user(
            self.env,
            login="clerk",
            groups="bitpaket_billing.group_billing_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2026-10-01",
                "invoice_line_ids": [self.line(365, "2026-10-01", "2027-10-01")],
            }
        )
        invoice.with_user(clerk).action_post()
        deferral = self.deferrals().with_user(clerk)
        self.assertEqual(deferral.amount_left, 365)
        for record in (deferral, deferral.entry_ids):
            with self.assertRaises(AccessError):
                record.write({"amount": 1})
            with self.assertRaises(AccessError):
                record.unlink()
        invoice.with_user(clerk).button_draft()
        self.assertEqual(deferral.state, "reversed")

    def test_strangers_see_nothing(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        stranger = new_test_user(
            self.env,
            login="stranger",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for name in ("deferral", "deferral.entry", "deferral.report"):
            with self.assertRaises(AccessError):
                self.env[f"bitpaket.{name}"].with_user(stranger).search([])

    def test_each_company_has_its_own_account_and_entries(self):
        self.invoice(365, "2026-10-01", "2027-10-01")
        account = self.company.bitpaket_deferred_account_id
        second = self.second
        income = self.env["account.account"].search(
            [("account_type", "=", "income"), ("company_ids", "in", second.ids)],
            limit=1,
        )
        invoices = self.env["account.move"].with_context(allowed_company_ids=second.ids)
        invoice = invoices.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner.id,
                "invoice_date": "2026-10-01",
                "invoice_line_ids": [
                    self.line(730, "2026-10-01", "2027-10-01", income=income)
                ],
            }
        )
        invoice.action_post()
        self.assertNotEqual(second.bitpaket_deferred_account_id, account)
        self.recognise()
        moves = self.env["bitpaket.deferral.entry"].sudo().search([]).move_id
        for company, total in ((self.company, 365), (second, 730)):
            added, *months = moves.filtered(
                lambda move, company=company: move.company_id == company
            ).sorted("date")
            self.assertEqual(added.amount_total, total)
            self.assertEqual(len(months), 3)
