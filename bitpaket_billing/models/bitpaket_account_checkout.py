import secrets
from dataclasses import dataclass
from decimal import Decimal

import psycopg2

from odoo import models
from odoo.fields import Command, Domain
from odoo.tools import SQL

from .. import rating
from ..fastspring.const import UNDERWAY
from ..tools import exact

OLDEST = "invoice_date_due, invoice_date, id"


@dataclass(frozen=True)
class Due:
    """What a customer would pay at once, computed anew for every attempt.

    :param invoices: The `account.move` records to pay, the oldest first.
    :param Decimal amount: What to ask for.
    :param Decimal credit: What open credits cover of these invoices.
    :param waiting: The transactions that are on their way for invoices that are wanted.
    """

    invoices: models.BaseModel
    amount: Decimal
    credit: Decimal
    waiting: models.BaseModel


class BitpaketAccount(models.Model):
    """What a customer owes, and pays."""

    _inherit = "bitpaket.account"

    def _get_unpaid_domain(self):
        """Say which invoices can be paid online.

        In the account's currency and company only: one order has one currency.

        :rtype: Domain
        """
        self.ensure_one()
        return Domain(
            [
                ("bitpaket_account_id", "=", self.id),
                ("company_id", "=", self.company_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("amount_residual", ">", 0),
            ]
        )

    def _find_unpaid_invoices(self):
        """Return the invoices that can be paid online, the oldest first.

        :rtype: account.move
        """
        return self.env["account.move"].search(self._get_unpaid_domain(), order=OLDEST)

    def _get_credit_domain(self):
        """Say which entries this account's invoices can be set off against.

        Credit notes of this account, and payments of the customer that are not used;
        not what is about to be paid back.

        :rtype: Domain
        """
        self.ensure_one()
        refund = [("operation", "=", "refund"), ("state", "in", ("draft", "pending"))]
        paid_by = "payment_id.payment_transaction_id.child_transaction_ids"
        return (
            Domain(
                [
                    ("partner_id", "=", self.partner_id.commercial_partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("currency_id", "=", self.currency_id.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    ("amount_residual_currency", "<", 0),
                    ("move_id.bitpaket_account_id", "in", (False, self.id)),
                    "|",
                    ("payment_id", "=", False),
                    ("payment_id.bitpaket_account_id", "in", (False, self.id)),
                ]
            )
            & ~Domain("move_id.transaction_ids", "any", refund)
            & ~Domain(paid_by, "any", refund)
            & ~Domain(
                "payment_id.fastspring_return_ids", "any", [("state", "in", UNDERWAY)]
            )
        )

    def _find_open_credits(self):
        """Return the entries that this account's invoices can be set off against.

        :rtype: account.move.line
        """
        return self.env["account.move.line"].search(
            self._get_credit_domain(), order="date_maturity, id"
        )

    def _get_due(self, invoice_id=None, again=False):
        """Return what to pay now, for one invoice or for all of them.

        :param int invoice_id: The one to pay; None: all.
        :param bool again: Whether also invoices whose payment is on its way.
        :rtype: Due
        """
        self.ensure_one()
        found = self._load_due()
        waited_for = {
            move_id for row in found["transaction"] for move_id in row["move_ids"]
        }
        payable = {
            row["id"]: exact(row["amount"])
            for row in found["invoice"]
            if again or row["id"] not in waited_for
        }
        credit = -sum((exact(row["amount"]) for row in found["credit"]), Decimal(0))
        if not again:
            # What is on its way counts on the credits that it did not ask for.
            credit -= sum(
                (exact(row["amount"] or 0) for row in found["transaction"]), Decimal(0)
            )
        chosen, waiting = list(payable), found["transaction"]
        if invoice_id is not None:
            chosen = [move_id for move_id in payable if move_id == invoice_id]
            waiting = [row for row in waiting if invoice_id in row["move_ids"]]
        amount, covered = rating.to_pay(
            [payable[move_id] for move_id in chosen],
            payable.values(),
            max(credit, Decimal(0)),
        )
        return Due(
            self.env["account.move"].browse(chosen),
            amount,
            covered,
            self.env["payment.transaction"].browse(row["id"] for row in waiting),
        )

    def _load_due(self):
        """Read what is open, what is on its way, and what there is to the credit.

        In one query, since the billing page asks as well as the checkout.

        :return: rows with `id` and `amount` by what they are: `invoice` (the oldest
                 first), `transaction` (with its `move_ids` and credits), `credit`
        :rtype: dict[str, list[dict]]
        """
        moves, lines = self.env["account.move"], self.env["account.move.line"]
        transactions = self.env["payment.transaction"]
        unpaid = moves._search(self._get_unpaid_domain())
        credits = lines._search(self._get_credit_domain())
        waiting = transactions._search(
            Domain("invoice_ids", "any", self._get_unpaid_domain())
            & transactions._bitpaket_get_on_its_way_domain()
        )
        parts = [
            unpaid.select(
                SQL("'invoice'"),
                moves._field_to_sql(unpaid.table, "id", unpaid),
                moves._field_to_sql(unpaid.table, "amount_residual", unpaid),
                SQL("NULL::int[]"),
                moves._field_to_sql(unpaid.table, "invoice_date_due", unpaid),
                moves._field_to_sql(unpaid.table, "invoice_date", unpaid),
            ),
            waiting.select(
                SQL("'transaction'"),
                transactions._field_to_sql(waiting.table, "id", waiting),
                transactions._field_to_sql(waiting.table, "bitpaket_credit", waiting),
                SQL(
                    """(SELECT array_agg(invoice_id)
                          FROM account_invoice_transaction_rel
                         WHERE transaction_id = %s)""",
                    transactions._field_to_sql(waiting.table, "id", waiting),
                ),
                SQL("NULL::date"),
                SQL("NULL::date"),
            ),
            credits.select(
                SQL("'credit'"),
                lines._field_to_sql(credits.table, "id", credits),
                lines._field_to_sql(credits.table, "amount_residual_currency", credits),
                SQL("NULL::int[]"),
                SQL("NULL::date"),
                SQL("NULL::date"),
            ),
        ]
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT * FROM (%s) found (kind, id, amount, move_ids, due, made)
                 ORDER BY due, made, id
                """,
                SQL(" UNION ALL ").join(parts),
            )
        )
        found = {"invoice": [], "transaction": [], "credit": []}
        for row in rows:
            found[row["kind"]].append(row)
        return found

    def _get_checkout_facts(self):
        """Return how the customer would pay, in one query for the billing page.

        The checkout itself asks Odoo's own, slower, question which provider fits.

        :return: the name of FastSpring's `checkout`, None where there is none, and
                 whether an `account` there is known
        :rtype: dict
        """
        self.ensure_one()
        country = self.partner_id.country_id
        providers = self.env["payment.provider"]
        query = providers._search(
            [
                ("code", "=", "fastspring"),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("enabled", "test")),
                ("is_published", "=", True),
                *(
                    [
                        "|",
                        ("available_country_ids", "=", False),
                        ("available_country_ids", "in", country.ids),
                    ]
                    if country
                    else []
                ),
            ],
            order="sequence, id",
            limit=1,
        )
        rows = self.env.execute_query_dict(
            query.select(
                SQL(
                    "%s AS checkout",
                    providers._field_to_sql(query.table, "fastspring_checkout", query),
                ),
                SQL(
                    """EXISTS (SELECT 1 FROM bitpaket_fastspring_account
                                WHERE provider_id = %s AND partner_id = %s) AS account
                    """,
                    providers._field_to_sql(query.table, "id", query),
                    self.partner_id.commercial_partner_id.id,
                ),
            )
        )
        return rows[0] if rows else {"checkout": None, "account": False}

    def _find_checkout_provider(self, amount):
        """Return the FastSpring provider that takes an amount of this account, if any.

        :param Decimal amount: The amount.
        :rtype: payment.provider
        """
        self.ensure_one()
        providers = self.env["payment.provider"]._get_compatible_providers(
            self.company_id.id,
            self.partner_id.id,
            float(amount),
            currency_id=self.currency_id.id,
        )
        return providers.filtered(lambda provider: provider.code == "fastspring")[:1]

    def _begin_payment(self, due, provider):
        """Make the transaction that pays what is due.

        :param Due due: What to pay.
        :param provider: The `payment.provider`.
        :rtype: payment.transaction
        """
        self.ensure_one()
        transactions = self.env["payment.transaction"]
        prefix = due.invoices[0].name
        if len(due.invoices) > 1:
            # The numbers of all of them may be longer than FastSpring allows.
            prefix = f"{prefix}+{len(due.invoices) - 1}"
        values = {
            "provider_id": provider.id,
            "payment_method_id": provider._fastspring_get_checkout_method().id,
            "amount": float(due.amount),
            "bitpaket_credit": float(due.credit),
            "currency_id": self.currency_id.id,
            "partner_id": self._get_payer().id,
            "operation": "online_redirect",
            "landing_route": f"/my/billing/{self.id}",
            "invoice_ids": [Command.set(due.invoices.ids)],
            "reference": transactions._compute_reference(provider.code, prefix),
        }
        try:
            with self.env.cr.savepoint():
                return transactions.create(values)
        except psycopg2.errors.UniqueViolation:
            # Another tab was quicker to take the next number.
            values["reference"] = f"{prefix}-x{secrets.token_hex(4)}"
            return transactions.create(values)
