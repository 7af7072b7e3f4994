from odoo import api, fields, models

from .. import rating
from ..tools import exact, period_label
from .bitpaket_invoicing import SILENT

#: Context keys that machine work keeps.
KEPT = {"allowed_company_ids", "lang", "tz"}


class BitpaketDeferral(models.Model):
    """Revenue of one invoice line, and how much of it is still to be earned.

    Every amount is positive for revenue that waits; a credit's is negative.
    """

    _name = "bitpaket.deferral"
    _description = "Deferred Revenue"
    _order = "date_start desc, id desc"

    name = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    line_id = fields.Many2one(
        "account.move.line",
        string="Invoice line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    credited_id = fields.Many2one(
        "bitpaket.deferral",
        string="Reduces",
        readonly=True,
        index="btree_not_null",
        help="The deferred revenue of which a credit note takes its share back.",
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        readonly=True,
        index="btree_not_null",
    )
    date_start = fields.Date(string="Service from", required=True, readonly=True)
    date_end = fields.Date(
        string="Service until (excluded)", required=True, readonly=True
    )
    amount = fields.Monetary(required=True, readonly=True)
    balance = fields.Monetary(
        string="In our currency",
        required=True,
        readonly=True,
        currency_field="company_currency_id",
        help="At the rate of the invoice, as all that follows.",
    )
    income_account_id = fields.Many2one(
        "account.account", string="Revenue account", required=True, readonly=True
    )
    deferred_account_id = fields.Many2one(
        "account.account", string="Deferred account", required=True, readonly=True
    )
    journal_id = fields.Many2one("account.journal", required=True, readonly=True)
    analytic_distribution = fields.Json(readonly=True)
    entry_ids = fields.One2many(
        "bitpaket.deferral.entry", "deferral_id", string="Movements", readonly=True
    )
    amount_left = fields.Monetary(
        string="Not earned yet", compute="_compute_left", store=True
    )
    balance_left = fields.Monetary(
        string="Not earned yet, in our currency",
        compute="_compute_left",
        store=True,
        currency_field="company_currency_id",
    )
    next_month = fields.Date(
        string="Recognised next",
        readonly=True,
        help="First day of the first month whose revenue is not recognised yet.",
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Earned"), ("reversed", "Taken back")],
        required=True,
        readonly=True,
        default="running",
        index=True,
    )
    problem = fields.Text(
        readonly=True, help="Why the last month could not be recognised."
    )

    # However often an invoice is posted, and by whom.
    _line_uniq = models.UniqueIndex(
        "(line_id, COALESCE(credited_id, 0)) WHERE state != 'reversed'",
        "The revenue of this invoice line is deferred already.",
    )
    _due = models.Index("(next_month, company_id, journal_id) WHERE state = 'running'")
    _period_ordered = models.Constraint(
        "CHECK (date_end > date_start)", "A service must end after it starts."
    )

    @api.depends("entry_ids.amount", "entry_ids.balance")
    def _compute_left(self):
        for deferral in self:
            currency, own = deferral.currency_id, deferral.company_currency_id
            entries = deferral.entry_ids
            deferral.amount_left = currency.round(sum(entries.mapped("amount")))
            deferral.balance_left = own.round(sum(entries.mapped("balance")))

    def _period(self):
        return rating.Period(self.date_start, self.date_end)

    # === DEFERRING === #

    @api.model
    def _machine(self):
        """Return this model for machine work, whatever those do who call it."""
        context = self.env.context
        kept = {name: context[name] for name in KEPT & context.keys()}
        return self.with_env(self.env(su=True, context={**kept, **SILENT}))

    @api.model
    def _defer(self, moves):
        """Defer the revenue of posted documents that is not earned soon.

        :param moves: customer invoices and credit notes that were just posted
        :return: the new deferrals
        """
        self = self._machine()
        moves = moves.with_env(self.env)
        vals_list = self._prepare_of_lines(moves) + self._prepare_of_credits(moves)
        deferrals = self.create(vals_list)
        self.env["bitpaket.deferral.entry"]._book(
            [
                (
                    (deferral.move_id.date, deferral.move_id),
                    deferral,
                    {
                        "kind": "add" if deferral.balance > 0 else "adjust",
                        "month": deferral.move_id.date.replace(day=1),
                        "amount": deferral.amount,
                        "balance": deferral.balance,
                    },
                )
                for deferral in deferrals
            ]
        )
        return deferrals

    @api.model
    def _prepare_of_lines(self, moves):
        """Return values for lines that say which service they bill."""
        lines = self.env["account.move.line"].search(
            [
                ("move_id", "in", moves.ids),
                ("display_type", "=", "product"),
                ("bitpaket_service_end", "!=", False),
            ],
            order="id",  # by default by number, which would be written just for that
        )
        return [
            self._prepare(line, -line.amount_currency, -line.balance)
            for line in lines
            if line.balance and self._lasts(line)
        ]

    @api.model
    def _lasts(self, line):
        """Tell whether the revenue of a line is deferred.

        What is earned by the end of the month of its invoice is not, nor the credit of
        an invoice that was not.
        """
        period = rating.Period(line.bitpaket_service_start, line.bitpaket_service_end)
        origin = line.move_id.reversed_entry_id
        if period.end <= rating.calendar_month(line.date).end or (
            origin and not origin.bitpaket_deferral_ids
        ):
            return False
        if rating.outlasts(period, line.company_id.bitpaket_defer_months):
            return True
        return line.balance > 0 and bool(
            self.search_count(self._domain_credited(line, period), limit=1)
        )

    @api.model
    def _domain_credited(self, line, period):
        """Return which deferrals a short credit may be the rest of."""
        return [
            ("company_id", "=", line.company_id.id),
            ("partner_id", "=", line.partner_id.id),
            ("income_account_id", "=", line.account_id.id),
            ("state", "=", "running"),
            ("balance", ">", 0),
            ("date_start", "<=", period.start),
            ("date_end", ">=", period.end),
        ]

    @api.model
    def _prepare_of_credits(self, moves):
        """Return values for credit notes that do not say which service they credit.

        They take back what they credit of a deferred line in proportion.
        """
        notes = moves.filtered(
            lambda move: move.move_type == "out_refund" and move.reversed_entry_id
        )
        running = self.search(
            [
                ("move_id", "in", notes.reversed_entry_id.ids),
                ("state", "=", "running"),
                ("line_id", "!=", False),
            ]
        ).grouped("move_id")
        return [
            vals
            for note in notes
            if note.reversed_entry_id in running
            for line in note.invoice_line_ids
            if line.display_type == "product" and not line.bitpaket_service_end
            for vals in self._prepare_shares(line, running[note.reversed_entry_id])
        ]

    @api.model
    def _prepare_shares(self, line, deferrals):
        """Return values for the deferrals that a line of a credit note reduces."""
        lines = line.move_id.reversed_entry_id.invoice_line_ids.filtered(
            lambda one: (
                one.display_type == "product"
                and one.account_id == line.account_id
                and line.product_id in (one.product_id, self.env["product.product"])
            )
        )
        by_line = deferrals.grouped("line_id")
        weights = [exact(-one.amount_currency) for one in lines]
        shares = [
            rating.credited_shares(exact(-value), weights, currency.decimal_places)
            for value, currency in (
                (line.amount_currency, line.currency_id),
                (line.balance, line.company_currency_id),
            )
        ]
        month_end = rating.calendar_month(line.date).end
        return [
            self._prepare(line, float(amount), float(balance), credited)
            for one, amount, balance in zip(lines, *shares, strict=True)
            for credited in by_line.get(one, ())
            if balance and credited.date_end > month_end
        ]

    @api.model
    def _prepare(self, line, amount, balance, credited=None):
        move, company = line.move_id, line.company_id
        start = credited.date_start if credited else line.bitpaket_service_start
        end = credited.date_end if credited else line.bitpaket_service_end
        what = line.product_id.display_name or (line.name or "").split("\n")[0]
        return {
            "name": f"{move.name}: {what}",
            "company_id": company.id,
            "currency_id": line.currency_id.id,
            "move_id": move.id,
            "line_id": line.id,
            "credited_id": credited and credited.id,
            "partner_id": line.partner_id.id,
            "account_id": move.bitpaket_account_id.id,
            "date_start": start,
            "date_end": end,
            "amount": amount,
            "balance": balance,
            "income_account_id": line.account_id.id,
            "deferred_account_id": company._bitpaket_get_deferred_account().id,
            "journal_id": company._bitpaket_get_deferral_journal().id,
            "analytic_distribution": line.analytic_distribution,
            "next_month": rating.first_release(rating.Period(start, end), move.date),
        }

    # === TAKING BACK === #

    @api.model
    def _take_back(self, moves):
        """Undo what was booked for documents that are not posted any more.

        Each movement is undone as of its own date, so that every month is as if the
        document had never been posted; where that is locked, at the first open date.
        """
        self = self._machine()
        deferrals = self.search(
            [("move_id", "in", moves.ids), ("state", "!=", "reversed")], order="id"
        )
        if not deferrals:
            return
        deferrals.lock_for_update()
        deferrals.invalidate_recordset()
        self.env["bitpaket.deferral.entry"]._book(
            [
                (
                    (entry.date, deferral.move_id),
                    deferral,
                    {
                        "kind": "undo",
                        "month": entry.month,
                        "amount": -entry.amount,
                        "balance": -entry.balance,
                        "undoes_id": entry.id,
                    },
                )
                for deferral in deferrals
                for entry in deferral.entry_ids
            ]
        )
        deferrals.write({"state": "reversed", "next_month": False, "problem": False})

    # === WORDS === #

    @api.depends("name", "date_start", "date_end")
    def _compute_display_name(self):
        for deferral in self:
            label = period_label(self.env, deferral.date_start, deferral.date_end)
            deferral.display_name = f"{deferral.name}, {label}"
