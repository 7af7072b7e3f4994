from collections import defaultdict

from odoo import api, fields, models

#: Machine work on documents: no followers, no tracking, no "created" messages.
SILENT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


class BitpaketInvoicing(models.AbstractModel):
    """Turns rated statements into posted invoices."""

    _name = "bitpaket.invoicing"
    _description = "Invoicing of Statements"

    @api.model
    def _invoice_statements(self, statements):
        """Create and post the invoices of rated statements of one company.

        A statement below the smallest amount of its currency makes no invoice, and
        says so.

        :param statements: rated `bitpaket.statement` records
        """
        billable = statements.filtered(
            lambda s: not s.currency_id.is_zero(s.amount_total)
        )
        for statement in statements - billable:
            statement.message = self.env._("Nothing to pay, so there is no invoice.")
        if not billable:
            return
        moves = (
            self.env["account.move"]
            .with_context(**SILENT)
            .create([self._prepare_invoice(statement) for statement in billable])
        )
        moves._post(soft=False)
        for statement, move in zip(billable, moves, strict=True):
            statement.write({"move_id": move.id, "state": "invoiced"})
            statement.line_ids.move_id = move

    @api.model
    def _prepare_invoice(self, statement):
        """Return the values of a statement's invoice, or of its credit note."""
        company = statement.company_id
        account = statement.account_id
        partner = account.partner_id
        sign = 1 if statement.amount_total > 0 else -1
        position = self._get_fiscal_position(company, partner)
        return {
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "company_id": company.id,
            "journal_id": company._bitpaket_get_journal().id,
            "currency_id": statement.currency_id.id,
            "partner_id": partner.address_get(["invoice"])["invoice"],
            "partner_shipping_id": partner.id,
            "invoice_date": statement.period_end,
            "fiscal_position_id": position.id,
            "invoice_user_id": False,
            "ref": account.name,
            "bitpaket_account_id": account.id,
            "bitpaket_statement_id": statement.id,
            "invoice_line_ids": [
                fields.Command.create(values)
                for values in self._prepare_invoice_lines(statement, position, sign)
            ],
        }

    @api.model
    def _get_fiscal_position(self, company, partner):
        if company.bitpaket_tax_mode == "merchant_of_record":
            return company._bitpaket_get_fiscal_position()
        return self.env["account.fiscal.position"]._get_fiscal_position(partner)

    @api.model
    def _prepare_invoice_lines(self, statement, position, sign):
        """Return one invoice line per meter that costs something.

        The amount is booked as quantity 1 times the amount, because Odoo rounds
        quantities; the real quantities stand in the text and in the usage lines.
        """
        by_meter = defaultdict(lambda: self.env["bitpaket.usage.line"])
        for line in statement.line_ids:
            by_meter[line.meter_id] |= line
        result = []
        for meter, lines in by_meter.items():
            amount = sum(lines.mapped("amount"))
            if statement.currency_id.is_zero(amount):
                continue
            product = meter.product_id.with_company(statement.company_id)
            taxes = product.taxes_id._filter_taxes_by_company(statement.company_id)
            accounts = product.product_tmpl_id.get_product_accounts(position)
            result.append(
                {
                    "product_id": product.id,
                    "name": lines._invoice_text(),
                    "quantity": 1,
                    "price_unit": sign * statement.currency_id.round(amount),
                    "tax_ids": [fields.Command.set(position.map_tax(taxes).ids)],
                    **(
                        {"account_id": accounts["income"].id}
                        if accounts["income"]
                        else {}
                    ),
                }
            )
        return result
