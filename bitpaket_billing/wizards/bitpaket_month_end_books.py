"""What of a month's end is checked about invoices and revenue."""

from odoo import fields, models
from odoo.tools import SQL

from .bitpaket_month_end import MOST

#: What a statement is while somebody still has to do something about it.
UNFINISHED = ("open", "closed", "error")


class BitpaketMonthEnd(models.TransientModel):
    _inherit = "bitpaket.month.end"

    def _check_close(self):
        """Is the billing run done, with nothing failed or held?"""
        period = self._period()
        of_run = [
            ("company_id", "=", self.company_id.id),
            ("period_start", "=", period.start),
        ]
        run = self.env["bitpaket.billing.run"].search(of_run)
        statements = self.env["bitpaket.statement"]
        ended = self._domain_ended()
        left = [*ended, "|", ("state", "in", UNFINISHED), ("held", "=", True)]
        count_left = statements.search_count(left)
        states = dict(run._fields["state"]._description_selection(self.env))
        found = self.env._(
            "Billing run: %(state)s; statements: %(count)s, unfinished: %(left)s",
            state=states.get(run.state, self.env._("none")),
            count=statements.search_count(ended),
            left=count_left,
        )
        expected = self.env._(
            "Billing run: %(state)s; unfinished: 0", state=states["done"]
        )
        if count_left:
            return self._found(found, expected, statements._name, left)
        if run.state != "done":
            return self._found(found, expected, run._name, of_run)
        return self._found(found, expected)

    def _domain_ended(self):
        """Return which statements end in this month, or with it."""
        period = self._period()
        return [
            ("company_id", "=", self.company_id.id),
            ("period_end", ">", period.start),
            ("period_end", "<=", period.end),
        ]

    # === STATEMENTS === #

    def _check_statements(self):
        """Is each statement billed as it says, and booked meter by meter?"""
        totals = {"statement": {}, "invoice": {}, "revenue": {}}
        for kind, currency_id, amount in self.env.execute_query(
            SQL(
                """
                %s
                SELECT kind, currency_id, SUM(amount) FROM booked
                 GROUP BY kind, currency_id
                """,
                self._query_booked(),
            )
        ):
            totals[kind][currency_id] = amount
        wrong = self._find_wrong_statements()
        return self._found(
            self.env._("Statements: %s", self._show(totals["statement"])),
            self.env._(
                "Invoices: %(invoices)s; revenue per meter: %(revenue)s",
                invoices=self._show(totals["invoice"]),
                revenue=self._show(totals["revenue"]),
            ),
            wrong and "bitpaket.statement",
            [("id", "in", wrong)],
        )

    def _find_wrong_statements(self):
        """Return ids of statements of which anything differs."""
        rows = self.env.execute_query(
            SQL(
                """
                %s
                SELECT DISTINCT statement_id FROM (
                    SELECT statement_id
                      FROM booked
                     WHERE kind != 'revenue'
                     GROUP BY statement_id
                    HAVING SUM(CASE kind WHEN 'statement' THEN amount ELSE -amount END)
                           != 0
                     UNION ALL
                    SELECT statement_id
                      FROM (SELECT statement_id, meter_id, amount FROM booked
                             WHERE kind = 'revenue'
                             UNION ALL
                            SELECT statement_id, meter_id, -amount FROM billed) meter
                     GROUP BY statement_id, meter_id
                    HAVING SUM(amount) != 0
                ) wrong
                 ORDER BY statement_id LIMIT %s
                """,
                self._query_booked(),
                MOST,
            )
        )
        return [row[0] for row in rows]

    def _query_booked(self):
        """Return what the month's statements, their lines and invoices come to.

        `billed` are usage lines by meter. `booked` are the statements' totals, what is
        posted of their invoices, and of the invoices' lines by meter.
        """
        period = self._period()
        return SQL(
            """
            WITH chosen AS (
                SELECT id, move_id, currency_id, amount_total
                  FROM bitpaket_statement
                 WHERE company_id = %s AND period_end > %s AND period_end <= %s
                   AND move_id IS NOT NULL
            ), billed AS (
                SELECT chosen.id AS statement_id,
                       COALESCE(line.meter_id, 0) AS meter_id,
                       SUM(line.amount) AS amount
                  FROM chosen
                  JOIN bitpaket_usage_line line ON line.move_id = chosen.move_id
                 GROUP BY 1, 2
            ), line AS (
                SELECT chosen.id AS statement_id, chosen.currency_id,
                       COALESCE(line.bitpaket_meter_id, 0) AS meter_id,
                       SUM(-line.amount_currency) AS amount
                  FROM chosen
                  JOIN account_move_line line ON line.move_id = chosen.move_id
                 WHERE line.display_type = 'product' AND line.parent_state = 'posted'
                 GROUP BY 1, 2, 3
            ), booked AS (
                SELECT 'statement' AS kind, id AS statement_id, currency_id,
                       0 AS meter_id, amount_total AS amount
                  FROM chosen
                 UNION ALL
                SELECT 'invoice', chosen.id, chosen.currency_id, 0,
                       CASE move.move_type WHEN 'out_refund' THEN -move.amount_untaxed
                                           ELSE move.amount_untaxed END
                  FROM chosen
                  JOIN account_move move ON move.id = chosen.move_id
                 WHERE move.state = 'posted'
                 UNION ALL
                SELECT 'revenue', statement_id, currency_id, meter_id, amount FROM line
            )
            """,
            self.company_id.id,
            period.start,
            period.end,
        )

    # === INVOICES === #

    def _check_numbers(self):
        """Is there a document for each number of the sales journals?"""
        period = self._period()
        rows = self.env.execute_query(
            SQL(
                """
                WITH used AS (
                    SELECT DISTINCT move.journal_id, move.sequence_prefix
                      FROM account_move move
                      JOIN account_journal journal ON journal.id = move.journal_id
                     WHERE journal.type = 'sale' AND move.company_id = %(company)s
                       AND move.date >= %(start)s AND move.date < %(end)s
                       AND move.sequence_number > 0
                ), numbered AS (
                    SELECT move.id, move.date, move.state, move.sequence_number - 1
                           - COALESCE(LAG(move.sequence_number) OVER (
                                PARTITION BY journal_id, sequence_prefix
                                ORDER BY sequence_number), 0) AS missing
                      FROM account_move move
                      JOIN used USING (journal_id, sequence_prefix)
                     WHERE move.company_id = %(company)s AND move.sequence_number > 0
                )
                SELECT COUNT(*) FILTER (WHERE state != 'draft'),
                       COALESCE(SUM(missing), 0),
                       ARRAY_AGG(id ORDER BY id)
                       FILTER (WHERE state = 'draft' OR missing > 0)
                  FROM numbered
                 WHERE date >= %(start)s AND date < %(end)s
                """,
                company=self.company_id.id,
                start=period.start,
                end=period.end,
            )
        )
        documents, missing, wrong = rows[0]
        wrong = (wrong or [])[:MOST]
        drafts = (
            self.env["account.move"]
            .browse(wrong)
            .filtered(lambda move: move.state == "draft")
        )
        return self._found(
            self.env._("Documents: %s", documents),
            self.env._("Numbers: %s", documents + int(missing) + len(drafts)),
            wrong and "account.move",
            [("id", "in", wrong)],
        )

    def _check_unapplied(self):
        """Is every payment and credit note applied to something?"""
        domain = [
            ("company_id", "=", self.company_id.id),
            ("parent_state", "=", "posted"),
            ("account_id.account_type", "=", "asset_receivable"),
            ("date", "<", self._period().end),
            ("reconciled", "=", False),
            ("amount_residual", "<", 0),
        ]
        lines = self.env["account.move.line"]
        count, total = lines._read_group(
            domain, aggregates=["__count", "amount_residual:sum"]
        )[0]
        currency = self.company_id.currency_id
        return self._found(
            self.env._(
                "Not applied: %(count)s, %(amount)s",
                count=count,
                amount=self._show({currency.id: -(total or 0)}),
            ),
            self.env._("Not applied: 0"),
            count and lines._name,
            domain,
        )

    # === DEFERRED REVENUE === #

    def _check_deferred(self):
        """Is the account what waits to be earned, and is the month recognised?"""
        period = self._period()
        rows = self.env["bitpaket.deferral.report"].search(
            [("company_id", "=", self.company_id.id), ("month", "=", period.start)]
        )
        currency = self.company_id.currency_id
        deferrals = self.env["bitpaket.deferral"]
        late = [
            ("company_id", "=", self.company_id.id),
            ("state", "=", "running"),
            ("next_month", "<", min(period.end, fields.Date.today().replace(day=1))),
        ]
        count_late = deferrals.search_count(late)
        found = self.env._(
            "Account: %s", self._show({currency.id: sum(rows.mapped("ledger"))})
        )
        expected = self.env._(
            "Not earned yet: %(amount)s; not recognised in time: %(count)s",
            amount=self._show({currency.id: sum(rows.mapped("closing"))}),
            count=count_late,
        )
        if strays := rows.filtered(lambda row: not row.ties)[:1]:
            return self._found(
                found, expected, "account.move.line", strays._domain_difference()
            )
        return self._found(found, expected, count_late and deferrals._name, late)
