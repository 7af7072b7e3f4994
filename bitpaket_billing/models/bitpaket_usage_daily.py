from odoo import api, fields, models

#: Names of what is stored on a day, by bytes of the unit.
STORED_UNITS = {1: "B", 10**9: "GB", 2**30: "GiB"}


class BitpaketUsageDaily(models.Model):
    """Rollup of usage per account, meter and UTC day; all that rating reads."""

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
        help="In the meter's base unit: requests, bytes, or byte-hours.",
    )
    updated = fields.Datetime(
        readonly=True, help="When usage of this day was last added."
    )
    billed_quantity = fields.Float(
        string="In billed units",
        compute="_compute_billed_quantity",
        digits=(16, 3),
        help="Storage of one day is shown as the average stored over that day.",
    )

    _day_uniq = models.Constraint(
        "unique (account_id, meter_id, day)",
        "An account has one row per meter and day.",
    )
    _account_updated = models.Index("(account_id, updated)")

    @api.depends("quantity", "meter_id")
    def _compute_billed_quantity(self):
        for row in self:
            size = float(row.meter_id.unit_size or 1)
            hours = 24 if row.meter_id.aggregation == "byte_hours" else 1
            row.billed_quantity = row.quantity / size / hours
            row.unit = STORED_UNITS[size] if hours == 24 else row.meter_id.unit


class BitpaketUsagePending(models.Model):
    """Usage that was reported and waits to be folded into its daily row.

    Every accepted batch appends its sums here instead of updating the daily rows, so
    that concurrent reporters never wait for one another. Readers add both.
    """

    _name = "bitpaket.usage.pending"
    _description = "Usage Waiting for the Rollup"
    _log_access = False

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="restrict", index=True
    )
    meter_id = fields.Many2one("bitpaket.meter", required=True, ondelete="restrict")
    day = fields.Date(required=True)
    quantity = fields.Float(digits=0, required=True)
