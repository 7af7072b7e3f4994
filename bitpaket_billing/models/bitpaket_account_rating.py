"""The one function behind balance, preview, statement and invoice of an account."""

from collections import defaultdict
from dataclasses import replace
from typing import NamedTuple

from odoo import models

from .. import rating
from ..tools import exact

#: For what is compared with what was billed before coupons.
NO_COUPONS = rating.Purse()


class Terms(NamedTuple):
    """What an account is rated by, beside its usage.

    :param book: `bitpaket.price.book` record
    :param minimums: least amounts by kind, see `bitpaket.price.minimum`
    :param agreed: whether prices agreed with the account go first
    :param str plan: of the account, as the rating core knows it; None: pay-as-you-go
    :param allowances: `Allowance` by code of the meter, what the plan includes
    :param fees: `rating.Fee` records that are due with the statement
    """

    book: models.BaseModel
    minimums: dict
    agreed: bool = True
    plan: str | None = None
    allowances: dict = {}
    fees: tuple = ()

    def kept(self):
        """Return what a statement keeps of them: book and commitment.

        :rtype: tuple
        """
        return self.book, self.minimums.get("commitment", 0)


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _billed_part(self, period):
        """Return the part of a period in which this account is billed.

        :param rating.Period period: for example a calendar month
        :return: the part, or None when no day of it is billed
        :rtype: rating.Period | None
        """
        self.ensure_one()
        start = max(period.start, self.date_start)
        end = min(period.end, self.date_end) if self.date_end else period.end
        return rating.Period(start, end) if start < end else None

    def _rate_period(self, period, terms=None):
        """Rate the usage of these accounts in a period.

        :param rating.Period period: the period, half-open in UTC
        :param dict terms: `Terms` by account id; default: those of today
        :return: by account id, the rated statement, or the error that prevents it;
            accounts that are not billed in the period are left out
        :rtype: dict[int, rating.Statement | rating.RatingError]
        """
        return self._rate_usage(period, self._late_adjustments(period), terms)

    def _rate_usage(
        self, period, adjustments, terms=None, purse=None, usage=None, kept=None
    ):
        """Rate the usage of a period, with given adjustments of earlier ones.

        :param rating.Period period: the period
        :param dict adjustments: `rating.Adjustment` lists by account id, or the
            `rating.RatingError` that prevents them
        :param dict terms: `Terms` by account id; default: those of today
        :param rating.Purse purse: coupons that the statements can use, and use up;
            default: all in force
        :param dict usage: what `_daily_usage` tells of the period; default: it is read
        :param dict kept: gets, by account id, what `_rate` was called with, so that it
            can be called again with other usage
        :rtype: dict[int, rating.Statement | rating.RatingError]
        """
        purse = self._coupon_purse() if purse is None else purse
        if usage is None:
            store = self.env["bitpaket.usage.store"]
            usage = store._daily_usage(self.ids, period.start, period.end)
        meters = self.env["bitpaket.meter"]._rating_catalogue()
        terms = terms or self._current_terms(period)
        prices = self._rating_prices(terms)
        transactions = self._find_transactions(period, prices)
        result = {}
        for account in self:
            part = account._billed_part(period)
            if not part:
                continue
            late = adjustments.get(account.id, ())
            if isinstance(late, rating.RatingError):
                result[account.id] = late
                continue
            minimums = terms[account.id].minimums
            known = {
                "meters": meters,
                "usage": usage.get(account.id, ()),
                "prices": prices[account.id],
                "transactions": transactions.get(account.id, ()),
                "adjustments": late,
                "coupons": purse.coupons(account.id, part),
                "fees": terms[account.id].fees,
                "plan": terms[account.id].plan,
            }
            if kept is not None:
                kept[account.id] = part, minimums, known
            result[account.id] = rated = account._rate(part, minimums, **known)
            if isinstance(rated, rating.Statement):
                purse.spend(account.id, rated.coupons)
        return result

    def _rate(self, part, minimums, **known):
        """Rate what is known of a month, or of a part of one.

        :param rating.Period part: the billed days
        :param dict minimums: least amounts by kind
        :param known: meters, usage, prices and so on, see `rating.StatementRequest`
        :return: the rated statement, or the error that prevents it
        :rtype: rating.Statement | rating.RatingError
        """
        self.ensure_one()
        full_period = self._full_period(part.start, part.end)
        try:
            statement = rating.rate_statement(
                rating.StatementRequest(
                    period=part,
                    full_period=full_period,
                    currency_digits=self.currency_id.decimal_places,
                    **_minimums(minimums, part, full_period),
                    **known,
                )
            )
            return replace(statement, lines=rating.per_meter(statement.lines))
        except rating.RatingError as error:
            return error

    def _find_transactions(self, period, prices):
        """Load the single events of meters whose prices have terms per event.

        :param dict prices: `rating.Price` lists by account id
        :return: `rating.Transaction` lists by account id
        :rtype: dict[int, list]
        """
        codes = {
            price.meter
            for some in prices.values()
            for price in some
            if price.needs_transactions
        }
        if not codes:
            return {}
        meters = self.env["bitpaket.meter"]._catalogue()
        return self.env["bitpaket.usage.store"]._transactions(
            self.ids,
            period.start,
            period.end,
            meters.filtered(lambda meter: meter.code in codes).ids,
        )

    # --- terms

    def _current_terms(self, period, book=None):
        """Return what accounts are rated by in a period that was not billed yet.

        :param rating.Period period: the period
        :param book: `bitpaket.price.book` to rate by; default: that of each account
        :rtype: dict[int, Terms]
        """
        accounts = self.sudo()
        book = book and book.sudo()
        books = book or (
            accounts.price_book_id | accounts._phases().plan_id.bitpaket_book_id
        )
        agreed = accounts.env["bitpaket.price.minimum"].search(
            [
                "|",
                ("account_id", "in", accounts.ids),
                ("book_id", "in", books.ids),
            ]
        )
        by_account, by_book = agreed.grouped("account_id"), agreed.grouped("book_id")
        result = {}
        for account in accounts:
            part = account._billed_part(period) or period
            held, plan = book or account.price_book_id, {}
            if account.has_plan and not book:
                held, plan = account._plan_terms(part)
            minimums = {}
            for some in (by_book.get(held), by_account.get(account)):
                if some:
                    minimums |= some._in_force(account.currency_id, part.start)
            result[account.id] = Terms(held, minimums, **plan)
        return result

    def _rating_prices(self, terms):
        """Return the prices of accounts: their own, and else those of their book.

        :param dict terms: `Terms` by account id
        :return: `rating.Price` lists by account id
        :rtype: dict[int, list]
        """
        accounts = self.sudo()
        listed = accounts.env["bitpaket.price"].search_fetch(
            [
                "|",
                ("account_id", "in", accounts.ids),
                ("book_id", "in", [term.book.id for term in terms.values()]),
            ]
        )
        by_owner = listed.grouped(
            lambda price: (price.account_id or price.book_id, price.currency_id)
        )
        schedules, converted = {}, {}

        def convert(schedule):
            """Convert each stretch of each price once."""
            for held in (part for parts in schedule.values() for part in parts):
                if held not in converted:
                    price, start, end = held
                    converted[held] = price._to_rating(start, end)
                yield converted[held]

        result = {}
        for account in accounts:
            key = (terms[account.id].book, account.currency_id, account.date_start)
            if key not in schedules:
                book_prices = by_owner.get(key[:2], listed.browse())
                schedule = book_prices._schedule(account.date_start)
                schedules[key] = schedule, list(convert(schedule))
            schedule, result[account.id] = schedules[key]
            agreed = by_owner.get((account, account.currency_id))
            if agreed and terms[account.id].agreed:
                special = agreed._schedule_agreed()
                result[account.id] = list(
                    convert(
                        {
                            meter: rating.overridden(
                                schedule.get(meter, []), special.get(meter, [])
                            )
                            for meter in {**schedule, **special}
                        }
                    )
                )
            if terms[account.id].allowances:
                result[account.id] = _with_allowances(
                    result[account.id], terms[account.id].allowances
                )
        return result

    # --- late usage

    def _late_adjustments(self, period):
        """Find what earlier periods lack: late usage, and credits to bill again.

        The earlier period is rated again, by the terms of then, and the difference to
        what was billed for it, then and by adjustments since, becomes an adjustment
        per meter.

        :param rating.Period period: the period that will carry the adjustments
        :return: `rating.Adjustment` lists, or a `rating.RatingError`, by account id
        :rtype: dict[int, list | rating.RatingError]
        """
        touched = self.env["bitpaket.usage.store"]._touched_statements(
            self.ids, period.start
        )
        touched |= touched._find_reopened(self.ids, period.start)
        result = defaultdict(list)
        for (start, end), statements in touched.grouped(
            lambda statement: (statement.period_start, statement.period_end)
        ).items():
            past = rating.Period(start, end)
            terms = {
                statement.account_id.id: statement._billed_terms()
                for statement in statements
            }
            rated = statements.account_id._rate_usage(past, {}, terms, NO_COUPONS)
            for statement in statements:
                account_id = statement.account_id.id
                now = rated.get(account_id)
                if isinstance(now, rating.RatingError):
                    result[account_id] = now
                elif isinstance(result[account_id], list):
                    result[account_id] += statement._compare_with_billed(now.lines)
        return result


def _with_allowances(prices, allowances):
    """Return prices that are free for as much more as a plan includes.

    :param list prices: `rating.Price` records
    :param dict allowances: `Allowance` records by code of the meter
    :rtype: list
    """
    return [
        replace(price, free=price.free + allowances[price.meter].quantity)
        if price.meter in allowances
        else price
        for price in prices
    ]


def _minimums(amounts, part, full_period):
    """Return the minimums of a statement as the rating core knows them.

    :param dict amounts: least amounts by kind
    :param rating.Period part: the billed days
    :param rating.Period full_period: the period they are a part of
    """
    result = {}
    if amounts.get("commitment"):
        result["commitment"] = rating.Commitment(
            exact(amounts["commitment"]),
            days=None if part == full_period else part.days,
            period_days=full_period.days,
        )
    if amounts.get("invoice"):
        result["minimum_invoice"] = rating.MinimumInvoice(exact(amounts["invoice"]))
    return result
