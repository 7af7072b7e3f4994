import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fastspring import automatic
from ..fastspring.errors import ApiError, FastSpringError, NotFound

_logger = logging.getLogger(__name__)

END_AGAIN = timedelta(minutes=30)
#: Context key: who ends a stored method, of `automatic_ended_by`.
ENDED_BY = "bitpaket_ended_by"


class PaymentToken(models.Model):
    """FastSpring's on-demand subscription is the stored method of a billing account."""

    _inherit = "payment.token"

    bitpaket_account_id = fields.Many2one(
        "bitpaket.account",
        string="Billing account",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Whose invoices this pays automatically.",
    )
    bitpaket_currency_id = fields.Many2one(
        "res.currency", string="Charged in", readonly=True
    )
    bitpaket_since = fields.Datetime(
        string="Pays invoices made since",
        readonly=True,
    )
    bitpaket_opt_in_id = fields.Many2one(
        "payment.transaction", string="Agreed by", readonly=True, ondelete="restrict"
    )
    fastspring_seen_orders = fields.Json(
        readonly=True, help="Orders that nobody here asked for."
    )
    fastspring_to_end = fields.Datetime(
        string="To be ended at FastSpring",
        readonly=True,
        help="When FastSpring is asked next to end this subscription.",
    )

    # One method pays an account, and one subscription pays one account.
    _bitpaket_account_uniq = models.UniqueIndex(
        "(bitpaket_account_id) WHERE active AND bitpaket_account_id IS NOT NULL",
        "This account pays automatically already.",
    )
    _fastspring_subscription_uniq = models.UniqueIndex(
        "(provider_id, provider_ref) WHERE bitpaket_account_id IS NOT NULL",
        "This subscription is known already.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Refuse to bring back what the customer ended."""
        if vals.get("active") and any(
            token.bitpaket_account_id and not token.active for token in self.sudo()
        ):
            raise UserError(
                self.env._(
                    "Only the customer can agree to automatic payment again, on the "
                    "billing page."
                )
            )
        return super().write(vals)

    def _handle_archiving(self):
        """Override of `payment` to end the subscription at FastSpring, too."""
        super()._handle_archiving()
        ours = self.filtered("bitpaket_account_id")
        if not ours:
            return
        by = self.env.context.get(ENDED_BY) or (
            "customer" if self.env.user.share else "finance"
        )
        ours.fastspring_to_end = fields.Datetime.now()
        ours._bitpaket_drop_planned()
        ours.bitpaket_account_id._note_automatic_end(by)
        ours._bitpaket_wake()

    # === BUSINESS METHODS === #

    def _get_available_tokens(self, providers_ids, partner_id, **kwargs):
        """Override of `payment` to leave out what pays by itself.

        It pays the invoices of one account, one charge at a time; so it is not for the
        payment form, and is ended on the billing page.
        """
        tokens = super()._get_available_tokens(providers_ids, partner_id, **kwargs)
        return tokens.filtered(lambda token: not token.sudo().bitpaket_account_id)

    def _build_display_name(self, *args, **kwargs):
        """Override of `payment` to say the method as FastSpring does."""
        if self.sudo().bitpaket_account_id and self.payment_details:
            return self.payment_details
        return super()._build_display_name(*args, **kwargs)

    def get_linked_records_info(self):
        """Override of `payment` to name the account that it pays for."""
        linked = super().get_linked_records_info()
        if account_sudo := self.sudo().bitpaket_account_id:
            linked.append(
                {
                    "description": account_sudo._description,
                    "id": account_sudo.id,
                    "name": account_sudo.name,
                    "url": f"/my/billing/{account_sudo.id}/automatic",
                }
            )
        return linked

    @api.model
    def _bitpaket_find(self, provider, subscription_id):
        """Return the method that a subscription of a store is, ended ones included."""
        return self.with_context(active_test=False).search(
            [
                ("provider_id", "=", provider.id),
                ("provider_ref", "=", subscription_id),
                ("bitpaket_account_id", "!=", False),
            ]
        )

    def _bitpaket_end(self, by, *, at_fastspring=True):
        """End automatic payment with these methods.

        :param str by: who ends it, of `automatic_ended_by`
        :param bool at_fastspring: whether FastSpring does not know it yet
        """
        tokens = self.filtered("active").with_context(**{ENDED_BY: by})
        tokens.active = False
        if not at_fastspring:
            tokens.fastspring_to_end = False

    def _bitpaket_drop_planned(self):
        planned = self.env["bitpaket.automatic.payment"].search(
            [("token_id", "in", self.ids), ("state", "=", "planned")]
        )
        planned._close(
            "canceled", self.env._("Automatic payment ended before it was charged.")
        )

    def _bitpaket_wake(self):
        """Let the jobs charge and end what is due, after the commit."""
        for name in ("ir_cron_automatic_payment", "ir_cron_automatic_end"):
            self.env.ref(f"bitpaket_billing.{name}").sudo()._trigger()

    # === ENDING AT FASTSPRING === #

    @api.model
    def _cron_end_subscriptions(self):
        """Tell FastSpring of what was ended here, until it knows."""
        cron = self.env["ir.cron"]
        while True:
            try:
                token = self._claim_to_end()
                if not token:
                    return
                token._end_at_fastspring()
            except psycopg2.errors.SerializationFailure:
                # Somebody changed it meanwhile: look again.
                self.env.cr.rollback()
                continue
            if not cron._commit_progress():
                return

    @api.model
    def _claim_to_end(self):
        """Lock and return one that is due; other workers get other ones."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM payment_token
                 WHERE fastspring_to_end <= %s AND NOT active
                 ORDER BY fastspring_to_end LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
                """,
                fields.Datetime.now(),
            )
        )
        return self.browse(row[0] for row in rows)

    def _end_at_fastspring(self):
        """End the subscription; if that fails, it is tried again.

        To end it twice does no harm, so what counts is how it is afterwards.
        """
        client = self.provider_id._fastspring_get_client()
        try:
            try:
                client.cancel_subscription(self.provider_ref)
            except ApiError:
                # FastSpring has many ways to say that it is over already.
                if not automatic.is_over(client.get_subscription(self.provider_ref)):
                    raise
        except NotFound as error:
            # Calls over the limit may be answered with 404, other ones are not.
            self.fastspring_to_end = error.status == 404 and self._next_end()
        except FastSpringError as error:
            _logger.warning(
                "Subscription of token %s could not be ended: %s",
                self.id,
                self.provider_id._fastspring_explain_error(error),
            )
            self.fastspring_to_end = self._next_end()
        else:
            self.fastspring_to_end = False

    def _next_end(self):
        return fields.Datetime.now() + END_AGAIN
