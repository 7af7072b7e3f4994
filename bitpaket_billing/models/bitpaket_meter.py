import re

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .. import rating
from ..tools import exact

#: Aggregations that the rollup turns into quantities per day which add up.
RATED_AS = {
    "unique": "sum",
    "time_weighted": "byte_hours",
    "gauge": "byte_hours",
    "retention": "byte_hours",
}
#: Aggregations of something that is there for a time.
LEVELS = ("byte_hours", "time_weighted", "gauge")
#: What reported usage depends on.
FIXED = {
    "code",
    "aggregation",
    "minimum_days",
    "unit_size",
    "unit_size_custom",
    "month_hours",
    "full_month_hours",
    "rounding",
    "rounding_digits",
    "kind",
}
#: What usage may wait for in quarantine.
WAITED_FOR = {"code", "active", "aggregation", "allow_negative"}


class BitpaketMeter(models.Model):
    """What is counted: its code, its unit, and how days add up to a billed quantity."""

    _name = "bitpaket.meter"
    _description = "Meter"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True,
        help="What reporters of usage call this meter, for example requests_a. "
        "It cannot change once usage was reported.",
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("requests", "Requests"),
            ("storage", "Storage"),
            ("transfer", "Transfer"),
        ],
        required=True,
        default="requests",
        help="Under which heading the customer finds this meter.",
    )
    aggregation = fields.Selection(
        [
            ("sum", "Sum"),
            ("count", "Count of events"),
            ("max", "Greatest value"),
            ("latest", "Latest value"),
            ("unique", "Different values"),
            ("byte_hours", "Byte-hours"),
            ("time_weighted", "Level, reported as changes"),
            ("gauge", "Level, reported as samples"),
            ("daily_peak_mean", "Mean of daily peaks"),
            ("retention", "Rest of a minimum duration"),
        ],
        required=True,
        default="sum",
        help="How the reported quantities become the billed quantity of a period.\n"
        "Sum: added up.\n"
        "Count of events: how many were reported, whatever their quantity.\n"
        "Greatest value: the greatest quantity reported in the period.\n"
        "Latest value: the last quantity reported in the period.\n"
        "Different values: how many different texts the events carry as “value”.\n"
        "Byte-hours: reported as bytes times hours stored; billed as the average "
        "stored over the month.\n"
        "Level, reported as changes: every event adds to what is stored, or takes "
        "away when negative; the level is carried on into the next period, and its "
        "average over the month is billed.\n"
        "Level, reported as samples: every event tells how much is stored from then "
        "on, until the next sample; the average over the month is billed.\n"
        "Mean of daily peaks: the greatest sample of every day, averaged over the "
        "days of the month; a day without a sample counts as nothing.\n"
        "Rest of a minimum duration: reported when an object is deleted, with its "
        "bytes and the time it was stored “since”; billed for the hours that lack to "
        "the minimum duration.",
    )
    minimum_days = fields.Integer(
        string="Minimum duration",
        help="Days for which a deleted object is billed at least.",
    )
    unit_size = fields.Selection(
        [
            ("1", "1"),
            ("1000", "1,000"),
            ("1000000", "1,000,000"),
            ("1000000000", "10⁹ bytes (GB)"),
            ("1073741824", "2³⁰ bytes (GiB)"),
            ("1000000000000", "10¹² bytes (TB)"),
            ("1099511627776", "2⁴⁰ bytes (TiB)"),
            ("custom", "Another size"),
        ],
        string="Billed unit",
        required=True,
        default="1",
        help="How much of what is reported makes one billed unit. What was reported is "
        "divided by it first, and rounded after that.",
    )
    unit_size_custom = fields.Float(
        string="Size of the unit",
        digits=0,
        default=1.0,
        help="How much of what is reported makes one billed unit.",
    )
    month_hours = fields.Selection(
        [
            ("real", "The hours of the period"),
            ("720", "Always 720 hours"),
            ("730", "Always 730 hours"),
            ("1", "Bill unit-hours"),
        ],
        string="Hours of a month",
        required=True,
        default="real",
        help="What byte-hours are divided by. With the hours of the period, 1 GB kept "
        "through any month is 1 GB-month; with 720 hours, a month of 31 days "
        "gives 1.0333 GB-months. Unit-hours are not divided: 1 GB kept for a day is "
        "24 GB-hours. Daily peaks are divided by the days that these hours make.",
    )
    full_month_hours = fields.Integer(
        string="Full month after",
        help="What is stored for this many hours of a month, or longer, is billed as "
        "stored for the whole month; shorter times in proportion. 0: no such rule.",
    )
    rounding = fields.Selection(
        [
            ("none", "Not rounded"),
            ("up", "Up"),
            ("half_up", "Half up"),
            ("down", "Down"),
        ],
        required=True,
        default="none",
        help="How the quantity of a period is rounded before it is priced, after it "
        "was converted to billed units, and before allowances are taken off.\n"
        "Up: every started unit counts as one.\n"
        "Half up: to the nearest, from the half on up.\n"
        "Down: only full units count.",
    )
    rounding_digits = fields.Integer(
        string="Decimals",
        help="Decimals that the rounding keeps; -3 rounds to thousands.",
    )
    unit = fields.Char(
        string="Unit name",
        required=True,
        translate=True,
        default="requests",
        help="Name of the billed unit, as customers read it.",
    )
    allow_negative = fields.Boolean(
        string="Negative quantities",
        help="Accept negative quantities, as corrections of what was reported.",
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        ondelete="restrict",
        help="Brings the income account and the taxes of the invoice line.",
    )

    _code_uniq = models.Constraint("unique (code)", "Another meter has this code.")
    _unit_size_positive = models.Constraint(
        "CHECK (unit_size_custom > 0)", "A billed unit must be larger than zero."
    )
    _hours_positive = models.Constraint(
        "CHECK (full_month_hours >= 0 AND minimum_days >= 0)",
        "Hours and days cannot be negative.",
    )
    _rounding_digits_sane = models.Constraint(
        "CHECK (rounding_digits BETWEEN -15 AND 12)",
        "Round to between -15 and 12 decimals.",
    )

    # === NAMES AND CODES === #

    @api.depends("name", "code")
    @api.depends_context("import_compat")
    def _compute_display_name(self):
        """Tell meters by their code in files that are to be imported again."""
        if not self.env.context.get("import_compat"):
            return super()._compute_display_name()
        for meter in self:
            meter.display_name = meter.code
        return None

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """Find the one meter that an imported file means: a code comes first.

        :raise ValueError: which the import tells with its row, when several are meant
        """
        if operator != "=":
            return super().name_search(name, domain, operator, limit)
        domain = Domain(domain or Domain.TRUE)
        by_code = domain & Domain("code", "=", name)
        found = super().name_search(name, by_code, operator, limit)
        found = found or super().name_search(name, domain, operator, limit)
        if len(found) > 1 and self.env.context.get("import_file"):
            raise ValueError(
                self.env._(
                    "Several meters are called “%s”: name the code of the one you mean",
                    name,
                ).replace("%", "%%")
            )
        return found

    # === CONSTRAINT METHODS === #

    @api.constrains("code")
    def _check_code(self):
        for meter in self:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", meter.code):
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be a meter's code: use small letters, digits "
                        "and underscores, starting with a letter.",
                        meter.code,
                    )
                )

    @api.constrains("aggregation", "kind", "full_month_hours", "minimum_days")
    def _check_aggregation(self):
        for meter in self:
            if meter.aggregation == "byte_hours" and meter.kind != "storage":
                raise ValidationError(
                    self.env._("Only storage is measured in byte-hours.")
                )
            if meter.full_month_hours and meter.aggregation not in LEVELS:
                raise ValidationError(
                    self.env._(
                        "%s is not measured over time, so there is no time after which "
                        "a month counts as full.",
                        meter.name,
                    )
                )
            if meter.aggregation == "retention" and not meter.minimum_days:
                raise ValidationError(
                    self.env._("Tell how many days %s lasts at least.", meter.name)
                )

    def write(self, vals):
        """Keep what reported usage depends on as it is."""
        fixed = FIXED & set(vals)
        if fixed:
            changed = self.filtered(
                lambda meter: any(meter[name] != vals[name] for name in fixed)
            )
            if changed and changed._has_usage():
                raise UserError(
                    self.env._(
                        "Usage was reported on this meter: its code, kind, aggregation "
                        "and unit cannot change any more. Archive it and make a new "
                        "one."
                    )
                )
        result = super().write(vals)
        if "sequence" in vals:
            self.env.registry.clear_cache()
        if WAITED_FOR & set(vals):
            self._wake_quarantine()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Let everybody see the new meters."""
        meters = super().create(vals_list)
        self.env.registry.clear_cache()
        meters._wake_quarantine()
        return meters

    def unlink(self):
        """Let nobody see these meters any more."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _wake_quarantine(self):
        """Take in usage that waits for these meters."""
        quarantine = self.env["bitpaket.usage.quarantine"]
        quarantine._wake("meter_code", self.mapped("code"))

    @api.model
    def _catalogue(self):
        """Return all meters, archived ones too: old usage may be on them."""
        return self.sudo().browse(self._catalogue_ids())

    @api.model
    @tools.ormcache()
    def _catalogue_ids(self):
        meters = self.sudo().with_context(active_test=False)
        return meters.search([])._ids  # pylint: disable=no-search-all

    @api.model
    def _rating_catalogue(self):
        """Return all meters as the rating core knows them, in their order.

        :rtype: tuple[rating.Meter]
        """
        return tuple(self._catalogue()._to_rating().values())

    def _unit_size(self):
        """Return how much of what is reported makes one billed unit.

        :rtype: Decimal
        """
        self.ensure_one()
        custom = self.unit_size == "custom"
        return exact(self.unit_size_custom if custom else self.unit_size)

    def _base_unit(self):
        """Return in which unit usage is reported and kept, as programs read it.

        :return: requests, bytes, byte-hours, or what this meter itself counts
        :rtype: str
        """
        self.ensure_one()
        if RATED_AS.get(self.aggregation, self.aggregation) == "byte_hours":
            return "byte-hours"
        if self._unit_size() == 1:
            return self.with_context(lang=None).unit
        return "requests" if self.kind == "requests" else "bytes"

    def _has_usage(self):
        """Return whether usage was ever reported on one of these meters."""
        return any(
            self.env[model].sudo().search_count([("meter_id", "in", self.ids)], limit=1)
            for model in ("bitpaket.usage.event", "bitpaket.usage.daily")
        )

    def _to_rating(self):
        """Return these meters as the rating core knows them.

        :return: rating meters by record id
        :rtype: dict[int, rating.Meter]
        """
        return {
            meter.id: rating.Meter(
                code=meter.code,
                name=meter.name,
                kind=meter.kind,
                unit=meter.unit,
                aggregation=RATED_AS.get(meter.aggregation, meter.aggregation),
                unit_size=meter._unit_size(),
                month_hours=(
                    None if meter.month_hours == "real" else int(meter.month_hours)
                ),
                full_month_hours=meter.full_month_hours or None,
                rounding=meter.rounding,
                rounding_digits=meter.rounding_digits,
            )
            for meter in self
        }
