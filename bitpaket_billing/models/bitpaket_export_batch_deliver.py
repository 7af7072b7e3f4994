"""Brings the files of an export to where its target wants them, after the commit."""

import io
import zipfile

from odoo import fields, models
from odoo.exceptions import UserError

from .. import bookkeeping


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    next_delivery = fields.Datetime(readonly=True, copy=False)
    mail_id = fields.Many2one(
        "mail.mail",
        string="E-mail",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
    )

    # === ACTION METHODS === #

    def action_download(self):
        """Download the file, or all of them in a zip."""
        self.ensure_one()
        self.check_access("read")
        self._note_delivered()
        return {
            "type": "ir.actions.act_url",
            "url": f"/bitpaket_billing/export/{self.id}",
            "target": "download",
        }

    # === BUSINESS METHODS === #

    def _note_delivered(self):
        """Note that the files were taken, if that is the first time."""
        self.check_access("write")
        batches = self.sudo().filtered(lambda batch: batch.state == "generated")
        batches.filtered(lambda one: one.target_id.delivery == "download").write(
            {"state": "delivered"}
        )

    def _zip(self):
        """Return all files in one, always the same bytes.

        :rtype: bytes
        """
        self.ensure_one()
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in self.file_ids:
                info = zipfile.ZipInfo(file.name, bookkeeping.ZIP_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, file.attachment_id.sudo().raw)
        return target.getvalue()

    def _deliver(self):
        """Deliver the files; what fails is tried again in an hour, and told once."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                if self.target_id.delivery == "mail":
                    self._mail()
                else:
                    self._put_files()
        except UserError as error:
            self._note_undelivered(str(error))
        else:
            self._note_arrived()

    def _note_arrived(self):
        self.write({"state": "delivered", "message": False, "next_delivery": False})
        self.activity_feedback(["bitpaket_billing.activity_export"])

    def _note_undelivered(self, problem):
        self.write({"state": "generated", "message": problem})
        self._put_off_delivery()
        self._remind(problem)

    def _put_off_delivery(self):
        """Try to deliver again in an hour."""
        self.next_delivery = fields.Datetime.add(fields.Datetime.now(), hours=1)

    def _put_files(self):
        for file in self.file_ids:
            self.target_id._put(file.name, file.attachment_id.raw)

    def _mail(self):
        """Hand an e-mail with the files over to the queue."""
        failed = self.mail_id.sudo().filtered(lambda mail: mail.state == "exception")
        failed.cancel()  # so that nobody sends it as well
        template = self.env.ref("bitpaket_billing.mail_template_export")
        self.mail_id = template.send_mail(
            self.id,
            email_values={"attachment_ids": self.file_ids.attachment_id.ids},
        )

    def _note_mailed(self, problem):
        """Note what became of the e-mail, once the queue has tried to send it.

        :param str | None problem: why it was not sent, in words
        """
        for batch in self.filtered(lambda one: one.state in ("generated", "delivered")):
            spoken = batch._spoken()
            if problem:
                spoken._note_undelivered(
                    spoken.env._("The e-mail was not sent. %s", problem)
                )
            elif batch.state == "generated":
                spoken._note_arrived()
