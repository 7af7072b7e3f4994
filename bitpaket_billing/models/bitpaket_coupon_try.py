from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import hmac

#: Tries in the last hour after which there are no more.
WINDOW = timedelta(hours=1)
MOST_PER_ACCOUNT = 10
MOST_PER_ADDRESS = 30


class BitpaketCouponTry(models.Model):
    """A try to redeem a code that failed; so many of them are guessing."""

    _name = "bitpaket.coupon.try"
    _description = "Failed Try to Redeem a Coupon"
    _order = "id desc"
    _rec_name = "reason"
    _log_access = False

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="cascade", index=True, readonly=True
    )
    address = fields.Char(
        index=True,
        readonly=True,
        help="Tells addresses apart without keeping them.",
    )
    time = fields.Datetime(
        required=True, readonly=True, default=lambda self: fields.Datetime.now()
    )
    reason = fields.Char(readonly=True)

    @api.model
    def _blur(self, address):
        """Return what an IP address is known by."""
        return address and hmac(self.env(su=True), "bitpaket.coupon.try", address)

    @api.model
    def _is_guessing(self, account, address):
        """Return whether an account, or an address, has failed too often.

        :param str address: IP address
        """
        recent = [("time", ">", fields.Datetime.now() - WINDOW)]
        by_account = self.search_count(
            [("account_id", "=", account.id), *recent], limit=MOST_PER_ACCOUNT
        )
        if by_account >= MOST_PER_ACCOUNT:
            return True
        by_address = address and self.search_count(
            [("address", "=", self._blur(address)), *recent], limit=MOST_PER_ADDRESS
        )
        return bool(by_address and by_address >= MOST_PER_ADDRESS)

    @api.model
    def _note(self, account, address, reason):
        """Keep that a try failed."""
        self.create(
            {
                "account_id": account.id,
                "address": self._blur(address),
                "reason": reason,
            }
        )

    @api.autovacuum
    def _gc_tries(self):
        self.search([("time", "<", fields.Datetime.now() - 24 * WINDOW)]).unlink()
