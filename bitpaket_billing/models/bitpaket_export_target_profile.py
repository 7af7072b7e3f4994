"""The editor of column profiles: another CSV target without code."""

from odoo import api, fields, models
from odoo.fields import Command

from .. import bookkeeping

# Settings of a profile that have a field of their own, called `csv_…`.
TEXTS = (
    *("rows", "file_name", "delimiter", "quoting", "decimal", "date_format"),
    *("encoding", "newline"),
)
FLAGS = ("header", "zero_lines")
COUNTS = ("rows_per_file", "entries_per_file")
SETTINGS = (*TEXTS, *FLAGS, *COUNTS)
COLUMN_SETTINGS = ("header", "value", "required", "overlong")


class BitpaketExportTarget(models.Model):
    _inherit = "bitpaket.export.target"

    csv_template = fields.Selection(
        selection="_selection_csv_template",
        string="Begin with",
        help="Fills in all columns and settings; change them as you like.",
    )
    csv_rest = fields.Json(string="Other settings of the profile")
    csv_rows = fields.Selection(
        [("line", "Line of an entry"), ("part", "Account of an invoice")],
        string="A row is a",
        default="line",
    )
    csv_file_name = fields.Char(
        string="Name of the file",
        default="{books.reference}-{file.number|pad:3}.csv",
    )
    csv_delimiter = fields.Char(
        string="Between columns", size=1, default=",", trim=False
    )
    csv_quoting = fields.Selection(
        [("minimal", "Where needed"), ("all", "Always"), ("none", "Never")],
        string="Quotes",
        default="minimal",
    )
    csv_decimal = fields.Selection(
        [(".", "1234.56"), (",", "1234,56")], string="Amounts", default="."
    )
    csv_date_format = fields.Char(string="Dates", default="YYYY-MM-DD")
    csv_encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("utf-8-sig", "UTF-8 with byte order mark"),
            ("cp1252", "Windows Western (CP1252)"),
            ("cp1250", "Windows Central European (CP1250)"),
            ("cp1254", "Windows Turkish (CP1254)"),
            ("iso-8859-1", "ISO 8859-1"),
            ("iso-8859-9", "ISO 8859-9"),
            ("iso-8859-15", "ISO 8859-15"),
            ("ascii", "ASCII"),
        ],
        string="Characters",
        default="utf-8",
    )
    csv_newline = fields.Selection(
        [("CRLF", "Windows (CR LF)"), ("LF", "Unix (LF)")],
        string="Ends of lines",
        default="CRLF",
    )
    csv_header = fields.Boolean(string="Header in the first row", default=True)
    csv_zero_lines = fields.Boolean(string="Lines without an amount", default=True)
    csv_rows_per_file = fields.Integer(
        string="Rows per file", help="At most; 0: no limit. No entry is cut in two."
    )
    csv_entries_per_file = fields.Integer(
        string="Entries per file", help="At most; 0: no limit."
    )
    csv_column_ids = fields.One2many(
        "bitpaket.export.column", "target_id", string="Columns", copy=True
    )

    @api.model
    def _selection_csv_template(self):
        return [
            (code, profile["name"]) for code, profile in bookkeeping.PROFILES.items()
        ]

    @api.onchange("csv_template")
    def _onchange_csv_template(self):
        """Fill in what the chosen template says."""
        profile = bookkeeping.PROFILES.get(self.csv_template)
        if not profile:
            return
        for name in SETTINGS:
            field = f"csv_{name}"
            default = self._fields[field].default
            value = profile.get(name)
            self[field] = default(self) if value is None and default else value
        known = {*SETTINGS, "columns", "name"}
        self.csv_rest = {
            name: value for name, value in profile.items() if name not in known
        }
        self.csv_column_ids = [
            Command.clear(),
            *(
                Command.create(column)
                for column in self.env["bitpaket.export.column"]._from_profile(profile)
            ),
        ]

    def _format_options(self):
        """Return the profile as well, for the format that is made of one."""
        options = super()._format_options()
        if self.format == "profile":
            options["profile"] = self._csv_profile()
        return options

    def _csv_profile(self):
        """Return the profile as the writer takes it.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **(self.csv_rest or {}),
            **{name: self[f"csv_{name}"] for name in FLAGS},
            **{name: self[f"csv_{name}"] or None for name in TEXTS},
            **{name: self[f"csv_{name}"] for name in COUNTS},
            "name": self.name,
            "columns": [column._to_profile() for column in self.csv_column_ids],
        }


class BitpaketExportColumn(models.Model):
    """A column of a CSV target."""

    _name = "bitpaket.export.column"
    _description = "Column of a CSV Target"
    _order = "target_id, sequence, id"
    _rec_name = "header"

    target_id = fields.Many2one(
        "bitpaket.export.target", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="target_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    header = fields.Char(required=True)
    value = fields.Char(
        help="Text with places, such as {entry.date}, {entry.name}, "
        "{line.account.code}, {line.label}, {line.debit} and {line.credit}."
    )
    required = fields.Boolean(help="A row that has nothing here must be mended.")
    max_length = fields.Integer(string="Characters", help="At most; 0: any number.")
    overlong = fields.Selection(
        [("cut", "Cut"), ("refuse", "Must be mended")],
        string="What is longer",
        required=True,
        default="cut",
    )
    rest = fields.Json(string="Other settings of the column")

    @api.model
    def _from_profile(self, profile):
        """Return the values of the columns of a profile.

        :rtype: list[dict]
        """
        return [
            {
                "sequence": 10 * number,
                "overlong": "cut",
                "max_length": column.get("length", 0),
                **{
                    name: value
                    for name, value in column.items()
                    if name in COLUMN_SETTINGS
                },
                "rest": {
                    name: value
                    for name, value in column.items()
                    if name not in (*COLUMN_SETTINGS, "length")
                },
            }
            for number, column in enumerate(profile["columns"], 1)
        ]

    def _to_profile(self):
        self.ensure_one()
        return {
            **(self.rest or {}),
            "header": self.header,
            "value": self.value or "",
            "required": self.required,
            "length": self.max_length,
            "overlong": self.overlong,
        }
