"""Invoices of services that last: their revenue is deferred when they are posted."""

from odoo import fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    bitpaket_deferral_ids = fields.One2many(
        "bitpaket.deferral", "move_id", string="Deferred revenue", readonly=True
    )
    bitpaket_deferral_entry_ids = fields.One2many(
        "bitpaket.deferral.entry",
        "move_id",
        string="Movements of deferred revenue",
        readonly=True,
    )

    def _post(self, soft=True):
        """Defer the revenue of what lasts longer than it is at once earned."""
        posted = super()._post(soft)
        documents = posted.filtered(
            lambda move: move.company_id.bitpaket_defer
            and move.is_sale_document(include_receipts=True)
        )
        if documents:
            self.env["bitpaket.deferral"]._defer(documents)
        return posted

    def button_draft(self):
        """Take the deferral back with the invoice that it is of."""
        if self.sudo().bitpaket_deferral_entry_ids:
            raise UserError(
                self.env._(
                    "This entry belongs to deferred revenue, which follows its "
                    "invoices: credit the invoice, or reset that to draft."
                )
            )
        result = super().button_draft()
        self.env["bitpaket.deferral"]._take_back(self)
        return result

    def action_open_bitpaket_deferrals(self):
        """Open the deferred revenue of this invoice."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "bitpaket_billing.bitpaket_deferral_action"
        )
        return {**action, "domain": [("move_id", "=", self.id)], "context": {}}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    bitpaket_service_start = fields.Date(
        string="Service from", help="First day of the service that is billed, in UTC."
    )
    bitpaket_service_end = fields.Date(
        string="Service until (excluded)",
        help="First day, in UTC, that is not included.",
    )

    _bitpaket_service_ordered = models.Constraint(
        "CHECK (bitpaket_service_end > bitpaket_service_start"
        " AND (bitpaket_service_start IS NULL) = (bitpaket_service_end IS NULL))",
        "A service needs a first day, and an end after it.",
    )
