"""The WSGI application: API, storefront and control panel under one roof."""

import sys
import time
import traceback

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map
from werkzeug.wrappers import Request, Response

from . import api, control, storefront

ROUTES = Map([*control.ROUTES, *storefront.ROUTES, *api.ROUTES], strict_slashes=False)

#: What needs credentials and can be hit by faults.
API = {rule.endpoint for rule in api.ROUTES}


class Application:
    """Dispatches requests to the parts.

    :param world: the World
    :param bool quiet: whether to keep the request log to itself
    """

    def __init__(self, world, quiet=False):
        self.world = world
        self.quiet = quiet

    def __call__(self, environ, start_response):
        """Answer one request."""
        request = Request(environ)
        begun = time.monotonic()
        response = self._answer(request)
        self._log(request, response, time.monotonic() - begun)
        if response is None:
            response = api.hang_up(request)
        return response(environ, start_response)

    def _answer(self, request):
        adapter = ROUTES.bind_to_environ(request.environ)
        try:
            handler, arguments = adapter.match()
            if handler in API:
                return api.respond(self.world, request, handler, arguments)
            return handler(self.world, request, **arguments)
        except MethodNotAllowed as error:
            return api.not_allowed(error.valid_methods)
        except NotFound:
            return api.not_found()
        except Exception:
            traceback.print_exc()
            return Response(status=500)

    def _log(self, request, response, seconds):
        if self.quiet:
            return
        status = response.status_code if response else "-"
        print(
            f"{request.method} {request.path} {status} {seconds * 1000:.0f}ms",
            file=sys.stderr,
            flush=True,
        )
