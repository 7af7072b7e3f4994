from odoo import models

#: Context key: e-mails are sent by the queue, which commits after each.
QUEUE = "bitpaket_mail_queue"


class MailMail(models.Model):
    """E-mails of usage invoices are handed over at most once.

    No commit can cover a mail server. Between its “accepted” and our commit a dying
    process would leave the e-mail in the queue, to be sent a second time. So a usage
    invoice is committed as interrupted just before it is handed over: if that is how
    the next process finds it, a person decides. An export is sent until it arrives:
    twice does no harm, it has the same bytes.
    """

    _inherit = "mail.mail"

    def process_email_queue(self, *args, **kwargs):
        """Remind of what an earlier run left half-way: only one runs at a time."""
        moves = self.env["account.move"].sudo()
        left = moves.search([("bitpaket_send_state", "=", "interrupted")])
        left.company_id._bitpaket_remind_of_unsent()
        return super().process_email_queue(*args, **kwargs)

    def _send(self, auto_commit=False, **kwargs):
        if auto_commit:
            self = self.with_context(**{QUEUE: True})
        return super()._send(auto_commit=auto_commit, **kwargs)

    def _prepare_outgoing_list(self, *args, **kwargs):
        """Commit that the e-mail is under way, when the queue sends it."""
        result = super()._prepare_outgoing_list(*args, **kwargs)
        moves = self._bitpaket_moves()
        if moves and self.env.context.get(QUEUE):
            problem = self.env._(
                "The server stopped while it handed the e-mail over: it may have "
                "arrived or not."
            )
            self.failure_reason = problem
            moves.write(
                {
                    "bitpaket_send_state": "interrupted",
                    "bitpaket_send_problem": problem,
                }
            )
            self.env["ir.cron"]._commit_progress()
        return result

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Note which usage invoices and exports were sent, and which were not."""
        moves = self._bitpaket_moves()
        types = dict(self._fields["failure_type"]._description_selection(self.env))
        problem = failure_type and ": ".join(
            filter(None, (types.get(failure_type), failure_reason))
        )
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )
        if moves:
            moves._bitpaket_note_sending("failed" if problem else "sent", problem)
        exports = self.env["bitpaket.export.batch"].sudo()
        exports.search([("mail_id", "in", self.ids)])._note_mailed(problem)
        return result

    def _bitpaket_moves(self):
        """Return the usage documents that these e-mails send."""
        messages = self.mail_message_id.filtered(
            lambda message: message.model == "account.move"
        )
        moves = self.env["account.move"].sudo()
        if messages:
            moves = moves.search([("bitpaket_message_id", "in", messages.ids)])
        return moves
