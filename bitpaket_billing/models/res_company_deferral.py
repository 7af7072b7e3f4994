from odoo import fields, models


class ResCompany(models.Model):
    """What a company decides about revenue of services that last."""

    _inherit = "res.company"

    bitpaket_defer = fields.Boolean(
        string="Defer revenue",
        default=True,
        help="Revenue of a service that lasts is recognised month by month, by days, "
        "instead of with its invoice.",
    )
    bitpaket_defer_months = fields.Integer(
        string="Defer what lasts longer than",
        required=True,
        default=1,
        help="Months. What lasts so long or less is revenue when it is invoiced.",
    )
    bitpaket_deferred_account_id = fields.Many2one(
        "account.account",
        string="Deferred revenue account",
        check_company=True,
        domain="[('account_type', 'in',"
        " ('liability_current', 'liability_non_current'))]",
        help="Where revenue waits that is invoiced and not earned yet. Made when it is "
        "first needed, if there is none.",
    )
    bitpaket_deferral_journal_id = fields.Many2one(
        "account.journal",
        string="Deferred revenue journal",
        check_company=True,
        domain="[('type', '=', 'general')]",
        help="Where the entries of deferred revenue are numbered. Made when it is "
        "first needed, if there is none.",
    )

    _bitpaket_defer_months_positive = models.Constraint(
        "CHECK (bitpaket_defer_months >= 0)", "Months cannot be negative."
    )

    def _bitpaket_get_deferred_account(self):
        """Return the account of deferred revenue, made when there is none.

        :raise UserError: when the company has no chart of accounts yet
        """
        self.ensure_one()
        company_sudo = self.sudo().with_company(self)
        if not company_sudo.bitpaket_deferred_account_id:
            self._bitpaket_check_chart()
            accounts_sudo = company_sudo.env["account.account"]
            liabilities_sudo = accounts_sudo.search(
                [
                    *accounts_sudo._check_company_domain(self),
                    ("account_type", "=", "liability_current"),
                ],
                order="code",
                limit=1,
            )
            company_sudo.bitpaket_deferred_account_id = accounts_sudo.create(
                {
                    "name": self.env._("Deferred revenue"),
                    "account_type": "liability_current",
                    "code": accounts_sudo._search_new_account_code(
                        liabilities_sudo.code or "2000"
                    ),
                }
            )
        return company_sudo.bitpaket_deferred_account_id

    def _bitpaket_get_deferral_journal(self):
        """Return the journal of deferred revenue, made when there is none.

        :raise UserError: when the company has no chart of accounts yet
        """
        self.ensure_one()
        company_sudo = self.sudo()
        if not company_sudo.bitpaket_deferral_journal_id:
            self._bitpaket_check_chart()
            company_sudo.bitpaket_deferral_journal_id = company_sudo.env[
                "account.journal"
            ].create(
                {
                    "name": self.env._("Deferred revenue"),
                    "code": "DEFER",
                    "type": "general",
                    "company_id": self.id,
                }
            )
        return company_sudo.bitpaket_deferral_journal_id
