import re
import secrets
from decimal import Decimal
from urllib.parse import urlsplit

import requests

from odoo import api, fields, models, release
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment.logging import get_payment_logger

from ..fastspring import automatic, const, sessions
from ..fastspring.answers import Response
from ..fastspring.client import FastSpringClient
from ..fastspring.errors import (
    ApiError,
    AuthError,
    FastSpringError,
    NoAnswer,
    RateLimited,
)
from ..fastspring.expected import TEXTS, Expected
from ..fastspring.session_checks import check_session

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS | const.PII_KEYS)

WEBHOOK_ROUTE = "/payment/fastspring/webhook"
JOURNAL_CODE = "FASTS"
NAME = re.compile(r"[\w-]+", re.ASCII)
TIMEOUT = 10  # seconds


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    code = fields.Selection(
        selection_add=[("fastspring", "FastSpring")],
        ondelete={"fastspring": "set default"},
    )
    fastspring_store = fields.Char(
        string="Store",
        required_if_provider="fastspring",
        copy=False,
        help="FastSpring's name of the store: the first part of its address "
        "mystore.onfastspring.com.",
    )
    fastspring_checkout = fields.Char(
        string="Checkout",
        required_if_provider="fastspring",
        default="web-invoices",
        help="The checkout that customers pay at, as FastSpring calls it under "
        "Checkouts: popup- and the name of one that opens over the billing page, or "
        "web- and the name of one that customers are sent to.",
    )
    fastspring_product = fields.Char(
        string="Product",
        required_if_provider="fastspring",
        default="invoice-payment",
        help="The path of the one product at FastSpring that stands for paying "
        "invoices. Its price there does not matter.",
    )
    fastspring_username = fields.Char(
        string="API username",
        required_if_provider="fastspring",
        copy=False,
        exportable=False,
        groups="base.group_system",
    )
    fastspring_password = fields.Char(
        string="API password",
        required_if_provider="fastspring",
        copy=False,
        exportable=False,
        groups="base.group_system",
    )
    fastspring_webhook_secret = fields.Char(
        string="Webhook secret",
        copy=False,
        exportable=False,
        groups="base.group_system",
        help="Copy it to the webhook's HMAC SHA256 secret at FastSpring.",
    )
    fastspring_webhook_url = fields.Char(
        string="Webhook address", compute="_compute_fastspring_webhook_url"
    )
    fastspring_sessions_api = fields.Selection(
        [(const.V2, "Current"), (const.V1, "Older")],
        string="Sessions API",
        required=True,
        default=const.V2,
        help="The older one is for stores that FastSpring has not moved yet.",
    )
    fastspring_test_api_url = fields.Char(
        string="Test API address",
        copy=False,
        groups="base.group_system",
        help="A simulator to use instead of FastSpring, in test mode only.",
    )
    fastspring_test_storefront_url = fields.Char(
        string="Test storefront address",
        copy=False,
        groups="base.group_system",
        help="Where the simulator shows the store's checkouts.",
    )
    fastspring_missing = fields.Text(
        string="Still to do",
        compute="_compute_fastspring_missing",
        groups="base.group_system",
    )

    # === COMPUTE METHODS === #

    @api.depends("code")
    def _compute_fastspring_webhook_url(self):
        for provider in self:
            provider.fastspring_webhook_url = (
                f"{provider.get_base_url()}{WEBHOOK_ROUTE}/{provider._origin.id}"
                if provider.code == "fastspring" and provider._origin
                else False
            )

    @api.depends(
        "code",
        "state",
        "is_published",
        "journal_id",
        "fastspring_store",
        "fastspring_checkout",
        "fastspring_product",
        "fastspring_username",
        "fastspring_password",
    )
    def _compute_fastspring_missing(self):
        for provider in self:
            provider.fastspring_missing = (
                "\n".join(provider._fastspring_find_missing())
                if provider.code == "fastspring"
                else False
            )

    def _compute_feature_support_fields(self):
        """Override of `payment` to tell that FastSpring refunds, also a part."""
        super()._compute_feature_support_fields()
        self.filtered(
            lambda provider: provider.code == "fastspring"
        ).support_refund = "partial"

    @api.depends("code", "state", "company_id")
    def _compute_journal_id(self):
        """Override of `account_payment` to keep FastSpring's money apart from the bank.

        FastSpring pays out twice a month, less its fees; until then the money is not in
        the bank.
        """
        fresh = self.filtered(
            lambda provider: (
                provider.code == "fastspring"
                and provider.state != "disabled"
                and not provider._fastspring_get_method_line()
            )
        )
        super(PaymentProvider, self - fresh)._compute_journal_id()
        for provider in fresh:
            provider.journal_id = provider._fastspring_get_journal()
            if provider.id and provider.journal_id:
                provider._ensure_payment_method_line()

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "state", "fastspring_test_api_url", "fastspring_test_storefront_url"
    )
    def _check_fastspring_test_urls(self):
        for provider in self.filtered(lambda provider: provider.code == "fastspring"):
            if provider.state == "enabled" and (
                provider.fastspring_test_api_url
                or provider.fastspring_test_storefront_url
            ):
                raise ValidationError(
                    self.env._(
                        "%s uses a simulator. Empty the test addresses before you "
                        "take real payments.",
                        provider.name,
                    )
                )

    @api.constrains("fastspring_store", "fastspring_checkout")
    def _check_fastspring_names(self):
        for provider in self:
            for name in (provider.fastspring_store, provider.fastspring_checkout):
                if name and not NAME.fullmatch(name):
                    raise ValidationError(
                        self.env._(
                            "%s is not a name at FastSpring. Enter the name alone, "
                            "such as mystore or web-invoices.",
                            name,
                        )
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Give new providers a webhook secret and, when enabled, their journal."""
        providers = super().create(vals_list)
        providers._fastspring_set_up()
        return providers

    def write(self, vals):
        """Keep the webhook secret filled, and the journal ready once enabled."""
        result = super().write(vals)
        if {"code", "state", "fastspring_webhook_secret"} & vals.keys():
            self._fastspring_set_up()
        return result

    def _fastspring_set_up(self):
        for provider in self.filtered(lambda provider: provider.code == "fastspring"):
            provider_sudo = provider.sudo()
            if not provider_sudo.fastspring_webhook_secret:
                provider_sudo.fastspring_webhook_secret = secrets.token_urlsafe(32)
            if provider.state == "disabled" or provider._fastspring_get_method_line():
                continue
            provider._setup_payment_method("fastspring")
            if journal := provider._fastspring_get_journal():
                provider.journal_id = journal

    # === ACTION METHODS === #

    def action_fastspring_test_connection(self):
        """Open a checkout that nobody will see, and tell what FastSpring thinks of it.

        :return: A notification with the result in words.
        :rtype: dict
        :raise UserError: If payments would not work, with the reason.
        """
        currency, problems = self._fastspring_try_checkout(
            lambda reference, currency: self._fastspring_expect(
                reference, Decimal(1), currency
            )
        )
        if any(not problem.soft for problem in problems):
            raise UserError(
                self.env._(
                    "FastSpring answers, but this would keep customers from paying:\n"
                    "%s",
                    self._fastspring_explain_problems(problems),
                )
            )
        message = self.env._(
            "FastSpring opened a checkout of store %(store)s in %(currency)s.",
            store=self.fastspring_store,
            currency=currency.name,
        )
        hints = self._fastspring_explain_problems(problems)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if hints else "success",
                "title": self.env._("The connection works"),
                "message": f"{message}\n{hints}" if hints else message,
                "sticky": bool(hints),
            },
        }

    def _fastspring_try_checkout(self, expect, **options):
        """Open a checkout that nobody will see.

        :param expect: What tells, of a reference and a currency, what to ask for.
        :param options: As for any session.
        :return: The currency it was opened in, and the problems that it has.
        :rtype: tuple
        :raise UserError: If something is missing, or FastSpring does not open it.
        """
        self.ensure_one()
        if missing := self._fastspring_find_empty_fields():
            raise UserError("\n".join(missing))
        currency = self.company_id.currency_id
        if currency.name not in const.CURRENCY_DIGITS:
            currency = self.env.ref("base.USD")
        expected = expect("odoo-connection-test", currency)
        buyer = sessions.Buyer(country=self.company_id.country_id.code or None)
        title = self.env._("Connection test")
        try:
            response = self._fastspring_create_session(
                expected, buyer, title=title, **options
            )
        except FastSpringError as error:
            raise UserError(self._fastspring_explain_error(error)) from error
        api = self.fastspring_sessions_api
        return currency, check_session(response, expected, api)

    # === BUSINESS METHODS - PAYMENT FLOW === #

    def _get_supported_currencies(self):
        """Override of `payment` to return what FastSpring takes."""
        supported_currencies = super()._get_supported_currencies()
        if self.code == "fastspring":
            supported_currencies = supported_currencies.filtered(
                lambda currency: currency.name in const.CURRENCY_DIGITS
            )
        return supported_currencies

    def _get_default_payment_method_codes(self):
        """Override of `payment` to return what FastSpring offers everywhere."""
        self.ensure_one()
        if self.code != "fastspring":
            return super()._get_default_payment_method_codes()
        return {"card", "paypal", "bank_transfer"}

    def _get_reset_values(self):
        """Override of `payment` to forget the credentials."""
        if self.code != "fastspring":
            return super()._get_reset_values()
        return {
            "fastspring_store": False,
            "fastspring_username": False,
            "fastspring_password": False,
            "fastspring_webhook_secret": False,
            "fastspring_test_api_url": False,
            "fastspring_test_storefront_url": False,
        }

    def _fastspring_expect(self, reference, amount, currency, **others):
        """Return what a payment must look like to count.

        :param str reference: The transaction's reference.
        :param Decimal amount: The amount asked.
        :param currency: Its `res.currency`.
        :param others: `product` and `on_demand`, where they are not as usual.
        :rtype: Expected
        :raise ValidationError: If FastSpring cannot be asked for this, in words.
        """
        self.ensure_one()
        own_tax = self.company_id.bitpaket_tax_mode == "own_tax"
        try:
            return Expected(
                reference=reference,
                amount=amount,
                currency=currency.name,
                live=self.state == "enabled",
                store=self.fastspring_store,
                rule=const.RULE_TOTAL if own_tax else const.RULE_NET,
                origin=self._fastspring_get_origin(),
                **{"product": self.fastspring_product, **others},
            )
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "FastSpring cannot be asked for %(amount)s %(currency)s.",
                    amount=amount,
                    currency=currency.name,
                )
            ) from error

    def _fastspring_create_session(self, expected, buyer, *, title, **options):
        """Create a checkout session over the API that the store has.

        :param Expected expected: What to ask for.
        :param Buyer buyer: Who pays.
        :param str title: What the buyer reads as the product's name.
        :param options: `references`, `locale`, `unit_price` of the session.
        :return: FastSpring's answer, not checked yet.
        :rtype: dict
        :raise FastSpringError: If there is none.
        """
        options["on_demand"] = expected.on_demand
        if self.fastspring_sessions_api == const.V1:
            request = sessions.build_v1(expected, buyer, **options)
        else:
            request = sessions.build_v2(
                expected,
                buyer,
                f"{self.fastspring_store}/{self.fastspring_checkout}",
                title=title,
                hidden_methods=automatic.ONE_TIME_METHODS
                if expected.on_demand
                else ("PURCHASE_ORDER", "QUOTE"),
                **options,
            )
        return self._fastspring_get_client().create_session(request)

    def _fastspring_get_checkout_url(self, response):
        """Return where to send the buyer of a checked session.

        :rtype: str
        """
        older = self.fastspring_sessions_api == const.V1
        return sessions.checkout_url(
            response,
            store=self.fastspring_store,
            live=self.state == "enabled",
            checkout=self.fastspring_checkout if older else "",
            home=self._fastspring_get_test_url("fastspring_test_storefront_url"),
        )

    def _fastspring_is_own_address(self, url):
        """Tell whether an address that FastSpring gave may be shown as a link.

        :rtype: bool
        """
        home = self._fastspring_get_test_url("fastspring_test_storefront_url")
        return bool(url) and url.startswith((f"{home}/",) if home else ("https://",))

    def _fastspring_get_origin(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    def _fastspring_get_test_url(self, name):
        """Return one of the test addresses, in test mode only."""
        url = self.sudo()[name] if self.state == "test" else ""
        return (url or "").rstrip("/")

    # === BUSINESS METHODS - JOURNAL === #

    def _get_payment_method_outstanding_account_id(self, payment_method_id):
        """Override of `account_payment` to book on the clearing account itself.

        What FastSpring owes is then the balance of its journal.
        """
        if self.code != "fastspring":
            return super()._get_payment_method_outstanding_account_id(payment_method_id)
        return self.journal_id.default_account_id.id

    def _fastspring_get_method_line(self):
        return self.env["account.payment.method.line"].search(
            [
                ("payment_provider_id", "=", self._origin.id),
                ("journal_id", "!=", False),
            ],
            limit=1,
        )

    def _fastspring_get_journal(self):
        """Return the clearing journal of this store, made when there is none.

        :return: The journal; an empty one as long as the company has no chart of
                 accounts.
        """
        self.ensure_one()
        company = self.company_id
        journals_sudo = self.env["account.journal"].sudo().with_company(company)
        known_sudo = journals_sudo.search(
            [("company_id", "=", company.id), ("code", "=", JOURNAL_CODE)]
        )
        if not known_sudo and not company.root_id.sudo().chart_template:
            return known_sudo.sudo(False)
        lines_sudo = known_sudo.inbound_payment_method_line_ids
        if not known_sudo or lines_sudo.payment_provider_id - self._origin:
            # Odoo chooses the code of a second store's journal.
            known_sudo = journals_sudo.create(
                {
                    "name": self.name,
                    "type": "bank",
                    "company_id": company.id,
                    **({} if known_sudo else {"code": JOURNAL_CODE}),
                }
            )
        return known_sudo.sudo(False)

    # === REQUEST HELPERS === #

    def _fastspring_get_client(self):
        """Return the client of this store's API.

        :rtype: FastSpringClient
        """
        self.ensure_one()
        return FastSpringClient(self.sudo()._fastspring_send)

    def _fastspring_send(
        self, method, path, *, params=None, json=None, idempotent=True
    ):
        """Send one request; the transport of the client.

        Not the provider's generic helper: it logs whole payloads, and turns every
        refusal into the same error. Nothing is ever sent twice, so `idempotent` changes
        nothing.

        :return: The answer, whatever its status.
        :rtype: Response
        :raise OSError: If there is none.
        """
        url = self._build_request_url(path)
        try:
            response = requests.request(
                method,
                url,
                params=params,
                json=json,
                headers=self._build_request_headers(method, path, params or json),
                auth=self._build_request_auth(),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            _logger.warning("%s %s: %s", method, path, type(error).__name__)
            raise
        _logger.info("%s %s: HTTP %s", method, path, response.status_code)
        return Response(response.status_code, response.headers, response.content)

    def _build_request_url(self, endpoint, **kwargs):
        """Override of `payment` to build the request URL."""
        if self.code != "fastspring":
            return super()._build_request_url(endpoint, **kwargs)
        test_url = self._fastspring_get_test_url("fastspring_test_api_url")
        return f"{test_url or const.API_URL}{endpoint}"

    def _build_request_headers(self, method, endpoint, payload, **kwargs):
        """Override of `payment` to say who is calling, which FastSpring insists on."""
        if self.code != "fastspring":
            return super()._build_request_headers(method, endpoint, payload, **kwargs)
        return {
            "Accept": "application/json",
            "User-Agent": f"bitpaket_billing (Odoo {release.version})",
        }

    def _build_request_auth(self, **kwargs):
        """Override of `payment` to build the request's basic authentication."""
        if self.code != "fastspring":
            return super()._build_request_auth(**kwargs)
        provider_sudo = self.sudo()
        return (
            (provider_sudo.fastspring_username or "").encode(),
            (provider_sudo.fastspring_password or "").encode(),
        )

    # === WORDS === #

    def _fastspring_find_empty_fields(self):
        """Return what must be filled before FastSpring can be called, in words.

        :rtype: list[str]
        """
        return [
            self.env._("Enter the %s.", field._description_string(self.env))
            for name, field in self._fields.items()
            if getattr(field, "required_if_provider", None) == "fastspring"
            and not self[name]
        ]

    def _fastspring_find_missing(self):
        """Return what is missing until customers can pay, in words.

        :rtype: list[str]
        """
        missing = self._fastspring_find_empty_fields()
        address = urlsplit(self.get_base_url())
        simulated = self._fastspring_get_test_url("fastspring_test_api_url")
        if address.scheme != "https" and not simulated:
            missing.append(
                self.env._(
                    "FastSpring must reach this Odoo over https, but its address is "
                    "%s.",
                    address.geturl(),
                )
            )
        if not self.company_id.root_id.sudo().chart_template:
            missing.append(
                self.env._(
                    "Choose a chart of accounts for %s in the accounting settings.",
                    self.company_id.name,
                )
            )
        if self.state == "disabled":
            missing.append(
                self.env._("Choose the test mode, or enable it for real payments.")
            )
        elif not self.is_published:
            missing.append(self.env._("Publish it, or customers will not see it."))
        return missing

    def _fastspring_explain_problems(self, problems):
        """Say in the user's language what is wrong with a session or an order.

        :param problems: What the checks found.
        :return: One line per problem.
        :rtype: str
        """
        return "\n".join(
            self.env._(TEXTS[problem.code], **problem.shown) for problem in problems
        )

    def _fastspring_explain_error(self, error):
        """Say in the user's language why a call failed.

        :param FastSpringError error: What the client raised.
        :rtype: str
        """
        if isinstance(error, AuthError):
            return self.env._("FastSpring refused the API username or password.")
        if isinstance(error, RateLimited):
            return self.env._("FastSpring asks to slow down.")
        if isinstance(error, NoAnswer):
            return self.env._("FastSpring could not be reached.")
        said = isinstance(error, ApiError) and error.text
        return self.env._("FastSpring refused: %s", said or error)
