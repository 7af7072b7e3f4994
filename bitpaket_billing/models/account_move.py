from odoo import fields, models

from .account_move_send import SENDING


class AccountMove(models.Model):
    _inherit = "account.move"

    bitpaket_account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    # The subscription module looks for invoices by it, without an index.
    subscription_id = fields.Many2one(index="btree_not_null")
    bitpaket_statement_id = fields.Many2one(
        "bitpaket.statement",
        string="Usage statement",
        ondelete="restrict",
        copy=False,
        readonly=True,
    )
    bitpaket_purchase_order = fields.Char(
        string="Purchase order",
        readonly=True,
        help="The customer's own number, as it was when this was invoiced.",
    )
    usage_line_ids = fields.One2many(
        "bitpaket.usage.line", "move_id", string="Usage", readonly=True, copy=False
    )

    # The promise that a period is never invoiced twice, kept by the database: one
    # invoice of the period itself, and one document per numbered correction.
    _bitpaket_statement_uniq = models.UniqueIndex(
        "(bitpaket_statement_id, COALESCE(bitpaket_revision, 0))"
        " WHERE bitpaket_statement_id IS NOT NULL",
        "This statement has an invoice already.",
    )

    def write(self, vals):
        """Move statements on when somebody says that their invoice was sent."""
        result = super().write(vals)
        if vals.get("is_move_sent") and not self.env.context.get(SENDING):
            self._bitpaket_set_statements_sent()
        return result

    def _has_to_be_paid(self):
        """Offer nothing to pay, on Odoo's pages as well, to whom may only read."""
        account = self.sudo().bitpaket_account_id
        may_act = not account or account._get_role(self.env.user) != "read"
        return may_act and super()._has_to_be_paid()

    def _bitpaket_usage_by_meter(self):
        """Return the usage lines for the annex of the invoice, grouped by kind.

        :return: (kind, its label, lines) in the order of the statement
        :rtype: list[tuple]
        """
        self.ensure_one()
        lines = self.sudo().usage_line_ids
        labels = dict(
            self.env["bitpaket.meter"]._fields["kind"]._description_selection(self.env)
        )
        labels["coupon"] = self.env._("Coupons")
        labels["plan"] = self.env._("Plan")
        return [
            (kind, labels.get(kind, ""), group)
            for kind, group in lines._grouped_to_show().items()
        ]
