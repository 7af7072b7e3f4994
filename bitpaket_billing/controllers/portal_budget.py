from decimal import Decimal, InvalidOperation

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import request

from .. import rating
from ..models.bitpaket_budget import MOST_BUDGETS, QUANTITY_DIGITS
from ..tools import period_label
from .portal import BillingPortal

#: Greater limits are typing errors.
HIGHEST_LIMIT = Decimal(10) ** 12
#: What the form of a budget sends.
TEXTS = ("name", "type", "limit", "meter", "thresholds", "on_forecast", "hard_cap")


class BudgetPortal(BillingPortal):
    """Budgets on the billing page: see, make, change and delete them."""

    def _get_balance_values(self, account):
        cap = account.sudo()._find_caps().get(account.id)
        return {**super()._get_balance_values(account), "cap": cap}

    @http.route("/my/billing/budgets", type="http", auth="user", website=True)
    def portal_budgets_of_first(self, **_kwargs):
        """Lead to the budgets of the first account."""
        account = self._get_billing_accounts()[:1]
        if not account:
            return request.redirect("/my/billing")
        return request.redirect(f"/my/billing/{account.id}/budgets")

    @http.route(
        "/my/billing/<int:account_id>/budgets",
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_budgets(self, account_id, **_kwargs):
        """List the budgets of an account, and how much of them is used."""
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account:
            return request.redirect("/my")
        account_sudo = account.sudo()
        running = account_sudo._rate_running()
        return request.render(
            "bitpaket_billing.portal_budgets",
            {
                **self._get_budget_page_values(account),
                "page_name": "billing_budgets",
                "rows": [
                    self._get_budget_row(budget, running)
                    for budget in account_sudo.budget_ids
                ],
                "cap": account_sudo._find_caps().get(account.id),
                "is_full": len(account_sudo.budget_ids) >= MOST_BUDGETS,
                "period": running
                and period_label(request.env, running.period.start, running.period.end),
            },
        )

    @http.route(
        [
            "/my/billing/<int:account_id>/budgets/new",
            "/my/billing/<int:account_id>/budgets/<int:budget_id>",
        ],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
    )
    def portal_budget(self, account_id, budget_id=None, **_kwargs):
        """Show the form of a budget."""
        account, budget_sudo = self._find_budget(account_id, budget_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        if budget_id and not budget_sudo:
            return request.redirect(f"/my/billing/{account.id}/budgets")
        return self._render_budget(account, budget_sudo, _form_values(budget_sudo))

    @http.route(
        [
            "/my/billing/<int:account_id>/budgets/new",
            "/my/billing/<int:account_id>/budgets/<int:budget_id>",
        ],
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_save_budget(self, account_id, budget_id=None, **form):
        """Save a budget; a hard cap only when its effect was confirmed."""
        account, budget_sudo = self._find_budget(account_id, budget_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        if budget_id and not budget_sudo:
            return request.redirect(f"/my/billing/{account.id}/budgets")
        typed = {name: form.get(name, "").strip()[:100] for name in TEXTS}
        typed["partners"] = [
            int(one)
            for one in request.httprequest.form.getlist("partner")
            if one.isdecimal()
        ]
        try:
            values = self._read_budget(account, budget_sudo, typed)
        except UserError as error:
            return self._render_budget(account, budget_sudo, typed, problem=str(error))
        if _needs_confirmation(budget_sudo, values) and not form.get("confirmed"):
            return self._render_cap(account, budget_sudo, typed, values)
        try:
            with request.env.cr.savepoint():
                if budget_sudo:
                    budget_sudo.write(values)
                else:
                    budgets_sudo = request.env["bitpaket.budget"].sudo()
                    budgets_sudo.create({**values, "account_id": account.id})
        except UserError as error:
            return self._render_budget(account, budget_sudo, typed, problem=str(error))
        return request.redirect(f"/my/billing/{account.id}/budgets", code=303)

    @http.route(
        "/my/billing/<int:account_id>/budgets/<int:budget_id>/delete",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def portal_delete_budget(self, account_id, budget_id, **_kwargs):
        """Delete a budget; what it has told stays on record."""
        account, budget_sudo = self._find_budget(account_id, budget_id)
        if not account:
            return request.redirect("/my")
        if not self._may_act(account):
            return self._refuse_to_act(account)
        budget_sudo.active = False
        return request.redirect(f"/my/billing/{account.id}/budgets", code=303)

    # === VALUES === #

    def _find_budget(self, account_id, budget_id):
        """Return an account of the customer, and the budget of it."""
        account = self._find_account(self._get_billing_accounts(), account_id)
        budget_sudo = account.sudo().budget_ids.filtered(
            lambda budget: budget.id == budget_id
        )
        return account, budget_sudo

    def _get_budget_page_values(self, account):
        newest = request.env["bitpaket.usage.store"].sudo()._newest_usage(account.id)
        return {
            **self._prepare_portal_layout_values(),
            "account": account,
            "may_act": self._may_act(account),
            "contact_url": self._get_contact_url(account),
            "newest": newest,
        }

    def _get_budget_row(self, budget_sudo, running):
        """Return what to show of a budget: as the period stands now.

        :param Running running: the rated period
        """
        row = {"budget": budget_sudo, "limit": budget_sudo._words(budget_sudo._limit())}
        if not running or isinstance(running.rated, rating.RatingError):
            return row
        value, expected = budget_sudo._measure(running)
        limit = budget_sudo._limit()
        percent = max(rating.percent_used(value, limit), 0)
        return {
            **row,
            "value": budget_sudo._words(value),
            "percent": percent,
            "width": min(percent, 100),
            "expected": None if expected is None else budget_sudo._words(expected),
            "beyond": expected is not None and expected > limit,
        }

    def _render_budget(self, account, budget_sudo, typed, problem=""):
        account_sudo = account.sudo()
        return request.render(
            "bitpaket_billing.portal_budget",
            {
                **self._get_budget_page_values(account),
                "page_name": "billing_budget",
                "budget": budget_sudo,
                "typed": typed,
                "problem": problem,
                "meters": request.env["bitpaket.meter"].sudo().search([]),
                "contacts": account_sudo._budget_contacts(),
            },
        )

    def _render_cap(self, account, budget_sudo, typed, values):
        """Spell out what a hard cap does, and ask for a confirmation."""
        running = account.sudo()._rate_running()
        known = running and not isinstance(running.rated, rating.RatingError)
        total = running.rated.total if known else None
        return request.render(
            "bitpaket_billing.portal_budget_cap",
            {
                **self._get_budget_page_values(account),
                "page_name": "billing_budget",
                "budget": budget_sudo,
                "typed": typed,
                "currency": account.currency_id,
                "limit": values["amount"],
                "used": total if total is None else float(total),
                "stops_now": known and float(total) >= values["amount"],
                "period_end": account._running_period().end,
            },
        )

    def _read_budget(self, account, budget_sudo, typed):
        """Return the values of what was typed.

        :param dict typed: see `TEXTS`
        :rtype: dict
        :raise UserError: what is wrong, in words
        """
        if not typed["name"]:
            raise UserError(request.env._("Give the budget a name."))
        kind = budget_sudo.type or (
            "quantity" if typed["type"] == "quantity" else "money"
        )
        limit = _read_limit(typed["limit"])
        values = {
            "name": typed["name"][:64],
            "thresholds": typed["thresholds"],
            "on_forecast": bool(typed["on_forecast"]),
            "hard_cap": kind == "money" and bool(typed["hard_cap"]),
            "partner_ids": [fields.Command.set(typed["partners"])],
        }
        field, digits = "quantity", QUANTITY_DIGITS[1]
        if kind == "money":
            field, digits = "amount", account.currency_id.decimal_places
        values[field] = float(round(limit, digits))
        if not values[field]:
            raise UserError(request.env._("The limit is less than can be counted."))
        if not budget_sudo:
            values["type"] = kind
            if kind == "quantity":
                values["meter_id"] = self._read_meter(typed["meter"]).id
        strangers = set(typed["partners"]) - set(account.sudo()._budget_contacts().ids)
        if strangers:
            raise UserError(
                request.env._("Choose whom to tell among the contacts listed.")
            )
        return values

    def _read_meter(self, code):
        meter_sudo = (
            request.env["bitpaket.meter"].sudo().search([("code", "=", code)], limit=1)
        )
        if not meter_sudo:
            raise UserError(request.env._("Choose what the quantity is of."))
        return meter_sudo


def _form_values(budget):
    """Return what the form of a budget, or of a new one, begins with."""
    if not budget:
        return {
            "name": "",
            "type": "money",
            "limit": "",
            "meter": "",
            "thresholds": "50, 80, 100",
            "on_forecast": "1",
            "hard_cap": "",
            "partners": [],
        }
    return {
        "name": budget.name,
        "type": budget.type,
        "limit": f"{budget._limit().normalize():f}",
        "meter": budget.meter_id.code or "",
        "thresholds": budget.thresholds,
        "on_forecast": budget.on_forecast and "1" or "",
        "hard_cap": budget.hard_cap and "1" or "",
        "partners": budget.partner_ids.ids,
    }


def _read_limit(text):
    """Return the limit that was typed, as browsers send numbers.

    :rtype: Decimal
    :raise UserError: if it is none
    """
    try:
        limit = Decimal(text)
    except InvalidOperation:
        limit = Decimal(0)
    if not (limit.is_finite() and 0 < limit <= HIGHEST_LIMIT):
        raise UserError(
            request.env._(
                "Write the limit as a number above zero, such as 250 or 99.50."
            )
        )
    return limit


def _needs_confirmation(budget, values):
    """Tell whether a hard cap is new, or stops earlier than before."""
    return values["hard_cap"] and (
        not budget.hard_cap or values["amount"] < budget.amount
    )
