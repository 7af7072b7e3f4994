import re
from decimal import Decimal

from odoo import api, models

from odoo.addons.base_import.models.base_import import ImportValidationError

EXPONENTIAL = re.compile(r"[+-]?\d+([.,]\d+)?e[+-]?\d+", re.IGNORECASE)


class BaseImport(models.TransientModel):
    _inherit = "base_import.import"

    @api.model
    def _parse_float_from_data(self, data, index, name, options):
        """Keep every digit of small prices, and tell the row of what is no number.

        Spreadsheets write small numbers like 4E-09, which Odoo cuts to six decimals.
        """
        if not (self.res_model or "").startswith("bitpaket."):
            return super()._parse_float_from_data(data, index, name, options)
        first = options.get("skip", 0) + (2 if options.get("has_headers") else 1)
        for number, row in enumerate(data, first):
            try:
                row[index] = _plain_digits(row[index], options)
                super()._parse_float_from_data([row], index, name, options)
            except ImportValidationError as error:
                raise ImportValidationError(
                    self.env._("Row %(row)s: %(reason)s", row=number, reason=error),
                    field=name,
                ) from error


def _plain_digits(text, options):
    """Return a number in exponential notation as digits; any other text as it is."""
    if not EXPONENTIAL.fullmatch(text.strip()):
        return text
    digits = format(Decimal(text.strip().replace(",", ".")), "f")
    return digits.replace(".", options.get("float_decimal_separator") or ".")
