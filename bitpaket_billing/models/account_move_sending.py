"""Usage invoices on their way to the customer, by Odoo's own queues.

The close leaves each invoice in the queue of Odoo's send job, which makes the PDF and
the e-mail; the mail queue delivers it. What became of it is kept here, so that what
did not arrive can be listed and sent again.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError

#: States in which a customer may not have got the invoice.
UNSENT = ("failed", "interrupted", "missing")


class AccountMove(models.Model):
    _inherit = "account.move"

    bitpaket_send_state = fields.Selection(
        [
            ("waiting", "To send"),
            ("queued", "In the mail queue"),
            ("sent", "Sent"),
            ("failed", "Not sent"),
            ("interrupted", "Interrupted"),
            ("missing", "No e-mail address"),
        ],
        string="E-mail",
        copy=False,
        readonly=True,
        help="Interrupted: the server stopped while it handed the e-mail over, so it "
        "may have arrived or not. It is not sent again by itself.",
    )
    bitpaket_send_problem = fields.Char(
        string="Why it was not sent", copy=False, readonly=True
    )
    bitpaket_message_id = fields.Many2one(
        "mail.message",
        copy=False,
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The e-mail with which it was sent.",
    )

    # Only what has not arrived yet is in it.
    _bitpaket_unsent = models.Index(
        "(bitpaket_send_state) WHERE bitpaket_send_state <> 'sent'"
    )

    @api.model
    def _bitpaket_prepare_sending(self, account, payer):
        """Return the values of a document that is sent as soon as it is committed.

        :param account: the billing account
        :param payer: who it is made out to
        :rtype: dict
        """
        if not account.company_id.bitpaket_send_invoices:
            return {}
        if not (account.invoice_emails or payer.email):
            return {"bitpaket_send_state": "missing"}
        return self._bitpaket_to_send()

    @api.model
    def _bitpaket_to_send(self):
        user = self.env.user
        return {
            "bitpaket_send_state": "waiting",
            "sending_data": {
                "author_user_id": user.id,
                "author_partner_id": user.partner_id.id,
            },
        }

    @api.model
    def _bitpaket_wake_sending(self):
        """Let Odoo's job send what waits, after the commit."""
        self.env.ref("account.ir_cron_account_move_send").sudo()._trigger()

    def _bitpaket_note_sending(self, state, problem=None):
        """Keep what became of the e-mails of these documents.

        :param str state: of `bitpaket_send_state`
        :param str problem: why they were not sent, in words
        """
        self.write({"bitpaket_send_state": state, "bitpaket_send_problem": problem})
        if state == "sent":
            self._bitpaket_set_statements_sent()
            self.company_id._bitpaket_end_reminder_of_unsent()
        elif state in UNSENT:
            statements = self.sudo().bitpaket_statement_id
            statements.filtered(lambda one: one.state == "sent").state = "invoiced"
            self.company_id._bitpaket_remind_of_unsent()

    def _bitpaket_set_statements_sent(self):
        """Move statements on whose own invoice was sent."""
        statements = self.sudo().bitpaket_statement_id
        statements.filtered(
            lambda one: one.state == "invoiced" and one.move_id in self
        ).state = "sent"

    def _get_mail_template(self):
        """Return our template for usage documents."""
        if self and all(move.bitpaket_statement_id for move in self):
            return self.env.ref("bitpaket_billing.mail_template_usage_invoice")
        return super()._get_mail_template()

    def _message_receive_bounce(self, email, partner):
        """List an invoice that came back."""
        result = super()._message_receive_bounce(email, partner)
        returned = self.filtered("bitpaket_message_id")
        if returned:
            returned._bitpaket_note_sending(
                "failed", self.env._("It came back from %s.", email)
            )
        return result

    # === ACTION METHODS === #

    def action_bitpaket_send(self):
        """Send usage documents, again where it failed, by Odoo's own job."""
        moves = self.filtered(
            lambda move: move.bitpaket_statement_id and move.state == "posted"
        )
        moves.check_access("write")
        without = moves.filtered(
            lambda move: not (
                move.bitpaket_account_id.invoice_emails or move.partner_id.email
            )
        )
        if without:
            raise UserError(
                self.env._(
                    "These customers have no e-mail address yet: %s",
                    ", ".join(sorted(set(without.partner_id.mapped("display_name")))),
                )
            )
        moves.bitpaket_message_id.sudo().mail_ids.filtered(
            lambda mail: mail.state in ("exception", "outgoing")
        ).cancel()
        moves.write({"bitpaket_send_problem": False, **self._bitpaket_to_send()})
        self._bitpaket_wake_sending()
