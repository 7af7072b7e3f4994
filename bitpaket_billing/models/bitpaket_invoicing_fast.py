"""The fast path of invoicing: entries whose lines are given instead of derived.

Stock `create` finds out what an invoice lacks by comparing all lines before and after,
several times over. Here the lines are known beforehand: taxes come from Odoo's own tax
engine, instalments from the payment term. What that cannot express is named by
`_obstacle` and goes the stock path.
"""

from collections import defaultdict

from odoo import api, models
from odoo.fields import Date

from .account_move_fast import COMPLETE, TOGETHER, Shared

#: Amounts in the currency of the company, and in that of the invoice.
OWN_AMOUNTS = {"balance", "tax_base_amount"}
AMOUNTS = {"amount_currency", "price_subtotal", "price_total"}
TAX_TYPES = {"group", "fixed", "percent", "division"}
#: What is true of a line of any kind, unless it says otherwise.
BLANK = {
    "is_storno": False,
    "name": False,
    "product_id": False,
    "product_uom_id": False,
    "quantity": 0.0,
    "price_unit": 0.0,
    "price_subtotal": 0.0,
    "price_total": 0.0,
    "tax_ids": [],
    "tax_tag_ids": [],
    "tax_repartition_line_id": False,
    "analytic_distribution": False,
    "no_followup": False,
    "payment_id": False,
    "statement_line_id": False,
    "statement_id": False,
}


class BitpaketInvoicing(models.AbstractModel):
    _inherit = "bitpaket.invoicing"

    # === WHAT GOES THE STOCK PATH === #

    @api.model
    def _obstacle(self, company):
        """Return why no invoice of a company can go the fast path.

        :return: the reason in words, or nothing
        :rtype: str | None
        """
        env = self.env
        defaults = env["ir.default"]._get_model_defaults("account.move")
        if company.account_storno:
            return env._("The company books corrections as negative amounts (storno).")
        if company._bitpaket_get_journal().restrict_mode_hash_table:
            return env._("The journal seals its entries.")
        if defaults.get("invoice_cash_rounding_id"):
            return env._("Invoices are rounded to coins.")
        if env["account.analytic.distribution.model"].sudo().search_count([], limit=1):
            return env._("Analytic distribution models apply.")
        return None

    @api.model
    def _obstacle_of(self, vals):
        """Return why one invoice cannot go the fast path.

        :param dict vals: its values, of `_prepare_invoice`
        :rtype: str | None
        """
        env = self.env
        partner = env["res.partner"].browse(vals["partner_id"])
        term = env["account.payment.term"].browse(vals["invoice_payment_term_id"])
        if term.early_discount:
            return env._("The payment term gives an early payment discount.")
        if vals["move_type"] == "out_refund" and len(term.line_ids) > 1:
            return env._("The credit note is paid in instalments.")
        if not partner.commercial_partner_id.property_account_receivable_id:
            return env._("The customer has no receivable account.")
        for _command, _id, line in vals["invoice_line_ids"]:
            if not line.get("account_id"):
                return env._("A product has no income account.")
            taxes = self._taxes_of(line)
            taxes |= taxes.children_tax_ids
            if "on_payment" in taxes.mapped("tax_exigibility"):
                return env._("A tax is due when the invoice is paid.")
            if not TAX_TYPES.issuperset(taxes.mapped("amount_type")):
                return env._("A tax is computed by a formula.")
        return None

    @api.model
    def _taxes_of(self, line):
        return self.env["account.tax"].browse(
            tax_id for command in line["tax_ids"] for tax_id in command[2]
        )

    # === THE FAST PATH === #

    @api.model
    def _create_posted_fast(self, vals_list):
        """Create and post invoices whose lines are all given.

        :param list[dict] vals_list: values that stock `create` takes as well
        """
        env = self.env
        unchecked = {
            COMPLETE: Shared(),
            "skip_invoice_sync": True,
            "skip_invoice_line_sync": True,
            "check_move_validity": False,  # posting checks it
        }
        self = self.with_context(**unchecked)
        moves = self.env["account.move"].create(
            [self._without_lines(vals) for vals in vals_list]
        )
        lines = [
            line
            for move, vals in zip(moves, vals_list, strict=True)
            for line in self._complete_lines(move, vals["invoice_line_ids"])
        ]
        due = self.env["account.move"]._fields["invoice_date_due"]
        posting = env["account.move"].with_context(
            **{TOGETHER: Shared()}, skip_invoice_sync=True
        )
        with self.env.protecting([due], moves):
            self.env["account.move.line"].create(lines)
            moves.with_env(posting.env)._post(soft=False)

    @api.model
    def _without_lines(self, vals):
        """Return the values of a move that gets its lines later."""
        term = self.env["account.payment.term"].browse(vals["invoice_payment_term_id"])
        due = [line._get_due_date(vals["invoice_date"]) for line in term.line_ids]
        today = Date.context_today(self)
        return {
            **{
                name: value
                for name, value in vals.items()
                if name != "invoice_line_ids"
            },
            "invoice_date_due": max(due, default=today),
        }

    @api.model
    def _complete_lines(self, move, commands):
        """Return all lines of a move: what is sold, its taxes, and what is due."""
        common = {
            **BLANK,
            "move_id": move.id,
            "partner_id": move.commercial_partner_id.id,
            "currency_id": move.currency_id.id,
            "move_name": move.name,
            "parent_state": move.state,
            "date": move.date,
            "invoice_date": move.invoice_date,
            "ref": move.ref,
        }
        products = [
            {**common, "display_type": "product", "sequence": 100, **command[2]}
            for command in commands
        ]
        taxes = [
            {**common, "display_type": "tax", "sequence": 10000, **values}
            for values in self._add_amounts(move, products)
        ]
        terms = [
            {**common, "display_type": "payment_term", "sequence": 12000, **values}
            for values in self._term_values(move, products, taxes)
        ]
        lines = products + taxes + terms
        accounts = self.env["account.account"]
        for line in lines:
            account = accounts.browse(line["account_id"])
            open_item = account.reconcile or account.account_type in (
                "asset_cash",
                "liability_credit_card",
            )
            line["amount_residual"] = line["balance"] if open_item else 0.0
            line["amount_residual_currency"] = (
                line["amount_currency"] if open_item else 0.0
            )
            line["reconciled"] = open_item and not (
                line["balance"] or line["amount_currency"]
            )
        return lines

    @api.model
    def _add_amounts(self, move, products):
        """Compute the amounts of product lines by Odoo's tax engine.

        :param list[dict] products: values of the lines, completed in place
        :return: values of the tax lines
        :rtype: list[dict]
        """
        engine, company = self.env["account.tax"], move.company_id
        if move.currency_id == company.currency_id and not any(
            self._taxes_of(line) for line in products
        ):
            for line in products:
                amount = move.currency_id.round(line["price_unit"])
                line["price_subtotal"] = line["price_total"] = amount
                line["amount_currency"] = line["balance"] = move.direction_sign * amount
            return []
        bases = []
        for line in products:
            base = engine._prepare_base_line_for_taxes_computation(
                None,
                product_id=self.env["product.product"].browse(line["product_id"]),
                product_uom_id=self.env["uom.uom"].browse(line["product_uom_id"]),
                account_id=self.env["account.account"].browse(line["account_id"]),
                partner_id=move.commercial_partner_id,
                currency_id=move.currency_id,
                tax_ids=self._taxes_of(line),
                price_unit=line["price_unit"],
                quantity=line["quantity"],
                rate=move.invoice_currency_rate,
                sign=move.direction_sign,
                is_refund=move.move_type == "out_refund",
                analytic_distribution=False,
                name=line["name"],
            )
            engine._add_tax_details_in_base_line(base, company)
            # Alone, as the line shows it; below, together with the others.
            engine._round_base_lines_tax_details([base], company)
            line["price_subtotal"] = base["tax_details"]["total_excluded_currency"]
            line["price_total"] = base["tax_details"]["total_included_currency"]
            bases.append(base)
        engine._round_base_lines_tax_details(bases, company)
        engine._add_accounting_data_in_base_lines_tax_details(bases, company)
        result = engine._prepare_tax_lines(bases, company)
        for line, (_base, amounts) in zip(
            products, result["base_lines_to_update"], strict=True
        ):
            line.update(amounts)
        taxes = result["tax_lines_to_add"]
        for line in products + taxes:
            for names, currency in (
                (OWN_AMOUNTS, company.currency_id),
                (AMOUNTS, move.currency_id),
            ):
                line.update(
                    (name, currency.round(line[name])) for name in names & line.keys()
                )
        return taxes

    @api.model
    def _term_values(self, move, products, taxes):
        """Return the values of the lines that say what is due, and when."""

        def total(lines, field, currency):
            return -currency.round(sum(line[field] for line in lines))

        currency, own = move.currency_id, move.company_currency_id
        due = defaultdict(lambda: [0.0, 0.0])
        if move.invoice_payment_term_id:
            terms = move.invoice_payment_term_id._compute_terms(
                date_ref=move.invoice_date,
                currency=currency,
                company=move.company_id,
                tax_amount=total(taxes, "balance", own),
                tax_amount_currency=total(taxes, "amount_currency", currency),
                untaxed_amount=total(products, "balance", own),
                untaxed_amount_currency=total(products, "amount_currency", currency),
                sign=-move.direction_sign,
            )
            for term in terms["line_ids"]:
                due[term["date"]][0] += term["company_amount"]
                due[term["date"]][1] += term["foreign_amount"]
        else:
            due[move.invoice_date_due] = [
                total(products + taxes, "balance", own),
                total(products + taxes, "amount_currency", currency),
            ]
        account = move.commercial_partner_id.property_account_receivable_id
        if move.fiscal_position_id:
            account = move.fiscal_position_id.map_account(account)
        return [
            {
                "account_id": account.id,
                "date_maturity": day,
                "balance": own.round(balance),
                "amount_currency": currency.round(amount),
                "discount_date": False,
                "discount_balance": 0.0,
                "discount_amount_currency": 0.0,
            }
            for day, (balance, amount) in due.items()
        ]
