"""What a plan means for the rating of an account: book, allowances, fees."""

from decimal import Decimal
from typing import NamedTuple

from odoo import fields, models

from .. import rating
from ..tools import exact
from .bitpaket_account_rating import Terms


class Allowance(NamedTuple):
    """What of a meter is included in one period.

    :param int meter_id: id of the `bitpaket.meter`
    :param Decimal included: by the plan, in billed units
    :param Decimal carried: left over from the period before
    :param cap: Decimal, what can be carried on at most; None: nothing is
    """

    meter_id: int
    included: Decimal
    carried: Decimal = Decimal(0)
    cap: Decimal | None = None

    @property
    def quantity(self):
        """All that is included."""
        return self.included + self.carried


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _plan_terms(self, part):
        """Return what the plan of a period means for its rating.

        :param rating.Period part: the billed days
        :return: price book, and values for `Terms`
        :rtype: tuple
        """
        self.ensure_one()
        fees = self._timeline().fees(part)
        phase = self._phase_on(part.start)
        plan = phase.plan_id
        if not plan:
            return self.price_book_id, {"fees": fees}
        return (
            plan.bitpaket_book_id or self.price_book_id,
            {
                "plan": plan._bitpaket_key(),
                "allowances": self._allowances(plan, part),
                "fees": fees,
            },
        )

    def _allowances(self, plan, part, full=None, carry=True):
        """Return what a plan includes in a period of this account.

        :param plan: the plan
        :param rating.Period part: the billed days
        :param rating.Period full: what they are cut from; default: as billed
        :param bool carry: whether the rest of the period before is added
        :return: `Allowance` records by code of the meter
        :rtype: dict
        """
        self.ensure_one()
        included = plan._bitpaket_included(plan.id)
        if not included:
            return {}
        full = full or self._full_period(part.start)
        rolls_over = any(cap is not None for _meter, _quantity, cap in included)
        carried = self._carried(plan, part) if carry and rolls_over else {}
        codes = {one.id: one.code for one in self.env["bitpaket.meter"]._catalogue()}
        return {
            codes[meter_id]: Allowance(
                meter_id,
                rating.prorated_allowance(quantity, part, full),
                Decimal(0) if cap is None else carried.get(meter_id, Decimal(0)),
                cap,
            )
            for meter_id, quantity, cap in included
        }

    def _carried(self, plan, part):
        """Return what the period before left of a plan's allowances.

        :return: quantities by id of the meter
        :rtype: dict[int, Decimal]
        """
        before = self._phase_on(fields.Date.subtract(part.start, days=1)).plan_id
        if before._bitpaket_family() != plan._bitpaket_family():
            return {}
        rows = self.env["bitpaket.statement.allowance"].sudo()
        left = rows.search_fetch(
            [
                ("statement_id.account_id", "=", self.id),
                ("statement_id.kind", "=", "period"),
                ("statement_id.period_end", "=", part.start),
            ],
            ["meter_id", "quantity_left"],
        )
        return {row.meter_id.id: exact(row.quantity_left) for row in left}

    def _terms_on_plan(self, plan, interval, part):
        """Return what this account would be rated by, if it were on a plan.

        The fee is that of the days in question.

        :param plan: the plan
        :param str interval: month or year
        :param rating.Period part: the days
        :rtype: Terms
        """
        self.ensure_one()
        price = plan._bitpaket_price(self.currency_id, interval)
        phase = rating.Phase(
            part.start,
            part.start,
            plan._bitpaket_key(),
            rating.monthly(exact(price.amount), 12 if interval == "year" else 1),
            code="0",
        )
        full = rating.calendar_month(part.start)
        fee = rating.Fee("0", phase.fee, part.start, part.end, full.days, phase.plan)
        return Terms(
            plan.bitpaket_book_id or self.price_book_id,
            {},
            plan=phase.plan,
            allowances=self._allowances(plan, part, full, carry=False),
            fees=(fee,),
        )
