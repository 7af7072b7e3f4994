from datetime import date, timedelta

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from ..tools import period_label, quantity_text
from .portal_pay import BillingPayPortal

#: What a customer may do with the plan, and what the page calls it.
CHANGES = ("choose", "cancel", "cancel_now", "pause", "resume", "undo")
#: A pause can be longer, but then nobody knows yet when it ends.
LONGEST_PAUSE = timedelta(days=2 * 366)


class PlanPortal(BillingPayPortal):
    """Plans on the billing page: compare, choose, pause, cancel and undo."""

    # === ROUTES === #

    @http.route(
        ["/my/billing/plans", "/my/billing/<int:account_id>/plans"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_plans(self, account_id=None, interval="month", **_kwargs):
        """Show the plans side by side, with what the last month would have cost.

        :param int account_id: one of the customer's accounts; default: the first
        :param str interval: month or year
        """
        account = self._get_plan_account(account_id)
        if not account:
            return request.redirect("/my")
        return request.render(
            "bitpaket_billing.portal_plans",
            {
                **self._get_plan_page_values(account),
                **self._get_offer_values(
                    account.sudo(), "year" if interval == "year" else "month"
                ),
            },
        )

    @http.route(
        "/my/billing/<int:account_id>/plans/change",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_plan_change(self, account_id, **choice):
        """Tell what a change of the plan costs, and when it begins, before it is made.

        :param int account_id: one of the customer's accounts
        :param choice: `what` of `CHANGES`, and its `plan`, `interval` or `until`
        """
        account = self._get_plan_account(account_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        return self._answer_choice(account, choice)

    @http.route(
        "/my/billing/<int:account_id>/plans/change",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_plan_confirm(self, account_id, told="", **choice):
        """Change the plan, if that still costs what the customer was told.

        :param int account_id: one of the customer's accounts
        :param str told: sums and dates of the page that was confirmed
        :param choice: as of `portal_plan_change`
        """
        account = self._get_plan_account(account_id, to_change=True)
        if not account:
            return request.redirect("/my", code=303)
        if not self._may_act(account):
            return self._refuse_to_act(account)
        return self._answer_choice(account, choice, told)

    @http.route(
        "/my/billing/<int:account_id>/plans/changes/<int:change_id>",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_plan_changed(self, account_id, change_id, **_kwargs):
        """Tell what was changed, and lead to paying what is due for it."""
        account = self._get_plan_account(account_id)
        account_sudo = account.sudo()
        change_sudo = account_sudo.plan_change_ids.filtered(
            lambda change: change.id == change_id
        )
        if not change_sudo:
            return request.redirect("/my")
        checkout = account_sudo._get_checkout_facts()["checkout"]
        move_sudo = change_sudo.statement_ids.move_id
        return request.render(
            "bitpaket_billing.portal_plan_changed",
            {
                **self._get_plan_page_values(account),
                "change": change_sudo,
                "move": move_sudo,
                "row": move_sudo and self._get_invoice_row(move_sudo),
                "checkout": checkout and self._get_checkout_values(account, checkout),
                "token": self._get_automatic_token(account_sudo),
                "next": account_sudo._next_fee(),
            },
        )

    # === ACCESS === #

    def _get_plan_account(self, account_id, to_change=False):
        """Return the customer's own account; whoever changes its plan asks here, too.

        :param int account_id: the account; None: the first
        :param bool to_change: whether its plan is about to be changed
        :return: empty when the account is not the customer's
        """
        return self._find_account(self._get_billing_accounts(), account_id)

    # === CHANGING === #

    def _answer_choice(self, account, choice, told=None):
        """Tell what a choice costs; make it when that was told and agreed to.

        :param dict choice: `what`, `plan`, `interval` and `until`, as they came
        :param str told: what was agreed to
        """
        account_sudo = account.sudo()
        values = {"choice": choice, "quote": None, "problem": ""}
        try:
            values["choice"], arguments = self._read_choice(account_sudo, choice)
            quote = account_sudo._change_plan_as_told(told=told, **arguments)
        except UserError as error:
            values["problem"] = str(error)
        else:
            if quote["change"]:
                return request.redirect(
                    f"/my/billing/{account.id}/plans/changes/{quote['change'].id}",
                    code=303,
                )
            values |= {
                "quote": quote,
                "token": self._get_automatic_token(account_sudo),
            }
        return request.render(
            "bitpaket_billing.portal_plan_change",
            {
                **self._get_plan_page_values(account),
                **values,
                "differs": told is not None and not values["problem"],
            },
        )

    def _read_choice(self, account_sudo, choice):
        """Return a choice as it is repeated by the form, and as the account takes it.

        :rtype: tuple[dict, dict]
        :raise UserError: when it makes no sense, or is not offered
        """
        what = choice.get("what")
        if what not in CHANGES:
            raise UserError(
                request.env._("Please choose a plan, or what to do with yours.")
            )
        shown = {"what": what}
        arguments = {"what": what}
        if what == "choose":
            plan = self._find_plan(account_sudo, choice.get("plan"))
            interval = "year" if choice.get("interval") == "year" else "month"
            shown |= {"plan": plan.id, "interval": interval}
            arguments |= {"plan": plan, "interval": interval}
        if what == "pause" and choice.get("until"):
            until = self._read_pause_end(choice["until"])
            shown["until"] = str(until)
            arguments["until"] = until
        return shown, arguments

    def _find_plan(self, account_sudo, text):
        """Return a plan that is offered to the account, or that it has.

        :raise UserError: for all others in the same words, whatever they are
        """
        plans_sudo = request.env["sale.subscription.template"].sudo()
        offered = plans_sudo._bitpaket_offered(account_sudo)
        offered |= account_sudo._running_subscription().template_id
        plan = offered.filtered(lambda one: str(one.id) == text)
        if not plan:
            raise UserError(
                request.env._(
                    "This plan is not offered to you. Please choose another one."
                )
            )
        return plan

    def _read_pause_end(self, text):
        """Return the day that a pause ends on.

        :raise UserError: when it is no date, or too far away
        """
        try:
            until = date.fromisoformat(text)
        except ValueError:
            raise UserError(
                request.env._("Please enter a date, for example: 2027-01-31.")
            ) from None
        if until > fields.Date.today() + LONGEST_PAUSE:
            raise UserError(
                request.env._(
                    "Please choose a date within two years, or none: you can resume "
                    "the plan whenever you like."
                )
            )
        return until

    def _get_automatic_token(self, account_sudo):
        """Return what the account pays by automatically, if it does."""
        return account_sudo._find_automatic(fields.Datetime.now())["token"]

    # === PAGES === #

    def _get_plan_page_values(self, account):
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "billing_plans",
            "account": account,
            "may_act": self._may_act(account),
            "currency": account.currency_id,
            "contact_url": self._get_contact_url(account),
        }

    def _get_offer_values(self, account_sudo, interval):
        """Return what the page of plans says.

        :param str interval: month or year, that prices are shown for
        """
        period = account_sudo._compared_period()
        used = account_sudo._has_used(period)
        now = account_sudo._phase_on(fields.Date.today())
        plans_sudo = request.env["sale.subscription.template"].sudo()
        offered = plans_sudo._bitpaket_offered(account_sudo) | now.plan_id
        return {
            "interval": interval,
            "by_year": "year" in offered.bitpaket_price_ids.mapped("interval"),
            "blocked": self._explain_blocked(account_sudo),
            "now": now,
            "pending": account_sudo.plan_change_id,
            "used": used,
            "period_label": period_label(request.env, period.start, period.end),
            "period_runs": period.end > fields.Date.today(),
            "billed": account_sudo._billed_for(period),
            "payg_cost": used and account_sudo._cost_on_plan(period),
            "columns": [
                self._get_column(account_sudo, plan, interval, now, used and period)
                for plan in offered
            ],
        }

    def _explain_blocked(self, account_sudo):
        """Return why the plan cannot be changed now, in words; empty: it can."""
        if not self._may_act(account_sudo):
            return request.env._(
                "You may look at this account, but not change its plan."
            )
        try:
            account_sudo._check_plan_change()
        except UserError as error:
            return str(error)
        return ""

    def _get_column(self, account_sudo, plan, interval, now, period):
        """Return what the page says of one plan.

        :param str interval: that is asked for; a plan may have the other price only
        :param now: the phase of today
        :param rating.Period period: whose usage is compared; empty: there is none
        """
        currency = account_sudo.currency_id
        price = plan._bitpaket_price(currency, interval)
        price = price or plan.bitpaket_price_ids.filtered(
            lambda one: one.currency_id == currency
        )
        current = (now.plan_id, now.interval) == (plan, price.interval)
        return {
            "plan": plan,
            "price": price,
            "offers": plan._bitpaket_offer_words(
                trial=not now.plan_id and not account_sudo._had_trial()
            ),
            "current": current,
            "kind": self._get_kind(account_sudo, now, plan, price),
            "cost": period and account_sudo._cost_on_plan(period, plan, price.interval),
        }

    def _get_kind(self, account_sudo, now, plan, price):
        """Return what choosing a plan would be: start, upgrade, downgrade or switch."""
        if not now.plan_id:
            return "start"
        if now.is_trial and plan != now.plan_id:
            return "start"
        return account_sudo._compare_plans(now, plan, price)

    # === THE BILLING PAGE === #

    def _get_balance_values(self, account):
        """Add the plan, and what is left of what it includes."""
        values = super()._get_balance_values(account)
        return {**values, "plan": self._get_plan_values(account, values["current"])}

    def _get_plan_values(self, account, current):
        """Return what the billing page says of the plan.

        :param dict current: what is known of the running period
        :return: None for an account that never had a plan
        :rtype: dict | None
        """
        if not account.has_plan:
            return None
        account_sudo = account.sudo()
        today = fields.Date.today()
        now = account_sudo._phase_on(today)
        allowances = current["rated"] and account_sudo._allowances_left(
            current["terms"], current["rated"]
        )
        return {
            "now": now,
            "price": now._price_text() if now else "",
            "trial_end": now.is_trial and account_sudo._trial_end(),
            "allowances": [
                {
                    "name": one["meter"].name,
                    "unit": one["meter"].unit,
                    "left": quantity_text(request.env, one["left"]),
                    "quantity": quantity_text(request.env, one["quantity"]),
                }
                for one in allowances or ()
            ],
            "next": account_sudo._next_fee(),
            "pending": account_sudo.plan_change_id,
        }
