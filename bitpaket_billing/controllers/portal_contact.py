from odoo import http
from odoo.http import request

from .portal import BillingPortal

#: Longest texts that are taken; what is longer is cut.
MOST_SUBJECT, MOST_MESSAGE = 120, 5000


class ContactPortal(BillingPortal):
    """Where customers write to the billing team, with their account's data."""

    @http.route(
        ["/my/billing/contact", "/my/billing/<int:account_id>/contact"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_contact(self, account_id=None, topic="", sent=None, **_kwargs):
        """Ask what the billing team can do, or tell that it was told.

        :param int account_id: one of the customer's accounts; default: the first
        :param str topic: `enterprise`, for prices of one's own
        :param str sent: set once a message was sent
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        enterprise = topic == "enterprise"
        subject = request.env._("Enterprise prices") if enterprise else ""
        return self._render_contact(
            account, subject=subject, enterprise=enterprise, sent=bool(sent)
        )

    @http.route(
        "/my/billing/<int:account_id>/contact",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_send_contact(
        self, account_id, subject="", message="", enterprise=None, **_kwargs
    ):
        """Hand a message to the billing team, unless too many were sent today.

        :param int account_id: one of the customer's accounts
        :param str subject: what it is about
        :param str message: plain text
        :param str enterprise: set when prices of one's own are asked for
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my", code=303)
        texts = {
            "subject": " ".join(_storable(subject).split())[:MOST_SUBJECT],
            "message": _storable(message).strip()[:MOST_MESSAGE],
            "enterprise": bool(enterprise),
        }
        if not (texts["subject"] and texts["message"]):
            return self._render_contact(account, **texts, lacking=True)
        requests_sudo = request.env["bitpaket.contact.request"].sudo()
        if not requests_sudo._send(
            account.sudo(), texts["subject"], texts["message"], texts["enterprise"]
        ):
            return self._render_contact(account, **texts, too_many=True)
        return request.redirect(f"/my/billing/{account.id}/contact?sent=1", code=303)

    def _render_contact(self, account, **values):
        """Show the form; :param values: what the page says beside it."""
        return request.render(
            "bitpaket_billing.portal_contact",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_contact",
                "account": account,
                "mail_url": super()._get_contact_url(account),
                "email": account.company_id.sudo().email,
                "reply_to": request.env.user.email,
                "subject": "",
                "message": "",
                "enterprise": False,
                "sent": False,
                "lacking": False,
                "too_many": False,
                **values,
            },
        )

    def _get_contact_url(self, account):
        """Lead to the form, which knows the account."""
        if not account:
            return super()._get_contact_url(account)
        return f"/my/billing/{account.id}/contact"


def _storable(text):
    """Return a text without the one character that the database cannot store."""
    return text.replace("\0", "")
