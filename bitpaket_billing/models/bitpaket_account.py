from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .. import rating

#: What usage may wait for in quarantine.
WAITED_FOR = {"reference", "company_id", "date_start", "date_end"}


class BitpaketAccount(models.Model):
    """One BitPaket tenant: who pays for it, in which currency, at which prices."""

    _name = "bitpaket.account"
    _description = "Billing Account"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    reference = fields.Char(
        string="External reference",
        required=True,
        copy=False,
        tracking=True,
        help="The tenant's identifier in BitPaket; usage is reported for it.",
    )
    active = fields.Boolean(default=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    price_book_id = fields.Many2one(
        "bitpaket.price.book",
        required=True,
        ondelete="restrict",
        index=True,
        tracking=True,
        check_company=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', currency_ids)]",
        help="One of the currencies of the price book.",
    )
    currency_ids = fields.Many2many(related="price_book_id.currency_ids")
    price_ids = fields.One2many(
        "bitpaket.price",
        "account_id",
        string="Agreed prices",
        help="Hold for this account instead of those of its price book.",
    )
    minimum_ids = fields.One2many(
        "bitpaket.price.minimum",
        "account_id",
        string="Agreed minimums",
        help="Hold for this account instead of those of its price book.",
    )
    state = fields.Selection(
        [
            ("active", "Active"),
            ("past_due", "Past due"),
            ("suspended", "Suspended"),
            ("closed", "Closed"),
        ],
        required=True,
        default="active",
        copy=False,
        tracking=True,
    )
    date_start = fields.Date(
        string="Billed from",
        required=True,
        default=lambda self: fields.Date.start_of(fields.Date.today(), "month"),
        help="First day that is billed, in UTC. Usage before it is refused.",
    )
    date_end = fields.Date(
        string="Billed until",
        copy=False,
        help="First day that is not billed any more, in UTC.",
    )
    statement_ids = fields.One2many(
        "bitpaket.statement",
        "account_id",
        domain=[("kind", "=", "period")],
        help="One per period, newest first; changes of plans have others.",
    )
    statement_count = fields.Integer(compute="_compute_statement_count")
    invoice_ids = fields.One2many("account.move", "bitpaket_account_id")
    invoice_count = fields.Integer(compute="_compute_owed")
    amount_owed = fields.Monetary(
        string="Owed",
        compute="_compute_owed",
        help="What is open on posted invoices, less payments not applied to any.",
    )
    amount_overdue = fields.Monetary(string="Overdue", compute="_compute_owed")
    amount_running = fields.Monetary(
        string="This period so far",
        compute="_compute_amount_running",
        help="Usage of the running period at its prices, before tax.",
    )

    _reference_uniq = models.Constraint(
        "unique (reference)", "Another account has this external reference."
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_end IS NULL OR date_end > date_start)",
        "An account must be billed for at least a day.",
    )

    # === COMPUTE METHODS === #

    @api.depends("price_book_id")
    def _compute_currency_id(self):
        for account in self:
            book = account.price_book_id
            if not account.currency_id or account.currency_id not in book.currency_ids:
                account.currency_id = book.currency_id or account.company_id.currency_id

    @api.depends("statement_ids")
    def _compute_statement_count(self):
        counts = dict(
            self.env["bitpaket.statement"]._read_group(
                [("account_id", "in", self.ids)], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.statement_count = counts.get(account, 0)

    @api.depends(
        "invoice_ids.state", "invoice_ids.amount_residual", "invoice_ids.move_type"
    )
    def _compute_owed(self):
        today = fields.Date.today()
        self.env["account.move"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bitpaket_account_id, move_type, invoice_date_due,
                       SUM(amount_residual), COUNT(*)
                  FROM account_move
                 WHERE bitpaket_account_id = ANY(%s) AND state = 'posted'
                 GROUP BY bitpaket_account_id, move_type, invoice_date_due
                 UNION ALL
                SELECT credit.account_id, 'credit', NULL, credit.amount, 0
                  FROM (%s) AS credit (account_id, amount)
                """,
                self.ids,
                self.env["account.payment"]._bitpaket_credits_query(self),
            )
        )
        owed, overdue, counts = {}, {}, {}
        for account_id, move_type, due, amount, count in rows:
            less = move_type in ("out_refund", "credit")
            signed = -float(amount) if less else float(amount)
            owed[account_id] = owed.get(account_id, 0) + signed
            counts[account_id] = counts.get(account_id, 0) + count
            # Money that came reduces what is due, whenever it came.
            if move_type == "credit" or (due and due < today):
                overdue[account_id] = overdue.get(account_id, 0) + signed
        for account in self:
            account.amount_owed = account.currency_id.round(owed.get(account.id, 0))
            account.amount_overdue = max(
                account.currency_id.round(overdue.get(account.id, 0)), 0
            )
            account.invoice_count = counts.get(account.id, 0)

    @api.depends("price_book_id")
    def _compute_amount_running(self):
        for period, accounts in self.grouped(
            lambda account: account._running_period()
        ).items():
            results = accounts._rate_period(period)
            for account in accounts:
                statement = results.get(account.id)
                failed = statement is None or isinstance(statement, rating.RatingError)
                account.amount_running = 0 if failed else float(statement.total)

    # === CONSTRAINT METHODS === #

    @api.constrains("reference")
    def _check_reference(self):
        for account in self:
            if account.reference != account.reference.strip():
                raise ValidationError(
                    self.env._(
                        "The external reference “%s” starts or ends with a space.",
                        account.reference,
                    )
                )

    @api.constrains("currency_id", "price_book_id")
    def _check_currency(self):
        for account in self:
            if account.currency_id not in account.price_book_id.currency_ids:
                raise ValidationError(
                    self.env._(
                        "The price book “%(book)s” has no prices in %(currency)s.",
                        book=account.price_book_id.name,
                        currency=account.currency_id.name,
                    )
                )
            billed = account.env["bitpaket.statement"].search(
                [("account_id", "=", account.id)], limit=1
            )
            if billed and billed.currency_id != account.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(account)s was billed in %(currency)s: make a new account "
                        "for another currency.",
                        account=account.name,
                        currency=billed.currency_id.name,
                    )
                )

    @api.constrains("date_start")
    def _check_date_start(self):
        for account in self:
            first = account.statement_ids[-1:]  # newest first
            if first and account.date_start > first.period_start:
                raise ValidationError(
                    self.env._(
                        "%(account)s has a statement from %(date)s on: it cannot "
                        "start later.",
                        account=account.name,
                        date=first.period_start,
                    )
                )
            planned = account._phases().filtered(
                lambda phase, account=account: phase.date_start < account.date_start
            )
            if planned:
                raise ValidationError(
                    self.env._(
                        "The plan of %(account)s begins on %(date)s: undo that first.",
                        account=account.name,
                        date=planned[-1].date_start,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Take in usage that was reported before these accounts existed."""
        accounts = super().create(vals_list)
        accounts._wake_quarantine()
        return accounts

    def write(self, vals):
        """Take in usage that waits for what changes here."""
        result = super().write(vals)
        if WAITED_FOR & set(vals):
            self._wake_quarantine()
        return result

    def _wake_quarantine(self):
        references = self.mapped("reference")
        self.env["bitpaket.usage.quarantine"]._wake("reference", references)

    # === BUSINESS METHODS === #

    def _rating_error_message(self, error, book=None):
        """Tell in words what a person must mend so that the account can be rated.

        :param rating.RatingError error: what the core reported; None: no result
        :param book: the price book that it was rated by; default: the account's
        :rtype: str
        """
        self.ensure_one()
        if error is None:
            return self.env._(
                "“%s” is not billed in this period any more: its first or last day "
                "was changed. Change it back, or skip the statement.",
                self.name,
            )
        if isinstance(error, rating.MissingPrice):
            meter = self.env["bitpaket.meter"].search([("code", "=", error.meter)])
            return self.env._(
                "The price book “%(book)s” has no price for %(meter)s on %(day)s. "
                "Add a price that starts on or before that day.",
                book=(book or self.price_book_id).name,
                meter=meter.name or error.meter,
                day=fields.Date.to_string(error.date),
            )
        return self.env._(
            "The usage of “%(account)s” could not be rated: %(error)s",
            account=self.name,
            error=error,
        )

    def _is_billed_to_the_end(self):
        """Return whether this account gets no further statement."""
        self.ensure_one()
        latest = self.statement_ids[:1]  # newest first
        return bool(self.date_end and latest and latest.period_end >= self.date_end)

    def _last_finished_month(self):
        """Return the last month that is over and in which this account was billed.

        :return: the running month, as long as there is none
        :rtype: rating.Period
        """
        self.ensure_one()
        running = rating.calendar_month(fields.Date.today())
        end = min(running.start, self.date_end or running.start)
        month = rating.calendar_month(end - timedelta(days=1))
        return month if self._billed_part(month) else running

    # === ACTION METHODS === #

    def action_compare_prices(self):
        """Open a form that tells what other prices make of this account's usage."""
        self.ensure_one()
        return self.env["bitpaket.price.trial"]._open(
            book_id=self.price_book_id.id, usage_from="account", account_id=self.id
        )

    def action_open_statements(self):
        """Open the statements of this account."""
        return self._open("bitpaket_billing.bitpaket_statement_action")

    def action_open_usage(self):
        """Open the daily usage of this account."""
        return self._open("bitpaket_billing.bitpaket_usage_daily_action")

    def action_open_invoices(self):
        """Open the invoices of this account."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice"
        )
        return {
            **action,
            "domain": [("bitpaket_account_id", "=", self.id)],
            "context": {"default_move_type": "out_invoice"},
        }

    def _open(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {
            **action,
            "domain": [("account_id", "=", self.id)],
            "context": {"default_account_id": self.id},
        }
