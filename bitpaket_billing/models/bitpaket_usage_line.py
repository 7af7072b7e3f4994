from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import period_label, price_text, quantity_text


class BitpaketUsageLine(models.Model):
    """The rated detail of a statement: one meter, one price, one tier."""

    _name = "bitpaket.usage.line"
    _description = "Usage Line"
    _order = "statement_id, sequence, id"
    _rec_name = "name"
    _log_access = False

    statement_id = fields.Many2one(
        "bitpaket.statement",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    account_id = fields.Many2one(
        related="statement_id.account_id", store=True, index=True
    )
    company_id = fields.Many2one(related="statement_id.company_id")
    currency_id = fields.Many2one(related="statement_id.currency_id")
    sequence = fields.Integer(readonly=True)
    name = fields.Char(string="Description", required=True, readonly=True)
    meter_id = fields.Many2one(
        "bitpaket.meter", ondelete="restrict", readonly=True, index=True
    )
    kind = fields.Selection(related="meter_id.kind", store=True)
    price_id = fields.Many2one(
        "bitpaket.price",
        string="Rated by",
        ondelete="restrict",
        readonly=True,
        index="btree_not_null",
    )
    date_start = fields.Date(string="From", readonly=True)
    date_end = fields.Date(
        string="Until", readonly=True, help="First day that is not included."
    )
    adjusted_statement_id = fields.Many2one(
        "bitpaket.statement",
        string="Adjusts",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="The statement of an earlier period that this line corrects, because "
        "usage of that period arrived after it was closed.",
    )
    quantity = fields.Float(digits=0, readonly=True, aggregator="sum")
    unit = fields.Char(readonly=True)
    free = fields.Boolean(readonly=True, help="Covered by an allowance.")
    tier_from = fields.Float(digits=0, readonly=True)
    tier_to = fields.Float(digits=0, readonly=True)
    flat_amount = fields.Float(string="Fixed fee", digits=0, readonly=True)
    unit_price = fields.Float(string="Price", digits=0, readonly=True, aggregator=None)
    per = fields.Float(string="Per units", digits=0, readonly=True, aggregator=None)
    amount = fields.Monetary(readonly=True)

    @api.model
    def _insert(self, vals_list):
        """Store lines by one statement: a month close makes very many.

        :param list[dict] vals_list: the same columns in each
        """
        if not vals_list:
            return
        self.env.cr.execute(
            SQL(
                "INSERT INTO bitpaket_usage_line (%s) VALUES %s",
                SQL(", ").join(map(SQL.identifier, vals_list[0])),
                SQL(", ").join(tuple(vals.values()) for vals in vals_list),
            )
        )
        self.env["bitpaket.statement"].invalidate_model(["line_ids"])

    def _invoice_text(self):
        """Return the text of the invoice line that sums up these lines.

        For example: Storage, October 2026: 1,234.5678 GiB-months.
        """
        meter = self.meter_id
        current = self.filtered(lambda line: not line.adjusted_statement_id)
        texts = []
        if current:
            first, last = (
                min(current.mapped("date_start")),
                max(current.mapped("date_end")),
            )
            texts.append(
                self.env._(
                    "%(meter)s, %(period)s: %(quantity)s %(unit)s",
                    meter=meter.name,
                    period=period_label(self.env, first, last),
                    quantity=quantity_text(self.env, sum(current.mapped("quantity"))),
                    unit=meter.unit,
                )
            )
        texts += (self - current).mapped("name")
        return "\n".join(texts)

    def _quantity_text(self):
        """Return the quantity in the reader's format, for example: 1,234.5678."""
        self.ensure_one()
        return quantity_text(self.env, self.quantity)

    def _period_text(self):
        """Return the days of this line in words, for example: October 2026."""
        self.ensure_one()
        return period_label(self.env, self.date_start, self.date_end)

    def _is_free(self):
        """Return whether nothing is charged for what this line counts."""
        self.ensure_one()
        if self.adjusted_statement_id:
            return False
        return self.free or not (self.unit_price or self.flat_amount)

    def _price_text(self):
        """Return the price in words, for example: 0.005 per 1,000."""
        self.ensure_one()
        return price_text(self.env, self.unit_price, self.per)
