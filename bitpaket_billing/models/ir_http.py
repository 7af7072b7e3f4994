from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    Unauthorized,
)
from werkzeug.routing import BaseConverter

from odoo import models
from odoo.http import request

from ..controllers.raw import API, RawDispatcher, UnknownAddress, error_answer

#: Keys of this scope can report usage and do nothing else.
USAGE_SCOPE = "bitpaket.usage"
#: Keys of this scope can read health and metrics and do nothing else.
MONITOR_SCOPE = "bitpaket.monitor"


class ReferenceConverter(BaseConverter):
    """An account's external reference: any text, also with slashes."""

    regex = ".+?"
    part_isolating = False


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "bitpaket_reference": ReferenceConverter}

    @classmethod
    def _match(cls, path_info):
        """Have all that is asked of the API answered as the API answers: in JSON.

        Odoo itself would show web pages, lead to other addresses, and let OPTIONS
        through to every route.
        """
        if not f"{path_info}/".startswith(f"{API}/"):
            return super()._match(path_info)
        request.dispatcher = RawDispatcher(request)
        try:
            rule, args = super()._match(path_info)
            if request.httprequest.method == "OPTIONS":
                raise MethodNotAllowed(rule.methods)
        except MethodNotAllowed as error:
            raise MethodNotAllowed(
                sorted(set(error.valid_methods) - {"OPTIONS"})
            ) from None
        except HTTPException:
            raise UnknownAddress() from None
        return rule, args

    @classmethod
    def _auth_method_bitpaket_usage(cls):
        """Authenticate a reporter of usage by the API key in the request."""
        cls._bitpaket_authenticate(
            USAGE_SCOPE,
            "bitpaket_billing.group_usage_reporter",
            "The key's user may not report usage any more.",
        )

    @classmethod
    def _auth_method_bitpaket_monitor(cls):
        """Authenticate a monitoring program by the API key in the request."""
        cls._bitpaket_authenticate(
            MONITOR_SCOPE,
            "bitpaket_billing.group_monitor",
            "The key's user may not read metrics any more.",
        )

    @classmethod
    def _auth_method_bitpaket_anyone(cls):
        """Let everybody in, and find out who comes with a monitoring key."""
        if "Authorization" in request.httprequest.headers:
            cls._auth_method_bitpaket_monitor()
        else:
            cls._auth_method_public()

    @classmethod
    def _bitpaket_authenticate(cls, scope, group, refusal):
        """Authenticate a program by its bearer key.

        :param str scope: of the key
        :param str group: what its user must be in
        :param str refusal: what to say to others
        """
        kind, _space, key = request.httprequest.headers.get(
            "Authorization", ""
        ).partition(" ")
        if kind.lower() != "bearer" or not key.strip():
            raise Unauthorized(
                response=error_answer(
                    401,
                    "missing_key",
                    "Send the key as “Authorization: Bearer <key>”.",
                )
            )
        keys = request.env["res.users.apikeys"]
        uid = keys._check_credentials(scope=scope, key=key.strip())
        if not uid:
            raise Unauthorized(
                response=error_answer(
                    401, "invalid_key", "This key is unknown or has expired."
                )
            )
        request.update_env(user=uid)
        request.session.can_save = False  # stateless
        if not request.env.user.has_group(group):
            raise Forbidden(response=error_answer(403, "forbidden", refusal))
