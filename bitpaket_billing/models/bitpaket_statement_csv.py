"""The usage lines of a statement as a file for spreadsheets and programs."""

from odoo import models

from .. import rating
from ..tools import csv_file, exact


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    def action_download_csv(self):
        """Download the usage lines."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": self._csv_url(),
            "target": "download",
        }

    def _csv_url(self):
        """Return where who may see this statement gets its usage lines."""
        return f"/my/billing/statements/{self.id}/usage.csv"

    def _csv_name(self):
        """Return the file's name, for example: usage_acme_2026-10.csv."""
        self.ensure_one()
        period = rating.Period(self.period_start, self.period_end)
        if period == rating.calendar_month(period.start):
            label = f"{period.start:%Y-%m}"
        else:
            label = f"{period.start}_{period.end}"
        return f"usage_{self.account_id.reference}_{label}.csv"

    def _csv(self):
        """Return the usage lines; their amounts add up to the statement's total.

        :rtype: bytes
        """
        self.ensure_one()
        titles = (
            self.env._("Account reference"),
            self.env._("Account"),
            self.env._("Period start"),
            self.env._("Period end (excluded)"),
            self.env._("Meter"),
            self.env._("Description"),
            self.env._("From"),
            self.env._("Until (excluded)"),
            self.env._("Quantity"),
            self.env._("Unit"),
            self.env._("Price"),
            self.env._("Per units"),
            self.env._("Fixed fee"),
            self.env._("Amount"),
            self.env._("Currency"),
            self.env._("How it came about"),
        )
        return csv_file([titles, *map(self._csv_row, self.line_ids)])

    def _csv_row(self, line):
        return (
            self.account_id.reference,
            self.account_id.name,
            self.period_start,
            self.period_end,
            line.meter_id.code or "",
            line.name,
            line.date_start,
            line.date_end,
            exact(line.quantity).normalize(),
            line.unit or "",
            exact(line.unit_price).normalize(),
            exact(line.per).normalize(),
            exact(line.flat_amount).normalize(),
            round(exact(line.amount), self.currency_id.decimal_places),
            self.currency_id.name,
            line.explanation,
        )
