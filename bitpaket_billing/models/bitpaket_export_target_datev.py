from odoo import api, fields, models

#: Odoo's charts of accounts by what DATEV calls them.
CHARTS = {"de_skr03": "03", "de_skr04": "04"}


class BitpaketExportTarget(models.Model):
    """What DATEV wants to know, as the tax adviser tells it."""

    _inherit = "bitpaket.export.target"

    datev_consultant = fields.Char(
        string="Consultant number", size=7, help="Beraternummer: 1001 to 9999999."
    )
    datev_client = fields.Char(
        string="Client number", size=5, help="Mandantennummer: 1 to 99999."
    )
    datev_account_length = fields.Selection(
        [(str(digits), str(digits)) for digits in range(4, 9)],
        string="Digits of accounts",
        default="4",
        help="Sachkontenlänge; the accounts of customers have one more.",
    )
    datev_chart = fields.Selection(
        [("03", "SKR03"), ("04", "SKR04")],
        string="Chart of accounts",
        compute="_compute_datev_chart",
        precompute=True,
        store=True,
        readonly=False,
        help="Empty: another one.",
    )
    datev_locked = fields.Boolean(
        string="Fix the entries there",
        help="Festschreibung: entries cannot be changed any more once they are "
        "imported. The adviser decides.",
    )
    datev_monthly = fields.Boolean(
        string="A file for each month",
        default=True,
        help="Otherwise one for each fiscal year.",
    )
    datev_transliterate = fields.Boolean(
        string="Replace characters that DATEV lacks",
        help="By similar ones. Otherwise an entry that holds one must be mended.",
    )

    @api.depends("company_id")
    def _compute_datev_chart(self):
        for target in self:
            chart = target.company_id.root_id.chart_template
            target.datev_chart = CHARTS.get(chart, False)

    def _format_options(self):
        """Return what the format lets one choose, by name.

        :rtype: dict
        """
        self.ensure_one()
        if self.format != "datev":
            return {}
        return {
            "consultant": self.datev_consultant or "",
            "client": self.datev_client or "",
            "account_length": int(self.datev_account_length or 4),
            "chart": self.datev_chart or "",
            "locked": self.datev_locked,
            "monthly": self.datev_monthly,
            "transliterate": self.datev_transliterate,
            "person_accounts": self.number_partners,
            "automatic_accounts": {
                one.code: one.automatic_key
                for one in self.account_map_ids
                if one.automatic_key
            },
        }
