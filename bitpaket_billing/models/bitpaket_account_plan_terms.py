"""What a plan means for the rating of an account: book, allowances, fees."""

from decimal import Decimal
from typing import NamedTuple

from odoo import models

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
        if not plan.bitpaket_allowance_ids:
            return {}
        full = full or self._full_period(part.start)
        carried = self._carried(plan, part) if carry else {}
        return {
            one.meter_id.code: Allowance(
                one.meter_id.id,
                rating.prorated_allowance(exact(one.quantity), part, full),
                carried.get(one.meter_id.id, Decimal(0)) if one.rolls_over else 0,
                exact(one.cap) if one.rolls_over else None,
            )
            for one in plan.bitpaket_allowance_ids
        }

    def _carried(self, plan, part):
        """Return what the period before left of a plan's allowances.

        :return: quantities by id of the meter
        :rtype: dict[int, Decimal]
        """
        if not any(plan.bitpaket_allowance_ids.mapped("rolls_over")):
            return {}
        statements = self.env["bitpaket.statement"].sudo()
        before = statements.search_fetch(
            [
                ("account_id", "=", self.id),
                ("kind", "=", "period"),
                ("period_end", "=", part.start),
            ],
            ["phase_id"],
            limit=1,
        )
        family = before.phase_id.plan_id._bitpaket_family()
        if family != plan._bitpaket_family():
            return {}
        return {
            row.meter_id.id: exact(row.quantity_left) for row in before.allowance_ids
        }

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
