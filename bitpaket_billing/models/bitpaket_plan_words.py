"""What a plan offers, in words."""

from odoo import models

from ..tools import quantity_text


class BitpaketPlanAllowance(models.Model):
    _inherit = "bitpaket.plan.allowance"

    def _words(self):
        """Return what is included, for example: 500 GiB of Transfer out each month.

        :rtype: str
        """
        self.ensure_one()
        included = self.env._(
            "%(quantity)s %(unit)s of %(meter)s each month",
            quantity=quantity_text(self.env, self.quantity),
            unit=self.unit or "",
            meter=self.meter_id.name,
        )
        if not self.rolls_over:
            return included
        return self.env._(
            "%(included)s; what is left is added to the next month, up to %(cap)s "
            "%(unit)s",
            included=included,
            cap=quantity_text(self.env, self.cap),
            unit=self.unit or "",
        )


class SaleSubscriptionTemplate(models.Model):
    _inherit = "sale.subscription.template"

    def _bitpaket_offer_words(self, trial=True):
        """Return what a plan offers beside its price, a text per point.

        :param bool trial: whether there is a trial for the reader
        :rtype: list[str]
        """
        self.ensure_one()
        words = [one._words() for one in self.bitpaket_allowance_ids]
        words += [
            self.env._(
                "%(limit)s: %(value)s",
                limit=limit.name,
                value=quantity_text(self.env, limit.value),
            )
            for limit in self.bitpaket_limit_ids
        ]
        if trial and self.bitpaket_trial_days:
            words.append(
                self.env._(
                    "%s days on trial: nothing is charged for the plan",
                    self.bitpaket_trial_days,
                )
            )
        months = self.bitpaket_minimum_months
        if months and self.bitpaket_renews:
            words.append(
                self.env._(
                    "Minimum term: %s months, and as long again unless it is cancelled",
                    months,
                )
            )
        elif months:
            words.append(self.env._("Minimum term: %s months", months))
        return words
