"""What writers are given: each kind of entry and line, at the booked amounts."""

from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..coupon_common import CouponMaker
from ..export_common import ExportMixin
from ..fastspring_money import MoneyMixin


@tagged("standard", "post_install", "-at_install")
class TestExportBooks(CouponMaker, ExportMixin, TransactionCase):
    def entry(self, move, target=None):
        ((state, entry),) = (target or self.target)._read_entries(move.ids)
        self.assertEqual(state, "posted")
        return entry

    def test_usage_invoice(self):
        account = self.make_account("acme", date_start="2026-10-01")
        coupon = self.make_coupon(20)
        coupon._redeem(account, self.make_code(coupon))
        self.report_month(account)
        move = self.close(account).move_id
        entry = self.entry(move)
        self.assertEqual((entry.kind, entry.name), ("invoice", move.name))
        self.assertEqual(entry.journal, move.journal_id.code)
        self.assertEqual(entry.document_date, date(2026, 11, 1))
        credits = {line.kind: Decimal(0) for line in entry.lines}
        for line in entry.lines:
            credits[line.kind] += line.credit - line.debit
        self.assertEqual(
            credits,
            {
                "requests": Decimal("8.50"),
                "storage": Decimal("11.50"),
                "transfer": Decimal("9.00"),
                "coupon": Decimal("-5.80"),
                "": Decimal("-23.20"),
            },
        )
        for line in entry.lines:
            if line.kind in ("storage", "coupon"):
                self.assertEqual(line.service_start, date(2026, 10, 1))
                self.assertEqual(line.service_end, date(2026, 11, 1))
        (receivable,) = [
            line for line in entry.lines if line.account.kind == "receivable"
        ]
        self.assertEqual(receivable.partner.name, "Acme")
        self.assertEqual(receivable.due_date, move.invoice_date_due)

    def test_credit_note(self):
        move = self.make_invoice()
        note = move._reverse_moves([{"date": "2026-10-20"}])
        note.action_post()
        entry = self.entry(note)
        self.assertEqual((entry.kind, entry.reverses), ("credit_note", move.name))

    def test_tax(self):
        tax = self.env["account.tax"].create(
            {"name": "Nineteen", "amount": 19, "company_id": self.company.id}
        )
        move = self.make_invoice(taxes=tax)
        lines = {line.kind: line for line in self.entry(move).lines if line.credit}
        self.assertEqual(lines["tax"].credit, 19)
        self.assertEqual(lines["tax"].tax, "Nineteen")
        self.assertEqual(lines[""].taxes, ("Nineteen",))
        self.target.tax_map_ids = [Command.create({"tax_id": tax.id, "code": "3"})]
        lines = {line.kind: line for line in self.entry(move).lines if line.credit}
        self.assertEqual((lines["tax"].tax, lines[""].taxes), ("3", ("3",)))

    def test_foreign_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids = [
            Command.clear(),
            Command.create(
                {"name": "2026-10-01", "rate": 0.8, "company_id": self.company.id}
            ),
        ]
        move = self.make_entry(
            line_ids=[
                Command.create(
                    {
                        "account_id": self.account(kind).id,
                        "currency_id": euro.id,
                        "amount_currency": amount,
                    }
                )
                for kind, amount in (("expense", 80), ("liability_payable", -80))
            ]
        )
        debit, credit = self.entry(move).lines
        self.assertEqual((debit.debit, debit.credit), (100, 0))
        self.assertEqual((credit.debit, credit.credit), (0, 100))
        self.assertEqual((debit.amount_currency, debit.currency), (80, "EUR"))
        self.assertEqual(credit.amount_currency, -80)

    def test_account(self):
        payable = self.account("liability_payable")
        self.target.account_map_ids = [
            Command.create({"account_id": payable.id, "code": "1600", "name": "Owed"})
        ]
        expense, account = (
            line.account for line in self.entry(self.make_entry()).lines
        )
        self.assertEqual(
            (account.code, account.own_code, account.name, account.kind),
            ("1600", payable.code, "Owed", "payable"),
        )
        self.assertEqual(expense.code, expense.own_code)
        self.assertEqual(expense.kind, "expense")

    def test_books(self):
        self.make_entry()
        self.make_entry(amount=3)
        batch = self.make_batch()
        batch.action_check()
        books = batch._books()
        self.assertEqual((books.company, books.currency), (self.company.name, "USD"))
        self.assertEqual(
            (books.start, books.end), (date(2026, 10, 1), date(2026, 11, 1))
        )
        self.assertEqual(books.fiscal_year_start, date(2026, 1, 1))
        self.assertEqual(dict(books.currencies), {"USD": 2})
        self.assertEqual(len(books.accounts), 2)
        self.assertEqual([one.name for one in books.partners], ["Acme"])

    def test_datev_options(self):
        self.target.write({"datev_consultant": "29098", "datev_client": "55003"})
        self.assertFalse(self.target._format_options())

    def test_csv_template(self):
        """The editor gives back what a template says, and what is changed in it."""
        profile = {
            "name": "Theirs",
            "delimiter": ";",
            "decimal": ",",
            "rows_per_file": 300,
            "warn_tax": True,
            "columns": [
                {"header": "No", "value": "{entry.name}", "required": True},
                {"header": "Text", "length": 20, "forbidden": ";"},
            ],
        }
        path = "odoo.addons.bitpaket_billing.bookkeeping.PROFILES"
        with patch.dict(path, {"theirs": profile}):
            target = self.target.new({"name": "CSV", "csv_template": "theirs"})
            target._onchange_csv_template()
        made = target._csv_profile()
        for name in ("delimiter", "decimal", "rows_per_file", "warn_tax"):
            self.assertEqual(made[name], profile[name])
        self.assertEqual((made["name"], made["encoding"]), ("CSV", "utf-8"))
        self.assertTrue(made["header"])
        for column, given in zip(made["columns"], profile["columns"], strict=True):
            self.assertEqual(column, {**column, **given})


@tagged("standard", "post_install", "-at_install")
class TestExportFastSpring(MoneyMixin, ExportMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target = cls.make_target()  # of the company that has a FastSpring store

    def kinds(self):
        moves = self.env["account.move"].search(
            [("company_id", "=", self.company.id), ("state", "=", "posted")]
        )
        return {
            entry.kind: entry for _state, entry in self.target._read_entries(moves.ids)
        }

    def test_kinds(self):
        self.company.bitpaket_refund_automatic = True
        _transaction, order = self.pay(self.bill(100))
        self.settle()
        kinds = self.kinds()
        self.assertEqual(set(kinds), {"invoice", "payment", "fee"})
        self.assertEqual(kinds["payment"].reference, order["reference"])
        self.assertEqual(kinds["fee"].reference, order["reference"])
        fee = [line for line in kinds["fee"].lines if line.kind == "fee"]
        self.assertEqual([line.debit for line in fee], [Decimal("6.85")])
        payout = self.env["bitpaket.fastspring.payout"].create({"amount": 93.15})
        payout.action_propose()
        payout.action_book()
        self.assertEqual(self.kinds()["payout"].id, payout.move_id.id)
        self.simulator.chargeback(order["id"])
        self.settle()
        self.assertIn("chargeback", self.kinds())
        _transaction, order = self.pay(self.bill(50))
        self.settle()
        self.simulator.refund(order["id"])
        self.settle()
        self.assertIn("refund", self.kinds())
        self.assertIn("credit_note", self.kinds())
        batch = self.export("2026-12")
        debit = self.env["account.move.line"]._read_group(
            [("company_id", "=", self.company.id), ("parent_state", "=", "posted")],
            [],
            ["debit:sum"],
        )
        self.assertAlmostEqual(batch.debit, debit[0][0], 2)
