from odoo import fields, models
from odoo.exceptions import ValidationError

from ..fastspring import automatic, const
from ..tools import exact


class PaymentTransaction(models.Model):
    """Opting in to automatic payment, and charging the method that this stored."""

    _inherit = "payment.transaction"

    bitpaket_account_id = fields.Many2one(
        "bitpaket.account",
        string="Pays automatically for",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _fastspring_is_opt_in(self):
        return self.operation == "validation" and bool(self.bitpaket_account_id)

    # === BUSINESS METHODS - PRE-PROCESSING === #

    def _fastspring_create_session(self, expected, **options):
        """Ask for a checkout in which the customer agrees to later charges."""
        if not self._fastspring_is_opt_in():
            return super()._fastspring_create_session(expected, **options)
        in_their_language = self.with_context(lang=self.partner_lang)
        return self.provider_id._fastspring_create_session(
            expected,
            self._fastspring_prepare_buyer(),
            title=in_their_language.env._(
                "Automatic payment of %s", self.bitpaket_account_id.name
            ),
            locale=self.partner_lang,
        )

    def _fastspring_expect(self):
        """Return what an order must look like to opt in, or to be a charge."""
        self.ensure_one()
        if self._fastspring_is_opt_in():
            return self.provider_id._fastspring_expect_opt_in(
                self.reference, self.currency_id
            )
        if opt_in := self.token_id.bitpaket_opt_in_id:
            return self.provider_id._fastspring_expect_automatic(
                opt_in.reference, exact(self.amount), self.currency_id
            )
        return super()._fastspring_expect()

    # === BUSINESS METHODS - PROCESSING === #

    def _fastspring_match(self, order, paid):
        """Compare the order of a charge with it by the subscription."""
        if self.token_id.bitpaket_account_id and not self._fastspring_is_opt_in():
            return automatic.match_charge(
                order, self._fastspring_expect(), self.token_id.provider_ref
            )
        return super()._fastspring_match(order, paid)

    def _apply_updates(self, payment_data):
        """Override of `payment` to refuse a method that pays a single order only.

        :param dict payment_data: `type` of the event and the parsed `order`
        :raise ValidationError: if the order is not this opt-in; nothing was changed
        """
        event_type, order = payment_data["type"], payment_data["order"]
        if not (self._fastspring_is_opt_in() and event_type == const.ORDER_COMPLETED):
            return super()._apply_updates(payment_data)
        self._fastspring_check_order(event_type, order)
        if not automatic.find_subscription_id(order):
            raise ValidationError(
                self.env._("FastSpring does not tell the subscription of this order.")
            )
        if self._fastspring_can_charge_later(order):
            return super()._apply_updates(payment_data)
        # FastSpring does not know that this subscription is of no use.
        self.env["payment.token"].create(
            {
                **self._fastspring_prepare_token(order),
                "active": False,
                "fastspring_to_end": fields.Datetime.now(),
            }
        )._bitpaket_wake()
        in_their_language = self.with_context(lang=self.partner_lang).env
        self._set_error(
            in_their_language._(
                "This payment method cannot be charged automatically. Please choose "
                "another one, such as a card."
            )
        )

    def _fastspring_can_charge_later(self, order):
        """Tell whether the method that paid the first order can pay later ones.

        An order that cost nothing may not name its method; then it must be stored.

        :rtype: bool
        """
        recurs = automatic.can_recur(order.payment)
        if recurs is None and order.account_id:
            client = self.provider_id._fastspring_get_client()
            account = client.get_account(order.account_id)
            recurs = automatic.count_stored_methods(account) > 0
        return bool(recurs)

    def _fastspring_prepare_token(self, order):
        """Return the values of the stored method: FastSpring's reference, no data."""
        told = order.payment.type not in automatic.UNTOLD_PAYMENTS
        return {
            "provider_id": self.provider_id.id,
            "payment_method_id": self.payment_method_id.id,
            "partner_id": self.partner_id.id,
            "provider_ref": automatic.find_subscription_id(order),
            "payment_details": told and order.payment.label,
            "bitpaket_account_id": self.bitpaket_account_id.id,
            "bitpaket_currency_id": self.currency_id.id,
            "bitpaket_since": fields.Datetime.now(),
            "bitpaket_opt_in_id": self.id,
        }

    def _tokenize(self, payment_data):
        """Override of `payment` to store the subscription in place of an earlier one.

        :param dict payment_data: `type` of the event and the parsed `order`
        """
        if not self._fastspring_is_opt_in():
            return super()._tokenize(payment_data)
        account = self.bitpaket_account_id
        earlier = account.automatic_token_ids.filtered("active")
        planned = self.env["bitpaket.automatic.payment"].search(
            [("token_id", "in", earlier.ids), ("state", "=", "planned")]
        )
        # What is planned is charged to the new method, so it is not dropped.
        planned.state = "canceled"
        earlier._bitpaket_end("method")
        earlier.flush_recordset()  # before the new one, as only one may be active
        token = self.env["payment.token"].create(
            self._fastspring_prepare_token(payment_data["order"])
        )
        planned.write({"token_id": token.id, "state": "planned"})
        self.write({"token_id": token.id, "tokenize": False})
        account.write({"automatic_ended_date": False, "automatic_ended_by": False})
        account.message_post(
            body=self.env._("Automatic payment with %s was agreed.", token.display_name)
        )
