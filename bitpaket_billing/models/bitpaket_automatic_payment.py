from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..fastspring import automatic

#: How long is waited before FastSpring is asked again.
AT_ONCE = timedelta(0)
SOON = timedelta(minutes=5)
LATER = timedelta(minutes=30)


class BitpaketAutomaticPayment(models.Model):
    """One invoice that its account pays automatically, and what became of it.

    Each try is a transaction of its own; this says whether there may be another one.
    """

    _name = "bitpaket.automatic.payment"
    _description = "Automatic Payment"
    _rec_name = "move_id"
    _order = "id desc"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    account_id = fields.Many2one(
        "bitpaket.account", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    token_id = fields.Many2one(
        "payment.token",
        string="Payment method",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    provider_id = fields.Many2one(related="token_id.provider_id")
    currency_id = fields.Many2one(related="move_id.currency_id")
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("preparing", "Being prepared"),
            ("sent", "Answer awaited"),
            ("accepted", "Outcome awaited"),
            ("manual", "Needs a person"),
            ("done", "Paid"),
            ("failed", "To be paid by hand"),
            ("canceled", "Not needed"),
        ],
        required=True,
        readonly=True,
        default="planned",
        index=True,
        help="Answer awaited: FastSpring may have got the charge or not. It is not "
        "asked for again before that is known.",
    )
    amount = fields.Monetary(
        string="Amount charged",
        readonly=True,
        help="What was asked for in the last try.",
    )
    tries = fields.Integer(readonly=True)
    first_sent = fields.Datetime(string="First try", readonly=True)
    last_sent = fields.Datetime(string="Last try", readonly=True)
    next_date = fields.Datetime(
        string="Next step",
        readonly=True,
        help="When it is charged, or looked at, the next time.",
    )
    decline_code = fields.Char(
        string="FastSpring's code",
        readonly=True,
        help="Why the last try was declined, as FastSpring puts it.",
    )
    reason = fields.Text(string="What became of it", readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction",
        string="Last transaction",
        readonly=True,
        index="btree_not_null",
    )

    # An invoice is charged by one record only, and one record at a time charges a
    # subscription: FastSpring has no key that would keep two charges apart.
    _move_uniq = models.Constraint(
        "unique (move_id)", "This invoice is paid automatically already."
    )
    _undecided_uniq = models.UniqueIndex(
        "(token_id) WHERE state IN ('preparing', 'sent', 'accepted', 'manual')",
        "Another charge of this payment method is under way.",
    )
    _due_idx = models.Index(
        "(next_date) WHERE state IN ('planned', 'preparing', 'sent', 'accepted')"
    )

    # === BUSINESS METHODS === #

    @api.model
    def _plan(self):
        """Plan the payment of each invoice made since its account pays automatically.

        Twice, or by two workers at once, it plans nothing more.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO bitpaket_automatic_payment
                   (create_uid, create_date, write_uid, write_date, move_id, account_id,
                    company_id, token_id, state, tries, next_date)
            SELECT %(uid)s, %(now)s, %(uid)s, %(now)s,
                   move.id, token.bitpaket_account_id, move.company_id,
                   token.id, 'planned', 0, %(now)s
              FROM payment_token token
              JOIN account_move move
                ON move.bitpaket_account_id = token.bitpaket_account_id
             WHERE token.active
               AND move.state = 'posted'
               AND move.move_type = 'out_invoice'
               AND move.payment_state IN ('not_paid', 'partial')
               AND move.amount_residual > 0
               AND move.create_date >= token.bitpaket_since
            ON CONFLICT (move_id) DO NOTHING
            """,
            {"uid": self.env.uid, "now": fields.Datetime.now()},
        )
        self.env.invalidate_all()

    def _close(self, state, reason):
        """Leave payments as they are: nothing more is tried.

        :param str state: the last state
        :param str reason: why, in words
        """
        self.write({"state": state, "reason": reason, "next_date": False})

    def _ask_person(self, reason):
        """Leave a payment to a person; its method is not charged before that."""
        self.ensure_one()
        self._close("manual", reason)
        self.account_id._remind_of_automatic_payment(
            self.env._(
                "%(invoice)s: %(reason)s", invoice=self.move_id.name, reason=reason
            )
        )

    # === WORDS === #

    def _explain_decline(self):
        """Say in the reader's language why the last try was declined.

        :rtype: str
        """
        self.ensure_one()
        return self.env._(automatic.decline_text(self.decline_code))

    # === ACTION METHODS === #

    def action_look(self):
        """Ask FastSpring now for what is not known yet."""
        self._check_manager()
        waiting = self.sudo().filtered(lambda one: one.state in ("sent", "accepted"))
        waiting.next_date = fields.Datetime.now()
        self.token_id.sudo()._bitpaket_wake()

    def action_charge_again(self):
        """Charge the stored method once more, although it was given up."""
        self._check_manager()
        for payment in self.sudo():
            if payment.state not in ("failed", "manual", "planned"):
                raise UserError(
                    self.env._("%s is not to be charged again.", payment.move_id.name)
                )
            if not payment.token_id.active:
                raise UserError(
                    self.env._(
                        "%s does not pay automatically any more.",
                        payment.account_id.name,
                    )
                )
            payment.transaction_id.filtered(
                lambda tx: tx.state in ("draft", "pending")
            )._set_error(self.env._("Given up by %s.", self.env.user.name))
            payment.write(
                {
                    "state": "planned",
                    "next_date": fields.Datetime.now(),
                    "reason": self.env._("Tried again by %s.", self.env.user.name),
                }
            )
        self.token_id.sudo()._bitpaket_wake()

    def action_leave(self):
        """Do not charge it any more: it is paid in another way."""
        self._check_manager()
        for payment in self.sudo():
            if payment.state not in ("planned", "manual", "failed"):
                raise UserError(
                    self.env._(
                        "The charge of %s is under way: its outcome must be awaited.",
                        payment.move_id.name,
                    )
                )
            payment.transaction_id.filtered(
                lambda tx: tx.state in ("draft", "pending")
            )._set_canceled(self.env._("Given up by %s.", self.env.user.name))
            payment._close(
                "canceled", self.env._("Given up by %s.", self.env.user.name)
            )

    def _check_manager(self):
        """Let only those decide about charges who may.

        :raise AccessError: for everybody else
        """
        self.check_access("read")
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(
                self.env._("Only a billing manager decides about automatic payments.")
            )
