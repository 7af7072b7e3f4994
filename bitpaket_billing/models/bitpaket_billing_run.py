from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date, html2plaintext

from .. import rating
from ..tools import period_label


class BitpaketBillingRun(models.Model):
    """One month close of a company, or a day's plans: what is to do, done, failed."""

    _name = "bitpaket.billing.run"
    _description = "Billing Run"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "period_start desc, company_id, id desc"
    _mail_post_access = "read"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    scope = fields.Selection(
        [("month", "Calendar month"), ("day", "Plans of a day")],
        required=True,
        default="month",
        readonly=True,
    )
    period_start = fields.Date(
        string="First day",
        required=True,
        default=lambda self: self._default_period_start(),
    )
    period_end = fields.Date(
        string="Until (excluded)",
        compute="_compute_period_end",
        store=True,
        precompute=True,
        help="First day that is not included; the invoices have this date.",
    )
    state = fields.Selection(
        [
            ("preview", "Preview"),
            ("waiting", "To approve"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Stopped"),
        ],
        required=True,
        default="preview",
        readonly=True,
        index=True,
        copy=False,
        tracking=True,
    )
    source = fields.Selection(
        [("cron", "Scheduler"), ("button", "Person"), ("command", "Command")],
        string="Started by",
        required=True,
        default="button",
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Prepared by",
        default=lambda self: self.env.user,
        readonly=True,
    )
    approver_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )
    previewed = fields.Datetime(
        string="Preview of", readonly=True, copy=False, help="When it was asked for."
    )
    started = fields.Datetime(readonly=True, copy=False)
    finished = fields.Datetime(readonly=True, copy=False)
    statement_ids = fields.One2many("bitpaket.statement", "run_id", readonly=True)
    preview_ids = fields.One2many("bitpaket.billing.preview", "run_id", readonly=True)
    review_ids = fields.One2many(
        "bitpaket.billing.preview",
        "run_id",
        string="Review list",
        domain=["|", ("findings", "!=", False), ("held", "=", True)],
        readonly=True,
    )
    failed_ids = fields.One2many(
        "bitpaket.statement",
        "run_id",
        string="Failures",
        domain=[("state", "=", "error")],
        readonly=True,
    )
    set_aside_ids = fields.One2many(
        "bitpaket.statement",
        "run_id",
        string="Held and skipped",
        domain=["|", ("held", "=", True), ("state", "=", "skipped")],
        readonly=True,
    )
    total_ids = fields.One2many(
        "bitpaket.billing.total", "run_id", string="Totals per meter", readonly=True
    )
    is_over = fields.Boolean(compute="_compute_is_over")
    needs_approval = fields.Boolean(related="company_id.bitpaket_close_approval")

    # However many workers, hosts and persons start it.
    _period_uniq = models.Constraint(
        "unique (company_id, scope, period_start)",
        "This period has a billing run already: open that one.",
    )

    @api.model
    def _default_period_start(self):
        """Return the first month without a run: the last one, or the running one."""
        running = fields.Date.start_of(fields.Date.today(), "month")
        last = running - relativedelta(months=1)
        closed = self.search_count(
            [
                ("company_id", "=", self.env.company.id),
                ("scope", "=", "month"),
                ("period_start", "=", last),
            ]
        )
        return running if closed else last

    @api.depends("period_start", "scope")
    def _compute_period_end(self):
        for run in self:
            run.period_end = run.period_start and run._period().end

    @api.depends("period_end")
    def _compute_is_over(self):
        """Tell whether the period has ended, in UTC: no company's clock counts."""
        for run in self:
            run.is_over = run.period_end and run.period_end <= fields.Date.today()

    @api.depends("period_start", "period_end", "scope")
    def _compute_display_name(self):
        for run in self:
            if not run.period_start:
                run.display_name = ""
            elif run.scope == "day":
                run.display_name = self.env._(
                    "Plans due on %s", format_date(self.env, run.period_end)
                )
            else:
                run.display_name = period_label(
                    self.env, run.period_start, run.period_end
                )

    @api.constrains("period_start")
    def _check_period_start(self):
        for run in self:
            if run._period().start != run.period_start:
                raise ValidationError(
                    self.env._("A billing run starts on the first day of a month.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().statement_ids:
            raise UserError(
                self.env._("A billing run that made statements stays on the record.")
            )

    def _period(self):
        """Return the month; or the day with which the periods of plans end."""
        if self.scope == "day":
            end = self.period_start + relativedelta(days=1)
            return rating.Period(self.period_start, end)
        return rating.calendar_month(self.period_start)

    # === STEPS === #

    def _prepare_preview(self):
        """Have the workers rate what the run would invoice, and write nothing of it."""
        self.ensure_one()
        self.env["bitpaket.billing.preview"]._prepare(self)
        self.write({"state": "preview", "previewed": fields.Datetime.now()})
        self._wake_workers()

    def _start(self):
        """Make the statements of the run, and have the workers invoice them."""
        for run in self:
            run.write(
                {
                    "state": "running",
                    "started": run.started or fields.Datetime.now(),
                }
            )
            run._create_statements()
        self._wake_workers()

    def _reopen(self):
        """Have the workers look again at runs that had come to their end."""
        self.filtered(lambda run: run.state == "done").state = "running"
        self._wake_workers()

    @api.model
    def _jobs(self):
        """Return the scheduled jobs that share the runs; as many work at once."""
        return (
            self.env["ir.cron"]
            .sudo()
            .search(
                [
                    ("code", "=", "model._cron_work()"),
                    ("model_id.model", "=", self._name),
                ]
            )
        )

    @api.model
    def _wake_workers(self):
        for job in self._jobs():
            job._trigger()

    # === ACTION METHODS === #

    def action_preview(self):
        """Rate everything again and show what the run would invoice."""
        self._check_manager()
        for run in self.sudo():
            run._check_state("preview", "waiting")
            run._prepare_preview()

    def action_approve(self):
        """Invoice what was previewed."""
        self._check_manager()
        for run in self.sudo():
            run._check_state("waiting")
            run._check_approver()
            run._check_over()
            run.approver_id = self.env.user
            run.activity_feedback(["bitpaket_billing.activity_approve"])
            run._start()

    def action_start(self):
        """Invoice without a preview, where that is allowed."""
        self._check_manager()
        for run in self.sudo():
            run._check_state("preview")
            run._check_over()
            if run.company_id.bitpaket_close_approval:
                raise UserError(
                    self.env._("Make a preview first: the run needs approval.")
                )
            run._start()

    def action_cancel(self):
        """Stop the run: what is invoiced stays, nothing is begun any more."""
        self._check_manager()
        for run in self.sudo():
            run._check_state("preview", "waiting", "running")
            run.activity_unlink(["bitpaket_billing.activity_approve"])
            run.state = "cancelled"

    def action_resume(self):
        """Go on where the run was stopped."""
        self._check_manager()
        for run in self.sudo():
            run._check_state("cancelled")
            if run.started:
                run._start()
            else:
                run._prepare_preview()

    def action_retry_all(self):
        """Try every failed account again now."""
        self.statement_ids.filtered(lambda one: one.state == "error").action_retry()

    def _check_manager(self):
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers steer a billing run."))
        self.check_access("read")

    def _check_state(self, *states):
        """Lock the run, and refuse what its state does not allow (any more)."""
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "This is not possible now: the billing run of %(period)s is in "
                    "the state “%(state)s”.",
                    period=self.display_name,
                    state=labels[self.state],
                )
            )

    def _check_approver(self):
        if self.company_id.bitpaket_close_four_eyes and self.user_id == self.env.user:
            raise UserError(
                self.env._(
                    "Somebody else must approve this run: you prepared it, and four "
                    "eyes are required."
                )
            )

    def _check_over(self):
        if not self.is_over:
            raise UserError(
                self.env._(
                    "%s has not ended yet (in UTC): until then there is only a "
                    "preview.",
                    self.display_name,
                )
            )

    def action_open_statements(self):
        """Open the statements of this run."""
        return self._open("bitpaket_statement_action", {"create": False})

    def action_open_invoices(self):
        """Open the invoices of this run."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice"
        )
        return {
            **action,
            "domain": [("bitpaket_statement_id.run_id", "=", self.id)],
            "context": {"default_move_type": "out_invoice", "create": False},
        }

    def action_open_preview(self):
        """Open the whole preview of this run."""
        return self._open("bitpaket_billing_preview_action", {})

    def action_open_preview_lines(self):
        """Open the preview of this run per meter."""
        return self._open("bitpaket_billing_preview_line_action", {})

    def _open(self, name, context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"bitpaket_billing.{name}"
        )
        return {**action, "domain": [("run_id", "=", self.id)], "context": context}

    # === WHO IS TOLD === #

    def _remind(self, activity, note):
        """Ask the responsible person for something, once.

        :param str activity: end of the XML id of the activity's type
        :param str note: what to do, in words
        """
        self.ensure_one()
        xmlid = f"bitpaket_billing.activity_{activity}"
        asked = self.activity_search([xmlid])
        if asked:
            if html2plaintext(asked.note) != note:
                asked.note = note
            return
        # Of workers that do this at once, all but one fail here, and look again.
        self.env.cr.execute(
            "UPDATE bitpaket_billing_run SET id = id WHERE id = %s", [self.id]
        )
        self.activity_schedule(
            xmlid,
            note=note,
            user_id=self.company_id._bitpaket_responsible().id,
        )
