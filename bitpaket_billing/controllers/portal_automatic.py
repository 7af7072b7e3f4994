from datetime import timedelta

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import BillingPortal

#: How long "it may take some minutes" is said after somebody went to agree.
JUST_AGREED = timedelta(hours=1)
#: How long an opt-in that failed is told about.
TOLD = timedelta(days=7)


class AutomaticPortal(BillingPortal):
    """Where customers agree to automatic payment, see how it goes, and end it."""

    def _get_balance_values(self, account):
        return {
            **super()._get_balance_values(account),
            "automatic": self._get_automatic_values(account),
        }

    @http.route(
        "/my/billing/<int:account_id>/automatic",
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_my_automatic(self, account_id, **_kwargs):
        """Explain automatic payment, and how it goes."""
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        return self._render_automatic(account)

    @http.route(
        "/my/billing/<int:account_id>/automatic/start",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_my_automatic_start(self, account_id, **_kwargs):
        """Send a customer who wants to pay automatically to FastSpring."""
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        try:
            url = account.sudo()._start_automatic_payment(account.sudo()._get_payer())
        except UserError as error:
            return self._render_automatic(account, problem=str(error))
        return request.redirect(url, code=303, local=False)

    @http.route(
        "/my/billing/<int:account_id>/automatic/end",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_my_automatic_end(self, account_id, **_kwargs):
        """End automatic payment for the customer, whether FastSpring answers or not."""
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        account.sudo()._end_automatic_payment("customer")
        return request.redirect(f"/my/billing/{account.id}/automatic", code=303)

    def _render_automatic(self, account, problem=""):
        return request.render(
            "bitpaket_billing.portal_my_automatic",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_automatic",
                "account": account,
                "may_act": self._may_act(account),
                "automatic": self._get_automatic_values(account),
                "contact_url": self._get_contact_url(account),
                "problem": problem,
            },
        )

    def _get_automatic_values(self, account):
        """Return what to say about automatic payment of an account.

        :rtype: dict
        """
        account_sudo = account.sudo()
        providers_sudo = account_sudo.env["payment.provider"]
        found = account_sudo._find_automatic(fields.Datetime.now() - TOLD)
        last_sudo = found["opt_in"]
        begun = last_sudo.state in ("draft", "pending")
        fresh = fields.Datetime.now() - JUST_AGREED
        return {
            "token": found["token"],
            "offered": bool(
                providers_sudo._fastspring_get_automatic(account_sudo.company_id)
            ),
            "payments": found["payments"],
            "agreed": begun and last_sudo.create_date >= fresh,
            "refused": last_sudo.state == "error" and last_sudo.state_message,
        }
