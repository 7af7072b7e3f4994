from odoo import api, fields, models
from odoo.tools import SQL


class AccountPayment(models.Model):
    _inherit = "account.payment"

    bitpaket_account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
        check_company=True,
    )
    bitpaket_chargeback = fields.Boolean(
        string="Chargeback",
        readonly=True,
        copy=False,
        help="The customer's bank took the money back.",
    )

    fastspring_return_ids = fields.One2many(
        "bitpaket.fastspring.return", "source_payment_id", string="Refunds"
    )
    fastspring_entry_ids = fields.One2many(
        "bitpaket.fastspring.payout.entry", "payment_id", string="Payout entries"
    )

    def _bitpaket_line(self):
        """Return the line of this payment on the customer's account.

        :rtype: recordset of `account.move.line`
        """
        self.ensure_one()
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id == self.destination_account_id
        )

    def _bitpaket_left(self):
        """Return what of this payment is not applied to anything.

        :return: An amount in the payment's currency, never negative.
        :rtype: float
        """
        self.ensure_one()
        line = self._bitpaket_line()
        return abs(sum(line.mapped("amount_residual_currency")))

    def _bitpaket_clearing(self):
        """Return the line of this payment on the clearing account.

        :rtype: recordset of `account.move.line`
        """
        self.ensure_one()
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id == self.outstanding_account_id
        )

    def _bitpaket_invoice_lines(self):
        """Return the lines of invoices that this payment paid, the oldest first.

        :rtype: recordset of `account.move.line`
        """
        self.ensure_one()
        lines = self._bitpaket_line().matched_debit_ids.debit_move_id
        return lines.filtered(
            lambda line: line.move_id.move_type == "out_invoice"
        ).sorted(lambda line: (line.date_maturity or line.date, line.id))

    def _bitpaket_portal_state(self):
        """Return the state of a booked payment in the customer's terms.

        :rtype: str
        """
        self.ensure_one()
        if self.bitpaket_chargeback:
            return "chargeback"
        if self.payment_type == "outbound":
            return "refund"
        return "done" if self.is_reconciled else "credit"

    def _bitpaket_portal_invoices(self):
        """Return the invoices that a booked payment is about, for the customer.

        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        if self.bitpaket_chargeback:
            cases = self.env["bitpaket.fastspring.chargeback"]
            return cases.search([("payment_id", "=", self.id)]).invoice_ids
        if self.payment_type == "outbound" and not self.invoice_ids:
            return self.payment_transaction_id.source_transaction_id.invoice_ids
        return self.invoice_ids

    @api.model
    def _bitpaket_credits_query(self, accounts):
        """Return a query of what was paid and is not applied to anything.

        Only money in an account's own currency: another one needs a decision first.

        :param accounts: `bitpaket.account` records.
        :return: Of the id of each account and the amount.
        :rtype: SQL
        """
        self.env["account.move.line"].flush_model(
            ["amount_residual_currency", "reconciled", "currency_id", "parent_state"]
        )
        self.flush_model(["bitpaket_account_id", "payment_type", "move_id"])
        return SQL(
            """
            SELECT account.id, SUM(-line.amount_residual_currency)
              FROM account_payment payment
              JOIN bitpaket_account account
                ON account.id = payment.bitpaket_account_id
              JOIN account_move_line line
                ON line.move_id = payment.move_id
               AND line.account_id = payment.destination_account_id
             WHERE account.id = ANY(%s)
               AND payment.payment_type = 'inbound'
               AND line.parent_state = 'posted'
               AND NOT line.reconciled
               AND line.currency_id = account.currency_id
             GROUP BY account.id
            """,
            accounts.ids,
        )
