from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools import period_label

#: What people give; everything else is written by the export itself.
GIVEN = {"target_id", "date_start", "date_end"}


class BitpaketExportBatch(models.Model):
    """One hand-over of entries to a target: its files, its proof, what became of it."""

    _name = "bitpaket.export.batch"
    _description = "Bookkeeping Export"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    target_id = fields.Many2one(
        "bitpaket.export.target",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["bitpaket.export.target"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
    )
    company_id = fields.Many2one(
        related="target_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_start = fields.Date(
        string="From",
        required=True,
        default=lambda self: self._default_period()[0],
        help="Entries before it that were never exported come along, as late ones.",
    )
    date_end = fields.Date(
        string="Until",
        required=True,
        default=lambda self: self._default_period()[1],
        help="First day that is not included.",
    )
    period = fields.Char(compute="_compute_period")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("running", "Being written"),
            ("failed", "Failed"),
            ("generated", "Written"),
            ("delivered", "Delivered"),
            ("confirmed", "Confirmed"),
            ("superseded", "Superseded"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    checking = fields.Boolean(readonly=True, copy=False)
    checked = fields.Datetime(string="Looked at", readonly=True, copy=False)
    message = fields.Text(readonly=True, copy=False, help="Why it failed.")
    user_id = fields.Many2one(
        "res.users", string="Exported by", readonly=True, copy=False
    )
    generated_at = fields.Datetime(
        string="Made",
        readonly=True,
        copy=False,
        help="The time that stands in the files.",
    )
    scheduled = fields.Boolean(readonly=True, copy=False)

    # === WHAT IS IN IT === #

    entry_count = fields.Integer(string="Entries", readonly=True, copy=False)
    late_count = fields.Integer(
        string="Late entries",
        readonly=True,
        copy=False,
        help="Of earlier periods, posted after those were exported.",
    )
    line_count = fields.Integer(string="Lines", readonly=True, copy=False)
    done_count = fields.Integer(readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    debit = fields.Monetary(readonly=True, copy=False)
    credit = fields.Monetary(readonly=True, copy=False)
    total_ids = fields.One2many(
        "bitpaket.export.total", "batch_id", string="Accounts", readonly=True
    )
    item_ids = fields.One2many(
        "bitpaket.export.item", "batch_id", string="Exported entries", readonly=True
    )
    file_ids = fields.One2many(
        "bitpaket.export.file",
        "batch_id",
        string="Files",
        readonly=True,
        groups="bitpaket_billing.group_accountant,bitpaket_billing.group_billing_manager",
    )
    problem_ids = fields.One2many(
        "bitpaket.export.problem", "batch_id", string="Problems", readonly=True
    )
    error_count = fields.Integer(compute="_compute_problem_counts")
    warning_count = fields.Integer(compute="_compute_problem_counts")
    changed_count = fields.Integer(
        string="Changed since", compute="_compute_changed_count"
    )

    # === WHAT TOOK ITS PLACE === #

    supersedes_id = fields.Many2one(
        "bitpaket.export.batch",
        string="Supersedes",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('target_id', '=', target_id)]",
    )
    superseded_by_ids = fields.One2many(
        "bitpaket.export.batch", "supersedes_id", string="Superseded by", readonly=True
    )
    reason = fields.Char(readonly=True, copy=False)
    can_propose_lock = fields.Boolean(compute="_compute_can_propose_lock")

    _period_ordered = models.Constraint(
        "CHECK (date_start < date_end)",
        "The period must end after it begins.",
    )
    _supersedes_uniq = models.UniqueIndex(
        "(supersedes_id) WHERE supersedes_id IS NOT NULL AND state != 'cancelled'",
        "Another export supersedes this one already.",
    )
    _scheduled_uniq = models.UniqueIndex(
        "(target_id, date_end) WHERE scheduled AND state != 'cancelled'",
        "The scheduled export of this period was made already.",
    )

    @api.model
    def _default_period(self):
        """Return the month that ended last: first day, and first day after it."""
        end = fields.Date.start_of(fields.Date.context_today(self), "month")
        return fields.Date.subtract(end, months=1), end

    # === COMPUTE METHODS === #

    @api.depends("date_start", "date_end")
    def _compute_period(self):
        for batch in self:
            dated = batch.date_start and batch.date_end
            batch.period = dated and period_label(
                self.env, batch.date_start, batch.date_end
            )

    @api.depends("done_count", "entry_count", "state")
    def _compute_progress(self):
        for batch in self:
            share = batch.done_count / batch.entry_count if batch.entry_count else 0
            batch.progress = 100 * share

    @api.depends("problem_ids.severity")
    def _compute_problem_counts(self):
        groups = self.env["bitpaket.export.problem"]._read_group(
            [("batch_id", "in", self.ids)], ["batch_id", "severity"], ["__count"]
        )
        counts = {(batch.id, severity): count for batch, severity, count in groups}
        for batch in self:
            batch.error_count = counts.get((batch._origin.id, "error"), 0)
            batch.warning_count = counts.get((batch._origin.id, "warning"), 0)

    def _compute_changed_count(self):
        groups = self.env["bitpaket.export.item"]._read_group(
            [
                ("batch_id", "in", self.ids),
                ("changed", "=", True),
                ("superseded", "=", False),
            ],
            ["batch_id"],
            ["__count"],
        )
        counts = {batch.id: count for batch, count in groups}
        for batch in self:
            batch.changed_count = counts.get(batch._origin.id, 0)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Number exports; one that takes the place of another has its number, and -R1.

        People say for which target and period, and nothing of what becomes of it.
        """
        for vals in vals_list:
            self._check_given(vals)
            vals["name"] = self._next_number(vals)
        return super().create(vals_list)

    def write(self, vals):
        """Let people change what they gave, as long as nothing was exported."""
        self._check_given(vals)
        if GIVEN & set(vals):
            if any(batch.state != "draft" for batch in self):
                raise UserError(
                    self.env._("What was exported stays as it is. Supersede it.")
                )
            vals = {**vals, "checked": False}
        return super().write(vals)

    def _check_given(self, vals):
        if self.env.su:
            return
        given = {name for name in vals if self._fields[name].store}
        chatter = {"message_follower_ids", "message_ids", "activity_ids"}
        if given - GIVEN - chatter:
            raise AccessError(self.env._("An export cannot be changed by hand."))

    def _next_number(self, vals):
        if vals.get("supersedes_id"):
            first = self.browse(vals["supersedes_id"]).sudo()
            while first.supersedes_id:
                first = first.supersedes_id
            later = self.sudo().search_count(
                [
                    ("target_id", "=", first.target_id.id),
                    ("name", "=like", f"{first.name}-R%"),
                ]
            )
            return f"{first.name}-R{later + 1}"
        return self.env["ir.sequence"].next_by_code(self._name)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_exported(self):
        if any(batch.state != "draft" for batch in self):
            raise UserError(
                self.env._("What was exported stays: it tells what went where.")
            )
