"""Accounts that cannot be invoiced: found beforehand or caught, and told in words."""

import logging
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .. import rating

_logger = logging.getLogger(__name__)


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    def _obstacles(self):
        """Find out why no invoice could be made for some of these accounts.

        :return: what a person must mend, in words, by account
        :rtype: dict
        """
        result = {}
        for account in self:
            words = account._obstacle()
            if words:
                result[account] = words
        return result

    def _obstacle(self):
        self.ensure_one()
        env, partner, company = self.env, self.partner_id, self.company_id
        if not company.root_id.sudo().chart_template:
            return company._bitpaket_chart_message()
        journal = company.bitpaket_journal_id
        if journal and not journal.active:
            return env._(
                "The journal “%s” of usage invoices is archived. Restore it, or choose "
                "another one in the settings.",
                journal.name,
            )
        if not partner.active:
            return env._(
                "The customer “%s” is archived. Restore the contact, or choose another "
                "customer on the account.",
                partner.name,
            )
        if not self.currency_id:
            return env._("The account has no currency: choose one of its price book's.")
        if not self.currency_id.active:
            return env._(
                "The currency %s is not active. Activate it under Invoicing › "
                "Configuration › Currencies.",
                self.currency_id.name,
            )
        return None

    def _rating_problems(self, results):
        """Tell which of these accounts could not be rated.

        :param dict results: of `_rate_period`
        :return: what a person must mend, in words, by account
        :rtype: dict
        """
        return {
            account: account._rating_error_message(rated)
            for account in self
            if (rated := results.get(account.id)) is None
            or isinstance(rated, rating.RatingError)
        }


class BitpaketStatement(models.Model):
    _inherit = "bitpaket.statement"

    def _set_aside(self, problems):
        """Register the failure of statements whose accounts have a problem.

        :param dict problems: words by account
        :return: the statements that failed
        """
        failed = self.filtered(lambda statement: statement.account_id in problems)
        for statement in failed:
            statement._register_failure(UserError(problems[statement.account_id]))
        return failed

    def _register_failure(self, error):
        """Keep what went wrong, in words, and when it is tried again."""
        expected = isinstance(error, UserError | rating.RatingError)
        log = _logger.info if expected else _logger.exception
        log("Statement %s could not be invoiced: %s", self.id, error)
        attempts = self.attempts + 1
        self.write(
            {
                "state": "error",
                "message": self._failure_words(error),
                "attempts": attempts,
                "next_retry": fields.Datetime.now()
                + timedelta(hours=min(2**attempts, 24)),
            }
        )

    def _failure_words(self, error):
        if isinstance(error, rating.RatingError):
            return self.account_id._rating_error_message(error)
        if isinstance(error, UserError):
            return str(error)
        return self.env._(
            "Something unexpected went wrong (%s). It is tried again; the server's log "
            "has the details.",
            f"{type(error).__name__}: {error}",
        )
