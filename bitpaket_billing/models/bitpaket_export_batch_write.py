"""Writes the files of an export: streamed, to files on the disk, all or none."""

import hashlib
import logging
import mmap
import tempfile
from collections import OrderedDict
from contextlib import ExitStack

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang

from .. import bookkeeping
from .bitpaket_export_target_books import CHUNK

_logger = logging.getLogger(__name__)

#: Bytes of a file that are kept in memory before they go to the disk.
SPOOLED = 1024 * 1024
#: A type that Odoo neither indexes nor guesses: for that it would read all of a file.
UNREAD = "application/x-download"


class Superseded(Exception):
    """Somebody took the export back while it was written."""


class Spool:
    """Files that are written piece by piece, on the disk as soon as they are large."""

    def __init__(self):
        self.stack = ExitStack()
        self.files = OrderedDict()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.stack.close()

    def add(self, name, data):
        if name not in self.files:
            file = self.stack.enter_context(tempfile.TemporaryFile())
            self.files[name] = (file, hashlib.sha256())
        file, digest = self.files[name]
        file.write(data)
        digest.update(data)

    def finished(self):
        """Yield name, content and SHA-256 of each file; contents stay on the disk."""
        for name, (file, digest) in self.files.items():
            file.flush()
            if file.tell() > SPOOLED:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    yield name, content, digest.hexdigest()
            else:
                file.seek(0)
                yield name, file.read(), digest.hexdigest()


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    def _write_files(self, progress=None):
        """Write the files of the entries that were taken; or none, and say why.

        With something to mend, the export is a draft again and lists it.

        :param callable progress: called with the number of entries that are done
        """
        self.ensure_one()
        self = self._spoken()
        target = self.target_id
        target._give_numbers(self._moves_query())
        books = self._books()
        findings = self._begin_findings(books)
        proof = bookkeeping.Proof()
        stream = self._stream(books, findings, proof, progress)
        with Spool() as spool:
            if not findings.errors:
                format_ = bookkeeping.FORMATS[target.format]
                for name, data in format_.write(books, stream):
                    spool.add(self._file_name(name), data)
            for _entry in stream:
                pass  # what is not written is checked all the same
            if not findings.errors:
                for name, data in self._write_papers():
                    spool.add(self._file_name(name), data)
            self._lock_running()
            if findings.errors:
                self._undo_claim()
                self._keep_totals(proof)
                self.checked = fields.Datetime.now()
            else:
                self._compare_with_ledger(proof)
                self._keep_files(spool)
                self._keep_totals(proof)
                self._finish(proof)
        findings.keep()

    def _stream(self, books, findings, proof, progress):
        """Yield the entries for the writer, checked, counted and fingerprinted."""
        accounts = self._account_ids()
        prints, gone = [], []
        done = 0
        for state, entry in self.target_id._read_entries(self._move_ids()):
            done += 1
            if state != "posted":
                gone.append(entry.id)  # reset to draft since it was taken
            else:
                errors = findings.errors
                findings.add_all(self._check_entry(books, entry), accounts)
                proof.add(entry)
                prints.append((entry.id, bookkeeping.fingerprint(entry)))
                if errors == findings.errors:
                    yield entry
            if not done % CHUNK:
                self._keep_prints(prints, gone)
                if progress:
                    progress(done)
        self._keep_prints(prints, gone)

    def _keep_prints(self, prints, gone):
        """Note what entries were when they were exported, and let others go."""
        if prints:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE bitpaket_export_item item
                       SET fingerprint = told.fingerprint,
                           seen = now() AT TIME ZONE 'UTC'
                      FROM unnest(%s::int[], %s::text[]) told(move_id, fingerprint)
                     WHERE item.batch_id = %s AND item.move_id = told.move_id
                    """,
                    [move_id for move_id, _print in prints],
                    [one for _id, one in prints],
                    self.id,
                )
            )
        if gone:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM bitpaket_export_item"
                    " WHERE batch_id = %s AND move_id IN %s",
                    self.id,
                    tuple(gone),
                )
            )
        prints.clear()
        gone.clear()

    def _lock_running(self):
        """Make sure that nobody took the export back, and that nobody does now.

        :raise Superseded: when somebody did
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE bitpaket_export_batch SET id = id"
                " WHERE id = %s AND state = 'running'",
                self.id,
            )
        )
        if not self.env.cr.rowcount:
            raise Superseded

    def _compare_with_ledger(self, proof):
        """Refuse files that do not come to what the ledger holds.

        :raise UserError: when an entry changed while it was read
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT COALESCE(SUM(GREATEST(balance, 0)), 0)::text,
                       COALESCE(SUM(GREATEST(-balance, 0)), 0)::text,
                       COUNT(DISTINCT move_id)
                  FROM account_move_line
                 WHERE move_id IN (%s) AND account_id IS NOT NULL
                   AND display_type NOT IN (
                         'line_section', 'line_subsection', 'line_note'
                       )
                """,
                self._moves_query(),
            )
        )
        debit, credit, _count = self.env.cr.fetchone()
        told = proof.total.debit, proof.total.credit
        if told != (type(told[0])(debit), type(told[1])(credit)):
            raise UserError(
                self.env._(
                    "The files come to %(files)s and the ledger to %(ledger)s: an "
                    "entry was changed meanwhile. Export again.",
                    files=self._show(told[0]),
                    ledger=self._show(debit),
                )
            )

    def _keep_files(self, spool):
        """Keep the files, for those alone who may take the books out."""
        for name, content, digest in spool.finished():
            file = self.env["bitpaket.export.file"].create(
                {
                    "batch_id": self.id,
                    "company_id": self.company_id.id,
                    "name": name,
                    "size": len(content),
                    "sha256": digest,
                }
            )
            attachments = self.env["ir.attachment"]
            file.attachment_id = attachments.create(
                {
                    "name": name,
                    "raw": content
                    if attachments._storage() != "db"
                    else bytes(content),
                    "mimetype": UNREAD,
                    "res_model": file._name,
                    "res_id": file.id,
                }
            )

    def _finish(self, proof):
        self._forget_items()
        self._count_items()
        self.write(
            {
                "state": "generated",
                "message": False,
                "done_count": proof.entries,
                "entry_count": proof.entries,
            }
        )
        old = self.supersedes_id
        if old:
            old.state = "superseded"
            old.message_post(
                body=self.env._(
                    "Superseded by %(number)s: %(reason)s",
                    number=self.name,
                    reason=self.reason,
                )
            )
        self.activity_feedback(["bitpaket_billing.activity_export"])
        self.message_post(
            body=self.env._(
                "%(entries)s entries, %(debit)s in debit and in credit.",
                entries=proof.entries,
                debit=self._show(proof.total.debit),
            )
        )
        _logger.info("Export %s: %s entries.", self.name, proof.entries)
        if self.target_id.delivery != "download":
            self._wake_cron()

    def _show(self, amount):
        return formatLang(self.env, float(amount), currency_obj=self.currency_id)
