from werkzeug.exceptions import Forbidden, Unauthorized

from odoo import models
from odoo.http import request

from ..controllers.raw import error_answer

#: Keys of this scope can report usage and do nothing else.
USAGE_SCOPE = "bitpaket.usage"


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_bitpaket_usage(cls):
        """Authenticate a reporter of usage by the API key in the request."""
        kind, _space, key = request.httprequest.headers.get(
            "Authorization", ""
        ).partition(" ")
        if kind.lower() != "bearer" or not key.strip():
            raise Unauthorized(
                response=error_answer(
                    401,
                    "missing_key",
                    "Send the usage key as “Authorization: Bearer <key>”.",
                )
            )
        keys = request.env["res.users.apikeys"]
        uid = keys._check_credentials(scope=USAGE_SCOPE, key=key.strip())
        if not uid:
            raise Unauthorized(
                response=error_answer(
                    401, "invalid_key", "This usage key is unknown or has expired."
                )
            )
        request.update_env(user=uid)
        request.session.can_save = False  # stateless
        user = request.env.user
        if not user.has_group("bitpaket_billing.group_usage_reporter"):
            raise Forbidden(
                response=error_answer(
                    403, "forbidden", "The key's user may not report usage any more."
                )
            )
