import tempfile

from odoo import http
from odoo.http import content_disposition, request

REFUSED = """
    COPY (SELECT number AS row, code, message
            FROM bitpaket_usage_import_refusal
           WHERE import_id = %s ORDER BY number)
      TO STDOUT (FORMAT csv, HEADER)
"""


class UsageImportController(http.Controller):
    """Files of the backend about imports of usage."""

    @http.route(
        "/bitpaket_billing/usage_import/<int:import_id>/refused.csv",
        type="http",
        auth="user",
    )
    def download_refused(self, import_id):
        """Return the rows of a file that were not counted, as CSV."""
        usage_import = request.env["bitpaket.usage.import"].browse(import_id).exists()
        # Whether there is one is nobody else's business.
        if not (usage_import and usage_import.has_access("read")):
            raise request.not_found()
        file = tempfile.TemporaryFile()
        file.write("\ufeff".encode())  # spreadsheets would take it for another charset
        cr = request.env.cr
        query = cr.mogrify(REFUSED, [usage_import.id]).decode()
        cr.copy_expert(query, file)
        file.seek(0)
        return request.make_response(
            file,
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition("refused.csv")),
            ],
        )
