from odoo import api, fields, models
from odoo.tools import SQL

from .. import rating
from ..tools import period_label


class BitpaketDeferralReport(models.Model):
    """Deferred revenue month by month, beside the balance of its account.

    In the company's currency, by accounting date; positive for revenue that waits.
    """

    _name = "bitpaket.deferral.report"
    _description = "Roll-Forward of Deferred Revenue"
    _auto = False
    _order = "month desc, company_id, account_id"
    _depends = {
        "account.move.line": [
            "account_id",
            "balance",
            "company_id",
            "date",
            "parent_state",
        ],
        "bitpaket.deferral.entry": [
            "balance",
            "company_id",
            "date",
            "deferred_account_id",
            "kind",
        ],
    }

    month = fields.Date(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    opening = fields.Monetary(readonly=True, aggregator=None)
    added = fields.Monetary(
        string="Deferred", readonly=True, help="Invoiced and not earned yet."
    )
    released = fields.Monetary(string="Earned", readonly=True)
    adjusted = fields.Monetary(
        readonly=True,
        help="By credit notes and credits of plans, and by invoices that were taken "
        "back.",
    )
    closing = fields.Monetary(readonly=True, aggregator=None)
    ledger = fields.Monetary(
        string="Balance of the account",
        readonly=True,
        aggregator=None,
        help="All that is posted on the account up to the end of the month.",
    )
    difference = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="Posted on the account by other entries than those of deferred revenue.",
    )
    ties = fields.Boolean(readonly=True)

    @api.depends("month")
    def _compute_display_name(self):
        for row in self:
            month = rating.calendar_month(row.month)
            row.display_name = period_label(self.env, month.start, month.end)

    @property
    def _table_query(self):
        # Entries from before the first movement count for its month.
        return SQL(
            """
            WITH movement AS (
                SELECT company_id, deferred_account_id AS account_id,
                       date_trunc('month', date)::date AS month,
                       COALESCE(SUM(balance) FILTER (WHERE kind = 'add'), 0) AS added,
                       COALESCE(SUM(balance) FILTER (WHERE kind = 'release'), 0)
                       AS released,
                       COALESCE(SUM(balance) FILTER (
                           WHERE kind IN ('adjust', 'undo')), 0)
                       AS adjusted
                  FROM bitpaket_deferral_entry
                 GROUP BY 1, 2, 3
            ), span AS (
                SELECT company_id, account_id, MIN(month) AS first_month,
                       GREATEST(MAX(month), %(this_month)s) AS last_month
                  FROM movement
                 GROUP BY 1, 2
            ), ledger AS (
                SELECT span.company_id, span.account_id,
                       GREATEST(date_trunc('month', line.date)::date, span.first_month)
                       AS month,
                       -SUM(line.balance) AS change
                  FROM span
                  JOIN account_move_line line ON line.account_id = span.account_id
                                             AND line.company_id = span.company_id
                 WHERE line.parent_state = 'posted'
                 GROUP BY 1, 2, 3
            ), total AS (
                SELECT company_id, account_id, month.month::date AS month,
                       COALESCE(added, 0) AS added, COALESCE(released, 0) AS released,
                       COALESCE(adjusted, 0) AS adjusted,
                       SUM(COALESCE(added + released + adjusted, 0)) OVER so_far
                       AS closing,
                       SUM(COALESCE(change, 0)) OVER so_far AS ledger
                  FROM span
                 CROSS JOIN generate_series(
                               first_month, last_month, interval '1 month'
                       ) AS month (month)
                  LEFT JOIN movement USING (company_id, account_id, month)
                  LEFT JOIN ledger USING (company_id, account_id, month)
                WINDOW so_far AS (PARTITION BY company_id, account_id ORDER BY month)
            )
            SELECT (company_id::bigint * 1000000 + account_id) * 100000
                   + EXTRACT(YEAR FROM month)::int * 12 + EXTRACT(MONTH FROM month)::int
                   AS id,
                   month, company_id, company.currency_id, account_id,
                   closing - added - released - adjusted AS opening,
                   added, released, adjusted, closing, ledger,
                   ledger - closing AS difference, ledger = closing AS ties
              FROM total
              JOIN res_company company ON company.id = company_id
            """,
            this_month=fields.Date.today().replace(day=1),
        )

    # === ACTION METHODS === #

    def action_open_movements(self):
        """Open the movements of this month."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.bitpaket_deferral_entry_action"
        )
        return {
            **action,
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("deferred_account_id", "=", self.account_id.id),
                ("date", ">=", self.month),
                ("date", "<", rating.calendar_month(self.month).end),
            ],
            "context": {},
        }

    def action_open_difference(self):
        """Open what other entries posted on the account, up to this month's end."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_account_moves_all"
        )
        return {**action, "domain": self._domain_difference(), "context": {}}

    def _domain_difference(self):
        return [
            ("company_id", "=", self.company_id.id),
            ("account_id", "=", self.account_id.id),
            ("parent_state", "=", "posted"),
            ("date", "<", rating.calendar_month(self.month).end),
            ("move_id.bitpaket_deferral_entry_ids", "=", False),
        ]
