import logging

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..fastspring.errors import FastSpringError

_logger = logging.getLogger(__name__)


class BitpaketFastspringEvent(models.Model):
    """Events that no webhook brought."""

    _inherit = "bitpaket.fastspring.event"

    fetched = fields.Boolean(
        readonly=True,
        help="No webhook brought it: Odoo found it when it asked FastSpring.",
    )

    _webhook_index = models.Index(
        "(provider_id, received DESC) WHERE fetched IS NOT TRUE"
    )
    _fetched_index = models.Index("(received) WHERE fetched")

    @api.model
    def _cron_fetch(self):
        """Fetch the events that no webhook brought, and tell FastSpring that they came.

        Only a store that can be reached is asked; the others are asked the next time.
        """
        cron = self.env["ir.cron"]
        providers = (
            self.env["payment.provider"]
            .search([("code", "=", "fastspring"), ("state", "!=", "disabled")])
            .filtered(lambda provider: not provider._fastspring_find_empty_fields())
        )
        cron._commit_progress(remaining=len(providers))
        for provider in providers:
            try:
                stored = self._fetch(provider)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A webhook brought one of them just now; the next time asks again.
                self.env.cr.rollback()
                self.env.invalidate_all()
                stored = []
            cron._commit_progress(1)
            self._mark(provider, stored)

    @api.model
    def _fetch(self, provider):
        """Keep what FastSpring lists as not processed.

        :return: The ids of what is kept, to be marked once that is committed.
        :rtype: list[str]
        """
        try:
            events = provider._fastspring_get_client().list_unprocessed_events()
        except FastSpringError as error:
            provider._fastspring_note_no_answer(error)
            return []
        provider._fastspring_note_lag(events)
        return self._store(provider, events, fetched=True)

    @api.model
    def _mark(self, provider, event_ids):
        """Tell FastSpring what is here; what it does not hear of it lists again."""
        client = provider._fastspring_get_client()
        try:
            for event_id in event_ids:
                client.mark_event_processed(event_id)
        except FastSpringError as error:
            _logger.warning(
                "Events of provider %s could not be marked: %s",
                provider.id,
                provider._fastspring_explain_error(error),
            )
