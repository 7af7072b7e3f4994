from odoo import http

from .raw import API, error_answer, json_answer
from .usage import UsageController


class AccountController(UsageController):
    """Where BitPaket's control plane asks whether an account may keep running."""

    @http.route(
        f"{API}/accounts/<bitpaket_reference:reference>",
        type="bitpaket_raw",
        auth="bitpaket_usage",
        methods=["GET"],
        save_session=False,
    )
    def read_account(self, reference):
        """Return the state of an account, and whether it may run.

        Not `readonly`: a replica may lag behind a cap that was just lifted.

        :param str reference: the account's external reference
        """
        account = self._find_account(reference)
        if not account:
            return error_answer(
                404, "unknown_account", f"No account has the reference “{reference}”."
            )
        return json_answer({"account": reference, **account._control_plane_answer()})
