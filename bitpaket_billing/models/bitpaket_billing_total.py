from odoo import fields, models


class BitpaketBillingTotal(models.Model):
    """What each meter made in a billing run, against the month before."""

    _name = "bitpaket.billing.total"
    _description = "Total of a Billing Run"
    _auto = False
    _order = "run_id desc, currency_id, meter_id"
    _rec_name = "meter_id"

    run_id = fields.Many2one("bitpaket.billing.run", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    meter_id = fields.Many2one("bitpaket.meter", readonly=True)
    kind = fields.Selection(related="meter_id.kind")
    amount = fields.Monetary(readonly=True)
    amount_last = fields.Monetary(string="Last month", readonly=True)

    @property
    def _table_query(self):
        # A line counts for its own run, and as “last month” for the run after it. A
        # run that has not started has the totals of its preview.
        return """
            SELECT MIN(line.id::bigint * 3 + run.is_last) AS id,
                   run.id AS run_id, run.company_id, statement.currency_id,
                   line.meter_id,
                   COALESCE(SUM(line.amount) FILTER (WHERE run.is_last = 0), 0)
                   AS amount,
                   COALESCE(SUM(line.amount) FILTER (WHERE run.is_last = 1), 0)
                   AS amount_last
              FROM (
                    SELECT id, company_id, id AS source_id, 0 AS is_last
                      FROM bitpaket_billing_run
                     WHERE started IS NOT NULL
                     UNION ALL
                    SELECT run.id, run.company_id, earlier.id, 1
                      FROM bitpaket_billing_run run
                      JOIN bitpaket_billing_run earlier
                        ON earlier.company_id = run.company_id
                       AND earlier.scope = run.scope
                       AND earlier.period_end = run.period_start
                     WHERE run.started IS NOT NULL
                   ) run
              JOIN bitpaket_statement statement ON statement.run_id = run.source_id
              JOIN bitpaket_usage_line line ON line.statement_id = statement.id
             GROUP BY run.id, run.company_id, statement.currency_id, line.meter_id
             UNION ALL
            SELECT MIN(line.id::bigint * 3 + 2), run.id, run.company_id,
                   line.currency_id, line.meter_id, SUM(line.amount),
                   SUM(line.amount_last)
              FROM bitpaket_billing_run run
              JOIN bitpaket_billing_preview_line line ON line.run_id = run.id
             WHERE run.started IS NULL
             GROUP BY run.id, run.company_id, line.currency_id, line.meter_id
        """
