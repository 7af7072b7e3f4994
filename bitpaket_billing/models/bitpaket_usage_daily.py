from datetime import timedelta

from odoo import api, fields, models

from .. import rating
from ..tools import exact

#: Names of what is stored, by bytes of the unit.
STORED_UNITS = {
    1: "B",
    10**3: "kB",
    10**6: "MB",
    10**9: "GB",
    2**30: "GiB",
    10**12: "TB",
    2**40: "TiB",
}
#: Aggregations whose days show how much was there, not how much was used up.
SHOWN_AS_LEVEL = ("byte_hours", "daily_peak_mean", *rating.CARRIED)


class BitpaketUsageDaily(models.Model):
    """Rollup of usage per account, meter and UTC day; all that rating reads.

    What a row means depends on its meter. Of a level it holds only what the events of
    the day changed; the reader adds what was there before.
    """

    _name = "bitpaket.usage.daily"
    _description = "Daily Usage"
    _order = "day desc, account_id, meter_id"
    _rec_name = "day"
    _log_access = False

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id")
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", readonly=True, index=True
    )
    unit = fields.Char(compute="_compute_billed_quantity")
    day = fields.Date(required=True, readonly=True, index=True)
    quantity = fields.Float(
        digits=0,
        required=True,
        readonly=True,
        aggregator="sum",
        help="In the meter's base unit: requests, bytes, byte-hours, or the number of "
        "events or of different values. Of a level: the unit-hours that the day's "
        "events add.",
    )
    events = fields.Integer(
        required=True,
        readonly=True,
        default=0,
        help="How many events the day is made of.",
    )
    level = fields.Float(
        digits=0,
        required=True,
        readonly=True,
        default=0.0,
        aggregator=None,
        help="Of a level reported as changes: what the day changed. Of samples: the "
        "last one.",
    )
    hours_before = fields.Float(
        digits=0,
        required=True,
        readonly=True,
        default=0.0,
        aggregator=None,
        help="Of a level reported as samples: hours before the day's first one.",
    )
    updated = fields.Datetime(
        readonly=True, help="When usage of this day was last added or corrected."
    )
    billed_quantity = fields.Float(
        string="In billed units",
        compute="_compute_billed_quantity",
        digits=(16, 3),
        help="What is stored is shown as the average over that day.",
    )

    _day_uniq = models.Constraint(
        "unique (account_id, meter_id, day)",
        "An account has one row per meter and day.",
    )
    _account_updated = models.Index("(account_id, updated)")

    @api.depends("quantity", "level", "hours_before", "meter_id")
    def _compute_billed_quantity(self):
        levels = self._level_hours()
        for row in self:
            meter = row.meter_id
            size = meter._unit_size()
            quantity = exact(row.quantity)
            if meter.aggregation in rating.CARRIED:
                quantity = levels.get((row.account_id.id, meter.code, row.day), 0)
            row.billed_quantity = float(quantity / size / row._billed_hours())
            row.unit = meter.unit
            if meter.kind == "storage" and meter.aggregation in SHOWN_AS_LEVEL:
                row.unit = STORED_UNITS.get(size, meter.unit)

    def _level_hours(self):
        """Return the unit-hours of levels, with what was carried into the day."""
        rows = self.filtered(lambda row: row.meter_id.aggregation in rating.CARRIED)
        if not rows:
            return {}
        days = rows.mapped("day")
        usage = self.env["bitpaket.usage.store"]._daily_usage(
            rows.account_id.ids, min(days), max(days) + timedelta(days=1)
        )
        return {
            (account_id, one.meter, one.day): one.quantity
            for account_id, daily in usage.items()
            for one in daily
        }

    def _billed_hours(self):
        """Return what unit-hours of this day are divided by to be shown."""
        meter = self.meter_id
        if meter.aggregation in ("byte_hours", *rating.CARRIED):
            return 24
        if meter.aggregation != "retention":
            return 1
        if meter.month_hours == "real":
            return rating.calendar_month(self.day).hours
        return int(meter.month_hours)


class BitpaketUsageValue(models.Model):
    """A value that occurred on a day, for meters that count different values."""

    _name = "bitpaket.usage.value"
    _description = "Different Values of Usage"
    _rec_name = "value"
    _log_access = False

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", readonly=True
    )
    meter_id = fields.Many2one(
        "bitpaket.meter", required=True, ondelete="restrict", readonly=True
    )
    day = fields.Date(required=True, readonly=True)
    value = fields.Char(required=True, readonly=True)

    _value_uniq = models.Constraint(
        "unique (account_id, meter_id, day, value)",
        "This value is known on that day already.",
    )
