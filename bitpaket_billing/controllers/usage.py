import logging
from datetime import datetime, timezone

from werkzeug.exceptions import RequestEntityTooLarge

from odoo import http
from odoo.http import request

from .. import intake
from .raw import error_answer, json_answer

_logger = logging.getLogger(__name__)

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
        return json_answer(self._store(rows))

    def _store(self, rows):
        good, indexes, duplicates, rejected = intake.check_rows(
            rows, self._catalogue(intake.references(rows))
        )
        store = request.env["bitpaket.usage.store"].sudo()
        same, other = store._append(list(good.values())) if good else ((), ())
        rejected += [intake.conflict(indexes[key], key) for key in other]
        accepted = len(good) - len(same) - len(other)
        _logger.info(
            "Usage of %s rows: %s accepted, %s duplicates, %s rejected.",
            len(rows),
            accepted,
            duplicates + len(same),
            len(rejected),
        )
        return {
            "accepted": accepted,
            "duplicates": duplicates + len(same),
            "rejected": [row._asdict() for row in sorted(rejected)],
        }

    def _catalogue(self, references):
        """Load what the rows are checked against: what this reporter may name."""
        accounts = request.env["bitpaket.account"].with_context(active_test=False)
        meters = request.env["bitpaket.meter"]
        return intake.Catalogue(
            accounts={
                account["reference"]: (
                    account["id"],
                    account["date_start"],
                    account["date_end"] or None,
                )
                for account in accounts.search_read(
                    [("reference", "in", references)],
                    ["reference", "date_start", "date_end"],
                )
            },
            meters={
                meter["code"]: (meter["id"], meter["allow_negative"])
                for meter in meters.search_read([], ["code", "allow_negative"])
            },
            now=datetime.now(timezone.utc),
        )

    def _read(self, incoming):
        try:
            return incoming.get_data()
        except RequestEntityTooLarge as error:
            raise intake.too_large(MAX_BYTES) from error
