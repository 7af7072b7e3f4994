import string

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .. import bookkeeping

#: What the pattern of file names may hold.
PLACES = {"batch", "end", "file", "start", "target"}
INVOICES = ("out_invoice", "out_refund", "in_invoice", "in_refund")
RECEIPTS = ("out_receipt", "in_receipt")


class BitpaketExportTarget(models.Model):
    """A program or person that takes over the books: what goes there, and how."""

    _name = "bitpaket.export.target"
    _description = "Export Target"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    format = fields.Selection(
        selection="_selection_format", required=True, tracking=True
    )

    # === WHAT GOES THERE === #

    journal_ids = fields.Many2many(
        "account.journal",
        string="Journals",
        check_company=True,
        default=lambda self: self._default_journals(),
        help="Entries of these journals are exported. Empty: of all journals.",
    )
    content = fields.Selection(
        [
            ("all", "All journal entries"),
            ("invoices", "Only invoices and credit notes"),
            ("entries", "All but invoices and credit notes"),
        ],
        required=True,
        default="all",
        tracking=True,
    )
    date_start = fields.Date(
        string="Begins on",
        tracking=True,
        help="Older entries are never exported: they were handed over otherwise.",
    )

    # === WHAT IT CALLS THINGS === #

    account_map_ids = fields.One2many(
        "bitpaket.export.account", "target_id", string="Accounts"
    )
    map_all_accounts = fields.Boolean(
        string="Every account needs a code there",
        help="Otherwise accounts without one go by their own code.",
    )
    tax_map_ids = fields.One2many("bitpaket.export.tax", "target_id", string="Taxes")
    map_all_taxes = fields.Boolean(
        string="Every tax needs a code there",
        help="Otherwise taxes without one go by what the format does without a code.",
    )
    partner_map_ids = fields.One2many(
        "bitpaket.export.partner", "target_id", string="Partners"
    )
    number_partners = fields.Boolean(
        string="Number customers and suppliers",
        help="Each gets a number of its own there, and keeps it.",
    )
    first_customer_number = fields.Integer(default=10000)
    first_supplier_number = fields.Integer(default=70000)

    # === HOW IT GETS THERE === #

    file_pattern = fields.Char(
        string="File names",
        required=True,
        default="{file}",
        help="{file} is the name that the format gives; there are also {target}, "
        "{batch}, {start} and {end}.",
    )
    lock_exported = fields.Boolean(
        string="Lock exported entries",
        tracking=True,
        help="Entries of a confirmed export cannot be reset to draft, except by "
        "billing managers.",
    )
    batch_ids = fields.One2many("bitpaket.export.batch", "target_id", string="Exports")
    batch_count = fields.Integer(compute="_compute_batch_count")
    waiting_count = fields.Integer(
        string="Not exported yet", compute="_compute_waiting_count"
    )

    _numbers_positive = models.Constraint(
        "CHECK (first_customer_number > 0 AND first_supplier_number > 0)",
        "The first numbers of customers and suppliers must be positive.",
    )

    @api.model
    def _selection_format(self):
        return [(one.code, one.name) for one in bookkeeping.FORMATS.values()]

    @api.model
    def _default_journals(self):
        """Return the journals that billing and sales use."""
        company = self.env.company
        clearing = self.env["bitpaket.fastspring.payout"]._find_journals(company)
        others = (
            company.bitpaket_journal_id
            | company.bitpaket_deferral_journal_id
            | company.currency_exchange_journal_id
        )
        sales = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(company),
                ("type", "=", "sale"),
            ]
        )
        return sales | clearing | others

    # === COMPUTE METHODS === #

    @api.depends("batch_ids")
    def _compute_batch_count(self):
        groups = self.env["bitpaket.export.batch"]._read_group(
            [("target_id", "in", self.ids)], ["target_id"], ["__count"]
        )
        counts = {target: count for target, count in groups}
        for target in self:
            target.batch_count = counts.get(target._origin, 0)

    def _compute_waiting_count(self):
        moves = self.env["account.move"]
        for target in self:
            target.waiting_count = (
                moves.search_count(target._waiting_domain()) if target.id else 0
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("file_pattern")
    def _check_file_pattern(self):
        for target in self:
            try:
                parts = list(string.Formatter().parse(target.file_pattern))
            except ValueError:
                parts = [("", "?", "", None)]
            used = [name for _text, name, *_rest in parts if name is not None]
            plain = not any(spec or how for _text, _name, spec, how in parts)
            if not plain or set(used) - PLACES or "file" not in used:
                raise ValidationError(
                    self.env._(
                        "File names may hold %(places)s, and must hold {file}: so each "
                        "file has a name of its own.",
                        places=", ".join(f"{{{place}}}" for place in sorted(PLACES)),
                    )
                )
            if any(sign in target.file_pattern for sign in "/\\\0"):
                raise ValidationError(
                    self.env._("File names cannot hold slashes: no folders in them.")
                )

    # === WHAT GOES THERE === #

    def _domain(self):
        """Return which posted entries belong to this target.

        :rtype: Domain
        """
        self.ensure_one()
        domain = Domain("company_id", "=", self.company_id.id)
        domain &= Domain("state", "=", "posted")
        if self.journal_ids:
            domain &= Domain("journal_id", "in", self.journal_ids.ids)
        if self.date_start:
            domain &= Domain("date", ">=", self.date_start)
        documents = Domain("move_type", "in", INVOICES + RECEIPTS)
        if self.content == "invoices":
            domain &= documents
        elif self.content == "entries":
            domain &= ~documents
        return domain

    def _waiting_domain(self, until=None):
        """Return which of them wait to be exported: whatever their date.

        :param date until: first day that is not exported
        :rtype: Domain
        """
        items = self.env["bitpaket.export.item"]._search(
            [
                ("target_id", "=", self.id),
                ("superseded", "=", False),
                ("move_id", "!=", False),
            ]
        )
        domain = self._domain() & Domain("id", "not in", items.subselect("move_id"))
        return domain & Domain("date", "<", until) if until else domain

    # === ACTION METHODS === #

    def action_open_batches(self):
        """Open the exports to this target."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "bitpaket_billing.bitpaket_export_batch_action"
            ),
            "domain": [("target_id", "=", self.id)],
            "context": {"default_target_id": self.id},
        }

    def action_open_waiting(self):
        """Open the entries that wait to be exported."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Not exported yet"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": list(self._waiting_domain()),
            "context": {"create": False},
        }
