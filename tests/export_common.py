"""What the tests of exports share: a target, a small format, entries."""

import json
from unittest.mock import patch

from odoo.fields import Command, Date

from odoo.addons.bitpaket_billing import bookkeeping

from .common import BillingMixin


def write_plain(books, entries):
    """Write a row per line of an entry, in one file."""
    yield "entries.txt", f"{books.reference} {books.created}\n".encode()
    for entry in entries:
        for line in entry.lines:
            row = [entry.name, str(entry.date), entry.kind, line.account.code]
            row += [str(line.debit), str(line.credit), line.kind, line.label]
            yield "entries.txt", (json.dumps(row) + "\n").encode()


def check_plain(books, entry):
    """Complain about entries whose reference is "bad" or "odd"."""
    if entry is None:
        if books.options.get("broken"):
            yield bookkeeping.Problem(bookkeeping.ERROR, "Set it up.")
    elif entry.reference in ("bad", "odd"):
        severity = {"bad": bookkeeping.ERROR, "odd": bookkeeping.WARNING}
        yield bookkeeping.Problem(
            severity[entry.reference],
            "The reference of %(entry)s is %(reference)s.",
            {"entry": entry.name, "reference": entry.reference},
            entry=entry,
        )


PLAIN = bookkeeping.Format("plain", "Plain text", write_plain, check_plain)


class ExportMixin(BillingMixin):
    """A company with a target of a format that is the tests' own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        patcher = patch.dict(bookkeeping.FORMATS, {"plain": PLAIN})
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.company = cls.make_company("Export Inc.")
        cls.customer = cls.env["res.partner"].create({"name": "Acme"})
        cls.journal = cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "general")], limit=1
        )
        cls.target = cls.make_target()
        cls.batches = cls.env["bitpaket.export.batch"]
        cls.items = cls.env["bitpaket.export.item"]
        cls.cron = cls.env.ref("bitpaket_billing.ir_cron_export")

    @classmethod
    def make_target(cls, **values):
        """Return a target for all journals."""
        return cls.env["bitpaket.export.target"].create(
            {
                "name": "The adviser",
                "format": "plain",
                "journal_ids": [Command.clear()],
                **values,
            }
        )

    @classmethod
    def account(cls, kind):
        """Return the first account of a kind."""
        return cls.env["account.account"].search(
            [
                ("company_ids", "in", cls.company.id),
                ("account_type", "=", kind),
            ],
            order="code",
            limit=1,
        )

    @classmethod
    def make_entry(cls, day="2026-10-15", amount=100.0, post=True, **values):
        """Return a posted entry of an expense that is still to be paid."""
        lines = [
            {"account_id": cls.account("expense").id, "balance": amount},
            {
                "account_id": cls.account("liability_payable").id,
                "balance": -amount,
                "partner_id": cls.customer.id,
            },
        ]
        move = cls.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": cls.journal.id,
                "date": day,
                "line_ids": [
                    Command.create({"name": "Pens", **line}) for line in lines
                ],
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def make_invoice(cls, day="2026-10-15", amount=100.0, partner=None, taxes=None):
        """Return a posted invoice."""
        line = {
            "name": "Storage",
            "price_unit": amount,
            "tax_ids": [Command.set(taxes.ids if taxes else [])],
        }
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.customer).id,
                "invoice_date": day,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        move.action_post()
        return move

    @classmethod
    def make_user(cls, group, company=None):
        """Return a user with one of the addon's groups."""
        company = company or cls.company
        return cls.env["res.users"].create(
            {
                "name": group,
                "login": f"{group}-{company.id}",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [
                    Command.link(cls.env.ref("base.group_user").id),
                    Command.link(cls.env.ref(f"bitpaket_billing.group_{group}").id),
                ],
            }
        )

    @classmethod
    def make_batch(cls, month="2026-10", target=None):
        """Return a draft export of a month."""
        start = Date.to_date(f"{month}-01")
        return cls.env["bitpaket.export.batch"].create(
            {
                "target_id": (target or cls.target).id,
                "date_start": start,
                "date_end": Date.add(start, months=1),
            }
        )

    @classmethod
    def export(cls, month="2026-10", target=None):
        """Return a written export of a month."""
        batch = cls.make_batch(month, target)
        batch.action_export()
        return batch

    def rows(self, batch):
        """Return the rows of the export's file."""
        content = batch.file_ids.attachment_id.raw.decode().splitlines()
        return [json.loads(line) for line in content[1:]]

    def names(self, batch):
        """Return the numbers of the entries in the export's file, in their order."""
        return list(dict.fromkeys(row[0] for row in self.rows(batch)))

    def run_cron(self):
        """Let the scheduler work."""
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()
