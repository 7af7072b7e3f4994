from odoo import api, fields, models
from odoo.exceptions import UserError


class BitpaketPriceBook(models.Model):
    """Dated prices per meter, in one or several currencies."""

    _name = "bitpaket.price.book"
    _description = "Price Book"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        index=True,
        help="Leave empty to share the book between companies.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        tracking=True,
        help="The currency of new prices and new accounts.",
    )
    currency_ids = fields.Many2many(
        "res.currency",
        string="Currencies",
        compute="_compute_currency_ids",
        help="The currencies that accounts can be billed in by this book.",
    )
    price_ids = fields.One2many("bitpaket.price", "book_id", string="Prices", copy=True)
    minimum_ids = fields.One2many(
        "bitpaket.price.minimum", "book_id", string="Minimums", copy=True
    )
    account_ids = fields.One2many("bitpaket.account", "price_book_id")
    account_count = fields.Integer(compute="_compute_account_count")
    source = fields.Char(help="Where the prices were decided or published.")
    note = fields.Html(string="Internal note")

    @api.depends("currency_id", "price_ids.currency_id")
    def _compute_currency_ids(self):
        for book in self:
            book.currency_ids = book.currency_id | book.price_ids.currency_id

    @api.depends("account_ids")
    def _compute_account_count(self):
        counts = dict(
            self.env["bitpaket.account"]._read_group(
                [("price_book_id", "in", self.ids)], ["price_book_id"], ["__count"]
            )
        )
        for book in self:
            book.account_count = counts.get(book, 0)

    def write(self, vals):
        """Keep the currency of books that accounts are billed by."""
        if "currency_id" in vals:
            changed = self.filtered(
                lambda book: book.currency_id.id != vals["currency_id"]
            )
            if used := changed.filtered(lambda book: book.sudo().account_ids):
                raise UserError(
                    self.env._(
                        "Accounts are billed by “%s”: make another book for another "
                        "currency.",
                        used[0].name,
                    )
                )
        return super().write(vals)

    def copy_data(self, default=None):
        """Tell the copy from the original."""
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for book, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", book.name)
        return vals_list

    @api.model
    def _sql_error_to_message(self, exc):
        """Tell what is wrong with a line of an imported book in the line's words."""
        for line in (self.price_ids, self.price_ids.tier_ids, self.minimum_ids):
            if line._table == exc.diag.table_name:
                return line._sql_error_to_message(exc)
        return super()._sql_error_to_message(exc)

    @api.model
    def get_import_templates(self):
        """Offer an example to whoever imports a price book."""
        return [
            {
                "label": self.env._("Example of a price book"),
                "template": "/bitpaket_billing/static/import/price_book.csv",
            }
        ]

    def action_open_accounts(self):
        """Open the accounts that are billed by this book."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.bitpaket_account_action"
        )
        return {**action, "domain": [("price_book_id", "=", self.id)]}

    def action_try_prices(self):
        """Open a form that tells what this book's prices make of a usage."""
        self.ensure_one()
        return self.env["bitpaket.price.trial"]._open(book_id=self.id)
