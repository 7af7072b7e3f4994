"""Plans on statements: fees, allowances, and what a change of the plan costs."""

from odoo import api, fields, models

from .. import rating
from ..tools import exact
from .bitpaket_account_plan_terms import Allowance
from .bitpaket_invoicing import SILENT


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    kind = fields.Selection(
        [("period", "Period"), ("change", "Change of the plan")],
        required=True,
        default="period",
        readonly=True,
        help="Period: what was used, and the plan's next fee. Change of the plan: what "
        "is due when it begins at once.",
    )
    change_id = fields.Many2one(
        "bitpaket.plan.change",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
    )
    phase_id = fields.Many2one(
        "bitpaket.plan.phase",
        string="Plan",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="What the account was on; none: pay-as-you-go.",
    )
    allowance_ids = fields.One2many(
        "bitpaket.statement.allowance",
        "statement_id",
        string="Allowances",
        readonly=True,
    )

    _account_period_uniq = models.UniqueIndex(
        "(account_id, period_start) WHERE kind = 'period'",
        "An account has one statement per period.",
    )
    _change_uniq = models.UniqueIndex(
        "(change_id) WHERE change_id IS NOT NULL",
        "A change of the plan is charged once.",
    )
    _change_known = models.Constraint(
        "CHECK ((kind = 'change') = (change_id IS NOT NULL))",
        "Only a change of the plan has a statement of this kind.",
    )

    # === PERIODS === #

    def _invoice(self):
        """Take the turn of accounts with plans, and leave out who must wait."""
        self.account_id.filtered("has_plan")._take_plan_turn()
        return super(BitpaketStatement, self - self._set_aside_waiting())._invoice()

    def _set_aside_waiting(self):
        """Set aside statements that need what the period before left of allowances.

        :return: these statements
        """
        planned = self.filtered(lambda one: one.account_id.has_plan)
        rolling = planned.filtered(
            lambda one: any(
                one.account_id._phase_on(
                    one.period_start
                ).plan_id.bitpaket_allowance_ids.mapped("rolls_over")
            )
        )
        waiting = rolling.filtered(
            lambda one: one.account_id.statement_ids.filtered(
                lambda before: before.period_end == one.period_start
            ).state
            in ("open", "closed", "error")
        )
        return waiting._set_aside(
            {
                one.account_id: self.env._(
                    "What is left of its allowances comes from the period before, "
                    "which is not invoiced yet."
                )
                for one in waiting
            }
        )

    def _keep_terms(self, terms, results):
        """Keep what periods were rated by: the phase, and what was included.

        :param dict terms: `Terms` by account id
        :param dict results: `rating.Statement` by account id
        """
        planned = self.filtered(lambda one: one.account_id.has_plan)
        for statement in planned:
            account = statement.account_id
            statement.phase_id = account._phase_on(statement.period_start)
        if not planned:
            return
        planned.allowance_ids.unlink()
        self.env["bitpaket.statement.allowance"].create(
            [
                {
                    "statement_id": statement.id,
                    "meter_id": one.meter_id,
                    "quantity": float(one.included),
                    "quantity_carried": float(one.carried),
                    "quantity_left": float(
                        rating.allowance_left(
                            one.included,
                            exact(one.carried),
                            rating.used(results[statement.account_id.id], code),
                            one.cap,
                        )
                    ),
                }
                for statement in planned
                for code, one in terms[statement.account_id.id].allowances.items()
            ]
        )

    def _billed_terms(self):
        """Return what the account was rated by, with its plan and its fees."""
        terms = super()._billed_terms()
        if not self.account_id.has_plan:
            return terms
        digits = self.currency_id.decimal_places
        return terms._replace(
            plan=self.phase_id._plan_key(),
            allowances={
                row.meter_id.code: Allowance(
                    row.meter_id.id, exact(row.quantity), exact(row.quantity_carried)
                )
                for row in self.allowance_ids
            },
            fees=tuple(
                rating.Fee(
                    str(line.phase_id.id),
                    round(exact(line.amount), digits),
                    line.date_start,
                    line.date_end,
                    plan=line.phase_id._plan_key(),
                )
                for line in self.line_ids
                if line.type == "fee" and not line.adjusted_statement_id
            ),
        )

    # === CHANGES === #

    @api.model
    def _bill_change(self, change, fees):
        """Invoice what a change of a plan costs at once.

        :param change: `bitpaket.plan.change` record
        :param fees: `rating.Fee` records: credits, and what is due
        :return: the statement
        """
        account = change.account_id
        period = rating.Period(change.date, max(fee.end for fee in fees))
        statement = self.with_context(**SILENT).create(
            {
                "account_id": account.id,
                "company_id": account.company_id.id,
                "currency_id": account.currency_id.id,
                "period_start": period.start,
                "period_end": period.end,
                "kind": "change",
                "change_id": change.id,
                "phase_id": account._phase_on(change.date).id,
                "price_book_id": account.price_book_id.id,
                "state": "rated",
                "usage_seen_at": self.env.cr.now(),
            }
        )
        account._lock_coupon_budgets()
        purse = account._coupon_purse()
        phase = account._phase_on(change.date)
        rated = account._rate_fees(
            period,
            fees,
            purse.coupons(account.id, period),
            phase._plan_key(),
        )
        statement.amount_total = float(rated.total)
        self.env["bitpaket.usage.line"]._insert(statement._prepare_lines(rated.lines))
        self.env["bitpaket.invoicing"]._invoice_statements(statement)
        return statement

    def _invoice_date(self):
        """Return the day that the invoice of this statement has.

        A period's is the first day after it; a change's the day that it begins.

        :rtype: date
        """
        self.ensure_one()
        return self.period_start if self.kind == "change" else self.period_end

    # === BILLED AGAIN === #

    def _fees_again(self, credits):
        """Return what of credited fees is to be billed again: all of it.

        :param dict credits: credits to come, by usage line
        :return: `rating.Line` records
        :rtype: tuple
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        fees = self.line_ids.filtered(
            lambda line: line.type == "fee" and not line.adjusted_statement_id
        )
        result = []
        for fee in fees:
            billed = self.line_ids.filtered(
                lambda line, fee=fee: line.phase_id == fee.phase_id
                and line.date_start == fee.date_start
                and not line.redemption_id
                and not line.for_good
            )
            credited = [-exact(line.amount) for line in billed - fee]
            coming = [amount for line, amount in credits.items() if line in billed]
            lacking = rating.outstanding(
                exact(0), [*credited, *map(exact, coming)], digits
            )
            if lacking:
                result.append(
                    rating.Fee(
                        str(fee.phase_id.id),
                        lacking,
                        fee.date_start,
                        fee.date_end,
                        plan=fee.phase_id._plan_key(),
                        note="again",
                    )
                )
        return tuple(rating.fee_line(fee, digits) for fee in result)
