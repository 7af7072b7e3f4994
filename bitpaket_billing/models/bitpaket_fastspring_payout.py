from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import formatLang

#: What cannot change any more once it is booked.
BOOKED = ("amount", "company_id", "currency_id", "date", "entry_ids", "journal_id")


class BitpaketFastspringPayout(models.Model):
    """A transfer of FastSpring, and the orders and refunds that it pays."""

    _name = "bitpaket.fastspring.payout"
    _description = "FastSpring Payout"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    journal_ids = fields.Many2many("account.journal", compute="_compute_journal_ids")
    journal_id = fields.Many2one(
        "account.journal",
        string="Clearing journal",
        required=True,
        check_company=True,
        domain="[('id', 'in', journal_ids)]",
        default=lambda self: self._find_journals(self.env.company)[:1],
    )
    date = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    date_to = fields.Date(
        string="Orders until",
        required=True,
        default=fields.Date.context_today,
        help="Entries up to this day are proposed.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    amount = fields.Monetary(string="Amount received", tracking=True)
    entry_ids = fields.One2many(
        "bitpaket.fastspring.payout.entry", "payout_id", string="Entries"
    )
    amount_orders = fields.Monetary(string="Orders", compute="_compute_amounts")
    amount_refunds = fields.Monetary(string="Refunds", compute="_compute_amounts")
    amount_chargebacks = fields.Monetary(
        string="Chargebacks", compute="_compute_amounts"
    )
    amount_kept = fields.Monetary(string="Fees and tax", compute="_compute_amounts")
    amount_entries = fields.Monetary(string="To be paid", compute="_compute_amounts")
    difference = fields.Monetary(compute="_compute_amounts")
    difference_account_id = fields.Many2one(
        "account.account",
        string="Book the difference on",
        check_company=True,
        help="For what no entry tells of: chargeback fees, transfer costs, sales of "
        "other products of the store.",
    )
    needs_account = fields.Boolean(compute="_compute_amounts")
    statement_line_id = fields.Many2one(
        "account.bank.statement.line",
        string="Bank line",
        check_company=True,
        copy=False,
        domain="[('is_reconciled', '=', False), ('amount', '>', 0),"
        " ('journal_id', '!=', journal_id), ('company_id', '=', company_id)]",
    )
    move_id = fields.Many2one(
        "account.move", string="Transfer entry", readonly=True, copy=False
    )
    missing_payment_ids = fields.Many2many(
        "account.payment",
        string="Payments that no payout was told for",
        compute="_compute_unmatched",
    )
    open_entry_ids = fields.Many2many(
        "bitpaket.fastspring.payout.entry",
        string="Payouts that do not belong to a payment",
        compute="_compute_unmatched",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("booked", "Booked"),
            ("done", "On the bank account"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )

    # A bank line is one transfer.
    _statement_line_uniq = models.UniqueIndex(
        "(statement_line_id) WHERE statement_line_id IS NOT NULL",
        "This bank line is another payout already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("date", "currency_id")
    def _compute_name(self):
        for payout in self:
            payout.name = self.env._(
                "FastSpring %(date)s %(currency)s",
                date=payout.date,
                currency=payout.currency_id.name,
            )

    @api.depends("company_id")
    def _compute_journal_ids(self):
        for payout in self:
            payout.journal_ids = self._find_journals(payout.company_id)

    @api.depends(
        "amount",
        "entry_ids.amount",
        "entry_ids.total",
        "entry_ids.kind",
        "entry_ids.state",
    )
    def _compute_amounts(self):
        for payout in self:
            entries = payout.entry_ids
            for name, kind in (
                ("amount_orders", "order"),
                ("amount_refunds", "return"),
                ("amount_chargebacks", "chargeback"),
            ):
                chosen = entries.filtered(lambda entry, kind=kind: entry.kind == kind)
                payout[name] = sum(chosen.mapped("total"))
            payout.amount_entries = sum(entries.mapped("amount"))
            payout.amount_kept = payout.amount_entries - sum(entries.mapped("total"))
            payout.difference = payout.amount - payout.amount_entries
            foreign = entries.filtered(lambda entry: entry.state == "foreign")
            payout.needs_account = bool(foreign) or not payout.currency_id.is_zero(
                payout.difference
            )

    @api.depends("journal_id", "date_to", "currency_id", "entry_ids", "state")
    def _compute_unmatched(self):
        payments = self.env["account.payment"]
        entries = self.env["bitpaket.fastspring.payout.entry"]
        for payout in self:
            until = [
                ("journal_id", "=", payout.journal_id.id),
                ("date", "<=", payout.date_to),
            ]
            payout.missing_payment_ids = payments.search(
                [
                    *until,
                    ("state", "in", ("in_process", "paid")),
                    ("fastspring_entry_ids", "=", False),
                ]
            )
            payout.open_entry_ids = entries.search(
                [
                    *until,
                    ("currency_id", "=", payout.currency_id.id),
                    ("payout_id", "=", False),
                    ("state", "!=", "booked"),
                ]
            )

    @api.model
    def _find_journals(self, company):
        """Return the clearing journals of a company's stores."""
        providers_sudo = (
            self.env["payment.provider"]
            .sudo()
            .search([("code", "=", "fastspring"), ("company_id", "=", company.id)])
        )
        return providers_sudo.journal_id.sudo(False)

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep what is booked as it is."""
        if not self.env.su:
            booked = any(payout.state != "draft" for payout in self)
            locked = ("state", "move_id", *(BOOKED if booked else ()))
            if set(vals) & set(locked):
                raise UserError(self.env._("Take the booking back first."))
        return super().write(vals)

    # === ACTION METHODS === #

    def action_propose(self):
        """Fill in the entries that are not paid yet, and the bank line if there."""
        self._check_manager()
        for payout in self.filtered(lambda one: one.state == "draft"):
            entries_sudo = self.env["bitpaket.fastspring.payout.entry"].sudo()
            entries_sudo.search(
                [
                    ("journal_id", "=", payout.journal_id.id),
                    ("currency_id", "=", payout.currency_id.id),
                    ("date", "<=", payout.date_to),
                    ("payout_id", "=", False),
                    ("state", "=", "booked"),
                ]
            ).payout_id = payout
            payout.invalidate_recordset()
            if not payout.amount:
                payout.amount = payout.amount_entries
            if not payout.statement_line_id:
                payout.statement_line_id = payout._find_statement_line()

    def _find_statement_line(self):
        """Return the one bank line that looks like this transfer, if there is one."""
        found = self.env["account.bank.statement.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("is_reconciled", "=", False),
                ("journal_id", "!=", self.journal_id.id),
                ("date", ">=", self.date_to),
                ("amount", ">", 0),
            ]
        )
        found = found.filtered(
            lambda line: (
                line.currency_id == self.currency_id
                and not self.currency_id.compare_amounts(
                    self._get_received(line), self.amount
                )
            )
        )
        return found if len(found) == 1 else found.browse()

    @api.model
    def _get_received(self, line):
        """Return the amount of a bank line in the currency that was transferred."""
        return line.amount_currency if line.foreign_currency_id else line.amount

    def action_book(self):
        """Book the transfer, and match it with the bank line if that is known."""
        self._check_manager()
        for payout in self.sudo():
            if payout.state == "draft":
                payout._book_transfer()
            if payout.state == "booked" and payout.statement_line_id:
                payout._match_bank()

    def _book_transfer(self):
        if not self.entry_ids:
            raise UserError(self.env._("Propose the entries first, or add some."))
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Enter what FastSpring transferred."))
        if self.entry_ids.currency_id != self.currency_id:
            raise UserError(
                self.env._("All entries must be in %s.", self.currency_id.name)
            )
        if waiting := self.entry_ids.filtered(
            lambda entry: entry.state not in ("booked", "foreign")
        ):
            raise UserError(
                self.env._(
                    "These entries are not booked yet: %s.",
                    ", ".join(waiting.mapped("order_reference")),
                )
            )
        if self.needs_account and not self.difference_account_id:
            raise UserError(
                self.env._(
                    "%(amount)s were received, and the entries make %(entries)s. "
                    "Choose an account for the difference, or other entries.",
                    amount=self._show(self.amount),
                    entries=self._show(self.amount_entries),
                )
            )
        self.move_id = self._make_move()
        self.state = "booked"

    def _make_move(self):
        """Move the money from the clearing account to money in transit."""
        booked = self.entry_ids.filtered(lambda entry: entry.state == "booked")
        total = self.currency_id.round(sum(booked.mapped("amount")))
        balance = self.company_currency_id.round(sum(booked.mapped("balance")))
        rest = self.currency_id.round(total - self.amount)
        received = balance
        if rest:
            received = (
                self.company_currency_id.round(balance * self.amount / total)
                if total > 0
                else self.currency_id._convert(
                    self.amount, self.company_currency_id, self.company_id, self.date
                )
            )
        clearing = self.journal_id.default_account_id
        lines = [
            (clearing, -total, -balance),
            (self._get_transit_account(), self.amount, received),
        ]
        if rest or balance != received:
            account = self.difference_account_id
            lines.append((account, rest, balance - received))
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.journal_id.id,
                "date": self.date,
                "ref": self.name,
                "line_ids": [
                    Command.create(
                        {
                            "name": self.name,
                            "account_id": account.id,
                            "currency_id": self.currency_id.id,
                            "amount_currency": amount,
                            "balance": value,
                        }
                    )
                    for account, amount, value in lines
                ],
            }
        )
        move.action_post()
        return move

    def _get_transit_account(self):
        account = self.company_id.transfer_account_id
        if not account:
            raise UserError(
                self.env._(
                    "%s has no account for internal transfers: choose one in the "
                    "accounting settings.",
                    self.company_id.name,
                )
            )
        return account

    def _match_bank(self):
        """Let the bank line be this transfer: nothing stays in transit."""
        line = self.statement_line_id
        received = self._get_received(line)
        _liquidity, suspense, _others = line._seek_for_lines()
        if line.is_reconciled or not suspense:
            raise UserError(self.env._("This bank line is reconciled already."))
        if suspense.currency_id != self.currency_id or self.currency_id.compare_amounts(
            received, self.amount
        ):
            raise UserError(
                self.env._(
                    "The bank line is %(line)s and the payout %(payout)s. Correct what "
                    "was received, or enter the payout's currency on the bank line.",
                    line=formatLang(
                        self.env, received, currency_obj=suspense.currency_id
                    ),
                    payout=self._show(self.amount),
                )
            )
        transit = self.move_id.line_ids.filtered(
            lambda one: one.account_id == self._get_transit_account()
        )
        line.move_id.with_context(skip_readonly_check=True, force_delete=True).write(
            {
                "line_ids": [
                    Command.update(suspense.id, {"account_id": transit.account_id.id})
                ]
            }
        )
        (transit + suspense).reconcile()
        self.state = "done"

    def action_reset(self):
        """Take the booking back, to change the payout."""
        self._check_manager()
        for payout in self.sudo().filtered(lambda one: one.state != "draft"):
            if payout.state == "done":
                payout.statement_line_id.action_undo_reconciliation()
            payout.move_id.button_draft()
            payout.move_id.button_cancel()
            payout.write({"state": "draft", "move_id": False})

    @api.ondelete(at_uninstall=False)
    def _unlink_if_draft(self):
        if any(payout.state != "draft" for payout in self):
            raise UserError(self.env._("Take the booking back first."))

    def _show(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _check_manager(self):
        self.check_access("write")
        if not self.env.user.has_group("bitpaket_billing.group_billing_manager"):
            raise AccessError(
                self.env._("Only a billing manager decides about payments.")
            )


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def action_fastspring_payout(self):
        """Open a payout of FastSpring for this bank line, with what it should pay.

        :rtype: dict
        """
        self.ensure_one()
        payouts = self.env["bitpaket.fastspring.payout"]
        payout = payouts.search([("statement_line_id", "=", self.id)])
        if not payout:
            payout = payouts.create(
                {
                    "company_id": self.company_id.id,
                    "journal_id": payouts._find_journals(self.company_id)[:1].id,
                    "date": self.date,
                    "date_to": self.date,
                    "currency_id": self.foreign_currency_id.id or self.currency_id.id,
                    "amount": payouts._get_received(self),
                    "statement_line_id": self.id,
                }
            )
            payout.action_propose()
        return {
            "type": "ir.actions.act_window",
            "res_model": payout._name,
            "res_id": payout.id,
            "view_mode": "form",
        }
