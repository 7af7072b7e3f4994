from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class BitpaketAccount(models.Model):
    """Paying by itself: the customer agrees once, and each new invoice is charged."""

    _inherit = "bitpaket.account"

    automatic_token_id = fields.Many2one(
        "payment.token",
        string="Pays automatically with",
        compute="_compute_automatic_token_id",
        compute_sudo=True,
    )
    automatic_since = fields.Datetime(
        string="Automatic payment since",
        compute="_compute_automatic_token_id",
        compute_sudo=True,
    )
    automatic_begun = fields.Boolean(
        readonly=True,
        copy=False,
        help="Somebody has gone to FastSpring to agree, so there is more to look for.",
    )
    automatic_token_ids = fields.One2many(
        "payment.token", "bitpaket_account_id", readonly=True
    )
    automatic_ended_date = fields.Date(
        string="Automatic payment ended", readonly=True, copy=False
    )
    automatic_ended_by = fields.Selection(
        [
            ("customer", "Ended by the customer"),
            ("finance", "Ended by billing"),
            ("fastspring", "Ended at FastSpring"),
            ("method", "Another payment method took over"),
        ],
        readonly=True,
        copy=False,
    )
    automatic_payment_ids = fields.One2many(
        "bitpaket.automatic.payment", "account_id", readonly=True
    )

    @api.depends("automatic_token_ids.active")
    def _compute_automatic_token_id(self):
        for account in self:
            token = account.automatic_token_ids.filtered("active")[:1]
            account.automatic_token_id = token
            account.automatic_since = token.bitpaket_since

    # === BUSINESS METHODS === #

    def _pay_automatically(self):
        """Have what these accounts owe charged now, where they pay automatically."""
        self.sudo().automatic_token_ids._bitpaket_wake()

    def _start_automatic_payment(self, partner):
        """Ask FastSpring for a checkout in which the customer agrees.

        :param partner: who agrees, for this account
        :return: where to send the customer
        :rtype: str
        :raise UserError: if it cannot be done, in words
        """
        self.ensure_one()
        provider = self.env["payment.provider"]._fastspring_get_automatic(
            self.company_id
        )
        if not provider:
            raise UserError(self.env._("Automatic payment is not offered right now."))
        if self.state == "closed":
            raise UserError(self.env._("This account is closed."))
        if self.currency_id not in provider._get_supported_currencies():
            raise UserError(
                self.env._(
                    "FastSpring cannot charge in %s, so these invoices are to be paid "
                    "in another way.",
                    self.currency_id.name,
                )
            )
        transactions = self.env["payment.transaction"]
        transaction = transactions.create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": transactions._compute_reference(
                    provider.code, prefix=f"AUTO-{self.reference}"
                ),
                "amount": 0,
                "currency_id": self.currency_id.id,
                "partner_id": partner.id,
                "operation": "validation",
                "tokenize": True,
                "bitpaket_account_id": self.id,
            }
        )
        self.automatic_begun = True
        values = transaction._get_specific_rendering_values({})
        if transaction.state == "error":
            raise UserError(transaction.state_message)
        return values["api_url"]

    def _find_automatic(self, since):
        """Return what the billing page tells, found by one query at most.

        :param datetime since: when an opt-in must have begun to be told about
        :return: `token`, the `payments` that are not over, and the last `opt_in`; empty
                 recordsets where there is none
        :rtype: dict
        """
        self.ensure_one()
        self.env.flush_all()
        found = self.automatic_begun and self.env.execute_query(
            SQL(
                """
                SELECT ARRAY(SELECT id FROM payment_token
                              WHERE bitpaket_account_id = %(account)s AND active),
                       ARRAY(SELECT payment.id
                               FROM bitpaket_automatic_payment payment
                               JOIN account_move move ON move.id = payment.move_id
                              WHERE payment.account_id = %(account)s
                                AND payment.state NOT IN ('done', 'canceled')
                                AND (payment.state <> 'failed' OR
                                     move.payment_state IN ('not_paid', 'partial'))
                              ORDER BY payment.id DESC),
                       ARRAY(SELECT id FROM payment_transaction
                              WHERE bitpaket_account_id = %(account)s
                                AND operation = 'validation'
                                AND create_date >= %(since)s
                              ORDER BY id DESC LIMIT 1)
                """,
                account=self.id,
                since=since,
            )
        )
        models = {
            "token": "payment.token",
            "payments": "bitpaket.automatic.payment",
            "opt_in": "payment.transaction",
        }
        return {
            name: self.env[model].browse(ids)
            for (name, model), ids in zip(
                models.items(), found[0] if found else [()] * len(models), strict=True
            )
        }

    def _end_automatic_payment(self, by):
        """End automatic payment here at once, and at FastSpring as soon as it answers.

        :param str by: who ends it, of `automatic_ended_by`
        """
        self.automatic_token_ids._bitpaket_end(by)

    def _note_automatic_end(self, by):
        """Keep when and by whom automatic payment was ended.

        :param str by: who ends it, of `automatic_ended_by`
        """
        labels = dict(
            self._fields["automatic_ended_by"]._description_selection(self.env)
        )
        self.write(
            {"automatic_ended_date": fields.Date.today(), "automatic_ended_by": by}
        )
        for account in self:
            account.message_post(
                body=account.env._("Automatic payment ended: %s.", labels[by])
            )

    def _remind_of_automatic_payment(self, note):
        """Ask the billing manager, once, to look at what could not be charged.

        :param str note: what happened, in words
        """
        self.ensure_one()
        xmlid = "bitpaket_billing.mail_activity_type_automatic"
        if self.activity_search([xmlid]):
            return
        self.activity_schedule(
            xmlid, note=note, user_id=self.company_id._bitpaket_responsible().id
        )

    @api.constrains("currency_id", "company_id", "partner_id")
    def _check_automatic_currency(self):
        for account in self.sudo():
            token = account.automatic_token_ids.filtered("active")
            if token and (
                token.bitpaket_currency_id != account.currency_id
                or token.company_id != account.company_id
                or token.partner_id.commercial_partner_id
                != account.partner_id.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "%s pays automatically: end that first, as the stored payment "
                        "method holds for this customer, company and currency only.",
                        account.name,
                    )
                )

    # === ACTION METHODS === #

    def action_end_automatic_payment(self):
        """End automatic payment on behalf of the customer."""
        self.check_access("write")
        self.sudo()._end_automatic_payment("finance")
