from odoo import api, fields, models
from odoo.fields import Command

from .. import rating
from ..tools import period_label


class BitpaketDeferralEntry(models.Model):
    """One movement of deferred revenue, and the journal entry that books it.

    Amounts are positive when revenue is deferred and negative when it is earned.
    """

    _name = "bitpaket.deferral.entry"
    _description = "Movement of Deferred Revenue"
    _order = "date, id"
    _rec_name = "move_id"

    deferral_id = fields.Many2one(
        "bitpaket.deferral",
        string="Deferred revenue",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(
        [
            ("add", "Deferred"),
            ("adjust", "Credited"),
            ("release", "Earned"),
            ("undo", "Taken back"),
        ],
        required=True,
        readonly=True,
    )
    month = fields.Date(
        required=True, readonly=True, help="First day of the month that it is for."
    )
    date = fields.Date(
        string="Accounting date", required=True, readonly=True, index=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Journal entry",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    undoes_id = fields.Many2one(
        "bitpaket.deferral.entry", string="Takes back", readonly=True
    )
    amount = fields.Monetary(required=True, readonly=True)
    balance = fields.Monetary(
        string="In our currency",
        required=True,
        readonly=True,
        currency_field="company_currency_id",
    )
    company_id = fields.Many2one(
        related="deferral_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(related="deferral_id.partner_id", store=True)
    deferred_account_id = fields.Many2one(
        related="deferral_id.deferred_account_id", store=True
    )
    income_account_id = fields.Many2one(
        related="deferral_id.income_account_id", store=True
    )
    currency_id = fields.Many2one(related="deferral_id.currency_id", store=True)
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )

    # Once, however many workers recognise a month, and however often they are killed.
    _first_uniq = models.UniqueIndex(
        "(deferral_id) WHERE kind IN ('add', 'adjust')",
        "This revenue is deferred already.",
    )
    _month_uniq = models.UniqueIndex(
        "(deferral_id, month) WHERE kind = 'release'",
        "The revenue of this month is recognised already.",
    )
    _undoes_uniq = models.UniqueIndex(
        "(undoes_id) WHERE undoes_id IS NOT NULL",
        "This movement is taken back already.",
    )

    @api.model
    def _book(self, movements):
        """Book movements, each group of them as one posted journal entry.

        Where a period is locked, the entry gets the first date that is open.

        :param list[tuple] movements: group, deferral, values. A group is an accounting
            date and the invoice, or none when they are of many.
        :return: the movements
        """
        groups = {}
        for (date, document), deferral, values in movements:
            if deferral.currency_id.is_zero(
                values["amount"]
            ) and deferral.company_currency_id.is_zero(values["balance"]):
                continue
            key = (deferral.company_id, deferral.journal_id, date, document)
            groups.setdefault(key, []).append((deferral, values))
        moves = self.env["account.move"].create(
            [self._prepare_move(*key, group) for key, group in groups.items()]
        )
        if moves:
            moves._post(soft=False)
        return self.create(
            [
                {
                    **values,
                    "deferral_id": deferral.id,
                    "date": move.date,
                    "move_id": move.id,
                }
                for move, group in zip(moves, groups.values(), strict=True)
                for deferral, values in group
            ]
        )

    @api.model
    def _prepare_move(self, company, journal, date, document, group):
        if group[0][1]["kind"] == "undo":
            ref = self.env._("Deferred revenue of %s, taken back", document.name)
        elif document:
            ref = self.env._("Deferred revenue of %s", document.name)
        else:
            month = rating.calendar_month(group[0][1]["month"])
            label = period_label(self.env, month.start, month.end)
            ref = self.env._("Deferred revenue earned in %s", label)
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": journal.id,
            "date": date,
            "ref": ref,
            "line_ids": [
                Command.create(line)
                for deferral, values in group
                for line in self._prepare_lines(deferral, values)
            ],
        }

    @api.model
    def _prepare_lines(self, deferral, values):
        """Return a line on the deferred account, and one on that of the revenue."""
        common = {
            "name": deferral.name,
            "partner_id": deferral.partner_id.id,
            "currency_id": deferral.currency_id.id,
        }
        return [
            {
                **common,
                "account_id": deferral.deferred_account_id.id,
                "amount_currency": -values["amount"],
                "balance": -values["balance"],
            },
            {
                **common,
                "account_id": deferral.income_account_id.id,
                "amount_currency": values["amount"],
                "balance": values["balance"],
                "analytic_distribution": deferral.analytic_distribution,
            },
        ]
