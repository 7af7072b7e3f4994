from odoo import models

from ..fastspring import const, sessions


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _fastspring_get_popup(self):
        """Return what opens this store's checkout over the billing page.

        :return: The library's address and its storefront; None for a web checkout.
        :rtype: dict[str, str] | None
        """
        self.ensure_one()
        return sessions.popup_library(
            self.fastspring_store,
            self.state == "enabled",
            self.fastspring_checkout,
            self._fastspring_get_test_url("fastspring_test_storefront_url"),
        )

    def _fastspring_get_session_status(self, session_id):
        """Ask what became of a checkout session.

        :param str session_id: The session.
        :return: FastSpring's word; None from the older API, which cannot be asked.
        :rtype: str | None
        :raise FastSpringError: If there is no answer.
        """
        if self.fastspring_sessions_api == const.V1:
            return None
        path = sessions.status_path(
            f"{self.fastspring_store}/{self.fastspring_checkout}", session_id
        )
        return self._fastspring_get_client().get_session_status(path)

    def _fastspring_open_account(self, reference):
        """Return an address that opens a buyer's account without a password.

        For that buyer's eyes only: neither log nor keep it.

        :param str reference: FastSpring's id of the account.
        :rtype: str
        :raise FastSpringError: If there is none.
        """
        return self._fastspring_get_client().authenticate(
            reference,
            home=self._fastspring_get_test_url("fastspring_test_storefront_url"),
        )

    def _fastspring_get_checkout_method(self):
        """Return the method that stands on a payment until FastSpring tells it.

        :rtype: payment.method
        """
        methods = self.with_context(active_test=False).payment_method_ids
        card = methods.filtered(lambda method: method.code == "card")
        return (card or methods)[:1] or self.env.ref("payment.payment_method_unknown")
