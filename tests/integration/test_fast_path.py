"""The fast path of invoicing: its entries equal those of Odoo, field by field."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.bitpaket_billing.models.account_move_fast import TOGETHER, Shared

from ..common import BillingMixin

#: What two entries that are equal differ in.
DIFFERENT = {"id", "create_date", "write_date", "access_token"}
LINE_LINKS = {
    "taxes": ("account_move_line_account_tax_rel", "account_tax_id"),
    "tags": (
        "account_account_tag_account_move_line_rel",
        "account_account_tag_id",
    ),
}


class FastPathCase(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.company.bitpaket_tax_mode = "own_tax"
        cls.company._bitpaket_get_journal()
        cls.company._bitpaket_get_fiscal_position()
        cls.book = cls.make_price_book()
        cls.products = cls.env["bitpaket.meter"]._catalogue().product_id
        cls.products.taxes_id = False
        cls.number = 0

    @classmethod
    def statement(cls, *amounts, **values):
        """Return a rated statement with these amounts, of an account of its own."""
        cls.number += 1
        reference = f"fast-{cls.number}"
        book = values.pop("book", cls.book)
        account = cls.make_account(
            reference, book=book, date_start="2026-10-01", **values
        )
        codes = ("requests_a", "requests_b", "storage", "transfer_out", "transfer_in")
        statement = cls.env["bitpaket.statement"].create(
            {
                "account_id": account.id,
                "company_id": account.company_id.id,
                "currency_id": account.currency_id.id,
                "period_start": "2026-10-01",
                "period_end": "2026-11-01",
                "state": "rated",
                "amount_total": sum(amounts),
            }
        )
        cls.env["bitpaket.usage.line"].create(
            [
                {
                    "statement_id": statement.id,
                    "sequence": sequence,
                    "name": code,
                    "meter_id": cls.meter(code).id,
                    "date_start": "2026-10-01",
                    "date_end": "2026-11-01",
                    "quantity": 10,
                    "amount": amount,
                }
                for sequence, (code, amount) in enumerate(
                    zip(codes, amounts, strict=False)
                )
            ]
        )
        return statement

    @classmethod
    def tax(cls, amount=20, **values):
        return cls.env["account.tax"].create(
            {
                "name": f"Tax {amount} {values.get('amount_type', '')}",
                "amount": amount,
                "type_tax_use": "sale",
                "company_id": cls.env.company.id,
                **values,
            }
        )

    def invoice(self, statements, fast=True):
        """Invoice by one of the two paths only; return the moves."""
        invoicing = type(self.env["bitpaket.invoicing"])
        if fast:
            other = patch.object(
                invoicing,
                "_create_posted_stock",
                side_effect=AssertionError("not on the fast path"),
            )
        else:
            other = patch.object(
                invoicing,
                "_create_posted_fast",
                lambda self, vals_list: self._create_posted_stock(vals_list),
            )
        with other:
            for mine in statements.grouped("company_id").values():
                self.env["bitpaket.invoicing"]._invoice_statements(mine)
        return statements.move_id

    def picture(self, statements, fast):
        """Return what one path stores, and forget it again."""
        with self.env.cr.savepoint() as savepoint:
            moves = self.invoice(statements, fast)
            self.env.flush_all()
            result = [self.stored(move) for move in moves]
            ranks = moves.partner_id.mapped("customer_rank")
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        return result, ranks

    def stored(self, move):
        """Return every column of a move and its lines."""
        self.env.cr.execute("SELECT * FROM account_move WHERE id = %s", [move.id])
        head = self.env.cr.dictfetchone()
        self.env.cr.execute(
            "SELECT * FROM account_move_line WHERE move_id = %s ORDER BY id",
            [move.id],
        )
        lines = self.env.cr.dictfetchall()
        for line in lines:
            del line["move_id"]
            for name, (table, column) in LINE_LINKS.items():
                self.env.cr.execute(
                    f"SELECT {column} FROM {table}"
                    " WHERE account_move_line_id = %s ORDER BY 1",
                    [line["id"]],
                )
                line[name] = [row[0] for row in self.env.cr.fetchall()]
        return [
            {name: value for name, value in row.items() if name not in DIFFERENT}
            for row in (head, *lines)
        ]

    def assert_equal_paths(self, statements):
        """Check that both paths store the same; return the moves of the fast one."""
        expected, ranks = self.picture(statements, fast=False)
        actual, actual_ranks = self.picture(statements, fast=True)
        self.assertEqual(len(actual), len(statements))
        for theirs, ours in zip(expected, actual, strict=True):
            self.assertEqual(
                [(row.get("display_type"), row.get("balance")) for row in ours],
                [(row.get("display_type"), row.get("balance")) for row in theirs],
            )
            for their_row, our_row in zip(theirs, ours, strict=True):
                different = {
                    name: (our_row[name], value)
                    for name, value in their_row.items()
                    if our_row[name] != value
                }
                self.assertFalse(different, "(fast, stock)")
        self.assertEqual(actual_ranks, ranks)
        return self.invoice(statements)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestFastPath(FastPathCase):
    def assert_equal_with_both_roundings(self, *amounts, **values):
        """Compare an invoice, a credit note, and one with a negative line."""
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            statements = self.env["bitpaket.statement"]
            for signs in ((1, 1, 1), (-1, -1, -1), (1, -1, 1)):
                signed = [
                    sign * amount for sign, amount in zip(signs, amounts, strict=True)
                ]
                statements |= self.statement(*signed, **values)
            with self.subTest(method):
                moves = self.assert_equal_paths(statements)
                self.assertEqual(
                    moves.mapped("move_type"),
                    ["out_invoice", "out_refund", "out_invoice"],
                )

    def test_merchant_of_record(self):
        self.company.bitpaket_tax_mode = "merchant_of_record"
        self.products.taxes_id = self.tax()
        self.assert_equal_with_both_roundings(21.53, 3.1, 107.77)

    def test_with_what_the_customer_wants_on_it(self):
        statements = self.statement(21.53) | self.statement(-3.1)
        for statement in statements:
            account = statement.account_id
            account.invoice_partner_id = account.partner_id.create(
                {
                    "name": "Payables",
                    "type": "other",
                    "parent_id": account.partner_id.id,
                }
            )
            account.purchase_order = f"PO-{account.id}"
            account.invoice_emails = "ap@acme.example.com"
        moves = self.assert_equal_paths(statements)
        for move in moves:
            account = move.bitpaket_account_id
            self.assertEqual(move.partner_id, account.invoice_partner_id)
            self.assertEqual(move.bitpaket_purchase_order, account.purchase_order)
            self.assertEqual(move.ref, account.purchase_order)
            self.assertEqual(set(move.line_ids.mapped("ref")), {account.purchase_order})
            self.assertEqual(move.bitpaket_send_state, "waiting")

    def test_no_tax(self):
        self.assert_equal_with_both_roundings(21.53, 3.1, 107.77)

    def test_percent(self):
        self.products.taxes_id = self.tax(21)
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_several_taxes_on_a_line(self):
        self.products.taxes_id = self.tax(21) | self.tax(5.5) | self.tax(-2)
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_tax_on_tax(self):
        self.products.taxes_id = self.tax(
            10, sequence=1, include_base_amount=True
        ) | self.tax(7, sequence=2)
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_price_includes_tax(self):
        self.products.taxes_id = self.tax(21, price_include_override="tax_included")
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_division_tax(self):
        self.products.taxes_id = self.tax(18, amount_type="division")
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_fixed_tax(self):
        self.products.taxes_id = self.tax(1.23, amount_type="fixed")
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_group_of_taxes(self):
        children = self.tax(9) | self.tax(4.5)
        self.products.taxes_id = self.tax(
            0, amount_type="group", children_tax_ids=[Command.set(children.ids)]
        )
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_different_taxes_on_different_lines(self):
        codes = {"requests_a": 21, "requests_b": 5.5, "storage": 0}
        for code, amount in codes.items():
            meter = self.meter(code)
            meter.product_id = meter.product_id.copy()
            meter.product_id.taxes_id = self.tax(amount)
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_tags_and_refund_repartition(self):
        tags = {
            name: self.env["account.account.tag"].create(
                {"name": name, "applicability": "taxes"}
            )
            for name in ("base", "tax", "rest", "refund base", "refund tax")
        }
        payable, expense = (
            self.account_of("liability_current"),
            self.account_of("expense"),
        )

        def parts(base, tax, rest):
            return [
                Command.clear(),
                Command.create(
                    {"repartition_type": "base", "tag_ids": [Command.set(base.ids)]}
                ),
                Command.create(
                    {
                        "factor_percent": 60,
                        "account_id": payable.id,
                        "tag_ids": [Command.set(tax.ids)],
                    }
                ),
                Command.create(
                    {
                        "factor_percent": 40,
                        "account_id": expense.id,
                        "tag_ids": [Command.set(rest.ids)],
                    }
                ),
            ]

        self.products.taxes_id = self.tax(
            19,
            invoice_repartition_line_ids=parts(tags["base"], tags["tax"], tags["rest"]),
            refund_repartition_line_ids=parts(
                tags["refund base"], tags["refund tax"], tags["rest"] | tags["tax"]
            ),
        )
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77)

    def test_fiscal_position_maps_taxes_and_accounts(self):
        domestic, income = self.tax(21), self.account_of("income")
        receivable = self.account_of("asset_receivable")
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "account_ids": [
                    Command.create(
                        {
                            "account_src_id": account.id,
                            "account_dest_id": account.copy().id,
                        }
                    )
                    for account in (income, receivable)
                ],
            }
        )
        self.tax(
            7,
            original_tax_ids=[Command.set(domestic.ids)],
            fiscal_position_ids=[Command.set(position.ids)],
        )
        self.products.taxes_id = domestic
        self.products.property_account_income_id = income
        partner = self.env["res.partner"].create(
            {"name": "Abroad", "property_account_position_id": position.id}
        )
        partner.property_account_receivable_id = receivable
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77, partner=partner)

    def test_invoice_address_of_a_company(self):
        parent = self.env["res.partner"].create({"name": "Group", "is_company": True})
        self.env["res.partner"].create(
            {"name": "Books", "parent_id": parent.id, "type": "invoice"}
        )
        self.assert_equal_with_both_roundings(21.53, 3.1, 107.77, partner=parent)

    def test_payment_term(self):
        term = self.env.ref("account.account_payment_term_45days")
        partner = self.env["res.partner"].create(
            {"name": "Late", "property_payment_term_id": term.id}
        )
        self.products.taxes_id = self.tax(21)
        self.assert_equal_with_both_roundings(21.53, 21.53, 107.77, partner=partner)

    def test_instalments(self):
        self.products.taxes_id = self.tax(21)
        partner = self.env["res.partner"].create(
            {"name": "Slow", "property_payment_term_id": self.instalments().id}
        )
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            statements = self.statement(21.53, 21.53, 107.77, partner=partner)
            statements |= self.statement(21.53, -3, partner=partner)
            moves = self.assert_equal_paths(statements)
            due = moves[0].line_ids.filtered("date_maturity")
            self.assertEqual(len(due), 3)
            self.assertIn("installment #3", due[-1].name)

    def test_foreign_currency(self):
        self.products.taxes_id = self.tax(21) | self.tax(3)
        partner = self.env["res.partner"].create(
            {"name": "Euro", "property_payment_term_id": False}
        )
        book = self.euro_book()
        self.assert_equal_with_both_roundings(
            21.53, 21.53, 107.77, book=book, partner=partner
        )

    def test_foreign_currency_without_tax(self):
        self.assert_equal_with_both_roundings(
            21.53, 21.53, 107.77, book=self.euro_book()
        )

    def test_foreign_currency_in_instalments(self):
        partner = self.env["res.partner"].create(
            {"name": "Slow", "property_payment_term_id": self.instalments().id}
        )
        statement = self.statement(
            21.53, 3.1, 107.77, book=self.euro_book(), partner=partner
        )
        self.assert_equal_paths(statement)

    def test_lock_date_moves_the_accounting_date(self):
        self.products.taxes_id = self.tax(21)
        self.company.fiscalyear_lock_date = "2026-11-15"
        move = self.assert_equal_paths(self.statement(21.53, 3.1))
        self.assertEqual(str(move.date), "2026-11-23")
        self.assertEqual(str(move.invoice_date), "2026-11-01")

    def test_several_companies(self):
        self.addCleanup(setattr, type(self), "env", self.env)
        first = self.statement(21.53, 3.1)
        company = self.make_company("Second Ltd.", "base.de")
        company._bitpaket_get_journal()
        company._bitpaket_get_fiscal_position()
        second = self.statement(1.5, 2.25, book=self.make_price_book("Second"))
        moves = self.assert_equal_paths(first | second)
        self.assertEqual(len(moves.company_id), 2)
        self.assertEqual(moves.line_ids.company_id, moves.company_id)

    def test_numbers_have_no_gap(self):
        statements = self.env["bitpaket.statement"].concat(
            *(self.statement(amount) for amount in (5, -5, 6, -6, 7))
        )
        moves = self.assert_equal_paths(statements)
        more = self.invoice(self.statement(8))
        numbers = (moves | more).filtered(lambda move: move.move_type == "out_invoice")
        self.assertEqual(sorted(numbers.mapped("sequence_number")), [1, 2, 3, 4])
        self.assertFalse(any((moves | more).mapped("made_sequence_gap")))

    # === WHAT COMES AFTER === #

    def test_payment_and_credit_note(self):
        self.products.taxes_id = self.tax(21)
        paid, credited = self.invoice(
            self.statement(100.0, 50.0) | self.statement(10.0, 20.0), fast=True
        )
        self.assertEqual((paid.amount_total, paid.amount_residual), (181.5, 181.5))
        self.assertEqual(paid.payment_state, "not_paid")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({})._create_payments()
        self.assertEqual(paid.amount_residual, 0)
        self.assertIn(paid.payment_state, ("in_payment", "paid"))
        refund = credited._reverse_moves(cancel=True)
        self.assertEqual(refund.amount_total, credited.amount_total)
        self.assertEqual(
            refund.invoice_line_ids.mapped("price_subtotal"),
            credited.invoice_line_ids.mapped("price_subtotal"),
        )
        self.assertEqual(credited.payment_state, "reversed")

    def test_reset_to_draft_and_edit(self):
        self.products.taxes_id = self.tax(21)
        move = self.invoice(self.statement(100.0, 50.0))
        number = move.name
        move.button_draft()
        move.invoice_line_ids[0].price_unit = 200
        self.assertEqual((move.amount_total, move.state), (302.5, "draft"))
        # A usage invoice is posted again with the amount of its usage only.
        move.invoice_line_ids[0].price_unit = 100
        move.action_post()
        self.assertEqual((move.name, move.amount_residual), (number, 181.5))

    def test_pdf(self):
        move = self.invoice(self.statement(100.0, 50.0))
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account.account_invoices", move.ids
        )
        self.assertIn(move.name.encode(), html)

    # === THE STOCK PATH === #

    def test_obstacles_go_the_stock_path(self):
        terms = self.env["account.payment.term"]
        cases = {
            "early payment": lambda: {
                "property_payment_term_id": terms.create(
                    {"name": "2 %", "early_discount": True}
                ).id
            },
            "formula": lambda: self.products.write(
                {"taxes_id": self.cash_basis_tax().ids}
            ),
            "storno": lambda: self.company.write({"account_storno": True}),
            "sealed": lambda: self.company._bitpaket_get_journal().write(
                {"restrict_mode_hash_table": True}
            ),
            "analytic": lambda: self.env["account.analytic.distribution.model"].create(
                {"analytic_distribution": {}}
            ),
        }
        for name, prepare in cases.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                values = prepare()
                partner = self.env["res.partner"].create(
                    {"name": name, **(values if isinstance(values, dict) else {})}
                )
                statement = self.statement(10.0, partner=partner)
                with patch.object(
                    type(self.env["bitpaket.invoicing"]),
                    "_create_posted_fast",
                    side_effect=AssertionError("on the fast path"),
                ):
                    self.env["bitpaket.invoicing"]._invoice_statements(statement)
                self.assertEqual(statement.move_id.state, "posted")
                savepoint.rollback()

    def test_both_paths_in_one_batch(self):
        term = self.env["account.payment.term"].create(
            {"name": "2 %", "early_discount": True}
        )
        partner = self.env["res.partner"].create(
            {"name": "Early", "property_payment_term_id": term.id}
        )
        statements = self.statement(10.0, partner=partner) | self.statement(20.0)
        self.env["bitpaket.invoicing"]._invoice_statements(statements)
        self.assertEqual(statements.move_id.mapped("amount_total"), [10.0, 20.0])
        self.assertEqual(set(statements.move_id.mapped("state")), {"posted"})
        self.assertEqual(statements.line_ids.move_id, statements.move_id)

    def test_what_something_else_books_meanwhile(self):
        """As in stock modules that book costs while invoices are posted."""
        accounts = self.account_of("expense") | self.account_of("liability_current")
        entry = {
            "move_type": "entry",
            "line_ids": [
                Command.create({"account_id": account.id, "balance": balance})
                for account, balance in zip(accounts, (10.005, -10.005), strict=True)
            ],
        }
        moves = self.env["account.move"].create(entry)
        together = self.env["account.move"].with_context(**{TOGETHER: Shared()})
        moves += together.create(entry).with_env(self.env)
        moves[0].action_post()
        moves[1].with_env(together.env)._post(soft=False)
        self.env.flush_all()
        stock, other = (
            [(row.get("balance"), row["amount_currency"]) for row in lines]
            for _head, *lines in map(self.stored, moves)
        )
        self.assertEqual(stock, other)
        self.assertEqual(moves.mapped("amount_total"), [10.01, 10.01])

    # === HELPERS === #

    def account_of(self, kind):
        return self.env["account.account"].search(
            [
                ("account_type", "=", kind),
                ("company_ids", "in", self.company.ids),
            ],
            limit=1,
        )

    def instalments(self):
        return self.env["account.payment.term"].create(
            {
                "name": "In three",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 33.33, "nb_days": days}
                    )
                    for days in (0, 30)
                ]
                + [
                    Command.create(
                        {"value": "percent", "value_amount": 33.34, "nb_days": 60}
                    )
                ],
            }
        )

    def euro_book(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2026-10-01",
                "rate": 0.917321,
            }
        )
        return self.make_price_book("Euro", currency_id=euro.id)

    def cash_basis_tax(self):
        self.company.tax_exigibility = True
        waiting = self.account_of("liability_current").copy({"reconcile": True})
        return self.tax(
            20,
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=waiting.id,
        )
