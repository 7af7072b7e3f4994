from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import intake, rating
from .account_move_sending import UNSENT

#: Months for which raw events are kept at least, for statements to be rated again.
LEAST_RETENTION = 3


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

    bitpaket_usage_max_age_days = fields.Integer(
        string="Oldest usage accepted",
        required=True,
        default=95,
        help="Days. Usage that is reported later is refused; a billing manager can "
        "import it as a backfill. 0: no limit.",
    )
    bitpaket_usage_retention_months = fields.Integer(
        string="Usage events are kept",
        required=True,
        default=18,
        help="Months. Older single events are removed; their sums per day, statements "
        "and invoices stay. Usage from before is not accepted any more, because it "
        "could not be told whether it was counted already. 0: for ever.",
    )
    bitpaket_purged_before = fields.Date(
        string="Usage events kept from",
        readonly=True,
        help="Single events of days before this one were removed.",
    )

    _bitpaket_usage_limits_positive = models.Constraint(
        "CHECK (bitpaket_usage_max_age_days >= 0"
        " AND bitpaket_usage_retention_months >= 0)",
        "Days and months cannot be negative.",
    )

    @api.constrains("bitpaket_usage_max_age_days", "bitpaket_usage_retention_months")
    def _check_bitpaket_usage_retention(self):
        for company in self:
            months = company.bitpaket_usage_retention_months
            days = company.bitpaket_usage_max_age_days
            if 0 < months < LEAST_RETENTION:
                raise ValidationError(
                    self.env._(
                        "Usage events must be kept for at least %s months, so that "
                        "late usage of a month can be billed.",
                        LEAST_RETENTION,
                    )
                )
            # A month has 28 days at least, and the running one does not count.
            least = -(-days // 28) + 1
            if 0 < months < least:
                raise ValidationError(
                    self.env._(
                        "Usage events must be kept for at least %(months)s months, "
                        "because usage of up to %(days)s days is accepted: an event "
                        "that is gone cannot be recognised when it is sent again.",
                        months=least,
                        days=days,
                    )
                )

    def _bitpaket_purge_before(self):
        """Return the first day whose usage events are kept, or None for all.

        :rtype: date | None
        """
        self.ensure_one()
        months = self.bitpaket_usage_retention_months
        if not months:
            return None
        return rating.add_months(fields.Date.today().replace(day=1), -months)

    def _bitpaket_oldest_usage(self, backfill=False):
        """Return from which days on usage is accepted.

        Everything of a period in which usage is accepted is still kept, so that it can
        be rated again.

        :param bool backfill: whether the age does not matter
        :rtype: intake.Oldest
        """
        self.ensure_one()
        accepted = None
        if self.bitpaket_usage_max_age_days and not backfill:
            age = timedelta(days=self.bitpaket_usage_max_age_days)
            accepted = fields.Date.today() - age
        purged = [self._bitpaket_purge_before(), self.bitpaket_purged_before]
        kept = max((day for day in purged if day), default=None)
        return intake.Oldest(accepted, kept and rating.add_months(kept, 1))

    bitpaket_close_automatically = fields.Boolean(
        string="Close months automatically",
        default=True,
        help="Otherwise a billing manager starts each billing run.",
    )
    bitpaket_close_time = fields.Float(
        string="Time of the month close",
        default=5 / 60,
        help="On the first day of the month, in hours of UTC.",
    )
    bitpaket_close_approval = fields.Boolean(
        string="Billing runs need approval",
        help="A billing manager looks at the preview before anything is invoiced.",
    )
    bitpaket_close_four_eyes = fields.Boolean(
        string="Four eyes", help="Who prepared a billing run may not approve it."
    )
    bitpaket_review_factor = fields.Float(
        string="Review factor",
        default=3,
        help="A total is on the review list when it is so many times as much, or as "
        "little, as the account's average of the last three months.",
    )
    bitpaket_responsible_id = fields.Many2one(
        "res.users",
        string="Responsible for the month close",
        help="Is asked to approve billing runs and to mend what fails; default: the "
        "first billing manager of the company.",
    )

    @api.constrains("bitpaket_close_time", "bitpaket_review_factor")
    def _check_bitpaket_close(self):
        for company in self:
            if not 0 <= company.bitpaket_close_time < 24:
                raise ValidationError(
                    self.env._("The time of the month close is an hour of the day.")
                )
            if company.bitpaket_review_factor < 1:
                raise ValidationError(
                    self.env._("The review factor must be at least 1.")
                )

    def _bitpaket_closable_until(self, at_its_hour=True):
        """Return the first day that is not closed yet: today, or yesterday.

        All in UTC; the time zones of users and companies mean nothing.

        :param bool at_its_hour: mind at which hour the company closes its periods
        :rtype: date
        """
        now = fields.Datetime.now()
        if at_its_hour:
            now -= timedelta(hours=self.bitpaket_close_time)
        return now.date()

    def _bitpaket_responsible(self):
        """Return who is asked to approve billing runs and to mend what fails.

        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        if self.bitpaket_responsible_id.active:
            return self.bitpaket_responsible_id
        managers = self.env.ref("bitpaket_billing.group_billing_manager").all_user_ids
        people = managers.filtered(
            lambda user: user.active and self in user.company_ids
        )
        return people.sorted("id")[:1] or self.env.ref("base.user_admin")

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

    def _bitpaket_end_reminder_of_unsent(self):
        """Mark the reminder done once every usage invoice reached its customer."""
        xmlid = "bitpaket_billing.mail_activity_type_unsent"
        for company in self.sudo():
            reminded = company.bitpaket_journal_id.activity_search([xmlid])
            unsent = reminded and self.env["account.move"].sudo().search_count(
                [
                    ("company_id", "=", company.id),
                    ("bitpaket_send_state", "in", UNSENT),
                ],
                limit=1,
            )
            if reminded and not unsent:
                company.bitpaket_journal_id.activity_feedback([xmlid])

    def _bitpaket_check_chart(self):
        for company in self:
            if not company.root_id.sudo().chart_template:
                raise UserError(company._bitpaket_chart_message())

    def _bitpaket_chart_message(self):
        return self.env._(
            "%s has no chart of accounts yet: choose one in the accounting settings.",
            self.name,
        )
