"""Reads journal entries as writers want them: by SQL, in chunks, in constant memory."""

from dataclasses import dataclass
from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL, html2plaintext

from .. import bookkeeping

#: Entries that are read together.
CHUNK = 500
#: Formats in which a tax has a code of theirs or none: our name would mean nothing.
CODED_TAXES = {"datev"}
#: What a line of an invoice is for: the columns that it shares with usage lines.
SOLD = ("move_id", "meter_id", "redemption_id", "phase_id")
#: Kinds of accounts that are kept per person, and what the person is there.
PERSONAL = {"receivable": "customer", "payable": "supplier"}
KINDS = {
    "asset_receivable": "receivable",
    "asset_cash": "bank",
    "liability_payable": "payable",
    "off_balance": "asset",
}


class Names:
    """Looks up once what lines only refer to, in the company's language.

    :param target: the `bitpaket.export.target`
    """

    def __init__(self, target):
        company = target.company_id.sudo()
        language = company.partner_id.lang
        self.env = target.sudo().with_context(lang=language).with_company(company).env
        self.accounts_there = {one.account_id.id: one for one in target.account_map_ids}
        self.taxes_there = {one.tax_id.id: one.code for one in target.tax_map_ids}
        self.coded = target.format in CODED_TAXES
        self.fee = company.bitpaket_fastspring_fee_account_id.id
        self.minimum = self.env.ref("bitpaket_billing.product_minimum").id
        self.known = {}

    def _once(self, what, key, make):
        if (what, key) not in self.known:
            self.known[what, key] = make(key)
        return self.known[what, key]

    def account(self, account_id):
        return self._once("account", account_id, self._account)

    def _account(self, account_id):
        account = self.env["account.account"].browse(account_id)
        there = self.accounts_there.get(account_id)
        kind = account.account_type
        return bookkeeping.Account(
            code=there.code if there else account.code or "",
            name=there and there.name or account.name,
            kind=KINDS.get(kind) or kind.split("_")[0],
            own_code=account.code or "",
        )

    def journal(self, journal_id):
        return self._once("journal", journal_id, self.env["account.journal"].browse)

    def currency(self, currency_id):
        currencies = self.env["res.currency"]
        return self._once("currency", currency_id, currencies.browse)

    def tax(self, tax_id):
        """Return the code of a tax; empty where it has none."""
        return self._once("tax", tax_id, self._tax)

    def _tax(self, tax_id):
        code = self.taxes_there.get(tax_id)
        own = "" if self.coded else self.env["account.tax"].browse(tax_id).name
        return code or own

    def meter_kind(self, meter_id):
        meters = self.env["bitpaket.meter"]
        return self._once("meter", meter_id, lambda key: meters.browse(key).kind)

    def is_plan(self, product_id):
        """Tell whether a product is a plan's: of entries without a phase."""
        products = self.env["product.product"]
        return self._once(
            "plan", product_id, lambda key: products.browse(key).subscribable
        )

    def analytic(self, distribution):
        """Return the analytic account with the largest share."""
        if not distribution:
            return ""
        key = max(sorted(distribution), key=lambda one: distribution[one])
        return self._once("analytic", key, self._analytic)

    def _analytic(self, key):
        ids = [int(one) for one in key.split(",")]
        accounts = self.env["account.analytic.account"].browse(ids).exists()
        return ", ".join(one.code or one.name for one in accounts)

    def line_kind(self, row):
        """Return what a line is for."""
        if row["tax_line_id"]:
            return "tax"
        if row["redemption_id"]:
            return "coupon"
        if row["phase_id"]:
            return "plan"
        if row["meter_id"]:
            return self.meter_kind(row["meter_id"])
        if row["product_id"]:
            if row["product_id"] == self.minimum:
                return "commitment"
            if self.is_plan(row["product_id"]):
                return "plan"
        return "fee" if row["account_id"] == self.fee else ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What lines that are read together need to know.

    :param dict partners: as `_read_partners` tells
    :param dict services: first and last day of what was used, by `SOLD`
    :param dict settled: number of the document that a line pays, by the line's id
    """

    partners: dict
    services: dict
    settled: dict

    def partner(self, partner_id, account_kind):
        """Return a partner as what it is on an account: customer or supplier."""
        kind = PERSONAL.get(account_kind, "")
        partner = self.partners.get((partner_id, kind))
        return partner or self.partners.get((partner_id, ""))


class BitpaketExportTarget(models.Model):
    _inherit = "bitpaket.export.target"

    # === BUSINESS METHODS === #

    def _read_entries(self, move_ids):
        """Read entries one by one.

        :param move_ids: in the order in which they come
        :return: pairs of state and `Entry`; those that are gone are left out
        :rtype: Iterator[tuple[str, Entry]]
        """
        self.ensure_one()
        self.env.flush_all()
        names = Names(self)
        for start in range(0, len(move_ids), CHUNK):
            ids = tuple(move_ids[start : start + CHUNK])
            moves = {row["id"]: row for row in self._rows(self._moves_query(ids))}
            lines = {}
            for row in self._rows(self._lines_query(ids)):
                lines.setdefault(row["move_id"], []).append(row)
            facts = Facts(
                partners=self._read_partners(
                    {row["partner_id"] for some in lines.values() for row in some}
                ),
                services={
                    tuple(row[name] for name in SOLD): row
                    for row in self._rows(self._services_query(ids))
                },
                settled={
                    row["id"]: row["name"]
                    for row in self._rows(self._settled_query(ids))
                },
            )
            for move_id in ids:
                if row := moves.get(move_id):
                    entry_lines = tuple(
                        self._make_line(names, row, one, facts)
                        for one in lines.get(move_id, ())
                    )
                    yield row["state"], self._make_entry(names, row, entry_lines)

    def _rows(self, query):
        """Return the rows of a query as dictionaries; amounts are texts, so exact."""
        self.env.cr.execute(query)
        return self.env.cr.dictfetchall()

    def _make_entry(self, names, row, lines):
        journal = names.journal(row["journal_id"])
        narration = row["narration"] if row["move_type"] == "entry" else ""
        return bookkeeping.Entry(
            id=row["id"],
            name=row["name"] or "",
            date=row["date"],
            journal=journal.code or "",
            journal_name=journal.name or "",
            kind=row["kind"],
            document_date=row["invoice_date"],
            reference=row["reference"] or "",
            reverses=row["reverses"] or "",
            narration=html2plaintext(narration or "").strip(),
            lines=lines,
        )

    def _make_line(self, names, move, row, facts):
        balance = Decimal(row["balance"])
        account = names.account(row["account_id"])
        taxes = (names.tax(tax_id) for tax_id in row["tax_ids"])
        start, end = self._service(row, facts)
        return bookkeeping.Line(
            account=account,
            debit=max(balance, Decimal(0)),
            credit=max(-balance, Decimal(0)),
            label=row["name"] or "",
            partner=facts.partner(row["partner_id"], account.kind),
            amount_currency=Decimal(row["amount_currency"]),
            currency=names.currency(row["currency_id"]).name,
            taxes=tuple(filter(None, taxes)),
            tax=names.tax(row["tax_line_id"]) if row["tax_line_id"] else "",
            due_date=row["date_maturity"],
            service_start=start,
            service_end=end,
            kind=names.line_kind(row),
            analytic=names.analytic(row["analytic_distribution"]),
            matching=row["matching_number"] or "",
            settles=self._settles(move, row, account, facts),
        )

    def _service(self, row, facts):
        """Return from when until when a line is for: as it says, or as was used."""
        if row["service_end"]:
            return row["service_start"], row["service_end"]
        used = row["sold"] and facts.services.get(tuple(row[name] for name in SOLD))
        return (used["date_start"], used["date_end"]) if used else (None, None)

    def _settles(self, move, row, account, facts):
        """Return the number of the document that a line pays or credits, or nothing."""
        if account.kind not in PERSONAL or move["kind"] == "invoice":
            return ""
        return facts.settled.get(row["id"]) or move["reverses"] or ""

    def _read_partners(self, ids):
        """Return partners, with their numbers at this target.

        :return: by id and as what: `customer`, `supplier`; each partner is also there
            as neither, with the first number that it has
        :rtype: dict[tuple[int, str], Partner]
        """
        query = SQL(
            """
            SELECT partner.id, partner.name, partner.vat, partner.street, partner.zip,
                   partner.city, country.code AS country, partner.email,
                   there.number, there.kind
              FROM res_partner partner
              LEFT JOIN res_country country ON country.id = partner.country_id
              LEFT JOIN bitpaket_export_partner there
                ON there.partner_id = partner.id AND there.target_id = %s
             WHERE partner.id IN %s
             ORDER BY partner.id, there.kind
            """,
            self.id,
            tuple(filter(None, ids)) or (None,),
        )
        partners = {}
        for row in self._rows(query):
            kind = row.pop("kind")
            partner = bookkeeping.Partner(
                **{name: value or "" for name, value in row.items()}
            )
            partners.setdefault((partner.id, ""), partner)
            partners[partner.id, kind or ""] = partner
        return partners

    # === QUERIES === #

    def _moves_query(self, ids):
        return SQL(
            """
            SELECT move.id, move.name, move.state, move.date, move.journal_id,
                   move.move_type, move.invoice_date, move.narration,
                   reversed.name AS reverses,
                   CASE
                     WHEN move.move_type IN ('out_refund', 'in_refund')
                       THEN 'credit_note'
                     WHEN move.move_type != 'entry' THEN 'invoice'
                     WHEN payment.bitpaket_chargeback THEN 'chargeback'
                     WHEN payment.payment_type = 'outbound'
                      AND payment.partner_type = 'customer' THEN 'refund'
                     WHEN payment.id IS NOT NULL THEN 'payment'
                     WHEN EXISTS (
                            SELECT FROM bitpaket_deferral_entry movement
                             WHERE movement.move_id = move.id
                          ) THEN 'recognition'
                     WHEN fee.order_reference IS NOT NULL THEN 'fee'
                     WHEN EXISTS (
                            SELECT FROM bitpaket_fastspring_payout payout
                             WHERE payout.move_id = move.id
                                OR payout.statement_line_id = move.statement_line_id
                          ) THEN 'payout'
                     WHEN move.statement_line_id IS NOT NULL THEN 'payment'
                     ELSE 'entry'
                   END AS kind,
                   COALESCE(
                     NULLIF(transaction.provider_reference, ''), fee.order_reference,
                     NULLIF(payment.memo, ''), move.ref
                   ) AS reference
              FROM account_move move
              LEFT JOIN account_move reversed ON reversed.id = move.reversed_entry_id
              LEFT JOIN account_payment payment ON payment.id = move.origin_payment_id
              LEFT JOIN payment_transaction transaction
                ON transaction.id = payment.payment_transaction_id
              LEFT JOIN LATERAL (
                    SELECT order_reference FROM bitpaket_fastspring_payout_entry
                     WHERE move_id = move.id ORDER BY id LIMIT 1
                   ) fee ON move.move_type = 'entry'
             WHERE move.id IN %s
            """,
            ids,
        )

    def _lines_query(self, ids):
        return SQL(
            """
            SELECT line.id, line.move_id, line.account_id, line.balance::text,
                   line.name, line.display_type = 'product' AS sold,
                   COALESCE(partner.commercial_partner_id, partner.id) AS partner_id,
                   line.amount_currency::text, line.currency_id, line.tax_line_id,
                   line.date_maturity, line.matching_number,
                   line.analytic_distribution, line.product_id,
                   line.bitpaket_meter_id AS meter_id,
                   line.bitpaket_redemption_id AS redemption_id,
                   line.bitpaket_phase_id AS phase_id,
                   line.bitpaket_service_start AS service_start,
                   line.bitpaket_service_end AS service_end,
                   ARRAY(
                     SELECT account_tax_id FROM account_move_line_account_tax_rel
                      WHERE account_move_line_id = line.id ORDER BY account_tax_id
                   ) AS tax_ids
              FROM account_move_line line
              LEFT JOIN res_partner partner ON partner.id = line.partner_id
             WHERE line.move_id IN %s AND line.account_id IS NOT NULL
               AND line.display_type NOT IN (
                     'line_section', 'line_subsection', 'line_note'
                   )
             ORDER BY line.move_id, line.sequence, line.id
            """,
            ids,
        )

    def _services_query(self, ids):
        return SQL(
            """
            SELECT move_id, meter_id, redemption_id, phase_id,
                   MIN(date_start) AS date_start, MAX(date_end) AS date_end
              FROM bitpaket_usage_line
             WHERE move_id IN %s
             GROUP BY move_id, meter_id, redemption_id, phase_id
            """,
            ids,
        )

    def _settled_query(self, ids):
        """Return for each line the document that it pays, if it is only one.

        A credit note pays an invoice; all else also pays credit notes.
        """
        return SQL(
            """
            SELECT own.id, MIN(document.name) AS name
              FROM account_move_line own
              JOIN account_move move ON move.id = own.move_id
              JOIN LATERAL (
                    SELECT credit_move_id AS line_id FROM account_partial_reconcile
                     WHERE debit_move_id = own.id
                     UNION ALL
                    SELECT debit_move_id FROM account_partial_reconcile
                     WHERE credit_move_id = own.id
                   ) paid ON true
              JOIN account_move_line other ON other.id = paid.line_id
              JOIN account_move document
                ON document.id = other.move_id AND document.move_type != 'entry'
             WHERE own.move_id IN %s AND own.matching_number IS NOT NULL
               AND move.move_type NOT IN (
                     'out_invoice', 'in_invoice', 'out_receipt', 'in_receipt'
                   )
             GROUP BY own.id
            HAVING COUNT(DISTINCT document.id) = 1
            """,
            ids,
        )

    # === NUMBERS OF PARTNERS === #

    def _give_numbers(self, moves_query):
        """Give customers and suppliers of entries a number there, once and for all.

        :param SQL moves_query: of the ids of the entries
        """
        self.ensure_one()
        if not self.number_partners:
            return
        self._lock()
        self.env["account.move.line"].flush_model()
        new = self._rows(
            SQL(
                """
                SELECT DISTINCT partner.commercial_partner_id AS id,
                       CASE WHEN account.account_type = 'asset_receivable'
                            THEN 'customer' ELSE 'supplier' END AS kind
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                  JOIN res_partner partner ON partner.id = line.partner_id
                 WHERE line.move_id IN (%s)
                   AND account.account_type IN ('asset_receivable', 'liability_payable')
                 ORDER BY 1, 2
                """,
                moves_query,
            )
        )
        customers, suppliers = self.first_customer_number, self.first_supplier_number
        taken = set(self.partner_map_ids.mapped("number"))
        known = {(one.partner_id.id, one.kind) for one in self.partner_map_ids}
        following = {
            "customer": self._free_numbers(taken, customers, suppliers),
            "supplier": self._free_numbers(taken, suppliers, customers),
        }
        self.env["bitpaket.export.partner"].sudo().create(
            [
                {
                    "target_id": self.id,
                    "partner_id": row["id"],
                    "kind": row["kind"],
                    "number": next(following[row["kind"]]),
                }
                for row in new
                if (row["id"], row["kind"]) not in known
            ]
        )

    def _free_numbers(self, taken, first, other):
        """Yield the numbers after the last one that is taken, from the first one on.

        :param set taken: numbers that somebody has
        :param int other: where the numbers of the other kind begin
        :raise UserError: when there is none left before those of the other kind
        """
        end = other if other > first else 10**9
        used = [int(one) for one in taken if one.isdecimal()]
        last = max((one for one in used if first <= one < end), default=first - 1)
        for number in range(last + 1, end):
            yield str(number)
        raise UserError(
            self.env._(
                "All numbers from %(first)s to %(last)s are given: choose other first "
                "numbers on the target %(target)s.",
                first=first,
                last=end - 1,
                target=self.name,
            )
        )

    def _lock(self):
        """Wait until nobody else exports to this target, or numbers its partners."""
        # Of two that do this at once, the second fails here, and looks again.
        self.env.cr.execute(
            SQL("UPDATE bitpaket_export_target SET id = id WHERE id = %s", self.id)
        )
