import re

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from .. import rating
from ..tools import exact


class BitpaketMeter(models.Model):
    """What is counted: its code, its unit, and how days add up to a billed quantity."""

    _name = "bitpaket.meter"
    _description = "Meter"
    _order = "sequence, id"

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
            ("byte_hours", "Byte-hours to GB-months"),
        ],
        required=True,
        default="sum",
        help="How the reported quantities become the billed quantity of a period.\n"
        "Sum: added up.\n"
        "Byte-hours: reported as bytes times hours stored; billed as the average "
        "stored over the month.",
    )
    unit_size = fields.Selection(
        [
            ("1", "1"),
            ("1000000000", "10⁹ bytes (GB)"),
            ("1073741824", "2³⁰ bytes (GiB)"),
        ],
        string="Billed unit",
        required=True,
        default="1",
        help="How much of what is reported makes one billed unit.",
    )
    month_hours = fields.Selection(
        [
            ("real", "The hours of the period"),
            ("720", "Always 720 hours"),
        ],
        string="Hours of a month",
        required=True,
        default="real",
        help="What byte-hours are divided by. With the hours of the period, 1 GB kept "
        "through any month is 1 GB-month; with 720 hours, a month of 31 days "
        "gives 1.0333 GB-months.",
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

    @api.constrains("aggregation", "kind")
    def _check_aggregation(self):
        for meter in self:
            if meter.aggregation == "byte_hours" and meter.kind != "storage":
                raise ValidationError(
                    self.env._("Only storage is measured in byte-hours.")
                )

    def write(self, vals):
        """Keep what reported usage depends on as it is."""
        fixed = {"code", "aggregation", "unit_size", "month_hours", "kind"} & set(vals)
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
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Let everybody see the new meters."""
        meters = super().create(vals_list)
        self.env.registry.clear_cache()
        return meters

    def unlink(self):
        """Let nobody see these meters any more."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    def _catalogue(self):
        """Return all meters, archived ones too: old usage may be on them."""
        return self.sudo().browse(self._catalogue_ids())

    @api.model
    @tools.ormcache()
    def _catalogue_ids(self):
        meters = self.sudo().with_context(active_test=False)
        return meters.search([])._ids  # pylint: disable=no-search-all

    def _has_usage(self):
        """Return whether usage was ever reported on one of these meters."""
        events = self.env["bitpaket.usage.event"].sudo()
        return bool(events.search_count([("meter_id", "in", self.ids)], limit=1))

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
                aggregation=meter.aggregation,
                unit_size=exact(meter.unit_size),
                month_hours=None if meter.month_hours == "real" else 720,
            )
            for meter in self
        }
