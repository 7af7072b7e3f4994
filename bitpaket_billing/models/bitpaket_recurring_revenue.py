"""Recurring revenue: what plans are worth per month, and what changed it."""

from odoo import fields, models
from odoo.tools import SQL

REVENUE = """
    WITH phase AS (
        SELECT phase.account_id, phase.date_start,
               LEAD(phase.date_start) OVER (
                   PARTITION BY phase.account_id ORDER BY phase.date_start
               ) AS date_next,
               COALESCE(plan.bitpaket_origin_id, plan.id) AS plan_id,
               CASE WHEN plan.id IS NULL OR phase.is_trial THEN 0
                    WHEN phase.interval = 'year' THEN phase.amount / 12
                    ELSE phase.amount
               END AS mrr
          FROM bitpaket_plan_phase phase
          LEFT JOIN sale_subscription_template plan ON plan.id = phase.plan_id
         WHERE phase.active
    ), month AS (
        SELECT first.account_id, series.start::date AS start,
               (series.start + interval '1 month' - interval '1 day')::date AS date,
               LEAST((series.start + interval '1 month' - interval '1 day')::date,
                     %(today)s) AS seen
          FROM (SELECT account_id, MIN(date_start) AS day
                  FROM phase GROUP BY account_id) first
         CROSS JOIN generate_series(
             date_trunc('month', first.day::timestamp), %(today)s::timestamp,
             interval '1 month') AS series (start)
    ), monthly AS (
        SELECT month.*, account.company_id, account.partner_id, account.currency_id,
               company.currency_id AS company_currency_id,
               COALESCE(phase.mrr, 0) AS mrr, phase.plan_id,
               (%(company_rate)s) / (%(account_rate)s) AS rate
          FROM month
          JOIN bitpaket_account account ON account.id = month.account_id
          JOIN res_company company ON company.id = account.company_id
          LEFT JOIN phase
                 ON phase.account_id = month.account_id
                AND phase.date_start <= month.seen
                AND (phase.date_next IS NULL OR phase.date_next > month.seen)
    ), moved AS (
        SELECT monthly.*,
               LAG(mrr, 1, 0::numeric) OVER account AS mrr_before,
               LAG(plan_id) OVER account AS plan_before_id,
               LAG(rate) OVER account AS rate_before,
               MIN(start) FILTER (WHERE mrr > 0) OVER (PARTITION BY account_id)
               AS cohort
          FROM monthly
        WINDOW account AS (PARTITION BY account_id ORDER BY date)
    )
    SELECT account_id::bigint * 100000 + EXTRACT(YEAR FROM date)::int * 12
               + EXTRACT(MONTH FROM date)::int AS id,
           account_id, company_id, partner_id, currency_id, company_currency_id, date,
           cohort,
           CASE WHEN mrr > 0 THEN plan_id ELSE plan_before_id END AS plan_id,
           CASE WHEN mrr_before = 0 AND start = cohort THEN 'new'
                WHEN mrr_before = 0 THEN 'reactivation'
                WHEN mrr = 0 THEN 'churn'
                WHEN mrr > mrr_before THEN 'expansion'
                WHEN mrr < mrr_before THEN 'contraction'
                ELSE 'same'
           END AS kind,
           mrr, mrr * 12 AS arr, mrr - mrr_before AS movement,
           mrr * rate AS mrr_company, mrr * 12 * rate AS arr_company,
           (mrr - mrr_before) * rate AS movement_company,
           CASE WHEN mrr_before = 0 THEN 0
                ELSE mrr_before * (rate - rate_before)
           END AS exchange_company
      FROM moved
     WHERE mrr > 0 OR mrr_before > 0
"""
#: As Odoo converts: the latest rate that is known on the day, else the first one.
RATE = """
    COALESCE((SELECT rate FROM res_currency_rate
               WHERE currency_id = %(currency)s AND name <= month.seen
                 AND (company_id IS NULL
                      OR company_id = SPLIT_PART(company.parent_path, '/', 1)::int)
               ORDER BY company_id, name DESC LIMIT 1),
             (SELECT rate FROM res_currency_rate
               WHERE currency_id = %(currency)s
                 AND (company_id IS NULL
                      OR company_id = SPLIT_PART(company.parent_path, '/', 1)::int)
               ORDER BY company_id, name LIMIT 1),
             1)
"""


class BitpaketRecurringRevenue(models.Model):
    """What an account's plan is worth per month, at each month's end.

    A plan's price counts in full on the last day of a month (of the running one:
    today); a yearly price counts by a twelfth, unrounded; trials, pauses and
    pay-as-you-go count nothing. Prices are before coupons and tax.
    """

    _name = "bitpaket.recurring.revenue"
    _description = "Recurring Revenue"
    _auto = False
    _order = "date desc, account_id"
    _rec_name = "account_id"
    _depends = {
        "bitpaket.account": ["company_id", "currency_id", "partner_id"],
        "bitpaket.plan.phase": [
            "account_id",
            "active",
            "amount",
            "date_start",
            "interval",
            "is_trial",
            "plan_id",
        ],
        "res.company": ["currency_id", "parent_path"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
        "sale.subscription.template": ["bitpaket_origin_id"],
    }

    date = fields.Date(string="Month", readonly=True, help="Last day of the month.")
    cohort = fields.Date(
        readonly=True, help="Month in which the account first paid for a plan."
    )
    account_id = fields.Many2one("bitpaket.account", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    plan_id = fields.Many2one(
        "sale.subscription.template",
        readonly=True,
        help="All versions of a plan count as one. When the plan was lost: the one "
        "before.",
    )
    kind = fields.Selection(
        [
            ("new", "New"),
            ("expansion", "Expansion"),
            ("contraction", "Contraction"),
            ("churn", "Churn"),
            ("reactivation", "Reactivation"),
            ("same", "As before"),
        ],
        string="Movement",
        readonly=True,
        help="Against the end of the month before.",
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    mrr = fields.Monetary(string="MRR of the account", readonly=True)
    arr = fields.Monetary(string="ARR of the account", readonly=True)
    movement = fields.Monetary(string="Change of the account's MRR", readonly=True)
    mrr_company = fields.Monetary(
        string="MRR",
        currency_field="company_currency_id",
        readonly=True,
        help="Recurring revenue per month, in the company's currency at the rate of "
        "the month's end.",
    )
    arr_company = fields.Monetary(
        string="ARR",
        currency_field="company_currency_id",
        readonly=True,
        help="Recurring revenue per year: twelve times that of the month.",
    )
    movement_company = fields.Monetary(
        string="Change of MRR",
        currency_field="company_currency_id",
        readonly=True,
        help="Against the month before, at the rate of this month's end.",
    )
    exchange_company = fields.Monetary(
        string="Change of rates",
        currency_field="company_currency_id",
        readonly=True,
        help="What other exchange rates make of the MRR of the month before. With the "
        "changes of MRR it comes to the difference of the two months.",
    )

    @property
    def _table_query(self):
        return SQL(
            REVENUE,
            today=fields.Date.today(),
            company_rate=SQL(RATE, currency=SQL("company.currency_id")),
            account_rate=SQL(RATE, currency=SQL("account.currency_id")),
        )
