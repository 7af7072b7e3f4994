import itertools
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import SQL

from .. import intake

#: Rows per commit, and per press of the button.
BATCH_SIZE = 1_000


class BitpaketUsageQuarantine(models.Model):
    """A reported row that names an account or a meter that does not exist (yet).

    It is kept as it was sent, and taken in as soon as it can be.
    """

    _name = "bitpaket.usage.quarantine"
    _description = "Quarantined Usage"
    _order = "received desc, id desc"
    _rec_name = "external_id"
    _log_access = False

    source = fields.Char(required=True, readonly=True)
    external_id = fields.Char(string="Event", required=True, readonly=True)
    revision = fields.Integer(required=True, readonly=True, aggregator=None)
    reference = fields.Char(
        string="Account reference",
        required=True,
        readonly=True,
        help="The external reference that the row names.",
    )
    meter_code = fields.Char(required=True, readonly=True)
    time = fields.Datetime(required=True, readonly=True, help="When it happened (UTC).")
    quantity = fields.Float(digits=0, readonly=True)
    row = fields.Text(string="As sent", required=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    reason = fields.Text(readonly=True, help="Why it does not count yet.")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    reporter_id = fields.Many2one(
        "res.users",
        string="Reported by",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    received = fields.Datetime(required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("replayed", "Replayed"),
            ("discarded", "Discarded"),
        ],
        required=True,
        readonly=True,
        index=True,
        help="Waiting: it does not count yet.\n"
        "Replayed: its event counts.\n"
        "Discarded: somebody decided that it shall not count.",
    )
    tried = fields.Datetime(
        string="Last tried", readonly=True, help="When it last failed to be replayed."
    )
    settled = fields.Datetime(
        readonly=True, help="When it was replayed or discarded (UTC)."
    )
    discarded_by = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    discard_reason = fields.Text(string="Discarded because", readonly=True)

    # Each company knows of its own rows only, whatever identifiers others use.
    _event_uniq = models.Constraint(
        "unique (company_id, source, external_id)", "This row is kept already."
    )
    _waiting_reference = models.Index("(reference) WHERE state = 'waiting'")
    _waiting_meter = models.Index("(meter_code) WHERE state = 'waiting'")

    @api.model
    def _count_waiting(self, accounts):
        """Count the rows that name accounts and wait all the same.

        :param accounts: `bitpaket.account` records
        :return: (account, number of rows), for accounts with any
        :rtype: list[tuple]
        """
        waiting = self._read_group(
            [
                ("state", "=", "waiting"),
                ("reference", "in", accounts.mapped("reference")),
            ],
            ["company_id", "reference"],
            ["__count"],
        )
        named = accounts.grouped(
            lambda account: (account.company_id, account.reference)
        )
        return [
            (named[company, reference], count)
            for company, reference, count in waiting
            if (company, reference) in named
        ]

    # === KEEPING === #

    @api.model
    def _keep(self, checked, rows):
        """Keep the unknown rows of a batch, each event once, in its newest revision.

        Rows that are known here already, or contradict what is kept, are added to the
        duplicates and the refusals of the batch.

        :param intake.Checked checked: what the batch holds
        :param list rows: the batch as it was sent
        :return: the rows that wait, as `intake.Rejection`
        :rtype: list
        """
        unknown, indexes = checked.unknown.rows, checked.unknown.indexes
        if not unknown:
            return []
        fresh = self._insert(unknown, {key: rows[indexes[key]] for key in unknown})
        known = self._read_kept([key for key in unknown if key not in fresh])
        waiting = []
        for refusal, (key, row) in zip(checked.waiting, unknown.items(), strict=True):
            revision, state, kept = known.get(key, (row.revision, "waiting", None))
            if (
                kept
                and revision == row.revision
                and (intake.content(kept) != intake.content(rows[refusal.index]))
            ):
                checked.rejected.append(intake.refusal("conflict", refusal.index, key))
            elif revision > row.revision or state != "waiting":
                checked.duplicates += 1
            else:
                waiting.append(refusal)
        return waiting

    @api.model
    def _insert(self, unknown, sent):
        """Insert rows, or replace older revisions; return the keys of these rows."""
        now = fields.Datetime.now()
        self.flush_model()
        fresh = self.env.cr.execute_values(
            """
            INSERT INTO bitpaket_usage_quarantine AS kept
                   (source, external_id, revision, reference, meter_code, time,
                    quantity, row, code, reason, company_id, reporter_id, received,
                    state)
            VALUES %s
            ON CONFLICT (company_id, source, external_id) DO UPDATE
               SET revision = EXCLUDED.revision, reference = EXCLUDED.reference,
                   meter_code = EXCLUDED.meter_code, time = EXCLUDED.time,
                   quantity = EXCLUDED.quantity, row = EXCLUDED.row,
                   code = EXCLUDED.code, reason = EXCLUDED.reason,
                   reporter_id = EXCLUDED.reporter_id, received = EXCLUDED.received,
                   state = EXCLUDED.state, tried = NULL, settled = NULL,
                   discarded_by = NULL, discard_reason = NULL
             WHERE EXCLUDED.revision > kept.revision
            RETURNING source, external_id
            """,
            [
                (
                    *key,
                    row.revision,
                    row.reference,
                    row.meter,
                    row.time_text,
                    row.quantity,
                    intake.raw_text(sent[key]),
                    row.code,
                    row.message,
                    self.env.company.id,
                    self.env.uid,
                    now,
                    "waiting",
                )
                for key, row in sorted(unknown.items())  # the same order for everyone
            ],
            page_size=10_000,
            fetch=True,
        )
        self.invalidate_model()
        return set(fresh)

    @api.model
    def _read_kept(self, keys):
        """Read what is kept of these keys: revision, state, and the row as sent.

        :rtype: dict[tuple, tuple]
        """
        if not keys:
            return {}
        sources, ids = zip(*keys, strict=True)
        self.env.cr.execute(
            """
            SELECT source, external_id, revision, state, row
              FROM unnest(%s::varchar[], %s::varchar[]) AS sent (source, external_id)
              JOIN bitpaket_usage_quarantine USING (source, external_id)
             WHERE company_id = %s
            """,
            [list(sources), list(ids), self.env.company.id],
        )
        return {
            (source, external_id): (revision, state, json.loads(row))
            for source, external_id, revision, state, row in self.env.cr.fetchall()
        }

    # === REPLAYING === #

    @api.model
    def _wake(self, name, values):
        """Replay soon what waits for these accounts or meters.

        :param str name: reference or meter_code
        :param list values: of accounts or meters that are new or have changed
        """
        domain = [("state", "=", "waiting"), (name, "in", values)]
        quarantine_sudo = self.sudo()
        if quarantine_sudo.search_count(domain, limit=1):
            quarantine_sudo.search([*domain, ("tried", "!=", False)]).tried = False
            quarantine_sudo._trigger_replay()

    @api.model
    def _trigger_replay(self):
        self.env.ref("bitpaket_billing.ir_cron_replay_usage")._trigger()

    @api.model
    def _cron_replay(self):
        """Replay the rows whose account and meter exist now, in committed batches."""
        cron = self.env["ir.cron"]
        ids = self._replayable_ids()
        for start in range(0, len(ids), BATCH_SIZE):
            batch = self.browse(ids[start : start + BATCH_SIZE])
            batch = batch.try_lock_for_update(allow_referencing=True)
            batch.filtered(lambda row: row.state == "waiting")._replay()
            left = max(len(ids) - start - BATCH_SIZE, 0)
            if not cron._commit_progress(len(batch), remaining=left):
                break

    @api.model
    def _replayable_ids(self):
        """Return the waiting rows that may count now.

        A row that failed for another reason is tried again when its account or its
        meter changes.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT kept.id
                  FROM bitpaket_usage_quarantine kept
                 WHERE state = 'waiting'
                   AND (tried IS NULL OR code IN ('unknown_account', 'unknown_meter'))
                   AND EXISTS (
                        SELECT FROM bitpaket_meter meter
                         WHERE meter.code = kept.meter_code AND meter.active)
                   AND EXISTS (
                        SELECT FROM bitpaket_account account
                          JOIN res_company_users_rel allowed
                            ON allowed.cid = account.company_id
                           AND allowed.user_id = kept.reporter_id
                         WHERE account.reference = kept.reference)
                 ORDER BY kept.id
                """
            )
        )
        return [row[0] for row in rows]

    def _replay(self):
        """Take these rows in; those that still fail stay, with the reason.

        :return: how many count now
        :rtype: int
        """
        now = fields.Datetime.now()
        failed = self.browse()
        for reporter, rows in self.grouped("reporter_id").items():
            store = self.env["bitpaket.usage.store"]
            store = store.with_user(reporter).sudo()
            store = store.with_context(allowed_company_ids=reporter.company_ids.ids)
            sent = [json.loads(row.row) for row in rows]
            references = intake.references(sent)
            # How old they may be was decided when they came.
            catalogue = store._catalogue(references, backfill=True)
            _accepted, checked = store._take(sent, catalogue)
            for refusal in (*checked.rejected, *checked.waiting):
                row = rows[refusal.index]
                row.write(
                    {"code": refusal.code, "reason": refusal.message, "tried": now}
                )
                failed |= row
        taken = self - failed
        taken.write({"state": "replayed", "settled": now, "reason": False})
        return len(taken)

    # === ACTION METHODS === #

    def action_replay(self):
        """Try to take these rows in now, and tell what became of them."""
        self._check_may_settle()
        waiting = self.sudo().filtered(lambda row: row.state == "waiting")
        now, later = waiting[:BATCH_SIZE], waiting[BATCH_SIZE:]
        taken = now._replay()
        if later:
            later.filtered("tried").tried = False
            later._trigger_replay()
        messages = [
            self.env._("Rows that count now: %s.", taken),
            self.env._("Still waiting: %s.", len(now) - taken),
            self.env._("Tried soon: %s.", len(later)),
        ]
        counts = (True, len(now) > taken, later)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if taken else "warning",
                "message": " ".join(itertools.compress(messages, counts)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_discard(self):
        """Ask why these rows shall never count."""
        self._check_may_settle()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Discard usage"),
            "res_model": "bitpaket.usage.discard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_row_ids": [Command.set(self.ids)]},
        }

    def _discard(self, reason):
        """Decide that these rows never count.

        :param str reason: why, in words
        """
        self._check_may_settle()
        self.sudo().filtered(lambda row: row.state == "waiting").write(
            {
                "state": "discarded",
                "settled": fields.Datetime.now(),
                "discarded_by": self.env.uid,
                "discard_reason": reason,
            }
        )

    def _check_may_settle(self):
        """Refuse those who may only look, and rows of other companies."""
        self.check_access("read")
        if not self.env.user.has_group("bitpaket_billing.group_billing_user"):
            raise AccessError(self.env._("Only billing users replay or discard usage."))
