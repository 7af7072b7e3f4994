"""The look before an export: counts, totals, and what has to be mended."""

from odoo import fields, models
from odoo.tools import SQL

from .. import bookkeeping
from ..bookkeeping import ERROR, WARNING

#: So many problems of one kind are listed; the rest is counted.
LISTED = 20


class Findings:
    """Problems, each listed once, and not more than one can read.

    :param batch: the export, in the language of who reads
    """

    def __init__(self, batch):
        self.batch = batch
        self.rows = []
        self.seen = set()
        self.counts = {}
        self.errors = 0

    def add(self, severity, text, kind=None, **about):
        """Add a problem.

        :param str text: in the reader's words
        :param kind: what is counted together; default: the text
        :param about: the id of the record to mend, by field
        """
        key = (severity, text, *sorted(about.items()))
        if key in self.seen:
            return
        self.errors += severity == ERROR
        kind = (severity, kind or text)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] > LISTED:
            return
        self.seen.add(key)
        self.rows.append({"severity": severity, "text": text, **about})

    def add_all(self, problems, accounts):
        """Add what a format finds.

        :param problems: of `Problem`
        :param dict accounts: ids of accounts, by their code here
        """
        for problem in problems:
            about = {}
            if problem.account:
                about["account_id"] = accounts.get(problem.account.own_code)
            elif problem.partner:
                about["partner_id"] = problem.partner.id
            if problem.entry:
                about["move_id"] = problem.entry.id
            self.add(problem.severity, self._text(problem), problem.text, **about)

    def _text(self, problem):
        """Return a problem in the reader's words; it may tell of another one."""
        values = {
            name: self._text(value) if isinstance(value, bookkeeping.Problem) else value
            for name, value in problem.values.items()
        }
        text = self.batch.env._(problem.text)
        return text % values

    def keep(self):
        """Store the problems on the export, in place of those of before."""
        batch = self.batch
        rows = list(self.rows)
        for (severity, _kind), count in self.counts.items():
            if count > LISTED:
                text = batch.env._("And %s more of this kind.", count - LISTED)
                rows.append({"severity": severity, "text": text})
        batch.problem_ids.unlink()
        batch.env["bitpaket.export.problem"].create(
            [{"batch_id": batch.id, **row} for row in rows]
        )


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    def _look(self):
        """Look at the entries that wait; write down counts, totals and problems."""
        self.ensure_one()
        self = self._spoken()
        self.checked = fields.Datetime.now()
        query = self._moves_query()
        self.target_id._give_numbers(query)
        books = self._books()
        findings = self._begin_findings(books)
        proof = bookkeeping.Proof()
        accounts = self._account_ids()
        late = 0
        ids = self._move_ids()
        for _state, entry in self.target_id._read_entries(ids):
            findings.add_all(self._check_entry(books, entry), accounts)
            proof.add(entry)
            late += entry.date < self.date_start
        self._keep_totals(proof)
        self.write({"entry_count": proof.entries, "late_count": late})
        self.checking = False
        findings.keep()

    def _check_entry(self, books, entry):
        """Yield the problems of an entry."""
        yield from bookkeeping.check_balance(entry)
        yield from bookkeeping.FORMATS[self.target_id.format].check(books, entry)

    def _begin_findings(self, books):
        """Return the problems of the export as a whole.

        :rtype: Findings
        """
        findings = Findings(self)
        target = self.target_id
        query = self._moves_query()
        self._find_unmapped(findings, query)
        format_ = bookkeeping.FORMATS[target.format]
        findings.add_all(format_.check(books, None), self._account_ids())
        if not self.supersedes_id:
            self._find_drafts(findings)
        self._find_missing_papers(findings)
        changed = self.env["bitpaket.export.item"].search_count(
            [
                ("target_id", "=", target.id),
                ("changed", "=", True),
                ("superseded", "=", False),
                ("batch_id", "!=", self.supersedes_id.id),
            ]
        )
        if changed:
            findings.add(
                WARNING,
                self.env._(
                    "%s entries changed since they were exported: see Changed since "
                    "export.",
                    changed,
                ),
            )
        return findings

    def _find_unmapped(self, findings, query):
        """Find accounts and taxes that have no code there."""
        target = self.target_id
        env = self.env
        accounts = env["account.account"].with_company(self.company_id)
        for account in accounts.browse(self._used(query, "account_id")).sorted("code"):
            if not account.code:
                text = env._("Account %s has no code.", account.name)
                findings.add(ERROR, text, "code", account_id=account.id)
            elif target.map_all_accounts and (
                account not in target.account_map_ids.account_id
            ):
                text = env._(
                    "Account %(code)s %(name)s has no code at %(target)s.",
                    code=account.code,
                    name=account.name,
                    target=target.name,
                )
                findings.add(ERROR, text, "account", account_id=account.id)
        if target.map_all_taxes:
            for tax in self._used_taxes(query) - target.tax_map_ids.tax_id:
                text = env._(
                    "Tax %(tax)s has no code at %(target)s.",
                    tax=tax.name,
                    target=target.name,
                )
                findings.add(ERROR, text, "tax", tax_id=tax.id)

    def _used_taxes(self, query):
        ids = self._used(query, "tax_line_id")
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT rel.account_tax_id
                  FROM account_move_line_account_tax_rel rel
                  JOIN account_move_line line ON line.id = rel.account_move_line_id
                 WHERE line.move_id IN (%s)
                """,
                query,
            )
        )
        ids += [row[0] for row in self.env.cr.fetchall()]
        return self.env["account.tax"].browse(sorted(set(ids)))

    def _find_drafts(self, findings):
        """Tell of entries of the period that are not posted yet."""
        target = self.target_id
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "=", "draft"),
            ("date", ">=", self.date_start),
            ("date", "<", self.date_end),
        ]
        if target.journal_ids:
            domain.append(("journal_id", "in", target.journal_ids.ids))
        if drafts := self.env["account.move"].sudo().search_count(domain):
            findings.add(
                WARNING,
                self.env._(
                    "%s entries of the period are drafts: they are exported once they "
                    "are posted, as late ones.",
                    drafts,
                ),
            )

    def _account_ids(self):
        """Return the ids of the used accounts by their code here.

        :rtype: dict[str, int]
        """
        ids = self._used(self._moves_query(), "account_id")
        accounts = self.env["account.account"].with_company(self.company_id)
        return {account.code or "": account.id for account in accounts.browse(ids)}

    def _keep_totals(self, proof):
        """Write down the control totals."""
        accounts = self.env["account.account"].with_company(self.company_id)
        names = {
            one.code or "": one for one in accounts.browse(self._account_ids().values())
        }
        there = {one.account_id: one.code for one in self.target_id.account_map_ids}
        self.total_ids.unlink()
        self.env["bitpaket.export.total"].create(
            [
                {
                    "batch_id": self.id,
                    "code": code,
                    "name": names[code].name,
                    "code_there": there.get(names[code], code),
                    "line_count": total.lines,
                    "debit": float(total.debit),
                    "credit": float(total.credit),
                }
                for code, total in proof.accounts.items()
            ]
        )
        self.write(
            {
                "debit": float(proof.total.debit),
                "credit": float(proof.total.credit),
                "line_count": proof.total.lines,
            }
        )

    def _spoken(self):
        """Return this export in the language of who asked for it."""
        return self.with_context(lang=(self.user_id or self.env.user).lang)
