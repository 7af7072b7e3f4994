"""What of a month's end is checked about the money at FastSpring."""

from odoo import models
from odoo.tools import SQL

from .bitpaket_month_end import MOST

#: What waits for somebody to decide, by model.
UNDECIDED = {
    "bitpaket.fastspring.return": ("proposed", "manual"),
    "bitpaket.fastspring.chargeback": ("manual",),
    "bitpaket.fastspring.credit": ("open",),
}


class BitpaketMonthEnd(models.TransientModel):
    _inherit = "bitpaket.month.end"

    def _check_clearing(self):
        """Is what is on the clearing account what FastSpring has not paid out yet?"""
        journals = self.env["bitpaket.fastspring.payout"]._find_journals(
            self.company_id
        )
        accounts = journals.default_account_id
        booked = self._sum_clearing(accounts)
        owed = self._sum_owed(journals)
        wrong = booked != owed and (
            self._find_unexplained(accounts) or self._find_all(accounts)
        )
        return self._found(
            self.env._("Clearing account: %s", self._show(booked)),
            self.env._("Not paid out yet: %s", self._show(owed)),
            wrong and "account.move.line",
            [("id", "in", wrong or [])],
        )

    def _sum_clearing(self, accounts):
        """Return what is on the accounts at the month's end, by currency."""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT currency_id, SUM(amount_currency)
                      FROM account_move_line
                     WHERE company_id = %s AND account_id = ANY(%s) AND date < %s
                       AND parent_state = 'posted'
                     GROUP BY currency_id
                    HAVING SUM(amount_currency) != 0
                    """,
                    self.company_id.id,
                    accounts.ids,
                    self._period().end,
                )
            )
        )

    def _sum_owed(self, journals):
        """Return what FastSpring owes by its payout entries, by currency."""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT entry.currency_id, SUM(entry.amount)
                      FROM bitpaket_fastspring_payout_entry entry
                      LEFT JOIN account_move booking ON booking.id = entry.move_id
                      LEFT JOIN bitpaket_fastspring_payout payout
                        ON payout.id = entry.payout_id
                      LEFT JOIN account_move transfer ON transfer.id = payout.move_id
                     WHERE entry.company_id = %(company)s
                       AND entry.journal_id = ANY(%(journals)s)
                       AND entry.state = 'booked'
                       AND COALESCE(booking.date, entry.date) < %(end)s
                       AND (transfer.id IS NULL OR transfer.date >= %(end)s)
                     GROUP BY entry.currency_id
                    HAVING SUM(entry.amount) != 0
                    """,
                    company=self.company_id.id,
                    journals=journals.ids,
                    end=self._period().end,
                )
            )
        )

    def _find_unexplained(self, accounts):
        """Return ids of lines that belong to no payout, and to no entry of one.

        These are payments for which FastSpring told no payout, and what people booked.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM account_move_line line
                 WHERE line.company_id = %(company)s
                   AND line.account_id = ANY(%(accounts)s)
                   AND line.date < %(end)s AND line.parent_state = 'posted'
                   AND NOT EXISTS (SELECT FROM bitpaket_fastspring_payout payout
                                    WHERE payout.move_id = line.move_id)
                   AND NOT EXISTS (SELECT FROM bitpaket_fastspring_payout_entry entry
                                    WHERE entry.move_id = line.move_id)
                   AND NOT EXISTS (
                       SELECT FROM account_payment payment
                         JOIN bitpaket_fastspring_payout_entry entry
                           ON entry.payment_id = payment.id AND entry.state = 'booked'
                         LEFT JOIN account_move booking ON booking.id = entry.move_id
                        WHERE payment.move_id = line.move_id
                          AND COALESCE(booking.date, entry.date) < %(end)s)
                 ORDER BY line.date DESC, line.id DESC LIMIT %(most)s
                """,
                company=self.company_id.id,
                accounts=accounts.ids,
                end=self._period().end,
                most=MOST,
            )
        )
        return [row[0] for row in rows]

    def _find_all(self, accounts):
        """Return ids of the newest lines, when each of them has its explanation."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("account_id", "in", accounts.ids),
                ("date", "<", self._period().end),
                ("parent_state", "=", "posted"),
            ],
            limit=MOST,
        )
        return lines.ids

    def _check_payouts(self):
        """Is every payout that FastSpring told of booked?"""
        until = [
            ("company_id", "=", self.company_id.id),
            ("date", "<", self._period().end),
        ]
        payouts = self.env["bitpaket.fastspring.payout"]
        entries = self.env["bitpaket.fastspring.payout.entry"]
        waiting = [*until, ("state", "in", ("waiting", "manual"))]
        draft = [*until, ("state", "=", "draft")]
        count_waiting = entries.search_count(waiting)
        count_draft = payouts.search_count(draft)
        found = self.env._(
            "Entries to book: %(waiting)s; payouts to book: %(draft)s, "
            "booked: %(booked)s",
            waiting=count_waiting,
            draft=count_draft,
            booked=payouts.search_count([*until, ("state", "!=", "draft")]),
        )
        expected = self.env._("Entries to book: 0; payouts to book: 0")
        if count_waiting:
            return self._found(found, expected, entries._name, waiting)
        return self._found(found, expected, count_draft and payouts._name, draft)

    def _check_decisions(self):
        """Is there nothing about FastSpring's money that a person must decide?"""
        counts, first = {}, (None, None)
        for model, states in UNDECIDED.items():
            domain = [
                ("company_id", "=", self.company_id.id),
                ("date", "<", self._period().end),
                ("state", "in", states),
            ]
            counts[model] = self.env[model].search_count(domain)
            if counts[model] and not first[0]:
                first = (model, domain)
        refunds, chargebacks, credits = counts.values()
        return self._found(
            self.env._(
                "Refunds: %(refunds)s, chargebacks: %(chargebacks)s, "
                "credits: %(credits)s",
                refunds=refunds,
                chargebacks=chargebacks,
                credits=credits,
            ),
            self.env._("To decide: 0"),
            *first,
        )

    def _check_events(self):
        """Is every event of FastSpring done with?"""
        events = self.env["bitpaket.fastspring.event"]
        domain = [
            ("company_id", "=", self.company_id.id),
            ("state", "in", ("new", "manual", "error")),
            ("received", "<", self._period().end),
        ]
        count = events.search_count(domain)
        return self._found(
            self.env._("Not done: %s", count),
            self.env._("Not done: 0"),
            count and events._name,
            domain,
        )
