"""Credit notes of usage invoices: ours, and those of Odoo's own button."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import rating
from ..tools import exact


class AccountMove(models.Model):
    _inherit = "account.move"

    bitpaket_revision = fields.Integer(
        string="Correction",
        copy=False,
        readonly=True,
        help="0: the invoice of the period itself; else the number of the correction.",
    )
    bitpaket_reopens = fields.Boolean(
        string="Bill again",
        copy=False,
        help="What is credited is billed again with the next statement.",
    )

    # === CREDIT NOTES === #

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Number reversals of usage documents as corrections of their statement."""
        default_values_list = default_values_list or [{} for _move in self]
        for move, values in zip(self, default_values_list, strict=True):
            statement = move.sudo().bitpaket_statement_id
            if statement:
                values.update(statement._next_correction())
        return super()._reverse_moves(default_values_list, cancel)

    def _bitpaket_credit(self, shares, reason, date, reopens):
        """Credit some of what this document billed, by Odoo's own reversal.

        :param dict shares: by usage line of this document, what is credited of it
        :param str reason: told to the customer
        :param date date: of the credit note
        :param bool reopens: whether what is credited is billed again
        :return: the posted credit note
        """
        self.ensure_one()
        customer = self.with_context(lang=self.partner_id.lang)
        note = self._reverse_moves(
            [
                {
                    "ref": customer.env._(
                        "Credit of %(invoice)s: %(reason)s",
                        invoice=self.name,
                        reason=reason,
                    ),
                    "date": date,
                    "invoice_date": date,
                    "invoice_date_due": date,
                    "invoice_payment_term_id": False,
                    "invoice_user_id": False,
                    "bitpaket_reopens": reopens,
                    **self._bitpaket_prepare_sending(
                        self.bitpaket_account_id, self.partner_id
                    ),
                }
            ]
        )
        first = note.bitpaket_statement_id._next_sequence()
        lines = self.env["bitpaket.usage.line"]._insert(
            [
                line._prepare_credit(note, amount, number)
                for number, (line, amount) in enumerate(shares.items(), first)
            ]
        )
        note.invalidate_recordset(["usage_line_ids"])
        note._bitpaket_keep(lines)
        note._bitpaket_balance_tax()
        note._post(soft=False)
        note._bitpaket_wake_sending()
        note.bitpaket_statement_id._note_correction(
            note, self.env._("Credited"), reason
        )
        return note

    def _bitpaket_keep(self, lines):
        """Leave on a draft credit note what usage lines credit, and nothing else.

        :param lines: its usage lines
        :raise UserError: when more would be charged than credited
        """
        sign = self.direction_sign
        text = lines.with_context(lang=self.partner_id.lang)
        groups = text.grouped(lambda line: line._booked_as())
        commands = []
        for item in self.invoice_line_ids.filtered(
            lambda one: one.display_type == "product"
        ):
            some = groups.get(item._bitpaket_booked_as(), text.browse())
            amount = self.currency_id.round(sum(some.mapped("amount")))
            commands.append(
                fields.Command.update(
                    item.id,
                    {
                        "quantity": 1,
                        "price_unit": -sign * amount,
                        "name": some._invoice_text(),
                    },
                )
                if amount
                else fields.Command.delete(item.id)
            )
        self.invoice_line_ids = commands
        if self.currency_id.compare_amounts(self.amount_total, 0) <= 0:
            raise UserError(
                self.env._(
                    "Together the chosen lines come to nothing that could be credited."
                )
            )

    def _bitpaket_balance_tax(self):
        """Credit the last cent of tax with the last line.

        Tax is rounded on every document, so that several credits may come to a cent
        more or less than the tax of the invoice.
        """
        origin = self.reversed_entry_id
        taxes = self.line_ids.filtered(lambda line: line.display_type == "tax")
        if not taxes or any(line._left() for line in origin.usage_line_ids):
            return
        credits = origin.reversal_move_ids.filtered(
            lambda move: move.state == "posted" or move == self
        )
        digits = self.currency_id.decimal_places
        lacking = rating.outstanding(
            exact(origin.amount_tax),
            [-exact(move.amount_tax) for move in credits],
            digits,
        )
        if lacking:
            largest = max(taxes, key=lambda line: abs(line.amount_currency))
            sign = 1 if largest.amount_currency > 0 else -1
            largest.amount_currency += sign * float(lacking)

    def _bitpaket_settle(self):
        """Set off what is open on these documents against one another."""
        lines = self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
            and not line.reconciled
        )
        for some in lines.grouped("account_id").values():
            if len({line.balance > 0 for line in some}) > 1:
                some.reconcile()

    # === ODOO'S OWN CREDIT NOTES === #

    def _post(self, soft=True):
        """Note what credit notes credit that were not made by us."""
        again = self.filtered(lambda move: move.bitpaket_statement_id)
        again.filtered("posted_before")._bitpaket_check_amount()
        posted = super()._post(soft)
        for move in posted.filtered("bitpaket_revision"):
            if move.reversed_entry_id and not move.sudo().usage_line_ids:
                move.sudo()._bitpaket_note_credit()
        return posted

    def _bitpaket_note_credit(self):
        """Share out among the usage lines of the origin what this one credits."""
        self.ensure_one()
        origin = self.reversed_entry_id
        minimum = self.env.ref("bitpaket_billing.product_minimum")
        sign = -self.direction_sign
        digits = self.currency_id.decimal_places
        first = self.bitpaket_statement_id._next_sequence()
        vals_list = []
        for key, items in self.invoice_line_ids.grouped(
            lambda item: item._bitpaket_booked_as()
        ).items():
            if not key[0] and not key[2]:
                items = items.filtered(lambda one: one.product_id == minimum)
            billed = origin.usage_line_ids.filtered(
                lambda line, key=key: line._booked_as() == key
            )
            amount = rating.outstanding(
                exact(sign * sum(items.mapped("price_subtotal"))), (), digits
            )
            if not amount:
                continue
            shares = rating.spread(-amount, [line._left() for line in billed])
            for line, share in zip(billed, shares, strict=True):
                if share:
                    number = first + len(vals_list)
                    vals_list.append(line._prepare_credit(self, share, number))
        lines = self.env["bitpaket.usage.line"]._insert(vals_list)
        self.invalidate_recordset(["usage_line_ids"])
        again = lines.filtered(lambda line: not line.for_good)
        again.adjusted_statement_id.reopened = True
        self.bitpaket_statement_id._note_correction(
            self, self.env._("Credited"), self.ref or ""
        )

    # === WHAT CANNOT BE DONE === #

    def _bitpaket_check_amount(self):
        """Refuse to post a usage document again with another amount.

        :raise UserError: it is corrected by a credit
        """
        for move in self:
            billed = sum(move.sudo().usage_line_ids.mapped("amount"))
            shown = -move.direction_sign * move.amount_untaxed
            if move.currency_id.compare_amounts(billed, shown):
                raise UserError(
                    self.env._(
                        "%s does not come to the usage that it bills any more. Credit "
                        "it on its statement instead of changing its lines.",
                        move.name,
                    )
                )

    def button_cancel(self):
        """Refuse to cancel usage documents that were posted: they are credited."""
        self._check_not_billed()
        return super().button_cancel()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_not_billed()

    def _check_not_billed(self):
        for move in self.filtered("posted_before"):
            if move.sudo().bitpaket_statement_id:
                raise UserError(
                    self.env._(
                        "%s bills usage, so it stays. Credit it on its statement.",
                        move.name,
                    )
                )

    # === ACTION METHODS === #

    def action_bitpaket_bill_again(self):
        """Bill with the next statement what this credit note credits."""
        self._bitpaket_set_reopens(True)

    def action_bitpaket_leave_credited(self):
        """Do not bill again what this credit note credits."""
        self._bitpaket_set_reopens(False)

    def _bitpaket_set_reopens(self, reopens):
        self.ensure_one()
        statement = self.bitpaket_statement_id
        statement._check_may_correct()
        move = self.sudo()
        statement = statement.sudo()
        statement.lock_for_update(allow_referencing=True)
        credits = move.usage_line_ids.filtered(lambda line: line.type == "credit")
        periods = credits.adjusted_statement_id
        if not reopens and not all(periods.mapped("reopened")):
            raise UserError(
                self.env._(
                    "It was billed again already. Credit the new invoice instead."
                )
            )
        move.bitpaket_reopens = reopens
        credits.for_good = not reopens
        # Also when it stays credited: the next rating finds that nothing is missing.
        periods.reopened = True
        statement._note_correction(
            move,
            self.env._("To be billed again")
            if reopens
            else self.env._("Stays credited"),
        )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    bitpaket_meter_id = fields.Many2one(
        "bitpaket.meter", string="Meter", readonly=True, ondelete="restrict"
    )
    bitpaket_redemption_id = fields.Many2one(
        "bitpaket.coupon.redemption",
        string="Coupon",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The coupon that gives this discount.",
    )
    bitpaket_phase_id = fields.Many2one(
        "bitpaket.plan.phase",
        string="Plan",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The plan whose price this is.",
    )

    def _bitpaket_booked_as(self):
        """Return what usage lines have in common that stand on this line.

        :return: meter, redemption and plan phase
        :rtype: tuple
        """
        self.ensure_one()
        return (
            self.bitpaket_meter_id,
            self.bitpaket_redemption_id,
            self.bitpaket_phase_id,
        )
