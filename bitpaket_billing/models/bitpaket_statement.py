import logging
import time
from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

from .. import rating
from ..tools import do_all_that_can, no_garbage_collection, period_label
from .bitpaket_invoicing import SILENT

_logger = logging.getLogger(__name__)


class BitpaketStatement(models.Model):
    """What one account used in one period, and the invoice that was made of it."""

    _name = "bitpaket.statement"
    _description = "Statement"
    _inherit = ["mail.thread"]
    _order = "period_start desc, account_id, id"
    _check_company_auto = True

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", readonly=True
    )
    partner_id = fields.Many2one(related="account_id.partner_id", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    period_start = fields.Date(string="From", required=True, readonly=True)
    period_end = fields.Date(
        string="Until (excluded)",
        required=True,
        readonly=True,
        index=True,
        help="First day that is not included; the invoice has this date.",
    )
    state = fields.Selection(
        [
            ("open", "Running"),
            ("closed", "Closed"),
            ("rated", "Rated"),
            ("invoiced", "Invoiced"),
            ("sent", "Sent"),
            ("skipped", "Skipped"),
            ("error", "Error"),
        ],
        required=True,
        default="open",
        readonly=True,
        index=True,
        tracking=True,
    )
    price_book_id = fields.Many2one(
        "bitpaket.price.book",
        readonly=True,
        ondelete="restrict",
        help="What this period was rated by, and still is when usage of it comes late.",
    )
    commitment_amount = fields.Monetary(
        string="Minimum commitment",
        readonly=True,
        help="The agreed minimum of a full period, when it was rated.",
    )
    line_ids = fields.One2many("bitpaket.usage.line", "statement_id", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True, help="Before tax.")
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
    )
    payment_state = fields.Selection(related="move_id.payment_state")
    usage_seen_at = fields.Datetime(
        readonly=True, help="Usage that was reported later is not billed here yet."
    )
    message = fields.Text(readonly=True, help="Why there is no invoice.")
    attempts = fields.Integer(readonly=True)
    next_retry = fields.Datetime(readonly=True)

    _period_ordered = models.Constraint(
        "CHECK (period_end > period_start)", "A period must end after it starts."
    )

    @api.depends("account_id", "period_start", "period_end")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = (
                f"{statement.account_id.name} · {statement._period_label()}"
            )

    def _period_label(self):
        """Return the period in words: a month's name, or its first and last day."""
        self.ensure_one()
        return period_label(self.env, self.period_start, self.period_end)

    # === MONTH CLOSE === #

    @api.model
    def _close_periods(self, until=None):
        """Close every period that has ended by `until`, and invoice it.

        :param date until: first day that is not closed; default: the running month
        """
        self.env["bitpaket.billing.run"]._close(until)

    @api.model
    def _create_due(self, until=None):
        """Create the statements of all ended periods that have none yet.

        :param date until: first day that is not closed; never after the running month
        """
        self.env["bitpaket.billing.run"]._open_due("command", until)

    @api.model
    def _prepare_companies(self):
        """Make the journals of companies that invoice for the first time."""
        companies = self.env["res.company"].search(
            [("id", "in", self._due_company_ids()), ("bitpaket_journal_id", "=", False)]
        )
        # Other workers wait here, and then find that the company has changed.
        self.env.cr.execute(
            "SELECT id FROM res_company WHERE id = ANY(%s) ORDER BY id "
            "FOR NO KEY UPDATE",
            [companies.ids],
        )
        for company in companies.filtered(lambda one: one.root_id.chart_template):
            company._bitpaket_get_journal()
            company._bitpaket_get_fiscal_position()

    @api.model
    def _due_company_ids(self):
        query = SQL(
            "SELECT DISTINCT company_id FROM bitpaket_statement WHERE %s",
            self._due_condition(),
        )
        return [row[0] for row in self.env.execute_query(query)]

    @api.model
    def _due_condition(self):
        self.env["bitpaket.billing.run"].flush_model(["state"])
        self.flush_model(["state", "held", "next_retry"])
        return SQL(
            """
            (state = 'closed' OR (state = 'error' AND next_retry <= %s))
            AND held IS NOT TRUE
            AND run_id IN (SELECT id FROM bitpaket_billing_run
                            WHERE state IN ('running', 'done'))
            """,
            fields.Datetime.now(),
        )

    @api.model
    def _count_due(self):
        query = SQL(
            "SELECT COUNT(*) FROM bitpaket_statement WHERE %s", self._due_condition()
        )
        return self.env.execute_query(query)[0][0]

    @api.model
    def _invoice_next(self, limit):
        """Claim and invoice the next due statements; return how many."""
        batch = self._claim_due(limit)
        if batch:
            batch._invoice_batch()
        return len(batch)

    @api.model
    def _claim_due(self, limit):
        """Lock and return statements to invoice; other workers get other ones."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM bitpaket_statement WHERE %s
                 ORDER BY company_id, period_end, id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self._due_condition(),
                limit,
            )
        )
        return self.browse(row[0] for row in rows)

    def _invoice_batch(self):
        """Invoice claimed statements; one that fails does not hold up the others."""
        started = time.monotonic()
        # Hundreds of records live until the commit: looking for garbage among them,
        # time and again, costs a tenth of the close.
        with no_garbage_collection():
            do_all_that_can(
                self,
                lambda statements: statements._invoice(),
                lambda statement, error: statement._register_failure(error),
            )
        states = Counter(self.mapped("state"))
        _logger.info(
            "Month close: %s statements of %s to %s in %.2f s: %s invoiced, %s with "
            "nothing to pay, %s failed.",
            len(self),
            min(self.mapped("period_start"), default=None),
            max(self.mapped("period_end"), default=None),
            time.monotonic() - started,
            states["invoiced"],
            states["rated"],
            states["error"],
        )

    def _invoice(self):
        """Rate these statements and post their invoices."""
        for (company, start, end), statements in self.grouped(
            lambda statement: (
                statement.company_id,
                statement.period_start,
                statement.period_end,
            )
        ).items():
            statements = statements.with_company(company).with_context(**SILENT)
            statements -= statements._set_aside(statements.account_id._obstacles())
            statements = statements._rate(rating.Period(start, end))
            statements.env["bitpaket.invoicing"]._invoice_statements(statements)

    def _rate(self, period):
        """Rate statements of one period and keep the lines.

        :param rating.Period period: their common period
        :return: those that were rated; the others keep in words why not
        """
        self.line_ids.unlink()
        accounts = self.account_id
        terms = accounts._current_terms(period)
        results = accounts._rate_period(period, terms)
        seen_at = self.env.cr.now()  # not after what this transaction can see
        meters = self.env["bitpaket.meter"]._catalogue()
        self -= self._set_aside(accounts._rating_problems(results))
        line_vals = []
        for statement in self:
            account = statement.account_id
            rated = results[account.id]
            line_vals += statement._prepare_lines(rated.lines, meters)
            statement.amount_total = float(rated.total)
        self._keep_terms(terms, results)
        for (book, commitment), statements in self.grouped(
            lambda statement: terms[statement.account_id.id].kept()
        ).items():
            statements.write(
                {
                    "price_book_id": book.id,
                    "commitment_amount": commitment,
                    "usage_seen_at": seen_at,
                    "state": "rated",
                    "message": False,
                    "next_retry": False,
                }
            )
        self.env["bitpaket.usage.line"]._insert(line_vals)
        adjusted = {vals["adjusted_statement_id"] for vals in line_vals} - {None}
        adjusted = self.browse(adjusted) | self._find_reopened(
            self.account_id.ids, period.start
        )
        adjusted.write({"usage_seen_at": seen_at, "reopened": False})
        return self

    def _link_invoices(self):
        """Note which invoices were made, on the statements and their lines."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH invoiced AS (
                UPDATE bitpaket_statement statement
                   SET move_id = move.id, state = 'invoiced'
                  FROM account_move move
                 WHERE move.bitpaket_statement_id = statement.id
                   AND COALESCE(move.bitpaket_revision, 0) = 0
                   AND statement.id = ANY(%(ids)s)
                RETURNING statement.id, statement.move_id
            )
            UPDATE bitpaket_usage_line line SET move_id = invoiced.move_id
              FROM invoiced
             WHERE line.statement_id = invoiced.id AND line.move_id IS NULL
            """,
            {"ids": self.ids},
        )
        self.invalidate_model(["move_id", "state"])
        self.env["bitpaket.usage.line"].invalidate_model(["move_id"])

    # === ACTION METHODS === #

    def action_open_invoice(self):
        """Open the invoice of this statement."""
        self.ensure_one()
        return self.move_id.get_formview_action()
