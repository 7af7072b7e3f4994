from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date


class BitpaketPlanChoice(models.TransientModel):
    """Changes the plan of an account, after it told what that costs."""

    _name = "bitpaket.plan.choice"
    _description = "Change a Plan"

    account_id = fields.Many2one("bitpaket.account", required=True, readonly=True)
    company_id = fields.Many2one(related="account_id.company_id")
    what = fields.Selection(
        [
            ("choose", "Choose a plan"),
            ("cancel", "Cancel at the end of what is paid for"),
            ("cancel_now", "Cancel now"),
            ("pause", "Pause"),
            ("resume", "Resume"),
        ],
        string="Change",
        required=True,
        default="choose",
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        domain="[('bitpaket_is_plan', '=', True),"
        " ('bitpaket_replaced_by_id', '=', False),"
        " ('bitpaket_company_id', '=', company_id)]",
    )
    interval = fields.Selection(
        [("month", "Month"), ("year", "Year")],
        string="Paid per",
        required=True,
        default="month",
    )
    until = fields.Date(string="Resumes on", help="Empty: when it is resumed.")
    forced = fields.Boolean(
        string="Not minding the minimum term",
        help="Also a plan that is not offered to this account.",
    )
    reason = fields.Char()
    quote = fields.Html(string="What it means", readonly=True)
    total = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="account_id.currency_id")

    @api.onchange("what", "plan_id", "interval", "until", "forced")
    def _onchange_what(self):
        self.quote = False

    def _arguments(self):
        forced = self.forced and self.env.user.has_group(
            "bitpaket_billing.group_billing_manager"
        )
        return (
            self.what,
            self.plan_id,
            self.interval,
            self.until,
            forced,
            self.reason,
        )

    def _quote_text(self, quote):
        """Tell a quote in words.

        :rtype: Markup
        """
        return self.env["ir.qweb"]._render(
            "bitpaket_billing.plan_quote",
            {
                "quote": quote,
                "money": lambda amount: format_amount(
                    self.env, amount, self.account_id.currency_id
                ),
                "day": lambda day: format_date(self.env, day),
            },
        )

    def action_quote(self):
        """Tell what the change costs and when it begins, before it is made."""
        self.ensure_one()
        self.account_id._check_may_change_plan()
        quote = self.account_id._quote_plan(*self._arguments())
        self.write({"quote": self._quote_text(quote), "total": quote["total"]})
        return self._get_records_action(
            name=self.env._("Change the plan"), target="new"
        )

    def action_confirm(self):
        """Change the plan, for what was told."""
        self.ensure_one()
        self.account_id._check_may_change_plan()
        change = self.account_id._change_plan(*self._arguments())
        if self.currency_id.compare_amounts(change._charged(), self.total):
            raise UserError(
                self.env._("The sum has changed meanwhile. Look at it again.")
            )
        return {"type": "ir.actions.act_window_close"}


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _check_may_change_plan(self):
        """Let billing users change the plans of accounts that they may change.

        :raise AccessError: for everybody else
        """
        if not self.env.user.has_group("bitpaket_billing.group_billing_user"):
            raise AccessError(self.env._("Only billing users change a plan."))
        self.check_access("write")

    def action_change_plan(self):
        """Ask which plan this account shall have."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change the plan"),
            "res_model": "bitpaket.plan.choice",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_account_id": self.id,
                "default_what": "cancel" if self.plan_id else "choose",
            },
        }

    def action_undo_plan_change(self):
        """Take back what is pending."""
        self.ensure_one()
        self._check_may_change_plan()
        self._undo_plan_change()
