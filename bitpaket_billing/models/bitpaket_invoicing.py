import functools
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

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
        (statements - billable).message = self.env._(
            "Nothing to pay, so there is no invoice."
        )
        if not billable:
            return
        company = billable.company_id
        self = self.with_company(company).with_context(**SILENT)
        billable = billable.with_env(self.env)
        booking = functools.cache(self._prepare_booking)
        vals_list = [self._prepare_invoice(one, booking) for one in billable]
        self._create_posted(company, vals_list)
        billable._link_invoices()

    @api.model
    def _create_posted(self, company, vals_list):
        """Create and post invoices, each by the quickest path that can express it.

        :param company: the company of all of them
        :param list[dict] vals_list: their values, for stock `create`
        """
        fast, stock = [], []
        reasons = defaultdict(list)
        obstacle = self._obstacle(company)
        for vals in vals_list:
            reason = obstacle or self._obstacle_of(vals)
            (stock if reason else fast).append(vals)
            if reason:
                reasons[reason].append(vals.get("bitpaket_statement_id"))
        if fast:
            self._create_posted_fast(fast)
        self.env["account.move"]._bitpaket_wake_sending()
        if stock:
            self._create_posted_stock(stock)
        for reason, ids in reasons.items():
            statements = self.env["bitpaket.statement"].browse(filter(None, ids))
            statements.stock_reason = reason

    @api.model
    def _create_posted_stock(self, vals_list):
        self.env["account.move"].create(vals_list)._post(soft=False)

    @api.model
    def _prepare_invoice(self, statement, booking, lines=None):
        """Return the values of a statement's invoice, or of its credit note.

        :param callable booking: `_prepare_booking`, or a cache of it
        :param lines: usage lines to invoice; default: all of the statement
        """
        company = statement.company_id
        account = statement.account_id
        partner = account.partner_id
        lines = statement.line_ids if lines is None else lines
        sign = 1 if sum(lines.mapped("amount")) > 0 else -1
        position = self._get_fiscal_position(company, partner)
        payer = account._get_payer()
        return {
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "company_id": company.id,
            "journal_id": company._bitpaket_get_journal().id,
            "currency_id": statement.currency_id.id,
            "partner_id": payer.id,
            "partner_shipping_id": partner.id,
            "invoice_date": statement._invoice_date(),
            "invoice_payment_term_id": (
                payer.property_payment_term_id or company.bitpaket_payment_term_id
            ).id,
            "fiscal_position_id": position.id,
            "invoice_user_id": False,
            # Odoo's own place for the customer's number, which e-invoices take.
            "ref": account.purchase_order or account.name,
            "bitpaket_account_id": account.id,
            "bitpaket_purchase_order": account.purchase_order,
            "bitpaket_statement_id": statement.id,
            **self.env["account.move"]._bitpaket_prepare_sending(account, payer),
            "invoice_line_ids": [
                fields.Command.create(values)
                for values in self._prepare_invoice_lines(
                    lines, position, sign, booking
                )
            ],
        }

    @api.model
    def _get_fiscal_position(self, company, partner):
        if company.bitpaket_tax_mode == "merchant_of_record":
            return company._bitpaket_get_fiscal_position()
        return self.env["account.fiscal.position"]._get_fiscal_position(partner)

    @api.model
    def _prepare_invoice_lines(self, lines, position, sign, booking):
        """Return one invoice line per meter, fee or minimum that costs something.

        What a coupon takes off one is a line of its own, taxed as that is.

        The amount is booked as quantity 1 times the amount, because Odoo rounds
        quantities; the real quantities stand in the text and in the usage lines.
        """
        result = []
        for (meter, redemption, phase), group in lines.grouped(
            lambda line: line._booked_as()
        ).items():
            amount = lines.currency_id.round(sum(group.mapped("amount")))
            if amount:
                result.append(
                    {
                        "name": group._invoice_text(),
                        "quantity": 1,
                        "price_unit": sign * amount,
                        "bitpaket_meter_id": meter.id,
                        "bitpaket_redemption_id": redemption.id,
                        "bitpaket_phase_id": phase.id,
                        **self._prepare_service(lines, phase),
                        **booking(meter, position, bool(phase)),
                    }
                )
        return result

    @api.model
    def _prepare_service(self, lines, phase):
        """Return the days that a plan's fee, or a discount on it, is for.

        :param lines: the usage lines of the invoice
        :param phase: the plan phase; none: of something else
        """
        if not phase:
            return {}
        fees = lines.filtered(
            lambda line: line.phase_id == phase and line.type in ("fee", "credit")
        )
        if not fees:
            return {}
        return {
            "bitpaket_service_start": min(fees.mapped("date_start")),
            "bitpaket_service_end": max(fees.mapped("date_end")),
        }

    @api.model
    def _prepare_booking(self, meter, position, is_fee=False):
        """Return how what a meter counts is booked: product, taxes and account.

        :param meter: the meter; none for plans and minimums
        :param bool is_fee: whether it is a plan's price
        """
        company = self.env.company
        product = meter.product_id or self.env.ref(
            f"bitpaket_billing.product_{'plan' if is_fee else 'minimum'}"
        )
        product = product.with_company(company)
        taxes = product.taxes_id._filter_taxes_by_company(company)
        accounts = product.product_tmpl_id.get_product_accounts(position)
        journal = company._bitpaket_get_journal()
        if not (accounts["income"] or journal.default_account_id):
            raise UserError(
                self.env._(
                    "There is no income account for “%(product)s”. Set one on the "
                    "product, on its category, or on the journal “%(journal)s”.",
                    product=product.name,
                    journal=journal.name,
                )
            )
        return {
            "product_id": product.id,
            "product_uom_id": product.uom_id.id,
            "tax_ids": [fields.Command.set(position.map_tax(taxes).ids)],
            **({"account_id": accounts["income"].id} if accounts["income"] else {}),
        }
