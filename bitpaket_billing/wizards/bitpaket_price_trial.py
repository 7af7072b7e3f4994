from datetime import timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools.misc import formatLang

from .. import rating
from ..tools import exact, period_label

#: Events are rated one by one.
MOST_EVENTS = 100_000


class Side(NamedTuple):
    """One column: some prices, and what they make of the usage.

    :param book: `bitpaket.price.book` record
    :param rating.Period month: whose prices they are
    :param rating.Statement rated: the result; None: there is none
    :param lines: unsaved `bitpaket.usage.line` records of it
    :param str error: why there is no result, in words
    """

    book: models.BaseModel
    month: rating.Period
    rated: rating.Statement | None
    lines: models.BaseModel
    error: str = ""


class BitpaketPriceTrial(models.TransientModel):
    """Rates quantities, or an account's month, by the prices of one or two books.

    It calls what balance and invoice call, and keeps nothing of the result.
    """

    _name = "bitpaket.price.trial"
    _description = "Price Trial"

    book_id = fields.Many2one(
        "bitpaket.price.book",
        string="Price book",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env["bitpaket.price.book"].search([], limit=1),
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', currency_ids)]",
        help="One of the currencies of the price book.",
    )
    currency_ids = fields.Many2many(related="book_id.currency_ids")
    month = fields.Date(
        compute="_compute_month",
        store=True,
        readonly=False,
        required=True,
        help="The month that is rated: any day of it.",
    )
    month_label = fields.Char(compute="_compute_month_label")
    customer = fields.Selection(
        [("new", "New in this month"), ("existing", "Existing")],
        required=True,
        default="new",
        help="Prices may reach existing customers later than new ones, or never.",
    )
    customer_since = fields.Date(
        string="Since",
        default=lambda self: fields.Date.today() - relativedelta(years=1),
        help="The customer's first day. Prices that came later hold from the day on "
        "which they reach existing accounts.",
    )
    other_book_id = fields.Many2one(
        "bitpaket.price.book",
        string="Other price book",
        ondelete="cascade",
    )
    other_month = fields.Date(
        string="Prices of",
        help="Any day of the month whose prices are taken. They are laid over the same "
        "usage, day by day, so that nothing but the prices differs.",
    )
    other_month_label = fields.Char(compute="_compute_month_label")
    usage_from = fields.Selection(
        [("typed", "Typed quantities"), ("account", "A month of an account")],
        string="Usage",
        required=True,
        default="typed",
    )
    account_id = fields.Many2one(
        "bitpaket.account", string="Account", ondelete="cascade"
    )
    quantity_ids = fields.One2many(
        "bitpaket.price.trial.quantity",
        "trial_id",
        string="Quantities",
        compute="_compute_quantity_ids",
        store=True,
        readonly=False,
    )
    has_events = fields.Boolean(compute="_compute_has_events")
    total = fields.Monetary(compute="_compute_result", help="Before tax.")
    other_total = fields.Monetary(compute="_compute_result", help="Before tax.")
    result = fields.Html(compute="_compute_result", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends("book_id")
    def _compute_display_name(self):
        for trial in self:
            trial.display_name = self.env._("Try prices")

    @api.depends("book_id", "usage_from", "account_id")
    def _compute_currency_id(self):
        for trial in self:
            book = trial.book_id
            if trial._account():
                trial.currency_id = trial._account().currency_id
            elif trial.currency_id not in book.currency_ids:
                trial.currency_id = book.currency_id

    @api.depends("usage_from", "account_id")
    def _compute_month(self):
        for trial in self:
            if trial._account():
                trial.month = trial._account()._last_finished_month().start
            else:
                trial.month = fields.Date.start_of(fields.Date.today(), "month")

    @api.depends_context("lang")
    @api.depends("month", "other_month")
    def _compute_month_label(self):
        for trial in self:
            trial.month_label = trial._month_label(trial.month)
            trial.other_month_label = trial._month_label(trial.other_month)

    @api.depends("book_id", "other_book_id")
    def _compute_quantity_ids(self):
        """Offer the meters that the books price; keep what was typed."""
        for trial in self:
            meters = (trial.book_id | trial.other_book_id).price_ids.meter_id
            rows = trial.quantity_ids
            trial.quantity_ids = [
                Command.delete(row.id) for row in rows if row.meter_id not in meters
            ] + [
                Command.create({"meter_id": meter.id})
                for meter in meters.sorted() - rows.meter_id
            ]

    @api.depends("book_id", "other_book_id")
    def _compute_has_events(self):
        for trial in self:
            prices = (trial.book_id | trial.other_book_id).price_ids
            trial.has_events = "percentage" in prices.mapped("model")

    @api.depends_context("lang")
    @api.depends(
        "book_id",
        "currency_id",
        "month",
        "customer",
        "customer_since",
        "other_book_id",
        "other_month",
        "usage_from",
        "account_id",
        "quantity_ids.quantity",
        "quantity_ids.events",
    )
    def _compute_result(self):
        for trial in self:
            sides = trial._rate_sides()
            totals = [float(side.rated.total) if side.rated else 0 for side in sides]
            trial.total, trial.other_total = (*totals, 0, 0)[:2]
            trial.result = bool(sides) and self.env["ir.qweb"]._render(
                "bitpaket_billing.price_trial_result", trial._prepare_result(sides)
            )

    # === RATING === #

    def _account(self):
        """Return the account whose usage is taken, if it is."""
        return self.account_id if self.usage_from == "account" else self.account_id[:0]

    def _rate_sides(self):
        """Rate the usage by the prices of one book, or of two.

        :return: nothing as long as something is not filled in
        :rtype: list[Side]
        """
        self.ensure_one()
        if not (self.book_id and self.month):
            return []
        if self.usage_from == "account" and not self.account_id:
            return []
        period = rating.calendar_month(self.month)
        sides = [self._rate_side(self.book_id, period, period)]
        if self.other_book_id or self.other_month:
            sides.append(
                self._rate_side(
                    self.other_book_id or self.book_id,
                    rating.calendar_month(self.other_month or self.month),
                    period,
                )
            )
        return sides

    def _rate_side(self, book, month, period):
        """Rate the usage by the prices that a book has in a month.

        :param book: `bitpaket.price.book` record
        :param rating.Period month: whose prices they are
        :param rating.Period period: the month of the usage
        :rtype: Side
        """
        # Ratings read on the system's behalf.
        for records in (book, self._account()):
            records.check_access("read")
        account = self._account() or self._imagine_account(book, month)
        part = account._billed_part(period) if self._account() else period
        rated, lines = None, self.env["bitpaket.usage.line"]
        error = self._obstacle(book, account, part)
        if not error:
            rated = self._rate(account, book, month, period, part)
        if isinstance(rated, rating.MissingPrice):
            # Told by the day of the month whose prices they are.
            day = month.start + (rated.date - period.start)
            day = min(day, month.end - timedelta(days=1))
            rated = rating.MissingPrice(rated.meter, day)
        if isinstance(rated, rating.RatingError):
            rated, error = None, account._rating_error_message(rated, book)
        if rated:
            statements = self.env["bitpaket.statement"]
            lines = statements._preview_lines(account, part, rated.lines)
        return Side(book, month, rated, lines, error)

    def _imagine_account(self, book, month):
        """Return an account that exists nowhere, for typed quantities."""
        since = self.customer_since if self.customer == "existing" else None
        return self.env["bitpaket.account"].new(
            {
                "name": self.env._("Typed quantities"),
                "price_book_id": book.id,
                "currency_id": self.currency_id.id,
                "date_start": since or month.start,
            }
        )

    def _obstacle(self, book, account, part):
        """Return in words why there is nothing to rate."""
        if account.currency_id not in book.currency_ids:
            return self.env._(
                "The price book “%(book)s” has no prices in %(currency)s.",
                book=book.name,
                currency=account.currency_id.name,
            )
        if not part:
            return self.env._("%s is not billed in this month.", account.name)
        events = self.quantity_ids.mapped("events")
        if not all(0 <= count <= MOST_EVENTS for count in events):
            return self.env._("Type between 0 and %s events.", f"{MOST_EVENTS:,}")
        return ""

    def _rate(self, account, book, month, period, part):
        """Rate the usage of an account by what it would pay with a book.

        :return: the rated statement, or the error that prevents it
        :rtype: rating.Statement | rating.RatingError
        """
        terms = account._current_terms(month, book)
        prices = account._rating_prices(terms)
        meters = self.env["bitpaket.meter"]._rating_catalogue()
        coupons = ()
        if self._account():
            statement = self._invoiced()
            # As if that invoice were made now.
            purse = account._coupon_purse(
                statement or None,
                {
                    use.redemption_id: exact(use.amount)
                    for use in (statement.sudo().use_ids if statement else ())
                },
            )
            coupons = purse.coupons(account.id, part)
            store = self.env["bitpaket.usage.store"]
            found = store._daily_usage(account.ids, part.start, part.end)
            usage = found.get(account.id, ())
            transactions = account._find_transactions(part, prices).get(account.id, ())
        else:
            usage, transactions = self._typed_usage(meters, period)
        return account._rate(
            part,
            terms[account.id].minimums,
            meters=meters,
            usage=usage,
            prices=rating.laid_over(prices[account.id], month, period),
            transactions=transactions,
            coupons=coupons,
        )

    def _typed_usage(self, meters, period):
        """Return typed quantities as usage that is the same every day.

        :param meters: all `rating.Meter`
        :param rating.Period period: the days
        :return: `rating.DailyUsage` and `rating.Transaction` lists
        :rtype: tuple[list, list]
        """
        meter_by_code = {meter.code: meter for meter in meters}
        usage, transactions = [], []
        for row in self.quantity_ids:
            used, events = rating.even_usage(
                meter_by_code[row.meter_id.code],
                exact(row.quantity),
                period,
                row.events,
            )
            usage += used
            transactions += events
        return usage, transactions

    # === IN WORDS === #

    def _prepare_result(self, sides):
        """Return what the template shows.

        :param list[Side] sides: one or two columns
        :rtype: dict
        """
        first, second = (side.rated for side in (*sides, sides[0])[:2])
        comparable = len(sides) == 2 and first and second
        blocks = self._prepare_blocks(
            sides, rating.differences(first.lines, second.lines) if comparable else {}
        )
        invoiced = self._invoiced()
        return {
            "sides": sides,
            "currency": self.currency_id,
            "month_label": self._month_label,
            "difference": comparable
            and self._difference_text(rating.difference(first.total, second.total)),
            "blocks": blocks,
            "is_empty": first and second and not blocks,
            "invoiced": invoiced,
            "invoiced_otherwise": invoiced
            and first
            and self.currency_id.compare_amounts(invoiced.amount_total, self.total),
        }

    def _prepare_blocks(self, sides, differences):
        """Return the lines of every meter, side by side; minimums come last.

        :param list[Side] sides: one or two columns
        :param dict differences: `rating.Difference` by the meter's code
        :rtype: list[dict]
        """
        none = self.env["bitpaket.meter"]
        columns = [side.lines.grouped("meter_id") for side in sides]
        meters = none.union(*(meter for lines in columns for meter in lines)).sorted()
        blocks = []
        for meter in (*meters, none):
            cells = [lines.get(meter, ()) for lines in columns]
            if any(cells):
                differing = differences.get(meter.code or None)
                blocks.append(
                    {
                        "cells": cells,
                        "difference": differing
                        and differing.amount
                        and self._difference_text(differing),
                    }
                )
        return blocks

    def _month_label(self, day):
        """Return the month of a day in words."""
        if not day:
            return ""
        month = rating.calendar_month(day)
        return period_label(self.env, month.start, month.end)

    def _difference_text(self, difference):
        """Return an amount with its sign, and the percentage.

        :param rating.Difference difference: what differs
        :rtype: str
        """
        if not difference.amount:
            return self.env._("no difference")
        sign = "+" if difference.amount > 0 else "−"
        amount = formatLang(
            self.env, float(abs(difference.amount)), currency_obj=self.currency_id
        )
        if difference.percent is None:
            return f"{sign} {amount}"
        percent = formatLang(self.env, float(abs(difference.percent)), digits=1)
        return f"{sign} {amount} ({sign}{percent} %)"

    def _invoiced(self):
        """Return the statement that the account's month was invoiced by, if it was."""
        account = self._account()
        part = account and account._billed_part(rating.calendar_month(self.month))
        if not part:
            return None
        return self.env["bitpaket.statement"].search(
            [
                ("account_id", "=", account.id),
                ("period_start", "=", part.start),
                ("state", "in", ("rated", "invoiced", "sent")),
            ],
        )

    # === ACTION METHODS === #

    @api.model
    def _open(self, **values):
        """Open a new trial.

        :param values: what is filled in
        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.bitpaket_price_trial_action"
        )
        context = {f"default_{name}": value for name, value in values.items()}
        return {**action, "context": context}


class BitpaketPriceTrialQuantity(models.TransientModel):
    """A typed quantity of one meter."""

    _name = "bitpaket.price.trial.quantity"
    _description = "Quantity of a Price Trial"
    _order = "sequence, meter_id, id"

    trial_id = fields.Many2one(
        "bitpaket.price.trial", required=True, ondelete="cascade", index=True
    )
    meter_id = fields.Many2one("bitpaket.meter", required=True, ondelete="cascade")
    sequence = fields.Integer(related="meter_id.sequence", store=True)
    quantity = fields.Float(
        digits=0,
        help="In the month. What adds up, such as requests, is spread evenly over its "
        "days; of what is stored, the average that is kept all month.",
    )
    unit = fields.Char(related="meter_id.unit")
    events = fields.Integer(
        help="How many events the amount is made of, all of the same size; for prices "
        "with a fee per event, or free events.",
    )
