"""Quotations of plans: a confirmed one becomes a billing account."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import rating
from ..tools import exact


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # The module looks for orders by their subscription, without an index.
    order_subscription_id = fields.Many2one(index="btree_not_null")
    bitpaket_account_ids = fields.One2many(
        "bitpaket.account", "order_id", string="Billing accounts"
    )
    bitpaket_account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        compute="_compute_bitpaket_account_id",
        compute_sudo=True,
    )
    bitpaket_sells_plan = fields.Boolean(compute="_compute_bitpaket_sells_plan")

    @api.depends("bitpaket_account_ids")
    def _compute_bitpaket_account_id(self):
        for order in self:
            order.bitpaket_account_id = order.bitpaket_account_ids[:1]

    @api.depends("order_line.product_id")
    def _compute_bitpaket_sells_plan(self):
        for order in self:
            order.bitpaket_sells_plan = bool(order._bitpaket_plan_lines())

    def _bitpaket_plan_lines(self):
        return self.order_line.filtered("bitpaket_is_plan")

    def action_bitpaket_account(self):
        """Open the billing account of this order, or the form that makes it.

        The plan's price per month is what its lines come to, before tax.
        """
        self.ensure_one()
        if self.bitpaket_account_id:
            return self.bitpaket_account_id._get_records_action()
        lines = self._bitpaket_plan_lines()
        if self.state != "sale" or not lines:
            raise UserError(
                self.env._(
                    "A billing account is made of a confirmed order with the product "
                    "“%s”.",
                    self.env.ref("bitpaket_billing.product_plan").display_name,
                )
            )
        amount = rating.outstanding(
            exact(0),
            [exact(line.price_subtotal) for line in lines],
            self.currency_id.decimal_places,
        )
        books = self.env["bitpaket.price.book"].search(
            [("company_id", "in", (self.company_id.id, False))]
        )
        book = books.filtered(lambda one: self.currency_id in one.currency_ids)[:1]
        if not book:
            raise UserError(
                self.env._(
                    "No price book has prices in %s: make one first.",
                    self.currency_id.name,
                )
            )
        form = self.env["bitpaket.enterprise"].create(
            {
                "company_id": self.company_id.id,
                "order_id": self.id,
                "partner_id": self.partner_id.id,
                "book_id": book.id,
                "currency_id": self.currency_id.id,
                "amount": float(amount),
            }
        )
        return form._get_records_action(
            name=self.env._("New enterprise account"), target="new"
        )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    bitpaket_is_plan = fields.Boolean(compute="_compute_bitpaket_is_plan")

    @api.depends("product_id")
    def _compute_bitpaket_is_plan(self):
        plan = self.env.ref("bitpaket_billing.product_plan", raise_if_not_found=False)
        for line in self:
            line.bitpaket_is_plan = bool(plan) and line.product_id == plan

    @api.depends("bitpaket_is_plan")
    def _compute_qty_to_invoice(self):
        """Leave plans to the statements of their accounts."""
        plans = self.filtered("bitpaket_is_plan")
        plans.qty_to_invoice = 0
        return super(SaleOrderLine, self - plans)._compute_qty_to_invoice()


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    order_id = fields.Many2one(
        "sale.order",
        string="Agreed in",
        copy=False,
        readonly=True,
        ondelete="restrict",
        check_company=True,
        help="The order that this account was made of.",
    )

    _order_uniq = models.UniqueIndex(
        "(order_id) WHERE order_id IS NOT NULL",
        "This order has a billing account already.",
    )
