"""What entries do differently when the fast path of invoicing makes many at once."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_repr

#: Context key: the lines to create are complete; the value is a `Shared`.
COMPLETE = "bitpaket_complete_lines"
#: Context key: the moves to post may be numbered and checked together; likewise.
TOGETHER = "bitpaket_post_together"


class Shared:
    """What is found out once for all entries that are made together."""

    def __init__(self):
        self.defaults = {}  # of a model, by the names of the values that are given
        self.places = {}  # decimal places, by the id of the currency
        self.locks = {}  # violated lock dates, by what was asked


class FastMonetary(fields.Monetary):
    """An amount that is written without a record or two to learn its currency.

    Stock makes them for every amount, and rounds it once more when it is kept. The
    amounts of given lines are rounded already.
    """

    def convert_to_column_insert(self, value, record, values=None, validate=True):
        name = self.get_currency_field(record)
        context = record.env.context
        if not values and _is_fast(record):
            currency = record[:1][name]
            return float_repr(currency.round(value or 0.0), currency.decimal_places)
        if not values or name not in values or COMPLETE not in context:
            return super().convert_to_column_insert(value, record, values, validate)
        places = context[COMPLETE].places
        currency_id = values[name]
        if currency_id not in places:
            currency = record.env["res.currency"].browse(currency_id)
            places[currency_id] = currency.decimal_places
        return float_repr(value or 0.0, places[currency_id])

    def convert_to_cache(self, value, record, validate=True):
        if not _is_fast(record):
            return super().convert_to_cache(value, record, validate)
        value = value or 0.0
        given = COMPLETE in record.env.context and record._name == "account.move.line"
        if value and validate and not given:
            value = record[self.get_currency_field(record)].round(value)
        return value

    def _filter_not_equal(self, records, cache_value):
        if not _is_fast(records):
            return super()._filter_not_equal(records, cache_value)
        # What is in the cache was rounded above.
        return super(fields.Monetary, self)._filter_not_equal(records, cache_value)


def _is_fast(records):
    context = records.env.context
    return COMPLETE in context or TOGETHER in context


def _complete_by_defaults(model, values, find):
    """Look up the defaults of given values once for all that give the same.

    :param callable find: stock `_add_missing_default_values`
    """
    shared = model.env.context.get(COMPLETE)
    if not shared:
        return find(values)
    given = (model._name, frozenset(values))
    if given not in shared.defaults:
        complete = find(values)
        shared.defaults[given] = {
            name: complete[name] for name in complete if name not in values
        }
    return {**shared.defaults[given], **values}


def _company_is_consistent(records):
    """Tell for many records at once what `_check_company` finds out for each.

    Whoever is told no asks the stock method, which reports what is wrong.

    :rtype: bool
    """
    names = [
        field.name
        for field in records._fields.values()
        if field.relational and field.check_company and not field.company_dependent
    ]
    for company, group in records.sudo().grouped("company_id").items():
        for name in names:
            values = group[name].with_context(active_test=False)
            domain = values and values._check_company_domain(company)
            if domain and values != values.filtered_domain(domain):
                return False
    return True


class AccountMove(models.Model):
    _inherit = "account.move"

    amount_residual = FastMonetary()
    amount_residual_signed = FastMonetary()
    amount_tax = FastMonetary()
    amount_tax_signed = FastMonetary()
    amount_total = FastMonetary()
    amount_total_in_currency_signed = FastMonetary()
    amount_total_signed = FastMonetary()
    amount_untaxed = FastMonetary()
    amount_untaxed_in_currency_signed = FastMonetary()
    amount_untaxed_signed = FastMonetary()

    def _check_company(self, fnames=None):
        if self.env.context.get(COMPLETE) and _company_is_consistent(self):
            return
        super()._check_company(fnames)

    @api.model
    def _add_missing_default_values(self, values):
        return _complete_by_defaults(self, values, super()._add_missing_default_values)

    def _compute_name(self):
        """Number moves that are posted together without a search for each."""
        if not self.env.context.get(TOGETHER):
            return super()._compute_name()
        todo = self.filtered(lambda move: move.state == "posted" and not move.name)
        super(AccountMove, self - todo)._compute_name()
        # Written at once, without what the numbers will change.
        self.env.remove_to_compute(self._fields["made_sequence_gap"], todo)
        todo.flush_recordset()
        for moves in todo.grouped(lambda move: move._bitpaket_sequence_key()).values():
            first, *others = moves.sorted(
                lambda move: (move.date, move.ref or "", move.id)
            )
            first._set_next_sequence()
            form, values = first._get_sequence_format_param(first.name)
            for move in others:
                move.name = move._locked_increment(form, dict(values))
        todo.modified(["name"])
        parts = [self._fields[name] for name in ("sequence_prefix", "sequence_number")]
        with self.env.protecting(parts, todo):
            todo._compute_split_sequence()
        todo._inverse_name()

    def _bitpaket_sequence_key(self):
        """Return what moves have in common that are numbered in one row."""
        refund = self.journal_id.refund_sequence and self.move_type == "out_refund"
        return (self.journal_id, refund, self.date)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    amount_currency = FastMonetary()
    amount_residual = FastMonetary()
    amount_residual_currency = FastMonetary()
    balance = FastMonetary()
    credit = FastMonetary()
    debit = FastMonetary()
    discount_amount_currency = FastMonetary()
    discount_balance = FastMonetary()
    price_subtotal = FastMonetary()
    price_total = FastMonetary()
    tax_base_amount = FastMonetary()

    def _check_company(self, fnames=None):
        if self.env.context.get(COMPLETE) and _company_is_consistent(self):
            return
        super()._check_company(fnames)

    @api.constrains("tax_ids", "tax_repartition_line_id")
    def _check_caba_non_caba_shared_tags(self):
        """Skip what is about taxes that are due on payment: `_obstacle_of`."""
        if not self.env.context.get(COMPLETE):
            super()._check_caba_non_caba_shared_tags()

    @api.model
    def _add_missing_default_values(self, values):
        return _complete_by_defaults(self, values, super()._add_missing_default_values)

    def _add_precomputed_values(self, vals_list):
        """Complete the values of given lines without a virtual record for each."""
        given = self.env.context.get(COMPLETE)
        if given:
            moves = self.env["account.move"]
            parts = self.env["account.tax.repartition.line"]
            for vals in vals_list:
                move = moves.browse(vals["move_id"])
                tax = parts.browse(vals["tax_repartition_line_id"]).tax_id
                vals.update(
                    journal_id=move.journal_id.id,
                    company_id=move.company_id.id,
                    company_currency_id=move.company_currency_id.id,
                    tax_line_id=tax.id,
                    tax_group_id=tax.tax_group_id.id,
                    debit=max(vals["balance"], 0.0),
                    credit=max(-vals["balance"], 0.0),
                )
        super()._add_precomputed_values(vals_list)
        if given:
            # Inverse methods would derive from one value what the others say.
            inverse = {field for field in self._fields.values() if field.inverse}
            for vals in vals_list:
                vals.setdefault("__precomputed__", set()).update(inverse)

    @api.model
    def _create(self, data_list):
        """Keep what given lines say, also in fields that are computed otherwise."""
        if self.env.context.get(COMPLETE):
            for data in data_list:
                data["protected"].update(
                    field
                    for field in map(self._fields.get, data["stored"])
                    if field.compute
                )
        return super()._create(data_list)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _search_reconciled_invoice_ids(self, operator, value):
        """Find nothing while entries are made: nothing has paid them yet."""
        if self.env.context.get(COMPLETE) and operator in ("in", "="):
            return Domain.FALSE
        return super()._search_reconciled_invoice_ids(operator, value)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_lock_date_violations(self, accounting_date, *args, **kwargs):
        """Look up the lock dates once for all moves that are posted together."""
        shared = self.env.context.get(TOGETHER)
        if not shared:
            return super()._get_lock_date_violations(accounting_date, *args, **kwargs)
        asked = (self.id, accounting_date, args, *sorted(kwargs.items()))
        if asked not in shared.locks:
            shared.locks[asked] = super()._get_lock_date_violations(
                accounting_date, *args, **kwargs
            )
        return list(shared.locks[asked])
