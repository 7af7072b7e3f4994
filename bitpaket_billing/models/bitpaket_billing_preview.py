from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_amount

from .. import rating
from ..tools import do_all_that_can, exact

#: States of statements whose totals count.
BILLED = ("rated", "invoiced", "sent")


class BitpaketBillingPreview(models.Model):
    """What a billing run would invoice to one account, and what is unusual about it.

    A dry run: neither statement nor invoice is made. The numbers come from the function
    that the statements are rated by.
    """

    _name = "bitpaket.billing.preview"
    _description = "Preview of a Billing Run"
    _order = "run_id desc, account_id, id"
    _rec_name = "account_id"

    run_id = fields.Many2one(
        "bitpaket.billing.run", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True)
    account_id = fields.Many2one(
        "bitpaket.account",
        required=True,
        ondelete="cascade",
        readonly=True,
        index=True,
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    period_start = fields.Date(string="From", required=True, readonly=True)
    period_end = fields.Date(string="Until (excluded)", required=True, readonly=True)
    state = fields.Selection(
        [("todo", "Waiting"), ("done", "Rated"), ("error", "Error")],
        required=True,
        readonly=True,
    )
    line_ids = fields.One2many(
        "bitpaket.billing.preview.line", "preview_id", readonly=True
    )
    amount_total = fields.Monetary(string="Total", readonly=True, help="Before tax.")
    amount_last = fields.Monetary(string="Last month", readonly=True)
    amount_usual = fields.Monetary(
        string="Usual",
        readonly=True,
        aggregator=None,
        help="Average of up to three months before.",
    )
    findings = fields.Char(
        readonly=True, help="Codes of what is unusual, a comma before each."
    )
    quarantined = fields.Integer(readonly=True)
    message = fields.Text(readonly=True, help="Why it could not be invoiced.")
    reasons = fields.Text(string="Why to look", compute="_compute_reasons")
    held = fields.Boolean(
        readonly=True, help="Not invoiced until somebody releases it."
    )
    reason = fields.Char(string="Held because", readonly=True)
    reason_user_id = fields.Many2one("res.users", string="Held by", readonly=True)

    _account_uniq = models.Constraint(
        "unique (run_id, account_id)", "An account is on a preview once."
    )
    _todo = models.Index("(run_id, id) WHERE state = 'todo'")

    @api.depends_context("lang")
    @api.depends("findings", "message", "amount_usual", "quarantined")
    def _compute_reasons(self):
        for row in self:
            row.reasons = "\n".join(
                row._finding_words(code)
                for code in (row.findings or "").split(",")
                if code
            )

    def _finding_words(self, code):
        """Return what a finding means, for the reader.

        :param str code: one of those in `findings`
        :rtype: str
        """
        env = self.env
        if code == "moved":
            usual = format_amount(env, self.amount_usual, self.currency_id)
            return env._("The total moved far from its average of %s.", usual)
        if code == "quarantined":
            return env._("%s reported events wait in quarantine.", self.quarantined)
        if code == "error":
            return self.message
        return {
            "negative": env._("The total is negative: a credit note."),
            "zero": env._("There was usage, and nothing to pay."),
            "first": env._("The first invoice of this account."),
            "email": env._("The customer has no e-mail address."),
            "address": env._("The customer's address is incomplete."),
            "tax": env._("The customer's tax number is missing."),
        }[code]

    # === RATING === #

    @api.model
    def _prepare(self, run):
        """List the accounts that a run would invoice; what was held stays held."""
        self.flush_model()
        due = run._due_accounts(run.company_id, run.period_end)
        self.env.cr.execute(
            SQL(
                """
                WITH due AS (
                    SELECT * FROM (%(due)s) every
                     WHERE scope = %(scope)s AND run_start = %(start)s
                ), gone AS (
                    DELETE FROM bitpaket_billing_preview
                     WHERE run_id = %(run)s
                       AND account_id NOT IN (SELECT account_id FROM due)
                )
                INSERT INTO bitpaket_billing_preview
                       (run_id, company_id, account_id, currency_id, period_start,
                        period_end, state, held, create_uid, create_date)
                SELECT %(run)s, %(company)s, account_id, currency_id, period_start,
                       period_end, 'todo', false, %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM due
                ON CONFLICT (run_id, account_id) DO UPDATE
                   SET state = 'todo', currency_id = EXCLUDED.currency_id,
                       period_start = EXCLUDED.period_start,
                       period_end = EXCLUDED.period_end
                """,
                due=due,
                scope=run.scope,
                start=run.period_start,
                run=run.id,
                company=run.company_id.id,
                uid=self.env.uid,
            )
        )
        self.invalidate_model()

    @api.model
    def _due_condition(self):
        self.env["bitpaket.billing.run"].flush_model(["state"])
        self.flush_model(["state"])
        return SQL(
            """
            state = 'todo'
            AND run_id IN (SELECT id FROM bitpaket_billing_run WHERE state = 'preview')
            """
        )

    @api.model
    def _count_due(self):
        query = SQL(
            "SELECT COUNT(*) FROM bitpaket_billing_preview WHERE %s",
            self._due_condition(),
        )
        return self.env.execute_query(query)[0][0]

    @api.model
    def _rate_next(self, limit):
        """Claim and rate the next accounts of previews; return how many."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM bitpaket_billing_preview WHERE %s
                 ORDER BY run_id, id LIMIT %s
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                self._due_condition(),
                limit,
            )
        )
        batch = self.browse(row[0] for row in rows)
        for part in batch.grouped(
            lambda row: (row.company_id, row.period_start, row.period_end)
        ).values():
            do_all_that_can(
                part, lambda rows: rows._rate(), lambda row, error: row._fail(error)
            )
        return len(batch)

    def _rate(self):
        """Rate these accounts of one period, as the close will."""
        self = self.with_company(self.company_id)
        accounts = self.account_id
        period = rating.Period(self[0].period_start, self[0].period_end)
        rated = accounts._rate_period(period)
        problems = accounts._rating_problems(rated) | accounts._obstacles()
        earlier = self._earlier_statements(period)
        last_by_meter = self._last_by_meter(earlier)
        quarantined = dict(
            self.env["bitpaket.usage.quarantine"].sudo()._count_waiting(accounts)
        )
        meters = {
            meter.code: meter for meter in self.env["bitpaket.meter"]._catalogue()
        }
        self.line_ids.unlink()
        lines = []
        for row in self:
            account = row.account_id
            waiting = quarantined.get(account, 0)
            findings = account._missing_contact_data()
            findings += ["quarantined"] if waiting else []
            message = problems.get(account)
            statement = rated.get(account.id)
            if not isinstance(statement, rating.Statement):
                row._set_result(["error", *findings], message, waiting)
                continue
            findings = [
                *(["error"] if message else []),
                *row._review(statement, earlier[account]),
                *findings,
            ]
            row._set_result(findings, message, waiting)
            row._set_amounts(statement, earlier[account])
            before = last_by_meter[account]
            now = rating.totals_by_meter(statement.lines)
            lines += [
                {
                    "preview_id": row.id,
                    "meter_id": meters[code].id if code else False,
                    "amount": float(now.get(code, 0)),
                    "amount_last": before.get(code, 0),
                }
                for code in {**now, **before}
            ]
        self.env["bitpaket.billing.preview.line"].create(lines)

    def _fail(self, error):
        """Keep in words why an account cannot be rated."""
        statement = self.env["bitpaket.statement"].new(
            {"account_id": self.account_id.id}
        )
        self.line_ids.unlink()
        self._set_result(["error"], statement._failure_words(error), 0)

    def _set_result(self, findings, message, quarantined):
        self.write(
            {
                "state": "error" if message else "done",
                "findings": "".join(f",{code}" for code in findings) or False,
                "message": message,
                "quarantined": quarantined,
                "amount_total": 0,
                "amount_last": 0,
                "amount_usual": 0,
            }
        )

    def _set_amounts(self, statement, earlier):
        usual = self._usual(earlier)
        last = earlier.filtered(lambda one: one.period_end == self.period_start)
        self.write(
            {
                "amount_total": float(statement.total),
                "amount_last": last.amount_total,
                "amount_usual": float(usual or 0),
            }
        )

    # === REVIEW === #

    def _earlier_statements(self, period):
        """Return the last statements before a period.

        :return: `bitpaket.statement` records by account
        :rtype: defaultdict
        """
        statements = self.env["bitpaket.statement"]
        found = statements.search(
            [
                ("account_id", "in", self.account_id.ids),
                ("kind", "=", "period"),
                ("state", "in", BILLED),
                ("period_end", "<=", period.start),
                (
                    "period_start",
                    ">=",
                    period.start - relativedelta(months=rating.COMPARED, days=1),
                ),
            ]
        )
        return defaultdict(lambda: statements, found.grouped("account_id"))

    def _last_by_meter(self, earlier):
        """Return what each meter made in the month before.

        :param dict earlier: of `_earlier_statements`
        :return: amounts by code, by account
        :rtype: defaultdict
        """
        start = self[0].period_start
        last = self.env["bitpaket.statement"].union(*earlier.values())
        result = defaultdict(dict)
        for statement, meter, amount in self.env["bitpaket.usage.line"]._read_group(
            [
                ("statement_id", "in", last.ids),
                ("statement_id.period_end", "=", start),
            ],
            ["statement_id", "meter_id"],
            ["amount:sum"],
        ):
            result[statement.account_id][meter.code or None] = amount
        return result

    def _usual(self, earlier):
        totals = [exact(one.amount_total) for one in earlier[: rating.COMPARED]]
        return rating.average(totals, self.currency_id.decimal_places)

    def _review(self, statement, earlier):
        return rating.review(
            statement.total,
            self._usual(earlier),
            exact(self.company_id.bitpaket_review_factor),
            any(line.quantity for line in statement.lines if line.kind == "usage"),
        )

    # === ACTION METHODS === #

    def action_hold(self):
        """Ask why, and hold the invoices of these accounts."""
        return self.env["bitpaket.billing.reason"]._ask("hold", self)

    def action_release(self):
        """Let the run invoice these accounts after all."""
        self._of_billing_users().write(
            {"held": False, "reason": False, "reason_user_id": False}
        )

    def action_open_account(self):
        """Open the account."""
        return self.account_id.get_formview_action()

    def _hold(self, reason):
        """Keep the run from invoicing these accounts until they are released."""
        self._of_billing_users().write(
            {"held": True, "reason": reason, "reason_user_id": self.env.uid}
        )

    def _of_billing_users(self):
        if not self.env.user.has_group("bitpaket_billing.group_billing_user"):
            raise AccessError(self.env._("Only billing users hold an invoice."))
        self.check_access("read")
        return self.sudo()


class BitpaketBillingPreviewLine(models.Model):
    """What one meter makes of a previewed total."""

    _name = "bitpaket.billing.preview.line"
    _description = "Preview of a Billing Run per Meter"
    _order = "preview_id, id"
    _rec_name = "meter_id"
    _log_access = False

    preview_id = fields.Many2one(
        "bitpaket.billing.preview",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    run_id = fields.Many2one(related="preview_id.run_id", store=True, index=True)
    company_id = fields.Many2one(related="preview_id.company_id", store=True)
    account_id = fields.Many2one(related="preview_id.account_id", store=True)
    currency_id = fields.Many2one(related="preview_id.currency_id", store=True)
    meter_id = fields.Many2one("bitpaket.meter", ondelete="cascade", readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_last = fields.Monetary(string="Last month", readonly=True)


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _missing_contact_data(self):
        """Return codes of what an invoice should have and the customer lacks.

        :rtype: list[str]
        """
        self.ensure_one()
        payer = self._get_payer()
        own_tax = self.company_id.bitpaket_tax_mode == "own_tax"
        lacks = {
            "email": not (self.invoice_emails or payer.email),
            "address": not (payer.country_id and payer.city and payer.street),
            "tax": own_tax and payer.commercial_partner_id.is_company and not payer.vat,
        }
        return [code for code, lacking in lacks.items() if lacking]
