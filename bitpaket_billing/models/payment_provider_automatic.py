from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

from ..fastspring import automatic

#: What decides whether a provider charges automatically.
OFFER = {
    *("code", "company_id", "fastspring_automatic_product", "is_published", "state"),
    "sequence",
}


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    fastspring_automatic_product = fields.Char(
        string="Automatic payment",
        help="The path of the product at FastSpring that customers who pay "
        "automatically subscribe to. Its billing there is on demand; its price does "
        "not matter. Without it, automatic payment is not offered.",
    )
    fastspring_retry_days = fields.Char(
        string="Retry declines",
        default="3, 5, 7",
        help="How many days after the first try a declined charge is tried again, such "
        "as 3, 5, 7. Empty: never. What the bank refuses for good is not tried again.",
    )
    fastspring_lost_hours = fields.Integer(
        string="Wait for an answer",
        default=24,
        help="For how many hours the outcome of a charge is awaited when FastSpring's "
        "answer was lost, before the charge counts as not made.",
    )

    @api.constrains("fastspring_retry_days")
    def _check_fastspring_retry_days(self):
        for provider in self:
            try:
                automatic.parse_days(provider.fastspring_retry_days)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Enter growing numbers of days of at most %(days)s, such as "
                        "3, 5, 7, instead of “%(entered)s”.",
                        days=automatic.MAX_DAYS,
                        entered=provider.fastspring_retry_days,
                    )
                ) from error

    @api.constrains("fastspring_lost_hours")
    def _check_fastspring_lost_hours(self):
        for provider in self:
            if not 1 <= provider.fastspring_lost_hours <= 24 * 14:
                raise ValidationError(
                    self.env._(
                        "Wait for an answer for at least 1 hour and at most 14 days."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Forget which provider charges automatically."""
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Forget which provider charges automatically."""
        if OFFER & vals.keys():
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        """Forget which provider charges automatically."""
        self.env.registry.clear_cache()
        return super().unlink()

    # === ACTION METHODS === #

    def action_fastspring_test_automatic(self):
        """Open a checkout as customers get it who want to pay automatically.

        :return: a notification that it works
        :rtype: dict
        :raise UserError: if it would not, with the reason
        """
        _currency, problems = self._fastspring_try_checkout(
            self._fastspring_expect_opt_in, locale="en"
        )
        if any(not problem.soft for problem in problems):
            raise UserError(
                self.env._(
                    "FastSpring answers, but this would keep customers from paying "
                    "automatically:\n%s",
                    self._fastspring_explain_problems(problems),
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Automatic payment works"),
                "message": self.env._(
                    "FastSpring opened a checkout for product %s.",
                    self.fastspring_automatic_product,
                ),
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _fastspring_get_automatic(self, company):
        """Return the provider that charges a company's customers automatically.

        :return: an empty recordset if none does
        """
        return self.browse(self._fastspring_get_automatic_id(company.id))

    @api.model
    @ormcache("company_id")
    def _fastspring_get_automatic_id(self, company_id):
        """Look it up once: every billing page asks for it."""
        return (
            self.sudo()
            .search(
                [
                    ("code", "=", "fastspring"),
                    ("company_id", "=", company_id),
                    ("state", "in", ("enabled", "test")),
                    ("is_published", "=", True),
                    ("fastspring_automatic_product", "!=", False),
                ],
                limit=1,
            )
            .id
        )

    def _fastspring_expect_opt_in(self, reference, currency):
        """Return what an order must look like to store a payment method.

        It costs nothing, as what is charged later is not known yet.

        :param str reference: the transaction's reference
        :param currency: the `res.currency` of later charges
        :rtype: Expected
        :raise ValidationError: if FastSpring cannot be asked for this, in words
        """
        return self._fastspring_expect_automatic(reference, Decimal(0), currency)

    def _fastspring_expect_automatic(self, reference, amount, currency):
        """Return what an order for the product of automatic payment must look like.

        :rtype: Expected
        :raise ValidationError: if FastSpring cannot be asked for this, in words
        """
        self.ensure_one()
        if not self.fastspring_automatic_product:
            raise ValidationError(
                self.env._("Enter the product for automatic payment first.")
            )
        return self._fastspring_expect(
            reference,
            amount,
            currency,
            product=self.fastspring_automatic_product,
            on_demand=True,
        )
