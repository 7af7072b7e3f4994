from odoo import models

from odoo.addons.base.models import ir_actions_report

#: Millimetres above the text of a page without header.
MARGIN_TOP = 12


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_rendering_context(self, report, docids, data):
        """Have usage invoices make up for a wkhtmltopdf without patched Qt.

        That is what Linux distributions build. It prints no page headers, so nobody
        would read who sells, and draws web fonts as shapes, so nobody could copy or
        search the text.
        """
        context = super()._get_rendering_context(report, docids, data)
        if (
            report.model == "account.move"
            and context.get("report_type") == "pdf"
            and not ir_actions_report._wkhtml().is_patched_qt
            and context["docs"].sudo().bitpaket_statement_id
        ):
            context["unpatched_qt"] = True
            context["data_report_margin_top"] = MARGIN_TOP
        return context
