from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Put old statements on runs of their months, and have runs do the work."""
    cr.execute(
        """
        INSERT INTO bitpaket_billing_run
               (company_id, scope, period_start, period_end, state, source, started,
                finished, create_uid, create_date, write_uid, write_date)
        SELECT company_id, 'month', month::date, (month + interval '1 month')::date,
               'done', 'cron', MIN(create_date), MAX(write_date),
               1, MIN(create_date), 1, MAX(write_date)
          FROM bitpaket_statement, date_trunc('month', period_start) month
         WHERE run_id IS NULL
         GROUP BY company_id, month
         ORDER BY company_id, month
        ON CONFLICT DO NOTHING
        """
    )
    cr.execute(
        """
        UPDATE bitpaket_statement statement SET run_id = run.id
          FROM bitpaket_billing_run run
         WHERE statement.run_id IS NULL
           AND run.company_id = statement.company_id
           AND statement.period_start >= run.period_start
           AND statement.period_start < run.period_end
        """
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    job = env.ref("bitpaket_billing.ir_cron_close_periods", raise_if_not_found=False)
    if job:
        job.write(
            {
                "model_id": env["ir.model"]._get_id("bitpaket.billing.run"),
                "code": "model._cron_work()",
                "interval_number": 5,
                "interval_type": "minutes",
            }
        )
