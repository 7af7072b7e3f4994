"""The frame of an export's files: what all of them say, and what they are called."""

import os

from odoo import models
from odoo.tools import SQL

from .. import bookkeeping
from .bitpaket_export_target_books import Names


class BitpaketExportBatch(models.Model):
    _inherit = "bitpaket.export.batch"

    def _books(self):
        """Return the frame of this export, for its format.

        :rtype: Books
        """
        self.ensure_one()
        company = self.company_id
        target = self.target_id
        names = Names(target)
        year = company.compute_fiscalyear_dates(self.date_start)
        query = self._moves_query()
        accounts = [names.account(id_) for id_ in self._used(query, "account_id")]
        currencies = [names.currency(id_) for id_ in self._used(query, "currency_id")]
        return bookkeeping.Books(
            reference=self.name,
            company=company.name,
            currency=company.currency_id.name,
            start=self.date_start,
            end=self.date_end,
            created=self.generated_at or self.checked,
            fiscal_year_start=year["date_from"],
            currencies={
                one.name: one.decimal_places
                for one in company.currency_id.union(*currencies).sorted("name")
            },
            accounts=tuple(sorted(accounts, key=lambda one: (one.code, one.own_code))),
            partners=self._used_partners(query),
            user=self.user_id.name or "",
            options=target._format_options(),
        )

    def _used(self, query, column):
        """Return the values of a column in the lines of entries.

        :rtype: list[int]
        """
        self.env["account.move.line"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT DISTINCT %(column)s FROM account_move_line"
                " WHERE move_id IN (%(query)s) AND %(column)s IS NOT NULL"
                "   AND account_id IS NOT NULL",
                column=SQL.identifier(column),
                query=query,
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _used_partners(self, query):
        ids = self._used(query, "partner_id")
        partners = self.env["res.partner"].sudo().browse(ids).commercial_partner_id
        known = self.target_id._read_partners(partners.ids)
        return tuple(dict.fromkeys(known.values()))

    def _file_name(self, name):
        """Return what a file is called, with its number if it takes another's place.

        :param str name: as the format calls it
        """
        stem, extension = os.path.splitext(name)
        if self.supersedes_id:
            name = f"{stem}_{self.name.rpartition('-')[2]}{extension}"
        name = self.target_id.file_pattern.format(
            file=name,
            target=self.target_id.name,
            batch=self.name,
            start=self.date_start,
            end=self.date_end,
        )
        return "".join("-" if sign in '/\\:*?"<>|' else sign for sign in name)
