import json

from odoo.http import request

from odoo.addons.web.controllers import export


class DigitsXlsxWriter(export.ExportXlsxWriter):
    """Shows all decimals of a number instead of two."""

    def __init__(self, *args):
        super().__init__(*args)
        self.float_style.set_num_format("#,##0.00##########")


class ExcelExport(export.ExcelExport):
    def from_data(self, fields, columns_headers, rows):
        """Show prices as they are: many are a small part of a cent."""
        if not json.loads(request.params["data"])["model"].startswith("bitpaket."):
            return super().from_data(fields, columns_headers, rows)
        with DigitsXlsxWriter(fields, columns_headers, len(rows)) as writer:
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    writer.write_cell(number, column, value)
        return writer.value
