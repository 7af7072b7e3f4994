from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from .portal import BillingPortal

#: What Odoo's own address form would ask for as well.
ADDRESS = ("name", "street", "street2", "city", "zip", "state_id", "country_id")
REQUIRED = "name,street,city,country_id"
#: Longer texts are no answers.
MOST_CHARACTERS = 1000


class DetailsPortal(BillingPortal):
    """What stands on the invoices of an account, and who gets them."""

    @http.route(
        "/my/billing/<int:account_id>/details",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_my_details_of_billing(self, account_id, saved=None, **_kwargs):
        """Show what stands on the invoices of an account.

        :param int account_id: one of the customer's accounts
        :param str saved: set after something was changed
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        return self._render_details(account, saved=bool(saved))

    @http.route(
        "/my/billing/<int:account_id>/details",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_change_details_of_billing(self, account_id, **form):
        """Change it, from the next invoice on.

        :param int account_id: one of the customer's accounts
        :param form: what was typed
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        shown = self._get_details(account)
        typed = {
            name: str(form.get(name, "")).strip()[:MOST_CHARACTERS] for name in shown
        }
        wrong, messages = self._keep_details(account.sudo(), typed)
        if messages:
            return self._render_details(account, typed, wrong, messages)
        return request.redirect(f"/my/billing/{account.id}/details?saved=1", code=303)

    def _keep_details(self, account_sudo, typed):
        """Change the details of an account by Odoo's own rules for addresses.

        :param dict typed: texts by name
        :return: names of fields that are wrong, and why in words
        :rtype: tuple[set, list]
        """
        country = self._find_by_id("res.country", typed["country_id"])
        state = self._find_by_id("res.country.state", typed["state_id"])
        if state.country_id != country:
            state = state.browse()
        address, _extra = self._parse_form_data(
            {
                **{name: typed[name] for name in ADDRESS},
                "country_id": str(country.id or ""),
                "state_id": str(state.id or ""),
            }
        )
        invalid, missing, messages = self._validate_address_values(
            address, account_sudo._get_payer(), "", False, REQUIRED
        )
        languages = dict(request.env["res.lang"].get_installed())
        if typed["lang"] not in languages:
            invalid.add("lang")
            messages.append(request.env._("Please choose one of the languages."))
        if len(typed["purchase_order"]) > account_sudo._fields["purchase_order"].size:
            invalid.add("purchase_order")
            messages.append(
                request.env._(
                    "A purchase order number has %s characters at most.",
                    account_sudo._fields["purchase_order"].size,
                )
            )
        if messages:
            return invalid | missing, messages
        try:
            with request.env.cr.savepoint():
                account_sudo._change_details(
                    {
                        **{name: address[name] for name in ADDRESS},
                        "lang": typed["lang"],
                    },
                    typed["vat"],
                    typed["invoice_emails"],
                    typed["purchase_order"],
                )
        except UserError as error:
            request.env.invalidate_all()
            return set(), [str(error)]
        return set(), []

    def _find_by_id(self, model, text):
        records = request.env[model].sudo()
        if not text.isdecimal() or len(text) > 9:
            return records
        return records.browse(int(text)).exists()

    def _get_details(self, account):
        """Return the details of an account as texts of its form.

        :rtype: dict
        """
        account_sudo = account.sudo()
        payer_sudo = account_sudo._get_payer()
        return {
            "name": account_sudo._get_invoice_name(),
            **{name: payer_sudo[name] or "" for name in ADDRESS[1:-2]},
            "state_id": str(payer_sudo.state_id.id or ""),
            "country_id": str(payer_sudo.country_id.id or ""),
            "lang": payer_sudo.lang or request.env.user.lang,
            "vat": payer_sudo.commercial_partner_id.vat or "",
            "invoice_emails": account_sudo.invoice_emails or "",
            "purchase_order": account_sudo.purchase_order or "",
        }

    def _render_details(self, account, typed=None, wrong=(), messages=(), saved=False):
        typed = typed or self._get_details(account)
        country = self._find_by_id("res.country", typed["country_id"])
        payer_sudo = account.sudo()._get_payer()
        customer_sudo = payer_sudo.commercial_partner_id
        return request.render(
            "bitpaket_billing.portal_details",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_details",
                "account": account,
                "contact_url": self._get_contact_url(account),
                "may_act": self._may_act(account),
                "typed": typed,
                "wrong": wrong,
                "messages": messages,
                "saved": saved,
                "countries": request.env["res.country"].sudo().search([]),
                "states": country.state_ids,
                "languages": request.env["res.lang"].get_installed(),
                "tax_id_stands": bool(customer_sudo.vat)
                and not customer_sudo.can_edit_vat(),
                "country_stands": bool(payer_sudo.country_id)
                and not payer_sudo._can_edit_country(),
                "payer_email": payer_sudo.email,
            },
        )
