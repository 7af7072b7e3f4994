from odoo import http
from odoo.http import request

from ..models.bitpaket_coupon_redeem import CouponRefused
from ..tools import period_label
from .portal import BillingPortal


class CouponPortal(BillingPortal):
    """Coupons on the billing page: redeem one, and see what is in force."""

    def _get_coupons(self, account_sudo, period, purse):
        """Return the coupons in force, what they give and what is left of them.

        :param rating.Period period: the next one to be rated
        :param rating.Purse purse: coupons of the account, before any is used
        :rtype: list[dict]
        """
        redemptions_sudo = account_sudo.env["bitpaket.coupon.redemption"]
        held = {int(one.coupon.code): one for one in purse.held(account_sudo.id)}
        currency = account_sudo.currency_id
        return [
            {
                "label": one._label(),
                "gives": one.coupon_id._gives_words(currency, one, held[one.id]),
                "left": one._left_words(held[one.id]),
            }
            for one in redemptions_sudo.browse(held)
            if one._state_in(period, held[one.id]) == "active"
        ]

    @http.route(
        "/my/billing/<int:account_id>/coupon",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_coupon(self, account_id, redeemed=None, **_kwargs):
        """Ask for a code, or tell what a redeemed one gives.

        :param int account_id: one of the customer's accounts
        :param str redeemed: id of the redemption
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        redemption_sudo = account.sudo().redemption_ids.filtered(
            lambda redemption: str(redemption.id) == redeemed
        )
        return self._render_coupon(account, redemption_sudo=redemption_sudo)

    @http.route(
        "/my/billing/<int:account_id>/coupon",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_redeem_coupon(self, account_id, code="", **_kwargs):
        """Redeem a code, unless too many have failed already.

        :param int account_id: one of the customer's accounts
        :param str code: what was typed
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        code = code.strip()[:100]
        if not code:
            return self._render_coupon(account)
        address = request.httprequest.remote_addr
        tries_sudo = request.env["bitpaket.coupon.try"].sudo()
        if tries_sudo._is_guessing(account, address):
            return self._render_coupon(account, code, blocked=True)
        coupons_sudo = request.env["bitpaket.coupon"].sudo()
        try:
            redemption = coupons_sudo._redeem_code(account.sudo(), code)
        except CouponRefused as refused:
            tries_sudo._note(account, address, refused.reason)
            return self._render_coupon(account, code, refused=str(refused))
        return request.redirect(
            f"/my/billing/{account.id}/coupon?redeemed={redemption.id}"
        )

    def _render_coupon(self, account, code="", redemption_sudo=None, **values):
        period = account.sudo()._next_period()
        return request.render(
            "bitpaket_billing.portal_coupon",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_coupon",
                "account": account,
                "may_act": self._may_act(account),
                "contact_url": self._get_contact_url(account),
                "code": code,
                "redemption": redemption_sudo,
                "next_label": period
                and period_label(request.env, period.start, period.end),
                **values,
            },
        )
