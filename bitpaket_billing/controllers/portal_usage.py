import functools
import json
import logging
import re
from collections import defaultdict
from datetime import date, timedelta

from odoo import fields, http
from odoo.http import request
from odoo.tools import format_date, osutil

from .. import rating
from ..tools import period_label, quantity_text
from .portal import BillingPortal

_logger = logging.getLogger(__name__)

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


class BillingUsagePortal(BillingPortal):
    """What was used and what it cost, day by day."""

    @http.route(
        "/my/billing/<int:account_id>/usage",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_usage(self, account_id, month=None, period=None, day=None, **_kwargs):
        """Show a period of a billing account by day, or one day of it by meter.

        :param int account_id: the billing account
        :param str month: such as 2026-10; default: the running period
        :param str period: a day of it, such as 2026-10-12, where a plan has its own
        :param str day: such as 2026-10-05
        """
        accounts = self._get_billing_accounts()
        account = self._find_account(accounts, account_id)
        if not account:
            return request.redirect("/my")
        page = UsagePage(account, self._read_period(account, month or period or day))
        return request.render(
            "bitpaket_billing.portal_my_usage",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "billing_usage",
                "account": account,
                "currency": account.currency_id,
                "contact_url": self._get_contact_url(account),
                "page": page,
                "day": page.find_day(day),
            },
        )

    @http.route(
        "/my/billing/<int:account_id>/usage.<string:extension>",
        type="http",
        auth="user",
        readonly=True,
    )
    def portal_usage_file(
        self, account_id, extension, month=None, period=None, **_kwargs
    ):
        """Send a period by day as a file, in the column names of FOCUS.

        :param str extension: csv or json
        :param str month: such as 2026-10; default: the running period
        :param str period: a day of it, such as 2026-10-12, where a plan has its own
        """
        account = self._find_account(self._get_billing_accounts(), account_id)
        if not account or extension not in TYPES:
            raise request.not_found()
        account_sudo = account.sudo()
        month = self._read_period(account, month or period)
        try:
            content = (
                account_sudo._focus_csv(month)
                if extension == "csv"
                else account_sudo._focus_json(month)
            )
        except rating.RatingError as error:
            _log(account, error)
            return request.make_response(
                request.env._(
                    "The cost of this period cannot be told right now. Please try "
                    "again later, or contact billing."
                ),
                [("Content-Type", "text/plain; charset=utf-8")],
                status=503,
            )
        name = osutil.clean_filename(account_sudo._focus_name(month, extension))
        return request.make_response(
            content,
            [
                ("Content-Type", TYPES[extension]),
                ("Content-Disposition", http.content_disposition(name)),
                ("Cache-Control", "no-store"),
            ],
        )

    def _read_period(self, account, text):
        """Return the period that was asked for, if the account was there then.

        :param str text: a month, or a day; anything else: the running period
        :rtype: rating.Period
        """
        today = fields.Date.today()
        day = _read_day(text) or _read_day(f"{(text or '')[:7]}-01") or today
        return account._shown_period(max(account.date_start, min(day, today)))


class UsagePage:
    """What the page says of a period.

    :param account: `bitpaket.account` record that the user may read
    :param rating.Period month: the month, or the period of a plan
    """

    def __init__(self, account, month):
        self.account = account.sudo()  # the prices behind it are not the customer's
        self.month = month
        self.env = account.env
        self.failed = False
        self.days = self._load(month)
        self.meters = {
            meter.code: meter
            for meter in self.account.env["bitpaket.meter"]._catalogue()
        }

    @functools.cached_property
    def earlier(self):
        """The period before, which a page of one day does not show."""
        return self._load(self._before)

    @property
    def _before(self):
        return self.account._shown_period(self.month.start - timedelta(1))

    def _load(self, month):
        try:
            return self.account._days(month)
        except rating.RatingError as error:
            _log(self.account, error)
            self.failed = self.failed or month == self.month
            return None

    # --- the month

    @property
    def label(self):
        return period_label(self.env, self.month.start, self.month.end)

    @property
    def earlier_label(self):
        return period_label(self.env, self._before.start, self._before.end)

    @property
    def is_running(self):
        return self.month.end > fields.Date.today()

    @property
    def links(self):
        """Addresses of the period before and the one after, where there are any."""
        before = self.month.start - timedelta(1)
        after = self.month.end
        exists = before >= self.account.date_start
        return {
            "before": self._url(before) if exists else None,
            "after": self._url(after) if not self.is_running else None,
        }

    def _url(self, day):
        return f"/my/billing/{self.account.id}/usage?{self._query(day)}"

    def _query(self, day):
        """Return how an address tells the period of a day."""
        if self.account.has_plan:
            return f"period={day}"
        return f"month={day:%Y-%m}"

    def day_url(self, day):
        return f"/my/billing/{self.account.id}/usage?day={day}"

    def file_url(self, extension):
        query = self._query(self.month.start)
        return f"/my/billing/{self.account.id}/usage.{extension}?{query}"

    @property
    def total(self):
        return float(self.days.total) if self.days else 0

    @property
    def earlier_total(self):
        return float(self.earlier.total) if self.earlier else None

    # --- tables

    @property
    def kinds(self):
        """Kinds of usage in the month, with their labels."""
        labels = dict(
            self.account.env["bitpaket.meter"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        used = {self.meters[cost.meter].kind for cost in self.days.costs}
        return {kind: label for kind, label in labels.items() if kind in used}

    @property
    def rows(self):
        """What each day cost, the latest one first.

        :return: (day, amounts by kind, total)
        """
        days = defaultdict(lambda: defaultdict(int))
        for cost in self.days.costs:
            days[cost.day][self.meters[cost.meter].kind] += cost.amount
        return [
            (
                day,
                {kind: float(amount) for kind, amount in amounts.items()},
                float(sum(amounts.values())),
            )
            for day, amounts in sorted(days.items(), reverse=True)
        ]

    @property
    def others(self):
        return [(text, float(amount)) for text, amount in self.days.others]

    @property
    def by_meter(self):
        """What each meter came to in the month."""
        totals = {}
        for cost in self.days.costs:
            quantity, amount = totals.get(cost.meter, (0, 0))
            totals[cost.meter] = (quantity + cost.quantity, amount + cost.amount)
        return [self._row(code, *total) for code, total in totals.items()]

    def find_day(self, text):
        """Return a day of the month by meter, if it is asked for.

        :rtype: dict | None
        """
        day = _read_day(text)
        if not day or day not in self.month or not self.days:
            return None
        costs = [cost for cost in self.days.costs if cost.day == day]
        return {
            "day": day,
            "rows": [
                self._row(cost.meter, cost.quantity, cost.amount) for cost in costs
            ],
            "total": float(sum(cost.amount for cost in costs)),
            "month_url": self._url(day),
        }

    def _row(self, code, quantity, amount):
        meter = self.meters[code]
        return {
            "name": meter.name,
            "unit": meter.unit,
            "quantity": quantity_text(self.env, quantity),
            "amount": float(amount),
        }

    # --- the chart

    @property
    def chart(self):
        """What the chart draws, as JSON.

        Per kind and per meter a value for each day of the month; of the month before
        the totals, by the number of the day.
        """
        days = range(self.month.days)
        position = {self.month.start + timedelta(n): n for n in days}
        kinds = {kind: [0.0] * len(days) for kind in self.kinds}
        meters = {}
        for cost in self.days.costs:
            at = position[cost.day]
            meter = self.meters[cost.meter]
            kinds[meter.kind][at] += float(cost.amount)
            series = meters.setdefault(
                cost.meter,
                {
                    "label": meter.name,
                    "unit": meter.unit,
                    "amounts": [0.0] * len(days),
                    "quantities": [0.0] * len(days),
                },
            )
            series["amounts"][at] = float(cost.amount)
            series["quantities"][at] = float(cost.quantity)
        labels = self.kinds
        return json.dumps(
            {
                "days": [
                    format_date(self.env, day, date_format="d MMM") for day in position
                ],
                "currency": self.account.currency_id.name,
                "digits": self.account.currency_id.decimal_places,
                "kinds": [
                    {"kind": kind, "label": labels[kind], "amounts": amounts}
                    for kind, amounts in kinds.items()
                ],
                "meters": list(meters.values()),
                "earlier": self._earlier_series(len(days)),
                "earlierLabel": self.earlier_label,
            }
        )

    def _earlier_series(self, length):
        if not self.earlier:
            return None
        amounts = [0.0] * length
        first = self._before.start
        for cost in self.earlier.costs:
            number = (cost.day - first).days
            if number < length:
                amounts[number] += float(cost.amount)
        return amounts


def _read_day(text):
    """Return the date that a text such as 2026-10-05 tells; None: it tells none.

    :rtype: date | None
    """
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text or "") else None
    except ValueError:
        return None


def _log(account, error):
    _logger.warning(
        "The usage of billing account %s cannot be shown by day: %s", account.id, error
    )
