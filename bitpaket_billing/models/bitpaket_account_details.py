"""What stands on the invoices of an account, and who gets them."""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize

#: Addresses that invoices of one account are sent to.
MOST_EMAILS = 10
#: What customers may change of their invoice address.
ADDRESS_FIELDS = (
    "name",
    "street",
    "street2",
    "city",
    "zip",
    "state_id",
    "country_id",
    "lang",
)


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    invoice_partner_id = fields.Many2one(
        "res.partner",
        string="Invoice address",
        ondelete="restrict",
        index="btree_not_null",
        copy=False,
        tracking=True,
        check_company=True,
        domain="[('id', 'child_of', partner_id)]",
        help="Who this account's invoices are made out to, and their language. "
        "Empty: the invoice address of the customer.",
    )
    invoice_emails = fields.Char(
        string="Invoices go to",
        copy=False,
        tracking=True,
        help="E-mail addresses, with commas between them. Empty: the e-mail address "
        "of the invoice address.",
    )
    purchase_order = fields.Char(
        string="Purchase order",
        size=64,
        copy=False,
        tracking=True,
        help="The customer's own number, shown on the invoices from the next one on.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("invoice_partner_id", "partner_id")
    def _check_invoice_partner(self):
        for account in self:
            address = account.invoice_partner_id
            if address and (
                address.commercial_partner_id
                != account.partner_id.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "The invoice address “%(address)s” is not one of "
                        "“%(customer)s”.",
                        address=address.display_name,
                        customer=account.partner_id.display_name,
                    )
                )

    @api.constrains("invoice_emails")
    def _check_invoice_emails(self):
        for account in self:
            typed = _split(account.invoice_emails)
            for email in typed:
                if not email_normalize(email):
                    raise ValidationError(
                        self.env._("“%s” is not an e-mail address.", email)
                    )
            if len(typed) > MOST_EMAILS:
                raise ValidationError(
                    self.env._(
                        "Invoices of an account go to %s e-mail addresses at most.",
                        MOST_EMAILS,
                    )
                )

    # === BUSINESS METHODS === #

    def _get_payer(self):
        """Return the contact that this account's invoices are made out to."""
        self.ensure_one()
        if self.invoice_partner_id:
            return self.invoice_partner_id
        partner = self.partner_id
        payer = partner.browse(partner.address_get(["invoice"])["invoice"])
        return payer.with_prefetch(partner._prefetch_ids)

    def _get_invoice_lang(self):
        """Return the code of the language that usage lines are told in."""
        self.ensure_one()
        return (self.invoice_partner_id or self.partner_id).lang

    def _get_invoice_emails(self):
        """Return the addresses that were given for this account's invoices.

        :rtype: list[str]
        """
        self.ensure_one()
        return [email_normalize(email) for email in _split(self.invoice_emails)]

    def _get_invoice_name(self):
        """Return the name that invoices are made out to, as they show it."""
        payer = self._get_payer()
        whole = payer.type == "other" or not payer.parent_id
        return payer.name if whole else payer.display_name

    def _change_details(self, address, tax_id, emails, purchase_order):
        """Keep what the customer says of the next invoices, and who said it.

        :param dict address: values by `ADDRESS_FIELDS`
        :param str tax_id: of the customer, for all its accounts
        :param str emails: where invoices go; commas or spaces between them
        :param str purchase_order: the customer's own number
        :raise ValidationError: what cannot be so, in words
        """
        self.ensure_one()
        self._change_tax_id(tax_id)
        self._change_invoice_address(address)
        values = {
            "invoice_emails": ", ".join(dict.fromkeys(_split(emails.lower()))),
            "purchase_order": purchase_order,
        }
        changed = {
            name: value for name, value in values.items() if value != (self[name] or "")
        }
        if changed:
            self.write(changed)

    def _change_tax_id(self, tax_id):
        customer = self.partner_id.commercial_partner_id
        before = customer.vat or ""
        if tax_id == before:
            return
        if before and not customer.can_edit_vat():
            raise UserError(
                self.env._(
                    "The tax ID cannot be changed here any more, as it stands on "
                    "invoices already. Please contact billing."
                )
            )
        customer.vat = tax_id
        self._note_details(
            self.env._("Tax ID"), before, customer.vat or self.env._("none")
        )

    def _change_invoice_address(self, values):
        """Write an address of this account only; other accounts keep theirs.

        The customer's main address is never changed: it may belong to more than
        its invoices.
        """
        payer = self._get_payer()
        current = {
            name: payer[name].id if name.endswith("_id") else payer[name]
            for name in ADDRESS_FIELDS
        }
        current["name"] = self._get_invoice_name()
        if all((values[name] or "") == (current[name] or "") for name in values):
            return
        before = self._describe_invoice_address()
        if self._has_own_address():
            payer.write(values)
        else:
            customer = self.partner_id.commercial_partner_id
            # Not of type “invoice”, which other accounts would take for theirs.
            self.invoice_partner_id = payer.create(
                {
                    "parent_id": customer.id,
                    "company_id": customer.company_id.id,
                    "type": "other",
                    "email": payer.email or customer.email,
                    "phone": payer.phone,
                    **current,
                    **values,
                }
            )
        self._note_details(
            self.env._("Invoice address"), before, self._describe_invoice_address()
        )

    def _has_own_address(self):
        """Return whether the invoice address is of this account alone."""
        address = self.invoice_partner_id
        if not address or address.type != "other" or address.user_ids:
            return False
        return not self.with_context(active_test=False).search_count(
            [
                ("id", "!=", self.id),
                "|",
                ("invoice_partner_id", "=", address.id),
                ("partner_id", "=", address.id),
            ],
            limit=1,
        )

    def _describe_invoice_address(self):
        payer = self._get_payer()
        return ", ".join(
            filter(
                None,
                [
                    self._get_invoice_name(),
                    *payer._display_address(without_company=True).splitlines(),
                    payer.lang,
                ],
            )
        )

    def _note_details(self, label, before, after):
        self.message_post(
            body=self.env._(
                "%(label)s changed from “%(before)s” to “%(after)s”.",
                label=label,
                before=before,
                after=after,
            )
        )


def _split(emails):
    return [email for email in re.split(r"[\s,;]+", emails or "") if email]
