"""Usage and cost by day under the column names of FOCUS, which cost tools read.

See https://focus.finops.org: the FinOps Open Cost and Usage Specification, 1.2. What
it asks for and we do not have, such as regions, is left out rather than invented.
"""

import json
from datetime import datetime, time, timedelta

from odoo import models

from .. import rating
from ..tools import csv_file

VERSION = "1.2"
CATEGORIES = {
    "requests": "Storage",
    "storage": "Storage",
    "transfer": "Networking",
}


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _focus_rows(self, month):
        """Return a month in the columns of FOCUS, a row per meter and day.

        What no single day caused is a row of the whole period.

        :param rating.Period month: see `_shown_period`
        :return: dictionaries with the same keys; amounts and quantities as Decimal
        :rtype: list[dict]
        :raise rating.RatingError: when the cost cannot be told
        """
        self.ensure_one()
        days = self._days(month)
        if not days:
            return []
        meters = {
            meter.code: meter for meter in self.env["bitpaket.meter"]._catalogue()
        }
        common = {
            "BillingAccountId": self.reference,
            "BillingAccountName": self.name,
            "BillingCurrency": self.currency_id.name,
            "BillingPeriodStart": _moment(days.period.start),
            "BillingPeriodEnd": _moment(days.period.end),
            "InvoiceId": days.statement.sudo().move_id.name or "",
            "InvoiceIssuerName": self.company_id.sudo().name,
            "ProviderName": self.company_id.sudo().name,
            "PublisherName": self.company_id.sudo().name,
        }
        rows = []
        for cost in days.costs:
            meter = meters[cost.meter]
            rows.append(
                {
                    **common,
                    **_costs(cost.amount),
                    "ChargeCategory": "Usage",
                    "ChargeDescription": meter.name,
                    "ChargePeriodStart": _moment(cost.day),
                    "ChargePeriodEnd": _moment(cost.day + timedelta(days=1)),
                    "ConsumedQuantity": cost.quantity,
                    "ConsumedUnit": meter.unit,
                    "ServiceCategory": CATEGORIES.get(meter.kind, "Other"),
                    "ServiceName": meter.name,
                    "SkuId": meter.code,
                }
            )
        for text, amount in days.others:
            rows.append(
                {
                    **common,
                    **_costs(amount),
                    "ChargeCategory": "Credit" if amount < 0 else "Adjustment",
                    "ChargeDescription": text,
                    "ChargePeriodStart": common["BillingPeriodStart"],
                    "ChargePeriodEnd": common["BillingPeriodEnd"],
                    "ConsumedQuantity": "",
                    "ConsumedUnit": "",
                    "ServiceCategory": "Other",
                    "ServiceName": "",
                    "SkuId": "",
                }
            )
        return [dict(sorted(row.items())) for row in rows]

    def _focus_csv(self, month):
        """Return a month as a CSV file.

        :rtype: bytes
        """
        rows = self._focus_rows(month)
        return csv_file(
            [rows[0].keys(), *(row.values() for row in rows)] if rows else []
        )

    def _focus_json(self, month):
        """Return a month as JSON; amounts and quantities are texts, to stay exact.

        :rtype: str
        """
        rows = self._focus_rows(month)
        document = {"FocusVersion": VERSION, "Rows": rows}
        return json.dumps(document, default=lambda value: format(value, "f"))

    def _focus_name(self, month, extension):
        """Return the file's name, for example: cost_acme_2026-10.csv.

        That of a plan's period tells its first day.

        :rtype: str
        """
        self.ensure_one()
        whole = month == rating.calendar_month(month.start)
        when = month.start.isoformat()[: 7 if whole else 10]
        return f"cost_{self.reference}_{when}.{extension}"


def _costs(amount):
    """Return the four costs of FOCUS, which are one where nothing is negotiated."""
    names = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
    return dict.fromkeys(names, amount)


def _moment(day):
    """Return the start of a UTC day, as FOCUS writes it."""
    return f"{datetime.combine(day, time.min).isoformat()}Z"
