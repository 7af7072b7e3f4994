"""Corrections of what was invoiced: credits, and billing again.

Nothing that was billed changes. A credit is lines with the opposite sign on a credit
note; they belong to the statement whose invoice is credited. What is credited is
billed again, or stays credited for good: either way the period's lines tell what is
billed for it now, and every new rating of the period bills the difference to that.
"""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import rating
from ..tools import exact
from .bitpaket_account_rating import NO_COUPONS
from .bitpaket_invoicing import SILENT


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    revision = fields.Integer(
        string="Corrections", readonly=True, help="Number of the last correction."
    )
    reopened = fields.Boolean(
        string="To bill again",
        readonly=True,
        help="Something of this period was credited; the next statement bills what "
        "the period comes to now.",
    )
    book_only = fields.Boolean(
        string="By the price book only",
        readonly=True,
        help="Prices agreed with the account do not hold in this period.",
    )
    document_ids = fields.One2many(
        "account.move", "bitpaket_statement_id", string="Invoices and credit notes"
    )
    document_count = fields.Integer(compute="_compute_amount_net")
    send_state = fields.Selection(related="move_id.bitpaket_send_state")
    amount_net = fields.Monetary(
        string="After corrections",
        compute="_compute_amount_net",
        help="What the invoices and credit notes of this statement come to, before "
        "tax.",
    )

    # Only the few statements that wait are in it.
    _reopened = models.Index("(account_id) WHERE reopened")

    @api.depends("amount_total", "revision", "line_ids")
    def _compute_amount_net(self):
        lines = self.env["bitpaket.usage.line"]._read_group(
            [("statement_id", "in", self.ids)], ["statement_id"], ["amount:sum"]
        )
        totals = {statement.id: amount for statement, amount in lines}
        for statement in self:
            statement.amount_net = totals.get(statement._origin.id, 0)
            statement.document_count = len(statement.document_ids)

    @api.model
    def _find_reopened(self, account_ids, before):
        """Return the statements of which something waits to be billed again.

        :param list account_ids: ids of billing accounts
        :param date before: only periods before this day
        """
        return self.search(
            [
                ("account_id", "in", account_ids),
                ("reopened", "=", True),
                ("period_end", "<=", before),
            ],
            order="id",
        )

    # === RIGHTS AND LOCKS === #

    def _check_may_correct(self):
        """Let billing managers and accountants correct what they may see.

        :raise AccessError: for everybody else
        """
        self.check_access("read")
        groups = ("group_billing_manager", "group_accountant")
        if not self.env.su and not any(
            self.env.user.has_group(f"bitpaket_billing.{name}") for name in groups
        ):
            raise AccessError(
                self.env._("Only billing managers and accountants correct statements.")
            )

    def _check_fees(self, credits, rebill):
        """Refuse to bill a plan's price again with a later statement."""
        if rebill == "next" and any(line.phase_id for line in credits):
            raise UserError(
                self.env._(
                    "The price of a plan is billed again at once, or not at all: "
                    "choose one of these, or leave its line out of the credit."
                )
            )

    def _next_correction(self):
        """Number the next correction, and keep others from correcting meanwhile.

        Whoever comes second at the same time fails, and is tried again on what the
        first one left.

        :return: values for the correction's invoice or credit note
        :rtype: dict
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        self.revision += 1
        return {
            "bitpaket_statement_id": self.id,
            "bitpaket_account_id": self.account_id.id,
            "bitpaket_revision": self.revision,
        }

    def _next_sequence(self):
        """Return the place of the next usage line."""
        return max(self.line_ids.mapped("sequence"), default=-1) + 1

    # === CORRECTING === #

    def _correct(self, credits, reason, rebill="never", date=None, terms=None):
        """Credit lines of this statement, and bill its period again.

        :param dict credits: by usage line, what of its amount is credited
        :param str reason: told to the customer
        :param str rebill: never, next (with the next statement) or now
        :param date date: of the new documents; default: today
        :param Terms terms: what the period is rated by from now on
        :return: the credit notes and the new invoice
        """
        self.ensure_one()
        self._check_may_correct()
        self._check_fees(credits, rebill)
        self = self.sudo().with_company(self.company_id).with_context(**SILENT)
        date = date or fields.Date.context_today(self)
        credits = self._with_discounts(credits)
        if terms:
            self.write({"price_book_id": terms.book.id, "book_only": not terms.agreed})
        lines = self.line_ids.browse(line.id for line in credits)
        notes = self.env["account.move"]
        for invoice, some in lines.grouped("move_id").items():
            shares = {line: credits[line] for line in some}
            notes += invoice._bitpaket_credit(shares, reason, date, rebill != "never")
        if rebill == "never":
            return notes
        periods = self | lines.adjusted_statement_id
        periods.reopened = True
        if rebill == "next":
            return notes
        return notes | self._bill_again(periods, date, notes)

    def _bill_again(self, periods, date, notes):
        """Invoice what periods come to now and is not billed for them.

        :param periods: statements, this one among them
        :param date date: of the invoice
        :param notes: credit notes whose open amount the invoice uses up
        :return: the invoice, if there is anything to pay
        """
        seen_at = self.env.cr.now()
        self.account_id._lock_coupon_budgets()
        lines = self.env["bitpaket.usage.line"]._insert(self._prepare_again(periods))
        periods.write({"usage_seen_at": seen_at, "reopened": False})
        invoicing = self.env["bitpaket.invoicing"].with_company(self.company_id)
        if self.currency_id.is_zero(sum(lines.mapped("amount"))):
            return self.env["account.move"]
        vals = {
            **invoicing._prepare_invoice(self, invoicing._prepare_booking, lines),
            **self._next_correction(),
            "invoice_date": date,
        }
        invoicing._create_posted(self.company_id, [vals])
        invoice = self.env["account.move"].search(
            [
                ("bitpaket_statement_id", "=", self.id),
                ("bitpaket_revision", "=", self.revision),
            ]
        )
        lines._set_invoice(invoice)
        self._note_correction(invoice, self.env._("Billed again"))
        (notes | invoice)._bitpaket_settle()
        return invoice

    def _prepare_again(self, periods, credits=None, terms=None):
        """Return the values of the lines that bill periods again.

        :param periods: statements, this one among them
        :param dict credits: credits to come, see `_correct`
        :param Terms terms: what this period is rated by; default: as billed
        :rtype: list[dict]
        """
        lines = []
        for statement in periods.sorted("period_start"):
            lines += statement._rate_again(
                credits or {},
                (terms if statement == self else None) or statement._billed_terms(),
                in_full=statement == self,
            )
        lines += self._discount_again(lines, credits)
        first = self._next_sequence()
        return [
            {**vals, "sequence": first + vals["sequence"]}
            for vals in self._prepare_lines(lines)
        ]

    def _rate_again(self, credits, terms, in_full):
        """Rate this period by terms, and compare with what is billed for it.

        :param dict credits: credits to come, by usage line
        :param Terms terms: the terms
        :param bool in_full: whether meters that were credited show all their lines
        :return: what is to be billed
        :rtype: tuple[rating.Line, ...]
        :raise UserError: when the period cannot be rated, in words
        """
        self.ensure_one()
        again = self._fees_again(credits)
        if self.kind == "change":
            return again
        account = self.account_id
        period = rating.Period(self.period_start, self.period_end)
        rated = account._rate_usage(period, {}, {account.id: terms}, NO_COUPONS)[
            account.id
        ]
        if isinstance(rated, rating.RatingError):
            raise UserError(account._rating_error_message(rated, terms.book))
        lines = [line for line in rated.lines if line.kind != "fee"]
        digits = self.currency_id.decimal_places
        billed = self._billed_by_meter()
        for line, amount in credits.items():
            if line.redemption_id or line.phase_id:
                continue  # what is compared is the usage before coupons
            if (line.adjusted_statement_id or line.statement_id) == self:
                key = line.meter_id.code or None
                before = billed.get(key, (0, 0))
                undone = line._credited_quantity(amount)
                billed[key] = (before[0] - amount, before[1] - exact(undone))
        if in_full:
            return (
                *rating.rebill(lines, billed, period, digits, str(self.id)),
                *again,
            )
        return rating.adjustment_lines(
            rating.adjustments(lines, billed, period, str(self.id), "again"),
            period,
            digits,
        )

    def _note_correction(self, move, what, reason=""):
        """Tell on the statement, and on the document, what was done."""
        self.message_post(
            body=self.env._(
                "%(what)s: %(document)s%(reason)s",
                what=what,
                document=move._get_html_link(),
                reason=f" – {reason}" if reason else "",
            )
        )
        move._message_log(
            body=self.env._(
                "%(what)s: statement %(statement)s",
                what=what,
                statement=self._get_html_link(),
            )
        )

    # === ACTION METHODS === #

    def action_correct(self):
        """Open the wizard that credits, and bills again."""
        self.ensure_one()
        self._check_may_correct()
        if self.state not in ("rated", "invoiced", "sent"):
            raise UserError(self.env._("This period has not been billed yet."))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.bitpaket_correction_action"
        )
        return {**action, "context": {"default_statement_id": self.id}}

    def action_open_documents(self):
        """Open the invoices and credit notes of this statement."""
        self.ensure_one()
        return self.document_ids._get_records_action(
            name=self.env._("Invoices and credit notes")
        )
