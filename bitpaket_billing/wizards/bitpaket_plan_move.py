from odoo import api, fields, models
from odoo.exceptions import UserError


class BitpaketPlanMove(models.TransientModel):
    """Moves the subscribers of a plan to its new version, after a preview."""

    _name = "bitpaket.plan.move"
    _description = "Move Subscribers"

    plan_id = fields.Many2one(
        "sale.subscription.template", string="From", required=True, readonly=True
    )
    version_id = fields.Many2one(related="plan_id.bitpaket_replaced_by_id", string="To")
    line_ids = fields.One2many(
        "bitpaket.plan.move.line", "move_id", string="Subscribers"
    )
    reason = fields.Char(help="Told on the accounts.")

    @api.model
    def _preview(self, plan, subscription):
        """Return what moving a subscription to the new version would mean.

        :rtype: dict
        """
        account = subscription.bitpaket_account_id
        values = {
            "account_id": account.id,
            "amount_before": subscription.bitpaket_amount,
        }
        try:
            quote = account._quote_plan("version", plan.bitpaket_replaced_by_id)
        except UserError as error:
            return {**values, "obstacle": str(error), "chosen": False}
        return {
            **values,
            "date": quote["date"],
            "amount_after": quote["next_amount"],
        }

    def action_confirm(self):
        """Move those that are chosen, each when what it paid for ends."""
        self.ensure_one()
        for line in self.line_ids.filtered("chosen"):
            line.account_id._change_plan("version", self.version_id, reason=self.reason)
        return {"type": "ir.actions.act_window_close"}


class BitpaketPlanMoveLine(models.TransientModel):
    """One subscriber to move."""

    _name = "bitpaket.plan.move.line"
    _description = "Subscriber to Move"

    move_id = fields.Many2one(
        "bitpaket.plan.move", string="Form", required=True, ondelete="cascade"
    )
    chosen = fields.Boolean(string="Move", default=True)
    account_id = fields.Many2one("bitpaket.account", required=True, readonly=True)
    currency_id = fields.Many2one(related="account_id.currency_id")
    date = fields.Date(string="From", readonly=True)
    amount_before = fields.Monetary(string="Price now", readonly=True)
    amount_after = fields.Monetary(string="First fee then", readonly=True)
    obstacle = fields.Char(string="Not possible because", readonly=True)


class SaleSubscriptionTemplate(models.Model):
    _inherit = "sale.subscription.template"

    def action_bitpaket_move(self):
        """Show what moving the subscribers to the new version means."""
        self.ensure_one()
        subscriptions = self.env["sale.subscription"].search(
            [("template_id", "=", self.id), ("bitpaket_state", "!=", "ended")]
        )
        moves = self.env["bitpaket.plan.move"]
        previews = [moves._preview(self, one) for one in subscriptions]
        move = moves.create(
            {
                "plan_id": self.id,
                "line_ids": [fields.Command.create(values) for values in previews],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Move subscribers"),
            "res_model": "bitpaket.plan.move",
            "res_id": move.id,
            "view_mode": "form",
            "target": "new",
        }
