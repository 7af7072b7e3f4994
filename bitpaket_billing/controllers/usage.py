from werkzeug.exceptions import RequestEntityTooLarge

from odoo import http
from odoo.http import request

from .. import intake
from .raw import error_answer, json_answer

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 100_000


class UsageController(http.Controller):
    """Where BitPaket's control plane reports usage."""

    @http.route(
        "/bitpaket/v1/usage",
        type="bitpaket_raw",
        auth="bitpaket_usage",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=MAX_BYTES,
    )
    def report_usage(self):
        """Store a batch of usage rows: NDJSON or a JSON array, plain or gzip.

        :return: how many rows were new, how many were known, and the refused ones
        """
        incoming = request.httprequest
        try:
            rows = intake.read_body(
                self._read(incoming),
                encoding=incoming.headers.get("Content-Encoding", ""),
                max_bytes=MAX_BYTES,
                max_rows=MAX_ROWS,
            )
        except intake.BodyError as error:
            return error_answer(error.status, error.code, error.message)
        return json_answer(request.env["bitpaket.usage.store"]._report(rows))

    def _read(self, incoming):
        try:
            return incoming.get_data()
        except RequestEntityTooLarge as error:
            raise intake.too_large(MAX_BYTES) from error
