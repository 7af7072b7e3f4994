from odoo import api, models
from odoo.tools import SQL


class BitpaketUsageStore(models.AbstractModel):
    """How old the newest usage is."""

    _inherit = "bitpaket.usage.store"

    @api.model
    def _newest_usage(self, account_id):
        """Return when the newest usage of an account happened.

        :param int account_id: id of a billing account
        :return: in UTC; False without any usage that is still kept
        :rtype: datetime | bool
        """
        # A look into the index for each meter, whatever the history.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT MAX((SELECT MAX(event.time) FROM bitpaket_usage_event event
                             WHERE event.account_id = %s
                               AND event.meter_id = meter.id))
                  FROM bitpaket_meter meter
                """,
                account_id,
            )
        )
        return rows[0][0] or False
