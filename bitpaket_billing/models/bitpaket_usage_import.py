import io
import logging
import time
from functools import partial
from itertools import islice

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import retrying

from ..intake.file import FileError, MisfitRow, read_file

_logger = logging.getLogger(__name__)

#: Rows per commit: whoever waits sees the bar move, and a crash loses no more.
BATCH_SIZE = 5_000
MANAGER = "bitpaket_billing.group_billing_manager"
WAITING = ("queued", "running")
#: What people give; everything else is written by the import itself.
GIVEN = {"file", "filename", "backfill", "company_id"}


class BitpaketUsageImport(models.Model):
    """A file of usage that somebody hands in, and how far it is taken in."""

    _name = "bitpaket.usage.import"
    _description = "Usage Import"
    _order = "id desc"
    _rec_name = "filename"

    file = fields.Binary(
        required=True,
        attachment=True,
        help="CSV with a header, or one JSON object per line; also packed as .gz.",
    )
    filename = fields.Char(string="File name", required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The rows may name accounts of this company.",
    )
    backfill = fields.Boolean(
        string="As backfill",
        groups=MANAGER,
        help="Take in rows that are older than the company accepts otherwise.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Imported by",
        readonly=True,
        help="The rows are reported in this user's name.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("queued", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("canceled", "Canceled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        index=True,
    )
    message = fields.Text(readonly=True, help="Why it failed.")
    rows_total = fields.Integer(string="Rows", readonly=True)
    rows_done = fields.Integer(string="Rows done", readonly=True)
    accepted = fields.Integer(readonly=True, help="Rows that were new.")
    duplicates = fields.Integer(
        readonly=True, help="Rows that were known already, and changed nothing."
    )
    rejected = fields.Integer(readonly=True, help="Rows that are not stored.")
    quarantined = fields.Integer(
        readonly=True,
        help="Rows that name an unknown account or meter; they are kept, and count as "
        "soon as it is known.",
    )
    progress = fields.Float(compute="_compute_progress")
    seconds = fields.Float(string="Duration", readonly=True, help="In seconds of work.")
    rows_per_second = fields.Integer(
        string="Rows per second", compute="_compute_progress"
    )
    refusal_ids = fields.One2many(
        "bitpaket.usage.import.refusal", "import_id", readonly=True
    )

    # === COMPUTE METHODS === #

    @api.depends("rows_total", "rows_done", "seconds", "state")
    def _compute_progress(self):
        for job in self:
            whole = 100 if job.state == "done" else 0
            job.progress = (
                100 * job.rows_done / job.rows_total if job.rows_total else whole
            )
            job.rows_per_second = job.rows_done / job.seconds if job.seconds else 0

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Let people give a file, and nothing of what becomes of it."""
        for vals in vals_list:
            self._check_given(vals)
        return super().create(vals_list)

    def write(self, vals):
        """Keep a file that was queued as it is."""
        self._check_given(vals)
        return super().write(vals)

    def _check_given(self, vals):
        if self.env.su:
            return
        if set(vals) - GIVEN or any(job.state != "draft" for job in self):
            raise AccessError(
                self.env._("An import that was started cannot be changed by hand.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(job.state != "draft" for job in self):
            raise UserError(
                self.env._(
                    "An import that was started stays: it tells where usage came from."
                )
            )

    # === ACTIONS === #

    def action_import(self):
        """Look at the file, and take it in as soon as the scheduler can."""
        for job in self:
            try:
                with job._opened() as file:
                    next(read_file(file), None)
            except FileError as error:
                raise UserError(job._spoken()._error_text(error)) from error
        self._queue(("draft",))

    def action_continue(self):
        """Go on with the row after the last one that was taken in."""
        self._queue(("failed", "canceled"))

    def action_cancel(self):
        """Stop after the batch that is running; what was taken in stays."""
        self.check_access("write")
        stopped = self.sudo().filtered(lambda job: job.state in WAITING)
        stopped.state = "canceled"

    def action_download_refused(self):
        """Download the rows that were not counted."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/bitpaket_billing/usage_import/{self.id}/refused.csv",
            "target": "download",
        }

    def _queue(self, states):
        """Queue the imports in one of these states, in the name of who asks for it."""
        self.check_access("write")
        jobs = self.sudo().filtered(lambda job: job.state in states)
        if any(jobs.mapped("backfill")) and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only billing managers import as backfill."))
        jobs.write({"state": "queued", "user_id": self.env.uid, "message": False})
        self.env.ref("bitpaket_billing.ir_cron_usage_import").sudo()._trigger()

    # === IMPORT === #

    @api.model
    def _cron_import(self):
        """Take in the files that wait, in committed batches.

        Driven by state alone: it may die at any point, and the next call goes on with
        the first row that was not committed.
        """
        while job := self.search([("state", "in", WAITING)], order="id", limit=1):
            try:
                if not job._process():
                    return
            except psycopg2.errors.SerializationFailure:
                self.env.cr.rollback()  # somebody canceled it just now: look again
            except psycopg2.OperationalError:
                raise  # of the database, not of the file: the next call tries again
            except FileError as error:
                job._fail(job._spoken()._error_text(error))
            except UserError as error:
                job._fail(str(error))
            except Exception:
                _logger.exception("Usage import %s failed.", job.id)
                job._fail(
                    job._spoken().env._(
                        "Something went wrong here; the server's log tells what. "
                        "Nothing is counted twice when you continue."
                    )
                )

    def _process(self):
        """Take in the file from where it was left.

        :return: whether there is time for another one
        :rtype: bool
        """
        self.ensure_one()
        cron = self.env["ir.cron"]
        if not self.rows_done:
            # The whole file is read once before anything of it is stored.
            with self._opened() as file:
                self.rows_total = sum(1 for _entry in read_file(file))
        self.state = "running"
        time_left = cron._commit_progress(remaining=self._rows_left())
        with self._opened() as file:
            entries = islice(read_file(file), self.rows_done, None)
            while time_left and (batch := list(islice(entries, BATCH_SIZE))):
                if not retrying(
                    partial(self._take_in, self.rows_done, batch), self.env
                ):
                    return True  # somebody canceled it
                time_left = cron._commit_progress(
                    len(batch), remaining=self._rows_left()
                )
        if time_left:
            self.state = "done"
            time_left = cron._commit_progress(remaining=self._rows_left())
        return bool(time_left)

    def _take_in(self, rows_done, batch):
        """Report a batch, and count it in the same transaction.

        :param int rows_done: rows before the batch
        :param list batch: entries of the file
        :return: whether the import is still to go on
        :rtype: bool
        """
        if self.state != "running" or self.rows_done != rows_done:
            return False
        started = time.monotonic()
        answer = self._report([entry.row for entry in batch])
        rejected, quarantined = answer["rejected"], answer["quarantined"]
        self._keep_refused(batch, rejected, quarantined=False)
        self._keep_refused(batch, quarantined, quarantined=True)
        self.write(
            {
                "rows_done": rows_done + len(batch),
                "accepted": self.accepted + answer["accepted"],
                "duplicates": self.duplicates + answer["duplicates"],
                "rejected": self.rejected + len(rejected),
                "quarantined": self.quarantined + len(quarantined),
                "seconds": self.seconds + time.monotonic() - started,
            }
        )
        return True

    def _report(self, rows):
        """Report rows in the importer's name, for accounts of the import's company."""
        store = self.env["bitpaket.usage.store"].with_user(self.user_id)
        store = store.with_context(allowed_company_ids=self.company_id.ids)
        return store._report(rows, backfill=self.backfill)

    def _keep_refused(self, batch, refused, quarantined):
        if not refused:
            return
        self.env.cr.execute_values(
            """
            INSERT INTO bitpaket_usage_import_refusal
                   (import_id, number, code, message, quarantined)
            VALUES %s
            """,
            [
                (
                    self.id,
                    batch[one["index"]].number,
                    one["code"],
                    # The store knows nothing of cells.
                    row if isinstance(row, MisfitRow) else one["message"],
                    quarantined,
                )
                for one in refused
                for row in [batch[one["index"]].row]
            ],
            page_size=10_000,
        )
        self.invalidate_recordset(["refusal_ids"])

    def _fail(self, message):
        """Give up until a person continues."""
        self.env.cr.rollback()
        self.write({"state": "failed", "message": message})
        self.env["ir.cron"]._commit_progress(remaining=self._rows_left())

    @api.model
    def _rows_left(self):
        """Return how many rows of all imports wait, at least one for each import."""
        jobs = self.search([("state", "in", WAITING)])
        return sum(max(job.rows_total - job.rows_done, 1) for job in jobs)

    def _opened(self):
        """Open the file, and leave it where it is."""
        self.ensure_one()
        attachment_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("res_field", "=", "file"),
                ]
            )
        )
        if attachment_sudo.store_fname:
            return open(attachment_sudo._full_path(attachment_sudo.store_fname), "rb")
        return io.BytesIO(attachment_sudo.raw)

    def _spoken(self):
        """Return this import in its user's language."""
        return self.with_context(lang=(self.user_id or self.env.user).lang)

    def _error_text(self, error):
        """Return in words why a file cannot be read.

        :param FileError error: the reason
        :rtype: str
        """
        details = error.details
        return {
            "empty": lambda: self.env._("The file is empty."),
            "not_utf8": lambda: self.env._(
                "The file is not UTF-8 text: save it as CSV in UTF-8."
            ),
            "broken_gzip": lambda: self.env._("The packed file is damaged or cut off."),
            "json_array": lambda: self.env._(
                "The file is one JSON list: write one JSON object per line."
            ),
            "long_line": lambda: self.env._(
                "Line %(number)s is longer than %(limit)s characters: this is no file "
                "of usage.",
                **details,
            ),
            "missing_columns": lambda: self.env._(
                "The first line must name the columns of usage. It lacks: %(columns)s.",
                **details,
            ),
            "repeated_column": lambda: self.env._(
                "The first line names the column %(column)s more than once.", **details
            ),
            "broken_csv": lambda: self.env._(
                "Row %(number)s or the one after it cannot be read as CSV: %(reason)s.",
                **details,
            ),
        }[error.code]()


class BitpaketUsageImportRefusal(models.Model):
    """A row of a file that was not counted, and why."""

    _name = "bitpaket.usage.import.refusal"
    _description = "Refused Row of a Usage Import"
    _order = "import_id, number"
    _rec_name = "number"
    _log_access = False

    import_id = fields.Many2one(
        "bitpaket.usage.import", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="import_id.company_id")
    number = fields.Integer(
        string="Row", required=True, readonly=True, help="The header is row 1."
    )
    code = fields.Char(required=True, readonly=True)
    message = fields.Char(required=True, readonly=True)
    quarantined = fields.Boolean(readonly=True)

    _import_number = models.Index("(import_id, number)")
