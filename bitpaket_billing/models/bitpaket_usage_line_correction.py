"""What of a usage line was credited, and the line that credits it."""

from odoo import api, fields, models

from .. import rating
from ..tools import exact


class BitpaketUsageLine(models.Model):
    _inherit = "bitpaket.usage.line"

    amount_left = fields.Monetary(
        string="Not credited",
        compute="_compute_amount_left",
        help="What of the amount can still be credited.",
    )

    @api.depends("amount", "credit_ids.amount")
    def _compute_amount_left(self):
        for line in self:
            line.amount_left = float(line._left())

    def _left(self):
        """Return what of this line was not credited yet.

        :rtype: Decimal
        """
        self.ensure_one()
        return rating.outstanding(
            exact(self.amount),
            map(exact, self.credit_ids.mapped("amount")),
            self.currency_id.decimal_places,
        )

    def _paid_fee(self):
        """Return what of a plan's fee was paid for, less credits and coupons.

        :rtype: rating.PaidFee
        """
        self.ensure_one()
        left = self._left()
        discounts = self.statement_id._with_discounts({self: left}) if left else {}
        return rating.PaidFee(
            self.date_start,
            self.date_end,
            rating.outstanding(
                exact(0), discounts.values(), self.currency_id.decimal_places
            ),
        )

    def _credited_quantity(self, amount):
        """Return what a credit takes off the quantity: all of it, or nothing.

        :param Decimal amount: what is credited
        """
        self.ensure_one()
        whole = exact(amount) == exact(self.amount) and not self.credit_ids
        return self.quantity if whole else 0.0

    def _prepare_credit(self, move, amount, sequence):
        """Return the values of the line that credits something of this one.

        :param move: the credit note
        :param Decimal amount: what is credited
        :rtype: dict
        """
        self.ensure_one()
        is_credit = self.type == "credit"
        return {
            "statement_id": self.statement_id.id,
            "account_id": self.account_id.id,
            "move_id": move.id,
            "sequence": sequence,
            "type": "credit",
            "name": self.name,
            "meter_id": self.meter_id.id or None,
            "kind": self.kind or None,
            "date_start": self.date_start,
            "date_end": self.date_end,
            "quantity": -self._credited_quantity(amount),
            "unit": self.unit or None,
            "unit_price": 0.0,
            "per": 1.0,
            "amount": -float(amount),
            "adjusted_statement_id": (
                self.adjusted_statement_id or self.statement_id
            ).id,
            "credited_line_id": (self.credited_line_id or self).id,
            "redemption_id": self.redemption_id.id or None,
            "phase_id": self.phase_id.id or None,
            # The credit of a credit undoes it, wherever that one counts.
            "for_good": self.for_good if is_credit else not move.bitpaket_reopens,
        }

    def _set_invoice(self, move):
        """Note on which invoice these lines stand."""
        self.env.cr.execute(
            "UPDATE bitpaket_usage_line SET move_id = %s WHERE id = ANY(%s)",
            [move.id, self.ids],
        )
        self.invalidate_recordset(["move_id"])
        move.invalidate_recordset(["usage_line_ids"])
