import json

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import formatLang

from .. import rating
from ..tools import period_label

#: How many records a line lists at most.
MOST = 1000


class BitpaketMonthEnd(models.TransientModel):
    """The check list of a company's month: each line agrees, or opens what does not.

    Nothing is kept: the numbers are those of the moment of the check.
    """

    _name = "bitpaket.month.end"
    _description = "Month-End Check List"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        domain="[('id', 'in', allowed_company_ids)]",
    )
    month = fields.Date(
        required=True,
        default=lambda self: self._default_month(),
        help="Any day of the month that is checked.",
    )
    checked = fields.Datetime(readonly=True)
    line_ids = fields.One2many(
        "bitpaket.month.end.line", "month_end_id", string="Checks", readonly=True
    )
    count_wrong = fields.Integer(string="To look at", compute="_compute_count_wrong")

    @api.model
    def _default_month(self):
        return rating.add_months(fields.Date.today().replace(day=1), -1)

    @api.depends("line_ids.fine")
    def _compute_count_wrong(self):
        for month_end in self:
            wrong = month_end.line_ids.filtered(lambda line: not line.fine)
            month_end.count_wrong = len(wrong)

    @api.depends("month", "company_id")
    def _compute_display_name(self):
        for month_end in self:
            month_end.display_name = self.env._(
                "Month end %(month)s, %(company)s",
                month=month_end._label(),
                company=month_end.company_id.name,
            )

    # === ACTION METHODS === #

    @api.model
    def action_start(self):
        """Check last month, and open the list."""
        month_end = self.create({})
        month_end.action_check()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Month end"),
            "res_model": self._name,
            "res_id": month_end.id,
            "view_mode": "form",
        }

    def action_check(self):
        """Check everything now."""
        self.ensure_one()
        self.check_access("write")
        self.env.flush_all()
        self.sudo().write(
            {
                "month": self._period().start,
                "checked": fields.Datetime.now(),
                "line_ids": [
                    Command.clear(),
                    *(
                        Command.create({"name": name, "sequence": number, **found})
                        for number, (name, found) in enumerate(self._check())
                    ),
                ],
            }
        )

    def action_earlier(self):
        """Check the month before."""
        self.month = rating.add_months(self._period().start, -1)
        self.action_check()

    def action_later(self):
        """Check the month after."""
        self.month = self._period().end
        self.action_check()

    # === CHECKING === #

    def _check(self):
        """Return the name of each check and what it found.

        :rtype: list[tuple[str, dict]]
        """
        env = self.env
        return [
            (env._("The month is closed"), self._check_close()),
            (
                env._("Statements, invoices and revenue per meter agree"),
                self._check_statements(),
            ),
            (env._("Invoice numbers have no gaps"), self._check_numbers()),
            (env._("Payments and credits are applied"), self._check_unapplied()),
            (
                env._("The clearing account is what FastSpring owes"),
                self._check_clearing(),
            ),
            (env._("Payouts are booked"), self._check_payouts()),
            (
                env._("Refunds, chargebacks and credits are decided"),
                self._check_decisions(),
            ),
            (env._("FastSpring's events are done"), self._check_events()),
            (env._("Deferred revenue ties to its account"), self._check_deferred()),
        ]

    def _period(self):
        return rating.calendar_month(self.month)

    def _label(self):
        period = self._period()
        return period_label(self.env, period.start, period.end)

    @api.model
    def _found(self, found, expected, model=None, domain=None):
        """Return the values of a line.

        :param str found: the number in the books, in words
        :param str expected: the other one
        :param str model: of the records that do not match; none when all do
        :param list domain: which records these are
        :rtype: dict
        """
        return {
            "found": found,
            "expected": expected,
            "fine": not model,
            "res_model": model,
            "domain": json.loads(json.dumps(domain or [], default=str)),
        }

    def _show(self, amounts):
        """Return amounts in words.

        :param dict amounts: by id of their currency
        :rtype: str
        """
        currencies = self.env["res.currency"].browse(amounts).sorted("name")
        return ", ".join(
            formatLang(self.env, float(amounts[one.id]), currency_obj=one)
            for one in currencies
            if amounts[one.id]
        ) or formatLang(self.env, 0, currency_obj=self.company_id.currency_id)
