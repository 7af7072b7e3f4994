from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class AccountMove(models.Model):
    """Credit notes that are paid out at FastSpring."""

    _inherit = "account.move"

    fastspring_can_refund = fields.Boolean(compute="_compute_fastspring_can_refund")

    @api.depends("state", "payment_state", "move_type", "reversed_entry_id")
    def _compute_fastspring_can_refund(self):
        for move in self:
            move.fastspring_can_refund = bool(
                move.move_type == "out_refund"
                and move.state == "posted"
                and not move.currency_id.is_zero(move.amount_residual)
                and move._fastspring_find_payments()
            )

    def _fastspring_find_payments(self):
        """Return the payments over FastSpring that paid what this credits.

        :return: The newest first.
        :rtype: recordset of `account.payment`
        """
        self.ensure_one()
        payments_sudo = self.sudo().reversed_entry_id._get_reconciled_payments()
        return payments_sudo.filtered(
            lambda payment: (
                payment.payment_type == "inbound"
                and payment.payment_transaction_id.fastspring_order_id
            )
        ).sorted("id", reverse=True)

    def action_fastspring_refund(self):
        """Have FastSpring pay this credit note out to the customer."""
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(self.env._("Only a billing manager gives money back."))
        self.check_access("write")
        backs_sudo = self.env["bitpaket.fastspring.return"].sudo()
        for note in self:
            underway = backs_sudo.search(
                [
                    ("credit_note_ids", "in", note.ids),
                    ("state", "in", ("asked", "sending", "sent")),
                ]
            )
            wanted = note.amount_residual - sum(underway.mapped("amount"))
            asked = False
            for payment in note._fastspring_find_payments():
                left = backs_sudo._get_refundable(payment)
                amount = note.currency_id.round(min(wanted, left))
                if note.currency_id.compare_amounts(amount, 0) <= 0:
                    continue
                transaction = payment.payment_transaction_id
                backs_sudo._ask(
                    transaction.provider_id,
                    transaction.fastspring_order_id,
                    transaction.provider_reference,
                    payment,
                    amount,
                    credit_note=note,
                    user=self.env.user,
                )
                asked = True
                wanted = note.currency_id.round(wanted - amount)
                note.message_post(
                    body=self.env._("FastSpring is asked for the refund.")
                )
            if not asked:
                raise UserError(
                    self.env._(
                        "%s cannot be given back at FastSpring: no payment is left "
                        "there that paid for it, or the refund is on its way.",
                        note.name,
                    )
                )

    # === CREDIT NOTES OF REFUNDS === #

    def _fastspring_credit(self, amount, back):
        """Credit an amount on these invoices, one after the other.

        :param float amount: How much.
        :param back: The `bitpaket.fastspring.return` that it is for.
        :return: The posted credit notes.
        """
        notes = self.browse()
        for invoice in self:
            currency = invoice.currency_id
            credited = sum(
                invoice.reversal_move_ids.filtered(
                    lambda move: move.state == "posted"
                ).mapped("amount_total")
            )
            part = currency.round(min(amount, invoice.amount_total - credited))
            if currency.compare_amounts(part, 0) <= 0:
                continue
            note = invoice._fastspring_make_credit_note(part, back)
            notes |= note
            amount = currency.round(amount - part)
        return notes

    def _fastspring_make_credit_note(self, amount, back):
        """Return a posted credit note of exactly this amount, taxes included."""
        values = {
            "invoice_date": back.date,
            "date": back.date,
            "ref": self.env._("Refund %s", back.name),
            "journal_id": self.journal_id.id,
        }
        if self.currency_id.compare_amounts(amount, self.amount_total) == 0:
            note = self._reverse_moves([values])
        else:
            note = self.create(
                {
                    **values,
                    "move_type": "out_refund",
                    "partner_id": self.partner_id.id,
                    "currency_id": self.currency_id.id,
                    "company_id": self.company_id.id,
                    "fiscal_position_id": self.fiscal_position_id.id,
                    "reversed_entry_id": self.id,
                    "bitpaket_account_id": self.bitpaket_account_id.id,
                    "invoice_line_ids": [
                        Command.create(line)
                        for line in self._fastspring_share_lines(amount)
                    ],
                }
            )
        if self.currency_id.compare_amounts(note.amount_total, amount) != 0:
            raise UserError(
                self.env._(
                    "A part of %s cannot be credited because of its taxes. Make the "
                    "credit note yourself.",
                    self.name,
                )
            )
        note.action_post()
        # Posting lets it pay what is open on the invoice; it is for the refund.
        note.line_ids.remove_move_reconcile()
        return note

    def _fastspring_share_lines(self, amount):
        """Return lines that credit an amount, one per account and taxes."""
        groups = {}
        for line in self.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        ):
            key = (line.account_id, line.tax_ids)
            groups[key] = groups.get(key, 0.0) + line.price_total
        rest, lines = amount, []
        for position, ((account, taxes), total) in enumerate(groups.items(), 1):
            part = self.currency_id.round(amount * total / self.amount_total)
            part = rest if position == len(groups) else part
            rest = self.currency_id.round(rest - part)
            net = part
            if taxes:
                net = taxes.with_context(force_price_include=True).compute_all(
                    part, self.currency_id, partner=self.partner_id
                )["total_excluded"]
            lines.append(
                {
                    "name": self.env._("Refund of %s", self.name),
                    "account_id": account.id,
                    "tax_ids": [Command.set(taxes.ids)],
                    "quantity": 1,
                    "price_unit": net,
                }
            )
        return lines
