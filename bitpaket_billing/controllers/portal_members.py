from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import BillingPortal

ROLES = ("billing", "read")


class MembersPortal(BillingPortal):
    """Who may open an account, and what they may do there."""

    @http.route(
        "/my/billing/<int:account_id>/logins",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_logins(self, account_id, invited=None, **_kwargs):
        """List who may open an account.

        :param int account_id: one of the customer's accounts
        :param str invited: set after somebody was invited
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        return self._render_logins(account, invited=bool(invited))

    @http.route(
        "/my/billing/<int:account_id>/logins/invite",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_invite_login(self, account_id, email="", role="", **_kwargs):
        """Invite somebody, who is told so by e-mail.

        :param int account_id: one of the customer's accounts
        :param str email: what was typed
        :param str role: `billing` or `read`
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        email = email.strip()[:200]
        members_sudo = request.env["bitpaket.account.member"].sudo()
        try:
            with request.env.cr.savepoint():
                members_sudo._invite(
                    account.sudo(), email, role if role in ROLES else "read"
                )
        except UserError as error:
            request.env.invalidate_all()
            return self._render_logins(account, problem=str(error), email=email)
        return request.redirect(f"/my/billing/{account.id}/logins?invited=1", code=303)

    @http.route(
        "/my/billing/<int:account_id>/logins/<int:member_id>/remove",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_remove_login(self, account_id, member_id, **_kwargs):
        """Take from somebody what an invitation gave.

        :param int account_id: one of the customer's accounts
        :param int member_id: of the list
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        account.sudo().member_ids.filtered(
            lambda member: member.id == member_id
        ).active = False
        return request.redirect(f"/my/billing/{account.id}/logins", code=303)

    def _render_logins(self, account, **values):
        account_sudo = account.sudo()
        members_sudo = account_sudo.member_ids
        return request.render(
            "bitpaket_billing.portal_logins",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_logins",
                "account": account,
                "contact_url": self._get_contact_url(account),
                "may_act": self._may_act(account),
                "owners": account_sudo._get_owner_logins() - members_sudo.user_id,
                "members": members_sudo,
                **values,
            },
        )
