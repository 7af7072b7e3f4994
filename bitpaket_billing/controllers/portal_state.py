from odoo import fields
from odoo.http import request
from odoo.tools import format_date

from .portal import BillingPortal


class StatePortal(BillingPortal):
    """What the billing page says first: how it stands, and the one thing to do."""

    def _get_billing_values(self, account):
        values = super()._get_billing_values(account)
        return {**values, "state": self._get_state(account, values)}

    def _get_state(self, account, values):
        """Return the state that matters most to the customer.

        :param dict values: all else that the page shows
        :return: `code`, `severity` (of Bootstrap's alerts), `title`, `text` and
            `action` (see `_get_pay_action`); None when all is as usual
        :rtype: dict | None
        """
        for find in (
            self._find_suspended,
            self._find_closed,
            self._find_capped,
            self._find_not_charged,
            self._find_past_due,
            self._find_waiting,
            self._find_phase,
            self._find_new,
        ):
            found = find(account, values)
            if found:
                code, severity, title, text, action = found
                return {
                    "code": code,
                    "severity": severity,
                    "title": title,
                    "text": text,
                    "action": action,
                }
        return None

    # === STATES === #

    def _find_suspended(self, account, values):
        if account.state != "suspended":
            return None
        pay, transfer = self._get_pay_action(values), self._get_transfer(values)
        if pay:
            text = request.env._(
                "Invoices are unpaid. Your data is kept, and the service can run again "
                "once they are paid."
            )
        elif transfer:
            text = request.env._(
                "Your data is kept. Your transfer is awaited, and the service can run "
                "again once it has arrived."
            )
        else:
            text = request.env._(
                "Your data is kept. There is nothing that you can pay here right now: "
                "contact billing, so that the service can run again."
            )
        return (
            "suspended",
            "danger",
            request.env._("Your service is interrupted"),
            text,
            pay or self._get_transfer_action(transfer) or self._get_contact(values),
        )

    def _find_closed(self, account, values):
        if account.state != "closed":
            return None
        pay = self._get_pay_action(values)
        return (
            "closed",
            "secondary",
            request.env._("This account is closed."),
            request.env._(
                "What is still owed can be paid here. Its invoices and payments stay "
                "available."
            )
            if pay
            else request.env._(
                "Nothing is left to do. Its invoices and payments stay available here."
            ),
            pay or self._get_contact(values),
        )

    def _find_capped(self, _account, values):
        # Its words are those of the page of budgets.
        return ("capped", "danger", "", "", None) if values["cap"] else None

    def _find_not_charged(self, account, values):
        """Tell of an automatic payment that was declined."""
        for payment in values["automatic"]["payments"]:
            retried = payment.state == "planned" and payment.tries
            pay = self._get_pay_action(values)
            if retried:
                then = request.env._(
                    "It is tried again on %s.",
                    self._say_day(payment.next_date),
                )
                action = {
                    "label": request.env._("Change the card"),
                    "url": f"/my/billing/{account.id}/automatic",
                }
            elif payment.state == "failed" and (pay or not values["may_act"]):
                then = request.env._("Please pay it by hand.")
                action = pay
            else:
                continue
            text = request.env._("%s could not be charged.", payment.move_id.name)
            return (
                "not_charged",
                "warning",
                request.env._("Your automatic payment did not work"),
                " ".join([text, str(payment._explain_decline()), then]),
                action if values["may_act"] else None,
            )
        return None

    def _find_past_due(self, account, values):
        overdue = values["overdue"]
        pay = self._get_pay_action(values)
        late = account.state == "past_due" or overdue > 0
        if not late or (not pay and self._get_transfer(values)):
            return None
        return (
            "past_due",
            "warning",
            request.env._("A payment is late."),
            request.env._(
                "%s is overdue. Please pay it, so that your service keeps running "
                "without interruption.",
                account.currency_id.format(overdue),
            )
            if overdue > 0
            else request.env._(
                "Please pay what is overdue, so that your service keeps running "
                "without interruption."
            ),
            pay or self._get_contact(values),
        )

    def _find_waiting(self, _account, values):
        transfer = self._get_transfer(values)
        if not transfer:
            return None
        amount = transfer["currency"].format(transfer["amount"])
        due = transfer.get("due_date")
        return (
            "waiting",
            "info",
            request.env._("We are waiting for your transfer"),
            request.env._(
                "%(amount)s for %(invoices)s, until %(day)s. A transfer takes a few "
                "working days; once it has arrived, it is listed below.",
                amount=amount,
                invoices=transfer["invoices"],
                day=self._say_day(due),
            )
            if due
            else request.env._(
                "%(amount)s for %(invoices)s. A transfer takes a few working days; "
                "once it has arrived, it is listed below.",
                amount=amount,
                invoices=transfer["invoices"],
            ),
            self._get_transfer_action(transfer),
        )

    def _find_phase(self, account, _values):
        """Tell of a trial, or of a plan that is paused."""
        account_sudo = account.sudo()  # the plans are not the customer's
        phase_sudo = account_sudo._phase_on(fields.Date.today())
        plans = f"/my/billing/{account.id}/plans"
        if phase_sudo.is_paused:
            return (
                "paused",
                "info",
                request.env._("Your plan is paused"),
                request.env._("Meanwhile you pay for what you use."),
                {"label": request.env._("Resume the plan"), "url": plans},
            )
        if phase_sudo.is_trial:
            end = account_sudo._trial_end()
            return (
                "trial",
                "info",
                request.env._("You are on trial"),
                request.env._(
                    "Until %(day)s you pay nothing for the plan %(plan)s. Then it is "
                    "paid in advance.",
                    day=self._say_day(end),
                    plan=phase_sudo.plan_id.name,
                ),
                {"label": request.env._("Compare the plans"), "url": plans},
            )
        return None

    def _find_new(self, account, values):
        known = ("usage_groups", "invoice_rows", "unfinished", "payment_rows")
        if (
            any(values[name] for name in known)
            or values["current"]["failed"]
            or not values["next_invoice_date"]
        ):
            return None
        return (
            "new",
            "info",
            request.env._("Welcome"),
            request.env._(
                "Nothing was used yet, so there is nothing to pay. Usage appears here "
                "soon after your first request; until then, see whether your address "
                "and tax number are as they shall be on invoices."
            ),
            {
                "label": request.env._("Check the details on invoices"),
                "url": f"/my/billing/{account.id}/details",
            },
        )

    def _say_day(self, day):
        """Return a day as the rest of the page writes it."""
        return format_date(request.env, day, date_format="medium")

    # === ACTIONS === #

    def _get_pay_action(self, values):
        """Return how to pay what is owed; None when there is nothing to pay here.

        :return: `label`, with `url` of a page, or `pay` for the form of the checkout
        :rtype: dict | None
        """
        checkout, oldest = values["checkout"], values["oldest_to_pay"]
        if not values["may_act"]:
            return None
        if checkout:
            amount = values["currency"].format(checkout["amount"])
            label = request.env._("Pay %s", amount)
            return {"label": label, "pay": True} if checkout["payable"] else None
        if oldest:
            return {
                "label": request.env._("Pay %s", oldest["invoice"].name),
                "url": oldest["pay_url"],
            }
        return None

    def _get_transfer(self, values):
        """Return the row of a transfer that is waited for."""
        return next(
            (row for row in values["payment_rows"] if row["state"] == "waiting"), None
        )

    def _get_transfer_action(self, transfer):
        if not transfer or not transfer["receipt_url"]:
            return None
        return {
            "label": request.env._("How to pay"),
            "url": transfer["receipt_url"],
            "new_tab": True,
        }

    def _get_contact(self, values):
        return {
            "label": request.env._("Contact billing"),
            "url": values["contact_url"],
        }
