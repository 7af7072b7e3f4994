"""What stands on a statement: rated lines as records, and compared with new ratings."""

from odoo import api, models

from .. import rating
from ..tools import exact, period_label, quantity_text
from .bitpaket_account_rating import Terms


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    def _prepare_lines(self, lines, meters=None, lang=None):
        """Return the values of this statement's usage lines.

        :param lines: `rating.Line` records
        :param meters: all `bitpaket.meter` records, when they were looked up already
        :param str lang: of the texts; default: the invoice's
        :rtype: list[dict]
        """
        self.ensure_one()
        lang = lang or self.account_id._get_invoice_lang()
        statement = self.with_context(lang=lang)
        if meters is None:
            meters = self.env["bitpaket.meter"]._catalogue()
        meters = meters.with_context(lang=lang)
        meter_by_code = {meter.code: meter for meter in meters}
        return [
            {
                "statement_id": statement.id,
                "account_id": statement.account_id.id,
                "sequence": sequence,
                **statement._prepare_line(line, meter_by_code.get(line.meter)),
            }
            for sequence, line in enumerate(lines)
        ]

    @api.model
    def _preview_lines(self, account, period, lines):
        """Return lines as the invoice will show them, in the reader's language.

        :param account: `bitpaket.account` record, which may be new
        :param rating.Period period: the billed days
        :param lines: `rating.Line` records
        :return: unsaved `bitpaket.usage.line` records
        """
        preview = self.new(
            {
                "account_id": account.id,
                "currency_id": account.currency_id.id,
                "period_start": period.start,
                "period_end": period.end,
            }
        )
        usage_lines = self.env["bitpaket.usage.line"]
        values_list = preview._prepare_lines(lines, lang=self.env.user.lang)
        return usage_lines.concat(*map(usage_lines.new, values_list))

    def _prepare_line(self, line, meter):
        late = line.kind == "adjustment"
        coupon = line.kind == "coupon"
        return {
            "type": line.kind,
            "name": self._line_name(line, meter),
            "meter_id": meter.id if meter else None,
            "kind": meter.kind if meter else None,
            "price_id": int(line.price) if line.price else None,
            "date_start": line.start,
            "date_end": line.end,
            "quantity": float(line.quantity),
            "unit": self._line_unit(line, meter),
            "free": line.free,
            "tier_from": float(line.tier_from or 0),
            "tier_to": float(line.tier_to or 0),
            "flat_amount": 0 if late or coupon else float(line.flat),
            "unit_price": float(line.unit_price),
            "per": float(line.per),
            "basis": line.note or None,
            "charged_quantity": _float_or_none(line.charged_quantity),
            "metered_quantity": _float_or_none(line.metered),
            "amount": float(line.amount),
            "adjusted_statement_id": self._adjusted_by(line),
            "redemption_id": int(line.code) if coupon else None,
            "phase_id": int(line.fee) if int(line.fee or 0) else None,
        }

    def _adjusted_by(self, line):
        """Return the id of the statement that a line adjusts, if it adjusts one."""
        if line.kind == "adjustment":
            return int(line.code)
        # A fee that was credited, and is billed again.
        return self.id if line.kind == "fee" and line.note == "again" else None

    def _line_unit(self, line, meter):
        if line.note == "event_fee":
            return self.env._("events")
        if line.kind == "coupon":
            return None
        return meter.unit if meter else None

    def _compare_with_billed(self, lines):
        """Return what a new rating of this statement's period adds to what was billed.

        :param lines: `rating.Line` records of the new rating
        :return: one `rating.Adjustment` per meter that differs
        :rtype: list
        """
        self.ensure_one()
        return rating.adjustments(
            lines,
            self._billed_by_meter(),
            rating.Period(self.period_start, self.period_end),
            code=str(self.id),
            note="again" if self.reopened else "",
        )

    def _billed_by_meter(self):
        """Return what is billed for this period, on any invoice, and not credited.

        What is credited for good counts as billed: nothing takes its place.

        :return: (amount, quantity) by code of the meter; None: of no meter
        :rtype: dict[str | None, tuple[Decimal, Decimal]]
        """
        self.ensure_one()
        lines = self.env["bitpaket.usage.line"].sudo()
        billed = lines._read_group(
            [
                ("for_good", "=", False),
                ("redemption_id", "=", False),
                ("phase_id", "=", False),
                "|",
                "&",
                ("statement_id", "=", self.id),
                ("type", "in", ("usage", "commitment")),
                ("adjusted_statement_id", "=", self.id),
            ],
            ["meter_id"],
            ["amount:sum", "quantity:sum"],
        )
        digits = self.currency_id.decimal_places
        return {
            meter.code or None: (round(exact(amount), digits), exact(quantity))
            for meter, amount, quantity in billed
        }

    def _billed_terms(self):
        """Return what the account was rated by in this period.

        :rtype: Terms
        """
        self.ensure_one()
        return Terms(
            self.price_book_id,
            {"commitment": self.commitment_amount},
            agreed=not self.book_only,
        )

    def _line_name(self, line, meter):
        """Return what a usage line is for, in the customer's language."""
        if line.kind == "minimum":
            return self.env._("Minimum invoice")
        if line.kind == "fee":
            return self._fee_name(line)
        name = meter.name if meter else self.env._("Minimum commitment")
        if line.fee:
            name = self._fee_name(line)
        if line.kind == "coupon":
            redemption = self.env["bitpaket.coupon.redemption"].browse(int(line.code))
            return self.env._(
                "Coupon %(coupon)s: %(meter)s",
                coupon=redemption._label(),
                meter=name,
            )
        if line.kind == "adjustment":
            if line.note == "again":
                return self.env._(
                    "%(meter)s, correction of %(period)s",
                    meter=name,
                    period=period_label(self.env, line.start, line.end),
                )
            return self.env._(
                "%(meter)s, late usage of %(period)s",
                meter=name,
                period=period_label(self.env, line.start, line.end),
            )
        if line.free:
            return self.env._("%s, free allowance", name)
        if line.note == "minimum":
            return self.env._("%s, up to the minimum", name)
        if line.note == "maximum":
            return self.env._("%s, down to the maximum", name)
        if line.note == "event_fee":
            return self.env._("%s, fee per event", name)
        return self._tier_name(line, meter) if line.tier_from is not None else name

    def _fee_name(self, line):
        phase = self.env["bitpaket.plan.phase"].browse(int(line.fee) or False)
        return phase._fee_name(line) if phase else self.env._("Plan")

    def _tier_name(self, line, meter):
        bounds = {
            "meter": meter.name,
            "low": quantity_text(self.env, line.tier_from),
            "high": quantity_text(self.env, line.tier_to or 0),
            "unit": meter.unit,
        }
        if line.tier_to is None:
            if not line.tier_from:
                return meter.name
            return self.env._("%(meter)s, above %(low)s %(unit)s", **bounds)
        if not line.tier_from:
            return self.env._("%(meter)s, up to %(high)s %(unit)s", **bounds)
        return self.env._("%(meter)s, from %(low)s to %(high)s %(unit)s", **bounds)


def _float_or_none(value):
    return None if value is None else float(value)
