import hashlib
import json
from datetime import timedelta

from odoo import fields, http
from odoo.fields import Domain
from odoo.http import request

from ..fastspring import const
from ..fastspring.errors import FastSpringError, NotFound
from ..models.payment_transaction_checkout import UNPAID
from .portal import BillingPortal

#: How long a transfer that never came stays on the page.
KEEP_EXPIRED = timedelta(days=60)


class BillingPayPortal(BillingPortal):
    """Paying on the billing page, through FastSpring's checkout.

    Everything works by plain forms that lead to FastSpring. Where its checkout is a
    popup and scripts run, the same is asked for in JSON and the customer stays here.
    """

    # === ROUTES === #

    @http.route(
        "/my/billing/<int:account_id>/pay",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_billing_pay(self, account_id, invoice_id=None, again=None, **_kwargs):
        """Lead to a new checkout for one invoice, or for all that is owed.

        :param int account_id: the billing account
        :param invoice_id: the invoice; without it all of them
        :param again: set once the customer knows that a payment is on its way
        """
        account = self._find_own_account(account_id)
        if not account:
            return request.redirect("/my", code=303)
        if request.httprequest.method != "POST":
            # Who had to log in first comes back like this, and decides anew.
            return request.redirect(f"/my/billing/{account.id}")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        invoice_id = int(invoice_id) if str(invoice_id or "").isdecimal() else None
        started = self._start_checkout(account, invoice_id, bool(again))
        if "url" in started:
            # Their own page again, so that "back" does not pay twice.
            return self._lead_away(started["url"])
        return request.render(
            "bitpaket_billing.portal_pay_notice",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing",
                "account": account,
                "invoice_id": invoice_id,
                "contact_url": self._get_contact_url(account),
                **started,
            },
        )

    @http.route(
        "/my/billing/<int:account_id>/checkout",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def portal_billing_checkout(self, account_id, invoice_id=None, again=False):
        """Open a new checkout over the page.

        :return: `url`, `session` and `popup` with the library to load; else `ask` or
                 `error` in words
        :rtype: dict
        """
        account = self._find_own_account(account_id)
        if not account:
            return {"error": request.env._("This billing account is not yours.")}
        if not self._may_act(account):
            return {
                "error": request.env._("You may look at this account, but not pay.")
            }
        invoice_id = invoice_id if isinstance(invoice_id, int) else None
        return self._start_checkout(account, invoice_id, bool(again), popup=True)

    @http.route(
        "/my/billing/<int:account_id>/checkout/outcome",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def portal_billing_outcome(self, account_id, session, outcome):
        """Take down how a customer left a checkout; it proves nothing.

        :param str session: FastSpring's id of the checkout
        :param str outcome: `sent`, `left` or `finished`
        """
        account = self._find_own_account(account_id)
        known = isinstance(session, str) and outcome in ("sent", "left", "finished")
        if not account or not known or not self._may_act(account):
            return False
        transaction_sudo = (
            request.env["payment.transaction"]
            .sudo()
            .search(
                [
                    ("fastspring_session_id", "=", session),
                    ("invoice_ids.bitpaket_account_id", "=", account.id),
                ]
            )
        )
        transaction_sudo._fastspring_register_outcome(outcome)
        return bool(transaction_sudo)

    @http.route(
        "/my/billing/<int:account_id>/state",
        type="jsonrpc",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_billing_state(self, account_id):
        """Tell whether the page shows what is so.

        :return: `mark`, which changes with what the page shows of payments; `waiting`,
                 whether it may change soon; `received`, how many payments were booked
        :rtype: dict
        """
        account = self._find_own_account(account_id)
        if not account:
            return {"mark": "", "waiting": False, "received": 0}
        unbooked_sudo = self._find_unbooked_transactions(account)
        return {
            "mark": self._get_mark(unbooked_sudo),
            "waiting": any(tx._bitpaket_is_awaited() for tx in unbooked_sudo),
            "received": self._count_payments(account),
        }

    @http.route(
        "/my/billing/<int:account_id>/fastspring",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_billing_fastspring(self, account_id, **_kwargs):
        """Lead to the customer's cards and receipts at FastSpring.

        The address opens them without a password: it goes to this browser only.
        """
        account = self._find_own_account(account_id)
        if not account:
            return request.redirect("/my", code=303)
        if request.httprequest.method != "POST":
            return request.redirect(f"/my/billing/{account.id}")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        if account._is_by_invitation(request.env.user):
            return self._refuse_to_act(account)
        known_sudo = self._find_fastspring_account(account)
        error = request.env._(
            "There is nothing at FastSpring yet. Your cards and receipts are there "
            "after your first payment."
        )
        if known_sudo:
            try:
                return self._lead_away(
                    known_sudo.provider_id._fastspring_open_account(
                        known_sudo.reference
                    )
                )
            except NotFound:
                error = request.env._(
                    "FastSpring does not find your cards and receipts. Please contact "
                    "billing."
                )
            except FastSpringError:
                error = request.env._(
                    "FastSpring does not answer right now. Please try again in a few "
                    "minutes."
                )
        return request.render(
            "bitpaket_billing.portal_pay_notice",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing",
                "account": account,
                "title": request.env._("Your cards and receipts"),
                "contact_url": self._get_contact_url(account),
                "error": error,
            },
        )

    # === CHECKOUT === #

    def _find_own_account(self, account_id):
        return self._find_account(self._get_billing_accounts(), account_id)

    def _lead_away(self, url):
        """Redirect to an address at FastSpring that nobody else may see."""
        response = request.redirect(url, code=303, local=False)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def _start_checkout(self, account, invoice_id, again, popup=False):
        """Open a new checkout, unless it would be the second payment of the same.

        :param account: the customer's own billing account
        :param int invoice_id: the invoice; None: all that is owed
        :param bool again: whether the customer knows of payments on their way
        :param bool popup: whether the checkout may open over the page
        :return: see `portal_billing_checkout`
        :rtype: dict
        """
        account_sudo = account.sudo()
        if not again:
            account_sudo._find_unpaid_invoices().transaction_ids.filtered(
                lambda tx: invoice_id is None or invoice_id in tx.invoice_ids.ids
            )._fastspring_find_ordered()
        due = account_sudo._get_due(invoice_id, again)
        if not due.amount:
            return self._explain_nothing_due(due)
        provider_sudo = account_sudo._find_checkout_provider(due.amount)
        if not provider_sudo:
            return {
                "title": request.env._("This cannot be paid here"),
                "error": request.env._(
                    "Online payments are not available right now. Please try again "
                    "later, or contact billing."
                ),
            }
        library = provider_sudo._fastspring_get_popup() if popup else None
        transaction_sudo = account_sudo._begin_payment(due, provider_sudo)
        url = transaction_sudo._fastspring_start_checkout(popup=bool(library))
        if not url:
            return {
                "title": request.env._("The checkout did not open"),
                "error": transaction_sudo.state_message,
            }
        return {
            "url": url,
            "session": transaction_sudo.fastspring_session_id,
            "popup": library,
        }

    def _explain_nothing_due(self, due):
        if due.waiting:
            return {
                "title": request.env._("A payment is on its way"),
                "ask": " ".join(
                    [
                        *(tx._bitpaket_describe() for tx in due.waiting),
                        request.env._(
                            "If you have made it, please do not pay a second time."
                        ),
                    ]
                ),
            }
        return {
            "title": request.env._("There is nothing to pay"),
            "error": request.env._(
                "Everything is paid, or covered by your credit. Thank you."
            ),
        }

    def _find_fastspring_account(self, account):
        """Return the customer's account in a store of the billing account's company."""
        partner_sudo = account.sudo().partner_id
        return (
            request.env["bitpaket.fastspring.account"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", partner_sudo.commercial_partner_id.id),
                    ("company_id", "=", account.company_id.id),
                    ("provider_id.state", "!=", "disabled"),
                ],
                limit=1,
            )
        )

    # === THE PAGE === #

    def _get_balance_values(self, account):
        """Add what can be paid, and how."""
        facts = account.sudo()._get_checkout_facts()
        checkout = self._may_act(account) and facts["checkout"]
        return {
            **super()._get_balance_values(account),
            "checkout": checkout and self._get_checkout_values(account, checkout),
            "fastspring_account": facts["account"]
            and not account._is_by_invitation(request.env.user),
        }

    def _get_checkout_values(self, account, checkout):
        """Return what the customer can pay through FastSpring.

        :param str checkout: FastSpring's name of the checkout
        :rtype: dict
        """
        due = account.sudo()._get_due()
        return {
            "url": f"/my/billing/{account.id}/pay",
            "popup": checkout.startswith(const.POPUP),
            "amount": float(due.amount),
            "credit": float(due.credit),
            "invoices": due.invoices,
            "payable": due.invoices.ids if due.amount else [],
            "again": due.waiting.invoice_ids.ids,
        }

    def _get_invoice_row(self, invoice_sudo):
        """Do not offer again what the customer has just paid."""
        row = super()._get_invoice_row(invoice_sudo)
        if row["payable"] and any(
            tx._bitpaket_is_on_its_way() for tx in invoice_sudo.transaction_ids
        ):
            row.update(payable=False, pay_url=False, state="pending")
        return row

    def _get_unbooked_domain(self, account):
        """Add payments after a decline, and transfers waited for in vain."""
        since = fields.Datetime.now() - KEEP_EXPIRED
        transactions = request.env["payment.transaction"]
        return Domain.OR(
            [
                super()._get_unbooked_domain(account),
                Domain("invoice_ids", "any", account._get_unpaid_domain())
                & (
                    transactions._bitpaket_get_on_its_way_domain()
                    | transactions._bitpaket_get_declined_domain()
                ),
                [
                    ("invoice_ids.bitpaket_account_id", "=", account.id),
                    ("state", "=", "cancel"),
                    ("fastspring_order_id", "!=", False),
                    ("last_state_change", ">=", since),
                    ("invoice_ids.payment_state", "in", ("not_paid", "partial")),
                ],
            ]
        )

    def _get_payment_values(self, payments_sudo, unbooked_sudo):
        """Add what the customer finished at the checkout a moment ago."""
        values = super()._get_payment_values(payments_sudo, unbooked_sudo)
        awaited_sudo = unbooked_sudo.filtered(lambda tx: tx._bitpaket_is_awaited())
        finished_sudo = awaited_sudo.filtered(
            lambda tx: tx.state in UNPAID and tx._bitpaket_is_on_its_way()
        )
        return {
            **values,
            "payment_rows": [
                *map(self._get_waiting_row, finished_sudo),
                *values["payment_rows"],
            ],
            "just_paid": any(
                tx._bitpaket_is_fresh() and not tx._bitpaket_is_transfer()
                for tx in awaited_sudo
                if tx.state != "error" or tx in finished_sudo
            ),
            "awaiting": bool(awaited_sudo),
            "mark": self._get_mark(unbooked_sudo),
        }

    def _get_mark(self, unbooked_sudo):
        """Return a short text that changes with what the page shows of payments."""
        shown = [
            [tx.id, tx.state, tx.fastspring_progress, tx._bitpaket_is_awaited()]
            for tx in unbooked_sudo
        ]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]

    def _get_waiting_row(self, tx_sudo):
        """Tell a transfer that never came from one that may."""
        row = super()._get_waiting_row(tx_sudo)
        return {**row, "state": "expired"} if tx_sudo.state == "cancel" else row
