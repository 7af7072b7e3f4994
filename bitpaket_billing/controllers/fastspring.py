import logging

from odoo import http
from odoo.http import Response, request

from ..fastspring import const, signature
from ..fastspring.errors import PayloadError
from ..fastspring.events import acknowledgement, parse_events
from ..models.payment_provider import WEBHOOK_ROUTE

_logger = logging.getLogger(__name__)


class FastSpringController(http.Controller):
    """Where FastSpring tells what happened."""

    @http.route(
        f"{WEBHOOK_ROUTE}/<int(max=2147483647):provider_id>",
        type="bitpaket_raw",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        max_content_length=const.MAX_BODY,
    )
    def fastspring_webhook(self, provider_id):
        """Store what FastSpring sent, and acknowledge it.

        Nothing is processed here: what is acknowledged must be committed first.

        :param int provider_id: The provider whose store sends to this address.
        :return: 200, or 202 and the ids that are stored if some cannot be.
        """
        provider_sudo = (
            request.env["payment.provider"]
            .sudo()
            .search(
                [
                    ("id", "=", provider_id),
                    ("code", "=", "fastspring"),
                    ("state", "!=", "disabled"),
                ]
            )
        )
        if not provider_sudo:
            return self._answer(404)
        incoming = request.httprequest
        body = incoming.get_data()
        given = incoming.headers.get("X-FS-Signature")
        if not signature.verify(body, given, provider_sudo.fastspring_webhook_secret):
            _logger.warning(
                "Refused a webhook of provider %s: %s signature.",
                provider_id,
                "wrong" if given else "no",
            )
            return self._answer(403)
        try:
            events = parse_events(body)
        except PayloadError as error:
            _logger.warning("Unreadable webhook of provider %s: %s", provider_id, error)
            return self._answer(400)
        stored = (
            request.env["bitpaket.fastspring.event"]
            .sudo()
            ._store(provider_sudo, events)
        )
        _logger.info(
            "FastSpring sent %s events to provider %s.", len(events), provider_id
        )
        return self._answer(*acknowledgement([event.id for event in events], stored))

    def _answer(self, status, text=""):
        return Response(text, status=status, content_type="text/plain; charset=utf-8")
