from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..fastspring import const

#: FastSpring's clock and ours may differ by so much.
SKEW = timedelta(minutes=5)


class BitpaketFastspringAccount(models.Model):
    """Which account at FastSpring holds a customer's cards, orders and receipts.

    Who is let into it needs no password, so it is never guessed: the buyer types any
    e-mail address at the checkout, and FastSpring then orders for that address's
    account. Only an account that FastSpring made for a payment of ours is the
    customer's; all others are entered by a person who knows.
    """

    _name = "bitpaket.fastspring.account"
    _description = "Customer's Account at FastSpring"
    _rec_name = "reference"
    _order = "id desc"

    provider_id = fields.Many2one(
        "payment.provider",
        required=True,
        ondelete="cascade",
        domain=[("code", "=", "fastspring")],
        default=lambda self: self._default_provider_id(),
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("parent_id", "=", False)],
        help="Whoever may see this customer's billing page may open the account.",
    )
    reference = fields.Char(
        string="Account at FastSpring",
        required=True,
        help="FastSpring's id of the account, as shown there.",
    )

    _partner_uniq = models.Constraint(
        "unique (provider_id, partner_id)",
        "This customer has an account at FastSpring already.",
    )
    # Two customers in one account would see each other's receipts and cards.
    _reference_uniq = models.Constraint(
        "unique (provider_id, reference)",
        "This account at FastSpring belongs to another customer already.",
    )

    @api.model
    def _default_provider_id(self):
        # Who keeps this list may not read providers.
        return (
            self.env["payment.provider"]
            .sudo()
            .search(
                [
                    ("code", "=", "fastspring"),
                    ("company_id", "=", self.env.company.id),
                    ("state", "!=", "disabled"),
                ],
                limit=1,
            )
            .id
        )

    @api.model
    def _find(self, provider, partner):
        """Return a customer's account in a store, if it is known.

        :param provider: The `payment.provider`.
        :param partner: The customer, or one of its contacts.
        """
        return self.search(
            [
                ("provider_id", "=", provider.id),
                ("partner_id", "=", partner.commercial_partner_id.id),
            ]
        )

    @api.model
    def _learn(self, transaction):
        """Keep the account that FastSpring made for a transaction's order.

        :param transaction: The `payment.transaction`; it names the account.
        :return: Whether the account is that customer's.
        :rtype: bool
        """
        provider = transaction.provider_id
        partner = transaction.partner_id.commercial_partner_id
        reference = transaction.fastspring_account
        if not self._was_made_for(transaction):
            return self._find(provider, partner).reference == reference
        # What is known, for either of them, stays.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO bitpaket_fastspring_account
                       (provider_id, company_id, partner_id, reference,
                        create_uid, create_date, write_uid, write_date)
                VALUES (%(provider)s, %(company)s, %(partner)s, %(reference)s,
                        %(user)s, %(now)s, %(user)s, %(now)s)
                ON CONFLICT DO NOTHING
                """,
                provider=provider.id,
                company=provider.company_id.id,
                partner=partner.id,
                reference=reference,
                user=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        return self._find(provider, partner).reference == reference

    @api.model
    def _was_made_for(self, transaction):
        """Tell whether FastSpring made an account while a transaction was paid.

        :rtype: bool
        """
        created = self.env.execute_query(
            SQL(
                """
                SELECT 1 FROM bitpaket_fastspring_event
                 WHERE provider_id = %s AND type = %s AND created >= %s
                   AND (payload->'data'->>'id' = %s
                        OR payload->'data'->>'account' = %s)
                 LIMIT 1
                """,
                transaction.provider_id.id,
                const.ACCOUNT_CREATED,
                transaction.create_date - SKEW,
                transaction.fastspring_account,
                transaction.fastspring_account,
            )
        )
        return bool(created)
