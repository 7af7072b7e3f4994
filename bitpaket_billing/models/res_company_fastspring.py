from odoo import fields, models


class ResCompany(models.Model):
    """What a company decides about the money that goes through FastSpring."""

    _inherit = "res.company"

    bitpaket_refund_automatic = fields.Boolean(
        string="Credit refunds made at FastSpring",
        help="A refund that was made at FastSpring gets its credit note at once. "
        "Otherwise it waits for a billing manager, under FastSpring refunds.",
    )
    bitpaket_suspend_on_chargeback = fields.Boolean(
        string="Suspend on a chargeback",
        help="An account whose bank took a payment back is suspended.",
    )
    bitpaket_fastspring_fee_account_id = fields.Many2one(
        "account.account",
        string="FastSpring's fees",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        help="Where the fees are booked that FastSpring keeps of each order. Made with "
        "the first fee, if there is none.",
    )
    bitpaket_fastspring_tax_account_id = fields.Many2one(
        "account.account",
        string="Tax kept by FastSpring",
        check_company=True,
        help="Where tax is booked that FastSpring takes out of what we count as paid: "
        "of prices that hold the tax of the customer's country. Made when it is first "
        "needed, if there is none.",
    )

    def _bitpaket_get_fee_account(self):
        """Return the account of FastSpring's fees, made when there is none."""
        return self._bitpaket_get_account(
            "bitpaket_fastspring_fee_account_id", self.env._("FastSpring fees")
        )

    def _bitpaket_get_tax_account(self):
        """Return the account of the tax FastSpring keeps, made when there is none."""
        return self._bitpaket_get_account(
            "bitpaket_fastspring_tax_account_id", self.env._("Tax kept by FastSpring")
        )

    def _bitpaket_get_account(self, field, name):
        self.ensure_one()
        company_sudo = self.sudo().with_company(self)
        if not company_sudo[field]:
            self._bitpaket_check_chart()
            accounts_sudo = company_sudo.env["account.account"]
            expenses_sudo = accounts_sudo.search(
                [
                    *accounts_sudo._check_company_domain(self),
                    ("account_type", "=", "expense"),
                ],
                order="code",
                limit=1,
            )
            company_sudo[field] = accounts_sudo.create(
                {
                    "name": name,
                    "account_type": "expense",
                    "code": accounts_sudo._search_new_account_code(
                        expenses_sudo.code or "6000"
                    ),
                }
            )
        return company_sudo[field]

    def _bitpaket_get_exchange_account(self, gain):
        """Return where a difference of exchange rates is booked.

        :param bool gain: Whether it is in our favour.
        """
        self.ensure_one()
        company_sudo = self.sudo()
        name = "income" if gain else "expense"
        return (
            company_sudo[f"{name}_currency_exchange_account_id"]
            or company_sudo._bitpaket_get_fee_account()
        )
