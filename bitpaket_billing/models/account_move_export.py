"""What journal entries know of their exports to bookkeeping."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

LIVE = Domain("superseded", "=", False)


class AccountMove(models.Model):
    _inherit = "account.move"

    bitpaket_export_item_ids = fields.One2many(
        "bitpaket.export.item",
        "move_id",
        string="Exports",
        readonly=True,
        copy=False,
        groups="bitpaket_billing.group_viewer",
    )
    bitpaket_export_count = fields.Integer(
        compute="_compute_bitpaket_export", groups="bitpaket_billing.group_viewer"
    )
    bitpaket_export_changed = fields.Boolean(
        string="Changed since export",
        compute="_compute_bitpaket_export",
        groups="bitpaket_billing.group_viewer",
    )

    @api.depends("bitpaket_export_item_ids.changed")
    def _compute_bitpaket_export(self):
        for move in self:
            live = move.bitpaket_export_item_ids.filtered_domain(LIVE)
            move.bitpaket_export_count = len(live)
            move.bitpaket_export_changed = any(live.mapped("changed"))

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Note which exported entries are what was exported, or not any more."""
        again = self.filtered("posted_before")
        posted = super()._post(soft)
        again._bitpaket_compare()
        return posted

    def button_draft(self):
        """Note that what was exported is not posted any more."""
        result = super().button_draft()
        self._bitpaket_compare()
        return result

    def _bitpaket_compare(self):
        if not self:
            return
        items_sudo = self.env["bitpaket.export.item"].sudo()
        if items_sudo.search_count(LIVE & Domain("move_id", "in", self.ids), limit=1):
            items_sudo._compare_moves(self)

    # === WHAT CANNOT BE DONE === #

    def _check_draftable(self):
        """Keep entries posted that were exported, where the target says so."""
        super()._check_draftable()
        if self.env.su or self.env.user.has_group(
            "bitpaket_billing.group_billing_manager"
        ):
            return
        locked = (
            self.env["bitpaket.export.item"]
            .sudo()
            .search(
                LIVE
                & Domain("move_id", "in", self.ids)
                & Domain("batch_id.state", "=", "confirmed")
                & Domain("target_id.lock_exported", "=", True),
                limit=1,
            )
        )
        if locked:
            raise UserError(
                self.env._(
                    "%(entry)s was handed over to %(target)s with %(export)s. Reverse "
                    "it instead, or ask a billing manager.",
                    entry=locked.move_name,
                    target=locked.target_id.name,
                    export=locked.batch_id.name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_exported(self):
        """Keep entries that were exported: elsewhere they are in the books."""
        exported = (
            self.env["bitpaket.export.item"]
            .sudo()
            .search(LIVE & Domain("move_id", "in", self.ids), limit=1)
        )
        if exported:
            raise UserError(
                self.env._(
                    "%(entry)s was exported with %(export)s: it cannot be deleted. "
                    "Post it again and reverse it, or supersede the export first.",
                    entry=exported.move_name,
                    export=exported.batch_id.name,
                )
            )

    # === ACTION METHODS === #

    def action_bitpaket_exports(self):
        """Open the exports of this entry."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "bitpaket_billing.bitpaket_export_item_action"
            ),
            "domain": [("move_id", "=", self.id)],
            "context": {},
        }
