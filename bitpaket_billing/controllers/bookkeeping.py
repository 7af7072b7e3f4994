"""The files of exports to bookkeeping, for those who may take the books out."""

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import content_disposition, request


class Bookkeeping(http.Controller):
    @http.route(
        "/bitpaket_billing/export/file/<int:file_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def export_file(self, file_id):
        """Send a file, the same bytes as ever."""
        return self._send(self._find("bitpaket.export.file", file_id))

    @http.route(
        "/bitpaket_billing/export/<int:batch_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def export(self, batch_id):
        """Send the file of an export, or all of them in a zip."""
        batch = self._find("bitpaket.export.batch", batch_id)
        try:
            files = batch.file_ids
            files.check_access("read")
        except AccessError as error:
            raise NotFound from error
        if len(files) == 1:
            return self._send(files)
        return request.make_response(
            batch._zip(),
            [
                ("Content-Type", "application/zip"),
                ("Content-Disposition", content_disposition(f"{batch.name}.zip")),
            ],
        )

    def _find(self, model, record_id):
        """Return a record that one may read; whether there is another is not told."""
        record = request.env[model].browse(record_id).exists()
        try:
            record.check_access("read")
        except AccessError as error:
            raise NotFound from error
        if not record:
            raise NotFound
        return record

    def _send(self, file):
        attachment_sudo = file.attachment_id.sudo()
        stream = request.env["ir.binary"]._get_stream_from(attachment_sudo)
        return stream.get_response(as_attachment=True, immutable=False)
