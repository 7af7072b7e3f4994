import json
import logging

from werkzeug.exceptions import HTTPException

from odoo.http import Dispatcher, Response

_logger = logging.getLogger(__name__)

#: Whatever is asked for below this path is answered in JSON.
API = "/bitpaket/v1"


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
        """Call the endpoint with what the path holds; it reads the rest itself."""
        self.request.params = args
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        """Return the JSON answer of an error."""
        if isinstance(exc, HTTPException):
            if exc.response is not None:
                return exc.response
            code = exc.name.lower().replace(" ", "_")
            headers = [pair for pair in exc.get_headers() if pair[0] == "Allow"]
            return error_answer(exc.code, code, exc.description, headers)
        _logger.error("Usage API: unexpected error.", exc_info=exc)
        return error_answer(
            500, "internal_error", "Something went wrong here: send the same again."
        )


class UnknownAddress(HTTPException):
    """Nothing answers at an address of the API.

    Not werkzeug's `NotFound`: for that one, Odoo looks for a web page to show.
    """

    code = 404
    description = f"There is no such address; {API}/openapi.json lists them all."


def error_answer(status, code, message, headers=()):
    """Return a JSON answer that tells what is wrong.

    :param int status: HTTP status
    :param str code: stable code of the error
    :param str message: what is wrong, in words
    :param headers: further headers, as pairs
    """
    if status == 401:
        headers = [("WWW-Authenticate", "Bearer"), *headers]
    return json_answer({"error": {"code": code, "message": message}}, status, headers)


def json_answer(content, status=200, headers=()):
    """Return content as a JSON answer."""
    return Response(
        json.dumps(content),
        status=status,
        content_type="application/json",
        headers=list(headers),
    )
