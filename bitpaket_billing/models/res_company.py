from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    _inherit = "res.company"

    bitpaket_tax_mode = fields.Selection(
        [
            ("merchant_of_record", "FastSpring sells (merchant of record)"),
            ("own_tax", "We sell, with our own tax"),
        ],
        string="Tax on usage invoices",
        required=True,
        default="merchant_of_record",
        help="Merchant of record: FastSpring sells to the customer, adds the tax of "
        "the customer's country and issues the tax invoice; our invoices carry no tax "
        "and their untaxed total is what FastSpring is asked to charge.\n"
        "Own tax: our invoices carry our tax, and the payment must equal their total.",
    )
    bitpaket_journal_id = fields.Many2one(
        "account.journal",
        string="Usage invoices journal",
        domain="[('type', '=', 'sale')]",
        check_company=True,
        help="A journal of their own keeps the numbers of usage invoices apart, and "
        "keeps the month close from blocking other invoices.",
    )
    bitpaket_fiscal_position_id = fields.Many2one(
        "account.fiscal.position",
        string="Merchant of record fiscal position",
        check_company=True,
        help="Removes our taxes from invoices that are paid through FastSpring.",
    )
    bitpaket_send_invoices = fields.Boolean(
        string="Send invoices automatically",
        default=True,
        help="Usage invoices are e-mailed to the customer's invoice address, with the "
        "PDF, as soon as they are made.",
    )
    bitpaket_payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Payment terms of usage invoices",
        check_company=True,
        help="For customers who have none of their own. Without any, an invoice is due "
        "on the day it is made.",
    )

    def _bitpaket_get_journal(self):
        """Return the journal of usage invoices, made when there is none.

        :raise UserError: when the company has no chart of accounts yet
        """
        self.ensure_one()
        if not self.bitpaket_journal_id:
            self._bitpaket_check_chart()
            self.sudo().bitpaket_journal_id = (
                self.env["account.journal"]
                .sudo()
                .create(
                    {
                        "name": self.env._("Usage invoices"),
                        "code": "USAGE",
                        "type": "sale",
                        "company_id": self.id,
                        "show_on_dashboard": True,
                    }
                )
            )
        return self.bitpaket_journal_id

    def _bitpaket_get_fiscal_position(self):
        """Return the fiscal position of invoices without tax of ours."""
        self.ensure_one()
        if not self.bitpaket_fiscal_position_id:
            self.sudo().bitpaket_fiscal_position_id = (
                self.env["account.fiscal.position"]
                .sudo()
                .create(
                    {
                        "name": self.env._("FastSpring is the seller"),
                        "company_id": self.id,
                        "auto_apply": False,
                        "note": self.env._(
                            "Sold by FastSpring as merchant of record, who charges and "
                            "remits the tax."
                        ),
                    }
                )
            )
        return self.bitpaket_fiscal_position_id

    def _bitpaket_remind_of_unsent(self):
        """Tell a billing manager, once, that invoices could not be sent."""
        activity_type = self.env.ref(
            "bitpaket_billing.mail_activity_type_unsent", raise_if_not_found=False
        )
        for journal in self.sudo().bitpaket_journal_id if activity_type else ():
            if activity_type in journal.activity_ids.activity_type_id:
                continue
            manager = self.env["res.users"].search(
                [
                    (
                        "all_group_ids",
                        "in",
                        self.env.ref("bitpaket_billing.group_billing_manager").id,
                    ),
                    ("company_ids", "in", journal.company_id.id),
                ],
                order="id",
                limit=1,
            )
            journal.activity_schedule(
                activity_type_id=activity_type.id,
                user_id=manager.id or self.env.uid,
                note=self.env._(
                    "Some usage invoices did not reach their customers. Find them "
                    "under BitPaket Billing, Invoices not sent."
                ),
            )

    def _bitpaket_check_chart(self):
        for company in self:
            if not company.root_id.sudo().chart_template:
                raise UserError(
                    self.env._(
                        "%s has no chart of accounts yet: choose one in the "
                        "accounting settings.",
                        company.name,
                    )
                )
