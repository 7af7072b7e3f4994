import json
import logging

from werkzeug.exceptions import HTTPException

from odoo.http import Dispatcher, Response

_logger = logging.getLogger(__name__)


class RawDispatcher(Dispatcher):
    """Leaves the body of a request as it came, and answers every error as JSON.

    Odoo reads bodies as forms when their Content-Type says so, and programs that send
    plain bytes often say so without meaning it (curl and urllib do by default).
    """

    routing_type = "bitpaket_raw"

    @classmethod
    def is_compatible_with(cls, request):
        """Accept every Content-Type."""
        return True

    def dispatch(self, endpoint, args):
        """Call the endpoint with what the address holds, and leave the body alone."""
        self.request.params = {**self.request.httprequest.args, **args}
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        """Return the JSON answer of an error."""
        if isinstance(exc, HTTPException):
            if exc.response is not None:
                return exc.response
            code = exc.name.lower().replace(" ", "_")
            return error_answer(exc.code, code, exc.description)
        _logger.error("Usage API: unexpected error.", exc_info=exc)
        return error_answer(
            500, "internal_error", "Something went wrong here: send the same again."
        )


def error_answer(status, code, message):
    """Return a JSON answer that tells what is wrong.

    :param int status: HTTP status
    :param str code: stable code of the error
    :param str message: what is wrong, in words
    """
    return json_answer({"error": {"code": code, "message": message}}, status)


def json_answer(content, status=200):
    """Return content as a JSON answer."""
    return Response(
        json.dumps(content),
        status=status,
        content_type="application/json",
        headers={"WWW-Authenticate": "Bearer"} if status == 401 else None,
    )
