import json
from datetime import datetime, timezone

from werkzeug.exceptions import RequestEntityTooLarge

from odoo import http
from odoo.http import request
from odoo.tools import file_open

from .. import intake
from ..intake.query import QueryError, plain, read_query
from .raw import API, error_answer, json_answer

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 100_000


class UsageController(http.Controller):
    """Where BitPaket's control plane reports usage, and reads what was counted."""

    @http.route(
        f"{API}/usage",
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

    @http.route(
        f"{API}/accounts/<bitpaket_reference:reference>/usage",
        type="bitpaket_raw",
        auth="bitpaket_usage",
        methods=["GET"],
        save_session=False,
    )
    def read_usage(self, reference):
        """Return what an account used, per day and meter, to the last event.

        Not `readonly`: a replica may lag behind what was just reported.

        :param str reference: the account's external reference
        :return: a page of daily usage, and the cursor of the next page
        """
        meters = request.env["bitpaket.meter"]._catalogue().grouped("code")
        try:
            query = read_query(
                request.httprequest.args.to_dict(flat=False),
                meters=meters,
                today=datetime.now(timezone.utc).date(),
            )
        except QueryError as error:
            return error_answer(400, error.code, error.message)
        account = self._find_account(reference)
        if not account:
            return error_answer(
                404, "unknown_account", f"No account has the reference “{reference}”."
            )
        usage = request.env["bitpaket.usage.store"]._daily_usage(
            account.ids, query.first_day, query.end
        )
        rows, cursor = query.page(usage.get(account.id, ()))
        return json_answer(
            {
                "account": reference,
                "from": str(query.start),
                "to": str(query.end),
                "usage": [self._describe(row, meters[row.meter]) for row in rows],
                "next": cursor,
            }
        )

    def _find_account(self, reference):
        accounts = request.env["bitpaket.account"].with_context(active_test=False)
        # A text with a NUL cannot even be asked for.
        if not reference.isprintable():
            return accounts
        return accounts.search([("reference", "=", reference)])

    def _describe(self, usage, meter):
        return {
            "day": str(usage.day),
            "meter": usage.meter,
            "quantity": plain(usage.quantity),
            "unit": meter._base_unit(),
            "events": usage.events,
        }

    @http.route(
        f"{API}/openapi.json",
        type="bitpaket_raw",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=True,
    )
    def describe_api(self):
        """Return the OpenAPI description of all addresses below `/bitpaket/v1`."""
        with file_open("bitpaket_billing/controllers/openapi.json") as file:
            description = json.load(file)
        description["servers"] = [{"url": request.env.company.get_base_url()}]
        return json_answer(description)
