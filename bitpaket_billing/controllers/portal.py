import logging
import operator
from urllib.parse import quote

from odoo import fields, http
from odoo.http import request
from odoo.tools import osutil

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from .. import rating
from ..models.bitpaket_account_forecast import MAX_UNFINISHED
from ..models.payment_transaction_checkout import JUST_PAID, UNPAID
from ..tools import period_label

_logger = logging.getLogger(__name__)

#: Invoices and payments shown on the page; all others are a click away.
LATEST = 12
#: Read with the records, to save queries.
ACCOUNT_FIELDS = [
    "name",
    "reference",
    "state",
    "partner_id",
    "company_id",
    "currency_id",
    "price_book_id",
    "date_start",
    "date_end",
    "automatic_begun",
    "automatic_ended_by",
    "automatic_ended_date",
    "has_coupons",
    "has_plan",
    "has_hard_cap",
]
STATEMENT_FIELDS = [
    "account_id",
    "kind",
    "currency_id",
    "period_start",
    "period_end",
    "phase_id",
    "state",
    "price_book_id",
    "commitment_amount",
    "book_only",
    "reopened",
]
INVOICE_FIELDS = [
    "access_token",
    "name",
    "move_type",
    "state",
    "payment_state",
    "invoice_date",
    "invoice_date_due",
    "amount_total",
    "amount_total_in_currency_signed",
    "amount_residual",
    "currency_id",
    "company_id",
    "bitpaket_account_id",
    "bitpaket_statement_id",
]
PAYMENT_FIELDS = [
    "date",
    "payment_type",
    "amount_signed",
    "currency_id",
    "journal_id",
    "payment_transaction_id",
    "bitpaket_chargeback",
    "is_reconciled",
]
TRANSACTION_FIELDS = [
    "state",
    "create_date",
    "payment_id",
    "provider_id",
    "payment_method_id",
    "fastspring_progress",
    "fastspring_receipt_url",
]


class BillingPortal(CustomerPortal):
    """The customer's billing page."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "billing_count" in counters:
            values["billing_count"] = len(self._get_billing_accounts())
        return values

    @http.route(
        ["/my/billing", "/my/billing/<int:account_id>"],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing(self, account_id=None, **_kwargs):
        """Show what is owed, the invoices and the payments of a billing account.

        :param int account_id: one of several accounts; default: the first
        """
        accounts = self._get_billing_accounts()
        if isinstance(account_id, str):  # chosen without scripts
            account_id = int(account_id) if account_id.isdecimal() else None
        account = self._find_account(accounts, account_id)
        if account_id is not None and not account:
            return request.redirect("/my")
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "billing",
            "accounts": accounts,
            "account": account,
        }
        if not account:
            values["contact_url"] = self._get_contact_url(account)
            return request.render("bitpaket_billing.portal_no_account", values)
        return request.render(
            "bitpaket_billing.portal_my_billing",
            {**values, **self._get_billing_values(account)},
        )

    @http.route(
        [
            "/my/billing/<int:account_id>/payments",
            "/my/billing/<int:account_id>/payments/page/<int:page>",
        ],
        type="http",
        auth="user",
        website=True,
    )
    def portal_my_billing_payments(self, account_id, page=1, **_kwargs):
        """List all payments of a billing account."""
        accounts = self._get_billing_accounts()
        account = self._find_account(accounts, account_id)
        if not account:
            return request.redirect("/my")
        pager = portal_pager(
            url=f"/my/billing/{account.id}/payments",
            total=self._count_payments(account),
            page=page,
            step=self._items_per_page,
        )
        payments_sudo = self._find_payments(
            account, self._items_per_page, pager["offset"]
        )
        unbooked_sudo = self._find_unbooked_transactions(account)
        if page > 1:
            unbooked_sudo = unbooked_sudo.browse()
        return request.render(
            "bitpaket_billing.portal_my_payments",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_payments",
                "account": account,
                "pager": pager,
                **self._get_payment_values(payments_sudo, unbooked_sudo),
            },
        )

    @http.route(
        "/my/billing/statements/<int:statement_id>/usage.csv",
        type="http",
        auth="user",
        readonly=True,
    )
    def portal_statement_csv(self, statement_id):
        """Send the usage lines of a statement to whom may see it."""
        statement = request.env["bitpaket.statement"].browse(statement_id).exists()
        if not (statement and statement.has_access("read")):
            raise request.not_found()
        # Customers may not read the prices that explain the lines.
        statement_sudo = statement.sudo()
        name = osutil.clean_filename(statement_sudo._csv_name())
        return request.make_response(
            statement_sudo._csv(),
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )

    # === ACCESS === #

    def _get_billing_accounts(self):
        """Return the accounts of the company that the user belongs to."""
        accounts = request.env["bitpaket.account"]
        if not accounts.has_access("read"):
            return accounts
        user = request.env.user
        # What portal users see is limited by a record rule already.
        own = [] if user.share else accounts._get_own_domain(user)
        return accounts.search_fetch(own, ACCOUNT_FIELDS, order="date_start, id")

    def _find_account(self, accounts, account_id):
        if account_id is None:
            return accounts[:1]
        return accounts.filtered(lambda account: account.id == account_id)

    def _may_act(self, account):
        """Return whether the user may do more on an account than read."""
        return account.sudo()._get_role(request.env.user) != "read"

    def _refuse_to_act(self, account):
        """Tell somebody who may only read why nothing happened."""
        return request.render(
            "bitpaket_billing.portal_read_only",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing",
                "account": account,
                "contact_url": self._get_contact_url(account),
            },
            status=403,
        )

    def _get_contact_url(self, account):
        """Return where the customer reaches the people who do the billing."""
        company_sudo = account.company_id.sudo() or request.env.company
        if not company_sudo.email:
            return company_sudo.website
        subject = request.env._("Billing of %s", account.reference) if account else ""
        return f"mailto:{company_sudo.email}?subject={quote(subject)}"

    # === THE PAGE === #

    def _get_billing_values(self, account):
        """Return all that the page shows of an account."""
        # Customers may read invoices, but neither payments nor transactions.
        invoices_sudo = self._find_invoices(account).sudo()
        payments_sudo = self._find_payments(account, LATEST + 1)
        transactions_sudo = invoices_sudo.transaction_ids
        transactions_sudo |= payments_sudo.payment_transaction_id
        transactions_sudo.fetch(TRANSACTION_FIELDS)
        return {
            "contact_url": self._get_contact_url(account),
            "may_act": self._may_act(account),
            **self._get_balance_values(account),
            **self._get_invoice_values(invoices_sudo),
            **self._get_payment_values(
                payments_sudo[:LATEST], self._find_unbooked_transactions(account)
            ),
            "more_payments": len(payments_sudo) > LATEST,
        }

    # === BALANCE === #

    def _get_balance_values(self, account):
        """Return what an account used in the running period, and what it owes.

        Usage that arrived late is shown once, in the first period to be invoiced.
        """
        account_sudo = account.sudo()  # its statements; the account was checked
        periods = account_sudo._open_periods(self._find_latest_statements(account_sudo))
        running = periods[-1]
        purse = account_sudo._coupon_purse()
        coupons = self._get_coupons(account_sudo, periods[0], purse)
        found = account_sudo._rate_open(periods, purse)
        *unfinished, current = [
            self._describe_rated(account_sudo, period, rated)
            for period, rated in zip(periods, found.results, strict=True)
        ]
        current["terms"] = found.terms
        billed = account._billed_part(running)
        return {
            "coupons": coupons,
            "currency": account.currency_id,
            "current": current,
            "outlook": self._get_outlook(found, billed),
            "usage_groups": self._group_lines(account_sudo, running, current["lines"]),
            # A period without anything to pay gets no invoice.
            "unfinished": [
                values for values in unfinished if values["failed"] or values["total"]
            ],
            "next_invoice_date": running.end if billed else None,
            "owed": account.amount_owed,
            "overdue": account.amount_overdue,
        }

    def _get_outlook(self, found, billed):
        """Return what the running period will come to.

        :param Open found: what was rated
        :param rating.Period billed: the billed part of the running period, if any
        :return: low, expected and high total before tax, and the last day of it; empty
            when too little is known; None when there is nothing to forecast
        :rtype: dict | None
        """
        if not billed or isinstance(found.results[-1], rating.RatingError):
            return None
        if not found.outlook:
            return {}
        total = found.outlook.total
        return {
            "low": float(total.low),
            "expected": float(total.expected),
            "high": float(total.high),
            "last_day": rating.last_day(billed),
        }

    def _get_coupons(self, account_sudo, period, purse):
        """Return what to say of coupons in force; `CouponPortal` knows them."""
        return []

    def _find_latest_statements(self, account_sudo):
        # Not only the last one: the list of invoices tells their periods, too.
        return account_sudo.env["bitpaket.statement"].search_fetch(
            [("account_id", "=", account_sudo.id)],
            STATEMENT_FIELDS,
            order="period_end desc",
            limit=LATEST + MAX_UNFINISHED,
        )

    def _describe_rated(self, account_sudo, period, rated):
        """Return what a period costs so far, or that this cannot be told.

        :param rating.Period period: the period
        :param rated: `rating.Statement`, `rating.RatingError`, or None
        """
        failed = isinstance(rated, rating.RatingError)
        if failed:
            _logger.warning(
                "The balance of billing account %s cannot be shown: %s",
                account_sudo.id,
                rated,
            )
        return {
            "label": period_label(account_sudo.env, period.start, period.end),
            "rated": None if failed else rated,
            "failed": failed,
            "total": 0 if failed or not rated else float(rated.total),
            "lines": () if failed or not rated else rated.lines,
        }

    def _group_lines(self, account_sudo, period, rated_lines):
        """Return the lines of a period as the invoice will show them, by kind.

        :param rating.Period period: the period
        :param rated_lines: `rating.Line` records
        :return: unsaved `bitpaket.usage.line` records, one recordset per kind
        :rtype: list
        """
        lines = account_sudo.env["bitpaket.statement"]._preview_lines(
            account_sudo, period, rated_lines
        )
        return list(lines._grouped_to_show().values())

    # === INVOICES === #

    def _find_invoices(self, account):
        return request.env["account.move"].search_fetch(
            [
                ("bitpaket_account_id", "=", account.id),
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
            ],
            INVOICE_FIELDS,
            order="invoice_date desc, id desc",
            limit=LATEST,
        )

    def _get_invoice_values(self, invoices_sudo):
        """Return what to say of each invoice."""
        rows = [self._get_invoice_row(invoice) for invoice in invoices_sudo]
        return {
            "invoice_rows": rows,
            "oldest_to_pay": next(
                filter(operator.itemgetter("payable"), rows[::-1]), None
            ),
        }

    def _get_invoice_row(self, invoice_sudo):
        statement_sudo = invoice_sudo.bitpaket_statement_id
        payable = invoice_sudo._has_to_be_paid()
        return {
            "invoice": invoice_sudo,
            "url": f"/my/invoices/{invoice_sudo.id}",
            "csv_url": statement_sudo and statement_sudo._csv_url(),
            # Odoo's payment form works with the invoice's token only.
            "pay_url": payable
            and invoice_sudo.get_portal_url(
                query_string="&payment=True", anchor="portal_pay"
            ),
            "period": statement_sudo._period_label() if statement_sudo else "",
            "payable": payable,
            "state": self._get_invoice_state(invoice_sudo),
        }

    def _get_invoice_state(self, invoice_sudo):
        """Return the state of a posted invoice in the customer's terms."""
        if invoice_sudo.move_type == "out_refund":
            return "credit"
        if invoice_sudo.payment_state == "reversed":
            return "reversed"
        if invoice_sudo.currency_id.is_zero(invoice_sudo.amount_residual):
            return "paid"
        if invoice_sudo.payment_state == "in_payment":
            return "pending"
        if invoice_sudo.transaction_ids.filtered(
            lambda tx: tx.state in ("pending", "authorized")
        ):
            return "pending"
        due = invoice_sudo.invoice_date_due
        if due and due < fields.Date.today():
            return "overdue"
        return "partial" if invoice_sudo.payment_state == "partial" else "open"

    # === PAYMENTS === #

    def _get_payments_domain(self, account):
        return [
            "|",
            ("bitpaket_account_id", "=", account.id),
            ("invoice_ids.bitpaket_account_id", "=", account.id),
            ("state", "in", ("in_process", "paid")),
        ]

    def _count_payments(self, account):
        payments_sudo = request.env["account.payment"].sudo()
        return payments_sudo.search_count(self._get_payments_domain(account))

    def _find_payments(self, account, limit, offset=0):
        payments_sudo = request.env["account.payment"].sudo()
        return payments_sudo.search_fetch(
            self._get_payments_domain(account),
            PAYMENT_FIELDS,
            order="date desc, id desc",
            limit=limit,
            offset=offset,
        )

    def _get_payment_values(self, payments_sudo, unbooked_sudo):
        """Return what to say of each payment.

        :param payments_sudo: what was booked
        :param unbooked_sudo: transactions that no payment was booked for yet
        """
        waiting_sudo = unbooked_sudo.filtered(lambda tx: tx.state not in UNPAID)
        return {
            "payment_rows": [
                *map(self._get_waiting_row, waiting_sudo),
                *map(self._get_payment_row, payments_sudo),
            ],
            "just_paid": any(
                tx.create_date >= fields.Datetime.now() - JUST_PAID
                for tx in unbooked_sudo
            ),
        }

    def _get_payment_row(self, payment_sudo):
        """Return what to show of a payment that was received, or paid back."""
        tx_sudo = payment_sudo.payment_transaction_id
        return {
            "date": payment_sudo.date,
            "method": tx_sudo.payment_method_id.name or payment_sudo.journal_id.name,
            "invoices": ", ".join(
                payment_sudo._bitpaket_portal_invoices().mapped("name")
            ),
            "amount": payment_sudo.amount_signed,
            "currency": payment_sudo.currency_id,
            "state": payment_sudo._bitpaket_portal_state(),
            "receipt_url": tx_sudo.fastspring_receipt_url,
        }

    def _get_waiting_row(self, tx_sudo):
        """Return what to show of a payment that was begun and is not booked yet."""
        return {
            "date": tx_sudo.create_date,
            "method": tx_sudo.payment_method_id.name,
            "invoices": ", ".join(tx_sudo.invoice_ids.mapped("name")),
            "amount": tx_sudo.amount,
            "currency": tx_sudo.currency_id,
            "state": "waiting" if tx_sudo.state == "pending" else "processing",
            "due_date": tx_sudo.fastspring_due_date,
            "receipt_url": tx_sudo.fastspring_receipt_url,
        }

    def _find_unbooked_transactions(self, account):
        """Return the transactions of an account that no payment was booked for yet."""
        transactions_sudo = request.env["payment.transaction"].sudo()
        return transactions_sudo.search(self._get_unbooked_domain(account))

    def _get_unbooked_domain(self, account):
        return [
            ("invoice_ids.bitpaket_account_id", "=", account.id),
            ("payment_id", "=", False),
            "|",
            ("state", "in", ("pending", "authorized", "done")),
            "&",
            "&",
            ("state", "=", "draft"),
            ("create_date", ">=", fields.Datetime.now() - JUST_PAID),
            ("invoice_ids.payment_state", "in", ("not_paid", "partial")),
        ]
