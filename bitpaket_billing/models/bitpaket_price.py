import contextlib

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import rating
from ..tools import changed_fields, exact, exact_or_none

#: Price models whose prices stand in tiers.
TIERED = ("graduated", "volume", "block_all", "block_top", "graduated_percentage")
#: What may change after an invoice was made, for days to come.
LATER = {"date_existing", "date_end"}
#: What tells where and when a price holds.
PLACE = {"book_id", "account_id", "meter_id", "currency_id", "date_start"}


class BitpaketPrice(models.Model):
    """The price of one meter from a date on; immutable once invoiced by.

    It belongs to a price book, or to one account whose book it overrides.
    """

    _name = "bitpaket.price"
    _description = "Price"
    _order = "book_id, meter_sequence, meter_id, currency_id, date_start desc, id"

    book_id = fields.Many2one("bitpaket.price.book", ondelete="cascade", index=True)
    account_id = fields.Many2one(
        "bitpaket.account",
        string="Agreed with",
        ondelete="cascade",
        index="btree_not_null",
        help="The account for which this price holds instead of its price book's.",
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        help="A book may have prices of a meter in several currencies; an account is "
        "billed by those in its own.",
    )
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", index=True
    )
    meter_sequence = fields.Integer(related="meter_id.sequence", store=True)
    unit = fields.Char(related="meter_id.unit")
    date_start = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.start_of(fields.Date.today(), "month"),
        help="First day of this price, in UTC, for accounts that start on that day or "
        "later. It holds until the next price of the same meter. A change inside a "
        "period is billed as two lines.",
    )
    date_existing = fields.Date(
        string="For existing accounts from",
        compute="_compute_date_existing",
        store=True,
        readonly=False,
        precompute=True,
        help="First day of this price for accounts that started earlier. Leave it "
        "empty to let them keep their older price for ever.",
    )
    date_end = fields.Date(
        string="Until",
        help="First day on which the price book's price holds again. Empty: the "
        "agreed price holds until another one is agreed.",
    )
    model = fields.Selection(
        [
            ("unit", "Per unit"),
            ("graduated", "Graduated tiers"),
            ("volume", "Volume tiers"),
            ("package", "Packages"),
            ("block_all", "Blocks, tier after tier"),
            ("block_top", "Blocks of the top tier"),
            ("flat", "Fixed amount"),
            ("percentage", "Percentage"),
            ("graduated_percentage", "Graduated percentage"),
        ],
        string="Price model",
        required=True,
        default="unit",
        help="Per unit: every unit at the same price.\n"
        "Graduated tiers: every unit at the price of the tier it falls in.\n"
        "Volume tiers: all units at the price of the tier that the total reaches; "
        "the amount may fall when usage grows.\n"
        "Packages: every started package at the same price.\n"
        "Blocks, tier after tier: started blocks fill one tier after the other, each "
        "with its own size and price of a block.\n"
        "Blocks of the top tier: everything in started blocks of the tier that the "
        "total reaches.\n"
        "Fixed amount: for the period, whatever was used; prorated by days when the "
        "price holds for a part of it.\n"
        "Percentage: of an amount of money that is reported, with a fee per event.\n"
        "Graduated percentage: every part of the amount at the percentage of its tier.",
    )
    unit_price = fields.Float(
        string="Price",
        digits=0,
        help="Of the units it is per, or of a package; percent of an amount.",
    )
    per = fields.Float(
        string="Per units",
        digits=0,
        default=1.0,
        required=True,
        help="The price is for this many units, for example 1,000 requests. "
        "It does not round: 1,500 requests cost one and a half times the price.",
    )
    package_size = fields.Float(
        digits=0,
        default=1.0,
        help="Units of a package. A started package is charged in full.",
    )
    flat_amount = fields.Float(string="Amount", digits=0, help="For a whole period.")
    flat_at_zero = fields.Boolean(
        string="Due without usage",
        default=True,
        help="Whether the fixed amount, or the fee of the first tier, is charged in a "
        "period without any usage. Peers disagree: most charge it.",
    )
    tier_ids = fields.One2many(
        "bitpaket.price.tier", "price_id", string="Tiers", copy=True
    )
    free_quantity = fields.Float(
        string="Free per period",
        digits=0,
        help="Units of each period that cost nothing; they are taken off first, so "
        "that tiers and packages count what is left.",
    )
    free_per_day = fields.Float(
        digits=0,
        help="Units of each UTC day that cost nothing. What a day leaves is lost, "
        "unless it is kept until the end of the period.",
    )
    free_accrues = fields.Boolean(
        string="Kept until the end of the period",
        help="Whether what a day leaves of its free units is kept until the end of the "
        "period. So a full month has as many free units as its days, and an account "
        "that is billed for a part of it has fewer.",
    )
    free_ratio = fields.Float(
        string="Free ratio",
        digits=0,
        help="Units that cost nothing as a multiple of what another meter counts in "
        "the same period, for example three times the stored data.",
    )
    free_ratio_meter_id = fields.Many2one(
        "bitpaket.meter", string="Times what this counts", ondelete="restrict"
    )
    minimum_amount = fields.Float(
        string="Minimum",
        digits=0,
        help="Least amount of a period for this meter; what lacks becomes a line of "
        "its own. 0: none.",
    )
    maximum_amount = fields.Float(
        string="Maximum",
        digits=0,
        help="Greatest amount of a period for this meter; what is above it is taken "
        "off on a line of its own. 0: none.",
    )
    event_fee = fields.Float(
        string="Fee per event",
        digits=0,
        help="Charged for every event that is not free.",
    )
    event_minimum = fields.Float(
        string="At least per event",
        digits=0,
        help="Least charge of an event that is not free. 0: none.",
    )
    event_maximum = fields.Float(
        string="At most per event",
        digits=0,
        help="Greatest charge of an event. 0: none.",
    )
    free_events = fields.Integer(help="First events of a period that cost nothing.")
    free_amount = fields.Float(
        digits=0, help="First amount of a period that costs nothing."
    )
    free_until_first = fields.Boolean(
        string="Ends with the first",
        help="When events and an amount are free: whether both end as soon as one of "
        "them is used up. Otherwise they last while one of them is left.",
    )
    used = fields.Boolean(
        compute="_compute_used",
        help="An invoice was made by this price, so it cannot change any more.",
    )

    _one_owner = models.Constraint(
        "CHECK ((book_id IS NULL) <> (account_id IS NULL))",
        "A price belongs to a price book, or to one account.",
    )
    _meter_start_uniq = models.UniqueIndex(
        "(book_id, meter_id, currency_id, date_start) WHERE book_id IS NOT NULL",
        "This book has a price of that meter from the same date.",
    )
    _agreed_start_uniq = models.UniqueIndex(
        "(account_id, meter_id, currency_id, date_start) WHERE account_id IS NOT NULL",
        "This account has an agreed price of that meter from the same date.",
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_existing >= date_start AND date_end > date_start)",
        "A price cannot reach existing accounts before new ones, or end before it "
        "starts.",
    )
    _sizes_positive = models.Constraint(
        "CHECK (per > 0 AND package_size > 0)",
        "A price must be for more than zero units.",
    )
    _free_positive = models.Constraint(
        "CHECK (free_quantity >= 0 AND free_per_day >= 0 AND free_ratio >= 0"
        " AND free_events >= 0 AND free_amount >= 0)",
        "What is free cannot be negative.",
    )
    _amounts_positive = models.Constraint(
        "CHECK (unit_price >= 0 AND flat_amount >= 0 AND minimum_amount >= 0"
        " AND maximum_amount >= 0 AND event_fee >= 0 AND event_minimum >= 0"
        " AND event_maximum >= 0)",
        "A price cannot be negative.",
    )
    _limits_ordered = models.Constraint(
        "CHECK ((maximum_amount = 0 OR maximum_amount >= minimum_amount)"
        " AND (event_maximum = 0 OR event_maximum >= event_minimum))",
        "A maximum cannot be less than the minimum.",
    )

    # === COMPUTE METHODS === #

    @api.depends("meter_id", "date_start")
    def _compute_display_name(self):
        for price in self:
            price.display_name = self.env._(
                "%(meter)s from %(date)s",
                meter=price.meter_id.name,
                date=fields.Date.to_string(price.date_start),
            )

    @api.depends("book_id.company_id", "account_id.company_id")
    def _compute_company_id(self):
        for price in self:
            price.company_id = price.account_id.company_id or price.book_id.company_id

    @api.depends("book_id", "account_id")
    def _compute_currency_id(self):
        for price in self:
            price.currency_id = (
                price.currency_id
                or price.account_id.currency_id
                or price.book_id.currency_id
            )

    @api.depends("date_start")
    def _compute_date_existing(self):
        for price in self:
            price.date_existing = price.date_start

    def _compute_used(self):
        lines = self.env["bitpaket.usage.line"].sudo()
        used = lines._read_group([("price_id", "in", self.ids)], ["price_id"])
        used_ids = {price.id for (price,) in used}
        for price in self:
            price.used = price.id in used_ids

    # === CONSTRAINT METHODS === #

    @api.constrains("model", "tier_ids")
    def _check_tiers(self):
        for price in self.filtered(lambda price: price.model in TIERED):
            bounds = [tier.up_to for tier in price.tier_ids]
            if not bounds or bounds[-1] or 0 in bounds[:-1]:
                raise ValidationError(
                    self.env._(
                        "The tiers of %s must end with exactly one without an upper "
                        "bound, so that every quantity has a price.",
                        price.display_name,
                    )
                )
            try:
                price._to_rating()
            except rating.InvalidValue as error:
                raise ValidationError(
                    self.env._(
                        "Every tier of %s needs a block size, and must end after a "
                        "whole number of its blocks.",
                        price.display_name,
                    )
                ) from error

    @api.constrains("model", "free_quantity", "free_per_day", "free_ratio")
    def _check_free(self):
        for price in self:
            free = price.free_quantity or price.free_per_day or price.free_ratio
            if price.model == "percentage" and free:
                raise ValidationError(
                    self.env._(
                        "%s is a percentage: tell how many events, or which amount, "
                        "are free.",
                        price.display_name,
                    )
                )

    @api.constrains("free_ratio", "free_ratio_meter_id", "meter_id")
    def _check_free_ratio(self):
        for price in self:
            other = price.free_ratio_meter_id
            if price.free_ratio and (not other or other == price.meter_id):
                raise ValidationError(
                    self.env._(
                        "Name the other meter of which %s is free a multiple.",
                        price.display_name,
                    )
                )

    @api.constrains("account_id", "meter_id", "currency_id", "date_start", "date_end")
    def _check_agreed_once(self):
        for price in self.filtered("account_id"):
            same = price.account_id.price_ids.filtered_domain(
                [
                    ("meter_id", "=", price.meter_id.id),
                    ("currency_id", "=", price.currency_id.id),
                ]
            ).sorted("date_start")
            for earlier, later in zip(same, same[1:], strict=False):
                if earlier.date_end and earlier.date_end > later.date_start:
                    raise ValidationError(
                        self.env._(
                            "%(later)s starts before %(earlier)s ends.",
                            later=later.display_name,
                            earlier=earlier.display_name,
                        )
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse prices that would change what was invoiced."""
        importing = self.env.context.get("import_file")
        prices = self.browse()
        for batch in [[vals] for vals in vals_list] if importing else [vals_list]:
            with self._telling_which(batch):
                prices += super().create(batch)
        prices._check_not_retroactive()
        return prices

    def write(self, vals):
        """Refuse to change a price that an invoice was made by."""
        changed = {price: changed_fields(price, vals) for price in self}
        self.filtered(lambda price: changed[price] - LATER)._check_unused()
        if any(
            "book_id" in names and price.book_id for price, names in changed.items()
        ):
            raise UserError(
                self.env._(
                    "A price stays in its price book. To have it in another one, too, "
                    "copy the book, or import the file without its external ids."
                )
            )
        dates = {price: (price.date_existing, price.date_end) for price in self}
        # What stays as it is must not compute other fields anew.
        same = set(vals).difference({"tier_ids"}, *changed.values())
        with self._telling_which([vals]):
            super().write(
                {name: value for name, value in vals.items() if name not in same}
            )
        self._check_dates_ahead(dates)
        self.filtered(lambda price: changed[price] & PLACE)._check_not_retroactive()
        return True

    @contextlib.contextmanager
    def _telling_which(self, vals_list):
        """Tell which price of an imported book the database refuses.

        :param list[dict] vals_list: what is written
        """
        if not self.env.context.get("import_file"):
            yield
            return
        try:
            with self.env.cr.savepoint():
                yield
        except psycopg2.IntegrityError as error:
            price = self or self.new(vals_list[0])
            raise ValidationError(
                self.env._(
                    "%(price)s: %(reason)s",
                    price=price.display_name,
                    reason=self.book_id._sql_error_to_message(error),
                )
            ) from error

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_unused()

    def _check_unused(self):
        used = self.filtered("used")
        if used:
            raise UserError(
                self.env._(
                    "Invoices were made by these prices, so they cannot change: %s. "
                    "Add a price with a later start date instead.",
                    ", ".join(used.mapped("display_name")),
                )
            )

    def _check_not_retroactive(self):
        for price in self:
            billed_until = price._billed_until()
            if billed_until and price.date_start < billed_until:
                raise UserError(
                    self.env._(
                        "%(meter)s was invoiced at another price until %(date)s: start "
                        "the new one on that day or later.",
                        meter=price.meter_id.name,
                        date=fields.Date.to_string(billed_until),
                    )
                )

    def _check_dates_ahead(self, before):
        """Refuse dates that would change what was invoiced.

        :param dict before: by price, when it reached existing accounts, and its end
        """
        for price, dates in before.items():
            changed = {
                day
                for old, new in zip(
                    dates, (price.date_existing, price.date_end), strict=True
                )
                if old != new
                for day in (old, new)
                if day
            }
            billed_until = changed and price._billed_until()
            if billed_until and min(changed) < billed_until:
                raise UserError(
                    self.env._(
                        "%(meter)s was invoiced until %(date)s: only later days can "
                        "change.",
                        meter=price.meter_id.name,
                        date=fields.Date.to_string(billed_until),
                    )
                )

    def _billed_until(self):
        """Return the first day that no invoice was made for yet, by this owner.

        :return: of the lines of the same meter, currency, and book or account
        :rtype: date | None
        """
        self.ensure_one()
        if self.account_id:
            owner = [("account_id", "=", self.account_id.id)]
        else:
            owner = [("price_id.book_id", "=", self.book_id.id)]
        lines = self.env["bitpaket.usage.line"].sudo()
        ((last,),) = lines._read_group(
            [
                ("meter_id", "=", self.meter_id.id),
                ("price_id.currency_id", "=", self.currency_id.id),
                ("adjusted_statement_id", "=", False),
                *owner,
            ],
            aggregates=["date_end:max"],
        )
        return last

    # === BUSINESS METHODS === #

    def _schedule(self, subscribed):
        """Tell which of these prices of a book holds when, for an account.

        :param date subscribed: first day of the account
        :return: by meter, (price, first day, first day no longer or None) in order
        :rtype: dict[recordset, list[tuple]]
        """
        return {
            meter: rating.schedule(
                [
                    rating.Version(price.date_start, price, price.date_existing or None)
                    for price in prices.sorted("date_start")
                ],
                subscribed,
            )
            for meter, prices in self.grouped("meter_id").items()
        }

    def _schedule_agreed(self):
        """Tell which of these prices of an account holds when.

        :return: as `_schedule`
        :rtype: dict[recordset, list[tuple]]
        """
        return {
            meter: _until_the_next(prices.sorted("date_start"))
            for meter, prices in self.grouped("meter_id").items()
        }

    def _to_rating(self, start=None, end=None):
        """Return this price as the rating core knows it.

        :param date start: first day on which it holds; default: its own
        :param date end: first day on which it no longer holds, or None
        :rtype: rating.Price
        """
        self.ensure_one()
        return rating.Price(
            meter=self.meter_id.code,
            start=start or self.date_start,
            end=end,
            model=self.model,
            unit_price=exact(self.unit_price),
            per=exact(self.per),
            free=exact(self.free_quantity),
            free_per_day=exact(self.free_per_day),
            free_accrues=self.free_accrues,
            tiers=tuple(
                rating.Tier(
                    up_to=exact_or_none(tier.up_to),
                    unit_price=exact(tier.unit_price),
                    flat=exact(tier.flat_amount),
                    size=exact_or_none(tier.block_size),
                )
                for tier in (self.tier_ids if self.model in TIERED else ())
            ),
            package_size=exact(self.package_size),
            flat_amount=exact(self.flat_amount),
            flat_at_zero=self.flat_at_zero,
            minimum=exact_or_none(self.minimum_amount),
            maximum=exact_or_none(self.maximum_amount),
            free_ratio=exact(self.free_ratio),
            free_ratio_meter=self.free_ratio_meter_id.code or None,
            event_fee=exact(self.event_fee),
            event_minimum=exact_or_none(self.event_minimum),
            event_maximum=exact_or_none(self.event_maximum),
            free_events=self.free_events,
            free_amount=exact(self.free_amount),
            free_until_first=self.free_until_first,
            code=str(self.id),
        )


def _until_the_next(prices):
    """Return when each of some ordered prices holds: until its end, or the next."""
    parts = []
    for price, later in zip(prices, [*prices[1:], None], strict=True):
        end = price.date_end or None
        if later and (end is None or later.date_start < end):
            end = later.date_start
        parts.append((price, price.date_start, end))
    return parts
