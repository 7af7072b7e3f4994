"""What a billing run has come to: counted in the statements, so no row is hot."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import format_amount

from .. import rating
from ..tools import exact, quantity_text
from .bitpaket_billing_preview import BILLED


class BitpaketBillingRun(models.Model):
    _inherit = "bitpaket.billing.run"

    count_total = fields.Integer(string="Accounts", compute="_compute_counts")
    count_todo = fields.Integer(string="To do", compute="_compute_counts")
    count_done = fields.Integer(string="Done", compute="_compute_counts")
    count_without = fields.Integer(
        string="Without invoice", compute="_compute_counts", help="Nothing to pay."
    )
    count_failed = fields.Integer(string="Failed", compute="_compute_counts")
    count_held = fields.Integer(string="Held", compute="_compute_counts")
    count_skipped = fields.Integer(string="Skipped", compute="_compute_counts")
    count_stock = fields.Integer(
        string="Stock path",
        compute="_compute_stock",
        help="Invoices that were made by Odoo's own, slower path.",
    )
    stock_reasons = fields.Text(string="Why", compute="_compute_stock")
    count_review = fields.Integer(string="To review", compute="_compute_previewed")
    count_previewed = fields.Integer(string="Previewed", compute="_compute_previewed")
    count_preview = fields.Integer(string="Preview rows", compute="_compute_previewed")
    busy = fields.Boolean(
        compute="_compute_busy", help="Workers have something to do for this run."
    )
    progress = fields.Float(compute="_compute_progress", help="Percent.")
    duration = fields.Char(compute="_compute_duration")
    rate = fields.Float(
        string="Accounts per second", compute="_compute_duration", digits=(16, 1)
    )
    totals = fields.Char(
        string="Total", compute="_compute_totals", help="Before tax, per currency."
    )
    totals_last = fields.Char(string="Last month", compute="_compute_totals")
    totals_change = fields.Char(string="Change", compute="_compute_totals")

    @api.depends("statement_ids.state", "statement_ids.held", "preview_ids.held")
    def _compute_counts(self):
        counts = defaultdict(int)
        for run, state, held, count in self.env["bitpaket.statement"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state", "held"], ["__count"]
        ):
            counts[run, "total"] += count
            waiting = state in ("closed", "error") and held
            counts[run, "held" if waiting else state] += count
        for run, count in self.env["bitpaket.billing.preview"]._read_group(
            [
                ("run_id", "in", self.ids),
                ("run_id.started", "=", False),
                ("held", "=", True),
            ],
            ["run_id"],
            ["__count"],
        ):
            counts[run, "held"] = count
        for run in self:
            run.count_total = counts[run, "total"]
            run.count_todo = counts[run, "closed"]
            run.count_without = counts[run, "rated"]
            run.count_done = sum(counts[run, state] for state in BILLED)
            run.count_failed = counts[run, "error"]
            run.count_held = counts[run, "held"]
            run.count_skipped = counts[run, "skipped"]

    @api.depends("statement_ids.stock_reason")
    def _compute_stock(self):
        reasons = defaultdict(list)
        for run, reason, count in self.env["bitpaket.statement"]._read_group(
            [("run_id", "in", self.ids), ("stock_reason", "!=", False)],
            ["run_id", "stock_reason"],
            ["__count"],
        ):
            reasons[run].append((count, reason))
        for run in self:
            run.count_stock = sum(count for count, _reason in reasons[run])
            run.stock_reasons = "\n".join(
                f"{count} × {reason}" for count, reason in sorted(reasons[run])[::-1]
            )

    @api.depends("preview_ids.state", "preview_ids.findings")
    def _compute_previewed(self):
        counts = defaultdict(int)
        for run, state, count, unusual in self.env[
            "bitpaket.billing.preview"
        ]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state"],
            ["__count", "findings:count"],
        ):
            counts[run, "all"] += count
            counts[run, "todo"] += count if state == "todo" else 0
            counts[run, "unusual"] += unusual
        for run in self:
            run.count_preview = counts[run, "all"]
            run.count_previewed = counts[run, "all"] - counts[run, "todo"]
            run.count_review = counts[run, "unusual"]

    @api.depends("state", "previewed", "statement_ids.next_retry")
    def _compute_busy(self):
        retried = self.env["bitpaket.statement"]._read_group(
            [
                ("run_id", "in", self.ids),
                ("state", "=", "error"),
                ("held", "=", False),
                ("next_retry", "<=", fields.Datetime.now()),
            ],
            ["run_id"],
        )
        for run in self:
            run.busy = (
                run.state == "running"
                or (run.state == "preview" and run.previewed)
                or (run.state == "done" and run in self._among(retried))
            )

    @api.depends("state", "count_todo", "count_previewed")
    def _compute_progress(self):
        for run in self:
            if run.started:
                done, total = run.count_total - run.count_todo, run.count_total
            else:
                done, total = run.count_previewed, run.count_preview
            run.progress = 100 * done / total if total else 0

    @api.depends("started", "finished", "count_done")
    def _compute_duration(self):
        for run in self:
            if not run.started:
                run.duration, run.rate = False, 0
                continue
            end = run.finished or fields.Datetime.now()
            seconds = max(int((end - run.started).total_seconds()), 1)
            minutes, rest = divmod(seconds, 60)
            run.duration = (
                self.env._("%(minutes)s min %(rest)s s", minutes=minutes, rest=rest)
                if minutes
                else self.env._("%s s", rest)
            )
            run.rate = run.count_done / seconds

    @api.depends(
        "statement_ids.amount_total", "statement_ids.state", "preview_ids.amount_total"
    )
    def _compute_totals(self):
        by_start = {
            (run.company_id, run.scope, run.period_end): run
            for run in self._with_earlier()
        }
        totals = defaultdict(dict)
        run_ids = [run.id for run in by_start.values()]
        for model, condition in (
            ("bitpaket.statement", ("state", "in", BILLED)),
            ("bitpaket.billing.preview", ("run_id.started", "=", False)),
        ):
            for run, currency, amount in self.env[model]._read_group(
                [("run_id", "in", run_ids), condition],
                ["run_id", "currency_id"],
                ["amount_total:sum"],
            ):
                totals[run][currency] = amount or 0
        for run in self:
            now = totals[run]
            earlier = by_start.get((run.company_id, run.scope, run.period_start))
            before = totals[earlier]
            run.totals = run._amounts_text(now)
            run.totals_last = run._amounts_text(before)
            run.totals_change = run._change_text(now, before) if now else False

    def _with_earlier(self):
        """Return these runs and those of the month before each."""
        return self | self.search(
            [
                ("company_id", "in", self.company_id.ids),
                ("period_end", "in", self.mapped("period_start")),
            ]
        )

    def _amounts_text(self, amounts):
        return " · ".join(
            format_amount(self.env, amount, currency)
            for currency, amount in sorted(
                amounts.items(), key=lambda item: item[0].name
            )
        )

    def _change_text(self, now, before):
        """Return how totals changed, for example: +4.2 %."""
        changes = (
            rating.change(exact(now[currency]), exact(before.get(currency, 0)))
            for currency in sorted(now, key=lambda one: one.name)
        )
        return " · ".join(
            f"{'+' if change > 0 else ''}{quantity_text(self.env, change, 1)} %"
            for change in changes
            if change is not None
        )
