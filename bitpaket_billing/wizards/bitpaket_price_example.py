import functools
from pathlib import Path

from lxml import etree

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.convert import convert_file

MODULE = "bitpaket_billing"
FOLDER = "demo/vendors"


class BitpaketPriceExample(models.TransientModel):
    """Loads what an object store publishes as its prices, as a price book."""

    _name = "bitpaket.price.example"
    _description = "Published Price Table"

    vendor = fields.Selection(
        selection="_select_vendors",
        string="Price table",
        required=True,
        default=lambda self: self._select_vendors()[0][0],
    )
    source = fields.Char(compute="_compute_facts")
    note = fields.Html(compute="_compute_facts")
    currency_id = fields.Many2one("res.currency", compute="_compute_facts")
    activates_currency = fields.Boolean(compute="_compute_facts")

    @api.depends("vendor")
    def _compute_facts(self):
        """Show what the file says of its book."""
        for example in self:
            book = _published_books().get(example.vendor, {})
            currency = self.env.ref(book["currency_id"]) if book else False
            example.source = book.get("source")
            example.note = book.get("note")
            example.currency_id = currency
            example.activates_currency = currency and not currency.active

    @api.model
    def _select_vendors(self):
        """List the files, by the names of their books."""
        names = {key: book["name"] for key, book in _published_books().items()}
        return sorted(names.items(), key=lambda item: item[1].lower())

    # === ACTION METHODS === #

    def action_load(self):
        """Load the table, unless that was done before, and open its price book."""
        self.ensure_one()
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers load price tables."))
        activated = self.activates_currency and self.currency_id.name
        action = self._load(self.vendor).get_formview_action()
        if not activated:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%s was not in use, and is active now.", activated
                ),
                "next": action,
            },
        }

    # === LOADING === #

    @api.model
    def _load(self, vendor):
        """Return the current company's book of a vendor, loaded when it has none.

        A book that was loaded before stays as it is, whatever people changed in it.

        :param str vendor: name of a file in demo/vendors, without its ending
        :return: `bitpaket.price.book` record
        """
        name = f"{MODULE}.price_book_{vendor}"
        own = f"{name}_{self.env.company.id}"
        if book := self.env.ref(own, raise_if_not_found=False):
            return book
        currency = self.env.ref(_published_books()[vendor]["currency_id"])
        if not currency.active:
            currency.sudo().active = True
        convert_file(self.env, MODULE, f"{FOLDER}/{vendor}.xml", None)
        book = self.env.ref(name)
        self._free_ids(book)
        return book

    def _free_ids(self, book):
        """Name the records of a book after its company, so that others can load it.

        Meters keep their names: they are shared.
        """
        data = self.env["ir.model.data"].sudo()
        for records in (book, book.price_ids, book.minimum_ids):
            for known in data.search(
                [("model", "=", records._name), ("res_id", "in", records.ids)]
            ):
                known.name = f"{known.name}_{book.company_id.id}"


@functools.cache
def _published_books():
    """Read what the files say of their books.

    :return: by file name without its ending, a dict of the book's fields; references
        are external ids, and the note is HTML
    :rtype: dict[str, dict]
    """
    books = {}
    for path in sorted((Path(__file__).parents[1] / FOLDER).glob("*.xml")):
        record = etree.parse(path).find(".//record[@model='bitpaket.price.book']")
        values = {field.get("name"): field for field in record}
        books[path.stem] = {
            "name": values["name"].text,
            "source": values["source"].text,
            "currency_id": values["currency_id"].get("ref"),
            "note": "".join(
                etree.tostring(part, encoding="unicode") for part in values["note"]
            ),
        }
    return books
