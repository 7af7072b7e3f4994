import logging

import psycopg2

from odoo import models

_logger = logging.getLogger(__name__)

#: Context key: what is sent now is told apart by what becomes of its e-mail.
SENDING = "bitpaket_sending"


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _generate_and_send_invoices(self, moves, from_cron=False, **kwargs):
        """Send usage invoices so that one that fails does not hold up the others."""
        usage = moves.filtered(lambda move: move.bitpaket_statement_id.ids)
        if not usage:
            return super()._generate_and_send_invoices(moves, from_cron, **kwargs)
        self = self.with_context(**{SENDING: True})
        if from_cron:
            return self._bitpaket_send_apart(moves, **kwargs)
        result = super()._generate_and_send_invoices(moves, from_cron, **kwargs)
        by_hand = usage.filtered(lambda move: move.bitpaket_send_state != "queued")
        by_hand._bitpaket_set_statements_sent()
        return result

    def _bitpaket_send_apart(self, moves, **kwargs):
        """Send invoices of the job together, or else each on its own."""
        try:
            with self.env.cr.savepoint():
                return super()._generate_and_send_invoices(moves, True, **kwargs)
        except psycopg2.errors.SerializationFailure:
            raise
        except Exception as error:
            if len(moves) == 1:
                _logger.exception("Invoice %s could not be sent.", moves.id)
                moves.sending_data = False
                moves._bitpaket_note_sending("failed", str(error))
                return self.env["ir.attachment"]
        result = self.env["ir.attachment"]
        for move in moves:
            result += self._bitpaket_send_apart(move, **kwargs)
        return result

    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        """Send usage invoices to the addresses that the customer gave for them."""
        if move.bitpaket_statement_id:
            emails = move.bitpaket_account_id._get_invoice_emails()
            if emails:
                return move._partner_find_from_emails_single(emails, no_create=False)
        return super()._get_default_mail_partner_ids(move, mail_template, mail_lang)

    def _hook_if_errors(self, moves_data, allow_raising=True):
        """List usage invoices whose documents could not be made."""
        result = super()._hook_if_errors(moves_data, allow_raising=allow_raising)
        for move, data in moves_data.items():
            if move.bitpaket_statement_id:
                move._bitpaket_note_sending(
                    "failed", self._format_error_text(data["error"])
                )
        return result

    def _send_mail(self, move, mail_template, **kwargs):
        """Leave the delivery of usage invoices to the mail queue.

        It is one job, so that no e-mail is delivered by two processes at once.
        """
        if not move.bitpaket_statement_id:
            return super()._send_mail(move, mail_template, **kwargs)
        move = move.with_context(mail_notify_force_send=False)
        result = super()._send_mail(move, mail_template, **kwargs)
        move.bitpaket_message_id = move.message_ids.sorted("id")[-1:]
        move._bitpaket_note_sending("queued")
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return result
